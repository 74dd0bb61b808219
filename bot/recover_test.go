package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"dropletops/approvals"
	"dropletops/handlers"
	"dropletops/internal/card"
)

func TestRecover(t *testing.T) {
	play(t, func(s *stage) {
		now := time.Now()
		put := func(key string, ago time.Duration, attempts int) {
			p := fmt.Sprintf(`{"command":"/droplet","user_id":"UALICE","channel_id":"C1","response_url":"http://slack.test/response/%s"}`, key)
			_, _ = s.memory.Put(context.Background(), approvals.Envelope{Key: key, Type: "slash_commands", Payload: []byte(p), ReceivedAt: now.Add(-ago)})
			s.memory.attempts[key] = attempts
		}
		put("old", 41*time.Minute, 0)
		put("poison", 3*time.Minute, 0)
		s.memory.crashes["poison"] = approvals.Crashes{Alone: boots}
		put("first", 2*time.Minute, 0)
		put("second", time.Minute, 1)
		put("done", time.Minute, 0)
		s.memory.handled["done"] = true
	}, func(s *stage) {
		s.soon(10*time.Second, "all are done", func() bool { ids, _ := s.memory.Unhandled(t.Context(), 9); return len(ids) == 0 })
		if got := strings.Join(s.hand.handled(), " "); got != "first second" && got != "second first" {
			t.Errorf("handled %q", got)
		}
		var lapsed bool
		for _, c := range s.peer.called("chat.postEphemeral") {
			if strings.Contains(c.form.Get("text"), "it waited 41 minutes while I was away") && c.form.Get("user") == "UALICE" {
				lapsed = true
			}
		}
		if !lapsed || len(s.peer.said()) != 2 {
			t.Errorf("said: %q", s.peer.said())
		}
	})
}

// A process that turned an envelope away died before it could say so: the next one
// says it, and carries nothing out. Neither does one whose queue is full.
func TestTurnedAwayIsToldByTheNext(t *testing.T) {
	const own = 1032 // in the queue and in hand
	play(t, func(s *stage) {
		s.hand.handle = func(context.Context, approvals.Envelope) (handlers.Reply, error) {
			time.Sleep(time.Second)
			return handlers.Reply{}, nil
		}
		e := approvals.Envelope{Key: "away", Type: "slash_commands", ReceivedAt: time.Now(),
			Payload: []byte(`{"command":"/droplet","user_id":"UALICE","channel_id":"C1","response_url":"http://slack.test/response/1"}`)}
		for i := range own {
			_, _ = s.memory.Put(context.Background(), approvals.Envelope{Key: fmt.Sprint("own", i), Type: "events_api", Payload: []byte(`{}`), ReceivedAt: time.Now()})
		}
		if ours, err := s.memory.Forsake(context.Background(), e, false); err != nil || !ours {
			t.Fatal(ours, err)
		}
	}, func(s *stage) {
		s.soon(2*time.Minute, "all are done", func() bool {
			if err := s.bot.Recover(s.Context()); err != nil {
				t.Error(err)
			}
			ids, _ := s.memory.Unhandled(t.Context(), 9)
			return len(ids) == 0
		})
		if said := s.peer.said(); len(said) != 1 || !strings.Contains(said[0], "Nothing was started") || len(s.hand.handled()) != own {
			t.Errorf("%d were handled, said: %q", len(s.hand.handled()), said)
		}
	})
}

// What waits for a hand, or to be told, stays this process's own, whoever of the replicas
// looks for what was left unhandled: another one would carry it out and answer it, too.
func TestWhatWaitsStaysItsOwn(t *testing.T) {
	play(t, func(s *stage) {
		s.hand.handle = func(_ context.Context, e approvals.Envelope) (handlers.Reply, error) {
			time.Sleep(20 * time.Second)
			return handlers.Reply{To: handlers.AddressOf(e), Message: card.Reply("fine")}, nil
		}
	}, func(s *stage) {
		defer close(s.hang)
		s.ready()
		s.peer.on("response", func(call) answer { <-s.hang; return answer{status: 200} })
		s.peer.on("chat.postEphemeral", func(call) answer { <-s.hang; return answer{status: 200} })
		for i := range 200 {
			s.peer.live()[0].send(command(fmt.Sprint("e", i)))
		}
		for range 300 {
			time.Sleep(time.Second)
			s.memory.mu.Lock()
			for key, since := range s.memory.claimed {
				if d := time.Since(since); !s.memory.handled[key] && d > approvals.ClaimFor-5*time.Second {
					s.Errorf("%s was not claimed for %s", key, d)
				}
			}
			s.memory.mu.Unlock()
			if s.Failed() {
				break
			}
		}
	})
}

