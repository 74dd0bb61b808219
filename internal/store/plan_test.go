package store_test

import (
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"dropletops/approvals"
)

// What is fast with ten requests must be as fast with ten thousand, and with a
// million audit lines: no statement of the store's, but for the one that reads
// the whole audit log on purpose, may read a whole table. SQLite says so itself.
func TestNothingReadsAWholeTable(t *testing.T) {
	b := &bench{url: "sqlite:" + filepath.Join(t.TempDir(), "test.db"), wakes: &wakes{}, clock: &clock{t: time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)}}
	b.open(t)
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	var mu sync.Mutex
	heard := map[string]bool{}
	if err := b.Overhear(func(query string) {
		mu.Lock()
		defer mu.Unlock()
		heard[query] = true
	}); err != nil {
		t.Fatal(err)
	}
	everything(t, b)
	if len(heard) < 25 {
		t.Errorf("only %d statements were heard", len(heard))
	}
	db := b.raw(t)
	for query := range heard {
		args := make([]any, strings.Count(query, "?"))
		rows, err := db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		for rows.Next() {
			var id, parent, unused int
			var step string
			if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
				t.Fatal(err)
			}
			if readsAll(step) {
				t.Errorf("%s: by\n%s", step, query)
			}
		}
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}
}

// narrow are the indexes that hold few rows however long the program has run:
// what is open, unreviewed, unpublished, unposted, unhandled.
var narrow = []string{"requests_open", "requests_unreviewed", "requests_unpublished", "notes_unposted", "inbox_unhandled"}

// readsAll says whether a step of a plan reads a whole table, or an index that
// is as long as one.
func readsAll(step string) bool {
	if !strings.HasPrefix(step, "SCAN ") || step == "SCAN CONSTANT ROW" {
		return false
	}
	for _, index := range narrow {
		if strings.Contains(step, " USING INDEX "+index) || strings.Contains(step, " USING COVERING INDEX "+index) {
			return false
		}
	}
	return true
}

// everything has the store do all that it does while it serves.
func everything(t *testing.T, b *bench) {
	t.Helper()
	ctx := t.Context()
	if _, err := b.Put(ctx, approvals.Envelope{Key: "env-r-1", Type: "slash_commands", Payload: []byte(`{}`), ReceivedAt: b.clock.now()}); err != nil {
		t.Fatal(err)
	}
	create(t, b, "r-1")
	failed := request("r-0", "e-0", b.clock.now())
	failed.State = approvals.Failed
	if err := b.Create(ctx, failed, approvals.Change{}); err != nil {
		t.Fatal(err)
	}
	if err := b.Create(ctx, request("r-2", "e-2", b.clock.now()), approvals.Change{RetryOf: "r-0"}); err != nil {
		t.Fatal(err)
	}
	steps := []func() error{
		func() error { _, err := b.Envelope(ctx, "env-r-1"); return err },
		func() error { return b.Handled(ctx, "env-r-1", true) },
		func() error { return b.Failed(ctx, "env-r-1", 1) },
		func() error {
			_, err := b.Forsake(ctx, approvals.Envelope{Key: "env-r-9", Type: "slash_commands"}, true)
			return err
		},
		func() error { _, err := b.Unhandled(ctx, 10); return err },
		func() error { _, err := b.CountCrashes(ctx, "env-r-1", approvals.Crashes{Alone: 1}); return err },
		func() error { _, err := b.Unpublished(ctx, approvals.Due{}, 10); return err },
		func() error { return b.Posting(ctx, "r-1", "process-1", "") },
		func() error { return b.Told(ctx, "1.3", 1, 2) },
		func() error { _, err := b.ActionTaken(ctx, 55, 7, "r-1"); return err },
		func() error { _, err := b.Doings(ctx, []int{1, 2, 3}); return err },
		func() error { _, err := b.CurrentWake(ctx, "r-1"); return err },
		func() error {
			return b.MoveChannel(ctx, "G1", "C9", approvals.Line{At: b.clock.now(), What: "channel moved"})
		},
		func() error { _, err := b.Unreviewed(ctx); return err },
		func() error { return b.InForce(ctx, approvals.PolicyText{Digest: "d1", Text: []byte("version: 1")}) },
		func() error { _, err := b.OpenReviews(ctx); return err },
		func() error { return b.Record(ctx, approvals.Line{What: "refused", Who: "U1"}) },
		func() error { _, err := b.TakeTurn(ctx, "publish", time.Minute); return err },
		func() error { return b.GiveTurn(ctx, "publish") },
		func() error { b.clock.forward(time.Hour); _, err := b.Reawaken(ctx); return err },
		func() error { end(t, b, "r-1"); return nil },
		func() error { b.clock.forward(91 * day); return b.Prune(ctx) },
	}
	for i, step := range steps {
		if err := step(); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
	}
}
