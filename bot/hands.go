package bot

import (
	"context"
	"errors"
	"sync"
	"time"

	"dropletops/approvals"
	"dropletops/handlers"
	"dropletops/internal/card"
	"dropletops/internal/task"
)

const (
	// handsAtOnce is how many envelopes are handled side by side. Handling waits
	// for DigitalOcean's answers, not for a processor.
	handsAtOnce = 32
	// tellersAtOnce is how many answers are delivered side by side.
	tellersAtOnce = 32
	// heldMost bounds what waits in memory for a hand. What is beyond that stays
	// in the inbox until there is room.
	heldMost = 1000
	// handleWithin bounds one handling; a look-up in DigitalOcean takes up to 10 s.
	handleWithin = 25 * time.Second
	// handleGrace is how long a handler may take to notice that its time is up.
	handleGrace = 2 * time.Second
	// placeTries is how often a click waits for its card's place to be written
	// down: that takes as long as Slack takes to answer chat.postMessage.
	placeTries = 6
	// boots is how many processes may die with nothing in hand but one envelope. One that
	// takes the process down each time must not do so for ever.
	boots = 5
	// tooOld is when an envelope is not carried out any more: whoever typed
	// `reboot` half an hour ago has gone on to something else.
	tooOld = 30 * time.Minute
)

// hands handle envelopes that were taken in.
type hands struct {
	client  *Client
	inbox   Inbox
	handler Handler
	replies *replies
	// stray is told of a message that was clicked and is not its request's card.
	stray func(ctx context.Context, id string, ref approvals.MessageRef)
	// forsaken is not handled, wherever it comes from.
	forsaken *forsaken

	gate     gate
	queue    chan approvals.Envelope
	suspects chan approvals.Envelope // which a process has had in hand before, and may have died of
	answers  chan owed               // that wait to be told
	opened   chan struct{}
	once     sync.Once

	mu       sync.Mutex
	held     map[string]bool // in a queue, in a hand, or waiting to be tried again
	overflow bool            // the inbox holds more than the queues could
	spilled  map[string]bool // what came in fresh and did not fit
	reading  int             // looks into the inbox that are under way
	let      map[string]bool // what was let go during one: what it read of that is old
}

func newHands(c Config, r *replies, f *forsaken) *hands {
	return &hands{
		client: c.Client, inbox: c.Inbox, handler: c.Handler, replies: r, forsaken: f,
		queue: make(chan approvals.Envelope, heldMost), suspects: make(chan approvals.Envelope, heldMost), answers: make(chan owed, heldMost), opened: make(chan struct{}),
		held: map[string]bool{}, let: map[string]bool{}, spilled: map[string]bool{},
	}
}

// open lets handling begin.
func (h *hands) open() { h.once.Do(func() { close(h.opened) }) }

// run handles until stop ends, and answers when nothing is in hand any more.
// What is left is in the inbox.
func (h *hands) run(stop, work context.Context) {
	var all, telling sync.WaitGroup
	empty := make(chan struct{})
	for range tellersAtOnce {
		telling.Go(task.Again(work, h.client.crashed, func() { h.tell(stop, work, empty) }))
	}
	for range handsAtOnce {
		all.Go(task.Again(stop, h.client.crashed, func() {
			if !h.begins(stop) {
				return
			}
			for stop.Err() == nil {
				select {
				case <-stop.Done():
				case e := <-h.queue:
					h.gauge()
					if h.gate.enter(stop) != nil || stop.Err() != nil { // both may have been ready
						return // what is left is in the inbox
					}
					h.handleGuarded(stop, work, e, h.gate.leave)
					h.refill(stop)
				}
			}
		}))
	}
	all.Go(task.Again(stop, h.client.crashed, func() {
		if h.begins(stop) {
			h.handleSuspects(stop, work)
		}
	}))
	all.Wait()
	close(empty)
	telling.Wait()
}

