package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"dropletops/approvals"
)

// Create writes a new request down, with what must become durable with it.
func (s *Store) Create(ctx context.Context, r *approvals.Request, c approvals.Change) error {
	err := s.tx(ctx, "create", func(tx *sql.Tx) error {
		body, err := json.Marshal(r)
		if err != nil {
			return err
		}
		if c.RetryOf != "" {
			if err := s.markRetried(ctx, tx, c.RetryOf, r.ID); err != nil {
				return err
			}
		}
		res, err := tx.ExecContext(ctx, s.sql(`INSERT INTO requests
			(id, version, state, body, envelope, created_at, expires_at, ended_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (envelope) DO NOTHING`),
			r.ID, r.Version, string(r.State), string(body), nullString(r.Origin.Envelope),
			micros(r.CreatedAt), nullMicros(r.ExpiresAt), nullMicros(r.EndedAt))
		if err != nil {
			return fmt.Errorf("insert request %s: %w", r.ID, err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, approvals.ErrHandled)
		}
		if err := s.saveTargets(ctx, tx, r, nil); err != nil {
			return err
		}
		return s.saveChange(ctx, tx, r, c)
	})
	if err == nil {
		s.counts.lines(c.Audit)
	}
	return err
}

// markRetried notes on a request that another takes its place; only one can.
func (s *Store) markRetried(ctx context.Context, tx *sql.Tx, old, by string) error {
	res, err := tx.ExecContext(ctx, s.sql(`UPDATE requests SET retried_by = ?, version = version + 1
		WHERE id = ? AND retried_by IS NULL AND state IN ('failed', 'unknown')`), by, old)
	if err != nil {
		return fmt.Errorf("mark request %s as retried: %w", old, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, approvals.ErrConflict)
	}
	return s.waker.WakePublish(ctx, tx, old)
}

// Request loads a request.
func (s *Store) Request(ctx context.Context, id string) (*approvals.Request, error) {
	r, err := s.load(ctx, s.read, id, "")
	if err != nil {
		return nil, err
	}
	return r, nil
}

// maxTries bounds how often an Update begins again. Each time, somebody else
// got through, so it is never for nothing.
const maxTries = 20

// Update changes a request in one transaction; see [approvals.Store].
func (s *Store) Update(ctx context.Context, id string, f func(*approvals.Request) (approvals.Change, error)) (*approvals.Request, error) {
	for try := 1; ; try++ {
		r, err := s.update(ctx, id, f)
		if errors.Is(err, errGuard) && try < maxTries {
			continue
		}
		return r, err
	}
}

// errGuard says that a guarded UPDATE met a newer version.
var errGuard = fmt.Errorf("%w: a newer version is there", approvals.ErrConflict)

func (s *Store) update(ctx context.Context, id string, f func(*approvals.Request) (approvals.Change, error)) (*approvals.Request, error) {
	var r *approvals.Request
	var c approvals.Change
	err := s.tx(ctx, "update", func(tx *sql.Tx) error {
		var err error
		var was stored
		if r, was, err = s.loadStored(ctx, tx, id, s.forUpdate()); err != nil {
			return err
		}
		state, version, card := r.State, r.Version, r.Card
		if c, err = f(r); err != nil {
			return err
		}
		r.Version, r.Card = version+1, card
		body, err := keep(was.body, r)
		if err != nil {
			return err
		}
		res, err := tx.ExecContext(ctx, s.sql(`UPDATE requests SET version = ?, state = ?, body = ?, expires_at = ?, ended_at = ?
			WHERE id = ? AND version = ? AND state = ?`),
			r.Version, string(r.State), body, nullMicros(r.ExpiresAt), nullMicros(r.EndedAt), id, version, string(state))
		if err != nil {
			return fmt.Errorf("update request %s: %w", id, err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, errGuard)
		}
		if err := s.saveTargets(ctx, tx, r, was.targets); err != nil {
			return err
		}
		return s.saveChange(ctx, tx, r, c)
	})
	if errors.Is(err, approvals.ErrNoChange) {
		return r, nil
	}
	if err != nil {
		return r, err
	}
	s.counts.lines(c.Audit)
	return r, nil
}

// forUpdate locks the row that a PostgreSQL transaction is about to change. On
// SQLite the transaction holds the write lock already.
func (s *Store) forUpdate() string {
	if s.kind == postgres {
		return " FOR UPDATE"
	}
	return ""
}

// queryer is what *sql.DB and *sql.Tx share for reading.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// stored is a request as it stands in the tables.
type stored struct {
	body    string
	targets map[int]string // by ordinal
}

func (s *Store) load(ctx context.Context, q queryer, id, lock string) (*approvals.Request, error) {
	r, _, err := s.loadStored(ctx, q, id, lock)
	return r, err
}

