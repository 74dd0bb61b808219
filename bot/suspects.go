package bot

import (
	"context"
	"sync"
	"time"

	"dropletops/approvals"
	"dropletops/internal/task"
)

// After a crash any of the envelopes that were in hand may be what caused it, and most
// often none is: a power cut, a rollout, the machine's own memory limit. They are the
// suspects, and are handled one at a time. Each has the process to itself for a short
// while; if it has not ended the process by then, the others go on beside it. Where one
// finds others in hand, it waits for them only if it was part of a recorded crash, so that
// a slow DigitalOcean and hundreds of suspects do not hold everybody up. An envelope is
// given up only after the process died `boots` times with nothing else in hand.
const (
	// aloneFor is for how long others wait while a suspect has the process to itself, and
	// for how long they may take to leave before that. It doubles with each crash that it was part of, in
	// case it takes longer to end a process.
	aloneFor = 500 * time.Millisecond
	// handBack is how long the end of the process waits for a suspect's count to be taken
	// back: it was told to end, so no envelope ended it.
	handBack = 500 * time.Millisecond
)

// aloneWithin is for how long a suspect has the process to itself.
func aloneWithin(c approvals.Crashes) time.Duration {
	return min(aloneFor<<min(c.Shared, 10), handleWithin+handleGrace)
}

// crashesOf orders suspects: those that were part of the fewest crashes come first, so that
// the one that causes them is the last to be tried.
func crashesOf(e approvals.Envelope) int { return e.Crashes.Alone + e.Crashes.Shared }

// handleSuspects handles what an earlier process left, one at a time, until stop ends.
func (h *hands) handleSuspects(stop, work context.Context) {
	var all sync.WaitGroup
	defer all.Wait()
	room := make(chan struct{}, handsAtOnce)
	for {
		select {
		case <-stop.Done():
			return
		case e := <-h.suspects:
			h.gauge()
			select {
			case room <- struct{}{}:
			case <-stop.Done():
				h.release(e.Key)
				return
			}
			trusted := make(chan struct{})
			all.Go(task.Log(h.client.crashed, func() {
				defer func() { <-room }()
				h.handleSuspect(stop, work, e, sync.OnceFunc(func() { close(trusted) }))
			}))
			<-trusted
			h.refill(stop)
		}
	}
}

// handleSuspect handles an envelope that a process may have died of. The count of crashes
// is raised before and taken back after, so that dying is what leaves it raised. It calls
// trusted when the next one may be tried.
func (h *hands) handleSuspect(stop, work context.Context, e approvals.Envelope, trusted func()) {
	defer trusted()
	within := aloneWithin(e.Crashes)
	first := crashesOf(e) == 0
	wait := within
	if first {
		wait = 0
	}
	before, shared := e.Crashes, e.Crashes
	shared.Shared++
	now := shared
	alone := h.gate.close(stop, wait)
	if alone {
		now = before
		now.Alone++
	}
	opened := sync.OnceFunc(h.gate.open)
	defer opened()
	if stop.Err() != nil || !h.counted(work, e, now) {
		h.gate.leave()
		h.release(e.Key)
		return
	}
	if !alone {
		opened()
		if first {
			trusted()
		}
	}
	returned := make(chan struct{})
	leave := func() { // when its handler has come back, whenever that is
		h.takeBack(work, e, before)
		h.gate.leave()
		close(returned)
	}
	ended := make(chan struct{})
	go task.Log(h.client.crashed, func() {
		defer close(ended)
		h.handleGuarded(stop, work, e, leave)
	})()
	rest := time.NewTimer(within)
	defer rest.Stop()
	select {
	case <-returned:
	case <-rest.C:
		if alone {
			h.share(work, e, shared, returned)
		}
	}
	opened()
	trusted()
	<-ended
	if work.Err() != nil {
		select {
		case <-returned:
		case <-time.After(handBack):
		}
	}
}

// counted writes down what a crash would mean from now on, and reports whether the
// envelope may be handled. Without that on disk it waits: what can't be counted could end
// the process for ever.
func (h *hands) counted(work context.Context, e approvals.Envelope, c approvals.Crashes) bool {
	ctx, cancel := context.WithTimeout(work, writeWithin)
	defer cancel()
	ours, err := h.inbox.CountCrashes(ctx, e.Key, c)
	if err != nil {
		h.client.log().Error("a start could not be counted; the envelope is left until it can", "envelope", e.Key, "error", safe(err))
	}
	return err == nil && ours
}

// share writes down that a suspect is not alone any more, before it is so. As long as the
// database does not take that, the others wait, unless the suspect's handler comes back.
func (h *hands) share(work context.Context, e approvals.Envelope, c approvals.Crashes, returned <-chan struct{}) {
	ctx, cancel := context.WithTimeout(work, handleWithin+handleGrace)
	defer cancel()
	for failures := 1; ; failures++ {
		within, done := context.WithTimeout(ctx, writeWithin)
		_, err := h.inbox.CountCrashes(within, e.Key, c)
		done()
		if err == nil {
			return
		}
		h.client.log().Error("that others are handled beside an envelope could not be written down; they wait", "envelope", e.Key, "error", safe(err))
		rest := time.NewTimer(backoff(failures, 100*time.Millisecond, time.Second))
		select {
		case <-returned:
			rest.Stop()
			return
		case <-ctx.Done():
			rest.Stop()
			return
		case <-rest.C:
		}
	}
}

// takeBack writes down that the process outlived an envelope, also at its own end.
func (h *hands) takeBack(work context.Context, e approvals.Envelope, before approvals.Crashes) {
	for failures := 1; failures <= 3; failures++ {
		within := writeWithin
		if work.Err() != nil {
			within = handBack
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(work), within)
		_, err := h.inbox.CountCrashes(ctx, e.Key, before)
		cancel()
		if err == nil {
			return
		}
		h.client.log().Warn("that the process outlived an envelope could not be written down", "envelope", e.Key, "error", safe(err))
		if sleep(work, backoff(failures, 100*time.Millisecond, time.Second)) != nil {
			return
		}
	}
}
