package store

import (
	"context"
	"errors"

	driver "modernc.org/sqlite"
)

// unwell is an error of the database's own: a disk that is full, a connection
// that is gone.
type unwell struct{ error }

func (u unwell) Unwrap() error { return u.error }

// watch keeps in mind that the database took nothing. A caller that went away
// says nothing about it.
func (s *Store) watch(ctx context.Context, err error) {
	var begun unwell
	var within *driver.Error
	if err != nil && ctx.Err() == nil && (errors.As(err, &begun) || errors.As(err, &within)) {
		s.failed.Store(true)
	}
}

// Unwell says whether something could not be written down since Reawaken last
// came to its end. River's wake-ups may have been lost with it: it gives up
// writing down what came of one after some seconds, and hands it out again only
// when it would that of a dead process.
func (s *Store) Unwell() bool { return s.failed.Load() }
