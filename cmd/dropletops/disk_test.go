//go:build linux

package main

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	simdo "dropletops/internal/sim/digitalocean"
	simslack "dropletops/internal/sim/slack"
)

// diskful is a rig whose database is on a disk that can fall ill.
type diskful struct {
	*rig
	dir string
}

func (d *diskful) database() string { return filepath.Join(d.dir, "test.db") }

// illnesses are what can befall a disk at work. Each answers how it is healed.
var illnesses = map[string]func(d *diskful) (heal func()){
	"full": func(d *diskful) func() {
		filler := filepath.Join(d.dir, "filler")
		f, err := os.Create(filler)
		if err != nil {
			d.t.Fatal(err)
		}
		defer f.Close()
		for size := 1 << 16; size >= 1; size /= 2 { // to the last byte
			for err = nil; err == nil; {
				_, err = f.Write(make([]byte, size))
			}
		}
		if !errors.Is(err, syscall.ENOSPC) {
			d.t.Fatal(err)
		}
		return func() {
			if err := os.Remove(filler); err != nil {
				d.t.Fatal(err)
			}
		}
	},
	"locked": func(d *diskful) func() {
		tx := d.other("BEGIN EXCLUSIVE")
		return func() { tx("ROLLBACK") }
	},
}

// other is another process's connection to the database, as far as SQLite can
// tell. It carries a statement out, and answers how to carry out more.
func (d *diskful) other(statement string) func(string) {
	d.t.Helper()
	db, err := sql.Open("sqlite", "file:"+d.database()+"?_pragma=busy_timeout(60000)")
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = db.Close() })
	conn, err := db.Conn(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	do := func(statement string) {
		if _, err := conn.ExecContext(context.WithoutCancel(d.t.Context()), statement); err != nil {
			d.t.Fatalf("%s: %v", statement, err)
		}
	}
	do(statement)
	return do
}

