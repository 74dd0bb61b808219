package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	simslack "dropletops/internal/sim/slack"
)

// disk is what SQLite's file is on, and when it was ill.
type disk struct {
	dir string // a file system of its own, that can be filled; "" where none may be mounted

	one sync.Mutex // held by whoever makes it ill: one illness at a time
	mu  sync.Mutex
	ill []span
}

// span is a time; it goes on while to is zero.
type span struct{ from, to time.Time }

// falls notes that an illness begins; what it answers notes the end.
func (d *disk) falls() (recovers func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := len(d.ill)
	d.ill = append(d.ill, span{from: time.Now()})
	return func() { d.mu.Lock(); defer d.mu.Unlock(); d.ill[n].to = time.Now() }
}

// takenInWithin is how long after it came an envelope may be written down.
const takenInWithin = 3 * time.Second

// illBetween says whether the disk was ill at some time between two.
func (d *disk) illBetween(from, to time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range d.ill {
		if s.from.Before(to) && (s.to.IsZero() || s.to.After(from)) {
			return true
		}
	}
	return false
}

// turnedAway says whether an envelope came while the disk was ill: then it is
// acknowledged, and whoever sent it is told that nothing was started, as long as
// the process that was to say so lives.
func (w *torture) turnedAway(d *simslack.Delivery) bool {
	for _, a := range d.Result().Attempts {
		if w.disk.illBetween(a.At, a.At.Add(takenInWithin)) {
			return true
		}
	}
	return false
}

func (w *torture) onSQLite() bool { return w.database == "" }

// diskFails has the disk fall ill at work.
func (w *torture) diskFails(ctx context.Context, rng *rand.Rand) {
	for w.onSQLite() && pause(ctx, between(rng, 15*time.Second, 50*time.Second)) {
		w.disk.one.Lock()
		recovers := w.disk.falls()
		var heal func()
		what := oneOf(rng, "locked", "full", "full")
		if what == "full" && w.disk.dir != "" {
			heal = w.fill()
		} else {
			what, heal = "locked", w.lock()
		}
		w.figures.disk("disk " + what)
		pause(ctx, between(rng, time.Second, 9*time.Second))
		heal()
		recovers()
		w.disk.one.Unlock()
	}
}

// lock has another process hold the database's lock, as far as SQLite can tell.
func (w *torture) lock() (heal func()) {
	db := w.books("busy_timeout(5000)")
	if db == nil { // no process has made one yet
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.t.Context()))
	end := func() { cancel(); _ = db.Close() } // what it held goes with it
	conn, err := db.Conn(ctx)
	if err == nil {
		_, err = conn.ExecContext(ctx, "BEGIN EXCLUSIVE")
	}
	if err != nil { // the program's own transactions may have been in the way all the time
		end()
		return func() {}
	}
	return func() {
		_, err := conn.ExecContext(ctx, "ROLLBACK")
		if err = errors.Join(err, conn.Close()); err != nil {
			w.t.Errorf("unlock the database: %v", err)
		}
		end()
	}
}

// diskBefore is what the disk does between one process and the next: the last
// write may be torn, and it may come up read-only.
func (w *torture) diskBefore(ctx context.Context, p *replica, rng *rand.Rand) {
	if !w.onSQLite() {
		return
	}
	if chance(rng, 40) && w.tear(rng) {
		w.figures.disk("torn writes")
	}
	if w.disk.dir == "" || !chance(rng, 12) || !w.disk.one.TryLock() {
		return
	}
	defer w.disk.one.Unlock()
	if !w.readOnly(true) {
		return
	}
	w.figures.disk("disk read-only at a start")
	recovers := w.disk.falls()
	defer recovers()
	defer w.readOnly(false)
	l := p.start(fate{})
	select {
	case <-l.done:
	case <-time.After(patience):
		w.t.Errorf("the program starts on a disk that takes no writes")
	}
	p.end(syscall.SIGKILL) // it has ended
}

// tear leaves garbage where the next write to the log would have gone, as a write
// does that the power went away under. What was committed is whole.
func (w *torture) tear(rng *rand.Rand) bool {
	name := strings.TrimPrefix(w.env["DATABASE_URL"], "sqlite:") + "-wal"
	b, err := os.ReadFile(name)
	if err != nil || len(b) == 0 {
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // after a clean end there is none
			w.t.Error(err)
		}
		return false
	}
	garbage := make([]byte, 1+rng.IntN(9000))
	for i := range garbage {
		garbage[i] = byte(rng.Uint32())
	}
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteAt(garbage, walEnd(b))
		err = errors.Join(err, f.Close())
	}
	if err != nil && !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, fs.ErrNotExist) { // whoever was the last to read took it away
		w.t.Error(err)
	}
	return err == nil
}

// walEnd is where the frames end that were written since SQLite last began anew
// at the front of its write-ahead log. https://www.sqlite.org/fileformat.html#walformat:
// a header of 32 bytes with the page size at 8 and the salts at 16, then frames of
// 24 bytes with the salts at 8, and a page.
func walEnd(b []byte) int64 {
	if len(b) < 32 {
		return int64(len(b))
	}
	frame := 24 + int(binary.BigEndian.Uint32(b[8:12]))
	at := 32
	for at+frame <= len(b) && bytes.Equal(b[at+8:at+16], b[16:24]) {
		at += frame
	}
	return int64(at)
}
