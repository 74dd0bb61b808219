package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"dropletops/approvals"
)

// RecentDroplets returns the Droplets that requests of ours created, renamed or destroyed
// and that are running or ended since then, in that order of time: of one Droplet the last
// counts. Whether they exist is DigitalOcean's to say.
func (s *Store) RecentDroplets(ctx context.Context, since time.Time) ([]approvals.RecentDroplet, error) {
	var out []approvals.RecentDroplet
	for _, q := range []struct {
		sql  string
		args []any
	}{ // each by an index of its own
		{`SELECT t.body FROM requests r JOIN targets t ON t.request_id = r.id
			WHERE r.ended_at IS NOT NULL AND r.ended_at >= ? ORDER BY r.ended_at, t.ordinal`, []any{since.UnixMicro()}},
		{`SELECT t.body FROM requests r JOIN targets t ON t.request_id = r.id
			WHERE r.state IN ('pending', 'running') AND r.state = 'running' ORDER BY r.created_at, t.ordinal`, nil},
	} {
		found, err := s.recentDroplets(ctx, q.sql, q.args...)
		if err != nil {
			return nil, fmt.Errorf("list the Droplets that were created, renamed or destroyed lately: %w", err)
		}
		out = append(out, found...)
	}
	return out, nil
}

func (s *Store) recentDroplets(ctx context.Context, query string, args ...any) ([]approvals.RecentDroplet, error) {
	rows, err := s.read.QueryContext(ctx, s.sql(query), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []approvals.RecentDroplet
	for rows.Next() {
		var body string
		var t approvals.Target
		if err := rows.Scan(&body); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(body), &t); err != nil {
			return nil, fmt.Errorf("read a target: %w", err)
		}
		if d, ok := t.Recent(); ok {
			out = append(out, d)
		}
	}
	return out, rows.Err()
}
