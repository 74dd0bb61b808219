package store_test

import (
	"database/sql"
	"dropletops/approvals"
	"dropletops/internal/store"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func auditLines(t *testing.T, b *bench) int {
	t.Helper()
	n := 0
	if err := b.Audit(t.Context(), func(store.AuditLine) error { n++; return nil }); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAuditChainFindsTampering(t *testing.T) {
	for name, tamper := range map[string]string{
		"changed":   `UPDATE audit SET body = REPLACE(body, 'U1', 'U9') WHERE seq = 2`,
		"removed":   `DELETE FROM audit WHERE seq = 2`,
		"reordered": `UPDATE audit SET seq = 4 - seq WHERE seq IN (1, 3)`,
		"relinked":  `UPDATE audit SET prev = 'x' WHERE seq = 2`,
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "test.db")
			b := &bench{url: "sqlite:" + file, wakes: &wakes{}, clock: &clock{t: time.Unix(1, 0)}}
			b.open(t)
			defer func() {
				if err := b.Close(); err != nil {
					t.Error(err)
				}
			}()
			for i := range 3 {
				if err := b.Record(t.Context(), approvals.Line{At: b.clock.now(), What: "refused", Who: "U1", Why: fmt.Sprint(i)}); err != nil {
					t.Fatal(err)
				}
			}
			if n := auditLines(t, b); n != 3 {
				t.Fatalf("%d lines", n)
			}
			db, err := sql.Open("sqlite", file)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if name == "reordered" { // by way of a number that is free
				for _, q := range []string{`UPDATE audit SET seq = 9 WHERE seq = 1`, `UPDATE audit SET seq = 1 WHERE seq = 3`, `UPDATE audit SET seq = 3 WHERE seq = 9`} {
					if _, err := db.Exec(q); err != nil {
						t.Fatal(err)
					}
				}
			} else if _, err := db.Exec(tamper); err != nil {
				t.Fatal(err)
			}
			if err := b.Audit(t.Context(), func(store.AuditLine) error { return nil }); err == nil || !strings.Contains(err.Error(), "audit line") {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

func TestAuditIsAppendedByManyAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if err := b.Record(t.Context(), approvals.Line{At: b.clock.now(), What: "refused", Who: "U1"}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := auditLines(t, b); n != 20 {
			t.Errorf("%d lines, want 20", n)
		}
	})
}
