package bot

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"dropletops/approvals"
	"dropletops/handlers"
	"dropletops/internal/card"
)

// hanging is a handler that ends when it is let go and not before.
func hanging(until <-chan struct{}) func(context.Context, approvals.Envelope) (handlers.Reply, error) {
	return func(context.Context, approvals.Envelope) (handlers.Reply, error) {
		<-until
		return handlers.Reply{}, nil
	}
}

func TestRedelivery(t *testing.T) {
	play(t, nil, func(s *stage) {
		s.ready()
		ls := s.peer.live()
		for range 3 {
			ls[0].send(command("e1"))
			ls[1].send(command("e1"))
		}
		again := command("e2") // another envelope for the same trigger
		again["payload"].(map[string]any)["trigger_id"] = "t.e1"
		ls[0].send(again)
		ls[0].send(mention("e3", "Ev1"))
		ls[1].send(mention("e4", "Ev1"))
		ls[1].send(mention("e5", "t.e1")) // an event_id that looks like that trigger is another matter
		s.soon(time.Second, "each delivery is acknowledged", func() bool {
			return len(s.peer.acked("e1")) == 6 && len(s.peer.acked("e2")) == 1 && len(s.peer.acked("e4")) == 1 && len(s.peer.acked("e5")) == 1
		})
		time.Sleep(time.Minute)
		if got := s.hand.handled(); len(got) != 3 {
			t.Errorf("handled %v, want one for the command, one for the event and e5", got)
		}
	})
}

func TestAckComesAfterTheDisk(t *testing.T) {
	play(t, func(s *stage) { s.memory.putTakes = time.Second }, func(s *stage) {
		s.ready()
		s.peer.live()[0].send(command("e1"))
		time.Sleep(990 * time.Millisecond)
		if len(s.peer.acked("e1")) != 0 {
			t.Error("acknowledged before it was on disk")
		}
		s.soon(100*time.Millisecond, "acknowledged right after", func() bool { return len(s.peer.acked("e1")) == 1 })
	})
}

func TestAckWhileHandlersHang(t *testing.T) {
	play(t, func(s *stage) { s.hand.handle = hanging(s.hang) }, func(s *stage) {
		defer close(s.hang)
		s.ready()
		sent := time.Now()
		s.peer.live()[0].send(command("e1"))
		s.soon(time.Second, "acknowledged", func() bool { return len(s.peer.acked("e1")) == 1 })
		if d := s.peer.acked("e1")[0].at.Sub(sent); d > 100*time.Millisecond {
			t.Errorf("the acknowledgement took %s", d)
		}
		s.soon(time.Minute, "whoever asked is told", func() bool { return len(s.peer.said()) == 1 })
		if !s.memory.isHandled("e1") {
			t.Error("a handler that hangs is waited for for ever")
		}
		if got := s.peer.called("response"); len(got) != 1 || !strings.Contains(got[0].body, `"ephemeral"`) {
			t.Errorf("told by %v", got)
		}
	})
}

func TestPanics(t *testing.T) {
	play(t, func(s *stage) {
		s.hand.handle = func(_ context.Context, e approvals.Envelope) (handlers.Reply, error) {
			if e.Key == "e1" {
				panic("a bug, with " + botToken)
			}
			return handlers.Reply{To: handlers.AddressOf(e), Message: card.Reply("fine")}, nil
		}
		s.hand.respond = func(_ context.Context, e approvals.Envelope) (any, bool, error) {
			if e.Key == "e2" {
				var none []int
				_ = none[len(e.Key)]
			}
			return nil, false, nil
		}
	}, func(s *stage) {
		s.ready()
		l := s.peer.live()[0]
		l.send(command("e1"))
		l.send(click("e2"))
		l.send(command("e3"))
		s.soon(time.Second, "all are acknowledged and answered", func() bool {
			return len(s.peer.acked("e1")) == 1 && len(s.peer.acked("e2")) == 1 && len(s.peer.acked("e3")) == 1 && len(s.peer.said()) == 3
		})
		faults := 0
		for _, said := range s.peer.said() {
			ref := regexp.MustCompile(`f-[a-z2-7]{8}`).FindString(said)
			if said == "fine" {
				continue
			}
			faults++
			if ref == "" || strings.Count(s.log.String(), `"reference":"`+ref+`"`) != 1 {
				t.Errorf("%q: its reference is not in the log once:\n%s", said, s.log)
			}
		}
		if faults != 2 || strings.Count(s.log.String(), `"stack":"goroutine`) != 2 {
			t.Errorf("%d faults were told:\n%s", faults, s.log)
		}
		if !s.memory.isHandled("e1") {
			t.Error("an envelope that panics is kept for the next start")
		}
	})
}

