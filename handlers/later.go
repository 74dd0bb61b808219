package handlers

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/task"
)

const (
	// maxWait is how long an envelope waits for its turn at DigitalOcean or Slack. Whoever
	// asked has gone on to something else by then.
	maxWait = 5 * time.Minute
	// pollInterval is after how long at the most it is looked whether the turn has come. It
	// is below approvals.ClaimFor.
	pollInterval = approvals.ClaimFor * 4 / 9
)

// Later is the error of an envelope that has to wait for its turn at DigitalOcean or
// Slack, or for what DigitalOcean does not show at the moment. It was not handled: it is
// to be handled again, which is no failed attempt. Who has to wait for a turn was told.
type Later struct {
	After time.Duration
	err   error
}

func (l *Later) Error() string { return fmt.Sprintf("its turn comes in %s: %s", l.After, l.err) }
func (l *Later) Unwrap() error { return l.err }

// inTurn handles an envelope, and has who asked told once if its look-ups have to
// wait for their turn. What says so is delivered before the answer is.
func (h *Handler) inTurn(ctx context.Context, e approvals.Envelope, handle func(context.Context) (Reply, error)) (Reply, error) {
	var telling sync.WaitGroup
	tell := func(because busy) {
		if to := AddressOf(e); to != (Address{}) {
			if _, told := h.told.LoadOrStore(e.Key, true); !told {
				telling.Go(task.Log(h.panicked, func() { h.tellWait(ctx, e, to, because) }))
			}
		}
	}
	r, err := handle(api.OnWait(ctx, func(wait time.Duration) { tell(digitalOceanBusy(wait)) }))
	var lost *absent
	if errors.As(err, &lost) {
		err = h.Lookup.Absences.Check("look-up/"+e.Key+"/"+lost.failed.What, api.SeenBefore, lost.failed, h.Now())
		if api.KindOf(err) == api.NotFound { // read after read
			r, err = say(AddressOf(e), lost.no.Sentence), nil
		}
	}
	var hidden *api.Error
	if errors.As(err, &hidden) && hidden.Kind == api.NotVisible { // read again soon: it is over in seconds
		err = &Later{After: min(hidden.RetryAfter, pollInterval), err: err}
	} else if because, waits := busyBehind(err); waits {
		after := min(max(because.wait, time.Second), pollInterval)
		if h.Now().Sub(e.ReceivedAt)+max(after, because.least) > maxWait {
			r, err = say(AddressOf(e), because.givenUp), nil
			r.Nothing = true
		} else {
			tell(because)
			err = &Later{After: after, err: err}
		}
	}
	telling.Wait()
	if later := (*Later)(nil); !errors.As(err, &later) {
		h.told.Delete(e.Key)
	}
	return r, err
}

// busy is why an envelope waits for its turn.
type busy struct {
	wait  time.Duration // until it is worth another try
	least time.Duration // that the wait takes in any case
	// waits and givenUp are sentences for whoever asked.
	waits, givenUp string
}

func digitalOceanBusy(wait time.Duration) busy {
	return busy{wait: wait,
		waits: fmt.Sprintf("⏳ Waiting for its turn, about %d s: DigitalOcean takes 250 requests a minute, "+
			"and more is being asked of it just now. It goes on by itself.", seconds(wait)),
		givenUp: fmt.Sprintf("Nothing was started: more is being asked of DigitalOcean than the 250 requests a minute that it takes, "+
			"and the turn of this did not come within %d minutes. Ask again when it is calmer.", int(maxWait.Minutes())),
	}
}

func slackBusy(l *approvals.RateLimited) busy {
	return busy{wait: l.RetryAfter, least: l.RetryAfter,
		waits: fmt.Sprintf("⏳ Slack limits how often I may ask it (%s), so this waits about %d s. "+
			"It goes on by itself; there is no need to click or type again.", code(l.Method), seconds(l.RetryAfter)),
		givenUp: fmt.Sprintf("Nothing was done: Slack limits how often I may ask it (%s), for another %d s. Try again after that.",
			code(l.Method), seconds(l.RetryAfter)),
	}
}

// busyBehind returns why an error is only a matter of time, and reports whether it is.
func busyBehind(err error) (busy, bool) {
	var digitalOcean *api.Error
	var slack *approvals.RateLimited
	switch {
	case errors.As(err, &digitalOcean) && digitalOcean.Kind == api.RateLimited:
		return digitalOceanBusy(digitalOcean.RetryAfter), true
	case errors.As(err, &slack):
		return slackBusy(slack), true
	}
	return busy{}, false
}

func seconds(d time.Duration) int { return max(1, int((d+time.Second-1)/time.Second)) }

// panicked logs a panic in the background.
func (h *Handler) panicked(err error) {
	var crash *task.PanicError
	if errors.As(err, &crash) {
		h.Log.Error("a panic in the background", "panic", err, "stack", crash.Stack)
	}
}

func (h *Handler) tellWait(ctx context.Context, e approvals.Envelope, to Address, because busy) {
	if err := h.Channel.Tell(ctx, say(to, because.waits)); err != nil {
		h.Log.WarnContext(ctx, "could not tell that a command waits for its turn", "envelope", e.Key, "error", err)
	}
}
