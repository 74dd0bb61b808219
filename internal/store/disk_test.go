package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dropletops/approvals"
)

// onFile is a store on a file.
func onFile(t *testing.T, dir string) *bench {
	t.Helper()
	b := &bench{url: "sqlite:" + filepath.Join(dir, "test.db"), wakes: &wakes{}, clock: &clock{t: time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)}}
	b.open(t)
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func write(t *testing.T, b *bench, statement string) {
	t.Helper()
	if err := b.Write(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// unwell are the ways in which a disk takes nothing more, and gets well again.
var unwell = map[string]func(t *testing.T, b *bench) (well func()){
	"full": func(t *testing.T, b *bench) func() {
		write(t, b, "PRAGMA max_page_count = 1") // SQLite makes it as many as there are: not one page more
		return func() { write(t, b, "PRAGMA max_page_count = 1000000") }
	},
	"read-only": func(t *testing.T, b *bench) func() {
		write(t, b, "PRAGMA query_only = ON")
		return func() { write(t, b, "PRAGMA query_only = OFF") }
	},
	"locked by another process": func(t *testing.T, b *bench) func() {
		write(t, b, "PRAGMA busy_timeout = 20")
		tx, err := b.raw(t).BeginTx(t.Context(), &sql.TxOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return func() {
			if err := tx.Rollback(); err != nil {
				t.Fatal(err)
			}
		}
	},
}

// What can't be written down is refused, whole; what stands can be read; and it
// goes on by itself.
func TestDiskUnwell(t *testing.T) {
	for name, befall := range unwell {
		t.Run(name, func(t *testing.T) {
			b := onFile(t, t.TempDir())
			ctx := t.Context()
			create(t, b, "r-1")
			well := befall(t, b)
			long := strings.Repeat("it needs room ", 20_000)
			envelope := approvals.Envelope{Key: "e-2", Type: "slash_commands", Payload: []byte(`{"text":"` + long + `"}`), ReceivedAt: b.clock.now()}
			if fresh, err := b.Put(ctx, envelope); err == nil || fresh {
				t.Errorf("put: fresh %v, %v", fresh, err)
			}
			asked := request("r-2", "e-2", b.clock.now())
			asked.Reason = long
			c := approvals.Change{Audit: []approvals.Line{{RequestID: "r-2", What: "requested", Who: "U1"}}, Envelope: "e-2"}
			if err := b.Create(ctx, asked, c); err == nil {
				t.Error("created")
			}
			approve := func(r *approvals.Request) (approvals.Change, error) {
				r.Reason = long
				return r.Decide(approvals.ToApprove, bob, b.clock.now())
			}
			if _, err := b.Update(ctx, "r-1", approve); err == nil {
				t.Error("updated")
			}
			if r, err := b.Request(ctx, "r-1"); err != nil || r.State != approvals.Pending || r.Version != 1 {
				t.Errorf("what stood there: %+v, %v", r, err)
			}
			if n := auditLines(t, b); n != 1 {
				t.Errorf("%d audit lines, want 1", n)
			}
			well()
			if fresh, err := b.Put(ctx, envelope); err != nil || !fresh {
				t.Errorf("put again: fresh %v, %v", fresh, err)
			}
			if err := b.Create(ctx, asked, c); err != nil {
				t.Errorf("create again: %v", err)
			}
			if r, err := b.Update(ctx, "r-1", approve); err != nil || r.State != approvals.Running {
				t.Errorf("update again: %v", err)
			}
			if n := auditLines(t, b); n != 3 {
				t.Errorf("%d audit lines, want 3", n)
			}
		})
	}
}

// A machine that lost its power leaves a log whose end is torn anywhere. Whatever
// is cut off or garbled, the database opens, and holds what was committed up to
// some point, each change whole.
func TestTornWrite(t *testing.T) {
	dir := t.TempDir()
	b := onFile(t, dir)
	write(t, b, "PRAGMA wal_checkpoint(TRUNCATE)")
	const n = 8
	for i := range n {
		create(t, b, fmt.Sprint("r-", i))
	}
	db, err := os.ReadFile(filepath.Join(dir, "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	wal, err := os.ReadFile(filepath.Join(dir, "test.db-wal"))
	if err != nil {
		t.Fatal(err)
	}
	if whole := survivors(t, b, db, append(wal, wal[len(wal)-3000:]...)); whole != n {
		t.Errorf("with a torn write after the last commit %d requests are there, want %d", whole, n)
	}
	last := n
	for size := len(wal); size >= 0; size -= max(1, len(wal)/25) {
		got := survivors(t, b, db, wal[:size])
		if got > last {
			t.Errorf("%d requests with %d bytes of the log, and %d with more", got, size, last)
		}
		last = got
		garbled := append([]byte(nil), wal...)
		for i := max(0, size-50); i < size; i++ {
			garbled[i] ^= 0xff
		}
		survivors(t, b, db, garbled)
	}
	if last != 0 {
		t.Errorf("%d requests without the log: it was not the log that held them", last)
	}
}

// survivors opens a copy of a database with some log, checks it, and answers how
// many requests it holds.
func survivors(t *testing.T, b *bench, db, wal []byte) int {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string][]byte{"test.db": db, "test.db-wal": wal} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := &bench{url: "sqlite:" + filepath.Join(dir, "test.db"), wakes: &wakes{}, clock: b.clock}
	c.open(t)
	defer func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}()
	n := auditLines(t, c)
	for i := range n {
		if r, err := c.Request(t.Context(), fmt.Sprint("r-", i)); err != nil || len(r.Targets) != 1 {
			t.Errorf("%d audit lines, and request %d is not whole: %v", n, i, err)
		}
	}
	if ids, err := c.Unpublished(t.Context(), approvals.Due{}, 100); err != nil || len(ids) != n {
		t.Errorf("%d audit lines, and %d requests: %v", n, len(ids), err)
	}
	create(t, c, "r-new") // it can be worked with
	return n
}

// A backup is taken while the program works, with nothing but SQL, and is a
// database like any other.
func TestBackupWhileItWorks(t *testing.T) {
	dir := t.TempDir()
	b := onFile(t, dir)
	create(t, b, "r-1")
	working, stop := context.WithCancel(t.Context())
	done := make(chan int)
	go func() {
		n := 0
		for ; working.Err() == nil; n++ {
			if err := b.Record(t.Context(), approvals.Line{What: "refused", Who: "U1"}); err != nil {
				t.Error(err)
			}
		}
		done <- n
	}()
	copied := filepath.Join(dir, "backup.db")
	if _, err := b.raw(t).ExecContext(t.Context(), "VACUUM INTO '"+copied+"'"); err != nil {
		t.Error(err)
	}
	stop()
	n := <-done
	c := &bench{url: "sqlite:" + copied, wakes: &wakes{}, clock: b.clock}
	c.open(t)
	defer func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}()
	if lines := auditLines(t, c); lines < 1 || lines > n+1 {
		t.Errorf("%d audit lines in the backup, of %d", lines, n+1)
	}
	end(t, c, "r-1") // it is carried on with
	if r, err := b.Request(t.Context(), "r-1"); err != nil || r.State != approvals.Pending {
		t.Errorf("the original: %+v, %v", r, err)
	}
}
