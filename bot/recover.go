package bot

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"dropletops/approvals"
	"dropletops/internal/card"

	"github.com/slack-go/slack/socketmode"
)

// recover hands on what a crash left unhandled. It answers once that is queued;
// telling people about what is too old goes on behind it, at Slack's pace.
func (in *intake) recover(ctx context.Context) error {
	if !in.begun() {
		return nil
	}
	var late []approvals.Envelope
	carried, waiting := 0, 0
	err := in.hands.leftover(ctx, func(e approvals.Envelope) {
		switch {
		case in.client.now().Sub(e.ReceivedAt) > tooOld:
			if in.hands.hold(e.Key) {
				late = append(late, e)
			}
		case e.TurnedAway():
			if in.hands.hold(e.Key) {
				in.behind(func() { in.tellTurnedAway(e, "it was left untold") })
			}
		case e.Crashes.Alone >= boots:
			if in.hands.hold(e.Key) {
				reply := in.hands.fault(e, fmt.Errorf("%d processes died with nothing else in hand, so it may be what ends them", e.Crashes.Alone))
				in.behind(func() { in.hands.answer(in.work, in.work, owed{Envelope: e, reply: reply}) })
			}
		case in.hands.pushLeft(e):
			carried++
		default:
			waiting++
		}
	})
	if err != nil {
		return err
	}
	if carried+len(late) > 0 {
		in.client.log().Info("found envelopes that were left unhandled", "carried_on", carried, "wait_for_room", waiting, "too_old", len(late))
	}
	if len(late) > 0 {
		in.behind(func() {
			for _, e := range late {
				in.lapse(e)
			}
		})
	}
	return nil
}

// keepEvery is how often a process claims anew what it has not handled yet. The
// wake-up that looks for what was left comes to any one of the replicas, and a claim
// lasts approvals.ClaimFor: what waits here for a hand or to be told would become another's as well.
const keepEvery = approvals.ClaimFor / 3

// keep claims what waits in this process, until ctx ends.
func (in *intake) keep(ctx context.Context) {
	for sleep(ctx, keepEvery) == nil {
		if err := in.recover(ctx); err != nil && ctx.Err() == nil {
			in.client.log().Error("the inbox can't be read", "error", safe(err))
		}
	}
}

// lapse tells whoever asked that an envelope was not carried out.
func (in *intake) lapse(e approvals.Envelope) {
	if in.work.Err() != nil {
		return
	}
	waited := int(in.client.now().Sub(e.ReceivedAt) / time.Minute)
	what := "Your command"
	if e.Type == socketmode.RequestTypeInteractive {
		what = "Your click"
	}
	reply := toAsker(e, card.Reply(fmt.Sprintf(
		"%s was not carried out: it waited %d minutes while I was away. Nothing was started; ask again if it is still wanted.", what, waited)))
	reply.To.ResponseURL = "" // Slack takes it for 30 minutes
	in.client.log().Info("an envelope was too old to be carried out", "type", e.Type, "envelope", e.Key, "minutes", waited)
	in.client.metrics.handled.WithLabelValues(e.Type, "too_old").Inc()
	e, reply = in.hands.nothing(in.work, e, reply)
	in.hands.answer(in.work, in.work, owed{Envelope: e, reply: reply})
}

// reference names a fault in the log and in the message about it: 40 random
// bits, spelt so that they can be read aloud.
func reference() string { return "f-" + strings.ToLower(rand.Text()[:8]) }
