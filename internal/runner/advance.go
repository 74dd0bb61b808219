package runner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/riverqueue/river"

	"dropletops/internal/task"
)

// advanceWorker is the work that a wake-up of a request is for.
type advanceWorker struct {
	river.WorkerDefaults[advanceArgs]
	runner *Runner
	log    *slog.Logger

	mu     sync.Mutex
	faults map[string]int // in a row, by request: a snooze does not count as an attempt of River's
}

// Work advances a request, and snoozes until it wants to be called again. A
// fault is logged and tried again: a wake-up is never given up.
func (w *advanceWorker) Work(ctx context.Context, j *river.Job[advanceArgs]) error {
	wait, err := w.advance(ctx, j.Args)
	if errors.Is(ctx.Err(), context.Canceled) { // cut short, as at the end of the process: whoever comes next goes on
		return river.JobSnooze(0)
	}
	n := w.count(j.Args.ID, err)
	if err != nil {
		fault := min(longestFault, afterFault<<min(n-1, 6))
		if wait <= 0 || fault < wait {
			wait = fault
		} else {
			wait = max(wait, afterFault) // its other Droplets go on at their own pace
		}
		w.log.ErrorContext(ctx, "a request could not be advanced", "request_id", j.Args.ID, "error", err, "faults", n, "again_in", wait)
	}
	if wait == never {
		return nil
	}
	return river.JobSnooze(wait)
}

// NextRetry is when River hands out a wake-up again that a dead process had in
// hand. Its own answer grows with the fourth power of how often that happened.
func (w *advanceWorker) NextRetry(*river.Job[advanceArgs]) time.Time {
	return time.Now().Add(afterFault)
}

// advance makes an error of a panic: River would count it as an attempt, wait
// ever longer, and give up.
func (w *advanceWorker) advance(ctx context.Context, a advanceArgs) (time.Duration, error) {
	wait, err := task.Value(func() (time.Duration, error) { return w.runner.Advance(ctx, a.ID, a.Seq) })()
	var crash *task.PanicError
	if errors.As(err, &crash) {
		err = fmt.Errorf("%w\n%s", err, crash.Stack)
	}
	return wait, err
}

// count answers how many faults in a row there were with a request.
func (w *advanceWorker) count(id string, err error) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil {
		delete(w.faults, id)
		return 0
	}
	if w.faults == nil {
		w.faults = map[string]int{}
	}
	w.faults[id]++
	return w.faults[id]
}