// However many older ones wait for their turn, or to be told, what came after them is
// found: here it is what a replica left that died.
func TestWhatWaitsHidesNothing(t *testing.T) {
	put := func(s *stage, key string) {
		_, _ = s.memory.Put(context.Background(), approvals.Envelope{Key: key, Type: "events_api", Payload: []byte(`{}`), ReceivedAt: time.Now()})
	}
	play(t, func(s *stage) {
		s.hand.handle = func(_ context.Context, e approvals.Envelope) (handlers.Reply, error) {
			if e.Key == "newest" {
				return handlers.Reply{}, nil
			}
			return handlers.Reply{}, &handlers.Later{After: 20 * time.Second}
		}
		for i := range 1500 {
			put(s, fmt.Sprint("e", i))
		}
	}, func(s *stage) {
		s.ready()
		time.Sleep(30 * time.Second)
		put(s, "newest")
		s.soon(30*time.Second, "found", func() bool { return s.memory.isHandled("newest") })
	})
}

// A database that stops answering is asked again once it does: as after a cut
// connection, whose end nobody hears.
func TestAnInboxThatHangsIsReadAgain(t *testing.T) {
	hangs := func(s *stage, is bool) { s.memory.mu.Lock(); s.memory.readHangs = is; s.memory.mu.Unlock() }
	play(t, nil, func(s *stage) {
		s.ready()
		time.Sleep(time.Second)
		hangs(s, true)
		time.Sleep(5 * time.Minute)
		hangs(s, false)
		_, _ = s.memory.Put(context.Background(), approvals.Envelope{Key: "left", Type: "events_api", Payload: []byte(`{}`), ReceivedAt: time.Now()})
		s.soon(time.Minute, "found", func() bool { return s.memory.isHandled("left") })
	})
}

// Neither does crossing out, or counting an attempt, keep a hand for good.
func TestAnInboxThatHangsKeepsNoHand(t *testing.T) {
	for name, err := range map[string]error{"crossing out": nil, "counting": errors.New("a fault")} {
		t.Run(name, func(t *testing.T) {
			play(t, func(s *stage) {
				s.hand.handle = func(_ context.Context, e approvals.Envelope) (handlers.Reply, error) { return handlers.Reply{}, err }
			}, func(s *stage) {
				s.ready()
				s.memory.mu.Lock()
				s.memory.markHangs = true
				s.memory.mu.Unlock()
				for i := range handsAtOnce {
					s.peer.live()[0].send(click(fmt.Sprint("e", i)))
				}
				s.soon(time.Second, "all hands are full", func() bool { return len(s.hand.handled()) >= handsAtOnce })
				s.peer.live()[0].send(click("fresh"))
				s.soon(2*time.Minute, "a hand is free", func() bool { return slices.Contains(s.hand.handled(), "fresh") })
			})
		})
	}
}

func TestMoreThanFitsInMemory(t *testing.T) {
	play(t, func(s *stage) {
		s.memory.readTakes = 50 * time.Millisecond
		s.hand.handle = func(_ context.Context, e approvals.Envelope) (handlers.Reply, error) {
			time.Sleep(time.Duration(1+len(e.Key)*7%30) * time.Millisecond)
			return handlers.Reply{}, nil
		}
		for i := range 2500 {
			_, _ = s.memory.Put(context.Background(), approvals.Envelope{Key: fmt.Sprint("e", i), Type: "events_api", Payload: []byte(`{}`), ReceivedAt: time.Now()})
		}
	}, func(s *stage) {
		s.soon(5*time.Minute, "all are handled", func() bool { ids, _ := s.memory.Unhandled(t.Context(), 9); return len(ids) == 0 })
		if n := len(s.hand.handled()); n != 2500 {
			t.Errorf("%d were handled", n)
		}
	})
}

