package main

import (
	"strings"
	"testing"

	"dropletops/bot"
	simslack "dropletops/internal/sim/slack"
)

// firstCards fits the posting of a request's card.
func firstCards(c simslack.Call) bool { return c.Has("metadata") }

// placeLost has Slack take the card of a rebuild, and the program not know it: by
// a kill, or by an answer that never came.
func (r *rig) placeLost(killed bool) {
	r.t.Helper()
	r.start()
	r.slack.AddFault(simslack.Fault{Method: "chat.postMessage", Match: firstCards, DropAfter: true})
	r.slash("alice", "#ops", "/droplet rebuild web-1 ubuntu-24-04-x64")
	if killed {
		r.wait("the first card", func(s *simslack.Snapshot) bool { return len(cards(s)) == 1 })
		r.kill()
		r.start()
	}
}

var losses = map[string]bool{"by a kill": true, "by a dropped connection": false}

// TestCardIsFoundAgain: a card whose place was lost is found by its metadata. No
// other is posted, and it works.
func TestCardIsFoundAgain(t *testing.T) {
	for name, killed := range losses {
		in(t, name, func(r *rig) {
			r.placeLost(killed)
			card := r.card("pending")
			r.placed(card)
			r.cardCount(1)
			r.click("bob", card, "approve")
			r.card("completed")
			r.onePost()
			r.cardCount(1)
			r.noViolations()
		})
		in(t, name+", in a thread", func(r *rig) {
			r.start()
			root, _, err := r.slack.Say("carol", "#incidents", "", "web-1 is down")
			if err != nil {
				r.t.Fatal(err)
			}
			r.slack.AddFault(simslack.Fault{Method: "chat.postMessage", Match: firstCards, DropAfter: true})
			_, d, err := r.slack.Mention("alice", "#incidents", root.TS, "reboot web-1")
			if err != nil {
				r.t.Fatal(err)
			}
			r.acked(d)
			if killed {
				r.wait("the first card", func(s *simslack.Snapshot) bool { return len(cards(s)) == 1 })
				r.kill()
				r.start()
			}
			r.card("completed")
			r.onePost()
			r.cardCount(1)
		})
	}
}

// blind takes the scopes from the token that let it read.
func (r *rig) blind() {
	var names []string
	for _, s := range bot.Scopes() {
		if !strings.HasSuffix(s.Name, ":history") {
			names = append(names, s.Name)
		}
	}
	r.slack.SetScopes(names...)
}

// TestCardWhosePlaceWasLost: where the token may not read the channel, one more
// card comes. One of the two works, and the other says so once it is clicked.
func TestCardWhosePlaceWasLost(t *testing.T) {
	for name, killed := range losses {
		in(t, name, func(r *rig) {
			r.blind()
			r.placeLost(killed)
			second := r.nthCard(1, "pending")
			r.placed(second)
			first := r.nthCard(0, "pending")
			if idOf(first) != idOf(second) {
				r.t.Fatalf("two requests: %s and %s", idOf(first), idOf(second))
			}
			r.click("bob", first, "approve")
			if said := r.told("bob", "does not belong"); !strings.Contains(said.Text, "own card") {
				r.t.Errorf("it does not say where to click: %s", said.Text)
			}
			if n := len(r.posts()); n != 0 {
				r.t.Fatalf("the card that does not count started %d actions", n)
			}
			r.wait("the first card to say that it does not count", func(s *simslack.Snapshot) bool {
				m := s.Message(first.Channel, first.TS)
				kind, _ := m.MetadataOf()
				return kind == "dropletops_superseded" && len(m.Actions()) == 0 && strings.Contains(m.Text, "is not its card") &&
					strings.Contains(m.Words(), "/p"+strings.ReplaceAll(second.TS, ".", "")+"|go to the card>")
			})
			r.click("bob", second, "approve")
			r.card("completed")
			r.onePost()
			r.cardCount(1)
		})
	}
}
