package bot

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/slack-go/slack"
	"golang.org/x/time/rate"
)

// slack-go calls apps.connections.open again without a pause when a connect is
// answered with a disconnect at once: 16,584 times in 3 s, measured on v0.34.0.
// So it is held back here, underneath slack-go, for all sockets together.
const (
	// openBurst and openEvery bound the calls in any minute to 3 + 60/8, and let both
	// sockets of a start go at once with one to spare.
	openBurst = 3
	openEvery = 8 * time.Second
	// openSettled is how long a connection must last not to count as one that
	// ended at once. Slack refreshes connections every few hours.
	openSettled = time.Minute
	// openMost bounds the back-off, so that the bot is back within a minute when
	// Slack is. slack-go's own goes up to 5 minutes; it is not waited for.
	openMost = 30 * time.Second
	// openTimeout bounds one call. The client that is handed to slack-go has none
	// of its own, since the wait for a turn is part of its round trip.
	openTimeout = 10 * time.Second
	// pauseMost bounds a Retry-After: one that is longer is a mistake.
	pauseMost = time.Hour
)

// throttle paces apps.connections.open over all sockets.
type throttle struct {
	now    func() time.Time
	bucket *rate.Limiter

	mu     sync.Mutex
	paused time.Time // by a Retry-After
}

func newThrottle(now func() time.Time) *throttle {
	return &throttle{now: now, bucket: rate.NewLimiter(rate.Every(openEvery), openBurst)}
}

// turn waits until a call may be made.
func (t *throttle) turn(ctx context.Context) error {
	for {
		t.mu.Lock()
		rest := t.paused.Sub(t.now())
		t.mu.Unlock()
		if rest <= 0 {
			break
		}
		if err := sleep(ctx, rest); err != nil {
			return err
		}
	}
	now := t.now()
	return sleep(ctx, t.bucket.ReserveN(now, 1).DelayFrom(now))
}

func (t *throttle) pause(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if until := t.now().Add(min(d, pauseMost)); until.After(t.paused) {
		t.paused = until
	}
}

// opener is the round tripper of one socket's apps.connections.open.
type opener struct {
	throttle *throttle
	base     http.RoundTripper
	answered func(error) // each call's outcome

	mu     sync.Mutex
	last   time.Time // when a call was last let through
	streak int       // connections in a row that failed or ended at once
}

func (o *opener) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	if err := sleep(ctx, o.rest()); err != nil {
		return nil, err
	}
	if err := o.throttle.turn(ctx); err != nil {
		return nil, err
	}
	o.mu.Lock()
	o.last = o.throttle.now()
	o.mu.Unlock()

	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	resp, err := o.base.RoundTrip(req.WithContext(ctx))
	if err != nil {
		o.answered(err)
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		o.answered(err)
		return nil, fmt.Errorf("read the answer to apps.connections.open: %w", err)
	}
	o.answered(o.read(resp, body))
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// rest is how long this socket is to wait because its last connections did not
// last.
func (o *opener) rest() time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.last.IsZero() || o.throttle.now().Sub(o.last) >= openSettled {
		o.streak = 0
		return 0
	}
	o.streak++
	return backoff(o.streak, time.Second, openMost)
}

// read looks at an answer before slack-go does, and answers what it amounts to.
func (o *opener) read(resp *http.Response, body []byte) error {
	if resp.StatusCode == http.StatusTooManyRequests {
		wait := retryAfter(resp.Header)
		o.throttle.pause(wait)
		return &slack.RateLimitedError{RetryAfter: wait}
	}
	if resp.StatusCode != http.StatusOK {
		return slack.StatusCodeError{Code: resp.StatusCode, Status: resp.Status}
	}
	var answer slack.SlackResponse
	if err := json.Unmarshal(body, &answer); err != nil {
		return fmt.Errorf("read the answer to apps.connections.open: %w", err)
	}
	return answer.Err()
}

// defaultRetryAfter is for a 429 that does not say how long.
const defaultRetryAfter = 30 * time.Second

// retryAfter reads Slack's Retry-After, which is in whole seconds.
func retryAfter(h http.Header) time.Duration {
	n, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || n < 0 {
		return defaultRetryAfter
	}
	return max(time.Second, time.Duration(n)*time.Second)
}