// smallDisk mounts a small file system of its own, where that is allowed.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=16m"); err != nil {
		t.Skipf("skipped: a disk that can be filled takes the right to mount one: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// newDiskful sets up a rig on a disk that can have an illness.
func newDiskful(t *testing.T, illness string) *diskful {
	t.Helper()
	d := &diskful{rig: newRig(t)}
	if illness == "full" {
		d.dir = smallDisk(t)
	} else {
		d.dir = t.TempDir()
	}
	d.env["DATABASE_URL"] = "sqlite:" + d.database()
	return d
}

// TestDiskUnwell: new work is refused with a clear answer, nothing is half done,
// what was under way is carried on, and all of that without anyone's doing
// anything but heal the disk.
func TestDiskUnwell(t *testing.T) {
	for name, befall := range illnesses {
		t.Run(name, func(t *testing.T) {
			d := newDiskful(t, name)
			d.start()
			d.slash("alice", "#ops", "/droplet rebuild web-1 ubuntu-24-04-x64")
			waits := d.card("pending")
			d.placed(waits)
			d.do.HoldActions()
			d.slash("alice", "#incidents", "/droplet reboot web-2")
			runs := d.nthCard(1, "running")
			d.threadSays(runs, "DigitalOcean has begun")

			heal := befall(d)
			d.slash("carol", "#ops", "/droplet reboot web-1")
			d.told("carol", "Nothing was started")
			d.click("bob", waits, "approve")
			d.told("bob", "Nothing was started")
			d.do.ReleaseActions()
			if n := len(d.posts()); n != 1 {
				t.Errorf("%d actions were accepted, want that of before", n)
			}
			if code, _ := d.get("/healthz"); code != 200 {
				t.Errorf("/healthz answers %d", code)
			}

			heal()
			began := time.Now()
			d.nthCard(1, "completed")
			t.Logf("what was under way ended %s after the disk was well", time.Since(began).Round(time.Millisecond))
			d.nthCard(0, "pending")
			d.click("bob", waits, "approve")
			d.nthCard(0, "completed")
			d.cardCount(2) // carol's was refused, and stays so
			if n := len(d.posts()); n != 2 {
				t.Errorf("%d actions were accepted, want 2: %+v", n, d.posts())
			}
			d.verifies()
			d.stopped()
		})
	}
}

// TestDiskUnwellWhileThePostIsUnderWay: DigitalOcean has accepted the action, and
// that can't be written down. It is found once the disk is well, never sent again.
func TestDiskUnwellWhileThePostIsUnderWay(t *testing.T) {
	for name, befall := range illnesses {
		t.Run(name, func(t *testing.T) {
			d := newDiskful(t, name)
			d.start()
			answer := d.do.Inject(simdo.Fault{Match: posting("reboot"), Hang: true, After: true})
			d.slash("alice", "#ops", "/droplet reboot web-1")
			d.struck(answer)
			heal := befall(d)
			answer.Release()
			d.slash("carol", "#ops", "/droplet reboot web-2")
			d.told("carol", "Nothing was started")
			heal()
			d.card("completed")
			d.onePost()
			if n := d.asked("reboot"); n != 1 {
				t.Errorf("reboot was sent %d times", n)
			}
			d.cardCount(1)
			d.verifies()
		})
	}
}

// TestDiskFullAtTheStart: work goes on by itself once there is room.
func TestDiskFullAtTheStart(t *testing.T) {
	d := newDiskful(t, "full")
	d.start()
	d.do.HoldActions()
	d.slash("alice", "#ops", "/droplet reboot web-1")
	d.threadSays(d.card("running"), "DigitalOcean has begun")
	d.kill()
	heal := illnesses["full"](d)
	d.launch("serve")
	d.wait("two sockets", func(s *simslack.Snapshot) bool { return s.ReadySockets() >= 2 })
	d.slash("carol", "#ops", "/droplet reboot web-2")
	d.told("carol", "Nothing was started")
	heal()
	d.do.ReleaseActions()
	d.card("completed")
	d.onePost()
	d.cardCount(1)
	d.verifies()
	d.stopped()
}

// verifies checks the audit log.
func (r *rig) verifies() {
	r.t.Helper()
	if res := r.run("audit", "verify"); res.code != exitDone {
		r.t.Errorf("audit verify: exit code %d: %s%s", res.code, res.stdout, res.stderr)
	}
}

// TestTornWriteAtKill: what the disk had of the last write when the power went is
// garbage; everything before it is there, and goes on.
func TestTornWriteAtKill(t *testing.T) {
	r := newRig(t).start()
	r.slash("alice", "#ops", "/droplet rebuild web-1 ubuntu-24-04-x64")
	card := r.card("pending")
	r.placed(card)
	r.kill()
	wal := strings.TrimPrefix(r.env["DATABASE_URL"], "sqlite:") + "-wal"
	b, err := os.ReadFile(wal)
	if err != nil {
		t.Fatal(err)
	}
	torn := append(b, b[len(b)-3000:]...) // the first bytes of a write that was never committed
	if err := os.WriteFile(wal, torn, 0o600); err != nil {
		t.Fatal(err)
	}
	r.start()
	r.click("bob", card, "approve")
	r.card("completed")
	r.onePost()
	r.verifies()
	r.stopped()
}

// TestDiskReadOnlyAtTheStart: it says so, in a line, and ends, also where SQLite
// would open what is there for reading alone, and stay with that.
func TestDiskReadOnlyAtTheStart(t *testing.T) {
	for _, name := range []string{"new", "there"} {
		t.Run(name, func(t *testing.T) { readOnlyAtTheStart(t, name == "there") })
	}
}

func readOnlyAtTheStart(t *testing.T, there bool) {
	r := newRig(t)
	dir := smallDisk(t)
	r.env["DATABASE_URL"] = "sqlite:" + filepath.Join(dir, "test.db")
	if there {
		r.start()
		r.kill() // what SQLite reads is there then, its log too
		r.proc = nil
	}
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	p := r.launch("serve")
	if code := r.exit(); code != exitFail {
		t.Errorf("exit code %d", code)
	}
	if out := strings.TrimSpace(p.out.String()); !strings.Contains(out, "DATABASE_URL") || strings.Count(out, "\n") != 0 {
		t.Errorf("it says:\n%s", out)
	}
}
