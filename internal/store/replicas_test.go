package store_test

import (
	"fmt"
	"sync"
	"testing"

	"dropletops/approvals"
	"dropletops/internal/store"
)

// Two replicas start and work at once: neither waits for the other for good, and
// the audit log stays one chain.
func TestReplicasAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		if b.Exclusive() {
			return
		}
		other, err := store.Open(t.Context(), b.url, "process-2", b.clock.now)
		if err != nil {
			t.Fatal(err)
		}
		other.SetWaker(b.wakes)
		defer func() {
			if err := other.Close(); err != nil {
				t.Error(err)
			}
		}()
		const n = 20
		for i := range n {
			r := request(fmt.Sprint("r-", i), fmt.Sprint("e-", i), b.clock.now())
			r.State = approvals.Running
			if err := b.Create(t.Context(), r, approvals.Change{}); err != nil {
				t.Fatal(err)
			}
		}
		var all sync.WaitGroup
		for _, s := range []*store.Store{b.Store, other} {
			all.Go(func() {
				for range 30 {
					if _, err := s.Reawaken(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
			for w := range 3 {
				all.Go(func() {
					for i := range 60 {
						id := fmt.Sprint("r-", (i*7+w)%n)
						if _, err := s.Update(t.Context(), id, func(r *approvals.Request) (approvals.Change, error) {
							return approvals.Change{Audit: []approvals.Line{{RequestID: id, What: "poked", Who: "U1"}}, Advance: b.clock.now()}, nil
						}); err != nil {
							t.Error(err)
						}
					}
				})
			}
		}
		all.Wait()
		lines := 0
		if err := b.Audit(t.Context(), func(store.AuditLine) error { lines++; return nil }); err != nil || lines != 2*3*60 {
			t.Errorf("%d audit lines, %v", lines, err)
		}
	})
}
