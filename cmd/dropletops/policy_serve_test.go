package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"

	"dropletops/approvals"
)

// What the database did not take at first is written down later, in its order, also
// if another policy has come in force since.
func TestPoliciesInForceAreWrittenDownLater(t *testing.T) {
	due := unkept{{text: approvals.PolicyText{Digest: "a"}}, {text: approvals.PolicyText{Digest: "b"}}, {text: approvals.PolicyText{Digest: "c"}}}
	var got []string
	full := map[string]bool{"b": true}
	write := func(_ context.Context, p approvals.PolicyText, _ ...approvals.Line) error {
		if full[p.Digest] {
			return errors.New("the disk is full")
		}
		got = append(got, p.Digest)
		return nil
	}
	log := slog.New(slog.DiscardHandler)
	if due = due.keep(t.Context(), write, log); len(due) != 2 {
		t.Fatalf("%d are left, want 2", len(due))
	}
	delete(full, "b")
	if due = due.keep(t.Context(), write, log); len(due) != 0 || !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("written down %v, %d left", got, len(due))
	}
}
