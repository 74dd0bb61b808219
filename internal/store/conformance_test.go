package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"dropletops/approvals"
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
		{"postgres", postgresURL},
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

// postgresURL makes a database for one test. Without a PostgreSQL the test is
// skipped, but not where CI asks for all of them.
func postgresURL(t *testing.T) string {
	t.Helper()
	server := os.Getenv("TEST_POSTGRES_URL")
	if server == "" {
		server = "postgres://postgres@127.0.0.1:5432/postgres?sslmode=disable"
	}
	conn, err := pgx.Connect(t.Context(), server)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("PostgreSQL is needed with CI=true: %v", err)
		}
		t.Skip("skipped: no PostgreSQL at TEST_POSTGRES_URL or 127.0.0.1:5432")
	}
	name := fmt.Sprintf("dropletops_test_%d_%d", os.Getpid(), time.Now().UnixNano())
	if _, err := conn.Exec(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.Background()
		if _, err := conn.Exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
		if err := conn.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
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

func auditLines(t *testing.T, b *bench) int {
	t.Helper()
	n := 0
	if err := b.Audit(t.Context(), func(store.AuditLine) error { n++; return nil }); err != nil {
		t.Fatal(err)
	}
	return n
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

func TestAuditChainFindsTampering(t *testing.T) {
	for name, tamper := range map[string]string{
		"changed":   `UPDATE audit SET body = REPLACE(body, 'U1', 'U9') WHERE seq = 2`,
		"removed":   `DELETE FROM audit WHERE seq = 2`,
		"reordered": `UPDATE audit SET seq = 4 - seq WHERE seq IN (1, 3)`,
		"relinked":  `UPDATE audit SET prev = 'x' WHERE seq = 2`,
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "test.db")
			b := &bench{url: "sqlite:" + file, wakes: &wakes{}, clock: &clock{t: time.Unix(1, 0)}}
			b.open(t)
			defer func() {
				if err := b.Close(); err != nil {
					t.Error(err)
				}
			}()
			for i := range 3 {
				if err := b.Record(t.Context(), approvals.Line{At: b.clock.now(), What: "refused", Who: "U1", Why: fmt.Sprint(i)}); err != nil {
					t.Fatal(err)
				}
			}
			if n := auditLines(t, b); n != 3 {
				t.Fatalf("%d lines", n)
			}
			db, err := sql.Open("sqlite", file)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if name == "reordered" { // by way of a number that is free
				for _, q := range []string{`UPDATE audit SET seq = 9 WHERE seq = 1`, `UPDATE audit SET seq = 1 WHERE seq = 3`, `UPDATE audit SET seq = 3 WHERE seq = 9`} {
					if _, err := db.Exec(q); err != nil {
						t.Fatal(err)
					}
				}
			} else if _, err := db.Exec(tamper); err != nil {
				t.Fatal(err)
			}
			if err := b.Audit(t.Context(), func(store.AuditLine) error { return nil }); err == nil || !strings.Contains(err.Error(), "audit line") {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

func TestAuditIsAppendedByManyAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if err := b.Record(t.Context(), approvals.Line{At: b.clock.now(), What: "refused", Who: "U1"}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := auditLines(t, b); n != 20 {
			t.Errorf("%d lines, want 20", n)
		}
	})
}

func TestInbox(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		put := func(key, event string) bool {
			t.Helper()
			fresh, err := b.Put(ctx, approvals.Envelope{Key: key, Event: event, Type: "slash_commands",
				Payload: []byte(`{"text":"reboot web-1"}`), ReceivedAt: b.clock.now()})
			if err != nil {
				t.Fatal(err)
			}
			b.clock.forward(time.Second)
			return fresh
		}
		if !put("e1", "t1") || !put("e2", "") || !put("e3", "") {
			t.Error("new envelopes were not fresh")
		}
		if put("e1", "t1") || put("e1", "") || put("e4", "t1") {
			t.Error("a redelivered envelope, or the same event in another, was fresh")
		}
		if err := b.Handled(ctx, "e2"); err != nil {
			t.Fatal(err)
		}
		if err := b.Failed(ctx, "e3", 2); err != nil {
			t.Fatal(err)
		}
		b.reopen(t)
		left, err := b.Unhandled(ctx, 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(left) != 2 || left[0].Key != "e1" || left[1].Key != "e3" || left[0].Attempt != 1 || left[1].Attempt != 3 || string(left[0].Payload) != `{"text":"reboot web-1"}` {
			t.Errorf("unhandled: %+v", left)
		}
		e, err := b.Envelope(ctx, "e2")
		if err != nil || e.Type != "slash_commands" {
			t.Errorf("%+v, %v", e, err)
		}
		if _, err := b.Envelope(ctx, "e9"); !errors.Is(err, approvals.ErrNotFound) {
			t.Errorf("an unknown envelope: %v", err)
		}
	})
}

func TestPutsAtOnceAreAllKept(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		var wg sync.WaitGroup
		for i := range 300 {
			wg.Go(func() {
				fresh, err := b.Put(t.Context(), approvals.Envelope{Key: fmt.Sprint("e", i/2), Type: "events_api", Payload: []byte(`{}`), ReceivedAt: b.clock.now()})
				if err != nil {
					t.Error(err)
				}
				_ = fresh
			})
		}
		wg.Wait()
		left, err := b.Unhandled(t.Context(), 1000)
		if err != nil || len(left) != 150 {
			t.Errorf("%d kept, %v", len(left), err)
		}
	})
}

