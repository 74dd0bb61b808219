package store_test

import (
	"context"
	"dropletops/internal/store"
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
		b.clock.forward(16 * time.Second)
		there(b.Store, 1)
		there(other, 2)
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
