package bot

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"dropletops/approvals"
	"dropletops/handlers"
	"dropletops/internal/card"

	"github.com/slack-go/slack/socketmode"
)

// recover hands on what a crash left unhandled. It answers once that is queued;
// telling people about what is too old goes on behind it, at Slack's pace.
func (in *intake) recover(ctx context.Context) error {
	var late []approvals.Envelope
	carried := 0
	read, err := in.hands.leftover(ctx, func(e approvals.Envelope) error {
		switch {
		case in.client.now().Sub(e.ReceivedAt) > tooOld:
			late = append(late, e)
		case e.Attempt > boots:
			in.behind(func() {
				in.hands.fault(in.work, e, fmt.Errorf("it was found unhandled at %d starts, so it may be what ends the process", e.Attempt))
				in.hands.finish(in.work, e)
			})
		default:
			carried++
			// Counted before it is handled: if this is what takes the process down,
			// the count must grow.
			if err := in.inbox.Failed(ctx, e.Key, e.Attempt); err != nil {
				return fmt.Errorf("count a start for envelope %s: %w", e.Key, err)
			}
			e.Attempt++
			in.hands.push(e)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if read > 0 {
		in.client.log().Info("found envelopes that were left unhandled", "carried_on", carried, "too_old", len(late))
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
	if to, ok := address(e); ok {
		to.ResponseURL = "" // Slack takes it for 30 minutes
		err := in.replies.send(in.work, handlers.Reply{To: to, Message: card.Reply(fmt.Sprintf(
			"%s was not carried out: it waited %d minutes while I was away. Nothing was started; ask again if it is still wanted.", what, waited))})
		if err != nil {
			in.client.log().Warn("could not tell that an envelope lapsed", "envelope", e.Key, "error", safe(err))
		}
	}
	in.client.log().Info("an envelope was too old to be carried out", "type", e.Type, "envelope", e.Key, "minutes", waited)
	in.client.metrics.handled.WithLabelValues(e.Type, "too_old").Inc()
	in.hands.finish(in.work, e)
}

// reference names a fault in the log and in the message about it: 40 random
// bits, spelt so that they can be read aloud.
func reference() string { return "f-" + strings.ToLower(rand.Text()[:8]) }