// handleGuarded handles an envelope. After a panic outside its handler it is found in the
// inbox again.
func (h *hands) handleGuarded(stop, work context.Context, e approvals.Envelope, leave func()) {
	if err := task.Do(func() error { h.handle(stop, work, e, leave); return nil }); err != nil {
		h.client.crashed(err)
		h.release(e.Key)
	}
}

// begins waits until handling may begin, and reports whether it does.
func (h *hands) begins(stop context.Context) bool {
	select {
	case <-h.opened:
	case <-stop.Done():
	}
	return stop.Err() == nil
}

// handle carries an envelope to its handler, and to an end. It calls leave when the
// handler has come back, which may be after handle gave up waiting for it.
func (h *hands) handle(stop, work context.Context, e approvals.Envelope, leave func()) {
	began := h.client.now()
	reply, err := h.attempt(work, e, leave)
	if work.Err() != nil {
		h.release(e.Key) // the time for draining is over: the next start goes on
		return
	}
	var refusal *approvals.Refusal
	var crash *task.PanicError
	var gone *Away
	var later *handlers.Later
	result, again := "ok", time.Duration(0)
	switch {
	case err == nil:
	case errors.As(err, &later):
		h.later(stop, work, e, later.After)
		return
	case errors.Is(err, approvals.ErrHandled):
		result = "handled_before"
	case errors.As(err, &refusal):
		result = "refused"
		reply = toAsker(e, card.Reply(refusal.Sentence))
	case errors.As(err, &crash):
		result = "panic"
		reply = h.fault(e, err)
	case errors.Is(err, errHung):
		// It may still be at it: a second one beside it would do no good.
		result = "hung"
		reply = h.fault(e, err)
	case errors.Is(err, approvals.ErrCardNotPlaced) && e.Attempt < placeTries:
		again = backoff(e.Attempt, 300*time.Millisecond, 8*time.Second)
	case errors.Is(err, approvals.ErrCardNotPlaced):
		result = "not_placed"
		reply = toAsker(e, card.Reply("The card you clicked was still on its way into Slack. Nothing was done; click once more."))
		reply.Nothing = true
	case e.Attempt < approvals.HandleTries:
		again = backoff(e.Attempt, 500*time.Millisecond, 5*time.Second)
	case errors.As(err, &gone):
		result = "slack_away"
		reply = h.unanswered(e, err)
		reply.Nothing = true
	default:
		result = "error"
		reply = h.fault(e, err)
	}
	if again > 0 {
		h.again(stop, work, e, err, again)
		return
	}
	h.client.metrics.handled.WithLabelValues(e.Type, result).Inc()
	h.client.log().Debug("handled", "type", e.Type, "envelope", e.Key, "result", result, "took", h.client.now().Sub(began).String())
	if reply.Nothing {
		e, reply = h.nothing(work, e, reply)
	}
	o := owed{Envelope: e, reply: reply}
	if silent(reply) || !h.lineUp(o) { // with so many waiting, what is handled waits, too
		h.answer(stop, work, o)
	}
}

// again counts an attempt and queues the envelope for the next one.
func (h *hands) again(stop, work context.Context, e approvals.Envelope, cause error, after time.Duration) {
	h.client.metrics.handled.WithLabelValues(e.Type, "again").Inc()
	h.client.log().Warn("an envelope will be handled again", "type", e.Type, "envelope", e.Key,
		"attempt", e.Attempt, "after", after.String(), "error", safe(cause))
	if err := h.count(work, e.Key, e.Attempt); err != nil {
		h.client.log().Error("an attempt could not be counted", "envelope", e.Key, "error", safe(err))
	}
	e.Attempt++
	time.AfterFunc(after, task.Log(h.client.crashed, func() {
		h.release(e.Key)
		if stop.Err() == nil {
			h.push(e)
		}
	}))
}

