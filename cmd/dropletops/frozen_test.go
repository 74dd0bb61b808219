package main

import (
	"net"
	"net/url"
	"sync"
	"testing"

	"dropletops/internal/scratch"
)

// valve stands in front of a database. While it is shut nothing comes through, and
// nobody is told: as when a network swallows everything.
type valve struct {
	mu   sync.Mutex
	open chan struct{} // closed while it is open
}

func newValve() *valve {
	v := &valve{open: make(chan struct{})}
	close(v.open)
	return v
}

func (v *valve) shut() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.open = make(chan struct{})
}

func (v *valve) passes(done <-chan struct{}) bool {
	v.mu.Lock()
	open := v.open
	v.mu.Unlock()
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
	pour := func(to, from net.Conn) {
		defer to.Close()
		defer from.Close()
		buf := make([]byte, 64<<10)
		for {
			n, err := from.Read(buf)
			if n > 0 && v.passes(t.Context().Done()) {
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
			conns.Go(func() { pour(in, out) })
			conns.Go(func() { pour(out, in) })
		}
	})
	u.Host = ln.Addr().String()
	return u.String()
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
