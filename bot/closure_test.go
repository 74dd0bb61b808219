package bot

import (
	"fmt"
	"testing"
	"time"

	"dropletops/approvals"
)

// What is in a channel that is gone takes next to nothing from others, comes up to
// date once the channel is back, and is given up a day after its end, in writing.
func TestChannelThatIsGone(t *testing.T) {
	for _, back := range []bool{true, false} {
		t.Run(fmt.Sprint("back ", back), func(t *testing.T) {
			play(t, nil, func(s *stage) {
				s.ready()
				shut := true
				refuse := func(c call) answer {
					s.memory.mu.Lock()
					defer s.memory.mu.Unlock()
					if shut && c.form.Get("channel") == "CGONE" {
						return no(map[string]string{updateMessage: "is_inactive", postMessage: "is_archived"}[c.method])
					}
					return ok(map[string]any{"channel": c.form.Get("channel"), "ts": c.form.Get("ts") + "1.1"})
				}
				s.peer.on(updateMessage, refuse)
				s.peer.on(postMessage, refuse)
				const n = 300
				for i := range n {
					s.memory.ended(fmt.Sprint("r-", i), "CGONE", "", s.peer.stamp(), approvals.Completed)
				}
				s.memory.ended("open", "CGONE", "", s.peer.stamp(), approvals.Running)
				s.memory.ended("other", "C1", "", s.peer.stamp(), approvals.Completed)
				sweep := func() {
					t.Helper()
					if err := s.bot.Sweep(s.Context()); err != nil {
						t.Fatal(err)
					}
				}
				sweep()
				shown := func(id string) bool {
					s.memory.mu.Lock()
					defer s.memory.mu.Unlock()
					p := s.memory.pubs[id]
					return p.Version == p.Request.Version && len(p.Notes) == 0
				}
				s.soon(5*time.Second, "what is elsewhere is shown", func() bool { return shown("other") })
				for range 23 * 4 {
					time.Sleep(15 * time.Minute)
					sweep()
				}
				tries := 0
				for _, c := range append(s.peer.called(updateMessage), s.peer.called(postMessage)...) {
					if c.form.Get("channel") == "CGONE" {
						tries++
					}
				}
				if tries < 23 || tries > 23*10 {
					t.Errorf("the channel was tried %d times in 23 hours", tries)
				}
				if back {
					s.memory.mu.Lock()
					shut = false
					s.memory.mu.Unlock()
					s.soon(40*time.Minute, "all is shown", s.memory.upToDate)
					if len(s.memory.unshown) > 0 {
						t.Errorf("given up: %v", s.memory.unshown)
					}
					return
				}
				time.Sleep(2 * time.Hour)
				s.soon(20*time.Minute, "what has ended is given up", func() bool {
					s.memory.mu.Lock()
					defer s.memory.mu.Unlock()
					return len(s.memory.unshown) == n
				})
				if left, _ := s.memory.Unpublished(t.Context(), approvals.Due{}, 10); len(left) != 1 || left[0].ID != "open" {
					t.Errorf("left is %v, want what is open alone", left)
				}
			})
		})
	}
}

// Whoever asks in a channel that is gone is told at once, as before.
func TestAskedInAChannelThatIsGone(t *testing.T) {
	play(t, nil, func(s *stage) {
		s.ready()
		refuse := func(call) answer { return no("not_in_channel") }
		s.peer.on(updateMessage, refuse)
		s.peer.on(postMessage, refuse)
		s.memory.ended("r-0", "C1", "", s.peer.stamp(), approvals.Completed)
		s.bot.Kick("r-0")
		time.Sleep(10 * time.Second)
		s.memory.request("r-1", "C1", approvals.Running)
		s.bot.Kick("r-1")
		s.soon(time.Second, "the asker is told", func() bool { return len(s.peer.said()) == 1 })
	})
}

// However much can't be shown, what can is found behind it.
func TestSweepReadsAll(t *testing.T) {
	play(t, nil, func(s *stage) {
		s.ready()
		s.peer.on(updateMessage, func(c call) answer {
			if c.form.Get("channel") == "CGONE" {
				return no("channel_not_found")
			}
			return ok(nil)
		})
		for i := range 2*sweepPage + 10 {
			s.memory.ended(fmt.Sprint("r-", i), "CGONE", "", s.peer.stamp(), approvals.Completed)
			s.memory.pubs[fmt.Sprint("r-", i)].Notes = nil
		}
		s.memory.ended("last", "C1", "", s.peer.stamp(), approvals.Completed)
		for range 3 {
			if err := s.bot.Sweep(s.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(5 * time.Second)
		}
		s.soon(10*time.Second, "what can be shown is", func() bool {
			due, err := s.memory.Unpublished(t.Context(), approvals.Due{}, 3*sweepPage)
			return err == nil && len(due) == 2*sweepPage+10
		})
		if n := s.memory.loads; n > 3*sweepPage {
			t.Errorf("%d look-ups: what waits is looked up again by each sweep", n)
		}
	})
}
