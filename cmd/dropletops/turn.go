package main

import (
	"context"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"dropletops/internal/store"
	"dropletops/internal/task"
)

// turn is the right to publish, which one replica of all has at a time: Slack's
// limits are for the whole workspace, and a note is to be posted once. A replica
// that was frozen finds its turn over when it wakes up.
type turn struct {
	store *store.Store
	now   func() time.Time
	log   *slog.Logger
	until atomic.Int64 // microseconds since 1970
}

const (
	publishing = "publish"
	// turnLasts is how long a dead replica's turn blocks the others; together with
	// turnEvery it stays well below the minute in which another takes over.
	turnLasts = 15 * time.Second
	turnEvery = 5 * time.Second
	// sweepEvery is how often what Slack lacks is looked up, for wake-ups that a
	// process took with it when it died.
	sweepEvery = 15 * time.Second
)

// mine says whether it is this process's turn, now.
func (t *turn) mine() bool { return t.now().UnixMicro() < t.until.Load() }

// keep takes the turn whenever it is free, and keeps it until ctx ends. sweep is
// called when the turn begins, and now and then while it lasts; however long that
// takes, the turn is kept meanwhile.
func (t *turn) keep(ctx context.Context, sweep func(context.Context) error) {
	var sweeps sync.WaitGroup
	defer sweeps.Wait()
	var sweeping atomic.Bool
	var swept time.Time
	for {
		had := t.mine()
		if err := t.take(ctx); err != nil && ctx.Err() == nil {
			t.log.ErrorContext(ctx, "the turn to publish could not be kept", "error", err)
		}
		if had && !t.mine() && ctx.Err() == nil {
			t.log.WarnContext(ctx, "the turn to publish is lost; another replica publishes, or none until the database answers")
		}
		if t.mine() && (!had || time.Since(swept) > sweepEvery) && sweeping.CompareAndSwap(false, true) {
			swept = time.Now()
			sweeps.Go(task.Log(t.panicked, func() {
				defer sweeping.Store(false)
				if err := t.sweep(ctx, sweep); err != nil && ctx.Err() == nil {
					t.log.ErrorContext(ctx, "what Slack lacks could not be looked up", "error", err)
				}
			}))
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(turnEvery):
		}
	}
}

// panicked logs a panic in the background.
func (t *turn) panicked(err error) { t.log.Error("a panic in the background", "panic", err) }

// sweep calls f once, for as long at the most as until it is due again.
func (t *turn) sweep(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, sweepEvery)
	defer cancel()
	return f(ctx)
}

func (t *turn) take(ctx context.Context) error {
	if t.store.Exclusive() {
		t.until.Store(math.MaxInt64)
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, turnEvery) // a connection may be lost without a word
	defer cancel()
	until, err := t.store.TakeTurn(ctx, publishing, turnLasts)
	switch {
	case err != nil:
		return err
	case until.IsZero():
		t.until.Store(0) // it is another's
	default:
		t.until.Store(until.UnixMicro())
	}
	return nil
}

// give lets another replica publish at once, rather than when the turn is over.
func (t *turn) give(ctx context.Context) {
	t.until.Store(0)
	if t.store.Exclusive() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lastWord)
	defer cancel()
	if err := t.store.GiveTurn(ctx, publishing); err != nil {
		t.log.WarnContext(ctx, "the turn to publish could not be given on", "error", err)
	}
}
