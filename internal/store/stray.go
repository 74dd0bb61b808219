package store

import (
	"context"
	"fmt"
	"slices"
)

// WakeStrays wakes the runner up for every request whose newest wake-up is gone
// though there is something to do: one that runs and has its card, or whose time to
// decide is up. It answers how many. Nothing that is known loses a wake-up; this is
// for what is not.
//
// A change and its wake-up are committed together, and a job is worked off only in
// the state that it leaves behind, so one query sees both or neither.
func (s *Store) WakeStrays(ctx context.Context) (int, error) {
	id, seq := `json_extract(args, '$.id')`, `json_extract(args, '$.seq')`
	if s.kind == postgres {
		id, seq = `args ->> 'id'`, `(args ->> 'seq')::bigint`
	}
	ids, err := s.keys(ctx, `SELECT id FROM requests
		WHERE state IN ('pending', 'running') AND (state = 'running' AND card_ts <> '' OR state = 'pending' AND expires_at <= ?)
		AND (id, wake_seq) NOT IN (SELECT `+id+`, `+seq+` FROM river_job
			WHERE kind = 'advance' AND state IN ('available', 'pending', 'retryable', 'running', 'scheduled'))
		ORDER BY created_at, id`, micros(s.now()))
	if err != nil {
		return 0, fmt.Errorf("look for requests without a wake-up: %w", err)
	}
	n := 0
	for batch := range slices.Chunk(ids, reawakenBatch) {
		woken, err := s.reawaken(ctx, batch)
		if err != nil {
			return n, fmt.Errorf("wake up requests without a wake-up: %w", err)
		}
		n += woken
	}
	return n, nil
}
