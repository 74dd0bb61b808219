package store

import (
	"context"
	"encoding/json"
	"fmt"

	"dropletops/approvals"
)

// DropletMade says whether a Droplet is known to have been made by a request.
func (s *Store) DropletMade(ctx context.Context, droplet int) (bool, error) {
	rows, err := s.read.QueryContext(ctx, s.sql(`SELECT body FROM targets WHERE droplet_id = ?`), droplet)
	if err != nil {
		return false, fmt.Errorf("tell who made Droplet %d: %w", droplet, err)
	}
	defer rows.Close()
	made := false
	for rows.Next() {
		var body string
		var t approvals.Target
		if err := rows.Scan(&body); err != nil {
			return false, fmt.Errorf("tell who made Droplet %d: %w", droplet, err)
		}
		if err := json.Unmarshal([]byte(body), &t); err != nil {
			return false, fmt.Errorf("read a target of Droplet %d: %w", droplet, err)
		}
		made = made || t.Made == droplet
	}
	return made, rows.Err()
}
