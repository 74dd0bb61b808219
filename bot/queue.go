package bot

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"dropletops/approvals"
)

// lookWithin bounds one look into the inbox, so that a database whose connection was
// cut is asked again.
const lookWithin = 20 * time.Second

// push queues a fresh envelope. It never waits: what does not fit is in the inbox.
func (h *hands) push(e approvals.Envelope) {
	if h.enqueue(h.queue, e) {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.held[e.Key] {
		h.overflow, h.spilled[e.Key] = true, true
	}
}

// pushLeft queues an envelope that was found in the inbox, and reports whether it did.
func (h *hands) pushLeft(e approvals.Envelope) bool {
	h.mu.Lock()
	fresh := h.spilled[e.Key]
	h.mu.Unlock()
	if fresh {
		return h.enqueue(h.queue, e)
	}
	return h.enqueue(h.suspects, e)
}

// enqueue queues an envelope, unless it is held already or there is no room.
func (h *hands) enqueue(queue chan<- approvals.Envelope, e approvals.Envelope) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.held[e.Key] {
		return false
	}
	select {
	case queue <- e:
		h.held[e.Key] = true
		delete(h.spilled, e.Key)
		h.gauge()
		return true
	default:
		h.overflow = true
		return false
	}
}

// gauge shows how many wait for a hand.
func (h *hands) gauge() { h.client.metrics.handling.Set(float64(len(h.queue) + len(h.suspects))) }

// hold keeps an envelope from being found in the inbox once more until it is
// released, and says whether nobody did before.
func (h *hands) hold(key string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.held[key] {
		return false
	}
	h.held[key] = true
	return true
}

// leftover hands over, one by one, what is unhandled in the inbox and is not in
// hand here.
func (h *hands) leftover(ctx context.Context, each func(approvals.Envelope)) error {
	h.mu.Lock()
	h.reading++
	most := heldMost + len(h.held) // what is in hand may be the oldest
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.reading--; h.reading == 0 {
			clear(h.let)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	es, err := h.inbox.Unhandled(ctx, most)
	if err != nil {
		return fmt.Errorf("look for envelopes that were left unhandled: %w", err)
	}
	slices.SortStableFunc(es, func(a, b approvals.Envelope) int { return cmp.Compare(crashesOf(a), crashesOf(b)) })
	for _, e := range es {
		h.mu.Lock()
		known := h.held[e.Key] || h.let[e.Key]
		h.mu.Unlock()
		if known || h.forsaken.has(e) && !e.TurnedAway() {
			continue
		}
		each(e)
	}
	if len(es) == most {
		h.more()
	}
	return nil
}

// givenUp says whether an envelope is not to be carried out any more.
func givenUp(e approvals.Envelope, now time.Time) bool {
	return e.Crashes.Alone >= boots || now.Sub(e.ReceivedAt) > tooOld
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
	due := h.overflow && len(h.queue) == 0 && len(h.suspects) == 0
	if due {
		h.overflow = false
	}
	h.mu.Unlock()
	if !due {
		return
	}
	err := h.leftover(ctx, func(e approvals.Envelope) {
		if !givenUp(e, h.client.now()) { // whom recover tells
			h.pushLeft(e)
		}
	})
	if err != nil {
		h.client.log().Error("the inbox can't be read", "error", safe(err))
		h.more()
	}
}
