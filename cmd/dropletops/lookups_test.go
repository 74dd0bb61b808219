package main

import (
	"strings"
	"testing"
	"time"

	"dropletops/approvals"
	simslack "dropletops/internal/sim/slack"
)

// onlySREApproves is a policy under which members of a user group of Slack's approve.
const onlySREApproves = `version: 1
groups:
  sre: {user_groups: [S0SRE]}
rules:
  - {name: data, when: 'action.danger == "destructive"', approve: {from: [sre]}}
`

// tries clicks a button more often than Slack allows look-ups in a minute, and returns
// what whoever clicked was told last.
func (o room) tries(user string, card *simslack.Message, clicks int) string {
	o.t.Helper()
	last := ""
	for range clicks {
		last = o.answer(user, func() { o.click(user, card, "approve") }).Words()
	}
	return last
}

// lookUps are the calls of a method about someone or something.
func lookUps(s *simslack.Snapshot, method, arg, of string) []simslack.Call {
	var out []simslack.Call
	for _, c := range s.CallsTo(method) {
		if c.Str(arg) == of {
			out = append(out, c)
		}
	}
	return out
}

// apart checks that look-ups were made no sooner than so long after one another.
func (r *rig) apart(calls []simslack.Call, least time.Duration) {
	r.t.Helper()
	if len(calls) == 0 {
		r.t.Error("nobody was looked up")
	}
	for i, c := range calls[min(1, len(calls)):] {
		if gap := c.At.Sub(calls[i].At); gap < least {
			r.t.Errorf("look-up %d came %s after the one before, want at least %s", i+1, gap, least)
		}
	}
}

// TestRefusalsLeaveLookUpsForDecisions: whoever is refused and goes on clicking costs one
// look-up in 15 s, so Slack's limits are left for the one who may decide.
func TestRefusalsLeaveLookUpsForDecisions(t *testing.T) {
	const checked = "s ago; try again in a moment)"
	in(t, "a guest", func(r *rig) {
		o := r.channel("#ops")
		r.start()
		r.slack.SetRates(simslack.Rates{})
		o.slash("alice", "rebuild web-1 ubuntu-24-04-x64")
		card := o.card("pending")
		if says := o.tries("guest", card, 120); !strings.Contains(says, "You are a guest") || !strings.Contains(says, checked) {
			r.t.Errorf("the guest was told %q", says)
		}
		o.click("bob", card, "approve")
		o.card("completed")
		r.apart(lookUps(r.slack.Snapshot(), "users.info", "user", "U0GUEST"), approvals.RefusalTTL)
		r.onePost()
	})
	in(t, "someone outside the group", func(r *rig) {
		o := r.channel("#ops")
		r.withPolicy(onlySREApproves)
		r.start()
		r.slack.SetRates(simslack.Rates{})
		o.slash("alice", "rebuild web-1 ubuntu-24-04-x64")
		card := o.card("pending")
		if says := o.tries("carol", card, 120); !strings.Contains(says, "waits for 1 member of sre") || !strings.Contains(says, checked) {
			r.t.Errorf("carol was told %q", says)
		}
		r.apart(lookUps(r.slack.Snapshot(), "usergroups.users.list", "usergroup", "S0SRE"), approvals.RefusalTTL)
		// Whoever asked is a member, and is refused whatever Slack says of her.
		before := len(lookUps(r.slack.Snapshot(), "users.info", "user", "U0ALICE"))
		o.tries("alice", card, 30)
		if after := len(lookUps(r.slack.Snapshot(), "users.info", "user", "U0ALICE")); after > before+1 {
			r.t.Errorf("alice was looked up %d times to be refused", after-before)
		}
		o.click("bob", card, "approve")
		o.card("completed")
		r.onePost()
	})
}

