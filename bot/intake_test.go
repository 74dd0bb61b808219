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

// What is turned away is written down before it is acknowledged, where that works.
func TestTurnedAwayIsKeptFirst(t *testing.T) {
	play(t, func(s *stage) { s.memory.putHangs = true }, func(s *stage) {
		s.ready()
		s.peer.live()[0].send(command("e1"))
		s.soon(3*time.Second, "acknowledged", func() bool { return len(s.peer.acked("e1")) == 1 })
		if at := s.memory.forsaken; at.IsZero() || at.After(s.peer.acked("e1")[0].at) {
			t.Errorf("written down at %s, acknowledged at %s", at, s.peer.acked("e1")[0].at)
		}
		s.soon(time.Second, "told, and crossed out", func() bool { return len(s.peer.said()) == 1 && s.memory.isHandled("e1") })
	})
}

// Another replica took in what this one could not write down: nobody is told that it
// was not, and if the other one dies, this one carries it out.
func TestWhatAnotherTookInIsNotTurnedAway(t *testing.T) {
	play(t, func(s *stage) { s.memory.putHangs = true }, func(s *stage) {
		s.ready()
		s.peer.live()[0].send(mention("e1", "Ev1"))
		time.Sleep(time.Second)
		s.memory.mu.Lock()
		s.memory.seen["e2"], s.memory.seen["events_api:Ev1"] = true, true // by another
		s.memory.mu.Unlock()
		s.soon(3*time.Second, "acknowledged", func() bool { return len(s.peer.acked("e1")) == 1 })
		s.memory.mu.Lock()
		s.memory.inbox = append(s.memory.inbox, approvals.Envelope{Key: "e2", Event: "events_api:Ev1", Type: "events_api", Payload: []byte(`{}`), ReceivedAt: time.Now()})
		s.memory.mu.Unlock()
		time.Sleep(time.Second)
		if err := s.bot.Recover(s.Context()); err != nil { // the other one's claim is over
			t.Error(err)
		}
		s.soon(time.Second, "carried out", func() bool { return len(s.hand.handled()) == 1 })
		if said := s.peer.said(); len(said) != 0 {
			t.Errorf("said: %q", said)
		}
	})
}

// The database took an envelope after all, too late: after the person was told that
// nothing was started. Nothing is, wherever it turns up again.
func TestWhatIsKeptTooLateIsNotCarriedOut(t *testing.T) {
	play(t, func(s *stage) {
		s.memory.putTakes, s.memory.crossErr = 3*time.Second, errors.New("locked")
	}, func(s *stage) {
		s.ready()
		l := s.peer.live()[0]
		l.send(mention("e1", "Ev1"))
		s.soon(4*time.Second, "they are told", func() bool { return len(s.peer.said()) == 1 })
		s.memory.mu.Lock()
		s.memory.putTakes = 0
		s.memory.mu.Unlock()
		time.Sleep(2 * time.Second)
		if left, _ := s.memory.Unhandled(s.Context(), 9); len(left) != 1 {
			t.Fatalf("in the inbox: %v", left)
		}
		l.send(mention("e2", "Ev1"))
		for range 6 {
			if err := s.bot.Recover(s.Context()); err != nil {
				t.Error(err)
			}
			time.Sleep(10 * time.Second)
		}
		s.memory.mu.Lock()
		s.memory.crossErr = nil
		s.memory.mu.Unlock()
		s.soon(time.Minute, "the inbox knows", func() bool { return s.memory.isHandled("e1") })
		if got := s.hand.handled(); len(got) != 0 || len(s.peer.said()) != 1 {
			t.Errorf("handled %v, said %v", got, s.peer.said())
		}
	})
}

// A wake-up may look through the inbox before the bot runs.
func TestRecoverBeforeRun(t *testing.T) {
	c, err := NewClient(Access{AppToken: appToken, BotToken: botToken, APIURL: "http://slack.test/api"})
	if err != nil {
		t.Fatal(err)
	}
	m := newMemory()
	b, err := New(Config{Client: c, Handler: &hand{}, Inbox: m, Outbox: m, Abandoner: m, Process: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Put(t.Context(), approvals.Envelope{Key: "e1", Type: "events_api", Payload: []byte(`{}`), ReceivedAt: time.Now().Add(-time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if err := b.Recover(t.Context()); err != nil || m.isHandled("e1") {
		t.Errorf("%v", err)
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

// What is wrong with a modal may not fit into the acknowledgement. It then goes the
// common way, and whoever submitted it is told so: the modal would close without a word.
func TestAnAnswerThatDoesNotFit(t *testing.T) {
	play(t, func(s *stage) {
		s.hand.respond = func(context.Context, approvals.Envelope) (any, bool, error) {
			return map[string]string{"response_action": "update", "view": strings.Repeat("x", 21<<10)}, true, nil
		}
		s.hand.handle = func(_ context.Context, e approvals.Envelope) (handlers.Reply, error) {
			return handlers.Reply{To: handlers.AddressOf(e), Message: card.Reply("what is wrong")}, nil
		}
	}, func(s *stage) {
		s.ready()
		submitted := click("e1")
		submitted["payload"].(map[string]any)["type"] = "view_submission"
		submitted["payload"].(map[string]any)["view"] = map[string]any{"id": "V1"}
		s.peer.live()[0].send(submitted)
		s.soon(time.Second, "handled", func() bool { return s.memory.isHandled("e1") })
		if as := s.peer.acked("e1"); len(as) != 1 || len(as[0].payload) != 0 && string(as[0].payload) != "null" {
			t.Errorf("acknowledged: %v", as)
		}
		if got := s.hand.handled(); len(got) != 1 {
			t.Errorf("handled %v", got)
		}
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
