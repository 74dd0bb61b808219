package bot

import (
	"context"
	"fmt"
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
		put("poison", 3*time.Minute, 6)
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
