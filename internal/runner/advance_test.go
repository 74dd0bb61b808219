package runner

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// broken is a store whose every answer is a fault.
type broken struct {
	Requests
	fault func() error
}

func (b broken) CurrentWake(context.Context, string) (int64, error) { return 0, b.fault() }

// However often advancing fails, by an error or by a panic, the wake-up comes
// again, later each time, and River is never told of a failed attempt, of which
// it takes 25.
func TestAWakeUpIsNeverGivenUp(t *testing.T) {
	for name, fault := range map[string]func() error{
		"an error": func() error { return errors.New("the database is away") },
		"a panic":  func() error { panic("a fault of ours") },
	} {
		t.Run(name, func(t *testing.T) {
			w := &advanceWorker{runner: &Runner{Requests: broken{fault: fault}, Now: time.Now}, log: slog.New(slog.DiscardHandler)}
			job := &river.Job[advanceArgs]{JobRow: &rivertype.JobRow{Attempt: 1, MaxAttempts: advanceTries}, Args: advanceArgs{ID: "r-1", Seq: 1}}
			var waits []time.Duration
			for range 30 {
				var snooze *river.JobSnoozeError
				if err := w.Work(t.Context(), job); !errors.As(err, &snooze) {
					t.Fatalf("River was told: %v", err)
				}
				waits = append(waits, snooze.Duration)
			}
			if waits[0] != afterFault || waits[1] != 2*afterFault || waits[29] != longestFault {
				t.Errorf("waits: %v", waits)
			}
		})
	}
	if next := (&advanceWorker{}).NextRetry(nil); time.Until(next) > longestFault {
		t.Errorf("a dead process's wake-up is handed out again in %v", time.Until(next))
	}
}
