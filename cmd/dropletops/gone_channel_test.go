package main

import (
	"strings"
	"testing"
	"time"

	simslack "dropletops/internal/sim/slack"
)

// TestChannelThatIsGoneForGood: a channel is archived while an action runs. What
// is asked elsewhere goes on; if it comes back, all catches up; if it does not,
// the end is given up after a day, and the audit log says so.
func TestChannelThatIsGoneForGood(t *testing.T) {
	for _, back := range []bool{true, false} {
		name := map[bool]string{true: "it comes back", false: "it does not"}[back]
		in(t, name, func(r *rig) {
			r.do.HoldActions()
			r.start()
			r.slash("alice", "#ops", "/droplet reboot web-1")
			card := r.card("running")
			r.threadSays(card, "has begun")
			r.comes("that to be written down", func(due int) bool { return due == 0 })
			if err := r.slack.Archive("#ops"); err != nil {
				r.t.Fatal(err)
			}
			r.do.ReleaseActions()
			r.comes("it to end", func(due int) bool { return due > 0 })
			r.slash("alice", "#incidents", "/droplet reboot web-2")
			r.nthCard(1, "completed")
			if s := stateOf(r.slack.Snapshot().Message(card.Channel, card.TS)); s != "running" {
				r.t.Fatalf("a card in an archived channel was edited: it is %s", s)
			}
			r.kill()
			if back {
				if err := r.slack.UpdateChannel("#ops", func(c *simslack.Channel) { c.IsArchived = false }); err != nil {
					r.t.Fatal(err)
				}
				r.start()
				r.nthCard(0, "completed")
				r.threadSays(card, "is done")
				return
			}
			r.later(25 * time.Hour)
			r.start()
			r.comes("it to be given up", func(due int) bool { return due == 0 })
			said := r.run("audit", "export").stdout
			if !strings.Contains(said, `"not shown"`) || !strings.Contains(said, "the channel C0OPS is gone: is_") {
				r.t.Errorf("the audit log does not say so:\n%s", said)
			}
		})
	}
}
