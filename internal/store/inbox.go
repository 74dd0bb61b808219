package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	driver "modernc.org/sqlite"

	"dropletops/approvals"
	"dropletops/internal/task"
)

// put is one envelope on its way to disk, and where to answer.
type put struct {
	envelope approvals.Envelope
	done     chan<- putDone
}

type putDone struct {
	fresh bool
	err   error
}

// batch is how many envelopes share a transaction at the most. One transaction
// of 64 takes hardly longer than one of 1, since the sync to disk is what takes.
const batch = 64

// commitWithin bounds a group's transaction, so that a database that does not
// answer any more can't hold up intake, or the end of the process, for good.
// Whoever waits has given up by then: an envelope is acknowledged within 3 s.
const commitWithin = 6 * time.Second

// errClosed answers a Put that comes after Close.
var errClosed = errors.New("the store is closed")

// Put writes an envelope down; it is on disk when Put returns. fresh is false if
// the same envelope, or the same event in another, was there already.
func (s *Store) Put(ctx context.Context, e approvals.Envelope) (fresh bool, err error) {
	done := make(chan putDone, 1)
	select {
	case s.puts <- put{e, done}:
	case <-s.quit:
		return false, errClosed
	case <-ctx.Done():
		return false, fmt.Errorf("write envelope %s down: %w", e.Key, ctx.Err())
	}
	select {
	case d := <-done:
		return d.fresh, d.err
	case <-ctx.Done(): // it may still be committed: redelivery or Unhandled will show it
		return false, fmt.Errorf("write envelope %s down: %w", e.Key, ctx.Err())
	}
}

// commitPuts writes envelopes down in groups: whatever came while one
// transaction was being synced goes into the next.
func (s *Store) commitPuts() {
	defer close(s.done)
	for {
		var group []put
		select {
		case p := <-s.puts:
			group = append(group, p)
		case <-s.quit:
			return
		}
	gather:
		for len(group) < batch {
			select {
			case p := <-s.puts:
				group = append(group, p)
			default:
				break gather
			}
		}
		if err := task.Do(func() error { s.commit(group); return nil }); err != nil {
			s.panicked(err)
			for _, p := range group { // whoever was answered already takes no second one
				select {
				case p.done <- putDone{false, err}:
				default:
				}
			}
		}
	}
}

// panicked keeps in mind that something was not written down; each who waits for it is told.
func (s *Store) panicked(error) { s.failed.Store(true) }

// putting is the transaction that goes ahead of all others.
const putting = "put"

// commit writes a group down. The context is the store's own: whoever waits may
// go away, what is committed stays. One that the database refuses for what is in it
// is left out, and the others are written down without it.
func (s *Store) commit(group []put) {
	ctx, cancel := context.WithTimeout(s.base, commitWithin)
	defer cancel()
	for {
		fresh, err := s.insert(ctx, group)
		var refused *refusedPut
		if errors.As(err, &refused) {
			group[refused.i].done <- putDone{false, err}
			if group = slices.Delete(group, refused.i, refused.i+1); len(group) > 0 {
				continue
			}
			return
		}
		for i, p := range group {
			p.done <- putDone{fresh[i] && err == nil, err}
		}
		return
	}
}

// refusedPut is an envelope of a group that the database does not take for what is in it.
type refusedPut struct {
	i int
	error
}

func (r *refusedPut) Unwrap() error { return r.error }

// insert writes a group down in one transaction.
func (s *Store) insert(ctx context.Context, group []put) (fresh []bool, err error) {
	fresh = make([]bool, len(group))
	return fresh, s.tx(ctx, putting, func(tx *sql.Tx) error {
		for i, p := range group {
			e := p.envelope
			res, err := tx.ExecContext(ctx, s.sql(`INSERT INTO inbox (key, event, type, payload, received_at, claimed_by, claimed_until)
				VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`), e.Key, nullString(e.Event), e.Type, string(e.Payload),
				micros(e.ReceivedAt), s.process, micros(s.now().Add(approvals.ClaimFor)))
			if err != nil {
				err = fmt.Errorf("write envelope %s down: %w", e.Key, err)
				if refusesData(err) {
					return &refusedPut{i, err}
				}
				return err
			}
			n, err := res.RowsAffected()
			if err != nil {
				return err
			}
			fresh[i] = n == 1
		}
		return nil
	})
}

