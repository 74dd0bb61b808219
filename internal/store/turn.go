package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// TakeTurn takes or keeps the turn at something that one process of all does at
// a time, for as long as is given. It answers until when it is this process's,
// by the clock handed to Open; the zero time if it is another's.
func (s *Store) TakeTurn(ctx context.Context, name string, length time.Duration) (time.Time, error) {
	var until time.Time
	err := s.txOn(ctx, s.leases, "take turn", func(tx *sql.Tx) error {
		now := s.now()
		var owner string
		err := tx.QueryRowContext(ctx, s.sql(`INSERT INTO turns (name, owner, until) VALUES (?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until
			WHERE turns.owner = excluded.owner OR turns.until < ? OR ? RETURNING owner`),
			name, s.process, micros(now.Add(length)), micros(now), s.Exclusive()).Scan(&owner)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		until = now.Add(length)
		return err
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("take the turn at %s: %w", name, err)
	}
	return until, nil
}

// GiveTurn lets another process have the turn at once.
func (s *Store) GiveTurn(ctx context.Context, name string) error {
	return s.txOn(ctx, s.leases, "give turn", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, s.sql(`DELETE FROM turns WHERE name = ? AND owner = ?`), name, s.process)
		return err
	})
}

// replica is in front of a process in the names of turns: each has its own.
const replica = "replica/"

// databaseNow is PostgreSQL's own clock, in microseconds: those of the replicas differ.
const databaseNow = `(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::bigint`

// Present says that this process is there, for as long as is given, and answers how
// many are, by the database's clock. At a file there is one.
func (s *Store) Present(ctx context.Context, length time.Duration) (processes int, err error) {
	if s.Exclusive() {
		return 1, nil
	}
	// Two transactions: one that held its own name while it waits for another's would
	// stand in the way of that one, which does the same.
	err = s.txOn(ctx, s.leases, "be present", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, s.sql(`INSERT INTO turns (name, owner, until) VALUES (?, ?, `+databaseNow+` + ?)
			ON CONFLICT (name) DO UPDATE SET until = excluded.until`), replica+s.process, s.process, length.Microseconds())
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("be present: %w", err)
	}
	err = s.txOn(ctx, s.leases, "count who is present", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, s.sql(`DELETE FROM turns WHERE name LIKE ? AND until < `+databaseNow), replica+"%"); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, s.sql(`SELECT COUNT(*) FROM turns WHERE name LIKE ?`), replica+"%").Scan(&processes)
	})
	if err != nil {
		return 0, fmt.Errorf("count who is present: %w", err)
	}
	return processes, nil
}

// Absent says that this process is there no more.
func (s *Store) Absent(ctx context.Context) error { return s.GiveTurn(ctx, replica+s.process) }
