package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	simdo "dropletops/internal/sim/digitalocean"
	simslack "dropletops/internal/sim/slack"
)

// TestLostAnswerThatWasAccepted: whatever becomes of the answer, an action that
// DigitalOcean accepted is found, followed, and never sent again.
func TestLostAnswerThatWasAccepted(t *testing.T) {
	for name, f := range map[string]simdo.Fault{
		"dropped":      {Drop: true},
		"500":          {Answer: simdo.ServerError(500)},
		"cut":          {Answer: simdo.Truncated()},
		"empty object": {Answer: simdo.EmptyObject()},
	} {
		in(t, name, func(r *rig) {
			f.Match, f.After = posting("reboot"), true
			r.do.Inject(f)
			r.start()
			r.slash("alice", "#ops", "/droplet reboot web-1")
			card := r.card("completed")
			r.threadSays(card, "was lost")
			r.onePost()
			if n := r.asked("reboot"); n != 1 {
				r.t.Errorf("reboot was sent %d times", n)
			}
		})
	}
}

// TestLostAnswerThatWasNotAccepted: it can't be told from one that was, so it is
// looked for, and then a person is asked.
func TestLostAnswerThatWasNotAccepted(t *testing.T) {
	for name, f := range map[string]simdo.Fault{
		"dropped": {Drop: true},
		"500":     {Answer: simdo.ServerError(500)},
	} {
		in(t, name, func(r *rig) {
			f.Match = posting("reboot")
			r.do.Inject(f)
			r.start()
			r.slash("alice", "#ops", "/droplet reboot web-1")
			r.threadSays(r.card("running"), "was lost")
			r.unknownAMinuteLater()
		})
	}
}

func TestTooManyRequests(t *testing.T) {
	r := newRig(t)
	r.do.Inject(simdo.Fault{Match: posting("reboot"), Answer: simdo.Burst429(2 * time.Second)})
	r.start()
	r.slash("alice", "#ops", "/droplet reboot web-1")
	card := r.card("completed")
	r.threadSays(card, "no more requests just now")
	r.onePost()
	posts := r.do.Requests(simdo.Matching(posting("reboot")))
	if len(posts) != 2 {
		t.Fatalf("reboot was sent %d times, want 2: one for the 429, one for after it", len(posts))
	}
	if wait := posts[1].Time.Sub(posts[0].Time); wait < 2*time.Second {
		t.Errorf("sent again after %s, DigitalOcean asked for 2 s", wait)
	}
}

func TestPendingEventWaitsInLine(t *testing.T) {
	r := newRig(t).start()
	other, err := r.do.StartAction(r.do.DropletNamed("web-1").ID, "backup")
	if err != nil {
		t.Fatal(err)
	}
	r.slash("alice", "#ops", "/droplet reboot web-1")
	card := r.card("running")
	r.cardSays(card, "Waits in line")
	r.threadSays(card, "waits in line")
	if n := len(r.posts()); n != 0 {
		t.Fatalf("%d actions were accepted while another was under way", n)
	}
	if err := r.do.FinishAction(other.ID, "completed"); err != nil {
		t.Fatal(err)
	}
	r.card("completed")
	r.onePost()
}

func TestDigitalOceanAwayAtTheStart(t *testing.T) {
	r := newRig(t)
	away := r.do.Inject(simdo.Fault{Times: simdo.Always, Drop: true})
	r.launch("serve")
	r.wait("two sockets", func(s *simslack.Snapshot) bool { return s.ReadySockets() >= 2 })
	if code, _ := r.get("/healthz"); code != http.StatusOK {
		t.Errorf("/healthz answers %d", code)
	}
	if code, why := r.get("/readyz"); code != http.StatusServiceUnavailable || !strings.Contains(why, "DigitalOcean has not accepted its token yet") {
		t.Errorf("/readyz answers %d %s", code, why)
	}
	r.slash("alice", "#ops", "/droplet reboot web-1")
	r.told("alice", "Nothing was started")
	r.cardCount(0)
	away.Remove()
	r.becomesReady()
	r.slash("alice", "#ops", "/droplet reboot web-1")
	r.card("completed")
	r.onePost()
}

// slackAway makes every call of Slack fail, and cuts the sockets. It answers how
// to end that.
func (r *rig) slackAway() (back func()) {
	f := r.slack.AddFault(simslack.Fault{Method: "*", Times: -1, Status: http.StatusServiceUnavailable})
	r.slack.RefuseConnections(true)
	r.slack.DropSockets()
	return func() {
		r.slack.RefuseConnections(false)
		f.Remove()
	}
}

// TestSlackAwayWhileAnActionRuns: what was sent goes on, and the card catches up.
func TestSlackAwayWhileAnActionRuns(t *testing.T) {
	r := newRig(t).start()
	r.do.HoldActions()
	r.slash("alice", "#ops", "/droplet reboot web-1")
	card := r.card("running")
	r.cardSays(card, "Under way")
	back := r.slackAway()
	r.wait("the sockets to be gone", func(s *simslack.Snapshot) bool { return s.ReadySockets() == 0 })
	r.do.ReleaseActions()
	r.until("the action to end while Slack is away", func() bool {
		for _, p := range r.do.Posts() {
			if a, ok := r.do.Action(p.ActionID); ok && a.Status == "completed" {
				return true
			}
		}
		return false
	})
	if s := stateOf(r.slack.Snapshot().Message(card.Channel, card.TS)); s != "running" {
		t.Fatalf("the card is %s while Slack is away", s)
	}
	back()
	card = r.card("completed")
	r.threadSays(card, "is done")
	r.onePost()
	r.cardCount(1)
	r.fewOpens()
}

