package bot

import (
	"context"
	"math/rand/v2"
	"time"
)

// sleep waits, unless ctx ends first.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// backoff is how long to wait after so many failures in a row: it doubles from
// first to most, and the later half of it is left to chance, so that what failed
// together is not tried together again.
func backoff(failures int, first, most time.Duration) time.Duration {
	if failures <= 0 {
		return 0
	}
	d := most
	if failures < 16 {
		d = min(most, first<<(failures-1))
	}
	return d/2 + rand.N(d/2+1)
}
