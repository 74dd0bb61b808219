package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"dropletops/approvals"
)

// targetsAtOnce is how many targets are written with one statement: each takes 6 of
// the 32,766 parameters of SQLite's.
const targetsAtOnce = 200

// loadTargets fills in a request's targets, and answers what stands in the table, by
// ordinal.
func (s *Store) loadTargets(ctx context.Context, q queryer, r *approvals.Request) (map[int]string, error) {
	rows, err := q.QueryContext(ctx, s.sql(`SELECT ordinal, body FROM targets WHERE request_id = ? ORDER BY ordinal`), r.ID)
	if err != nil {
		return nil, fmt.Errorf("load the targets of request %s: %w", r.ID, err)
	}
	defer rows.Close()
	bodies := map[int]string{}
	for rows.Next() {
		var t approvals.Target
		var ordinal int
		var body string
		if err := rows.Scan(&ordinal, &body); err != nil {
			return nil, fmt.Errorf("load the targets of request %s: %w", r.ID, err)
		}
		if err := json.Unmarshal([]byte(body), &t); err != nil {
			return nil, fmt.Errorf("read a target of request %s: %w", r.ID, err)
		}
		r.Targets, bodies[ordinal] = append(r.Targets, t), body
	}
	return bodies, rows.Err()
}

// saveTargets writes the targets that differ from what was there, and drops those
// that a drift left out.
func (s *Store) saveTargets(ctx context.Context, tx *sql.Tx, r *approvals.Request, was map[int]string) error {
	var rows []any
	for _, t := range r.Targets {
		body, changed, err := changedTarget(was[t.Ordinal], t)
		if err != nil {
			return err
		}
		if !changed {
			continue
		}
		var action any
		if t.Action != nil && t.Action.ID != 0 { // of a destroy DigitalOcean makes no action
			action = t.Action.ID
		}
		rows = append(rows, r.ID, t.Ordinal, t.DropletID(), string(t.State), action, body)
	}
	const columns = 6
	for some := range slices.Chunk(rows, targetsAtOnce*columns) {
		_, err := tx.ExecContext(ctx, s.sql(`INSERT INTO targets (request_id, ordinal, droplet_id, state, action_id, body)
			VALUES (?, ?, ?, ?, ?, ?)`+strings.Repeat(", (?, ?, ?, ?, ?, ?)", len(some)/columns-1)+` ON CONFLICT (request_id, ordinal) DO UPDATE
			SET droplet_id = excluded.droplet_id, state = excluded.state, action_id = excluded.action_id, body = excluded.body`), some...)
		if err != nil {
			return fmt.Errorf("save the Droplets of request %s: %w", r.ID, err)
		}
	}
	if len(was) <= len(r.Targets) {
		return nil
	}
	_, err := tx.ExecContext(ctx, s.sql(`DELETE FROM targets WHERE request_id = ? AND ordinal >= ?`), r.ID, len(r.Targets))
	if err != nil {
		return fmt.Errorf("drop what was left out of request %s: %w", r.ID, err)
	}
	return nil
}

// changedTarget answers what is to stand in the table for a target, and whether
// that is anything new.
func changedTarget(was string, t approvals.Target) (body string, changed bool, err error) {
	now, err := json.Marshal(t)
	if err != nil || was == string(now) {
		return "", false, err
	}
	// The same may be written in another way: by a newer version, or by hand.
	var old approvals.Target
	if was != "" && json.Unmarshal([]byte(was), &old) == nil {
		if before, err := json.Marshal(old); err == nil && string(before) == string(now) {
			return "", false, nil
		}
	}
	body, err = keep(was, t)
	return body, true, err
}
