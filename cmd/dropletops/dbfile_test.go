package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"dropletops/approvals"
	"dropletops/bot"
	"dropletops/handlers"
	"dropletops/internal/store"
)

// lostFiles are the ways in which the files of a database can be lost while the
// program has them open.
var lostFiles = map[string]func(t *testing.T, db, backup string){
	"database removed":                func(t *testing.T, db, _ string) { remove(t, db) },
	"database moved away":             func(t *testing.T, db, _ string) { rename(t, db, db+".old") },
	"restored backup moved over it":   func(t *testing.T, db, backup string) { rename(t, backup, db) },
	"write-ahead log removed":         func(t *testing.T, db, _ string) { remove(t, db+"-wal") },
	"write-ahead log's index removed": func(t *testing.T, db, _ string) { remove(t, db+"-shm") },
	"everything removed":              func(t *testing.T, db, _ string) { remove(t, db+"-wal", db+"-shm", db) },
	"lock removed":                    func(t *testing.T, db, _ string) { remove(t, db+".lock") },
}

func remove(t *testing.T, paths ...string) {
	t.Helper()
	for _, p := range paths {
		if err := os.Remove(p); err != nil {
			t.Fatal(err)
		}
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

// TestLostDatabaseFileEndsTheProgram: a database that is not at its path any more is
// reported and ends the program, and what is typed meanwhile is not acknowledged as
// kept.
func TestLostDatabaseFileEndsTheProgram(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skipped: an open file can't be removed here")
	}
	for name, lose := range lostFiles {
		t.Run(name, func(t *testing.T) {
			r := newRig(t).start()
			r.slash("alice", "#ops", "/droplet rebuild web-1 ubuntu-24-04-x64")
			r.placed(r.card("pending"))
			backup := r.backup()
			before := len(r.proc.out.String())
			lose(t, r.file(), backup)
			if _, err := r.slack.SlashCommand("alice", "#ops", "/droplet reboot web-2"); err != nil {
				t.Log("Slack could not deliver it any more:", err)
			}
			if code := r.exit(); code != exitFail {
				t.Errorf("exit code %d", code)
			}
			log := r.proc.out.String()[before:]
			if !strings.Contains(log, `level=ERROR msg="database file lost; stopping"`) {
				t.Errorf("the log does not report it:\n%s", log)
			}
			lines := strings.Split(strings.TrimSpace(log), "\n")
			if last := lines[len(lines)-1]; !strings.HasPrefix(last, "dropletops: DATABASE_URL: ") || !strings.Contains(last, r.file()) {
				t.Errorf("the last line is %q", last)
			}
			saved, err := filepath.Glob(r.file() + ".lost-*")
			if err != nil || len(saved) != 1 || modeOf(saved[0]) != 0o600 || !strings.Contains(log, "what it held is in "+saved[0]+"; put it") {
				t.Fatalf("what it held is in %q, %v", saved, err)
			}
			r.env["DATABASE_URL"] = "sqlite:" + saved[0]
			if res := r.run("audit", "verify"); res.code != exitDone {
				t.Errorf("audit verify of the copy: exit code %d\n%s", res.code, res.stderr)
			}
			if res := r.run("audit", "export"); !strings.Contains(res.stdout, `"what":"requested"`) {
				t.Errorf("the copy lacks the request:\n%s", res.stdout)
			}
			if n := len(r.posts()); n != 0 {
				t.Errorf("%d actions were sent", n)
			}
			if all := cards(r.slack.Snapshot()); len(all) != 1 {
				t.Errorf("%d cards: what was typed after the loss was taken on", len(all))
			}
		})
	}
}

// TestLostDatabaseFileIsNotReady: /readyz looks at the file by itself.
func TestLostDatabaseFileIsNotReady(t *testing.T) {
	db := filepath.Join(t.TempDir(), "test.db")
	st, err := store.Open(t.Context(), "sqlite:"+db, "p", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	client, err := bot.NewClient(bot.Access{AppToken: "xapp-1", BotToken: "xoxb-1", APIURL: "http://127.0.0.1:1/"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := bot.New(bot.Config{Client: client, Inbox: st, Outbox: st, Handler: &handlers.Handler{}, Abandoner: &approvals.Service{}, Process: "p"})
	if err != nil {
		t.Fatal(err)
	}
	h := &health{bot: b, store: st}
	ask := func() (int, string) {
		w := httptest.NewRecorder()
		h.ready(w, httptest.NewRequestWithContext(t.Context(), "GET", "/readyz", nil))
		return w.Code, w.Body.String()
	}
	if _, body := ask(); strings.Contains(body, "database") {
		t.Errorf("before the loss: %s", body)
	}
	if err := os.Rename(db, db+".old"); err != nil {
		t.Fatal(err)
	}
	if code, body := ask(); code != http.StatusServiceUnavailable || !strings.Contains(body, "the database file is lost: "+db+" was removed") {
		t.Errorf("after the loss: %d %s", code, body)
	}
}
