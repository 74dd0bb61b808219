package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gofrs/flock"
	driver "modernc.org/sqlite"
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
	s.files.add(lock.Path())
	if err := s.writable(ctx); err != nil {
		return fmt.Errorf("write to the database %s: %w", s.file, err)
	}
	return nil
}

// writable says what is wrong where SQLite opened the file for reading alone, as on
// a disk that takes no writes: the connection would stay like that when the disk is
// well again. Whether there is room, or someone else is at it, is not its business.
func (s *Store) writable(ctx context.Context) error {
	tx, err := s.write.BeginTx(ctx, nil) // which reads, where it can't write
	if err != nil {
		return nil
	}
	_, err = tx.ExecContext(ctx, "PRAGMA user_version = 0") // to be taken back
	err = errors.Join(err, tx.Rollback())
	const readOnlyDatabase = 8 // SQLITE_READONLY, in the low byte: https://www.sqlite.org/rescode.html
	var within *driver.Error
	if errors.As(err, &within) && within.Code()&0xff == readOnlyDatabase {
		return err
	}
	return nil
}

func (s *Store) disown() error {
	if s.lock == nil {
		return nil
	}
	return s.lock.Unlock()
}
