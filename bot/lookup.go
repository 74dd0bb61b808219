package bot

import (
	"context"
	"sync"
	"time"

	"dropletops/approvals"
	"dropletops/internal/task"
)

// pauses are the methods that Slack has refused with a 429, and until when. Those that
// the bot posts and edits with have a pace of their own.
type pauses struct {
	mu    sync.Mutex
	until map[string]time.Time
}

// left returns how long a method is still to be left alone.
func (p *pauses) left(method string, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.until[method].Sub(now)
}

func (p *pauses) pause(method string, until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.until == nil {
		p.until = map[string]time.Time{}
	}
	if until.After(p.until[method]) {
		p.until[method] = until
	}
}

// call makes one call of a method. It returns an [approvals.RateLimited] where Slack has
// said that it takes no more of them for now, without another call until its Retry-After
// is over, and an [Away] where Slack does not answer. Any other error is Slack's answer.
func (c *Client) call(ctx context.Context, method string, do func(context.Context) error) error {
	if left := c.pauses.left(method, c.now()); left > 0 {
		return &approvals.RateLimited{Method: method, RetryAfter: left}
	}
	ctx, cancel := context.WithTimeout(ctx, lookUpWithin)
	defer cancel()
	err := c.observe(method, do(ctx))
	if slow := limited(err); slow > 0 {
		c.pauses.pause(method, c.now().Add(slow))
		return &approvals.RateLimited{Method: method, RetryAfter: slow}
	}
	if gone := away(method, err); gone != nil {
		return gone
	}
	return err
}

// coalescer has equal look-ups that are asked for at once answered by one call.
type coalescer[T any] struct {
	mu      sync.Mutex
	flights map[string]*flight[T]
}

// flight is one call under way. Its result may be read once done is closed.
type flight[T any] struct {
	done   chan struct{}
	result T
	err    error
}

// do returns the result of a call that began after do was called: its own, or one that
// another caller made meanwhile; so the answer is as recent as if nobody shared it. The
// result of a call that was under way already is returned only if it will do; now
// reports whether it was not such a one.
func (c *coalescer[T]) do(ctx context.Context, key string, willDo func(T) bool, call func(context.Context) (T, error)) (result T, now bool, err error) {
	c.mu.Lock()
	before := c.flights[key]
	c.mu.Unlock()
	if before != nil {
		if err := before.wait(ctx); err != nil {
			return result, false, err
		}
		if before.err != nil || willDo(before.result) {
			return before.result, false, before.err
		}
	}
	f := c.board(ctx, key, call)
	if err := f.wait(ctx); err != nil {
		return result, false, err
	}
	return f.result, true, f.err
}

// board returns the flight under way, or starts one.
func (c *coalescer[T]) board(ctx context.Context, key string, call func(context.Context) (T, error)) *flight[T] {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f := c.flights[key]; f != nil {
		return f
	}
	f := &flight[T]{done: make(chan struct{})}
	if c.flights == nil {
		c.flights = map[string]*flight[T]{}
	}
	c.flights[key] = f
	ctx = context.WithoutCancel(ctx) // one who gives up must not end it for the others
	go task.Log(func(err error) { f.err = err }, func() {
		defer close(f.done)
		f.err = task.Do(func() (err error) {
			f.result, err = call(ctx)
			return err
		})
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.flights, key)
	})()
	return f
}

func (f *flight[T]) wait(ctx context.Context) error {
	select {
	case <-f.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