func TestPublishing(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		create(t, b, "r-1")
		due := func() string {
			t.Helper()
			ids, err := b.Unpublished(ctx, 10)
			if err != nil {
				t.Fatal(err)
			}
			return strings.Join(ids, " ")
		}
		if due() != "r-1" {
			t.Errorf("due: %q", due())
		}
		if err := b.Posting(ctx, "r-1", "me", ""); err != nil {
			t.Fatal(err)
		}
		err := b.Posting(ctx, "r-1", "another", "")
		if b.Exclusive() && err != nil || !b.Exclusive() && !errors.Is(err, approvals.ErrConflict) {
			t.Errorf("another sets out to post: %v", err) // on SQLite it is the same machine's next process
		}
		b.clock.forward(time.Minute)
		if err := b.Posting(ctx, "r-1", "another", ""); err != nil {
			t.Errorf("another after a minute: %v", err)
		}
		p, err := b.Publication(ctx, "r-1")
		if err != nil || p.PostingBy != "another" || p.Version != 0 {
			t.Errorf("%+v, %v", p, err)
		}
		ref := approvals.MessageRef{ChannelID: "C1", TS: "1.2"}
		if err := b.Published(ctx, "r-1", ref, 1); err != nil {
			t.Fatal(err)
		}
		if due() != "" {
			t.Errorf("due after it was posted: %q", due())
		}
		if err := b.Posting(ctx, "r-1", "me", ""); !errors.Is(err, approvals.ErrConflict) {
			t.Errorf("posting a card that stands: %v", err)
		}
		if err := b.Posting(ctx, "r-1", "me", "1.2"); err != nil {
			t.Errorf("posting a card in place of one that is gone: %v", err)
		}
		if err := b.Published(ctx, "r-1", ref, 1); err != nil {
			t.Fatal(err)
		}
		b.wakes.take()
		r, err := b.Update(ctx, "r-1", func(r *approvals.Request) (approvals.Change, error) {
			return r.Decide(approvals.ToApprove, bob, b.clock.now())
		})
		if err != nil || r.Card != ref {
			t.Fatalf("%+v, %v", r.Card, err)
		}
		if advance, _ := b.wakes.take(); len(advance) != 1 {
			t.Errorf("an approval woke up %v", advance)
		}
		if p, err = b.Publication(ctx, "r-1"); err != nil || len(p.Notes) != 1 || p.Notes[0].Kind != approvals.NoteApproved {
			t.Fatalf("%+v, %v", p, err)
		}
		if err := b.Published(ctx, "r-1", ref, r.Version); err != nil {
			t.Fatal(err)
		}
		if due() != "r-1" {
			t.Error("a note is left, and it is not due")
		}
		if err := b.NotePosted(ctx, "r-1", p.Notes[0].Seq, "1.3"); err != nil {
			t.Fatal(err)
		}
		if due() != "" {
			t.Errorf("due at the end: %q", due())
		}
	})
}