func (s *Store) loadStored(ctx context.Context, q queryer, id, lock string) (*approvals.Request, stored, error) {
	r, was := &approvals.Request{}, stored{}
	var state string
	var retriedBy sql.NullString
	if strings.ContainsRune(id, 0) || !utf8.ValidString(id) { // PostgreSQL takes no such text, not even to look for it
		return nil, was, fmt.Errorf("%w: %.40q", approvals.ErrNotFound, id)
	}
	err := q.QueryRowContext(ctx, s.sql(`SELECT body, version, state, retried_by, `+movedTo+`, card_ts
		FROM requests WHERE id = ?`+lock), id).Scan(&was.body, &r.Version, &state, &retriedBy, &r.Card.ChannelID, &r.Card.TS)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, was, fmt.Errorf("%w: %.40q", approvals.ErrNotFound, id)
	}
	if err != nil {
		return nil, was, fmt.Errorf("load request %s: %w", id, err)
	}
	version := r.Version
	if err := json.Unmarshal([]byte(was.body), r); err != nil {
		return nil, was, fmt.Errorf("read request %s: %w", id, err)
	}
	// The columns are the truth; the body may be older by what the publisher or
	// a retry changed.
	r.ID, r.Version, r.State, r.RetriedBy = id, version, approvals.State(state), retriedBy.String
	if r.Card.TS != "" && r.Origin.ChannelID != r.Card.ChannelID {
		if r.Origin.ChannelID, err = s.channelNow(ctx, q, r.Origin.ChannelID); err != nil {
			return nil, was, err
		}
	}
	if was.targets, err = s.loadTargets(ctx, q, r); err != nil {
		return nil, was, err
	}
	return r, was, nil
}

// saveChange makes durable what comes with a changed request.
func (s *Store) saveChange(ctx context.Context, tx *sql.Tx, r *approvals.Request, c approvals.Change) error {
	for _, n := range c.Notes {
		body, err := json.Marshal(n)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, s.sql(`INSERT INTO notes (request_id, body) VALUES (?, ?)`), r.ID, string(body)); err != nil {
			return fmt.Errorf("insert a note of request %s: %w", r.ID, err)
		}
	}
	if !c.Advance.IsZero() {
		var seq int64
		if err := tx.QueryRowContext(ctx, s.sql(`UPDATE requests SET wake_seq = wake_seq + 1 WHERE id = ? RETURNING wake_seq`), r.ID).Scan(&seq); err != nil {
			return fmt.Errorf("number the wake-up of request %s: %w", r.ID, err)
		}
		if err := s.waker.WakeAdvance(ctx, tx, r.ID, seq, c.Advance); err != nil {
			return fmt.Errorf("wake the runner up for request %s: %w", r.ID, err)
		}
	}
	if err := s.waker.WakePublish(ctx, tx, r.ID); err != nil {
		return fmt.Errorf("wake the publisher up for request %s: %w", r.ID, err)
	}
	if c.Envelope != "" {
		if err := s.markHandled(ctx, tx, c.Envelope); err != nil {
			return err
		}
	}
	return s.appendAudit(ctx, tx, c.Audit)
}

// ActionTaken says whether an action on a Droplet is another request's than by,
// so that the search for a lost one does not take another's for it. It also is
// while another request has its POST to that Droplet under way: the action may be
// the one whose answer it is about to get. One whose answer is lost itself counts
// no more, or two that search would wait for each other.
func (s *Store) ActionTaken(ctx context.Context, actionID, droplet int, by string) (bool, error) {
	rows, err := s.read.QueryContext(ctx, s.sql(`SELECT body FROM targets
		WHERE action_id = ? OR (droplet_id = ? AND (state = 'dispatching' AND request_id <> ? OR body LIKE '%"past":%'))`), actionID, droplet, by)
	if err != nil {
		return false, fmt.Errorf("tell whose action %d is: %w", actionID, err)
	}
	defer rows.Close()
	taken := false
	for rows.Next() {
		var body string
		var t approvals.Target
		if err := rows.Scan(&body); err != nil {
			return false, fmt.Errorf("tell whose action %d is: %w", actionID, err)
		}
		if err := json.Unmarshal([]byte(body), &t); err != nil {
			return false, fmt.Errorf("read a target of Droplet %d: %w", droplet, err)
		}
		// A composite verb's earlier actions stay its own.
		past := slices.ContainsFunc(t.Past, func(a approvals.ActionRef) bool { return a.ID == actionID })
		posting := t.State == approvals.Dispatching && t.LostAt.IsZero()
		taken = taken || past || posting || t.Action != nil && t.Action.ID == actionID
	}
	return taken, rows.Err()
}

func nullString(s string) any {
	if s == "" {
		return nil
	}
	return s
}
