package main

import (
	"context"
	"strings"
	"testing"

	simslack "dropletops/internal/sim/slack"
)

func TestRebootRunsToCompletedInItsThread(t *testing.T) {
	r := newRig(t).start()
	r.slash("alice", "#ops", `/droplet reboot web-1 --reason "it hangs"`)
	card := r.card("completed")
	if len(r.posts()) != 1 || strings.TrimSpace(string(r.posts()[0].Body)) != `{"type":"reboot"}` {
		t.Errorf("posts: %+v", r.posts())
	}
	if !hasButtons(card) {
		t.Errorf("buttons are left: %v", card.Actions())
	}
	for _, part := range []string{"reboot", "web-1", "completed", "<@"} {
		if !strings.Contains(card.Text, part) {
			t.Errorf("text lacks %q: %s", part, card.Text)
		}
	}
	if !strings.Contains(card.Words(), "it hangs") {
		t.Errorf("the card lacks the reason: %s", card.Words())
	}
	r.wait("two notes in the thread", func(s *simslack.Snapshot) bool { return len(s.Thread(card.Channel, card.TS)) >= 2 })
	r.noViolations()
	if code := r.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestRebuildWaitsForAnother(t *testing.T) {
	r := newRig(t).start()
	r.slash("alice", "#ops", "/droplet rebuild web-1 ubuntu-24-04-x64")
	card := r.card("pending")
	if !hasButtons(card, "approve", "deny", "cancel", "snapshot_first") {
		t.Errorf("buttons: %v", card.Actions())
	}
	r.click("alice", card, "approve")
	r.told("alice", "approve")
	if r.card("pending"); len(r.posts()) != 0 {
		t.Fatal("something was sent before it was approved")
	}
	r.click("bob", card, "approve")
	r.card("completed")
	if len(r.posts()) != 1 {
		t.Errorf("posts: %+v", r.posts())
	}
	r.noViolations()
}

// A Droplet that does not listen is asked, then has its power cut, and the thread
// says why.
func TestStopThatIsNotHeeded(t *testing.T) {
	r := newRig(t).start()
	r.slash("alice", "#ops", "/droplet stop bastion --timeout 5")
	card := r.card("completed")
	var sent []string
	for _, p := range r.posts() {
		sent = append(sent, strings.TrimSpace(string(p.Body)))
	}
	if got := strings.Join(sent, " "); got != `{"type":"shutdown"} {"type":"power_off"}` {
		t.Errorf("sent: %s", got)
	}
	_, meta := card.MetadataOf()
	if str(meta["action"]) != "stop" {
		t.Errorf("metadata: %v", meta)
	}
	r.wait("a note on the second step", func(s *simslack.Snapshot) bool {
		for _, m := range s.Thread(card.Channel, card.TS) {
			if strings.Contains(m.Text, "Next: power-off") {
				return true
			}
		}
		return false
	})
	r.noViolations()
}

// Who tells it to stop while it still starts has nothing to wonder about: it has
// stopped, as it was told (CONTRACT §2).
func TestStoppedWhileItStarts(t *testing.T) {
	r := newRig(t)
	for name, url := range map[string]string{"SQLite": r.env["DATABASE_URL"], "PostgreSQL": "postgres://127.0.0.1:1/none"} {
		t.Run(name, func(t *testing.T) {
			r.env["DATABASE_URL"] = url
			p := program{}
			for k, v := range r.env {
				p.environ = append(p.environ, k+"="+v)
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			var out, errs strings.Builder
			if code := p.run(ctx, []string{"serve"}, strings.NewReader(""), &out, &errs); code != exitDone {
				t.Errorf("exit code %d: %s", code, errs.String())
			}
			if !strings.Contains(errs.String(), "stopped before it had begun") {
				t.Errorf("it says %s", errs.String())
			}
		})
	}
}
