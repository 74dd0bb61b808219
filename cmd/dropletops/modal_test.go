package main

import (
	"regexp"
	"strings"
	"testing"
	"time"

	simslack "dropletops/internal/sim/slack"
)

const factored = `
version: 1
groups:
  dba: { users: [U0BOB], user_groups: [S0ONCALL] } # S0ONCALL is carol
rules:
  - name: data
    when: action.danger == "destructive" && droplet.name.startsWith("db-")
    approve: { count: 2, from: [dba], second_factor: true }
`

// filled are the values of a modal's state.
func filled(code string) map[string]any {
	return map[string]any{"values": map[string]any{"code": map[string]any{"code": map[string]any{"type": "plain_text_input", "value": code}}}}
}

// A modal is no way round what a click goes through: what changed while it was open,
// who fills it in, the same one sent again, a code for two requests.
func TestAModalIsNoWayRound(t *testing.T) {
	r := newRig(t)
	r.env["SECOND_FACTOR_KEY"] = newFactorKey(9)
	r.policy(factored)
	r.start()
	bob, carol := r.enroll("U0BOB"), r.enroll("U0CAROL")
	one, two := r.droplet("db-17"), r.droplet("db-27")
	o, p := r.room("one"), r.room("two")
	o.slash("alice", "rebuild db-17 ubuntu-24-04-x64")
	p.slash("alice", "rebuild db-27 ubuntu-24-04-x64")
	card, other := o.card("pending"), p.card("pending")

	o.click("bob", card, "approve")
	modal := r.modal("bob", "Approve")
	in := func(user, meta, code string) map[string]any {
		meta = regexp.MustCompile(`,"response_url":"[^"]*"`).ReplaceAllString(meta, "") // it is bob's
		return payload("view_submission", user, simslack.TeamID, o.id, map[string]any{"trigger_id": "m" + user + code + time.Now().String(),
			"view": map[string]any{"callback_id": "consent", "private_metadata": meta, "state": filled(code)}})
	}
	soon := func(secret string) string { return codeOf(t, secret, time.Now().Add(30*time.Second)) } // the one of the enrolment is used
	second := soon(bob)

	// Someone else fills in what was opened by bob: with their own code they decide for
	// themselves, with his they do not.
	o.refused("alice", "You asked for this", func() { r.forge("interactive", in("U0ALICE", modal.PrivateMetadata, second)) })
	o.refused("carol", "That code is not right", func() { r.forge("interactive", in("U0CAROL", modal.PrivateMetadata, second)) })
	// Another request, another message, another version of the card.
	o.refused("bob", "does not belong to this message", func() {
		r.forge("interactive", in("U0BOB", strings.Replace(modal.PrivateMetadata, idOf(card), idOf(other), 1), second))
	})
	o.refused("bob", "has changed since", func() {
		r.forge("interactive", in("U0BOB", strings.Replace(modal.PrivateMetadata, `"shown":"0.`, `"shown":"1.`, 1), second))
	})
	// Once, and the same again under another envelope.
	codes := []string{second}
	second = soon(bob) // the first may have run out
	d, err := r.slack.SubmitView("bob", modal.ID, simslack.Fill{"code": {second}})
	r.must(err)
	r.acked(d)
	o.cardThat("pending", "So far 1 person has approved")
	r.slack.Redeliver(d, true)
	o.refused("bob", "You have approved this already", func() { r.forge("interactive", in("U0BOB", modal.PrivateMetadata, second)) })
	// The same code on another request.
	p.click("bob", other, "approve")
	r.submits("bob", "Approve", simslack.Fill{"code": {second}})
	p.refusedNow("bob", "This code was used already")
	// carol leaves the group between opening and sending.
	o.click("carol", card, "approve")
	r.modal("carol", "Approve")
	r.must(r.slack.UpdateUserGroup("oncall", func(g *simslack.UserGroup) { g.Users = []string{"U0ALICE"} }))
	carols := soon(carol)
	r.submits("carol", "Approve", simslack.Fill{"code": {carols}})
	codes = append(codes, second, carols)
	o.refusedNow("carol", "You may not decide about this")
	o.card("pending")
	p.card("pending")
	r.sent(one)
	r.sent(two)
	n := 0
	for _, l := range r.audit() {
		if l.What == "approved" {
			n++
		}
		for _, code := range codes {
			if strings.Contains(l.Why, code) {
				t.Errorf("a code is in the audit log: %+v", l)
			}
		}
	}
	if n != 1 {
		t.Errorf("%d approvals", n)
	}
	for _, code := range codes {
		if strings.Contains(r.proc.out.String(), "code="+code) {
			t.Error("a code is in the log")
		}
	}
}

// refusedNow waits until someone is told a part.
func (o room) refusedNow(user, part string) {
	o.t.Helper()
	o.wait(user+" to be told "+part, func(s *simslack.Snapshot) bool {
		for _, m := range o.ephemerals(s, user) {
			if strings.Contains(m.Words(), part) {
				return true
			}
		}
		return false
	})
}
