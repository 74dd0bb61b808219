package main

import (
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	simslack "dropletops/internal/sim/slack"
)

// file is the database's.
func (r *rig) file() string { return strings.TrimPrefix(r.env["DATABASE_URL"], "sqlite:") }

// sql carries statements out on a database as its operator would.
func (r *rig) sql(file string, statements ...string) {
	r.t.Helper()
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(60000)")
	if err != nil {
		r.t.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.ExecContext(r.t.Context(), s); err != nil {
			r.t.Fatalf("%s: %v", s, err)
		}
	}
}

// backup takes one while the program works, by docs/OPERATIONS.md.
func (r *rig) backup() string {
	r.t.Helper()
	file := filepath.Join(r.t.TempDir(), "backup.db")
	r.sql(r.file(), "VACUUM INTO '"+file+"'")
	return file
}

// restore puts a backup in the place of the database, by docs/OPERATIONS.md.
func (r *rig) restore(backup string) {
	r.t.Helper()
	for _, end := range []string{"-wal", "-shm"} {
		if err := os.Remove(r.file() + end); err != nil && !os.IsNotExist(err) {
			r.t.Fatal(err)
		}
	}
	b, err := os.ReadFile(backup)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(r.file(), b, 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// restoring are the statements of docs/OPERATIONS.md for a restored SQLite file.
func restoring(t *testing.T) []string {
	t.Helper()
	doc, err := os.ReadFile("../../docs/OPERATIONS.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, ok := strings.Cut(string(doc), "```sql\n")
	if !ok {
		t.Fatal("docs/OPERATIONS.md has no SQL")
	}
	block, _, _ = strings.Cut(block, "```")
	return strings.Split(strings.TrimSpace(block), ";\n")
}

// TestBackupCarriedOn: the program moves to another machine by a backup, and
// nothing happened in between.
func TestBackupCarriedOn(t *testing.T) {
	r := newRig(t).start()
	r.slash("alice", "#ops", "/droplet rebuild web-1 ubuntu-24-04-x64")
	card := r.card("pending")
	r.placed(card)
	backup := r.backup()
	r.kill()
	r.restore(backup)
	r.start()
	r.click("bob", card, "approve")
	r.card("completed")
	r.onePost()
	r.cardCount(1)
	r.verifies()
}

// TestRestoredBackupSendsNothingTwice: after the backup what waited in it was
// approved, what stood in line was sent, and both came to their end. The restored
// program knows nothing of it.
func TestRestoredBackupSendsNothingTwice(t *testing.T) {
	r := newRig(t).start()
	r.slash("alice", "#ops", "/droplet rebuild web-1 ubuntu-24-04-x64")
	waits := r.card("pending")
	r.placed(waits)
	other, err := r.do.StartAction(r.do.DropletNamed("web-2").ID, "backup")
	if err != nil {
		t.Fatal(err)
	}
	r.slash("alice", "#incidents", "/droplet reboot web-2")
	inLine := r.nthCard(1, "running")
	r.cardSays(inLine, "Waits in line")

	backup := r.backup()
	r.click("bob", waits, "approve")
	r.nthCard(0, "completed")
	if err := r.do.FinishAction(other.ID, "completed"); err != nil {
		t.Fatal(err)
	}
	r.nthCard(1, "completed")
	r.slash("alice", "#ops", "/droplet reboot web-1") // the backup has never heard of it
	r.nthCard(2, "completed")
	r.stopped()
	sent := len(r.posts())

	r.restore(backup)
	r.sql(r.file(), restoring(t)...)
	r.start()
	expired := r.nthCard(0, "expired")
	if !hasButtons(expired) {
		t.Errorf("buttons are left: %v", expired.Actions())
	}
	r.wait("what stood in line to be found", func(s *simslack.Snapshot) bool {
		return slices.ContainsFunc(s.Thread(inLine.Channel, inLine.TS), func(m *simslack.Message) bool { return strings.Contains(m.Text, "was lost") })
	})
	r.nthCard(1, "completed")
	r.nthCard(2, "completed")
	if now := len(r.posts()); now != sent || sent != 3 {
		t.Errorf("%d actions were accepted before the restore and %d after it, want 3 and 3: %+v", sent, now, r.posts())
	}
	r.slash("alice", "#ops", "/droplet reboot web-1")
	r.nthCard(3, "completed")
	r.verifies()
	r.stopped()
}

// TestRestoredBackupAsksAPerson: the same without the statements, as whoever restores
// in a hurry does. What may have been sent since is not sent again.
func TestRestoredBackupAsksAPerson(t *testing.T) {
	r := newRig(t).start()
	other, err := r.do.StartAction(r.do.DropletNamed("web-2").ID, "backup")
	if err != nil {
		t.Fatal(err)
	}
	r.slash("alice", "#incidents", "/droplet reboot web-2")
	r.cardSays(r.card("running"), "Waits in line")
	backup := r.backup()
	if err := r.do.FinishAction(other.ID, "completed"); err != nil {
		t.Fatal(err)
	}
	r.card("completed")
	r.stopped()

	r.restore(backup)
	r.start()
	inLine := r.card("unknown")
	r.threadSays(inLine, "then retry if it was not done")
	r.click("alice", inLine, "retry")
	r.told("alice", "Nothing was sent again")
	r.onePost()
	r.verifies()
	r.stopped()
}
