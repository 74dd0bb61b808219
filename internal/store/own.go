package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gofrs/flock"
)

// ownWithin is how long a process waits for the one before it to let go: one
// that was told to stop takes up to 10 s.
const ownWithin = 12 * time.Second

// Own makes sure that no other process works on the same SQLite file, until
// Close: two would take what the other has in hand for what a dead one left. The
// system lets go of the lock when a process dies. PostgreSQL is made for several.
func (s *Store) Own(ctx context.Context) error {
	if s.kind == postgres {
		return nil
	}
	lock := flock.New(s.file + ".lock")
	ctx, cancel := context.WithTimeout(ctx, ownWithin)
	defer cancel()
	got, err := lock.TryLockContext(ctx, 100*time.Millisecond)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("another dropletops works on %s: stop it, or give this one a database of its own", s.file)
	case err != nil || !got:
		return fmt.Errorf("lock the database %s: %w", s.file, err)
	}
	s.lock = lock
	return nil
}

func (s *Store) disown() error {
	if s.lock == nil {
		return nil
	}
	return s.lock.Unlock()
}
