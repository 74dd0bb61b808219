package bot

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"dropletops/approvals"
	simslack "dropletops/internal/sim/slack"
)

// byId are the messages in #ops that are a request's card by their metadata.
func byID(s *simslack.Snapshot, id string) (out []*simslack.Message) {
	for _, m := range s.BotMessages("#ops") {
		if kind, meta := m.MetadataOf(); kind == "dropletops_request" && meta["request_id"] == id {
			out = append(out, m)
		}
	}
	return out
}

// left is a request for which an earlier process set out to post a card and died.
func (m *memory) left(id, channel string, before time.Duration) {
	m.request(id, channel, approvals.Pending)
	p := m.pubs[id]
	p.PostingBy, p.PostingAt, p.PostingSince = "another", m.now().Add(-before), m.now().Add(-before)
}

// stands posts a request's card behind the publisher's back.
func stands(t *testing.T, b *Bot, m *memory, id string) approvals.MessageRef {
	t.Helper()
	ref, err := b.publisher.send(t.Context(), "C0OPS", "", drawnNow(m, id))
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func TestLostCardIsAdopted(t *testing.T) {
	withSim(t, &hand{}, func(t *testing.T, sim *simslack.Server, b *Bot, m *memory, _ *Client) {
		m.left("r-1", "C0OPS", time.Second)
		m.left("r-2", "C0OPS", time.Second)
		first := stands(t, b, m, "r-1")
		stands(t, b, m, "r-2") // another request's is not taken for it
		for range 250 {        // of a channel in which people talk
			if _, _, err := sim.Say("alice", "#ops", "", "meanwhile"); err != nil {
				t.Fatal(err)
			}
		}
		m.state("r-1", approvals.Denied)
		b.Kick("r-1")
		s := waitFor(t, sim, "the card to be edited to its newest state", func(s *simslack.Snapshot) bool {
			got := byID(s, "r-1")
			return len(got) == 1 && strings.Contains(got[0].Text, "denied")
		})
		if got := byID(s, "r-1")[0].TS; got != first.TS || m.card("r-1") != first {
			t.Errorf("the card is %v at %s, want %v", m.card("r-1"), got, first)
		}
	})
}

// Of several cards one is kept, and the others say that they are not it.
func TestSeveralLostCards(t *testing.T) {
	withSim(t, &hand{}, func(t *testing.T, sim *simslack.Server, b *Bot, m *memory, _ *Client) {
		m.left("r-1", "C0OPS", time.Minute)
		var all []approvals.MessageRef
		for range 3 {
			all = append(all, stands(t, b, m, "r-1"))
			time.Sleep(2 * time.Second)
		}
		b.Kick("r-1")
		s := waitFor(t, sim, "one card", func(s *simslack.Snapshot) bool { return len(byID(s, "r-1")) == 1 })
		if m.card("r-1") != all[2] {
			t.Errorf("the card is %v, want the newest of %v", m.card("r-1"), all)
		}
		for _, ref := range all[:2] {
			if msg := s.Message(ref.ChannelID, ref.TS); len(msg.Actions()) > 0 || !strings.Contains(msg.Words(), "go to the card") {
				t.Errorf("it does not say that it is not the card: %s", msg.Words())
			}
		}
	})
}

// What was sent right before its process died may still be on its way: nothing
// else is posted until that is over, and it is found when it comes.
func TestCardThatIsStillOnItsWay(t *testing.T) {
	for _, comes := range []bool{true, false} {
		t.Run(fmt.Sprint("comes ", comes), func(t *testing.T) {
			withSim(t, &hand{}, func(t *testing.T, sim *simslack.Server, b *Bot, m *memory, _ *Client) {
				m.left("r-1", "C0OPS", time.Second)
				b.Kick("r-1")
				time.Sleep(3 * time.Second)
				synctest.Wait()
				if n := len(byID(sim.Snapshot(), "r-1")); n != 0 {
					t.Fatalf("%d cards while one may be on its way", n)
				}
				if comes {
					stands(t, b, m, "r-1")
				}
				time.Sleep(10 * time.Second)
				synctest.Wait()
				if n := len(byID(sim.Snapshot(), "r-1")); n != 1 || !m.upToDate() {
					t.Errorf("%d cards, up to date %v", n, m.upToDate())
				}
			})
		})
	}
}

// Where the token can't read, it goes on without, and does not ask each time.
func TestLostCardThatCannotBeLookedFor(t *testing.T) {
	for _, refusal := range []string{"missing_scope", "not_in_channel", "not_allowed_token_type", "ekm_access_denied"} {
		t.Run(refusal, func(t *testing.T) {
			play(t, func(s *stage) {
				s.peer.on("conversations.history", func(call) answer { return no(refusal) })
			}, func(s *stage) {
				s.ready()
				for i := range 5 {
					id := fmt.Sprint("r-", i)
					s.memory.left(id, "C1", time.Second)
					s.bot.Kick(id)
				}
				s.soon(10*time.Second, "all cards stand", s.memory.upToDate)
				if n := len(s.peer.called("conversations.history")); n < 1 || n > sendersAtOnce {
					t.Errorf("asked %d times", n)
				}
				time.Sleep(2 * blindFor)
				before := len(s.peer.called("conversations.history"))
				s.memory.left("r-9", "C1", time.Second)
				s.bot.Kick("r-9")
				s.soon(time.Second, "posted", s.memory.upToDate)
				if n := len(s.peer.called("conversations.history")) - before; n != 1 {
					t.Errorf("later, when the scope may be there, asked %d times", n)
				}
			})
		})
	}
}

// Only what may stand is looked for: a refusal and a connection that never was
// leave nothing in Slack.
func TestWhatCertainlyDoesNotStandIsNotLookedFor(t *testing.T) {
	for name, tc := range map[string]struct {
		first answer
		looks int
	}{
		"rate limited":  {slow("2"), 0},
		"server error":  {answer{status: 503}, 1},
		"fatal_error":   {no("fatal_error"), 1},
		"no ts":         {ok(nil), 1},
		"nothing wrong": {answer{}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(s *stage) {
				s.peer.on("conversations.history", func(call) answer { return ok(map[string]any{"messages": []any{}}) })
				if tc.first.status != 0 {
					s.peer.on("chat.postMessage", func(c call) answer {
						if len(s.peer.called("chat.postMessage")) == 1 {
							return tc.first
						}
						return ok(map[string]any{"channel": "C1", "ts": s.peer.stamp()})
					})
				}
			}, func(s *stage) {
				s.ready()
				s.memory.request("r-1", "C1", approvals.Pending)
				s.bot.Kick("r-1")
				s.soon(15*time.Second, "posted", s.memory.upToDate)
				if n := len(s.peer.called("conversations.history")); n < tc.looks || n > 2*tc.looks {
					t.Errorf("looked for %d times, want %d or once more", n, tc.looks)
				}
			})
		})
	}
}

