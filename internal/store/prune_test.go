package store_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"dropletops/approvals"
	"dropletops/internal/runner"
)

const day = 24 * time.Hour

func TestHandledEnvelopesAreDropped(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		const old = 1200 // more than one batch
		fill(t, b, load{envelopes: old})
		for _, key := range []string{"unhandled", "env-r-1"} {
			if _, err := b.Put(ctx, approvals.Envelope{Key: key, Type: "slash_commands", Payload: []byte(`{}`), ReceivedAt: b.clock.now()}); err != nil {
				t.Fatal(err)
			}
		}
		create(t, b, "r-1") // handles env-r-1, and is open
		b.clock.forward(6 * day)
		if _, err := b.Put(ctx, approvals.Envelope{Key: "young", Type: "slash_commands", Payload: []byte(`{}`), ReceivedAt: b.clock.now()}); err != nil {
			t.Fatal(err)
		}
		if err := b.Handled(ctx, "young", false); err != nil {
			t.Fatal(err)
		}
		b.clock.forward(day + time.Minute)
		if err := b.Prune(ctx); err != nil {
			t.Fatal(err)
		}
		for i := range old {
			if _, err := b.Envelope(ctx, fmt.Sprint("filled-", i)); !errors.Is(err, approvals.ErrNotFound) {
				t.Fatalf("filled-%d is still there: %v", i, err)
			}
		}
		for _, key := range []string{"young", "unhandled", "env-r-1"} {
			if _, err := b.Envelope(ctx, key); err != nil {
				t.Errorf("%s was dropped: %v", key, err)
			}
		}
		end(t, b, "r-1")
		if err := b.Prune(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Envelope(ctx, "env-r-1"); !errors.Is(err, approvals.ErrNotFound) {
			t.Errorf("the envelope of a request that has ended: %v", err)
		}
	})
}

// end denies a request, and has Slack told of all of it.
func end(t *testing.T, b *bench, id string) {
	t.Helper()
	tell(t, b, deny(t, b, id))
}

