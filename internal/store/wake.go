package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
)

// CurrentWake answers the number of a request's newest wake-up.
func (s *Store) CurrentWake(ctx context.Context, id string) (int64, error) {
	var seq int64
	err := s.read.QueryRowContext(ctx, s.sql(`SELECT wake_seq FROM requests WHERE id = ?`), id).Scan(&seq)
	return seq, err
}

// reawakenBatch is how many requests are woken up in one transaction, so that
// what people do meanwhile comes in between. One takes some 100 ms on SQLite.
const reawakenBatch = 250

// Reawaken wakes the runner up for every request that must not wait for a
// wake-up of an earlier process: those that run, and pending ones whose time is
// up. It answers how many. They are woken oldest first, and after whatever is
// asked for from now on.
func (s *Store) Reawaken(ctx context.Context) (int, error) {
	ids, err := s.keys(ctx, `SELECT id FROM requests
		WHERE state IN ('pending', 'running') AND (state = 'running' OR expires_at <= ?) ORDER BY created_at, id`, micros(s.now()))
	if err != nil {
		return 0, fmt.Errorf("list what was under way: %w", err)
	}
	n := 0
	for batch := range slices.Chunk(ids, reawakenBatch) {
		woken, err := s.reawaken(ctx, batch)
		if err != nil {
			return n, fmt.Errorf("wake up what was under way: %w", err)
		}
		n += woken
	}
	s.failed.Store(false)
	return n, nil
}

// reawaken wakes a batch up. The rows are locked in the order of their IDs, so
// that replicas that start at once do not lock each other out.
func (s *Store) reawaken(ctx context.Context, ids []any) (n int, err error) {
	err = s.tx(ctx, "reawaken", func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, s.sql(`UPDATE requests SET wake_seq = wake_seq + 1 WHERE id IN (
			SELECT id FROM requests WHERE id IN (`+places(len(ids))+`) AND state IN ('pending', 'running') ORDER BY id`+s.forUpdate()+`)
			RETURNING id, wake_seq, created_at`), ids...)
		if err != nil {
			return err
		}
		type woken struct {
			id           string
			seq, created int64
		}
		var all []woken
		for rows.Next() {
			var w woken
			if err := rows.Scan(&w.id, &w.seq, &w.created); err != nil {
				return errors.Join(err, rows.Close())
			}
			all = append(all, w)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		slices.SortFunc(all, func(a, b woken) int { return cmp.Or(cmp.Compare(a.created, b.created), cmp.Compare(a.id, b.id)) })
		n = len(all)
		return s.waker.Rewake(ctx, tx, func(yield func(string, int64) bool) {
			for _, w := range all {
				if !yield(w.id, w.seq) {
					return
				}
			}
		})
	})
	return n, err
}
