package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	"dropletops/approvals"
)

// Others answers the requests other than by that have begun on a Droplet, or wait in line
// for it, and are not over there, each with it alone as its target.
func (s *Store) Others(ctx context.Context, droplet int, by string) ([]*approvals.Request, error) {
	rows, err := s.read.QueryContext(ctx, s.sql(`SELECT t.body, r.body FROM targets t JOIN requests r ON r.id = t.request_id
		WHERE t.droplet_id = ? AND t.request_id <> ? AND t.state IN ('queued', 'dispatching', 'following') AND r.state = 'running'`), droplet, by)
	if err != nil {
		return nil, fmt.Errorf("list what is to be done on Droplet %d: %w", droplet, err)
	}
	defer rows.Close()
	var out []*approvals.Request
	for rows.Next() {
		var target, request string
		if err := rows.Scan(&target, &request); err != nil {
			return nil, fmt.Errorf("list what is to be done on Droplet %d: %w", droplet, err)
		}
		r := &approvals.Request{Targets: make([]approvals.Target, 1)}
		if err := json.Unmarshal([]byte(target), &r.Targets[0]); err != nil {
			return nil, fmt.Errorf("read a target of Droplet %d: %w", droplet, err)
		}
		if err := json.Unmarshal([]byte(request), r); err != nil {
			return nil, fmt.Errorf("read a request of Droplet %d: %w", droplet, err)
		}
		if r.Sent() || r.Targets[0].Wait == approvals.WaitPendingEvent {
			out = append(out, r)
		}
	}
	return out, rows.Err()
}

// Intents answers the intents to act on a Droplet, of other requests than by, of
// which no action is known: what is being sent or looked for, and what was looked
// for in vain.
func (s *Store) Intents(ctx context.Context, droplet int, by string) ([]approvals.Intent, error) {
	rows, err := s.read.QueryContext(ctx, s.sql(`SELECT t.body, r.id, r.body FROM targets t JOIN requests r ON r.id = t.request_id
		WHERE t.droplet_id = ? AND t.request_id <> ? AND t.state IN ('dispatching', 'unknown') AND t.action_id IS NULL`), droplet, by)
	if err != nil {
		return nil, fmt.Errorf("list the intents on Droplet %d: %w", droplet, err)
	}
	defer rows.Close()
	var out []approvals.Intent
	for rows.Next() {
		var i approvals.Intent
		var target, request string
		if err := rows.Scan(&target, &i.RequestID, &request); err != nil {
			return nil, fmt.Errorf("list the intents on Droplet %d: %w", droplet, err)
		}
		var t approvals.Target
		var r approvals.Request
		if err := json.Unmarshal([]byte(target), &t); err != nil {
			return nil, fmt.Errorf("read a target of Droplet %d: %w", droplet, err)
		}
		if err := json.Unmarshal([]byte(request), &r); err != nil {
			return nil, fmt.Errorf("read request %s: %w", i.RequestID, err)
		}
		i.Open = t.State == approvals.Dispatching
		if !i.Open && t.LostAt.IsZero() {
			continue // nothing was sent for it
		}
		i.Sends, i.Baseline, i.DispatchedAt = cmp.Or(t.Sends, r.Action.Type), t.Baseline, t.DispatchedAt
		i.Droplet, i.Bore = t.Droplet, t.Bore
		out = append(out, i)
	}
	return out, rows.Err()
}
