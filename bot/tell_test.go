package bot

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"dropletops/approvals"
	"dropletops/handlers"
	"dropletops/internal/card"
)

// away has Slack take no answers to one person, in either way.
func (s *stage) away(is bool) {
	for _, method := range []string{"response", "chat.postEphemeral"} {
		s.peer.on(method, func(call) answer {
			if is {
				return answer{status: 503, body: "away"}
			}
			return ok(map[string]any{"message_ts": s.peer.stamp()})
		})
	}
}

// answersFine is a handler that answers whoever asked.
func answersFine(_ context.Context, e approvals.Envelope) (handlers.Reply, error) {
	return handlers.Reply{To: handlers.AddressOf(e), Message: card.Reply("fine")}, nil
}

// What was taken in is answered, also where Slack takes no answer for longer than one
// is tried at a time, and it is not handled once more for that.
func TestAnswersOutlastAnOutage(t *testing.T) {
	for name, handle := range map[string]func(e approvals.Envelope) (handlers.Reply, error){
		"an answer": func(e approvals.Envelope) (handlers.Reply, error) {
			return handlers.Reply{To: handlers.AddressOf(e), Message: card.Reply("fine")}, nil
		},
		"a refusal": func(approvals.Envelope) (handlers.Reply, error) {
			return handlers.Reply{}, approvals.Refuse("fine")
		},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(s *stage) {
				s.hand.handle = func(_ context.Context, e approvals.Envelope) (handlers.Reply, error) { return handle(e) }
			}, func(s *stage) {
				s.ready()
				s.away(true)
				s.peer.live()[0].send(command("e1"))
				for range 30 {
					time.Sleep(10 * time.Second)
					if err := s.bot.Recover(s.Context()); err != nil { // as the wake-up does
						t.Error(err)
					}
				}
				if s.memory.isHandled("e1") {
					t.Error("crossed out before anyone was told")
				}
				s.away(false)
				tried := len(s.peer.said())
				s.soon(time.Minute, "told", func() bool { return s.memory.isHandled("e1") })
				if said := s.peer.said()[tried:]; len(said) != 1 || said[0] != "fine" || len(s.hand.handled()) != 1 {
					t.Errorf("said %q, handled %v", said, s.hand.handled())
				}
			})
		})
	}
}

// A process that ends while an answer waits leaves the envelope to the next.
func TestAnAnswerThatWaitsIsLeftToTheNextStart(t *testing.T) {
	play(t, func(s *stage) {
		s.hand.handle = answersFine
	}, func(s *stage) {
		s.ready()
		s.away(true)
		s.peer.live()[0].send(command("e1"))
		time.Sleep(time.Minute)
		s.stop()
		time.Sleep(10 * time.Second)
		left, err := s.memory.Unhandled(context.Background(), 9)
		if err != nil || len(left) != 1 || left[0].Attempt != 1 {
			t.Errorf("left for the next start: %+v, %v", left, err)
		}
	})
}

// Who is told that nothing comes of what they asked for can rely on it, also if the
// process dies right after: that is written down before.
func TestWhatIsToldToComeToNothingDoes(t *testing.T) {
	for name, handle := range map[string]func(e approvals.Envelope) (handlers.Reply, error){
		"Slack does not say who they are": func(approvals.Envelope) (handlers.Reply, error) {
			return handlers.Reply{}, &Away{Method: "users.info", Cause: "no answer in time"}
		},
		"the card is on its way": func(approvals.Envelope) (handlers.Reply, error) {
			return handlers.Reply{}, approvals.ErrCardNotPlaced
		},
		"a handler says so": func(e approvals.Envelope) (handlers.Reply, error) {
			return handlers.Reply{To: handlers.AddressOf(e), Message: card.Reply("Nothing was started."), Nothing: true}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(s *stage) {
				s.hand.handle = func(_ context.Context, e approvals.Envelope) (handlers.Reply, error) { return handle(e) }
				s.peer.on("response", func(call) answer {
					if left, _ := s.memory.Unhandled(context.Background(), 9); len(left) != 1 || !left[0].TurnedAway() {
						t.Errorf("while they are told the next process would have %+v", left)
					}
					return answer{status: 200, body: "ok"}
				})
			}, func(s *stage) {
				s.ready()
				s.peer.live()[0].send(command("e1"))
				s.soon(2*time.Minute, "told", func() bool { return s.memory.isHandled("e1") })
				if said := s.peer.said(); len(said) != 1 {
					t.Errorf("said: %q", said)
				}
			})
		})
	}
}

