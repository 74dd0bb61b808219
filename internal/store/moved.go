package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"dropletops/approvals"
)

// movedTo is the SQL of a channel's ID now, for a column that may hold an old one.
const movedTo = `COALESCE((SELECT moved_to FROM moved_channels WHERE channel_id = card_channel), card_channel)`

// MoveChannel records that a channel has another ID now: from then on every request of it
// is loaded with the new one. It wakes the publisher for what could not be shown there.
func (s *Store) MoveChannel(ctx context.Context, from, to string, line approvals.Line) error {
	moved := false
	err := s.tx(ctx, "move channel", func(tx *sql.Tx) error {
		known, err := s.channelNow(ctx, tx, from)
		if err != nil || known == to {
			return err
		}
		if _, err := tx.ExecContext(ctx, s.sql(`INSERT INTO moved_channels (channel_id, moved_to, at) VALUES (?, ?, ?)
			ON CONFLICT (channel_id) DO UPDATE SET moved_to = excluded.moved_to, at = excluded.at`), from, to, micros(line.At)); err != nil {
			return fmt.Errorf("record the new ID of channel %s: %w", from, err)
		}
		if _, err := tx.ExecContext(ctx, s.sql(`UPDATE moved_channels SET moved_to = ? WHERE moved_to = ?`), to, from); err != nil {
			return fmt.Errorf("record the new ID of channel %s: %w", from, err)
		}
		ids, err := s.unshownIn(ctx, tx, from)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := s.waker.WakePublish(ctx, tx, id); err != nil {
				return fmt.Errorf("wake the publisher up for request %s: %w", id, err)
			}
		}
		moved = true
		return s.appendAudit(ctx, tx, []approvals.Line{line})
	})
	if err == nil && moved {
		s.counts.lines([]approvals.Line{line})
	}
	return err
}

// channelNow returns the ID that a channel has now.
func (s *Store) channelNow(ctx context.Context, q queryer, id string) (string, error) {
	now := id
	err := q.QueryRowContext(ctx, s.sql(`SELECT moved_to FROM moved_channels WHERE channel_id = ?`), id).Scan(&now)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("look up the ID that channel %s has now: %w", id, err)
	}
	return now, nil
}

// unshownIn lists the requests whose cards stand in a channel and lag behind.
func (s *Store) unshownIn(ctx context.Context, tx *sql.Tx, channel string) (ids []string, err error) {
	rows, err := tx.QueryContext(ctx, s.sql(`SELECT id FROM requests WHERE card_channel = ? AND id IN (
		SELECT id FROM requests WHERE card_version < version UNION ALL SELECT request_id FROM notes WHERE ts = '')`), channel)
	if err != nil {
		return nil, fmt.Errorf("list what is not shown in channel %s: %w", channel, err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("list what is not shown in channel %s: %w", channel, err)
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}
