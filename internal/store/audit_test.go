package store_test

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"dropletops/approvals"
	"dropletops/internal/store"
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
		"backdated": `UPDATE audit SET at = at - 1 WHERE seq = 2`,
		"moved to":  `UPDATE audit SET request_id = 'r-9' WHERE seq = 2`,
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

// What goes on past a break tells each break once, with all that is wrong with a line,
// and every line that is there.
func TestAuditGoesOnPastABreak(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		for i := range 9 {
			if err := b.Record(ctx, approvals.Line{At: b.clock.now(), What: "refused", Who: "U1", Why: fmt.Sprint(i)}); err != nil {
				t.Fatal(err)
			}
		}
		db := b.raw(t)
		for _, q := range []string{
			`UPDATE audit SET body = REPLACE(body, 'U1', 'U9') WHERE seq IN (2, 6)`,
			`DELETE FROM audit WHERE seq IN (4, 5)`, // 6 was changed besides
			`UPDATE audit SET body = 'no JSON' WHERE seq = 8`,
		} {
			if _, err := db.ExecContext(ctx, q); err != nil {
				t.Fatal(err)
			}
		}
		log, err := store.OpenLog(ctx, b.url)
		if err != nil {
			t.Fatal(err)
		}
		defer log.Close()
		var got []string
		if err := log.Lines(ctx, func(l store.AuditLine, broken error) error {
			line := fmt.Sprint(l.Seq)
			if broken != nil {
				line += ": " + broken.Error()
			}
			got = append(got, line)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		want := []string{"1", "2: audit line 2 was changed: its hash does not fit its text", "3",
			"6: audit line 4 is missing: 6 follows 3; audit line 6 was changed: its hash does not fit its text", "7",
			"8: audit line 8 was changed: its hash does not fit its text; audit line 8 can't be read: invalid character 'o' in literal null (expecting 'u')", "9"}
		if !slices.Equal(got, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
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

// rechained writes the chain of an audit log anew, as someone with the database in
// hand might once they have changed a line.
func rechained(t *testing.T, b *bench) {
	t.Helper()
	db, prev := b.raw(t), ""
	for i, body := range texts(t, db, `SELECT body FROM audit ORDER BY seq`) {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%d\n%s", prev, i+1, body))
		hash := hex.EncodeToString(sum[:])
		if _, err := db.ExecContext(t.Context(), `UPDATE audit SET prev = $1, hash = $2 WHERE seq = $3`, prev, hash, i+1); err != nil {
			t.Fatal(err)
		}
		prev = hash
	}
}

// A head that was kept elsewhere shows what the chain alone can't.
func TestHeadsFindWhatTheChainDoesNot(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		if h, err := b.Head(ctx); err != nil || h != (store.Head{}) {
			t.Errorf("the head of nothing: %v, %v", h, err)
		}
		var heads []store.Head
		for i := range 6 {
			if err := b.Record(ctx, approvals.Line{At: b.clock.now(), RequestID: "r-1", What: "refused", Who: "U1", Why: fmt.Sprint(i)}); err != nil {
				t.Fatal(err)
			}
			h, err := b.Head(ctx)
			if err != nil || h.Seq != int64(i+1) {
				t.Fatalf("head %v, %v", h, err)
			}
			heads = append(heads, h)
		}
		log, err := store.OpenLog(ctx, b.url)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := log.Close(); err != nil {
				t.Error(err)
			}
		}()
		verify := func(what, says string, kept ...store.Head) {
			t.Helper()
			_, err := log.Verify(ctx, kept)
			switch {
			case says == "" && err != nil:
				t.Errorf("%s: %v", what, err)
			case says != "" && (err == nil || !strings.Contains(err.Error(), says)):
				t.Errorf("%s: %v, want %q", what, err, says)
			}
		}
		bare := store.Head{Hash: heads[5].Hash}
		verify("nothing done", "", append(heads, bare)...)
		db := b.raw(t)
		if _, err := db.ExecContext(ctx, `DELETE FROM audit WHERE seq > 4`); err != nil {
			t.Fatal(err)
		}
		verify("cut off, no head", "")
		verify("cut off, an older head", "", heads[3])
		verify("cut off", "audit line 5 is missing: the log ends with line 4", heads[2], heads[5])
		verify("cut off, a hash alone", "lines after 3 were cut off", heads[2], bare)
		if _, err := db.ExecContext(ctx, `UPDATE audit SET body = REPLACE(body, 'U1', 'U9') WHERE seq = 3`); err != nil {
			t.Fatal(err)
		}
		verify("changed", "audit line 3 was changed")
		rechained(t, b)
		verify("written anew, no head", "")
		verify("written anew", "audit line 4 is not the one whose head "+heads[3].String()+" was kept: a line from 3 to 4", heads[0], heads[1], heads[3])
		if _, err := db.ExecContext(ctx, `DELETE FROM audit`); err != nil {
			t.Fatal(err)
		}
		verify("all gone", "audit line 1 is missing: the log ends with line 0", heads[3])
	})
}

func TestParseHead(t *testing.T) {
	hash := strings.Repeat("0a", 32)
	for s, want := range map[string]store.Head{"12:" + hash: {Seq: 12, Hash: hash}, hash: {Hash: hash}} {
		if h, err := store.ParseHead(s); err != nil || h != want {
			t.Errorf("%s: %v, %v", s, h, err)
		}
	}
	for _, s := range []string{"", "12", "12:", "x:" + hash, "-1:" + hash, "0:" + hash, hash[1:], strings.ToUpper(hash), "1:2:" + hash} {
		if h, err := store.ParseHead(s); err == nil {
			t.Errorf("%q is taken for %v", s, h)
		}
	}
}

func TestSelection(t *testing.T) {
	at := func(h int) time.Time { return time.Date(2026, 11, 21, h, 0, 0, 0, time.UTC) }
	lines := []approvals.Line{
		{At: at(1), RequestID: "r-1", What: "requested", Who: "U1", Detail: map[string]string{"droplets": "7,77"}},
		{At: at(2), RequestID: "r-2", What: "requested", Who: "U1", Detail: map[string]string{"droplets": "77"}},
		{At: at(3), RequestID: "r-1", What: "approved", Who: "U2"},
		{At: at(4), RequestID: "r-1", What: "dispatching", Who: approvals.Self, DropletID: 7},
		{At: at(5), RequestID: "r-1", What: "dispatching", Who: approvals.Self, DropletID: 77},
		{At: at(6), What: "refused", Who: "U2"},
		{At: at(7), What: "factor enrolled", Who: "operator:alice", Detail: map[string]string{"user": "U2", "key": "k"}},
		{At: at(8), What: "factor removed", Who: "operator:root", Detail: map[string]string{"user": "U1"}},
	}
	for name, tc := range map[string]struct {
		want store.Selection
		got  []int
	}{
		"all":                   {store.Selection{}, []int{1, 2, 3, 4, 5, 6, 7, 8}},
		"a time":                {store.Selection{Since: at(2), Until: at(4)}, []int{2, 3}},
		"a person":              {store.Selection{Who: "U2"}, []int{3, 6, 7}},
		"an operator":           {store.Selection{Who: "operator:root"}, []int{8}},
		"all operators":         {store.Selection{Who: "operator"}, []int{7, 8}},
		"the key":               {store.Selection{Who: "k"}, nil},
		"a request":             {store.Selection{Request: "r-1"}, []int{1, 3, 4, 5}},
		"a Droplet":             {store.Selection{Droplet: 7}, []int{1, 3, 4}},
		"another":               {store.Selection{Droplet: 77}, []int{1, 2, 3, 5}},
		"all of it":             {store.Selection{Droplet: 77, Who: "U1", Since: at(2)}, []int{2}},
		"one is asked for late": {store.Selection{Droplet: 7, Since: at(3)}, []int{3, 4}},
	} {
		pick := tc.want.Picker()
		var got []int
		for i, l := range lines {
			if pick(store.AuditLine{Seq: int64(i + 1), Line: l}) {
				got = append(got, i+1)
			}
		}
		if !slices.Equal(got, tc.got) {
			t.Errorf("%s: %v, want %v", name, got, tc.got)
		}
	}
}
