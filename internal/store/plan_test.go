package store_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"dropletops/approvals"
)

// small are tables that may be read whole, and why.
var small = map[string]string{
	"turns":          "one row for each replica, and one for who publishes",
	"factors":        "one row for each person with a second factor",
	"moved_channels": "one row for each channel whose ID changed",
	"policies":       "one row for each policy file that was in force",
	"river_job":      "what is open, and what ended within 10 minutes",
}

// narrow are the indexes that hold few rows however long the program has run:
// what is open, unreviewed, unpublished, unposted, unhandled.
var narrow = []string{"requests_open", "requests_unreviewed", "requests_unpublished", "notes_unposted", "inbox_unhandled"}

// whole are the beginnings of statements that may read a big table, and why.
var whole = map[string]string{
	"SELECT id FROM requests WHERE card_channel = ":                        "once for each channel whose ID changes; which way PostgreSQL takes depends on its statistics",
	"SELECT seq, at, request_id, body, prev, hash FROM audit ORDER BY seq": "audit verify and export read all there is, a line at a time",
	"SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1":                "the newest line, from the end of the primary key",
}

// What is fast with ten requests must be as fast with ten thousand, and with a
// million audit lines: no statement of the store's reads a whole table, but for those
// that do so on purpose. The databases say so themselves.
func TestNothingReadsAWholeTable(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		var mu sync.Mutex
		heard := map[string]bool{}
		if err := b.Overhear(b.url, func(query string) {
			mu.Lock()
			defer mu.Unlock()
			heard[query] = true
		}); err != nil {
			t.Fatal(err)
		}
		everything(t, b)
		db := b.raw(t)
		for query := range heard {
			if onPurpose(query) || !reads.MatchString(query) {
				continue
			}
			steps := planOnSQLite
			if !b.Exclusive() {
				steps = planOnPostgreSQL
			}
			for _, step := range steps(t, db, query) {
				t.Errorf("%s: by\n%s", step, query)
			}
		}
		if b.Exclusive() {
			heardAll(t, heard)
		}
	})
}

func onPurpose(query string) bool {
	for begins := range whole {
		if strings.HasPrefix(query, begins) {
			return true
		}
	}
	return false
}

// reads is what has a plan.
var reads = regexp.MustCompile(`^\s*(SELECT|INSERT|UPDATE|DELETE)\b`)

