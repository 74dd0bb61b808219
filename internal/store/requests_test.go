package store_test

import (
	"dropletops/approvals"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRequestIsKept(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		want := create(t, b, "r-1")
		b.reopen(t)
		got, err := b.Request(t.Context(), "r-1")
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		if _, err := b.Request(t.Context(), "r-2"); !errors.Is(err, approvals.ErrNotFound) {
			t.Errorf("an unknown request: %v", err)
		}
		advance, publish := b.wakes.take()
		if len(advance) != 1 || len(publish) != 1 {
			t.Errorf("woken up: %v, %v", advance, publish)
		}
	})
}

func TestOneEnvelopeMakesOneRequest(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		create(t, b, "r-1")
		again := request("r-2", "env-r-1", b.clock.now())
		if err := b.Create(t.Context(), again, approvals.Change{}); !errors.Is(err, approvals.ErrHandled) {
			t.Errorf("a second request of one envelope: %v", err)
		}
		if _, err := b.Request(t.Context(), "r-2"); !errors.Is(err, approvals.ErrNotFound) {
			t.Errorf("it was written down: %v", err)
		}
	})
}

// Fifty people click at once: one approval counts, all others are told.
func TestManyClicksHaveOneOutcome(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		create(t, b, "r-1")
		var wg sync.WaitGroup
		results := make(chan error, 50)
		for i := range 50 {
			wg.Go(func() {
				who := approvals.Person{Who: approvals.Who{UserID: fmt.Sprint("U", 100+i)}, Standing: approvals.Member}
				_, err := b.Update(t.Context(), "r-1", func(r *approvals.Request) (approvals.Change, error) {
					return r.Decide([]approvals.DecisionKind{approvals.ToApprove, approvals.ToDeny}[i%2], who, b.clock.now())
				})
				results <- err
			})
		}
		wg.Wait()
		close(results)
		won := 0
		for err := range results {
			var no *approvals.Refusal
			switch {
			case err == nil:
				won++
			case !errors.As(err, &no):
				t.Errorf("a click ended in a fault: %v", err)
			}
		}
		r, err := b.Request(t.Context(), "r-1")
		if err != nil {
			t.Fatal(err)
		}
		if won != 1 || len(r.Decisions) != 1 || (r.State != approvals.Running && r.State != approvals.Denied) {
			t.Errorf("%d clicks won, %d decisions, state %s", won, len(r.Decisions), r.State)
		}
	})
}

// What comes with a change is committed with it, or not at all.
func TestChangeIsWhole(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		create(t, b, "r-1")
		b.wakes.fail = errors.New("no wake-up")
		_, err := b.Update(t.Context(), "r-1", func(r *approvals.Request) (approvals.Change, error) {
			return r.Decide(approvals.ToApprove, bob, b.clock.now())
		})
		if err == nil {
			t.Fatal("committed without its wake-up")
		}
		b.wakes.fail = nil
		r, err := b.Request(t.Context(), "r-1")
		if err != nil {
			t.Fatal(err)
		}
		if r.State != approvals.Pending || r.Version != 1 {
			t.Errorf("half of a change was committed: %s, version %d", r.State, r.Version)
		}
		if n := auditLines(t, b); n != 1 {
			t.Errorf("%d audit lines, want 1", n)
		}
	})
}

func TestNoChangeWritesNothing(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		create(t, b, "r-1")
		r, err := b.Update(t.Context(), "r-1", func(*approvals.Request) (approvals.Change, error) {
			return approvals.Change{}, approvals.ErrNoChange
		})
		if err != nil || r.Version != 1 {
			t.Errorf("version %d, %v", r.Version, err)
		}
	})
}

func TestRetryIsOnce(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		r := request("r-1", "e1", b.clock.now())
		r.State = approvals.Failed
		if err := b.Create(t.Context(), r, approvals.Change{}); err != nil {
			t.Fatal(err)
		}
		if err := b.Create(t.Context(), request("r-2", "e2", b.clock.now()), approvals.Change{RetryOf: "r-1"}); err != nil {
			t.Fatal(err)
		}
		if err := b.Create(t.Context(), request("r-3", "e3", b.clock.now()), approvals.Change{RetryOf: "r-1"}); !errors.Is(err, approvals.ErrConflict) {
			t.Errorf("retried twice: %v", err)
		}
		got, err := b.Request(t.Context(), "r-1")
		if err != nil || got.RetriedBy != "r-2" {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestAnActionIsOneTargets(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		for i, id := range []string{"r-1", "r-2"} {
			r := request(id, "e"+id, b.clock.now())
			r.State = approvals.Running
			r.Targets[0].State = approvals.Following
			r.Targets[0].Action = &approvals.ActionRef{ID: 55}
			err := b.Create(t.Context(), r, approvals.Change{})
			if (i == 0) != (err == nil) {
				t.Errorf("%s: %v", id, err)
			}
		}
		taken, err := b.ActionTaken(t.Context(), 55, 7, "r-9")
		if err != nil || !taken {
			t.Errorf("taken %v, %v", taken, err)
		}
		// It stays that target's when a composite verb goes on to its next action.
		_, err = b.Update(t.Context(), "r-1", func(r *approvals.Request) (approvals.Change, error) {
			return r.Next(0, approvals.Onward{To: 1, Sends: "power_off", Why: "it is still on"}, b.clock.now())
		})
		if err != nil {
			t.Fatal(err)
		}
		if taken, err = b.ActionTaken(t.Context(), 55, 7, "r-9"); err != nil || !taken {
			t.Errorf("of a step before: taken %v, %v", taken, err)
		}
		if taken, err = b.ActionTaken(t.Context(), 56, 7, "r-9"); err != nil || taken {
			t.Errorf("another action: taken %v, %v", taken, err)
		}
	})
}