// What waits in the inbox until there is room was never begun: however often the
// inbox is looked through meanwhile, it is no start that is counted. Here they are
// those of a replica that died, while this one has its hands full.
func TestWhatOnlyWaitsIsNotCounted(t *testing.T) {
	const own, taken = 1032, 200 // in the queue and in hand; taken over
	put := func(s *stage, key string, ago time.Duration) {
		_, _ = s.memory.Put(context.Background(), approvals.Envelope{Key: key, Type: "slash_commands", ReceivedAt: time.Now().Add(-ago),
			Payload: []byte(`{"command":"/droplet","user_id":"UALICE","channel_id":"C1","response_url":"http://slack.test/response/1"}`)})
	}
	play(t, func(s *stage) {
		s.hand.handle = func(_ context.Context, _ approvals.Envelope) (handlers.Reply, error) {
			time.Sleep(10 * time.Second)
			return handlers.Reply{}, nil
		}
		for i := range own {
			put(s, fmt.Sprint("own", i), 0)
		}
	}, func(s *stage) {
		s.soon(time.Minute, "its hands are full", func() bool { return len(s.hand.handled()) == 32 })
		s.memory.mu.Lock()
		mine := s.memory.inbox
		s.memory.inbox = nil
		s.memory.mu.Unlock()
		for i := range taken {
			put(s, fmt.Sprint("taken", i), time.Minute)
		}
		s.memory.mu.Lock()
		s.memory.inbox = append(s.memory.inbox, mine...)
		s.memory.mu.Unlock()
		for range 45 { // as the wake-up does
			time.Sleep(10 * time.Second)
			if err := s.bot.Recover(s.Context()); err != nil {
				t.Error(err)
			}
		}
		s.soon(time.Minute, "all are handled", func() bool { ids, _ := s.memory.Unhandled(t.Context(), 9); return len(ids) == 0 })
		if n := len(s.hand.handled()); n != own+taken || len(s.peer.said()) != 0 {
			t.Errorf("%d were handled, said: %q", n, s.peer.said())
		}
	})
}

// What is too old is told at Slack's pace, which takes longer than until the inbox is
// looked through once more.
func TestTooOldIsToldOnce(t *testing.T) {
	play(t, func(s *stage) {
		for i := range 30 {
			p := fmt.Sprintf(`{"command":"/droplet","user_id":"UALICE","channel_id":"C1","response_url":"http://slack.test/response/%d"}`, i)
			_, _ = s.memory.Put(context.Background(), approvals.Envelope{Key: fmt.Sprint("e", i), Type: "slash_commands", Payload: []byte(p), ReceivedAt: time.Now().Add(-time.Hour)})
		}
	}, func(s *stage) {
		for range 10 {
			time.Sleep(5 * time.Second)
			if err := s.bot.Recover(s.Context()); err != nil {
				t.Error(err)
			}
		}
		s.soon(time.Minute, "all are done", func() bool { ids, _ := s.memory.Unhandled(t.Context(), 9); return len(ids) == 0 })
		if n := len(s.peer.called("chat.postEphemeral")); n != 30 || len(s.hand.handled()) != 0 {
			t.Errorf("told %d times, want 30", n)
		}
	})
}

func TestStopping(t *testing.T) {
	play(t, func(s *stage) {
		s.hand.handle = func(ctx context.Context, e approvals.Envelope) (handlers.Reply, error) {
			switch e.Key {
			case "short":
				time.Sleep(3 * time.Second)
				return handlers.Reply{To: handlers.AddressOf(e), Message: card.Reply("done")}, nil
			case "long":
				<-s.hang
			}
			return handlers.Reply{}, nil
		}
	}, func(s *stage) {
		defer close(s.hang)
		s.ready()
		l := s.peer.live()[0]
		l.send(command("short"))
		l.send(command("long"))
		s.soon(time.Second, "both are in hand", func() bool { return len(s.hand.handled()) == 2 })
		l.send(command("last"))
		s.stop()
		began := time.Now()
		if err := <-s.ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		s.ended <- nil
		if d := time.Since(began); d > 10*time.Second {
			t.Errorf("stopping took %s", d)
		}
		if !s.memory.isHandled("short") || len(s.peer.said()) != 1 {
			t.Errorf("what was in hand was not finished: %q", s.peer.said())
		}
		if s.memory.isHandled("long") {
			t.Error("what could not be finished is not left to the next start")
		}
		if s.bot.Ready() {
			t.Error("ready after the end")
		}
	})
}
