package bot

import (
	"testing"
	"time"

	"dropletops/approvals"
)

// A card that would be drawn as it stands is not edited, and counts as shown.
func TestWhatLooksTheSameIsNotEdited(t *testing.T) {
	play(t, nil, func(s *stage) {
		s.ready()
		s.memory.request("r-1", "C1", approvals.Pending)
		s.bot.Kick("r-1")
		s.soon(time.Second, "the card stands", s.memory.upToDate)
		for range 20 {
			s.memory.change("r-1", func(*approvals.Publication) {}) // as waiting in line does
			s.bot.Kick("r-1")
			s.soon(time.Second, "it counts as shown", s.memory.upToDate)
		}
		if n := len(s.peer.called(updateMessage)); n != 0 {
			t.Errorf("%d edits that nobody sees", n)
		}
		s.memory.state("r-1", approvals.Denied)
		s.bot.Kick("r-1")
		s.soon(time.Second, "edited", s.memory.upToDate)
		if n := len(s.peer.called(updateMessage)); n != 1 {
			t.Errorf("%d edits of a card that changed", n)
		}
	})
}

// What is not certain to stand is edited: after an edit that failed, and after
// another process wrote down that it drew.
func TestWhatMayLookDifferentIsEdited(t *testing.T) {
	for name, between := range map[string]func(s *stage){
		"an edit that failed": func(s *stage) {
			s.peer.on(updateMessage, func(call) answer { return answer{status: 503} })
			s.memory.state("r-1", approvals.Running)
			s.bot.Kick("r-1")
			s.soon(time.Second, "it fails", func() bool { return len(s.peer.called(updateMessage)) == 1 })
			s.peer.on(updateMessage, func(c call) answer { return ok(map[string]any{"channel": "C1", "ts": c.form.Get("ts")}) })
			s.memory.state("r-1", approvals.Pending)
		},
		"another process": func(s *stage) {
			s.memory.state("r-1", approvals.Running)
			if err := s.memory.Published(s.Context(), "r-1", s.memory.card("r-1"), 2); err != nil {
				s.Fatal(err)
			}
			s.memory.state("r-1", approvals.Pending)
		},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, nil, func(s *stage) {
				s.ready()
				s.memory.request("r-1", "C1", approvals.Pending)
				s.bot.Kick("r-1")
				s.soon(time.Second, "the card stands", s.memory.upToDate)
				between(s)
				before := len(s.peer.called(updateMessage))
				s.bot.Kick("r-1")
				s.soon(time.Minute, "it is shown", s.memory.upToDate)
				if n := len(s.peer.called(updateMessage)) - before; n != 1 {
					t.Errorf("%d edits", n)
				}
			})
		})
	}
}
