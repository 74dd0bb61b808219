package store_test

import (
	"context"
	"database/sql"
	"dropletops/internal/store"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"
)

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

// Each process says that it is there, and knows of the others until they are gone or
// are not heard of any more.
func TestPresence(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		there := func(s *store.Store, want int) {
			t.Helper()
			if n, err := s.Present(ctx, 15*time.Second); err != nil || n != want {
				t.Fatalf("%d processes are there, want %d: %v", n, want, err)
			}
		}
		there(b.Store, 1)
		there(b.Store, 1)
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
		there(other, 2)
		there(b.Store, 2)
		if err := other.Absent(ctx); err != nil {
			t.Fatal(err)
		}
		there(b.Store, 1)
		there(other, 2)
		lapse(t, b)
		there(b.Store, 1)
		there(other, 2)
	})
}

// lapse has all turns at a database run out.
func lapse(t *testing.T, b *bench) {
	t.Helper()
	db, err := sql.Open("pgx", b.url)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), `UPDATE turns SET until = until - 16000000`)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// Replicas whose clocks differ count the same.
func TestPresenceByOneClock(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		if b.Exclusive() {
			return
		}
		ahead, err := store.Open(t.Context(), b.url, "process-2", func() time.Time { return b.clock.now().Add(time.Minute) })
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := ahead.Close(); err != nil {
				t.Error(err)
			}
		}()
		for i, s := range []*store.Store{ahead, b.Store, ahead, b.Store} {
			if n, err := s.Present(t.Context(), 15*time.Second); err != nil || n != min(i+1, 2) {
				t.Errorf("%d: %d processes are there: %v", i, n, err)
			}
		}
	})
}

// Replicas that come back all at once, as after an outage of the database, do not
// stand in each other's way.
func TestPresenceOfManyAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		if b.Exclusive() {
			return
		}
		var others []*store.Store
		for i := range 4 {
			s, err := store.Open(t.Context(), b.url, fmt.Sprintf("process-%d", 2+i), b.clock.now)
			if err != nil {
				t.Fatal(err)
			}
			others = append(others, s)
			defer func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}()
		}
		for range 20 {
			var all sync.WaitGroup
			for _, s := range others {
				all.Go(func() {
					if _, err := s.Present(t.Context(), 15*time.Second); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			lapse(t, b)
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
