package main

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// auditLine is a line of audit export, as a script reads it.
type auditLine struct {
	Seq    int64           `json:"seq"`
	Text   json.RawMessage `json:"line"`
	Prev   string          `json:"prev"`
	Hash   string          `json:"hash"`
	Broken string          `json:"broken"`
	Line   struct {
		RequestID string `json:"request_id"`
		What      string `json:"what"`
		Who       string `json:"who"`
		DropletID int    `json:"droplet_id"`
	} `json:"-"`
}

// readAudit reads what audit export writes, and recomputes each line's hash from what
// stands there alone.
func readAudit(t *testing.T, exported string) (lines []auditLine) {
	t.Helper()
	for line := range strings.Lines(exported) {
		var l auditLine
		if err := errors.Join(json.Unmarshal([]byte(line), &l), json.Unmarshal(l.Text, &l.Line)); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%d\n%s", l.Prev, l.Seq, l.Text)); hex.EncodeToString(sum[:]) != l.Hash {
			t.Errorf("line %d can't be recomputed: %s", l.Seq, line)
		}
		lines = append(lines, l)
	}
	return lines
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
	if verified.code != exitDone || !regexp.MustCompile(`^\d+ lines, unbroken; head \d+:[0-9a-f]{64}\n$`).MatchString(verified.stdout) {
		t.Errorf("verify: exit code %d: %s%s", verified.code, verified.stdout, verified.stderr)
	}
	exported := r.run("audit", "export")
	if exported.code != exitDone {
		t.Fatalf("export: exit code %d: %s", exported.code, exported.stderr)
	}
	var whats []string
	var last auditLine
	for _, l := range readAudit(t, exported.stdout) {
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

	lines := func(args ...string) []auditLine {
		t.Helper()
		res := r.run(append([]string{"audit", "export"}, args...)...)
		if res.code != exitDone {
			t.Errorf("export %v: exit code %d: %s", args, res.code, res.stderr)
		}
		return readAudit(t, res.stdout)
	}
	if got := lines("--request", idOf(card)); len(got) != len(whats) {
		t.Errorf("--request: %d lines, want %d", len(got), len(whats))
	}
	for _, l := range lines("--person", "U0BOB") {
		if l.Line.Who != "U0BOB" {
			t.Errorf("--person U0BOB: %+v", l.Line)
		}
	}
	if got := lines("--person", "U0BOB"); len(got) == 0 {
		t.Error("--person U0BOB: nothing")
	}
	droplet := strconv.Itoa(r.posts()[0].DropletID)
	if got := lines("--droplet", droplet); len(got) < 4 || len(lines("--droplet", droplet+"0")) != 0 {
		t.Errorf("--droplet %s: %+v", droplet, got)
	}
	today := time.Now().UTC().Format(time.DateOnly)
	if got := lines("--since", today, "--until", today); time.Now().UTC().Format(time.DateOnly) == today && len(got) != int(last.Seq) {
		t.Errorf("today: %d lines", len(got))
	}
	if got := lines("--until", "2020-01-01T00:00:00Z"); len(got) != 0 {
		t.Errorf("long ago: %d lines", len(got))
	}
	for _, args := range [][]string{{"--since", "yesterday"}, {"--since", "2026-11-21", "--until", "2026-11-20"}, {"--person", "bob"}, {"--format", "xml"}} {
		if res := r.run(append([]string{"audit", "export"}, args...)...); res.code != exitUsage || strings.Count(res.stderr, "\n") != 1 || res.stdout != "" {
			t.Errorf("export %v: exit code %d: %s", args, res.code, res.stderr)
		}
	}

	// What serve logged at its start and at its end is what verify takes.
	heads := regexp.MustCompile(`msg="audit head" head=(\d*:[0-9a-f]*)`).FindAllStringSubmatch(r.proc.out.String(), -1)
	if len(heads) != 2 || heads[0][1] != "0:" || heads[1][1] != fmt.Sprintf("%d:%s", last.Seq, last.Hash) {
		t.Errorf("the heads that serve logged: %v", heads)
	}
	kept := fmt.Sprintf("%d:%s", last.Seq, last.Hash)
	if res := r.run("audit", "verify", "--head", kept); res.code != exitDone {
		t.Errorf("verify --head: exit code %d: %s", res.code, res.stderr)
	}
	if res := r.run("audit", "verify", "--head", "12"); res.code != exitUsage {
		t.Errorf("verify --head 12: exit code %d: %s", res.code, res.stderr)
	}

	db := r.openDatabase()
	defer db.Close()
	// verify names the first line that does not fit; export goes on, tells each break in
	// a line of its own, and marks the lines where one shows, whatever was asked for.
	tamper := func(what, query, undo string, says string, broken ...int64) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
		res := r.run("audit", "verify")
		if res.code != exitFail || !strings.Contains(res.stderr, says) || strings.Count(res.stderr, "\n") != 1 {
			t.Errorf("%s: exit code %d, want 1 and one line with %q:\n%s", what, res.code, says, res.stderr)
		}
		for _, filter := range [][]string{nil, {"--person", "U0NOBODY"}} {
			res := r.run(append([]string{"audit", "export"}, filter...)...)
			first, _, _ := strings.Cut(res.stderr, "\n")
			if res.code != exitFail || !strings.Contains(first, says) || strings.Count(res.stderr, "\n") != len(broken)+1 ||
				!strings.HasSuffix(res.stderr, fmt.Sprintf("dropletops: the audit log was tampered with: %d of the lines that were written are marked as broken\n", len(broken))) {
				t.Errorf("%s: export %v: exit code %d, want 1, and %d breaks, first %q:\n%s", what, filter, res.code, len(broken), says, res.stderr)
			}
			var all, marked []int64
			for line := range strings.Lines(res.stdout) {
				var l auditLine
				if err := json.Unmarshal([]byte(line), &l); err != nil {
					t.Fatalf("%v: %s", err, line)
				}
				if all = append(all, l.Seq); l.Broken != "" {
					marked = append(marked, l.Seq)
				}
			}
			want := broken
			if filter == nil {
				want = all
			}
			if !slices.Equal(marked, broken) || !slices.Equal(all, want) || filter == nil && len(all) != int(last.Seq) {
				t.Errorf("%s: export %v: lines %v, marked %v, want %v marked", what, filter, all, marked, broken)
			}
		}
		inCSV := r.run("audit", "export", "--format", "csv")
		rows, err := csv.NewReader(strings.NewReader(inCSV.stdout)).ReadAll()
		if err != nil || len(rows) != int(last.Seq)+1 {
			t.Errorf("%s: as CSV: %v, %d rows", what, err, len(rows))
		}
		for _, row := range rows[1:] {
			if seq, _ := strconv.ParseInt(row[0], 10, 64); slices.Contains(broken, seq) != (row[len(row)-1] != "") {
				t.Errorf("%s: as CSV: line %d is marked %q", what, seq, row[len(row)-1])
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
		`UPDATE audit SET body = replace(body, 'U0EVE', 'U0BOB') WHERE seq = 3`, "audit line 3", 3)
	tamper("made unreadable", `UPDATE audit SET body = '=' || body WHERE seq = 3`, `UPDATE audit SET body = substr(body, 2) WHERE seq = 3`,
		"audit line 3 can't be read", 3)
	tamper("spread out", `UPDATE audit SET body = '{ ' || substr(body, 2) WHERE seq = 3`, `UPDATE audit SET body = '{' || substr(body, 3) WHERE seq = 3`,
		"audit line 3 was changed", 3)
	tamper("removed", `UPDATE audit SET seq = seq + 1000 WHERE seq = 2`,
		`UPDATE audit SET seq = 2 WHERE seq = 1002`, "audit line 2", 3, 1002)
	if _, err := db.ExecContext(t.Context(), `DELETE FROM audit WHERE seq = ?`, last.Seq); err != nil {
		t.Fatal(err)
	}
	if res := r.run("audit", "verify"); res.code != exitDone {
		t.Errorf("cut off, and no head: %s", res.stderr)
	}
	if res := r.run("audit", "verify", "--head", kept); res.code != exitFail || !strings.Contains(res.stderr, fmt.Sprintf("audit line %d is missing", last.Seq)) {
		t.Errorf("cut off: exit code %d: %s", res.code, res.stderr)
	}
}
