package main

import (
	"strings"
	"testing"

	simdo "dropletops/internal/sim/digitalocean"
)

func TestAnothersActionIsWaitedFor(t *testing.T) {
	r := newRig(t)
	id, o := r.droplet("box-1"), r.channel("#ops")
	theirs, err := r.do.StartAction(id, "snapshot")
	r.must(err)
	r.start()
	o.slash("alice", "reboot box-1")
	card := o.cardThat("running", "Waits in line")
	if !strings.Contains(card.Text, "Waits in line") || !hasButtons(card, "cancel") {
		t.Errorf("the card says %q and has %v", card.Text, card.Actions())
	}
	o.notes(card, "waits in line")
	r.sent(id)
	r.must(r.do.FinishAction(theirs.ID, "completed"))
	o.card("completed")
	r.sent(id, "reboot")
	r.honest()
}

func TestErroredActionIsRetriedOnce(t *testing.T) {
	r := newRig(t)
	id, o := r.droplet("box-1"), r.channel("#ops")
	r.do.Inject(simdo.Fault{Match: simdo.Match{Method: "POST", DropletID: id}, Outcome: simdo.Errors})
	r.start()
	o.slash("alice", `rebuild box-1 ubuntu-24-04-x64 --reason "ticket 7"`)
	o.click("bob", o.card("pending"), "approve")
	failed := o.cardThat("failed", "errored")
	if !hasButtons(failed, "retry") {
		t.Errorf("buttons: %v", failed.Actions())
	}
	o.notes(failed, "failed")
	// Whoever retries it is its requester, and needs another one's approval.
	o.click("bob", failed, "retry")
	again := o.card("pending")
	if idOf(again) == idOf(failed) || !strings.Contains(again.Words(), "retry of "+idOf(failed)) || !strings.Contains(again.Words(), "ticket 7") {
		t.Errorf("the new card does not name the old one, or the reason: %s", again.Words())
	}
	r.sent(id, "rebuild")
	o.refused("bob", "You asked for this", func() { o.click("bob", again, "approve") })
	o.refused("carol", "retried already, by request `"+idOf(again)+"`", func() { o.force("carol", failed, "retry", "", idOf(failed)) })
	o.click("alice", again, "approve")
	o.card("completed")
	if first := r.nthCard(0, "failed"); !hasButtons(first) || !strings.Contains(first.Words(), "retried as "+idOf(again)) {
		t.Errorf("the old card has the buttons %v and says %s", first.Actions(), first.Words())
	}
	r.sent(id, "rebuild", "rebuild")
	r.honest()
	lines := r.audit()
	checkAudit(t, lines, idOf(again), append([]string{"requested U0BOB", "refused U0BOB", "approved U0ALICE"}, ran...)...)
	for _, l := range lines {
		if l.RequestID == idOf(again) && l.What == "requested" && l.Detail["retry_of"] != idOf(failed) {
			t.Errorf("the audit log does not link the retry: %+v", l)
		}
	}
}

// TestLostAnswerIsUnknownAndRetried: DigitalOcean breaks the connection before it
// has taken the action in. The minute of looking for it is skipped by starting
// again with the clock put forward.
func TestLostAnswerIsUnknownAndRetried(t *testing.T) {
	for _, late := range []bool{false, true} {
		name := "nothing was done"
		if late {
			name = "it was done after all"
		}
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			id, o := r.droplet("box-1"), r.channel("#ops")
			r.do.Inject(simdo.Fault{Match: simdo.Match{Method: "POST", DropletID: id}, Drop: true})
			r.start()
			o.slash("alice", "reboot box-1")
			o.cardThat("running", "answer was lost")
			r.stop()
			r.env["DROPLETOPS_TEST_LATER"] = "2m"
			r.start()
			card := o.card("unknown")
			if !hasButtons(card, "retry") || !strings.Contains(card.Words(), "look at the Droplet") {
				t.Errorf("the card has the buttons %v and says %s", card.Actions(), card.Words())
			}
			o.notes(card, "the outcome is unknown")
			r.sent(id)
			if late {
				_, err := r.do.StartAction(id, "reboot")
				r.must(err)
				o.refused("alice", "Nothing was sent again", func() { o.click("alice", card, "retry") })
				r.sent(id)
				r.honest()
				return
			}
			o.click("alice", card, "retry")
			o.card("completed")
			r.sent(id, "reboot")
			r.honest()
		})
	}
}
