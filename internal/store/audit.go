package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"dropletops/approvals"
)

// auditLock is the key of PostgreSQL's advisory lock under which replicas append
// to the audit log one after the other. Any number that nobody else uses will do.
const auditLock = 7_311_205_001

// Record appends audit lines.
func (s *Store) Record(ctx context.Context, lines ...approvals.Line) error {
	err := s.tx(ctx, "record", func(tx *sql.Tx) error { return s.appendAudit(ctx, tx, lines) })
	if err == nil {
		s.counts.lines(lines)
	}
	return err
}

// appendAudit numbers the lines and chains each to the one before: its hash is
// over the hash before it, its number and its text.
func (s *Store) appendAudit(ctx context.Context, tx *sql.Tx, lines []approvals.Line) error {
	if len(lines) == 0 {
		return nil
	}
	if s.kind == postgres {
		if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(auditLock)); err != nil {
			return fmt.Errorf("take the audit log's turn: %w", err)
		}
	}
	var seq int64
	var prev string
	err := tx.QueryRowContext(ctx, `SELECT seq, hash FROM audit WHERE seq = (SELECT MAX(seq) FROM audit)`).Scan(&seq, &prev)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("read the head of the audit log: %w", err)
	}
	for _, l := range lines {
		body, err := json.Marshal(l)
		if err != nil {
			return err
		}
		seq++
		hash := chain(prev, seq, string(body))
		if _, err := tx.ExecContext(ctx, s.sql(`INSERT INTO audit (seq, at, request_id, body, prev, hash) VALUES (?, ?, ?, ?, ?, ?)`),
			seq, micros(l.At), l.RequestID, string(body), prev, hash); err != nil {
			return fmt.Errorf("append to the audit log: %w", err)
		}
		prev = hash
	}
	return nil
}

func chain(prev string, seq int64, body string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%d\n%s", prev, seq, body))
	return hex.EncodeToString(sum[:])
}