// TestAYesIsLookedUpForEachDecision: what was seen a moment ago lets nobody decide.
func TestAYesIsLookedUpForEachDecision(t *testing.T) {
	r := newRig(t)
	o := r.channel("#ops")
	r.withPolicy(onlySREApproves)
	r.start()
	o.slash("alice", "rebuild web-1 ubuntu-24-04-x64")
	first := o.card("pending")
	o.slash("alice", "rebuild web-2 ubuntu-24-04-x64")
	second := o.cardThat("pending", "web-2")
	o.click("bob", first, "approve")
	r.nthCard(0, "completed")
	r.must(r.slack.UpdateUserGroup("sre", func(g *simslack.UserGroup) { g.Users = []string{"U0ALICE"} }))
	o.refused("bob", "waits for 1 member of sre", func() { o.click("bob", second, "approve") })
	r.must(r.slack.UpdateUserGroup("sre", func(g *simslack.UserGroup) { g.Users = []string{"U0BOB"} }))
	r.must(r.slack.Deactivate("bob"))
	d, err := r.slack.Click(simslack.Click{User: "bob", Channel: second.Channel, TS: second.TS, ActionID: "approve", Force: true})
	r.must(err)
	r.acked(d)
	if got := stateOf(r.slack.Snapshot().Message(second.Channel, second.TS)); got != "pending" {
		t.Errorf("the second is %s", got)
	}
}

// TestALookUpThatSlackLimitsWaits: a 429 is waited out as Slack asks. The click or the
// command is kept meanwhile, also over a crash, and its sender told once that Slack is
// the reason.
func TestALookUpThatSlackLimitsWaits(t *testing.T) {
	const waits = "Slack limits how often I may ask it"
	const wait = 4 * time.Second
	waited := func(r *rig, method, arg, of string, hit *simslack.FaultHandle) {
		r.t.Helper()
		calls := lookUps(r.slack.Snapshot(), method, arg, of)
		i := 0
		for i < len(calls) && calls[i].Status != 429 {
			i++
		}
		if i+1 >= len(calls) {
			r.t.Fatalf("%s was not called again after its 429", method)
		}
		if gap := calls[i+1].At.Sub(calls[i].At); gap < wait {
			r.t.Errorf("%s was called again after %s, Slack asked for %s", method, gap, wait)
		}
		if hit.Hits() != 1 {
			r.t.Errorf("%d calls were refused", hit.Hits())
		}
	}
	in(t, "a click", func(r *rig) {
		o := r.channel("#ops")
		r.start()
		o.slash("alice", "rebuild web-1 ubuntu-24-04-x64")
		card := o.card("pending")
		hit := r.slack.AddFault(simslack.Fault{Method: "users.info", RetryAfter: wait, Match: func(c simslack.Call) bool { return c.Str("user") == "U0BOB" }})
		o.click("bob", card, "approve")
		r.told("bob", waits)
		o.card("completed")
		waited(r, "users.info", "user", "U0BOB", hit)
		if n := len(r.slack.Snapshot().EphemeralsFor("bob")); n != 1 {
			r.t.Errorf("bob was told %d times", n)
		}
		r.onePost()
	})
	in(t, "a group, over a crash", func(r *rig) {
		o := r.channel("#ops")
		r.withPolicy(onlySREApproves)
		r.start()
		o.slash("alice", "rebuild web-1 ubuntu-24-04-x64")
		card := o.card("pending")
		r.slack.AddFault(simslack.Fault{Method: "usergroups.users.list", RetryAfter: time.Minute})
		o.click("bob", card, "approve")
		r.told("bob", waits)
		r.kill()
		r.start()
		o.card("completed")
		r.onePost()
	})
	in(t, "a command", func(r *rig) {
		o := r.channel("#ops")
		hit := r.slack.AddFault(simslack.Fault{Method: "conversations.info", RetryAfter: wait})
		r.start()
		o.slash("alice", "reboot web-1")
		r.told("alice", waits)
		o.card("completed")
		waited(r, "conversations.info", "channel", o.id, hit)
		r.onePost()
	})
	in(t, "for longer than anyone waits", func(r *rig) {
		o := r.channel("#ops")
		r.slack.AddFault(simslack.Fault{Method: "users.info", RetryAfter: 10 * time.Minute})
		r.start()
		o.refused("alice", "Nothing was done: Slack limits", func() { o.slash("alice", "reboot web-1") })
		r.cardCount(0)
	})
}
