package store_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"dropletops/approvals"
)

// load is how much stands in a database.
type load struct {
	pending, running, ended int
	audit, envelopes        int
}

// raw is a connection of its own to the database under test.
func (b *bench) raw(t testing.TB) *sql.DB {
	t.Helper()
	driver, dsn := "pgx", b.url
	if file, ok := strings.CutPrefix(b.url, "sqlite:"); ok {
		driver, dsn = "sqlite", "file:"+file+"?_pragma=busy_timeout(60000)&_txlock=immediate"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// rows inserts many rows, a few hundred with each statement.
func (b *bench) rows(ctx context.Context, tx *sql.Tx, table string, n int, row func(i int) []any) error {
	const most = 200 // PostgreSQL takes 65,535 parameters, SQLite 32,766
	for from := 0; from < n; from += most {
		var q strings.Builder
		var args []any
		for i := from; i < min(n, from+most); i++ {
			r := row(i)
			for j := range r {
				switch {
				case i == from && j == 0:
					q.WriteString("INSERT INTO " + table + " VALUES (")
				case j == 0:
					q.WriteString("), (")
				default:
					q.WriteString(", ")
				}
				if b.Exclusive() {
					q.WriteByte('?') // SQLite takes $1 for a name, and looks through all of them for each
				} else {
					fmt.Fprint(&q, "$", len(args)+j+1)
				}
			}
			args = append(args, r...)
		}
		if _, err := tx.ExecContext(ctx, q.String()+")", args...); err != nil {
			return fmt.Errorf("fill %s: %w", table, err)
		}
	}
	return nil
}

// fill puts a load into a database that is open, past the store: through it, a
// million lines would take an hour. What stands there then is what the store
// itself would have written, its chain too.
func fill(t testing.TB, b *bench, l load) {
	t.Helper()
	ctx := t.Context()
	tx, err := b.raw(t).BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	now := b.clock.now()
	requests := make([]*approvals.Request, l.pending+l.running+l.ended)
	bodies := make([]string, len(requests))
	for i := range requests {
		r := request(fmt.Sprint("filled-", i), fmt.Sprint("filled-", i), now.Add(time.Duration(i-len(requests))*time.Millisecond))
		r.Targets[0].Droplet.ID = 1000 + i
		if i >= l.pending {
			r.State, r.StartedAt, r.ExpiresAt = approvals.Running, now, time.Time{}
			r.Targets[0].State, r.Targets[0].Action = approvals.Following, &approvals.ActionRef{ID: 500_000 + i}
		}
		if i >= l.pending+l.running {
			r.State, r.EndedAt, r.Targets[0].State = approvals.Completed, now, approvals.TargetDone
		}
		requests[i], bodies[i] = r, marshal(t, r)
	}
	errs := []error{
		b.rows(ctx, tx, "requests (id, version, state, body, envelope, card_channel, card_ts, card_version, created_at, expires_at, ended_at)", len(requests), func(i int) []any {
			r := requests[i]
			return []any{r.ID, 1, string(r.State), bodies[i], r.Origin.Envelope, "C1", fmt.Sprint("1.", i), 1, r.CreatedAt.UnixMicro(), nullable(r.ExpiresAt), nullable(r.EndedAt)}
		}),
		b.rows(ctx, tx, "targets (request_id, ordinal, droplet_id, state, action_id, body)", len(requests), func(i int) []any {
			tg := requests[i].Targets[0]
			var action any
			if tg.Action != nil {
				action = tg.Action.ID
			}
			return []any{requests[i].ID, 0, tg.Droplet.ID, string(tg.State), action, marshal(t, tg)}
		}),
		b.rows(ctx, tx, "notes (request_id, body, ts)", len(requests), func(i int) []any {
			return []any{requests[i].ID, `{"kind":"approved","ordinal":-1}`, "1.3"}
		}),
		b.rows(ctx, tx, "inbox (key, event, type, payload, received_at, handled_at)", l.envelopes, func(i int) []any {
			return []any{fmt.Sprint("filled-", i), fmt.Sprint("event-", i), "slash_commands", string(payload), now.UnixMicro(), now.UnixMicro()}
		}),
	}
	prev := ""
	errs = append(errs, b.rows(ctx, tx, "audit (seq, at, request_id, body, prev, hash)", l.audit, func(i int) []any {
		id := fmt.Sprint("filled-", i%max(1, len(requests)))
		body := marshal(t, approvals.Line{At: now, RequestID: id, What: "requested", Who: "U1", Detail: map[string]string{"action": "reboot", "droplets": "7"}})
		sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%d\n%s", prev, i+1, body))
		was := prev
		prev = hex.EncodeToString(sum[:])
		return []any{i + 1, now.UnixMicro(), id, body, was, prev}
	}), tx.Commit())
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func marshal(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func nullable(at time.Time) any {
	if at.IsZero() {
		return nil
	}
	return at.UnixMicro()
}

// With thousands of requests open and a long audit log, what is asked for gets
// what it gets without, and what was under way is woken up, oldest first.
func TestUnderLoad(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		l := load{pending: 1200, running: 800, ended: 500, audit: 20_000, envelopes: 5_000}
		fill(t, b, l)
		b.reopen(t)
		n, err := b.Reawaken(ctx)
		if err != nil || n != l.running {
			t.Errorf("woken up %d, %v", n, err)
		}
		advance, publish := b.wakes.take()
		if len(advance) != l.running || len(publish) != l.running || advance[0] != fmt.Sprint("filled-", l.pending, " 1") ||
			advance[l.running-1] != fmt.Sprint("filled-", l.pending+l.running-1, " 1") {
			t.Errorf("woken up %d from %v, published %d", len(advance), advance[:1], len(publish))
		}
		create(t, b, "r-1")
		if ids, err := b.Unpublished(ctx, approvals.Due{}, 10); err != nil || len(ids) != 1 || ids[0].ID != "r-1" {
			t.Errorf("unpublished: %v, %v", ids, err)
		}
		end(t, b, "r-1")
		if left, err := b.Unhandled(ctx, 10); err != nil || len(left) != 0 {
			t.Errorf("unhandled: %v, %v", left, err)
		}
		if taken, err := b.ActionTaken(ctx, 500_000+l.pending, 1000+l.pending, "r-1"); err != nil || !taken {
			t.Errorf("taken %v, %v", taken, err)
		}
		if lines := auditLines(t, b); lines != l.audit+2 {
			t.Errorf("%d audit lines, want %d", lines, l.audit+2)
		}
		b.clock.forward(time.Hour)
		if n, err := b.Reawaken(ctx); err != nil || n != l.pending+l.running {
			t.Errorf("an hour later %d were woken up, %v", n, err)
		}
	})
}