// later queues an envelope whose turn is to come. It is not counted as a failed
// attempt, but stays this process's own.
func (h *hands) later(stop, work context.Context, e approvals.Envelope, after time.Duration) {
	h.client.metrics.handled.WithLabelValues(e.Type, "waits").Inc()
	if err := h.count(work, e.Key, e.Attempt-1); err != nil {
		h.client.log().Error("an envelope that waits could not be kept", "envelope", e.Key, "error", safe(err))
	}
	time.AfterFunc(after, task.Log(h.client.crashed, func() {
		h.release(e.Key)
		if stop.Err() == nil {
			h.push(e)
		}
	}))
}

// finish crosses an envelope out. If that fails it is handled again after the
// next start, which has no second effect.
func (h *hands) finish(ctx context.Context, e approvals.Envelope, keepPayload bool) {
	defer h.release(e.Key)
	for failures := 1; ; failures++ {
		err := h.crossOut(ctx, e, keepPayload)
		if err == nil {
			return
		}
		if failures == 4 || sleep(ctx, backoff(failures, 200*time.Millisecond, 2*time.Second)) != nil {
			h.client.log().Error("an envelope could not be crossed out; it will be looked at again at the next start",
				"envelope", e.Key, "error", safe(err))
			return
		}
	}
}

// nothing writes down that an envelope comes to nothing, before its sender is told so:
// if this process dies then, the next one tells them that, and carries nothing out. It
// takes the reply back if the envelope has had its effect by now.
func (h *hands) nothing(ctx context.Context, e approvals.Envelope, reply handlers.Reply) (approvals.Envelope, handlers.Reply) {
	ctx, cancel := context.WithTimeout(ctx, writeWithin)
	defer cancel()
	ours, err := h.inbox.Forsake(ctx, e, false)
	switch {
	case err != nil:
		h.client.log().Error("that an envelope comes to nothing could not be written down", "envelope", e.Key, "error", safe(err))
	case ours:
		e.Attempt = approvals.TurnedAway + 1
	default:
		reply = handlers.Reply{}
	}
	return e, reply
}

// writeWithin bounds one write into the inbox, so that a database whose connection was
// cut keeps no hand for good.
const writeWithin = 10 * time.Second

// count writes down how often an envelope was handled in vain.
func (h *hands) count(ctx context.Context, key string, attempt int) error {
	ctx, cancel := context.WithTimeout(ctx, writeWithin)
	defer cancel()
	return h.inbox.Failed(ctx, key, attempt)
}

// crossOut crosses an envelope out. One that was turned away is only by who told its
// sender so, and not by who has had it in hand meanwhile.
func (h *hands) crossOut(ctx context.Context, e approvals.Envelope, keepPayload bool) error {
	ctx, cancel := context.WithTimeout(ctx, writeWithin)
	defer cancel()
	if !e.TurnedAway() {
		return h.inbox.Handled(ctx, e.Key, keepPayload)
	}
	_, err := h.inbox.Forsake(ctx, e, true)
	return err
}

// unanswered logs that Slack did not say who someone is, and answers what tells
// them so under the same reference, in case they can be reached.
func (h *hands) unanswered(e approvals.Envelope, err error) handlers.Reply {
	ref := reference()
	h.client.log().Error("an envelope could not be handled, since Slack does not answer", "reference", ref,
		"type", e.Type, "envelope", e.Key, "attempt", e.Attempt, "error", safe(err))
	return toAsker(e, card.Unanswered(ref))
}

// fault logs what went wrong under a reference, and answers what gives whoever
// asked the same reference.
func (h *hands) fault(e approvals.Envelope, err error) handlers.Reply {
	ref := reference()
	line := h.client.log().With("reference", ref, "type", e.Type, "envelope", e.Key, "attempt", e.Attempt)
	var crash *task.PanicError
	if errors.As(err, &crash) {
		line.Error("a panic while handling an envelope", "panic", redact(crash.Error()), "stack", redact(crash.Stack))
	} else {
		line.Error("an envelope could not be handled", "error", safe(err))
	}
	return toAsker(e, card.Fault(ref))
}
