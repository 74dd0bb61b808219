package api

import (
	"context"
	"sync"
	"time"
)

// worthSaying is from when on a wait for one's turn is told: below it the answer is
// there before one has read that it takes a while.
const worthSaying = 3 * time.Second

type onWaitKey struct{}

type onWait struct {
	once sync.Once
	say  func(time.Duration)
}

// OnWait has say called, once, when a command's look-up has to wait for its turn,
// with about how long. It is called while the look-up waits and must not hold it up.
func OnWait(ctx context.Context, say func(time.Duration)) context.Context {
	return context.WithValue(ctx, onWaitKey{}, &onWait{say: say})
}

// waits tells whoever wants to know that a request has to wait.
func waits(ctx context.Context, d time.Duration) {
	if w, ok := ctx.Value(onWaitKey{}).(*onWait); ok && d >= worthSaying {
		w.once.Do(func() { w.say(d) })
	}
}

type behindKey struct{}

// Behind marks what is read with a context as watching: it lets commands go first.
func Behind(ctx context.Context) context.Context { return context.WithValue(ctx, behindKey{}, true) }

func isBehind(ctx context.Context) bool { return ctx.Value(behindKey{}) != nil }

type actingKey struct{}

// Acting marks what is read with a context as part of an action that may run: it goes
// before commands, so that what was approved is not held up by what others look at.
func Acting(ctx context.Context) context.Context { return context.WithValue(ctx, actingKey{}, true) }

func isActing(ctx context.Context) bool { return ctx.Value(actingKey{}) != nil }
