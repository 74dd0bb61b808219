package handlers

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"dropletops/api"
	"dropletops/approvals"
)

const (
	// longestWait is how long a command waits for its turn at DigitalOcean. Whoever
	// asked has gone on to something else by then.
	longestWait = 5 * time.Minute
	// comeBack is after how long at the most it is looked whether the turn has come. It
	// is below the 45 s for which an envelope is its process's own.
	comeBack = 20 * time.Second
)

// Later says that an envelope has to wait for its turn at DigitalOcean, and was not
// handled: it is to be handled again, which is no failed attempt. Whoever asked
// was told.
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
	tell := func(wait time.Duration) {
		if to := AddressOf(e); to != (Address{}) {
			if _, told := h.told.LoadOrStore(e.Key, true); !told {
				telling.Go(func() { h.tellWait(ctx, e, to, wait) })
			}
		}
	}
	r, err := handle(api.OnWait(ctx, tell))
	var slow *api.Error
	if errors.As(err, &slow) && slow.Kind == api.RateLimited {
		after := min(max(slow.RetryAfter, time.Second), comeBack)
		if h.Now().Sub(e.ReceivedAt)+after > longestWait {
			r, err = say(AddressOf(e), fmt.Sprintf("Nothing was started: more is being asked of DigitalOcean than the 250 requests a minute that it takes, "+
				"and the turn of this did not come within %d minutes. Ask again when it is calmer.", int(longestWait.Minutes()))), nil
			r.Nothing = true
		} else {
			tell(slow.RetryAfter)
			err = &Later{After: after, err: err}
		}
	}
	telling.Wait()
	if later := (*Later)(nil); !errors.As(err, &later) {
		h.told.Delete(e.Key)
	}
	return r, err
}

func (h *Handler) tellWait(ctx context.Context, e approvals.Envelope, to Address, wait time.Duration) {
	secs := max(1, int((wait+time.Second-1)/time.Second))
	err := h.Channel.Tell(ctx, say(to, fmt.Sprintf("⏳ Waiting for its turn, about %d s: DigitalOcean takes 250 requests a minute, "+
		"and more is being asked of it just now. It goes on by itself.", secs)))
	if err != nil {
		h.Log.WarnContext(ctx, "could not tell that a command waits for its turn", "envelope", e.Key, "error", err)
	}
}
