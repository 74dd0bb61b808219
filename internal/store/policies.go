package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"dropletops/approvals"
)

// InForce keeps the text of a policy that is in force from now on, unless it is kept
// already, together with its lines of the audit log.
func (s *Store) InForce(ctx context.Context, p approvals.PolicyText, lines ...approvals.Line) error {
	return s.tx(ctx, "policy", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, s.sql(`INSERT INTO policies (digest, since, file, body) VALUES (?, ?, ?, ?) ON CONFLICT (digest) DO NOTHING`),
			p.Digest, micros(p.Since), p.File, p.Text); err != nil {
			return fmt.Errorf("keep the text of policy %s: %w", p.Digest, err)
		}
		return s.appendAudit(ctx, tx, lines)
	})
}

// Policy answers the text of a policy that was in force, by its digest. ErrNotFound
// if it is not kept.
func (l *Log) Policy(ctx context.Context, digest string) (approvals.PolicyText, error) {
	p := approvals.PolicyText{Digest: digest}
	var since int64
	err := l.s.read.QueryRowContext(ctx, l.s.sql(`SELECT since, file, body FROM policies WHERE digest = ?`), digest).Scan(&since, &p.File, &p.Text)
	if errors.Is(err, sql.ErrNoRows) {
		return p, approvals.ErrNotFound
	}
	if err != nil {
		return p, fmt.Errorf("read the text of policy %.40q: %w", digest, err)
	}
	p.Since = timeOf(since)
	return p, nil
}

// Policies lists the policies that were in force, without their text, oldest first.
func (l *Log) Policies(ctx context.Context) ([]approvals.PolicyText, error) {
	rows, err := l.s.read.QueryContext(ctx, `SELECT digest, since, file FROM policies ORDER BY since, digest`)
	if err != nil {
		return nil, fmt.Errorf("list the policies: %w", err)
	}
	defer rows.Close()
	var out []approvals.PolicyText
	for rows.Next() {
		var p approvals.PolicyText
		var since int64
		if err := rows.Scan(&p.Digest, &since, &p.File); err != nil {
			return nil, fmt.Errorf("list the policies: %w", err)
		}
		p.Since = timeOf(since)
		out = append(out, p)
	}
	return out, rows.Err()
}
