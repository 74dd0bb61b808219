package bot

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"dropletops/approvals"
	"dropletops/internal/card"
)

const (
	// handsAtOnce is how many envelopes are handled side by side. Handling waits
	// for DigitalOcean's answers, not for a processor.
	handsAtOnce = 32
	// heldMost bounds what waits in memory for a hand. What is beyond that stays
	// in the inbox until there is room.
	heldMost = 1000
	// handleWithin bounds one handling; a look-up in DigitalOcean takes up to 10 s.
	handleWithin = 25 * time.Second
	// handleGrace is how long a handler may take to notice that its time is up.
	handleGrace = 2 * time.Second
	// handleTries is how often an envelope is handled that ends in an error.
	handleTries = 3
	// placeTries is how often a click waits for its card's place to be written
	// down: that takes as long as Slack takes to answer chat.postMessage.
	placeTries = 6
	// boots is how many starts may find an envelope unhandled. One that takes the
	// process down each time must not do so for ever.
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

	queue  chan approvals.Envelope
	opened chan struct{}
	once   sync.Once

	mu       sync.Mutex
	held     map[string]bool // in the queue, in a hand, or waiting to be tried again
	overflow bool            // the inbox holds more than the queue could
	reading  int             // looks into the inbox that are under way
	let      map[string]bool // what was let go during one: what it read of that is old
}

func newHands(c Config, r *replies) *hands {
	return &hands{
		client: c.Client, inbox: c.Inbox, handler: c.Handler, replies: r,
		queue: make(chan approvals.Envelope, heldMost), opened: make(chan struct{}), held: map[string]bool{}, let: map[string]bool{},
	}
}

// open lets handling begin.
func (h *hands) open() { h.once.Do(func() { close(h.opened) }) }

// run handles until stop ends, and answers when nothing is in hand any more.
// What is left is in the inbox.
func (h *hands) run(stop, work context.Context) {
	var all sync.WaitGroup
	for range handsAtOnce {
		all.Go(func() {
			select {
			case <-h.opened:
			case <-stop.Done():
			}
			for stop.Err() == nil {
				select {
				case <-stop.Done():
				case e := <-h.queue:
					h.client.metrics.handling.Set(float64(len(h.queue)))
					if stop.Err() == nil { // both may have been ready
						h.handle(stop, work, e)
						h.refill(stop)
					}
				}
			}
		})
	}
	all.Wait()
}

// push queues an envelope, unless it is held already. It never waits.
func (h *hands) push(e approvals.Envelope) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.held[e.Key] {
		return
	}
	select {
	case h.queue <- e:
		h.held[e.Key] = true
		h.client.metrics.handling.Set(float64(len(h.queue)))
	default:
		h.overflow = true
	}
}

// leftover hands over, one by one, what is unhandled in the inbox and is not in
// hand here, and answers how many envelopes it read.
func (h *hands) leftover(ctx context.Context, each func(approvals.Envelope) error) (read int, err error) {
	h.mu.Lock()
	h.reading++
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.reading--; h.reading == 0 {
			clear(h.let)
		}
	}()
	es, err := h.inbox.Unhandled(ctx, heldMost)
	if err != nil {
		return 0, fmt.Errorf("look for envelopes that were left unhandled: %w", err)
	}
	for _, e := range es {
		h.mu.Lock()
		known := h.held[e.Key] || h.let[e.Key]
		h.mu.Unlock()
		if known {
			continue
		}
		if err := each(e); err != nil {
			return 0, err
		}
	}
	if len(es) == heldMost {
		h.more()
	}
	return len(es), nil
}

func (h *hands) release(key string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.held, key)
	if h.reading > 0 {
		h.let[key] = true
	}
}

// more says that the inbox holds what the queue does not.
func (h *hands) more() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.overflow = true
}

