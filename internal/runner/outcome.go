package runner

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"dropletops/approvals"
)

const (
	// concludeTries and concludeEvery are how often, one after the other, it is tried to
	// write down what became of an intent, and concludeWithin bounds each try. What the
	// database does not take by then is kept for the next wake-up.
	concludeTries  = 3
	concludeEvery  = 500 * time.Millisecond
	concludeWithin = 5 * time.Second
	// outcomesFor is how long what could not be written down is kept in memory. Another
	// replica has looked for the action and ended the target long before.
	outcomesFor = time.Hour
)

// outcome is what this process knows of an intent of its own: that it was not sent, or
// what DigitalOcean said. An error of the database does not change that.
type outcome struct {
	at    time.Time // of the intent
	write func(context.Context) (time.Duration, error)
}

// outcomes are those that are not known to be written down, by request and ordinal.
type outcomes struct {
	mu sync.Mutex
	m  map[string]outcome
}

func (o *outcomes) put(key string, of outcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.m == nil {
		o.m = map[string]outcome{}
	}
	for k, old := range o.m {
		if of.at.Sub(old.at) > outcomesFor {
			delete(o.m, k)
		}
	}
	o.m[key] = of
}

func (o *outcomes) of(key string, at time.Time) (outcome, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	of, ok := o.m[key]
	return of, ok && of.at.Equal(at)
}

func (o *outcomes) drop(key string, at time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.m[key].at.Equal(at) {
		delete(o.m, key)
	}
}

// conclude writes down what is known of an intent, also when the pass is over. Each write
// is guarded, so that one whose commit was only not answered changes nothing the second
// time.
func (r *Runner) conclude(ctx context.Context, key string, of outcome) (time.Duration, error) {
	r.outcomes.put(key, of)
	for failures := 1; ; failures++ {
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), concludeWithin)
		wait, err := of.write(within)
		cancel()
		if err == nil || errors.Is(err, approvals.ErrConflict) || errors.Is(err, approvals.ErrNotFound) {
			r.outcomes.drop(key, of.at)
			return wait, err
		}
		r.Log.WarnContext(ctx, "what became of an action could not be written down", "target", key, "error", err, "failures", failures)
		rest := time.NewTimer(concludeEvery)
		select {
		case <-ctx.Done():
		case <-rest.C:
		}
		rest.Stop()
		if failures == concludeTries || ctx.Err() != nil {
			return retryQuickly, fmt.Errorf("write down what became of an action: %w", err)
		}
	}
}

// unsent returns a target to the queue whose intent may have been committed, and of which
// this process knows that it was not sent.
func (r *Runner) unsent(ctx context.Context, id string, i int, at time.Time, cause error) error {
	_, err := r.Requests.Update(ctx, id, func(q *approvals.Request) (approvals.Change, error) {
		return q.Unsent(i, r.Instance, at, cause.Error(), r.Now())
	})
	return err
}