// A look that fails for the moment is tried again; nothing is posted before.
func TestHistoryAway(t *testing.T) {
	play(t, func(s *stage) {
		s.peer.on("conversations.history", func(c call) answer {
			if n := len(s.peer.called("conversations.history")); n <= 2 {
				return []answer{{status: 503}, slow("30")}[n-1]
			}
			return ok(map[string]any{"messages": []any{}})
		})
	}, func(s *stage) {
		s.ready()
		s.memory.left("r-1", "C1", time.Minute)
		s.bot.Kick("r-1")
		time.Sleep(20 * time.Second)
		if n := len(s.peer.called("chat.postMessage")); n != 0 {
			t.Errorf("posted %d times without having looked", n)
		}
		s.soon(time.Minute, "posted", s.memory.upToDate)
		if n := len(s.peer.called("chat.postMessage")); n != 1 {
			t.Errorf("posted %d times", n)
		}
	})
}

// A card that came too late, since another process has posted meanwhile, says so
// by itself.
func TestCardThatCameTooLate(t *testing.T) {
	withSim(t, &hand{}, func(t *testing.T, sim *simslack.Server, b *Bot, m *memory, _ *Client) {
		m.request("r-1", "C0OPS", approvals.Pending)
		own := stands(t, b, m, "r-1")
		m.mu.Lock()
		m.instead = &own // written down by the other, while this one's post is under way
		m.mu.Unlock()
		b.Kick("r-1")
		waitFor(t, sim, "the late one to say so", func(s *simslack.Snapshot) bool {
			ms := s.BotMessages("#ops")
			return len(ms) == 2 && len(ms[1].Actions()) == 0 && strings.Contains(ms[1].Words(), "go to the card")
		})
		if got := byID(sim.Snapshot(), "r-1"); len(got) != 1 || got[0].TS != own.TS {
			t.Errorf("cards: %v", got)
		}
	})
}

// A message that may yet become the card is left alone.
func TestStrayThatMayBecomeTheCard(t *testing.T) {
	withSim(t, &hand{}, func(t *testing.T, sim *simslack.Server, b *Bot, m *memory, _ *Client) {
		m.request("r-1", "C0OPS", approvals.Pending)
		b.Kick("r-1")
		waitFor(t, sim, "the card", func(s *simslack.Snapshot) bool { return len(byID(s, "r-1")) == 1 })
		time.Sleep(time.Second)
		other := stands(t, b, m, "r-1")
		for _, may := range []func(){
			func() { m.pubs["r-1"].PostingBy = "test" }, // it is about to be replaced
			func() { m.pubs["r-1"].PostingBy = ""; m.pubs["r-1"].Request.Card = other },
		} {
			m.mu.Lock()
			may()
			m.mu.Unlock()
			b.publisher.supersede(t.Context(), "r-1", other)
			if n := len(sim.Snapshot().Message("C0OPS", other.TS).Actions()); n == 0 {
				t.Fatal("the card was made to say that it is not")
			}
		}
		for range 50 { // clicks go on for a while on what people still see
			b.publisher.supersede(t.Context(), "r-1", approvals.MessageRef{ChannelID: "C0OPS", TS: byID(sim.Snapshot(), "r-1")[0].TS})
		}
		if n := len(sim.Snapshot().BotMessages("#ops")[0].Versions); n != 1 {
			t.Errorf("edited %d times", n)
		}
	})
}
