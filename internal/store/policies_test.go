package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dropletops/approvals"
	"dropletops/internal/store"
)

// A text is kept once, byte by byte, with when it was in force first; each time it
// comes in force has its line in the audit log.
func TestPoliciesInForceAreKept(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		odd := approvals.PolicyText{Digest: "d1", Since: b.clock.now(), File: "policy.yml", Text: []byte("version: 1 # \xff\x00 \r\n")}
		newer := approvals.PolicyText{Digest: "d0", Since: b.clock.now().Add(time.Hour), File: "other.yml", Text: []byte("version: 1\n")}
		again := odd
		again.Since, again.File = newer.Since.Add(time.Hour), "renamed.yml"
		for _, p := range []approvals.PolicyText{odd, newer, again} {
			if err := b.InForce(ctx, p, approvals.Line{At: p.Since, What: "policy in force", Who: approvals.Self, Detail: map[string]string{"policy": p.Digest}}); err != nil {
				t.Fatal(err)
			}
		}
		if n := auditLines(t, b); n != 3 {
			t.Errorf("%d audit lines, want 3", n)
		}
		b.clock.forward(400 * day)
		if err := b.Prune(ctx); err != nil {
			t.Fatal(err)
		}
		log, err := store.OpenLog(ctx, b.url)
		if err != nil {
			t.Fatal(err)
		}
		defer log.Close()
		for _, want := range []approvals.PolicyText{odd, newer} {
			got, err := log.Policy(ctx, want.Digest)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		}
		if _, err := log.Policy(ctx, "d2"); !errors.Is(err, approvals.ErrNotFound) {
			t.Errorf("one that never was: %v", err)
		}
		all, err := log.Policies(ctx)
		odd.Text, newer.Text = nil, nil
		if d := cmp.Diff([]approvals.PolicyText{odd, newer}, all); d != "" || err != nil {
			t.Error(d, err)
		}
	})
}
