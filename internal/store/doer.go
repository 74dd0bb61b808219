package store

import (
	"context"
	"encoding/json"
	"fmt"

	"dropletops/approvals"
)

// askedAtOnce is how many actions are looked up with one query; SQLite takes
// 32,766 parameters in one.
const askedAtOnce = 500

// Doings answers whose doing actions were, by action ID. An action that no
// request of ours is known to have made is left out.
func (s *Store) Doings(ctx context.Context, actionIDs []int) (map[int]approvals.Doing, error) {
	out := map[int]approvals.Doing{}
	for len(actionIDs) > 0 {
		n := min(len(actionIDs), askedAtOnce)
		if err := s.doings(ctx, actionIDs[:n], out); err != nil {
			return nil, fmt.Errorf("tell whose doing %d actions were: %w", n, err)
		}
		actionIDs = actionIDs[n:]
	}
	return out, nil
}

func (s *Store) doings(ctx context.Context, actionIDs []int, into map[int]approvals.Doing) error {
	args := make([]any, len(actionIDs))
	for i, id := range actionIDs {
		args[i] = id
	}
	rows, err := s.read.QueryContext(ctx, s.sql(`SELECT t.action_id, r.body FROM targets t JOIN requests r ON r.id = t.request_id
		WHERE t.action_id IN (`+places(len(args))+`)`), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int
		var body string
		if err := rows.Scan(&id, &body); err != nil {
			return err
		}
		var r approvals.Request
		if err := json.Unmarshal([]byte(body), &r); err != nil {
			return fmt.Errorf("read the request of action %d: %w", id, err)
		}
		d := approvals.Doing{RequestID: r.ID, Requester: r.Requester, Reason: r.Reason}
		for _, a := range r.Approvals() {
			d.Approvers = append(d.Approvers, a.By)
		}
		into[id] = d
	}
	return rows.Err()
}