// TestSlackAwayWhileItWaitsInLine: what was not sent yet waits until Slack says again
// whether its requester may still act.
func TestSlackAwayWhileItWaitsInLine(t *testing.T) {
	r := newRig(t).start()
	other, err := r.do.StartAction(r.do.DropletNamed("web-1").ID, "backup")
	if err != nil {
		t.Fatal(err)
	}
	r.slash("alice", "#ops", "/droplet reboot web-1")
	card := r.card("running")
	r.cardSays(card, "Waits in line")
	users := r.slack.AddFault(simslack.Fault{Method: "users.info", Times: -1, Status: http.StatusServiceUnavailable})
	if err := r.do.FinishAction(other.ID, "completed"); err != nil {
		t.Fatal(err)
	}
	r.cardSays(card, "Slack does not say who may decide. Nothing was sent yet.")
	if n := len(r.posts()); n != 0 {
		t.Errorf("%d actions were sent", n)
	}
	users.Remove()
	r.card("completed")
	r.onePost()
	r.cardCount(1)
}

// TestCardCatchesUp: chat.update fails for a while, each time in another way.
func TestCardCatchesUp(t *testing.T) {
	for name, f := range map[string]simslack.Fault{
		"rate limited": {RetryAfter: 2 * time.Second, Times: 2},
		"500":          {Status: http.StatusInternalServerError, Times: 3},
		"answer lost":  {DropAfter: true, Times: 2},
		"fatal_error":  {Error: "fatal_error", Times: 2},
	} {
		in(t, name, func(r *rig) {
			f.Method = "chat.update"
			h := r.slack.AddFault(f)
			r.start()
			r.slash("alice", "#ops", "/droplet reboot web-1")
			r.slackHit(h, f.Times)
			card := r.card("completed")
			if !hasButtons(card) || !strings.Contains(card.Text, "completed") {
				r.t.Errorf("the card is not right: %v %s", card.Actions(), card.Text)
			}
			r.onePost()
			r.cardCount(1)
		})
	}
}

// TestCardThatIsGone: someone deleted it, or it can't be edited any more. Another
// one comes, and it is the one that works.
func TestCardThatIsGone(t *testing.T) {
	for _, code := range []string{"message_not_found", "edit_window_closed"} {
		in(t, code, func(r *rig) {
			r.start()
			r.slack.AddFault(simslack.Fault{Method: "chat.update", Error: code})
			r.slash("alice", "#ops", "/droplet reboot web-1")
			card := r.nthCard(1, "completed")
			if idOf(card) != idOf(r.slackCard(0)) {
				r.t.Error("the second card is of another request")
			}
			r.onePost()
		})
	}
}

func (r *rig) slackCard(n int) *simslack.Message { return cards(r.slack.Snapshot())[n] }

// TestClickWhileSlackDoesNotSayWhoItIs: it fails closed.
func TestClickWhileSlackDoesNotSayWhoItIs(t *testing.T) {
	r := newRig(t).start()
	r.slash("alice", "#ops", "/droplet rebuild web-1 ubuntu-24-04-x64")
	card := r.card("pending")
	f := r.slack.AddFault(simslack.Fault{Method: "users.info", Times: -1, Status: http.StatusInternalServerError})
	r.click("bob", card, "approve")
	r.told("bob", "Slack does not answer")
	if card = r.card("pending"); len(r.posts()) != 0 {
		t.Fatalf("something was sent: %+v", r.posts())
	}
	f.Remove()
	r.click("bob", card, "approve")
	r.card("completed")
	r.onePost()
}

// TestCommandWhileSlackDoesNotSayWhoItIs: an outage that passes soon is waited
// out, and one that does not is told.
func TestCommandWhileSlackDoesNotSayWhoItIs(t *testing.T) {
	in(t, "for a moment", func(r *rig) {
		r.slack.AddFault(simslack.Fault{Method: "users.info", Times: 2, Error: "internal_error"})
		r.start()
		r.slash("alice", "#ops", "/droplet reboot web-1")
		r.card("completed")
		r.onePost()
	})
	in(t, "for long", func(r *rig) {
		r.slack.AddFault(simslack.Fault{Method: "users.info", Times: -1, Error: "internal_error"})
		r.start()
		r.slash("alice", "#ops", "/droplet reboot web-1")
		m := r.told("alice", "Slack does not answer")
		for _, part := range []string{"Try again in a minute", "by the reference"} {
			if !strings.Contains(m.Words(), part) || strings.Contains(m.Words(), "inside Dropletops") {
				r.t.Errorf("alice is not told %q alone:\n%s", part, m.Words())
			}
		}
		r.cardCount(0)
		if len(r.posts()) != 0 {
			r.t.Errorf("something was sent: %+v", r.posts())
		}
	})
}