func TestPutFails(t *testing.T) {
	for name, hangs := range map[string]bool{"disk full": false, "disk hangs": true} {
		t.Run(name, func(t *testing.T) {
			play(t, func(s *stage) {
				s.memory.putErr, s.memory.putHangs = errors.New("database or disk is full (13)"), hangs
			}, func(s *stage) {
				s.ready()
				l := s.peer.live()[0]
				sent := time.Now()
				l.send(command("e1"))
				l.send(mention("e2", "Ev2"))
				s.soon(3*time.Second, "acknowledged", func() bool { return len(s.peer.acked("e1")) == 1 && len(s.peer.acked("e2")) == 1 })
				if d := s.peer.acked("e1")[0].at.Sub(sent); d > 2900*time.Millisecond {
					t.Errorf("acknowledged after %s", d)
				}
				s.soon(time.Second, "both are told", func() bool { return len(s.peer.said()) == 2 })
				for _, said := range s.peer.said() {
					if !strings.Contains(said, "Nothing was started") || !strings.Contains(said, "Reference: f-") {
						t.Errorf("told: %q", said)
					}
				}
				s.memory.mu.Lock()
				s.memory.putErr, s.memory.putHangs = nil, false
				s.memory.mu.Unlock()
				l.send(command("e1")) // delivered again, behind their back
				l.send(command("e3"))
				s.soon(time.Second, "it works again", func() bool { return len(s.hand.handled()) == 1 && len(s.peer.acked("e1")) == 2 })
				if got := s.hand.handled(); got[0] != "e3" {
					t.Errorf("handled %v after they were told that nothing was started", got)
				}
				s.soon(time.Minute, "crossed out, in case it was kept after all", func() bool { return s.memory.isHandled("e1") })
			})
		})
	}
}

func TestRespond(t *testing.T) {
	play(t, func(s *stage) {
		s.hand.respond = func(ctx context.Context, e approvals.Envelope) (any, bool, error) {
			switch e.Key {
			case "quick":
				return map[string]any{"options": []any{}}, true, nil
			case "slow", "slow-click":
				<-s.hang
			case "broken":
				return nil, false, errors.New("DigitalOcean is away")
			case "huge":
				return map[string]string{"x": strings.Repeat("x", 21<<10)}, true, nil
			}
			return nil, false, nil
		}
	}, func(s *stage) {
		defer close(s.hang)
		s.ready()
		l := s.peer.live()[0]
		sent := time.Now()
		for _, id := range []string{"quick", "slow", "broken", "huge"} {
			l.send(suggestion(id))
		}
		l.send(click("slow-click"))
		l.send(mention("event", "Ev1"))
		s.soon(100*time.Millisecond, "the quick ones are answered", func() bool {
			return len(s.peer.acked("quick")) == 1 && len(s.peer.acked("broken")) == 1 && len(s.peer.acked("huge")) == 1 && len(s.peer.acked("event")) == 1
		})
		if got := string(s.peer.acked("quick")[0].payload); got != `{"options":[]}` {
			t.Errorf("answered %s", got)
		}
		s.soon(3*time.Second, "the slow ones too", func() bool { return len(s.peer.acked("slow")) == 1 && len(s.peer.acked("slow-click")) == 1 })
		if d := s.peer.acked("slow")[0].at.Sub(sent); d > 2900*time.Millisecond {
			t.Errorf("acknowledged after %s", d)
		}
		s.soon(time.Second, "a click goes the common way then", func() bool { return len(s.hand.handled()) == 2 })
	})
}

func TestErrorsAreTriedAgain(t *testing.T) {
	var click, broken atomic.Int32
	play(t, func(s *stage) {
		s.hand.handle = func(_ context.Context, e approvals.Envelope) (handlers.Reply, error) {
			to := handlers.AddressOf(e)
			switch e.Key {
			case "unplaced":
				if click.Add(1) < 4 {
					return handlers.Reply{}, fmt.Errorf("decide: %w", approvals.ErrCardNotPlaced)
				}
				return handlers.Reply{To: to, Message: card.Reply("decided")}, nil
			case "broken":
				broken.Add(1)
				return handlers.Reply{}, errors.New("database is locked")
			case "no":
				return handlers.Reply{}, approvals.Refuse("Not you.")
			case "twice":
				return handlers.Reply{}, approvals.ErrHandled
			}
			return handlers.Reply{}, nil
		}
	}, func(s *stage) {
		s.ready()
		l := s.peer.live()[0]
		for _, id := range []string{"unplaced", "broken", "no", "twice"} {
			l.send(command(id))
		}
		s.soon(30*time.Second, "all are done", func() bool {
			return s.memory.isHandled("unplaced") && s.memory.isHandled("broken") && s.memory.isHandled("no") && s.memory.isHandled("twice")
		})
		said := strings.Join(s.peer.said(), "|")
		if n := broken.Load(); n != 3 {
			t.Errorf("tried %d times, want 3", n)
		}
		if !strings.Contains(said, "decided") || !strings.Contains(said, "Not you.") || strings.Count(said, " f-") != 1 || len(s.peer.said()) != 3 {
			t.Errorf("said: %s", said)
		}
		if s.memory.attempts["broken"] != 2 || s.memory.attempts["unplaced"] != 3 {
			t.Errorf("attempts counted: %v", s.memory.attempts)
		}
	})
}
