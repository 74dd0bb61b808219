package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"dropletops/approvals"
)

// Unpublished lists requests whose card or notes lag behind what is, oldest
// first, from after one on: the zero Due is before the first. One that was called
// off before its card stood has nothing to show.
func (s *Store) Unpublished(ctx context.Context, after approvals.Due, limit int) ([]approvals.Due, error) {
	from := micros(after.CreatedAt)
	rows, err := s.read.QueryContext(ctx, s.sql(`SELECT id, created_at FROM requests WHERE NOT (state = 'canceled' AND card_ts = '') AND id IN (
		SELECT id FROM requests WHERE card_version < version UNION ALL SELECT request_id FROM notes WHERE ts = '')
		AND (created_at > ? OR created_at = ? AND id > ?) ORDER BY created_at, id LIMIT ?`), from, from, after.ID, limit)
	if err != nil {
		return nil, fmt.Errorf("list what is unpublished: %w", err)
	}
	defer rows.Close()
	var out []approvals.Due
	for rows.Next() {
		var d approvals.Due
		var at int64
		if err := rows.Scan(&d.ID, &at); err != nil {
			return nil, fmt.Errorf("list what is unpublished: %w", err)
		}
		d.CreatedAt = timeOf(at)
		out = append(out, d)
	}
	return out, rows.Err()
}

// Publication loads a request with how far Slack has been told of it.
func (s *Store) Publication(ctx context.Context, id string) (*approvals.Publication, error) {
	p := &approvals.Publication{}
	var err error
	if p.Request, err = s.load(ctx, s.read, id, ""); err != nil {
		return nil, err
	}
	var at, since int64
	if err := s.read.QueryRowContext(ctx, s.sql(`SELECT card_version, posting_by, posting_at, posting_since FROM requests WHERE id = ?`), id).
		Scan(&p.Version, &p.PostingBy, &at, &since); err != nil {
		return nil, fmt.Errorf("load the publication of request %s: %w", id, err)
	}
	p.PostingAt, p.PostingSince = timeOf(at), timeOf(since)
	rows, err := s.read.QueryContext(ctx, s.sql(`SELECT seq, body FROM notes WHERE request_id = ? AND ts = '' ORDER BY seq`), id)
	if err != nil {
		return nil, fmt.Errorf("load the notes of request %s: %w", id, err)
	}
	defer rows.Close()
	for rows.Next() {
		var n approvals.Note
		var body string
		var seq int64
		if err := rows.Scan(&seq, &body); err != nil {
			return nil, fmt.Errorf("load the notes of request %s: %w", id, err)
		}
		if err := json.Unmarshal([]byte(body), &n); err != nil {
			return nil, fmt.Errorf("read note %d of request %s: %w", seq, id, err)
		}
		n.Seq = seq
		p.Notes = append(p.Notes, n)
	}
	return p, rows.Err()
}

// postingFor is how long a process that set out to post a card is given before
// another may.
const postingFor = 30 * time.Second

// Posting writes down that a process sets out to post a request's card in place
// of the one at the ts instead, which is empty for the first. ErrConflict if
// another card stands by now, or another process set out a short while ago.
func (s *Store) Posting(ctx context.Context, id, by, instead string) error {
	now := s.now()
	return s.tx(ctx, "posting", func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, s.sql(`UPDATE requests SET posting_by = ?, posting_at = ?,
			posting_since = CASE posting_since WHEN 0 THEN ? ELSE posting_since END
			WHERE id = ? AND card_ts = ? AND (posting_by = '' OR posting_by = ? OR posting_at < ? OR ?)`),
			by, micros(now), micros(now), id, instead, by, micros(now.Add(-postingFor)), s.Exclusive())
		if err != nil {
			return fmt.Errorf("set out to post the card of request %s: %w", id, err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, fmt.Errorf("%w: another card of request %s stands or is being posted", approvals.ErrConflict, id))
		}
		return nil
	})
}

// Published writes down where a request's card stands and which version of the
// request it shows. The first time it wakes the runner up for one that may run.
// An empty ref says that it has no card and gets none.
//
// Where another card was written down first, that one stands, and it answers
// ErrConflict; but not to the process that set out to replace it. A version older
// than the one written down tells of an edit that was overtaken, and that may
// have been the last to reach Slack: the card is due once more.
func (s *Store) Published(ctx context.Context, id string, ref approvals.MessageRef, version int64) error {
	return s.tx(ctx, "published", func(tx *sql.Tx) error {
		var before, state, postingBy string
		if err := tx.QueryRowContext(ctx, s.sql(`SELECT card_ts, state, posting_by FROM requests WHERE id = ?`+s.forUpdate()), id).
			Scan(&before, &state, &postingBy); err != nil {
			return fmt.Errorf("load request %s: %w", id, err)
		}
		if before != "" && before != ref.TS && postingBy != s.process {
			return fmt.Errorf("%w: another card of request %s stands", approvals.ErrConflict, id)
		}
		var seq int64
		if err := tx.QueryRowContext(ctx, s.sql(`UPDATE requests SET card_channel = ?, card_ts = ?, posting_by = '', posting_at = 0, posting_since = 0,
			card_version = ?, wake_seq = wake_seq + ? WHERE id = ? RETURNING wake_seq`),
			ref.ChannelID, ref.TS, version, firstRun(before, state), id).Scan(&seq); err != nil {
			return fmt.Errorf("write down the card of request %s: %w", id, err)
		}
		if firstRun(before, state) == 0 {
			return nil
		}
		return s.waker.WakeAdvance(ctx, tx, id, seq, s.now())
	})
}

// firstRun is 1 when a card that has just been placed lets its request run.
func firstRun(before, state string) int {
	if before == "" && approvals.State(state) == approvals.Running {
		return 1
	}
	return 0
}

// noPlace is the ts of a note that was given up.
const noPlace = "-"

// Told writes down which message tells these notes; an empty ts says that they
// were given up and are not due any more.
func (s *Store) Told(ctx context.Context, ts string, notes ...int64) error {
	if ts == "" {
		ts = noPlace
	}
	return s.tx(ctx, "told", func(tx *sql.Tx) error {
		for some := range slices.Chunk(notes, askedAtOnce) {
			args := []any{ts}
			for _, seq := range some {
				args = append(args, seq)
			}
			if _, err := tx.ExecContext(ctx, s.sql(`UPDATE notes SET ts = ? WHERE seq IN (`+places(len(some))+`)`), args...); err != nil {
				return fmt.Errorf("write down that %d notes were told: %w", len(some), err)
			}
		}
		return nil
	})
}