// refill fetches what did not fit, once everything that did is in hand.
func (h *hands) refill(ctx context.Context) {
	h.mu.Lock()
	due := h.overflow && len(h.queue) == 0
	if due {
		h.overflow = false
	}
	h.mu.Unlock()
	if !due {
		return
	}
	_, err := h.leftover(ctx, func(e approvals.Envelope) error { h.push(e); return nil })
	if err != nil {
		h.client.log().Error("the inbox can't be read", "error", safe(err))
		h.more()
	}
}

// handle carries an envelope to its handler, and to an end.
func (h *hands) handle(stop, work context.Context, e approvals.Envelope) {
	began := h.client.now()
	reply, err := h.attempt(work, e)
	if work.Err() != nil {
		h.release(e.Key) // the time for draining is over: the next start goes on
		return
	}
	var refusal *approvals.Refusal
	var crash *panicError
	result, again := "ok", time.Duration(0)
	switch {
	case err == nil:
		h.reply(work, e, reply)
	case errors.Is(err, approvals.ErrHandled):
		result = "handled_before"
	case errors.As(err, &refusal):
		result = "refused"
		h.tell(work, e, card.Reply(refusal.Sentence), "")
	case errors.As(err, &crash):
		result = "panic"
		h.fault(work, e, err)
	case errors.Is(err, errHung):
		// It may still be at it: a second one beside it would do no good.
		result = "hung"
		h.fault(work, e, err)
	case errors.Is(err, approvals.ErrCardNotPlaced) && e.Attempt < placeTries:
		again = backoff(e.Attempt, 300*time.Millisecond, 8*time.Second)
	case errors.Is(err, approvals.ErrCardNotPlaced):
		result = "not_placed"
		h.tell(work, e, card.Reply("The card you clicked was still on its way into Slack. Nothing was done; click once more."), "")
	case e.Attempt < handleTries:
		again = backoff(e.Attempt, 500*time.Millisecond, 5*time.Second)
	default:
		result = "error"
		h.fault(work, e, err)
	}
	if again > 0 {
		h.again(stop, work, e, err, again)
		return
	}
	h.client.metrics.handled.WithLabelValues(e.Type, result).Inc()
	h.client.log().Debug("handled", "type", e.Type, "envelope", e.Key, "result", result, "took", h.client.now().Sub(began).String())
	h.finish(work, e)
}

// again counts an attempt and queues the envelope for the next one.
func (h *hands) again(stop, work context.Context, e approvals.Envelope, cause error, after time.Duration) {
	h.client.metrics.handled.WithLabelValues(e.Type, "again").Inc()
	h.client.log().Warn("an envelope will be handled again", "type", e.Type, "envelope", e.Key,
		"attempt", e.Attempt, "after", after.String(), "error", safe(cause))
	if err := h.inbox.Failed(work, e.Key, e.Attempt); err != nil {
		h.client.log().Error("an attempt could not be counted", "envelope", e.Key, "error", safe(err))
	}
	e.Attempt++
	time.AfterFunc(after, func() {
		h.release(e.Key)
		if stop.Err() == nil {
			h.push(e)
		}
	})
}

// finish crosses an envelope out. If that fails it is handled again after the
// next start, which has no second effect.
func (h *hands) finish(ctx context.Context, e approvals.Envelope) {
	defer h.release(e.Key)
	for failures := 1; ; failures++ {
		err := h.inbox.Handled(ctx, e.Key)
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

// fault logs what went wrong under a reference, and gives whoever asked the same
// reference.
func (h *hands) fault(ctx context.Context, e approvals.Envelope, err error) {
	ref := reference()
	line := h.client.log().With("reference", ref, "type", e.Type, "envelope", e.Key, "attempt", e.Attempt)
	var crash *panicError
	if errors.As(err, &crash) {
		line.Error("a panic while handling an envelope", "panic", redact(crash.Error()), "stack", redact(crash.stack))
	} else {
		line.Error("an envelope could not be handled", "error", safe(err))
	}
	h.tell(ctx, e, card.Fault(ref), ref)
}
