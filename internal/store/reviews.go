package store

import (
	"context"
	"errors"
	"fmt"

	"dropletops/approvals"
)

// unreviewed is what someone went ahead with alone and nobody has looked at yet. A
// quote inside a JSON text has a backslash before it, so what looks like a key is
// one. It is word for word that of the index requests_unreviewed, or that is not used.
const unreviewed = `body LIKE '%"review":{%' AND body NOT LIKE '%"closed_by":"%'`

// Unreviewed answers the requests whose review is open, oldest first.
func (s *Store) Unreviewed(ctx context.Context) ([]*approvals.Request, error) {
	ids, err := s.keys(ctx, `SELECT id FROM requests WHERE `+unreviewed+` ORDER BY created_at, id`)
	if err != nil {
		return nil, fmt.Errorf("list the open reviews: %w", err)
	}
	var out []*approvals.Request
	for _, id := range ids {
		r, err := s.load(ctx, s.read, id.(string), "")
		switch {
		case errors.Is(err, approvals.ErrNotFound):
		case err != nil:
			return nil, err
		case r.Review.Open(): // nobody has closed it since it was listed
			out = append(out, r)
		}
	}
	return out, nil
}

// OpenReviews counts them.
func (s *Store) OpenReviews(ctx context.Context) (int, error) {
	var n int
	if err := s.read.QueryRowContext(ctx, `SELECT COUNT(*) FROM requests WHERE `+unreviewed).Scan(&n); err != nil {
		return 0, fmt.Errorf("count the open reviews: %w", err)
	}
	return n, nil
}