// planOnSQLite returns the steps of a plan that read a whole table, or an index that is as
// long as one.
func planOnSQLite(t *testing.T, db *sql.DB, query string) (all []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, make([]any, strings.Count(query, "?"))...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		of, scans := strings.CutPrefix(step, "SCAN ")
		table, by, _ := strings.Cut(of, " ")
		if scans && of != "CONSTANT ROW" && !strings.HasSuffix(of, "-ROW VALUES CLAUSE") && small[table] == "" && !strings.HasPrefix(table, "json_each") &&
			!slices.ContainsFunc(narrow, func(index string) bool { return strings.HasSuffix(by, "INDEX "+index) }) {
			all = append(all, step)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// node is a step of a plan on PostgreSQL.
type node struct {
	Type  string `json:"Node Type"`
	Table string `json:"Relation Name"`
	Index string `json:"Index Name"`
	Cond  string `json:"Index Cond"`
	Plans []node
}

// planOnPostgreSQL does the same. Tables are empty, so what would rather be read whole is
// told not to be: what is then still read whole has no index that serves.
func planOnPostgreSQL(t *testing.T, db *sql.DB, query string) (all []string) {
	t.Helper()
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	n := 0
	for i := range 99 {
		if strings.Contains(query, fmt.Sprint("$", i+1)) {
			n = i + 1
		}
	}
	execute := "EXPLAIN (FORMAT JSON) EXECUTE plan"
	if n > 0 {
		execute += "(" + strings.TrimSuffix(strings.Repeat("NULL,", n), ",") + ")"
	}
	for _, statement := range []string{"SET enable_seqscan = off", "SET enable_mergejoin = off", "SET enable_hashjoin = off", "SET plan_cache_mode = force_generic_plan", "PREPARE plan AS " + query} {
		if _, err := conn.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	var text string
	if err := conn.QueryRowContext(t.Context(), execute).Scan(&text); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	if _, err := conn.ExecContext(t.Context(), "DEALLOCATE plan"); err != nil {
		t.Fatal(err)
	}
	var plans []struct{ Plan node }
	if err := json.Unmarshal([]byte(text), &plans); err != nil {
		t.Fatal(err)
	}
	var walk func(node)
	walk = func(p node) {
		if strings.HasPrefix(p.Index, "turns_") {
			return
		}
		scan := p.Type == "Seq Scan" || strings.Contains(p.Type, "Index") && p.Cond == "" && !slices.Contains(narrow, p.Index)
		if scan && small[p.Table] == "" && !strings.HasPrefix(p.Index, "river_job") {
			all = append(all, fmt.Sprintf("%s of %s by %s", p.Type, p.Table, p.Index))
		}
		for _, below := range p.Plans {
			walk(below)
		}
	}
	for _, p := range plans {
		walk(p.Plan)
	}
	return all
}

// elsewhere are statements of the store's that are no part of serving, and why.
var elsewhere = map[string]string{
	"SELECT pg_advisory_xact_lock($1)":                                     "a lock of PostgreSQL's, of no table",
	"SELECT pg_advisory_lock($1)":                                          "a lock of PostgreSQL's, of no table",
	"SELECT pg_advisory_unlock($1)":                                        "a lock of PostgreSQL's, of no table",
	"SELECT since, file, body FROM policies WHERE digest = ?":              "of a command that reads the audit log",
	"SELECT digest, since, file FROM policies ORDER BY since, digest":      "of a command that reads the audit log",
	"INSERT INTO turns (name, owner, until) VALUES (?, ?, ":                "of replicas, on PostgreSQL",
	"DELETE FROM turns WHERE name LIKE ? AND until < ":                     "of replicas, on PostgreSQL",
	"SELECT COUNT(*) FROM turns WHERE name LIKE ?":                         "of replicas, on PostgreSQL",
	"SELECT seq, at, request_id, body, prev, hash FROM audit ORDER BY seq": "reads all on purpose",
}

// heardAll checks that each statement in the source was heard, so that none is forgotten
// above.
func heardAll(t *testing.T, heard map[string]bool) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(lit.Value)
			if err != nil || !reads.MatchString(text) || len(strings.Fields(text)) < 2 || elsewhere[text] != "" {
				return true
			}
			for query := range heard {
				if strings.Contains(query, text) {
					return true
				}
			}
			t.Errorf("%s: its plan is not looked at: %s", file, text)
			return true
		})
	}
}

