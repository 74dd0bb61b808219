package api

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// class is who a request is for. Acting comes before commands, and commands come before
// watching.
type class int

const (
	command class = iota
	watching
	acting // what is read right before an action, the action, and the search for a lost one
)

// defaultPerMinute stays below DigitalOcean's limit of 250 requests a minute
// and token, so that another program with the same token has a little left.
const defaultPerMinute = 240

// watchAtLeast is how long commands may keep watching from its turn: one look at
// the newest actions tells what became of all of them, and people wait for that, too.
const watchAtLeast = 5 * time.Second

// Limits of a wait that DigitalOcean asks for. Retry-After has whole seconds. A
// longer wait than the longest is cut into several: asking once a minute whether
// the hour's 5,000 requests are free again costs nothing.
const (
	minRetryAfter = time.Second
	maxRetryAfter = time.Minute
)

// budget is the pace of all requests. In any minute at most perMinute are sent:
// a burst at once, and the rest spread over the minute.
type budget struct {
	now       func() time.Time // the wall clock, to read ratelimit-reset by
	lim       *rate.Limiter
	perMinute int // of all processes with the token

	// queue has room for one: the command whose turn is next. The others wait in its line,
	// which is first come, first served, and acting passes all of them but the first.
	queue chan struct{}

	mu        sync.Mutex
	queued    int       // commands that wait for their turn, the first one included
	among     int       // processes that share it; 0 until share
	spare     float64   // what watching leaves in the bucket for commands
	until     time.Time // nobody sends before, after a 429
	nextWatch time.Time // nobody watches before
	watched   time.Time // when watching had its last turn
	limit     int       // requests an hour, 0 if not known
	remaining int       // of those, by DigitalOcean's last answer
}

func newBudget(perMinute int, now func() time.Time) *budget {
	pace, burst := paceOf(perMinute)
	return &budget{now: now, perMinute: perMinute, lim: rate.NewLimiter(pace, burst), spare: float64(burst) / 2, queue: make(chan struct{}, 1)}
}

func paceOf(perMinute int) (rate.Limit, int) {
	burst := max(1, perMinute/12)
	return rate.Limit(float64(max(1, perMinute-burst)) / 60), burst
}

// share divides the pace evenly between processes. One that joins others begins
// without a burst, since they may just have used theirs, of what was one's alone.
func (b *budget) share(among int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if among < 1 || among == b.among {
		return
	}
	pace, burst := paceOf(max(1, b.perMinute/among))
	now := time.Now()
	b.lim.SetLimitAt(now, pace)
	b.lim.SetBurstAt(now, burst)
	b.spare = float64(burst) / 2
	if b.among == 0 && among > 1 {
		b.lim.ReserveN(now, burst)
	}
	b.among = among
}

// busy says that a request was not sent since its turn would come too late.
type busy struct{ wait time.Duration }

func (b *busy) Error() string {
	return fmt.Sprintf("the request budget is used up for %s", b.wait.Round(time.Millisecond))
}

// wait answers nil when it is the request's turn, [busy] if that would take
// longer than patience or than the context lasts, or the context's error.
func (b *budget) wait(ctx context.Context, who class, patience time.Duration) error {
	if who == command { // the line may take as long again: leaving it would cost the place
		leave, err := b.enqueue(ctx, within(ctx, 2*patience))
		if err != nil {
			return err
		}
		defer leave()
	}
	deadline := within(ctx, patience)
	var turn *rate.Reservation
	for {
		if err := ctx.Err(); err != nil {
			b.giveBack(turn)
			return err
		}
		var d time.Duration
		d, turn = b.step(who, turn)
		if d <= 0 && turn != nil {
			return nil
		}
		if who != watching {
			waits(ctx, d)
		}
		if time.Now().Add(d).After(deadline) {
			b.giveBack(turn)
			return &busy{d}
		}
		t := time.NewTimer(d)
		select {
		case <-ctx.Done():
		case <-t.C:
		}
		t.Stop()
	}
}

// within is the moment until which a wait may last: so long from now, and no longer than
// the context.
func within(ctx context.Context, patience time.Duration) time.Time {
	deadline := time.Now().Add(patience)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	return deadline
}

