package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	simslack "dropletops/internal/sim/slack"
)

func TestWhoMayNotClick(t *testing.T) {
	r := newRig(t)
	dave, err := r.slack.UserID("dave")
	r.must(err)
	o, other := r.channel("#partners"), r.room("other")
	for _, who := range []string{"guest", "single", "dave"} {
		r.must(r.slack.Invite("#partners", who))
	}
	id, id2 := r.droplet("box-1"), r.droplet("box-2")
	r.withPolicy("version: 1\nshared_channels: [" + o.id + "]\nrules: []\n") // else nothing that destroys is asked for where erin can click
	r.start()
	o.slash("alice", "rebuild box-1 ubuntu-24-04-x64")
	other.slash("alice", "rebuild box-2 ubuntu-24-04-x64")
	card, another := o.card("pending"), other.card("pending")

	const who = "Only full members of this workspace may use Dropletops."
	refusals := []struct{ by, action, value, says string }{
		{"alice", "approve", idOf(card), "another full member of this workspace must"},
		{"alice", "deny", idOf(card), "use Cancel"},
		{"alice", "confirm", idOf(card), "waits for approval by another full member"},
		{"bob", "confirm", idOf(card), "waits for approval by another full member"},
		{"bob", "cancel", idOf(card), "Only <@U0ALICE>"},
		{"bob", "retry", idOf(card), "can't be retried yet"},
		{"guest", "approve", idOf(card), "You are a guest in this workspace. " + who},
		{"guest", "cancel", idOf(card), "You are a guest in this workspace. " + who},
		{"single", "deny", idOf(card), "You are a guest in this workspace. " + who},
		{"deploybot", "approve", idOf(card), "Bots can't do this. " + who},
		{dave, "approve", idOf(card), "deactivated. " + who},
		{"erin", "approve", idOf(card), "You belong to another workspace. " + who},
		{"erin", "retry", idOf(card), "You belong to another workspace. " + who},
		{"bob", "approve", idOf(another), "does not belong to this message"},
		{"bob", "approve", "r-000000000000", "belongs to no request"},
	}
	for _, no := range refusals {
		o.refused(no.by, no.says, func() { o.force(no.by, card, no.action, "", no.value) })
	}
	o.card("pending")
	other.card("pending")
	r.sent(id)

	o.click("bob", card, "approve")
	o.force("bob", card, "approve", "", idOf(card)) // the second half of a double click
	done := o.card("completed")
	for _, late := range []struct{ by, action, says string }{
		{"carol", "approve", "decided already: <@U0BOB> approved it"},
		{"carol", "deny", "decided already: <@U0BOB> approved it"},
		{"alice", "cancel", "decided already: <@U0BOB> approved it"},
	} {
		o.refused(late.by, late.says, func() { o.force(late.by, done, late.action, "", idOf(card)) })
	}
	o.told("bob", "decided already")
	r.sent(id, "rebuild")
	r.sent(id2)
	r.honest()

	lines := r.audit()
	var got []string
	for _, l := range lines {
		if l.What == "refused" {
			got = append(got, l.Who)
			if l.Why == "" {
				t.Errorf("a refusal without a reason: %+v", l)
			}
		}
	}
	// Each refusal is kept, with who it was.
	if want := len(refusals) + 4; len(got) != want {
		t.Errorf("%d refusals in the audit log, want %d: %v", len(got), want, got)
	}
	for _, user := range []string{"U0ALICE", "U0BOB", "U0CAROL", "U0GUEST", "U0SINGLE", "U0DEPLOYBOT", "U0DAVE", "U0ERIN"} {
		if !slices.Contains(got, user) {
			t.Errorf("no refusal of %s in the audit log", user)
		}
	}
}

func TestFiftyClicksAtOnce(t *testing.T) {
	r := newRig(t)
	var people []string
	for i := range 25 {
		people = append(people, fmt.Sprintf("member-%d", i))
		r.must(r.slack.AddUser(simslack.User{Name: people[i], ID: fmt.Sprintf("U0MEMBER%02d", i)}))
	}
	o, id := r.room("crowd", people...), r.droplet("box-1")
	r.start()
	o.slash("alice", "rebuild box-1 ubuntu-24-04-x64")
	card := o.card("pending")
	var clicks []*simslack.Delivery
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			action := []string{"approve", "deny"}[(i+i/25)%2]
			d, err := r.slack.Click(simslack.Click{User: people[i%25], Channel: o.id, TS: card.TS, ActionID: action, Force: true, Value: idOf(card)})
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			clicks = append(clicks, d)
			mu.Unlock()
		})
	}
	all.Wait()
	for _, d := range clicks { // on a busy machine some are acknowledged after Slack's 3 s; they count all the same
		_, err := d.Wait(t.Context())
		r.must(err)
	}
	s := r.wait("an end, and 49 refusals", func(s *simslack.Snapshot) bool {
		cs := o.cards(s)
		return len(cs) == 1 && (stateOf(cs[0]) == "completed" || stateOf(cs[0]) == "denied") && len(s.Ephemerals) >= 49
	})
	away := 0 // what could not be written down in time, on a busy machine
	for _, m := range s.Ephemerals {
		switch {
		case strings.Contains(m.Text, "could not be taken in"):
			away++
		case !strings.Contains(m.Text, "decided already"):
			t.Errorf("someone was told %q", m.Text)
		}
	}
	if len(s.Ephemerals) != 49 {
		t.Errorf("%d people were told that they came too late, want 49", len(s.Ephemerals))
	}
	end := stateOf(o.cards(s)[0])
	if end == "completed" {
		r.sent(id, "rebuild")
	} else {
		r.sent(id)
	}
	r.honest()
	n := map[string]int{}
	for _, l := range r.audit() {
		if l.RequestID == idOf(card) {
			n[l.What]++
		}
	}
	if n["approved"]+n["denied"] != 1 || n["refused"] != 49-away || (n["approved"] == 1) != (end == "completed") {
		t.Errorf("the card says %s, the audit log %v", end, n)
	}
}
