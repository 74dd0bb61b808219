package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"dropletops/approvals"
)

// A request that runs has a wake-up of its newest number that is still to be worked
// off. Where it has none, whatever became of it, it gets one.
func TestWakeStrays(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		ask := func(id string, state approvals.State, card bool) {
			r := request(id, "e-"+id, b.clock.now())
			if r.State = state; state == approvals.Running {
				r.StartedAt, r.ExpiresAt = b.clock.now(), time.Time{}
			}
			if err := b.Create(ctx, r, approvals.Change{Advance: b.clock.now()}); err != nil {
				t.Fatal(err)
			}
			if card {
				if err := b.Published(ctx, id, approvals.MessageRef{ChannelID: "C1", TS: "1." + id}, 1); err != nil {
					t.Fatal(err)
				}
			}
		}
		job := func(id, state string, older int64) {
			seq, err := b.CurrentWake(ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			at, ended := any(b.clock.now()), any(nil)
			if b.Exclusive() {
				at = b.clock.now().Format("2006-01-02 15:04:05.000") // as River writes it
			}
			if state == "completed" || state == "discarded" {
				ended = at
			}
			if _, err := b.raw(t).ExecContext(ctx, `INSERT INTO river_job (args, kind, max_attempts, state, created_at, scheduled_at, finalized_at) VALUES ($1, 'advance', 1, $2, $3, $3, $4)`,
				fmt.Sprintf(`{"id": %q, "seq": %d}`, id, seq-older), state, at, ended); err != nil {
				t.Fatal(err)
			}
		}
		ask("r-gone", approvals.Running, true) // its job was deleted
		ask("r-over", approvals.Running, true)
		job("r-over", "completed", 0)
		ask("r-given-up", approvals.Running, true)
		job("r-given-up", "discarded", 0)
		ask("r-old", approvals.Running, true)
		job("r-old", "scheduled", 1)
		for _, state := range []string{"available", "running", "retryable", "scheduled"} {
			ask("r-"+state, approvals.Running, true)
			job("r-"+state, state, 0)
		}
		ask("r-no-card", approvals.Running, false) // its card wakes it up
		ask("r-waits", approvals.Pending, true)
		b.wakes.take()

		strays := []string{"r-given-up", "r-gone", "r-old", "r-over"}
		n, err := b.WakeStrays(ctx)
		if err != nil || n != len(strays) {
			t.Errorf("%d woken up, want %d: %v", n, len(strays), err)
		}
		woken, _ := b.wakes.take()
		slices.Sort(woken)
		for i, id := range strays {
			if want := id + " 3"; i >= len(woken) || woken[i] != want {
				t.Errorf("woken up: %v, want %s among them", woken, want)
			}
		}
		for _, id := range strays {
			job(id, "available", 0) // as the real waker does
		}
		b.clock.forward(time.Hour)
		if n, err := b.WakeStrays(ctx); err != nil || n != 1 {
			t.Errorf("%d woken up when the time of one that waits is over, want 1: %v", n, err)
		}
	})
}