// The same holds for what was too old to be carried out: by the clock of another replica,
// or after this one's was put right, it may not be.
func TestTooOldComesToNothing(t *testing.T) {
	play(t, func(s *stage) {
		_, _ = s.memory.Put(context.Background(), approvals.Envelope{Key: "e1", Type: "slash_commands", ReceivedAt: time.Now().Add(-time.Hour),
			Payload: []byte(`{"command":"/droplet","user_id":"UALICE","channel_id":"C1"}`)})
		s.peer.on("chat.postEphemeral", func(call) answer {
			if left, _ := s.memory.Unhandled(context.Background(), 9); len(left) != 1 || !left[0].TurnedAway() {
				t.Errorf("while they are told the next process would have %+v", left)
			}
			return ok(map[string]any{"message_ts": "1.2"})
		})
	}, func(s *stage) {
		s.ready()
		s.soon(time.Minute, "told", func() bool { return s.memory.isHandled("e1") && len(s.peer.said()) == 1 })
	})
}

// A stop waits for no answer that was tried before, however long Slack takes over it.
func TestAStopDoesNotWaitForWhatIsOwed(t *testing.T) {
	play(t, func(s *stage) {
		s.hand.handle = answersFine
	}, func(s *stage) {
		defer close(s.hang)
		s.ready()
		hang := func(call) answer { <-s.hang; return no("internal_error") }
		s.peer.on("response", hang)
		s.peer.on("chat.postEphemeral", hang)
		for i := range 100 {
			s.peer.live()[0].send(command(fmt.Sprint("e", i)))
		}
		time.Sleep(5 * time.Minute)
		s.stop()
		began := time.Now()
		if err := <-s.ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		s.ended <- nil
		if d := time.Since(began); d > time.Second {
			t.Errorf("stopping took %s", d)
		}
		if left, _ := s.memory.Unhandled(context.Background(), 200); len(left) != 100 {
			t.Errorf("%d are left for the next start, want 100", len(left))
		}
	})
}

// It is not tried for ever, nor where it can't ever be told.
func TestAnAnswerThatNobodyTakesIsGivenUp(t *testing.T) {
	play(t, func(s *stage) {
		s.hand.handle = answersFine
	}, func(s *stage) {
		s.ready()
		s.away(true)
		s.peer.live()[0].send(command("e1"))
		time.Sleep(tooOld - time.Minute)
		if s.memory.isHandled("e1") {
			t.Error("given up too early")
		}
		s.soon(3*time.Minute, "given up", func() bool { return s.memory.isHandled("e1") })
		s.peer.on("response", func(call) answer { return answer{status: 404, body: "used up"} })
		s.peer.on("chat.postEphemeral", func(call) answer { return no("channel_not_found") })
		s.peer.live()[0].send(command("e2"))
		s.soon(time.Second, "given up at once", func() bool { return s.memory.isHandled("e2") })
	})
}

// Slack does not answer where it takes answers, and people go on: what they ask for is
// carried out all the same, however many answers are owed, and each is told once Slack
// takes them.
func TestWhatIsOwedHoldsNobodyUp(t *testing.T) {
	const owed = 400
	play(t, func(s *stage) {
		s.hand.handle = func(_ context.Context, e approvals.Envelope) (handlers.Reply, error) {
			if e.Key == "fresh" {
				return handlers.Reply{}, nil
			}
			return handlers.Reply{To: handlers.AddressOf(e), Message: card.Reply("fine")}, nil
		}
	}, func(s *stage) {
		s.ready()
		hang := func(call) answer { <-s.hang; return no("internal_error") }
		s.peer.on("response", hang)
		s.peer.on("chat.postEphemeral", hang)
		l := s.peer.live()[0]
		for i := range owed {
			l.send(command(fmt.Sprint("e", i)))
		}
		for range 20 {
			time.Sleep(10 * time.Second)
			if err := s.bot.Recover(s.Context()); err != nil { // as the wake-up does
				t.Error(err)
			}
		}
		l.send(click("fresh"))
		s.soon(time.Second, "what is fresh is handled", func() bool { return s.memory.isHandled("fresh") })
		if n := len(s.hand.handled()); n != owed+1 {
			t.Errorf("%d were handled, want %d", n, owed+1)
		}
		s.away(false)
		close(s.hang)
		s.soon(2*time.Minute, "all are told", func() bool { left, _ := s.memory.Unhandled(s.Context(), 9); return len(left) == 0 })
	})
}

// Who was turned away is told so, also if Slack was away as well.
func TestTurnedAwayIsTold(t *testing.T) {
	play(t, func(s *stage) { s.memory.putErr = errors.New("database or disk is full (13)") }, func(s *stage) {
		s.ready()
		s.away(true)
		s.peer.live()[0].send(command("e1"))
		time.Sleep(5 * time.Minute)
		s.away(false)
		tried := len(s.peer.said())
		s.soon(time.Minute, "told", func() bool { return len(s.peer.said()) == tried+1 })
		if len(s.hand.handled()) != 0 {
			t.Errorf("handled %v", s.hand.handled())
		}
	})
}