func deny(t *testing.T, b *bench, id string) *approvals.Request {
	t.Helper()
	r, err := b.Update(t.Context(), id, func(r *approvals.Request) (approvals.Change, error) {
		return r.Decide(approvals.ToDeny, bob, b.clock.now())
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// alone has someone go ahead alone, whose reason looks like the review's end.
func alone(t *testing.T, b *bench, id string) {
	t.Helper()
	if _, err := b.Update(t.Context(), id, func(r *approvals.Request) (approvals.Change, error) {
		r.Verdict.BreakGlass = []string{"oncall"}
		carol := approvals.Person{Who: approvals.Who{UserID: "U3"}, Standing: approvals.Member, Groups: []string{"oncall"}}
		return r.BreakGlass(carol, `because of "closed_by":"me"`, b.clock.now())
	}); err != nil {
		t.Fatal(err)
	}
}

func tell(t *testing.T, b *bench, r *approvals.Request) {
	t.Helper()
	if err := b.Published(t.Context(), r.ID, approvals.MessageRef{ChannelID: "C1", TS: "1." + r.ID}, r.Version); err != nil {
		t.Fatal(err)
	}
	p, err := b.Publication(t.Context(), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range p.Notes {
		if err := b.Told(t.Context(), "2.2", n.Seq); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEndedRequestsAreDropped(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		const old = 120 // more than one batch
		for i := range old {
			create(t, b, fmt.Sprint("r-old-", i))
			end(t, b, fmt.Sprint("r-old-", i))
		}
		for _, id := range []string{"r-open", "r-untold", "r-note"} {
			create(t, b, id)
		}
		for _, id := range []string{"r-alone", "r-reviewed"} {
			create(t, b, id)
			alone(t, b, id)
		}
		if _, err := b.Update(ctx, "r-reviewed", func(r *approvals.Request) (approvals.Change, error) {
			return r.Decide(approvals.ToReview, bob, b.clock.now())
		}); err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{"r-alone", "r-reviewed"} {
			r, err := b.Update(ctx, id, func(r *approvals.Request) (approvals.Change, error) { return r.Fail("gone", b.clock.now()) })
			if err != nil {
				t.Fatal(err)
			}
			tell(t, b, r)
		}
		deny(t, b, "r-untold")
		r := deny(t, b, "r-note")
		if err := b.Published(ctx, "r-note", approvals.MessageRef{ChannelID: "C1", TS: "1.2"}, r.Version); err != nil {
			t.Fatal(err)
		}
		create(t, b, "r-off") // called off before its card stood: there is nobody to tell
		if _, err := b.Update(ctx, "r-off", func(r *approvals.Request) (approvals.Change, error) {
			return r.Abandon("no such channel", b.clock.now())
		}); err != nil {
			t.Fatal(err)
		}
		b.clock.forward(89 * day)
		create(t, b, "r-young")
		end(t, b, "r-young")
		lines := auditLines(t, b)
		if err := b.Prune(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Request(ctx, "r-old-0"); err != nil {
			t.Errorf("dropped after 89 days: %v", err)
		}
		b.clock.forward(day + time.Minute)
		if err := b.Prune(ctx); err != nil {
			t.Fatal(err)
		}
		gone := []string{"r-off", "r-reviewed"}
		for i := range old {
			gone = append(gone, fmt.Sprint("r-old-", i))
		}
		for _, id := range gone {
			if _, err := b.Request(ctx, id); !errors.Is(err, approvals.ErrNotFound) {
				t.Fatalf("%s is still there: %v", id, err)
			}
		}
		for _, id := range []string{"r-open", "r-untold", "r-note", "r-young", "r-alone"} {
			if r, err := b.Request(ctx, id); err != nil || len(r.Targets) != 1 {
				t.Errorf("%s was dropped, or half of it: %v", id, err)
			}
		}
		if n := auditLines(t, b); n != lines {
			t.Errorf("%d audit lines, there were %d", n, lines)
		}
		for _, table := range []string{"targets", "notes"} {
			var orphans int
			if err := b.raw(t).QueryRowContext(ctx, `SELECT COUNT(*) FROM `+table+` WHERE request_id NOT IN (SELECT id FROM requests)`).Scan(&orphans); err != nil || orphans != 0 {
				t.Errorf("%d %s are left over, %v", orphans, table, err)
			}
		}
		untold, err := b.Request(ctx, "r-untold")
		if err != nil {
			t.Fatal(err)
		}
		tell(t, b, untold)
		if err := b.Prune(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Request(ctx, "r-untold"); !errors.Is(err, approvals.ErrNotFound) {
			t.Errorf("once Slack was told: %v", err)
		}
	})
}

// With nothing to drop nothing is written, so that a disk that is full, or a
// database that another holds, is none of its concern.
func TestPruneWritesNothingForNothing(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		create(t, b, "r-1")
		crossed := 0
		b.OnCrossing(func(string) error { crossed++; return nil })
		if err := b.Prune(t.Context()); err != nil || crossed != 0 {
			t.Errorf("%d crossings, %v", crossed, err)
		}
	})
}

// River drops its finished wake-ups itself, on SQLite too, also those that it
// gave up.
func TestFinishedWakeUpsAreDropped(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		db := b.raw(t)
		old, young := time.Now().UTC().Add(-25*time.Hour), time.Now().UTC().Add(-time.Minute)
		for state, at := range map[string][]time.Time{"completed": {old, young}, "cancelled": {old, young}, "discarded": {old, young}} {
			for _, at := range at {
				value := any(at)
				if b.Exclusive() {
					value = at.Format("2006-01-02 15:04:05.000") // as River writes it
				}
				if _, err := db.ExecContext(ctx, `INSERT INTO river_job (args, kind, max_attempts, state, created_at, scheduled_at, finalized_at) VALUES ($1, 'publish', 1, $2, $3, $3, $3)`,
					`{"id":"r-1"}`, state, value); err != nil {
					t.Fatal(err)
				}
			}
		}
		e, err := runner.NewEngine(runner.EngineConfig{Insert: b.InsertDriver(), Work: b.WorkerDriver(), Runner: &runner.Runner{Requests: b.Store, Now: b.clock.now},
			Kick: func(string) bool { return true }, Reconcile: func(context.Context) error { return nil }, Instance: "test", Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Start(ctx); err != nil {
			t.Fatal(err)
		}
		left := -1
		for deadline := time.Now().Add(20 * time.Second); left != 3 && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) { // River does not tell when it has cleaned
			if err := db.QueryRowContext(ctx, `SELECT COUNT(*) FROM river_job WHERE kind = 'publish'`).Scan(&left); err != nil {
				t.Fatal(err)
			}
		}
		if left != 3 {
			t.Errorf("%d wake-ups are left, want the 3 young ones", left)
		}
		if err := e.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
}
