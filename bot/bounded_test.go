package bot

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"dropletops/approvals"
)

// However many cards' reads or writes hang, the others are shown, and those as soon as
// the database answers again.
func TestOneCardBlocksNoOther(t *testing.T) {
	const bad, good = 6, 20 // more than there are senders
	for _, call := range []string{"read", "write"} {
		t.Run(call, func(t *testing.T) {
			play(t, nil, func(s *stage) {
				s.ready()
				hang := map[string]string{}
				for i := range bad {
					hang[fmt.Sprint("bad-", i)] = call
				}
				s.memory.mu.Lock()
				s.memory.hangs = hang
				s.memory.mu.Unlock()
				kick := func(name string, n int) {
					for i := range n {
						id := fmt.Sprint(name, "-", i)
						s.memory.request(id, "C"+id, approvals.Pending)
						s.bot.Kick(id)
					}
				}
				kick("bad", bad)
				time.Sleep(time.Second)
				kick("good", good)
				stand := func(name string, n int) func() bool {
					return func() bool {
						for i := range n {
							if s.memory.card(fmt.Sprint(name, "-", i)).TS == "" {
								return false
							}
						}
						return true
					}
				}
				within := 5 * time.Second
				if call == "write" {
					within += senderWithin // the senders' places are theirs for so long
				}
				s.soon(within, "the good ones stand", stand("good", good))
				s.memory.mu.Lock()
				s.memory.hangs = nil
				s.memory.mu.Unlock()
				s.soon(time.Minute, "so do the bad ones", stand("bad", bad))
				if n := len(s.peer.called("chat.postMessage")); n != bad+good {
					t.Errorf("%d cards were posted", n)
				}
			})
		})
	}
}

// A sweep ends also if the database does not answer.
func TestASweepThatHangsEnds(t *testing.T) {
	play(t, nil, func(s *stage) {
		s.ready()
		s.memory.mu.Lock()
		s.memory.hangs = map[string]string{"": "sweep"}
		s.memory.mu.Unlock()
		began := time.Now()
		if err := s.bot.Sweep(s.Context()); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > databaseWithin {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}
