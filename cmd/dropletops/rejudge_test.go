package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	simdo "dropletops/internal/sim/digitalocean"
	simslack "dropletops/internal/sim/slack"
)

// allowsAll is a policy under which nobody has to decide about anything.
const allowsAll = "version: 1\nrules: [{ name: all, when: 'true', allow: true }]\n"

// deniesAll is one under which nothing is done.
const deniesAll = "version: 1\nrules: [{ name: frozen, when: 'true', deny: \"Everything is frozen.\" }]\n"

// loads has the program take another policy.
func (r *rig) loads(text string) {
	r.t.Helper()
	r.rewrite(r.env["POLICY_FILE"], text)
	r.hangsUp(`dropletops_policy_reloads_total{result="ok"} 1`)
}

// busy has a Droplet busy with someone else's snapshot.
func (r *rig) busy(id int) (free func()) {
	r.t.Helper()
	other, err := r.do.StartAction(id, "snapshot")
	r.must(err)
	return func() { r.must(r.do.FinishAction(other.ID, "completed")) }
}

// What nobody had to decide waits in line behind someone else's snapshot; whatever
// changes meanwhile counts.
func TestWhatIsAllowedIsJudgedWhenItsTurnComes(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(r *rig, id int)
		state  string
		says   string // on the card
		logs   string // who did what, by the audit log
		why    string // in the audit log
	}{
		{"its requester is deactivated", func(r *rig, _ int) { r.must(r.slack.Deactivate("alice")) },
			"failed", "no longer a full member of this workspace (deactivated)", "request failed dropletops", "(deactivated)"},
		{"its requester becomes a guest", func(r *rig, _ int) {
			r.must(r.slack.UpdateUser("alice", func(u *simslack.User) { u.IsRestricted = true }))
		},
			"failed", "no longer a full member of this workspace (guest)", "request failed dropletops", "(guest)"},
		{"the policy denies it", func(r *rig, _ int) { r.loads(deniesAll) },
			"failed", "Everything is frozen.", "request failed dropletops", "Everything is frozen."},
		{"a freeze begins", func(r *rig, _ int) {
			r.loads(fmt.Sprintf("version: 1\nrules:\n  - { name: freeze, when: 'now >= timestamp(%q)', deny: \"The freeze has begun.\" }\n",
				time.Now().Add(2*time.Second).UTC().Format(time.RFC3339)))
		}, "failed", "The freeze has begun.", "request failed dropletops", "The freeze has begun."},
		{"the policy asks for an approval", func(r *rig, _ int) {
			r.loads("version: 1\nrules: [{ name: careful, when: 'true', approve: {} }]\n")
		}, "pending", "the policy asks for more: allow (all) → approve by 1 full member of this workspace (careful)", "drifted dropletops", ""},
		{"the policy asks for a confirmation", func(r *rig, _ int) {
			r.loads("version: 1\nrules: [{ name: careful, when: 'true', confirm: true }]\n")
		}, "pending", "the policy asks for more: allow (all) → confirm (careful)", "drifted dropletops", ""},
		{"the Droplet is renamed", func(r *rig, id int) { r.must(r.do.Rename(id, "db-1")) },
			"failed", "asked for as box is called db-1 now", "errored dropletops", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.withPolicy(allowsAll)
			id := r.droplet("box")
			free := r.busy(id)
			r.start()
			o := r.channel("#ops")
			o.slash("alice", "power-off box")
			o.cardThat("running", "Waits in line")
			tt.change(r, id)
			card := o.cardThat(tt.state, tt.says)
			free()
			r.sent(id)
			if tt.state == "pending" {
				who, button := "bob", "approve"
				if slices.Contains(card.Actions(), "confirm") {
					who, button = "alice", "confirm"
				}
				o.click(who, card, button)
				card = o.card("completed")
				r.sent(id, "power_off")
			}
			r.honest()
			lines := r.audit()
			if got := told(lines, idOf(card)); !slices.Contains(got, tt.logs) {
				t.Errorf("the audit log lacks %q: %v", tt.logs, got)
			}
			for _, l := range lines {
				if l.RequestID == idOf(card) && l.What == "request failed" && !strings.Contains(l.Why, tt.why) {
					t.Errorf("the audit log says %q, want something with %q", l.Why, tt.why)
				}
			}
		})
	}
}

// A resize that has switched its Droplet off switches it on again, whatever the policy
// says by then; what is asked for after that is refused.
func TestWhatHasBegunGoesOnUnderAnotherPolicy(t *testing.T) {
	r := newRig(t)
	r.withPolicy(allowsAll)
	id := r.droplet("box")
	r.start()
	o := r.channel("#ops")
	slow := r.do.Inject(simdo.Fault{Match: simdo.Match{Method: "POST", Action: "shutdown"}, Hang: true, After: true})
	o.slash("alice", "resize box s-2vcpu-4gb")
	r.hit(slow)
	r.loads(deniesAll)
	slow.Release()
	o.card("completed")
	r.sent(id, "shutdown", "resize", "power_on")
	o.refused("alice", "Everything is frozen.", func() { o.slash("alice", "reboot box") })
	r.honest()
}

// A create that could not begin is judged again like any other.
func TestACreateIsJudgedWhenItsTurnComes(t *testing.T) {
	r := newRig(t)
	r.withPolicy(allowsAll)
	r.start()
	o := r.channel("#ops")
	busy := r.do.Inject(simdo.Fault{Match: simdo.Match{Method: "POST", Path: "/v2/droplets"}, Answer: simdo.Burst429(time.Second), Times: simdo.Always})
	o.slash("alice", "create new-1 --region fra1 --size s-1vcpu-1gb --image ubuntu-24-04-x64")
	o.cardThat("running", "Waits its turn")
	r.loads(deniesAll)
	o.cardThat("failed", "Everything is frozen.")
	r.do.ClearFaults()
	if n := r.do.DropletNamed("new-1").ID; n != 0 || busy.Hits() == 0 {
		t.Errorf("Droplet %d was created, after %d refusals", n, busy.Hits())
	}
	r.honest()
}

// Of several Droplets one waits in line while the others are done: once the policy
// denies it, it is left alone, and the card says why.
func TestTheRestIsLeftAloneUnderAnotherPolicy(t *testing.T) {
	r := newRig(t)
	r.withPolicy(allowsAll)
	a, b := r.droplet("box-a", "box"), r.droplet("box-b", "box")
	free := r.busy(b)
	r.start()
	o := r.channel("#ops")
	o.slash("alice", "reboot tag:box")
	o.cardThat("running", "1 done")
	r.loads(deniesAll)
	card := o.cardThat("failed", "Everything is frozen.")
	free()
	r.sent(a, "reboot")
	r.sent(b)
	o.notes(card, "is stopped")
	r.honest()
}

// An approval counts for four hours: what could not be sent for longer is shown again.
func TestAnApprovalCountsForFourHours(t *testing.T) {
	r := newRig(t)
	id := r.droplet("box")
	free := r.busy(id)
	r.start()
	o := r.channel("#ops")
	o.slash("alice", "rebuild box ubuntu-22-04-x64")
	o.click("bob", o.card("pending"), "approve")
	o.cardThat("running", "Waits in line")
	r.kill()
	r.env["DROPLETOPS_TEST_LATER"] = "4h1m"
	r.start()
	card := o.cardThat("pending", "it could not be sent for 4 hours, so the earlier decision no longer counts")
	free()
	r.sent(id)
	o.notes(card, "<@U0BOB> approved the earlier version; it needs approving again")
	o.click("bob", card, "approve")
	o.card("completed")
	r.sent(id, "rebuild")
	r.honest()
}