// refusesData reports whether a database's error is about the values that it was given,
// and not about itself.
func refusesData(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		// 22 is a data exception, as a NUL; 23 a constraint; 54 a program limit:
		// https://www.postgresql.org/docs/current/errcodes-appendix.html
		return len(pg.Code) == 5 && slices.Contains([]string{"22", "23", "54"}, pg.Code[:2])
	}
	var lite *driver.Error
	// SQLITE_TOOBIG, SQLITE_CONSTRAINT and SQLITE_MISMATCH: https://www.sqlite.org/rescode.html
	return errors.As(err, &lite) && slices.Contains([]int{18, 19, 20}, lite.Code()&0xff)
}

// erased is what is left of a payload that nobody reads any more: what people say to the
// bot besides commands, and what stands in a script, is not kept.
const erased = `{}`

// Handled marks an envelope as done with, and erases its payload unless that is still
// needed. One that was turned away meanwhile is left alone: its sender is still to be told,
// and Forsake marks that.
func (s *Store) Handled(ctx context.Context, key string, keepPayload bool) error {
	return s.tx(ctx, "handled", func(tx *sql.Tx) error {
		set, args := `handled_at = ?`, []any{micros(s.now())}
		if !keepPayload {
			set, args = set+`, payload = ?`, append(args, erased)
		}
		_, err := tx.ExecContext(ctx, s.sql(`UPDATE inbox SET `+set+` WHERE key = ? AND handled_at IS NULL AND attempt < ?`), append(args, key, approvals.TurnedAway)...)
		return err
	})
}

// markHandled marks an envelope as done with, and erases its payload, in the transaction of
// what it caused, or answers ErrHandled: of two replicas that have it in hand, since one
// was frozen over it, or of a handling and a Forsake, one alone has its way. One
// that was never written down is left alone, as in tests.
func (s *Store) markHandled(ctx context.Context, tx *sql.Tx, key string) error {
	res, err := tx.ExecContext(ctx, s.sql(`UPDATE inbox SET handled_at = ?, payload = ? WHERE key = ? AND handled_at IS NULL AND attempt < ?`), micros(s.now()), erased, key, approvals.TurnedAway)
	if err != nil {
		return fmt.Errorf("mark envelope %s as handled: %w", key, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return err
	}
	var there int
	if err := tx.QueryRowContext(ctx, s.sql(`SELECT COUNT(*) FROM inbox WHERE key = ?`), key).Scan(&there); err != nil {
		return fmt.Errorf("look for envelope %s: %w", key, err)
	}
	if there > 0 {
		return fmt.Errorf("%w: %s", approvals.ErrHandled, key)
	}
	return nil
}

// Forsake turns an envelope away, also if a Put of it that was given up is committed
// only later. It is found among the unhandled as one that was turned away, until its
// sender was told: then it is done with. It is not ours if another took the
// same event in, or if it has had its effect.
func (s *Store) Forsake(ctx context.Context, e approvals.Envelope, told bool) (ours bool, err error) {
	now := s.now()
	done := sql.NullInt64{Int64: micros(now), Valid: told}
	claimed := micros(now.Add(approvals.ClaimFor))
	payload := string(e.Payload)
	if told {
		payload = erased
	}
	err = s.tx(ctx, "forsake", func(tx *sql.Tx) error {
		// On PostgreSQL this waits for a transaction that is about to insert the same.
		inserted, err := tx.ExecContext(ctx, s.sql(`INSERT INTO inbox (key, event, type, payload, received_at, attempt, claimed_by, claimed_until, handled_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`), e.Key, nullString(e.Event), e.Type, payload, micros(e.ReceivedAt),
			approvals.TurnedAway, s.process, claimed, done)
		if err != nil {
			return err
		}
		kept, err := tx.ExecContext(ctx, s.sql(`UPDATE inbox SET attempt = ?, claimed_by = ?, claimed_until = ?, handled_at = ?,
			payload = CASE WHEN ? THEN ? ELSE payload END WHERE key = ? AND handled_at IS NULL`), approvals.TurnedAway, s.process, claimed, done, told, erased, e.Key)
		if err != nil {
			return err
		}
		a, err := inserted.RowsAffected()
		b, err2 := kept.RowsAffected()
		ours = a+b > 0
		return errors.Join(err, err2)
	})
	if err != nil {
		return false, fmt.Errorf("forsake envelope %s: %w", e.Key, err)
	}
	return ours, nil
}

// Failed counts a handling that did not work, and keeps the envelope claimed. One that
// was turned away meanwhile stays so, and whose it is.
func (s *Store) Failed(ctx context.Context, key string, attempt int) error {
	return s.tx(ctx, "failed", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, s.sql(`UPDATE inbox SET attempt = ?, claimed_by = ?, claimed_until = ? WHERE key = ? AND (attempt < ? OR attempt = ?)`),
			attempt, s.process, micros(s.now().Add(approvals.ClaimFor)), key, approvals.TurnedAway, attempt)
		return err
	})
}