// enqueue waits until a command is the first in line, and returns what takes it out of
// the line. It fails with [busy] at once if its turn would come after the deadline.
func (b *budget) enqueue(ctx context.Context, deadline time.Time) (leave func(), err error) {
	d := b.delay()
	if time.Now().Add(d).After(deadline) {
		return nil, &busy{d}
	}
	b.count(1)
	select {
	case b.queue <- struct{}{}:
		return func() { <-b.queue; b.count(-1) }, nil
	default:
	}
	waits(ctx, d)
	late := time.NewTimer(time.Until(deadline))
	defer late.Stop()
	select {
	case b.queue <- struct{}{}:
		return func() { <-b.queue; b.count(-1) }, nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-late.C:
		err = &busy{b.delay()}
	}
	b.count(-1)
	return nil, err
}

func (b *budget) count(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.queued += n
}

// step answers how long to wait before the next step. A command that is the first in its
// line, and acting, take their place at once. Watching takes one only when the bucket holds enough for
// commands that may come, so that it never stands before them.
func (b *budget) step(who class, turn *rate.Reservation) (time.Duration, *rate.Reservation) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if d := b.until.Sub(now); d > 0 {
		return d, turn
	}
	if turn != nil {
		return turn.DelayFrom(now), turn
	}
	if who == watching {
		if d := b.nextWatch.Sub(now); d > 0 {
			return d, nil
		}
		starved := now.Sub(b.watched) > watchAtLeast
		if short := b.spare + 1 - b.lim.TokensAt(now); short > 0 && !starved {
			return time.Duration(short/float64(b.lim.Limit())*float64(time.Second)) + time.Millisecond, nil
		}
		b.nextWatch, b.watched = now.Add(b.thrift()), now
	}
	turn = b.lim.ReserveN(now, 1)
	return turn.DelayFrom(now), turn
}

// short says whether commands have to be careful with what is left. It is below what
// a few commands at once take, so that those are not held up.
func (b *budget) short() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	return now.Before(b.until) || b.lim.TokensAt(now)-float64(b.queued) < b.spare/2
}

// delay is about how long a command that comes now waits for its turn.
func (b *budget) delay() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	missing := max(0, 1+float64(b.queued)-b.lim.TokensAt(now))
	return max(b.until.Sub(now), time.Duration(missing/float64(b.lim.Limit())*float64(time.Second)))
}

// thrift is the pause between two looks when the hour's requests run out, so
// that commands can still be sent: 5,000 an hour are only 83 a minute.
func (b *budget) thrift() time.Duration {
	switch {
	case b.limit == 0 || b.remaining > b.limit/10:
		return 0
	case b.remaining > b.limit/50:
		return 5 * time.Second
	}
	return 30 * time.Second
}

func (b *budget) giveBack(turn *rate.Reservation) {
	if turn != nil {
		turn.CancelAt(time.Now())
	}
}

// learn takes from an answer what it says about the limits. A 429 stops everybody.
func (b *budget) learn(resp *http.Response) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if limit, err := strconv.Atoi(resp.Header.Get("Ratelimit-Limit")); err == nil && limit > 0 {
		b.limit = limit
		if left, err := strconv.Atoi(resp.Header.Get("Ratelimit-Remaining")); err == nil && left >= 0 {
			b.remaining = left
		}
	}
	if resp.StatusCode != http.StatusTooManyRequests {
		return
	}
	if until := time.Now().Add(retryAfter(resp.Header, b.now())); until.After(b.until) {
		b.until = until
	}
}

// retryAfter is how long a 429 asks to wait. The one for 250 a minute says so in
// Retry-After (seconds, or a date); the one for 5,000 an hour says only when the
// oldest request expires (Unix seconds). Without either, 5 s.
func retryAfter(h http.Header, now time.Time) time.Duration {
	d := 5 * time.Second
	after := h.Get("Retry-After")
	if s, err := strconv.ParseInt(after, 10, 32); err == nil {
		d = time.Duration(s) * time.Second
	} else if at, err := http.ParseTime(after); err == nil {
		d = at.Sub(now)
	} else if reset, err := strconv.ParseInt(h.Get("Ratelimit-Reset"), 10, 64); err == nil {
		d = time.Unix(reset, 0).Sub(now)
	}
	return min(max(d, minRetryAfter), maxRetryAfter)
}
