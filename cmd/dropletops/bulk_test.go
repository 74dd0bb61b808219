package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	simslack "dropletops/internal/sim/slack"
)

func TestBulkByTagIsConfirmed(t *testing.T) {
	r := newRig(t)
	ids := []int{r.droplet("box-1", "box"), r.droplet("box-2", "box"), r.droplet("box-3", "box")}
	r.start()
	o := r.channel("#ops")
	o.slash("alice", "reboot tag:box")
	card := o.card("pending")
	if !hasButtons(card, "confirm", "cancel") {
		t.Errorf("buttons: %v", card.Actions())
	}
	for _, id := range ids {
		if !strings.Contains(card.Words(), fmt.Sprint(id)) {
			t.Errorf("the card does not show Droplet %d: %s", id, card.Words())
		}
	}
	o.refused("bob", "Only <@U0ALICE>", func() { o.click("bob", card, "confirm") })
	o.refused("bob", "needs no approval", func() { o.force("bob", card, "approve", "", idOf(card)) })
	late := r.droplet("box-4", "box")
	o.click("alice", card, "confirm")
	card = o.cardThat("completed", "3 done")
	for _, part := range []string{"reboot", "3 Droplets tagged box", "completed", "<@U0ALICE>"} {
		if !strings.Contains(card.Text, part) {
			t.Errorf("the text lacks %q: %s", part, card.Text)
		}
	}
	for _, id := range ids {
		r.sent(id, "reboot")
	}
	r.sent(late)
	r.honest()
	got := told(r.audit(), idOf(card))
	if n := count(got, "done dropletops"); n != 3 {
		t.Errorf("the audit log has %d Droplets done: %v", n, got)
	}
}

func count(all []string, one string) int {
	return len(slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s != one }))
}

func TestBulkPowerOffIsApprovedOrCanceled(t *testing.T) {
	r := newRig(t)
	ids := []int{r.droplet("box-1", "box"), r.droplet("box-2", "box")}
	calm, ran := r.room("calm"), r.room("ran")
	r.start()
	for _, verb := range []string{"power-off", "power-cycle", "shutdown"} {
		calm.slash("alice", verb+" tag:box")
		card := calm.card("pending")
		if !hasButtons(card, "approve", "deny", "cancel") {
			t.Errorf("%s: buttons %v", verb, card.Actions())
		}
		calm.click("alice", card, "cancel")
		calm.card("canceled")
	}
	r.sent(ids[0])
	ran.slash("alice", "power-off tag:box")
	ran.click("bob", ran.card("pending"), "approve")
	ran.card("completed")
	for _, id := range ids {
		r.sent(id, "power_off")
		if d := dropletOf(r, id); d.Status != "off" {
			t.Errorf("Droplet %d is %s", id, d.Status)
		}
	}
	r.honest()
}

func TestCancelTheRestOfABulkRequest(t *testing.T) {
	r := newRig(t)
	ids := []int{r.droplet("box-1", "box"), r.droplet("box-2", "box"), r.droplet("box-3", "box")}
	_, err := r.do.StartAction(ids[2], "snapshot") // somebody else's, without end
	r.must(err)
	r.start()
	o := r.channel("#ops")
	o.slash("alice", "reboot tag:box")
	o.click("alice", o.card("pending"), "confirm")
	card := o.cardThat("running", "waits in line")
	if !hasButtons(card, "cancel") {
		t.Errorf("buttons: %v", card.Actions())
	}
	o.refused("bob", "Only <@U0ALICE>", func() { o.click("bob", card, "cancel") })
	o.cardThat("running", "2 done, 1 waiting")
	// While it is tried once more it counts as sent: then Cancel is clicked again.
	for over := false; !over; {
		told := len(o.ephemerals(r.slack.Snapshot(), "alice"))
		o.click("alice", o.card("running"), "cancel")
		r.wait("the cancellation, or why not", func(s *simslack.Snapshot) bool {
			over = stateOf(o.cards(s)[0]) == "failed"
			return over || len(o.ephemerals(s, "alice")) > told
		})
	}
	card = o.cardThat("failed", "2 done, 1 canceled")
	o.notes(card, "Left alone: 1 of 3 Droplets")
	r.sent(ids[0], "reboot")
	r.sent(ids[1], "reboot")
	r.sent(ids[2])
	r.honest()
}
