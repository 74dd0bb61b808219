package store_test

import (
	"testing"

	"dropletops/approvals"

	"github.com/google/go-cmp/cmp"
)

// Whose doing an action was is told of those that were ours, and of no other.
func TestDoings(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		create(t, b, "r-1")
		if _, err := b.Update(t.Context(), "r-1", func(r *approvals.Request) (approvals.Change, error) {
			r.Reason = "disk is corrupt"
			r.Targets[0].Action = &approvals.ActionRef{ID: 77, Status: "completed"}
			return r.Decide(approvals.ToApprove, bob, b.clock.now())
		}); err != nil {
			t.Fatal(err)
		}
		create(t, b, "r-2") // has sent nothing
		ids := []int{77, 78}
		for id := range 1200 { // more than one query takes
			ids = append(ids, 1000+id)
		}
		got, err := b.Doings(t.Context(), ids)
		if err != nil {
			t.Fatal(err)
		}
		want := map[int]approvals.Doing{77: {
			RequestID: "r-1", Reason: "disk is corrupt", Approvers: []approvals.Person{bob},
			Requester: approvals.Person{Who: approvals.Who{UserID: "U1", TeamID: "T1"}, Standing: approvals.Member},
		}}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		if got, err := b.Doings(t.Context(), nil); err != nil || len(got) != 0 {
			t.Errorf("of no actions: %v, %v", got, err)
		}
	})
}
