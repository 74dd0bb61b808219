package main

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"dropletops/internal/scratch"
)

// valve stands in front of a database. While it is shut nothing comes through, and
// nobody is told: as when a network swallows everything.
type valve struct {
	mu    sync.Mutex
	open  chan struct{} // closed while it is open
	conns int           // that there have been
	lost  map[int]bool  // those that were lost
}

func newValve() *valve {
	v := &valve{open: make(chan struct{}), lost: map[int]bool{}}
	close(v.open)
	return v
}

func (v *valve) shut() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.open = make(chan struct{})
}

func (v *valve) reopen() {
	v.mu.Lock()
	defer v.mu.Unlock()
	close(v.open)
}

// lose has nothing come through on what is connected; what connects anew is served.
func (v *valve) lose() { v.loseSome(func() bool { return true }) }

// loseSome has nothing come through on some of the connections.
func (v *valve) loseSome(this func() bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for n := range v.conns {
		if !v.lost[n] && this() {
			v.lost[n] = true
		}
	}
}

// connects numbers a connection that begins now.
func (v *valve) connects() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.conns++
	return v.conns - 1
}

// passes waits until the valve is open, and reports whether what came on a connection
// gets through: not if the connection is lost or the test ends.
func (v *valve) passes(conn int, done <-chan struct{}) bool {
	v.mu.Lock()
	open, lost := v.open, v.lost[conn]
	v.mu.Unlock()
	if lost {
		return false
	}
	select {
	case <-open:
		return true
	case <-done:
		return false
	}
}

// behind serves a database behind the valve, and answers its URL.
func (v *valve) behind(t *testing.T, database string) string {
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	server := u.Host
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var conns sync.WaitGroup
	t.Cleanup(func() {
		if err := ln.Close(); err != nil {
			t.Error(err)
		}
		conns.Wait()
	})
	pour := func(conn int, to, from net.Conn) {
		defer to.Close()
		defer from.Close()
		buf := make([]byte, 64<<10)
		for {
			n, err := from.Read(buf)
			if n > 0 && v.passes(conn, t.Context().Done()) {
				_, err = to.Write(buf[:n])
			}
			if err != nil {
				return
			}
		}
	}
	conns.Go(func() {
		for {
			in, err := ln.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", server)
			if err != nil {
				_ = in.Close()
				continue
			}
			conns.Go(func() {
				<-t.Context().Done()
				_, _ = in.Close(), out.Close()
			})
			conn := v.connects()
			conns.Go(func() { pour(conn, in, out) })
			conns.Go(func() { pour(conn, out, in) })
		}
	})
	u.Host = ln.Addr().String()
	return u.String()
}

// Connections that are lost without a word keep a replica from nothing for long: neither
// its turn to publish nor that it is there is waited for on one of them.
func TestConnectionsLostWithoutAWord(t *testing.T) {
	v := newValve()
	r := newRig(t)
	r.env["DATABASE_URL"] = v.behind(t, scratch.PostgreSQL(t))
	r.start()
	r.slash("alice", "#ops", "/droplet reboot web-1")
	r.card("completed")
	v.lose()
	r.answers("/metrics", func(int, string) bool {
		said := r.proc.out.String()
		return strings.Contains(said, "how many replicas there are could not be looked up") || strings.Contains(said, "take the turn at publish")
	})
	r.answers("/readyz", func(code int, _ string) bool { return code == http.StatusOK })
	r.stopped()
}

// Whoever has the turn to publish keeps it while every read of a request hangs, and goes on
// as soon as they do not.
func TestTheTurnIsKeptWhileReadsHang(t *testing.T) {
	r := newRig(t)
	r.env["DATABASE_URL"] = scratch.PostgreSQL(t)
	db := r.open("pgx", r.env["DATABASE_URL"])
	r.start()
	r.slash("alice", "#ops", "/droplet rebuild web-1 debian-12-x64")
	r.placed(r.card("pending"))
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), `LOCK TABLE requests IN ACCESS EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	r.slash("alice", "#ops", "/droplet reboot web-2") // as others want to read, too
	turn := func() (until int64) {
		r.must(db.QueryRowContext(t.Context(), `SELECT until FROM turns WHERE name = 'publish'`).Scan(&until))
		return until
	}
	began := turn()
	r.answers("/metrics", func(int, string) bool { return turn() >= began+turnLasts.Microseconds()+turnEvery.Microseconds() })
	if said := r.proc.out.String(); strings.Contains(said, "the turn to publish is lost") {
		t.Errorf("the turn was lost:\n%s", said)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	r.card("completed")
	r.onePost()
}

// A database that answers nothing any more keeps nobody from stopping the program.
func TestStopWhileTheDatabaseHangs(t *testing.T) {
	database := scratch.PostgreSQL(t)
	v := newValve()
	r := newRig(t)
	r.env["DATABASE_URL"] = v.behind(t, database)
	r.start()
	r.slash("alice", "#ops", "/droplet reboot web-1")
	r.card("completed")
	v.shut()
	r.stopped()
}