// everything has the store do all that it does while it serves.
func everything(t *testing.T, b *bench) {
	t.Helper()
	ctx := t.Context()
	if _, err := b.Put(ctx, approvals.Envelope{Key: "env-r-1", Type: "slash_commands", Payload: []byte(`{}`), ReceivedAt: b.clock.now()}); err != nil {
		t.Fatal(err)
	}
	create(t, b, "r-1")
	failed := request("r-0", "e-0", b.clock.now())
	failed.State = approvals.Failed
	if err := b.Create(ctx, failed, approvals.Change{}); err != nil {
		t.Fatal(err)
	}
	if err := b.Create(ctx, request("r-2", "e-2", b.clock.now()), approvals.Change{RetryOf: "r-0"}); err != nil {
		t.Fatal(err)
	}
	steps := []func() error{
		func() error { _, err := b.Envelope(ctx, "env-r-1"); return err },
		func() error { return b.Handled(ctx, "env-r-1", true) },
		func() error { return b.Failed(ctx, "env-r-1", 1) },
		func() error {
			_, err := b.Forsake(ctx, approvals.Envelope{Key: "env-r-9", Type: "slash_commands"}, true)
			return err
		},
		func() error { _, err := b.Unhandled(ctx, 10); return err },
		func() error { _, err := b.CountCrashes(ctx, "env-r-1", approvals.Crashes{Alone: 1}); return err },
		func() error { _, err := b.Unpublished(ctx, approvals.Due{}, 10); return err },
		func() error { return b.Posting(ctx, "r-1", "process-1", "") },
		func() error { return b.Told(ctx, "1.3", 1, 2) },
		func() error { _, err := b.ActionTaken(ctx, 55, 7, "r-1"); return err },
		func() error { _, err := b.Doings(ctx, []int{1, 2, 3}); return err },
		func() error { _, err := b.CurrentWake(ctx, "r-1"); return err },
		func() error {
			return b.MoveChannel(ctx, "G1", "C9", approvals.Line{At: b.clock.now(), What: "channel moved"})
		},
		func() error { _, err := b.Unreviewed(ctx); return err },
		func() error { return b.InForce(ctx, approvals.PolicyText{Digest: "d1", Text: []byte("version: 1")}) },
		func() error { _, err := b.OpenReviews(ctx); return err },
		func() error { return b.Record(ctx, approvals.Line{What: "refused", Who: "U1"}) },
		func() error { _, err := b.Head(ctx); return err },
		func() error { _, err := b.Others(ctx, 7, "r-9"); return err },
		func() error { _, err := b.Intents(ctx, 7, "r-9"); return err },
		func() error { _, err := b.DropletMade(ctx, 7); return err },
		func() error { _, err := b.RecentDroplets(ctx, b.clock.now()); return err },
		func() error { _, err := b.Enrolments(ctx); return err },
		func() error { _, err := b.Enrolment(ctx, "U1"); return err },
		func() error { return enrol(ctx, b, "U1") },
		func() error { _, err := b.Present(ctx, time.Minute); return err },
		func() error { _, err := b.WakeStrays(ctx); return err },
		func() error { // of an envelope that was handled already
			err := b.Create(ctx, request("r-5", "env-r-9", b.clock.now()), approvals.Change{Envelope: "env-r-9"})
			if !errors.Is(err, approvals.ErrHandled) {
				return fmt.Errorf("created anew: %w", err)
			}
			return nil
		},
		func() error { // one of two Droplets is left out
			r := request("r-6", "e-6", b.clock.now())
			r.Targets = append(r.Targets, r.Targets[0])
			r.Targets[1].Ordinal, r.Targets[1].Droplet.ID = 1, 8
			if err := b.Create(ctx, r, approvals.Change{}); err != nil {
				return err
			}
			_, err := b.Update(ctx, "r-6", func(r *approvals.Request) (approvals.Change, error) {
				r.Targets = r.Targets[:1]
				return approvals.Change{}, nil
			})
			return err
		},
		func() error { _, err := b.Publication(ctx, "r-1"); return err },
		func() error { _, err := b.TakeTurn(ctx, "publish", time.Minute); return err },
		func() error { return b.GiveTurn(ctx, "publish") },
		func() error { b.clock.forward(time.Hour); _, err := b.Reawaken(ctx); return err },
		func() error { end(t, b, "r-1"); return nil },
		func() error { b.clock.forward(91 * day); return b.Prune(ctx) },
	}
	for i, step := range steps {
		if err := step(); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
	}
}

// enrol has somebody enrol, enrol again and be without a second factor.
func enrol(ctx context.Context, b *bench, user string) error {
	var errs []error
	for _, e := range []*approvals.Enrolment{{}, {}, nil} {
		errs = append(errs, b.ChangeEnrolment(ctx, user, func(*approvals.Enrolment) (*approvals.Enrolment, []approvals.Line, error) { return e, nil, nil }))
	}
	return errors.Join(errs...)
}
