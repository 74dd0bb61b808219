package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	simdo "dropletops/internal/sim/digitalocean"
	simslack "dropletops/internal/sim/slack"
)

// inDatabase waits until a count in the program's database is as it should be.
func (r *rig) inDatabase(what, query string, ok func(n int) bool) {
	r.t.Helper()
	db := r.openDatabase()
	defer db.Close()
	var n int
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) { // nothing tells when it will change
		if r.must(db.QueryRowContext(r.t.Context(), query).Scan(&n)); ok(n) {
			return
		}
	}
	r.t.Fatalf("waiting for %s: still %d\nthe program's log:\n%s", what, n, r.proc.out.String())
}

// TestRestartsBlameNoCommand: the process is killed again and again over dozens of commands,
// of which none is the cause. Each is answered in the end.
func TestRestartsBlameNoCommand(t *testing.T) {
	const commands, restarts = 75, 7
	r := newRig(t)
	r.env["DROPLETOPS_TEST_BUDGETS"] = "20" // what DigitalOcean lets through is not what is tried here
	r.do.AddDroplets(commands, "box")
	r.start()
	f := r.do.Inject(simdo.Fault{Match: simdo.Match{Method: http.MethodGet, Path: "/v2/droplets/**"}, Hang: true, Times: simdo.Always})
	for i := range commands {
		r.slash("alice", "#ops", fmt.Sprintf("/droplet info box-%d", i+1))
	}
	r.struck(f)
	const inHand = `SELECT coalesce(sum(crashes_shared + crashes_alone), 0) FROM inbox`
	for range restarts {
		r.kill()
		var before int
		r.inDatabase("", inHand, func(n int) bool { before = n; return true })
		r.launch("serve")
		r.inDatabase("some to be in hand", inHand, func(n int) bool { return n >= before+3 })
	}
	r.kill()
	f.Remove()
	r.start()
	r.inDatabase("all to be answered", `SELECT count(*) FROM inbox WHERE handled_at IS NULL`, func(n int) bool { return n == 0 })
	answered := map[string]bool{}
	for _, m := range r.slack.Snapshot().EphemeralsFor("alice") {
		for i := range commands {
			if name := fmt.Sprintf("*box-%d*", i+1); strings.Contains(m.Words(), name) {
				answered[name] = true
			}
		}
		if strings.Contains(m.Words(), "went wrong") {
			t.Errorf("alice is told: %s", m.Words())
		}
	}
	if len(answered) != commands {
		t.Errorf("%d of %d commands were answered", len(answered), commands)
	}
	r.noViolations()
}

// TestACommandThatEndsTheProcessIsGivenUp: one of many commands kills the process whenever it
// is handled. It is given up after a bounded number of starts; the others are answered by
// then, and nobody else's command is blamed.
func TestACommandThatEndsTheProcessIsGivenUp(t *testing.T) {
	const most = 14 // boots, and as many crashes in company as make its time alone long enough
	r := newRig(t)
	r.env["DROPLETOPS_TEST_BUDGETS"] = "20"
	r.do.AddDroplets(20, "box")
	r.start()
	hang := r.do.Inject(simdo.Fault{Match: simdo.Match{Method: http.MethodGet, Path: "/v2/droplets/**"}, Hang: true, Times: simdo.Always})
	for i := range 20 {
		if i == 10 {
			r.slash("bob", "#ops", "/droplet kernels web-1")
		}
		r.slash("alice", "#ops", fmt.Sprintf("/droplet info box-%d", i+1))
	}
	r.struck(hang)
	r.kill()
	hang.Remove()
	r.env["DROPLETOPS_TEST_DIE"] = "DigitalOcean: GET /v2/droplets/N/kernels, before it#1"
	told := make(chan struct{})
	go func() {
		defer close(told)
		_, _ = r.slack.WaitFor(t.Context(), func(s *simslack.Snapshot) bool {
			for _, m := range s.EphemeralsFor("bob") {
				if strings.Contains(m.Words(), "went wrong") {
					return true
				}
			}
			return false
		})
	}()
	starts := 0
	for given := false; !given; {
		if starts++; starts > most {
			t.Fatalf("after %d starts it is not given up:\n%s", most, r.proc.out.String())
		}
		p := r.launch("serve")
		select {
		case <-p.done:
		case <-told:
			given = true
		case <-time.After(patience):
			t.Fatalf("neither dead nor given up:\n%s", p.out.String())
		}
	}
	t.Logf("it was given up at start %d", starts)
	r.inDatabase("all to be answered", `SELECT count(*) FROM inbox WHERE handled_at IS NULL`, func(n int) bool { return n == 0 })
	n := 0
	for _, m := range r.slack.Snapshot().EphemeralsFor("alice") {
		if strings.Contains(m.Words(), "went wrong") {
			t.Errorf("alice is told: %s", m.Words())
		} else if strings.Contains(m.Words(), "box-") {
			n++
		}
	}
	if n < 20 {
		t.Errorf("%d of 20 commands were answered", n)
	}
	if n := strings.Count(r.proc.out.String(), "died with nothing else in hand"); n != 1 {
		t.Errorf("%d were blamed", n)
	}
}
