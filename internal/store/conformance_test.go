package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"dropletops/approvals"
	"dropletops/internal/scratch"
	"dropletops/internal/store"
)

// The suite below is run on each database: what holds on one holds on the other.

// wakes records what would wake the runner and the publisher up.
type wakes struct {
	mu      sync.Mutex
	advance []string
	publish []string
	fail    error
}

func (w *wakes) WakeAdvance(_ context.Context, _ *sql.Tx, id string, seq int64, _ time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.advance = append(w.advance, fmt.Sprint(id, " ", seq))
	return w.fail
}

func (w *wakes) WakePublish(_ context.Context, _ *sql.Tx, id string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.publish = append(w.publish, id)
	return w.fail
}

func (w *wakes) Rewake(ctx context.Context, tx *sql.Tx, all iter.Seq2[string, int64]) error {
	for id, seq := range all {
		if err := errors.Join(w.WakeAdvance(ctx, tx, id, seq, time.Time{}), w.WakePublish(ctx, tx, id)); err != nil {
			return err
		}
	}
	return nil
}

func (w *wakes) take() (advance, publish []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	advance, publish = w.advance, w.publish
	w.advance, w.publish = nil, nil
	return advance, publish
}

// clock is handed to the store, and moved by hand.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// bench is a store under test.
type bench struct {
	*store.Store
	url   string
	wakes *wakes
	clock *clock
}

func (b *bench) reopen(t *testing.T) {
	t.Helper()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b.open(t)
}

func (b *bench) open(t *testing.T) {
	t.Helper()
	s, err := store.Open(t.Context(), b.url, "process-1", b.clock.now)
	if err != nil {
		t.Fatal(err)
	}
	s.SetWaker(b.wakes)
	b.Store = s
}

func onEach(t *testing.T, f func(t *testing.T, b *bench)) {
	for _, db := range []struct {
		name string
		url  func(t *testing.T) string
	}{
		{"sqlite", func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "test.db") }},
		{"postgres", scratch.PostgreSQL},
	} {
		t.Run(db.name, func(t *testing.T) {
			b := &bench{url: db.url(t), wakes: &wakes{}, clock: &clock{t: time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)}}
			b.open(t)
			t.Cleanup(func() {
				if err := b.Close(); err != nil {
					t.Error(err)
				}
			})
			f(t, b)
		})
	}
}

func request(id, envelope string, at time.Time) *approvals.Request {
	return &approvals.Request{
		ID: id, Version: 1, State: approvals.Pending,
		Action:    approvals.Action{Type: "rebuild", Args: map[string]string{"image": "101"}, Danger: approvals.Destructive},
		Image:     &approvals.Image{ID: 101, Slug: "ubuntu-24-04-x64", Name: "24.04", Kind: "base"},
		Targets:   []approvals.Target{{Droplet: approvals.Droplet{ID: 7, Name: "web-1", Status: "active"}, State: approvals.Queued}},
		Requester: approvals.Person{Who: approvals.Who{UserID: "U1", TeamID: "T1"}, Standing: approvals.Member},
		Origin:    approvals.Origin{ChannelID: "C1", Envelope: envelope},
		Verdict:   approvals.Verdict{Outcome: approvals.Approve, Count: 1, Within: 30 * time.Minute},
		CreatedAt: at, ExpiresAt: at.Add(30 * time.Minute),
	}
}

var bob = approvals.Person{Who: approvals.Who{UserID: "U2", TeamID: "T1"}, Standing: approvals.Member}

func create(t *testing.T, b *bench, id string) *approvals.Request {
	t.Helper()
	r := request(id, "env-"+id, b.clock.now())
	c := approvals.Change{Audit: []approvals.Line{{At: b.clock.now(), RequestID: id, What: "requested", Who: "U1"}},
		Advance: r.ExpiresAt, Envelope: r.Origin.Envelope}
	if err := b.Create(t.Context(), r, c); err != nil {
		t.Fatal(err)
	}
	return r
}
