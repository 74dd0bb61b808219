package main

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dropletops/approvals"
	simdo "dropletops/internal/sim/digitalocean"
)

// A Droplet that is on is switched off for a resize and on again, and the card says
// so before, and each step.
func TestResizeOfARunningDroplet(t *testing.T) {
	r := newRig(t)
	id, o := r.droplet("box-1"), r.channel("#ops")
	r.start()
	o.slash("alice", "resize box-1 s-4vcpu-8gb")
	card := o.card("completed")
	r.sent(id, "shutdown", "resize", "power_on")
	o.notes(card, "shutdown of box-1, for resize")
	o.notes(card, "Next: power-on of box-1, for resize")
	if d := r.do.DropletNamed("box-1"); d.Status != "active" || d.SizeSlug != "s-4vcpu-8gb" {
		t.Errorf("it is %s, %s", d.Status, d.SizeSlug)
	}
	r.honest()
}

// On again also when the resize fails, with the end of a resize that failed; and if
// that does not work either, that is said first.
func TestAResizeThatFailsIsSwitchedOnAgain(t *testing.T) {
	in(t, "on again", func(r *rig) {
		id, o := r.droplet("box-1"), r.channel("#ops")
		r.do.Inject(simdo.Fault{Match: simdo.Match{Method: http.MethodPost, Action: "resize"}, Outcome: simdo.Errors})
		r.start()
		o.slash("alice", "resize box-1 s-4vcpu-8gb")
		card := o.cardThat("failed", "box-1 is on again, with its old size")
		r.sent(id, "shutdown", "resize", "power_on")
		if d := r.do.DropletNamed("box-1"); d.Status != "active" || !hasButtons(card, "retry") {
			r.t.Errorf("it is %s, buttons %v", d.Status, card.Actions())
		}
		o.click("alice", card, "retry")
		o.card("completed")
		r.sent(id, "shutdown", "resize", "power_on", "shutdown", "resize", "power_on")
		r.honest()
	})
	in(t, "left off", func(r *rig) {
		id, o := r.droplet("box-1"), r.channel("#ops")
		r.do.Inject(simdo.Fault{Match: simdo.Match{Method: http.MethodPost, Action: "resize"}, Outcome: simdo.Errors})
		r.do.Inject(simdo.Fault{Match: simdo.Match{Method: http.MethodPost, Action: "power_on"}, Outcome: simdo.Errors})
		r.start()
		o.slash("alice", "resize box-1 s-4vcpu-8gb")
		card := o.card("failed")
		if !strings.Contains(card.Text, "has failed: box-1 IS OFF: it could not be switched on again.") || !strings.Contains(card.Words(), "Before that: DigitalOcean reports that the resize") {
			r.t.Errorf("the card says %q, %s", card.Text, card.Words())
		}
		r.sent(id, "shutdown", "resize", "power_on")
		r.honest()
	})
}

// A snapshot is taken before anything is lost, and its name and ID are on the card.
func TestSnapshotFirst(t *testing.T) {
	in(t, "rebuild", func(r *rig) {
		id, o := r.droplet("box-1"), r.channel("#ops")
		r.start()
		o.slash("alice", "rebuild box-1 debian-12-x64 --snapshot-first")
		card := o.cardThat("pending", `A snapshot named "box-1 before rebuild `)
		o.click("bob", card, "approve")
		card = o.card("completed")
		r.sent(id, "snapshot", "rebuild")
		if !regexp.MustCompile(`The new snapshot is box-1 before rebuild \d{4}-\d\d-\d\d-\d{4}, ID \d+\.`).MatchString(card.Words()) {
			r.t.Errorf("the card says %s", card.Words())
		}
		r.honest()
	})
	in(t, "by a button", func(r *rig) {
		id, o := r.droplet("box-1"), r.channel("#ops")
		r.start()
		o.slash("alice", "rebuild box-1 debian-12-x64")
		card := o.card("pending")
		o.refused("bob", "Only <@U0ALICE>", func() { o.click("bob", card, "snapshot_first") })
		o.click("alice", card, "snapshot_first")
		card = o.cardThat("pending", `A snapshot named "box-1 before rebuild `)
		if !hasButtons(card, "approve", "deny", "cancel") {
			r.t.Errorf("buttons: %v", card.Actions())
		}
		o.notes(card, "added a snapshot to rebuild box-1")
		o.click("bob", card, "approve")
		card = o.card("completed")
		r.sent(id, "snapshot", "rebuild")
		r.honest()
		if !slices.ContainsFunc(r.audit(), func(l approvals.Line) bool {
			return l.RequestID == idOf(card) && l.What == "snapshot first" && l.Who == "U0ALICE"
		}) {
			r.t.Error("the audit log does not say who added the snapshot")
		}
	})
	in(t, "which fails", func(r *rig) {
		id, o := r.droplet("box-1"), r.channel("#ops")
		r.do.Inject(simdo.Fault{Match: simdo.Match{Method: http.MethodPost, Action: "snapshot"}, Outcome: simdo.Errors})
		r.start()
		o.slash("alice", "destroy box-1 --snapshot-first")
		o.click("bob", o.card("pending"), "approve")
		o.cardThat("failed", "Nothing else was done, since there is no snapshot.")
		r.sent(id, "snapshot")
		r.honest()
	})
}

// --timeout has people told that it takes too long, and it goes on.
func TestPatience(t *testing.T) {
	r := newRig(t)
	id, o := r.droplet("box-1"), r.channel("#ops")
	r.start()
	r.do.HoldActions()
	o.slash("alice", "reboot box-1 --timeout 10s")
	card := o.card("running")
	o.notes(card, "takes longer than the 10 s it was given")
	r.do.ReleaseActions()
	o.card("completed")
	r.sent(id, "reboot")
	r.honest()
}