// CountCrashes says how often a process will have died over an envelope if this one does,
// and keeps it claimed. It is written before the handling, and taken back after. It
// reports whether the envelope is this process's to handle: another replica may have
// claimed it since, or its sender been told that it comes to nothing.
func (s *Store) CountCrashes(ctx context.Context, key string, c approvals.Crashes) (ours bool, err error) {
	err = s.tx(ctx, "count crashes", func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, s.sql(`UPDATE inbox SET crashes_shared = ?, crashes_alone = ?, claimed_until = ?
			WHERE key = ? AND claimed_by = ? AND attempt < ? AND handled_at IS NULL`),
			c.Shared, c.Alone, micros(s.now().Add(approvals.ClaimFor)), key, s.process, approvals.TurnedAway)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		ours = n == 1
		return err
	})
	if err != nil {
		return false, fmt.Errorf("count crashes over envelope %s: %w", key, err)
	}
	return ours, nil
}

const envelopeColumns = `key, event, type, payload, received_at, attempt, crashes_shared, crashes_alone`

// Unhandled lists envelopes that are not done with, oldest first, and claims them
// for this process. What another replica has in hand is not among them; on
// SQLite there is none. What this process has in hand itself may be.
func (s *Store) Unhandled(ctx context.Context, limit int) ([]approvals.Envelope, error) {
	var out []approvals.Envelope
	now := s.now()
	err := s.tx(ctx, "unhandled", func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, s.sql(`UPDATE inbox SET claimed_by = ?, claimed_until = ? WHERE key IN (
			SELECT key FROM inbox WHERE handled_at IS NULL AND (claimed_by = ? OR claimed_until < ? OR ?)
			ORDER BY received_at, key LIMIT ?`+s.skipLocked()+`) RETURNING `+envelopeColumns),
			s.process, micros(now.Add(approvals.ClaimFor)), s.process, micros(now), s.Exclusive(), limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			e, err := scanEnvelope(rows)
			if err != nil {
				return err
			}
			out = append(out, e)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("list what is unhandled: %w", err)
	}
	slices.SortFunc(out, func(a, b approvals.Envelope) int {
		return cmp.Or(a.ReceivedAt.Compare(b.ReceivedAt), cmp.Compare(a.Key, b.Key))
	})
	return out, nil
}

// skipLocked has a PostgreSQL replica pass over what another one is just claiming.
func (s *Store) skipLocked() string {
	if s.kind == postgres {
		return " FOR UPDATE SKIP LOCKED"
	}
	return ""
}

// Envelope loads an envelope; ErrNotFound if there is none.
func (s *Store) Envelope(ctx context.Context, key string) (approvals.Envelope, error) {
	e, err := scanEnvelope(s.read.QueryRowContext(ctx, s.sql(`SELECT `+envelopeColumns+` FROM inbox WHERE key = ?`), key))
	if errors.Is(err, sql.ErrNoRows) {
		return e, fmt.Errorf("%w: envelope %.40q", approvals.ErrNotFound, key)
	}
	return e, err
}

func scanEnvelope(row interface{ Scan(...any) error }) (approvals.Envelope, error) {
	var e approvals.Envelope
	var event sql.NullString
	var payload string
	var at int64
	if err := row.Scan(&e.Key, &event, &e.Type, &payload, &at, &e.Attempt, &e.Crashes.Shared, &e.Crashes.Alone); err != nil {
		return e, fmt.Errorf("load an envelope: %w", err)
	}
	e.Event, e.Payload, e.ReceivedAt = event.String, []byte(payload), timeOf(at)
	e.Attempt++ // the table has how often it failed
	return e, nil
}
