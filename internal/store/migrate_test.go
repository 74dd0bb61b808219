package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"dropletops/approvals"
	"dropletops/internal/scratch"
	"dropletops/internal/store"
)

// beside answers the address of another database of the same kind.
func (b *bench) beside(t *testing.T) string {
	t.Helper()
	if b.Exclusive() {
		return "sqlite:" + filepath.Join(t.TempDir(), "beside.db")
	}
	return scratch.PostgreSQL(t)
}

// schema is what stands in a database: the columns of each table of ours, and the
// definitions of the indexes.
type schema struct {
	columns map[string][]string // by table: name, type, whether it may be null, default
	indexes []string
}

func schemaOf(t *testing.T, b *bench, url string) schema {
	t.Helper()
	db := (&bench{url: url}).raw(t)
	tables, indexes := `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'`, `SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name NOT LIKE 'river%'`
	columns := `SELECT name || ' ' || type || ' ' || "notnull" || ' ' || COALESCE(dflt_value, '') FROM pragma_table_info(?)`
	if !b.Exclusive() {
		tables, indexes = `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`, `SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE 'river%'`
		columns = `SELECT column_name || ' ' || data_type || ' ' || is_nullable || ' ' || COALESCE(column_default, '') FROM information_schema.columns WHERE table_name = $1 ORDER BY ordinal_position`
	}
	s := schema{columns: map[string][]string{}, indexes: texts(t, db, indexes)}
	for _, table := range texts(t, db, tables) {
		if !strings.HasPrefix(table, "river") && !strings.HasPrefix(table, "goose") {
			s.columns[table] = texts(t, db, columns, table)
			slices.Sort(s.columns[table]) // a column that is added comes last
		}
	}
	slices.Sort(s.indexes)
	return s
}

func texts(t *testing.T, db *sql.DB, query string, args ...any) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// rowsOf are all rows of the tables of a schema, as text, column by column.
func rowsOf(t *testing.T, b *bench, s schema) map[string][]string {
	t.Helper()
	db, out := b.raw(t), map[string][]string{}
	for table, columns := range s.columns {
		var names []string
		for _, c := range columns {
			name, _, _ := strings.Cut(c, " ")
			names = append(names, `COALESCE(CAST("`+name+`" AS TEXT), 'NULL')`)
		}
		out[table] = texts(t, db, `SELECT `+strings.Join(names, ` || '|' || `)+` AS line FROM "`+table+`" ORDER BY line`)
	}
	return out
}

func sameSchema(t *testing.T, what string, got, want schema) {
	t.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		t.Errorf("%s:\n got %s\nwant %s", what, g, w)
	}
}

// TestMigrationsGoDownAndUp: one version after the other, with data in all tables.
// What the version below knows is kept, what it does not is gone, and up again the
// program works on.
func TestMigrationsGoDownAndUp(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		everything(t, b)
		create(t, b, "r-kept")
		if _, err := b.Put(ctx, approvals.Envelope{Key: "e-kept", Type: "slash_commands", Payload: payload, ReceivedAt: b.clock.now()}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.TakeTurn(ctx, "publish", time.Minute); err != nil {
			t.Fatal(err)
		}
		lines := auditLines(t, b)
		newest := schemaOf(t, b, b.url)
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		versions := versions(t)
		for i := len(versions) - 1; i > 0; i-- {
			downTo(t, b, versions[i], versions[i-1])
		}
		b.open(t) // up again
		sameSchema(t, "up again", schemaOf(t, b, b.url), newest)
		if got := auditLines(t, b); got != lines {
			t.Errorf("%d audit lines, want %d", got, lines)
		}
		if _, err := b.Update(ctx, "r-kept", func(r *approvals.Request) (approvals.Change, error) {
			return r.Decide(approvals.ToApprove, bob, b.clock.now())
		}); err != nil {
			t.Error(err)
		}
		if left, err := b.Unhandled(ctx, 10); err != nil || len(left) != 1 || left[0].Key != "e-kept" {
			t.Errorf("unhandled: %v, %v", left, err)
		}
	})
}

// versions are those of the tables, oldest first.
func versions(t *testing.T) (out []int64) {
	t.Helper()
	files, err := filepath.Glob("migrations/sqlite/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		number, _, _ := strings.Cut(filepath.Base(file), "_")
		v, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	return out
}

// downTo takes a database down by one version, and holds it against a new one of
// that version.
func downTo(t *testing.T, b *bench, version, below int64) {
	fresh := b.beside(t)
	if _, at, err := store.Migrate(t.Context(), fresh, below); err != nil || at != below {
		t.Errorf("a new database stands at version %d, not %d: %v", at, below, err)
		return
	}
	known := schemaOf(t, b, fresh)
	before := rowsOf(t, b, known)
	if from, at, err := store.Migrate(t.Context(), b.url, below); err != nil || from != version || at != below {
		t.Errorf("down from %d to %d, not from %d to %d: %v", from, at, version, below, err)
		return
	}
	sameSchema(t, fmt.Sprintf("down at version %d", below), schemaOf(t, b, b.url), known)
	after := rowsOf(t, b, known)
	for table := range known.columns {
		if !slices.Equal(before[table], after[table]) {
			t.Errorf("down at version %d, %s has other rows: %d, and had %d", below, table, len(after[table]), len(before[table]))
		}
	}
}

// Several replicas that start at once on a database with nothing in it.
func TestMigratedByManyAtOnce(t *testing.T) {
	url := scratch.PostgreSQL(t)
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			s, err := store.Open(context.WithoutCancel(t.Context()), url, fmt.Sprint("process-", i), (&clock{}).now)
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// One connection holds the lock under which another one migrates: with one alone the
// program would wait for itself, and say nothing.
func TestTooFewConnectionsAreRefused(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	url := scratch.PostgreSQL(t) + "&pool_max_conns=1"
	if s, err := store.Open(ctx, url, "process-1", (&clock{}).now); err == nil || !strings.Contains(err.Error(), "pool_max_conns is 1") {
		t.Errorf("%v, %v", s, err)
	}
	if _, _, err := store.Migrate(ctx, url, store.Newest); err == nil || !strings.Contains(err.Error(), "pool_max_conns is 1") {
		t.Error(err)
	}
}
