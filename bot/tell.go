package bot

import (
	"context"
	"time"

	"dropletops/approvals"
	"dropletops/handlers"
	"dropletops/internal/card"
	"dropletops/internal/task"
)

// owed is what came of an envelope, on its way to whoever sent it.
type owed struct {
	approvals.Envelope
	reply handlers.Reply
	// Slack has not taken it so many times, since then.
	failures int
	since    time.Time
}

// tell delivers answers until the hands are empty and nothing waits to be told. They
// are told beside the handling: what people ask for does not wait for answers that
// Slack takes its time over.
func (h *hands) tell(stop, work context.Context, empty <-chan struct{}) {
	for {
		select {
		case o := <-h.answers:
			h.answer(stop, work, o)
			continue
		case <-empty:
		}
		select {
		case o := <-h.answers:
			h.answer(stop, work, o)
		default:
			return
		}
	}
}

// lineUp has an answer delivered, unless too many wait for that.
func (h *hands) lineUp(o owed) bool {
	select {
	case h.answers <- o:
		return true
	default:
		return false
	}
}

// answer delivers what came of an envelope, and crosses that out. As long as Slack
// takes nothing the envelope is kept, and the same answer is tried again: if the
// process ends meanwhile, the next one handles it anew, which has no second effect.
func (h *hands) answer(stop, work context.Context, o owed) {
	e, until := o.Envelope, work
	if o.failures > 0 {
		until = stop // which waits for nothing that was tried before
	}
	err := h.replies.send(until, o.reply)
	if err != nil && until.Err() != nil || work.Err() != nil {
		h.release(e.Key) // the time for draining is over: the next start goes on
		return
	}
	if o.failures == 0 {
		o.since = h.client.now()
	}
	if err != nil && comes(err) && h.client.now().Sub(o.since) < tooOld {
		o.failures++
		h.owe(stop, work, o, err)
		return
	}
	if err != nil {
		h.client.log().Warn("an answer could not be delivered", "type", e.Type, "envelope", e.Key, "error", safe(err))
	}
	if s := o.reply.Stray; s != nil {
		h.stray(work, s.RequestID, s.Message)
	}
	if h.forsaken.toldOf(e.Key) { // which the inbox is told as soon as it takes that
		h.release(e.Key)
		return
	}
	h.finish(work, e, o.reply.RefersTo(e.Key))
}

// owe keeps an answer that Slack did not take for later. The envelope stays this
// process's own meanwhile, and no attempt is counted.
func (h *hands) owe(stop, work context.Context, o owed, cause error) {
	after := backoff(o.failures, 2*time.Second, 10*time.Second) // with one try well below approvals.ClaimFor
	h.client.log().Warn("an answer will be delivered later", "type", o.Type, "envelope", o.Key, "after", after.String(), "error", safe(cause))
	if h.forsaken.owes(o.Key) {
		// It is kept in memory alone, for now.
	} else if err := h.count(work, o.Key, o.Attempt-1); err != nil {
		h.client.log().Error("an envelope whose answer waits could not be kept", "envelope", o.Key, "error", safe(err))
	}
	h.lineUpAfter(stop, o, after)
}

// lineUpAfter lines an answer up after a while, and after another one where there is
// no room then.
func (h *hands) lineUpAfter(stop context.Context, o owed, after time.Duration) {
	time.AfterFunc(after, task.Log(h.client.crashed, func() {
		switch {
		case stop.Err() != nil:
			h.release(o.Key)
		case !h.lineUp(o):
			h.lineUpAfter(stop, o, after)
		}
	}))
}

// Tell answers one person without anyone else seeing it, while what they asked for
// is still being handled.
func (b *Bot) Tell(ctx context.Context, r handlers.Reply) error { return b.intake.replies.send(ctx, r) }

// toAsker is a message for whoever sent an envelope. It says nothing where they
// can't be answered.
func toAsker(e approvals.Envelope, m card.Message) handlers.Reply {
	to, ok := address(e)
	if !ok {
		return handlers.Reply{}
	}
	return handlers.Reply{To: to, Message: m}
}

// address is where an envelope's sender can be answered. A payload on which a
// handler panicked may well be one that its address can't be read from either.
func address(e approvals.Envelope) (to handlers.Address, ok bool) {
	err := task.Do(func() error { to = handlers.AddressOf(e); return nil })
	return to, err == nil && to != (handlers.Address{})
}
