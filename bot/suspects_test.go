package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"dropletops/approvals"
	"dropletops/handlers"
)

// left puts an envelope into the inbox that an earlier process had in hand.
func (s *stage) left(key string, c approvals.Crashes) {
	p := fmt.Sprintf(`{"command":"/droplet","user_id":"UALICE","channel_id":"C1","response_url":"http://slack.test/response/%s"}`, key)
	s.memory.mu.Lock()
	s.memory.crashes[key] = c // before it can be found
	s.memory.mu.Unlock()
	_, _ = s.memory.Put(context.Background(), approvals.Envelope{Key: key, Type: "slash_commands", Payload: []byte(p), ReceivedAt: time.Now()})
}

// crashesOver is what would be counted if the process died now.
func (s *stage) crashesOver(key string) approvals.Crashes {
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	return s.memory.crashes[key]
}

// untilTold is a handler that takes as long as a channel of the envelope's own is open.
func (s *stage) untilTold(keys ...string) map[string]chan struct{} {
	hold := map[string]chan struct{}{}
	for _, k := range keys {
		hold[k] = make(chan struct{})
	}
	s.hand.handle = func(_ context.Context, e approvals.Envelope) (handlers.Reply, error) {
		if c := hold[e.Key]; c != nil {
			<-c
		}
		return handlers.Reply{}, nil
	}
	return hold
}

// A suspect has the process to itself for a moment, then the others go on; dying counts
// against it only as long as nothing else is in hand, and not at all once it has ended.
func TestASuspectIsAloneForAWhile(t *testing.T) {
	var hold map[string]chan struct{}
	play(t, func(s *stage) {
		hold = s.untilTold("first")
		s.left("first", approvals.Crashes{})
		s.left("second", approvals.Crashes{})
	}, func(s *stage) {
		s.soon(5*time.Second, "the first is in hand", func() bool { return len(s.hand.handled()) == 1 })
		if c := s.crashesOver("first"); c != (approvals.Crashes{Alone: 1}) {
			t.Errorf("while it is alone, dying would count as %+v", c)
		}
		s.soon(5*time.Second, "the second is handled beside it", func() bool { return s.memory.isHandled("second") })
		if c := s.crashesOver("first"); c != (approvals.Crashes{Shared: 1}) {
			t.Errorf("with another in hand, dying would count as %+v", c)
		}
		if c := s.crashesOver("second"); c != (approvals.Crashes{}) {
			t.Errorf("what has ended would count as %+v", c)
		}
		close(hold["first"])
		s.soon(time.Second, "the first is handled", func() bool { return s.memory.isHandled("first") })
		synctest.Wait()
		if c := s.crashesOver("first"); c != (approvals.Crashes{}) {
			t.Errorf("what has ended would count as %+v", c)
		}
	})
}

// While a suspect is alone neither a fresh envelope nor an answer inside an acknowledgement
// is thought about: dying of those would count against the suspect.
func TestNothingIsHandledBesideASuspectThatIsAlone(t *testing.T) {
	var hold map[string]chan struct{}
	responded := make(chan string, 9)
	play(t, func(s *stage) {
		hold = s.untilTold("suspect")
		s.hand.respond = func(_ context.Context, e approvals.Envelope) (any, bool, error) {
			if e.Type == "interactive" {
				responded <- e.Key
			}
			return nil, false, nil
		}
		s.left("suspect", approvals.Crashes{Alone: 1, Shared: 3}) // 4 s
	}, func(s *stage) {
		s.soon(5*time.Second, "it is in hand", func() bool { return len(s.hand.handled()) == 1 })
		s.soon(5*time.Second, "two sockets are up", func() bool { return len(s.peer.live()) == 2 })
		s.peer.live()[0].send(command("fresh"))
		s.peer.live()[0].send(click("click"))
		s.soon(3*time.Second, "both are acknowledged", func() bool { return len(s.peer.acked("fresh")) == 1 && len(s.peer.acked("click")) == 1 })
		if c := s.crashesOver("suspect"); c != (approvals.Crashes{Alone: 2, Shared: 3}) {
			t.Errorf("while it is alone, dying would count as %+v", c)
		}
		if len(responded) > 0 || len(s.hand.handled()) != 1 {
			t.Errorf("beside it were handled: %v, and %d answers were thought about", s.hand.handled(), len(responded))
		}
		s.soon(5*time.Second, "the others go on beside it", func() bool { return s.memory.isHandled("fresh") && s.memory.isHandled("click") })
		if c := s.crashesOver("suspect"); c != (approvals.Crashes{Alone: 1, Shared: 4}) {
			t.Errorf("with others in hand, dying would count as %+v", c)
		}
		close(hold["suspect"])
	})
}

