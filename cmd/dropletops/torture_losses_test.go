package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"dropletops/approvals"
	simslack "dropletops/internal/sim/slack"
)

// outcomes are what may have come of what people did, each to be claimed once.
type outcomes struct {
	requests  map[string]bool     // by the reason they carry
	decisions map[string]int      // of a request, by a person, from a button
	whispers  map[string][]string // answers for one person in one channel that name no command, by when they came
}

// decides is what a click on a button is called in the audit log.
var decides = map[string]string{"approve": "approved", "deny": "denied", "confirm": "confirmed", "cancel": "canceled", "retract": "retracted",
	"snapshot_first": "snapshot first", "retry": "retry"}

func newOutcomes(s *simslack.Snapshot, all []*kept, lines []approvals.Line) *outcomes {
	o := &outcomes{requests: map[string]bool{}, decisions: map[string]int{}, whispers: map[string][]string{}}
	for _, r := range all {
		o.requests[r.Reason] = true
		if r.RetryOf != "" {
			o.decisions[fmt.Sprint(r.RetryOf, " retry ", r.Requester.UserID)]++
		}
	}
	for _, l := range lines {
		o.decisions[fmt.Sprint(l.RequestID, " ", l.What, " ", l.Who)]++
	}
	for _, m := range s.Ephemerals {
		if m.Via == "chat.postEphemeral" {
			key := m.EphemeralTo + " in " + m.Channel
			o.whispers[key] = append(o.whispers[key], m.TS)
		}
	}
	return o
}

// claim takes one of what is left.
func claim(of map[string]int, key string) bool {
	if of[key] == 0 {
		return false
	}
	of[key]--
	return true
}

// whispered takes the first answer that came after something was asked.
func (o *outcomes) whispered(to string, asked time.Time) bool {
	i := slices.IndexFunc(o.whispers[to], func(ts string) bool { return ts > fmt.Sprintf("%d.%06d", asked.Unix(), asked.Nanosecond()/1000) })
	if i < 0 {
		return false
	}
	o.whispers[to] = slices.Delete(o.whispers[to], i, i+1)
	return true
}

// traceless is what was asked and acknowledged, and came to nothing of its own.
type traceless struct {
	*simslack.Delivery
	user, channel, what string
	at                  time.Time
}

// nothingLost: each command or click that was acknowledged came to a request, a
// decision, or an answer for whoever it was (promise 2). An answer through its own
// response_url is its own; each of the others is the next of that person in that channel.
func (w *torture) nothingLost(s *simslack.Snapshot, all []*kept, lines []approvals.Line) {
	came := newOutcomes(s, all, lines)
	acked := func(d *simslack.Delivery) bool {
		if !d.Result().Acked {
			w.figures.unacked++
			return false
		}
		return true
	}
	userID := func(name string) string {
		if u, ok := s.User(name); ok {
			return u.ID
		}
		return name
	}
	var left []traceless
	leave := func(d *simslack.Delivery, user, channel, what string) {
		left = append(left, traceless{d, user, channel, what, d.Result().Attempts[0].At})
	}
	for _, c := range w.ledger.typed {
		if acked(c.Delivery) && !(c.makes && came.requests[c.tag]) && c.Responses() == 0 {
			leave(c.Delivery, userID(c.user), c.channel, c.tag+" "+c.words)
		}
	}
	// The audit log does not name the click. Of several of one person the last takes the
	// decision: who was told that a click came to nothing clicks again, and the answer to
	// the first of them came before the decision.
	for _, k := range slices.Backward(w.ledger.clicks) {
		user := userID(k.user)
		if acked(k.Delivery) && k.Responses() == 0 && !claim(came.decisions, fmt.Sprint(k.request, " ", decides[k.action], " ", user)) {
			leave(k.Delivery, user, k.channel, k.action+" of "+k.request)
		}
	}
	slices.SortStableFunc(left, func(a, b traceless) int { return a.at.Compare(b.at) })
	for _, l := range left {
		switch {
		case came.whispered(l.user+" in "+l.channel, l.at):
		case w.turnedAway(l.Delivery):
			w.figures.turnedAway++
		default:
			w.figures.losses++
			w.t.Errorf("%s was acknowledged, and nothing came of it for %s in %s (envelope %s, at %s)",
				l.what, l.user, l.channel, l.EnvelopeID(), l.at.Format(time.StampMilli))
			for _, k := range w.ledger.clicks {
				if k.action+" of "+k.request == l.what {
					w.t.Logf("  a click on it by %s: %+v, %d answers by response_url", userID(k.user), k.Result(), k.Responses())
				}
			}
			for _, line := range lines {
				if strings.HasSuffix(l.what, line.RequestID) && line.RequestID != "" {
					w.t.Logf("  the audit log at %s: %s %s %v", line.At.Format(time.StampMilli), line.What, line.Who, line.Detail)
				}
			}
		}
	}
}
