package main

import (
	"context"
	"log/slog"
	"math"
	"sync/atomic"
	"time"

	"dropletops/internal/store"
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
// called when the turn begins, and now and then while it lasts.
func (t *turn) keep(ctx context.Context, sweep func(context.Context) error) {
	var swept time.Time
	for {
		had := t.mine()
		err := t.take(ctx)
		if err == nil && t.mine() && (!had || time.Since(swept) > sweepEvery) {
			swept = time.Now()
			err = sweep(ctx)
		}
		if err != nil && ctx.Err() == nil {
			t.log.ErrorContext(ctx, "what Slack lacks could not be looked up", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(turnEvery):
		}
	}
}

func (t *turn) take(ctx context.Context) error {
	if t.store.Exclusive() {
		t.until.Store(math.MaxInt64)
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, turnEvery) // a connection may be lost without a word
	defer cancel()
	until, err := t.store.TakeTurn(ctx, publishing, turnLasts)
	if err == nil && !until.IsZero() {
		t.until.Store(until.UnixMicro())
	}
	return err
}

// give lets another replica publish at once, rather than when the turn is over.
func (t *turn) give(ctx context.Context) {
	t.until.Store(0)
	if t.store.Exclusive() {
		return
	}
	if err := t.store.GiveTurn(ctx, publishing); err != nil {
		t.log.WarnContext(ctx, "the turn to publish could not be given on", "error", err)
	}
}
