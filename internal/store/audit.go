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
	return s.tx(ctx, "record", func(tx *sql.Tx) error { return s.appendAudit(ctx, tx, lines) })
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

// AuditLine is a line of the audit log with its place in the chain.
type AuditLine struct {
	Seq  int64
	Line approvals.Line
	Hash string
}

// Audit calls f with each line in order, each checked against the chain. It
// stops with an error that names the first line that does not fit.
func (s *Store) Audit(ctx context.Context, f func(AuditLine) error) error {
	rows, err := s.read.QueryContext(ctx, `SELECT seq, body, prev, hash FROM audit ORDER BY seq`)
	if err != nil {
		return fmt.Errorf("read the audit log: %w", err)
	}
	defer rows.Close()
	last := AuditLine{}
	for rows.Next() {
		var l AuditLine
		var body, prev string
		if err := rows.Scan(&l.Seq, &body, &prev, &l.Hash); err != nil {
			return fmt.Errorf("read the audit log: %w", err)
		}
		switch {
		case l.Seq != last.Seq+1:
			return fmt.Errorf("audit line %d is missing: %d follows %d", last.Seq+1, l.Seq, last.Seq)
		case prev != last.Hash:
			return fmt.Errorf("audit line %d does not follow line %d: its link is broken", l.Seq, last.Seq)
		case l.Hash != chain(prev, l.Seq, body):
			return fmt.Errorf("audit line %d was changed: its hash does not fit its text", l.Seq)
		}
		if err := json.Unmarshal([]byte(body), &l.Line); err != nil {
			return fmt.Errorf("audit line %d can't be read: %w", l.Seq, err)
		}
		if err := f(l); err != nil {
			return err
		}
		last = l
	}
	return rows.Err()
}