// A request that may run is woken up when its card stands, not before.
func TestCardLetsItRun(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		r := request("r-1", "e1", b.clock.now())
		r.State, r.ExpiresAt = approvals.Running, time.Time{}
		if err := b.Create(t.Context(), r, approvals.Change{}); err != nil {
			t.Fatal(err)
		}
		if advance, _ := b.wakes.take(); len(advance) != 0 {
			t.Errorf("woken up before its card stands: %v", advance)
		}
		for range 2 {
			if err := b.Published(t.Context(), "r-1", approvals.MessageRef{ChannelID: "C1", TS: "1.2"}, 1); err != nil {
				t.Fatal(err)
			}
		}
		if advance, _ := b.wakes.take(); len(advance) != 1 {
			t.Errorf("woken up: %v", advance)
		}
		if n, err := b.Reawaken(t.Context()); err != nil || n != 1 {
			t.Errorf("reawakened %d, %v", n, err)
		}
		seq, err := b.CurrentWake(t.Context(), "r-1")
		if advance, _ := b.wakes.take(); err != nil || len(advance) != 1 || advance[0] != fmt.Sprint("r-1 ", seq) {
			t.Errorf("woken up %v, current %d, %v", advance, seq, err)
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
			return r.Next(0, nil, "it is still on", b.clock.now())
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

// What one replica has in hand is not another's, until its claim runs out.
func TestEnvelopesInHandAreClaimed(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		if b.Exclusive() {
			return // one process at a time: what is left is the next one's at once
		}
		ctx := t.Context()
		if _, err := b.Put(ctx, approvals.Envelope{Key: "e1", Type: "slash_commands", Payload: []byte(`{}`), ReceivedAt: b.clock.now()}); err != nil {
			t.Fatal(err)
		}
		other, err := store.Open(ctx, b.url, "process-2", b.clock.now)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := other.Close(); err != nil {
				t.Error(err)
			}
		}()
		if left, err := other.Unhandled(ctx, 10); err != nil || len(left) != 0 {
			t.Errorf("another replica's: %v, %v", left, err)
		}
		if left, err := b.Unhandled(ctx, 10); err != nil || len(left) != 1 {
			t.Errorf("its own: %v, %v", left, err)
		}
		b.clock.forward(time.Minute)
		if left, err := other.Unhandled(ctx, 10); err != nil || len(left) != 1 {
			t.Errorf("after its claim ran out: %v, %v", left, err)
		}
		if left, err := b.Unhandled(ctx, 10); err != nil || len(left) != 0 {
			t.Errorf("taken over by another: %v, %v", left, err)
		}
	})
}

func TestANoteThatWasGivenUpIsNotDue(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		create(t, b, "r-1")
		r, err := b.Update(ctx, "r-1", func(r *approvals.Request) (approvals.Change, error) {
			return r.Decide(approvals.ToDeny, bob, b.clock.now())
		})
		if err != nil {
			t.Fatal(err)
		}
		p, err := b.Publication(ctx, "r-1")
		if err != nil || len(p.Notes) != 1 {
			t.Fatalf("%+v, %v", p, err)
		}
		if err := b.Published(ctx, "r-1", approvals.MessageRef{ChannelID: "C1", TS: "1.2"}, r.Version); err != nil {
			t.Fatal(err)
		}
		if err := b.NotePosted(ctx, "r-1", p.Notes[0].Seq, ""); err != nil {
			t.Fatal(err)
		}
		if ids, err := b.Unpublished(ctx, 10); err != nil || len(ids) != 0 {
			t.Errorf("due: %v, %v", ids, err)
		}
	})
}

// One of all processes has the turn; it passes on when it is given, or runs out.
func TestTurns(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		has := func(s *store.Store) bool {
			t.Helper()
			until, err := s.TakeTurn(ctx, "publish", 15*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			return until.After(b.clock.now())
		}
		for _, what := range []string{"taken", "kept"} {
			if !has(b.Store) {
				t.Errorf("it can't be %s", what)
			}
		}
		if b.Exclusive() {
			return
		}
		other, err := store.Open(ctx, b.url, "process-2", b.clock.now)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := other.Close(); err != nil {
				t.Error(err)
			}
		}()
		if has(other) {
			t.Error("two have it at once")
		}
		b.clock.forward(16 * time.Second)
		if !has(other) || has(b.Store) {
			t.Error("it did not pass on when it ran out")
		}
		if err := other.GiveTurn(ctx, "publish"); err != nil {
			t.Fatal(err)
		}
		if !has(b.Store) {
			t.Error("it did not pass on when it was given")
		}
	})
}

// A second process at the same file is told, and does nothing.
func TestOneProcessOwnsAFile(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		if err := b.Own(t.Context()); err != nil {
			t.Fatal(err)
		}
		other, err := store.Open(t.Context(), b.url, "process-2", b.clock.now)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := other.Close(); err != nil {
				t.Error(err)
			}
		}()
		soon, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if err := other.Own(soon); b.Exclusive() != (err != nil) {
			t.Errorf("the second one: %v", err)
		}
		b.reopen(t)
		if err := other.Own(t.Context()); err != nil {
			t.Errorf("after the first has ended: %v", err)
		}
	})
}
