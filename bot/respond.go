package bot

import (
	"context"
	"encoding/json"

	"dropletops/approvals"
	"dropletops/internal/card"
	"dropletops/internal/task"

	"github.com/slack-go/slack/socketmode"
)

// respond asks for what must be answered inside the acknowledgement. It answers
// false if nothing is, or if it takes too long; the envelope then takes the
// common way.
func (in *intake) respond(ctx context.Context, e approvals.Envelope) (any, bool) {
	select {
	case in.thinking <- struct{}{}:
	default:
		return nil, false
	}
	ctx, cancel := context.WithTimeout(ctx, in.slower*respondWithin)
	if in.hands.gate.enter(ctx) != nil {
		cancel()
		<-in.thinking
		in.client.log().Warn("an envelope that a process may have died of is handled alone; one has no answer inside its acknowledgement", "type", e.Type, "envelope", e.Key)
		return nil, answersOnly(e)
	}
	type answer struct {
		payload any
		ok      bool
	}
	done := make(chan answer, 1)
	go task.Log(in.client.crashed, func() {
		defer cancel()
		defer func() { <-in.thinking }()
		defer in.hands.gate.leave()
		var a answer
		err := task.Do(func() (err error) {
			a.payload, a.ok, err = in.handler.Respond(ctx, e)
			return err
		})
		if err != nil {
			a = answer{nil, in.failed(e, err)}
		}
		done <- a
	})()
	select {
	case a := <-done:
		return a.payload, a.ok
	case <-ctx.Done():
		select { // both are ready where it has just answered
		case a := <-done:
			return a.payload, a.ok
		default:
		}
		in.client.log().Warn("an answer came too late for its acknowledgement", "type", e.Type, "envelope", e.Key)
		return nil, answersOnly(e)
	}
}

// failed logs that there is no answer, and says whether that is all that happens
// with the envelope. After a panic it is: the person is told.
func (in *intake) failed(e approvals.Envelope, err error) bool {
	crash, panicked := err.(*task.PanicError)
	if !panicked {
		in.client.log().Warn("an envelope has no answer inside its acknowledgement", "type", e.Type, "envelope", e.Key, "error", safe(err))
		return answersOnly(e)
	}
	ref := reference()
	in.client.log().Error("a panic while answering an envelope", "reference", ref, "type", e.Type, "envelope", e.Key,
		"panic", redact(crash.Error()), "stack", redact(crash.Stack))
	in.client.metrics.handled.WithLabelValues(e.Type, "panic").Inc()
	in.behind(func() { in.tellOnly(e, card.Fault(ref)) })
	return true
}

// tellOnly tells whoever sent an envelope something that is not to be handled.
func (in *intake) tellOnly(e approvals.Envelope, m card.Message) {
	in.hands.hold(e.Key)
	reply := toAsker(e, m)
	in.hands.answer(in.work, in.work, owed{Envelope: e, reply: reply})
}

// answersOnly says whether an envelope asks for nothing but an answer: the
// options of a menu. Half a second later nobody waits for them any more.
func answersOnly(e approvals.Envelope) bool {
	var p struct {
		Type string `json:"type"`
	}
	return e.Type == socketmode.RequestTypeInteractive && json.Unmarshal(e.Payload, &p) == nil && p.Type == "block_suggestion"
}
