package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// How long what is over is kept. The audit log is kept for ever.
const (
	// keepEnvelopes is how long an envelope stays after it was handled. Slack's
	// last redelivery comes after 5 minutes, and a menu or a page of an answer that
	// is older than a day is hardly clicked any more: both find their envelope.
	keepEnvelopes = 7 * 24 * time.Hour
	// keepRequests is how long a request stays after its end, with its Droplets and
	// notes: a card older than a quarter is hardly looked at, let alone retried.
	// Its button then says that the request is not known here.
	keepRequests = 90 * 24 * time.Hour
)

// How much is dropped at once. Each batch is a transaction of its own, and what
// people do comes in between: it waits some 10 ms at the most.
const (
	pruneEnvelopes = 500
	// pruneRequests is less, since each takes its Droplets and its notes with it,
	// hundreds if it was in bulk.
	pruneRequests = 50
	// pruneBatches bounds one call, so that a first one after months ends in time;
	// the next goes on.
	pruneBatches = 20
)

// expired is something that is kept for a while.
type expired struct {
	what  string
	keep  time.Duration
	batch int
	list  string // the keys of a batch, oldest first
	drop  string // those of them that are still to be dropped
}

// expirables are all that is dropped some day. Open requests need their envelope:
// it is what they were asked with. A request whose card or thread lags behind,
// since Slack was away or we were, is kept until Slack has been told.
var expirables = []expired{
	{
		what: "handled envelopes", keep: keepEnvelopes, batch: pruneEnvelopes,
		list: `SELECT key FROM inbox WHERE handled_at < ? AND NOT EXISTS (
			SELECT 1 FROM requests WHERE envelope = inbox.key AND state IN ('pending', 'running')) ORDER BY handled_at LIMIT ?`,
		drop: `DELETE FROM inbox WHERE key IN (`,
	},
	{
		what: "ended requests", keep: keepRequests, batch: pruneRequests,
		list: `SELECT id FROM requests WHERE ended_at < ? AND (state = 'canceled' AND card_ts = '' OR card_version >= version
			AND NOT EXISTS (SELECT 1 FROM notes WHERE request_id = requests.id AND ts = '')) AND NOT (` + unreviewed + `) ORDER BY ended_at LIMIT ?`,
		drop: `DELETE FROM requests WHERE state NOT IN ('pending', 'running') AND id IN (`,
	},
}

// Prune drops what is over and has been kept for its time, in small batches. It
// writes nothing if there is nothing to drop.
func (s *Store) Prune(ctx context.Context) error {
	for _, e := range expirables {
		for range pruneBatches {
			n, err := s.prune(ctx, e)
			if err != nil {
				return fmt.Errorf("drop %s older than %s: %w", e.what, e.keep, err)
			}
			if n < e.batch {
				break
			}
		}
	}
	return nil
}

func (s *Store) prune(ctx context.Context, e expired) (int, error) {
	keys, err := s.keys(ctx, e.list, micros(s.now().Add(-e.keep)), e.batch)
	if err != nil || len(keys) == 0 {
		return 0, err
	}
	return len(keys), s.tx(ctx, "prune", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, s.sql(e.drop+places(len(keys))+`)`), keys...)
		return err
	})
}

// keys reads the one column of text that a query answers.
func (s *Store) keys(ctx context.Context, query string, args ...any) ([]any, error) {
	rows, err := s.read.QueryContext(ctx, s.sql(query), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []any
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return nil, err
		}
		out = append(out, key)
	}
	return out, rows.Err()
}

// places are the question marks for n arguments.
func places(n int) string { return "?" + strings.Repeat(", ?", n-1) }
