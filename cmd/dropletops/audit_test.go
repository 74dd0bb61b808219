package main

import (
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// auditLine is a line of audit export, as a script reads it.
type auditLine struct {
	Seq  int64 `json:"seq"`
	Line struct {
		RequestID string `json:"request_id"`
		What      string `json:"what"`
		Who       string `json:"who"`
	} `json:"line"`
	Hash string `json:"hash"`
}

// TestAuditOfARealRun: verify and export, on what a request and a refused click
// left, and on what someone tampered with.
func TestAuditOfARealRun(t *testing.T) {
	r := newRig(t).start()
	r.slash("alice", "#ops", `/droplet rebuild web-1 ubuntu-24-04-x64 --reason "=1+1, she said"`)
	card := r.card("pending")
	r.placed(card)
	r.click("bob", card, "approve")
	r.card("completed")
	if code := r.stop(); code != exitDone {
		t.Fatalf("exit code %d", code)
	}

	verified := r.run("audit", "verify")
	if verified.code != exitDone || !regexp.MustCompile(`^\d+ lines, unbroken; head [0-9a-f]{64}\n$`).MatchString(verified.stdout) {
		t.Errorf("verify: exit code %d: %s%s", verified.code, verified.stdout, verified.stderr)
	}
	exported := r.run("audit", "export")
	if exported.code != exitDone {
		t.Fatalf("export: exit code %d: %s", exported.code, exported.stderr)
	}
	var whats []string
	var last auditLine
	for line := range strings.Lines(exported.stdout) {
		var l auditLine
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if l.Seq != last.Seq+1 {
			t.Errorf("line %d follows line %d", l.Seq, last.Seq)
		}
		if l.Line.RequestID == idOf(card) {
			whats = append(whats, l.Line.What)
		}
		last = l
	}
	if !strings.Contains(verified.stdout, last.Hash) {
		t.Errorf("verify's head is not export's last hash %s: %s", last.Hash, verified.stdout)
	}
	for _, what := range []string{"requested", "refused", "approved"} {
		if !slices.Contains(whats, what) {
			t.Errorf("the audit log lacks %q: %v", what, whats)
		}
	}

	inCSV := r.run("audit", "export", "--format", "csv")
	rows, err := csv.NewReader(strings.NewReader(inCSV.stdout)).ReadAll()
	if inCSV.code != exitDone || err != nil || int64(len(rows)) != last.Seq+1 {
		t.Errorf("export as CSV: exit code %d, %v, %d rows for %d lines and a header", inCSV.code, err, len(rows), last.Seq)
	}
	for _, row := range rows {
		for _, cell := range row {
			if strings.HasPrefix(cell, "=") {
				t.Errorf("a cell that a spreadsheet would run: %s", cell)
			}
		}
	}

	db, err := sql.Open("sqlite", strings.TrimPrefix(r.env["DATABASE_URL"], "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tamper := func(what, query, undo string, says string) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"audit", "verify"}, {"audit", "export"}} {
			res := r.run(args...)
			if res.code != exitFail || !strings.Contains(res.stderr, says) || strings.Count(res.stderr, "\n") != 1 {
				t.Errorf("%s: %v: exit code %d, want 1 and one line with %q:\n%s", what, args, res.code, says, res.stderr)
			}
		}
		if _, err := db.ExecContext(t.Context(), undo); err != nil {
			t.Fatal(err)
		}
		if res := r.run("audit", "verify"); res.code != exitDone {
			t.Fatalf("%s: not undone: %s", what, res.stderr)
		}
	}
	tamper("changed", `UPDATE audit SET body = replace(body, 'U0BOB', 'U0EVE') WHERE seq = 3`,
		`UPDATE audit SET body = replace(body, 'U0EVE', 'U0BOB') WHERE seq = 3`, "audit line 3")
	tamper("removed", `UPDATE audit SET seq = seq + 1000 WHERE seq = 2`,
		`UPDATE audit SET seq = 2 WHERE seq = 1002`, "audit line 2")
}