// A suspect is in company as long as a handler is at work, also one that is not waited for
// any more.
func TestASuspectBesideAHandlerThatHangs(t *testing.T) {
	var hold map[string]chan struct{}
	play(t, func(s *stage) { hold = s.untilTold("hangs", "suspect") }, func(s *stage) {
		defer close(hold["hangs"])
		s.ready()
		s.peer.live()[0].send(command("hangs"))
		s.soon(time.Minute, "it is given up", func() bool { return s.memory.isHandled("hangs") })
		s.left("suspect", approvals.Crashes{Alone: 4})
		s.soon(time.Minute, "the suspect is in hand", func() bool { return slices.Contains(s.hand.handled(), "suspect") })
		if c := s.crashesOver("suspect"); c != (approvals.Crashes{Alone: 4, Shared: 1}) {
			t.Errorf("dying would count as %+v", c)
		}
		close(hold["suspect"])
	})
}

// The ones that were part of the fewest crashes come first.
func TestSuspectsInOrder(t *testing.T) {
	play(t, func(s *stage) {
		s.left("poison", approvals.Crashes{Alone: 3})
		s.left("beside", approvals.Crashes{Shared: 2})
		s.left("never", approvals.Crashes{})
	}, func(s *stage) {
		s.soon(10*time.Second, "all are handled", func() bool { return len(s.hand.handled()) == 3 })
		if got := strings.Join(s.hand.handled(), " "); got != "never beside poison" {
			t.Errorf("handled in the order %q", got)
		}
	})
}

// A process that is told to end has not died of what it has in hand, also if that takes
// longer than there is time for.
func TestAStopIsNoCrash(t *testing.T) {
	play(t, func(s *stage) {
		s.hand.handle = func(ctx context.Context, _ approvals.Envelope) (handlers.Reply, error) {
			<-ctx.Done()
			return handlers.Reply{}, ctx.Err()
		}
		s.left("slow", approvals.Crashes{Alone: 2})
	}, func(s *stage) {
		s.soon(5*time.Second, "it is in hand", func() bool { return len(s.hand.handled()) == 1 })
		s.stop()
		if err := <-s.ended; err != nil {
			t.Error(err)
		}
		s.ended <- nil
		if c := s.crashesOver("slow"); c != (approvals.Crashes{Alone: 2}) || s.memory.isHandled("slow") {
			t.Errorf("after a stop it counts %+v", c)
		}
	})
}

// A crash is no failed attempt: after five of them a fault is retried as often as ever.
func TestCrashesAreNoAttempts(t *testing.T) {
	tries := 0
	play(t, func(s *stage) {
		s.hand.handle = func(context.Context, approvals.Envelope) (handlers.Reply, error) {
			if tries++; tries < approvals.HandleTries {
				return handlers.Reply{}, fmt.Errorf("a fault that passes")
			}
			return handlers.Reply{}, nil
		}
		s.left("e1", approvals.Crashes{Alone: 4, Shared: 7})
	}, func(s *stage) {
		s.soon(time.Minute, "it is handled", func() bool { return s.memory.isHandled("e1") })
		if tries != approvals.HandleTries || len(s.peer.said()) != 0 {
			t.Errorf("handled %d times, said: %q", tries, s.peer.said())
		}
	})
}

func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		g := &gate{}
		if err := g.enter(ctx); err != nil {
			t.Fatal(err)
		}
		go func() { time.Sleep(time.Second); g.leave() }()
		if !g.close(ctx, time.Minute) {
			t.Error("not alone though what was inside has left")
		}
		entered, gaveUp := make(chan struct{}), make(chan error)
		go func() { _ = g.enter(ctx); close(entered) }()
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		go func() { gaveUp <- g.enter(short) }()
		if err := <-gaveUp; err == nil {
			t.Error("entered a closed gate")
		}
		g.open()
		g.leave()
		<-entered // before it can be closed again
		if g.close(ctx, time.Second) {
			t.Error("alone though another is inside")
		}
		g.open()
		g.leave()
		g.leave()
		if !g.close(ctx, 0) || g.inside != 1 {
			t.Errorf("%d are inside", g.inside)
		}
		stop()
		if err := g.enter(ctx); err == nil {
			t.Error("entered a closed gate after the end")
		}
	})
}
