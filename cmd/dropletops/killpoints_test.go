package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"dropletops/approvals"
	simdo "dropletops/internal/sim/digitalocean"
	simslack "dropletops/internal/sim/slack"
)

// A scenario is something people do, to its end. It is carried out once to learn
// at which points the program could have died, and then once for each of them:
// it dies there, is started again, and every promise must hold.
type scenario struct {
	name string
	do   func(r *rig)
}

var scenarios = []scenario{
	{"at once", func(r *rig) {
		r.insist("alice", "/droplet reboot web-1")
		r.ended()
	}},
	{"approved", func(r *rig) {
		r.insist("alice", "/droplet rebuild web-1 debian-12-x64")
		r.decide("bob", "approve")
		r.ended()
	}},
	{"denied", func(r *rig) {
		r.insist("alice", "/droplet rebuild web-1 debian-12-x64")
		r.decide("bob", "deny")
		r.ended()
	}},
	{"confirmed, in bulk", func(r *rig) {
		r.insist("alice", "/droplet reboot tag:web")
		r.decide("alice", "confirm")
		r.ended()
	}},
	{"created", func(r *rig) {
		r.insist("alice", "/droplet create new-1 --region nyc3 --size s-1vcpu-1gb --image debian-12-x64")
		r.ended()
	}},
	{"destroyed", func(r *rig) {
		r.insist("alice", "/droplet destroy web-1")
		r.decide("bob", "approve")
		r.ended()
	}},
	{"switched off, resized and switched on", func(r *rig) {
		r.insist("alice", "/droplet resize web-1 s-4vcpu-8gb")
		r.ended()
		if all := cards(r.slack.Snapshot()); stateOf(all[len(all)-1]) != "unknown" && r.do.DropletNamed("web-1").Status != "active" {
			r.t.Errorf("web-1 is left %s:\n%s", r.do.DropletNamed("web-1").Status, transcript(r.slack.Snapshot()))
		}
	}},
	{"a snapshot first", func(r *rig) {
		r.insist("alice", "/droplet rebuild web-1 debian-12-x64 --snapshot-first")
		r.decide("bob", "approve")
		r.ended()
	}},
	{"canceled", func(r *rig) {
		r.insist("alice", "/droplet enable-ipv6 staging-1")
		r.decide("alice", "cancel")
		r.ended()
	}},
}

// thorough has every scenario die at every point, the first four times that it
// comes by; otherwise one scenario dies at each point around a write, the first
// time.
func thorough() bool { return os.Getenv("TORTURE") != "" }

func TestDyingAtEachPoint(t *testing.T) {
	for _, s := range scenarios {
		if !thorough() && s.name != "approved" {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			points := learn(t, s)
			if len(points) < 15 {
				t.Fatalf("only %d points were found: %v", len(points), points)
			}
			for _, p := range points {
				t.Run(p, func(t *testing.T) { dieAt(t, s, p) })
			}
		})
	}
}

// pointsOf carries a scenario out and returns the points that the program passed, in order.
func (r *rig) pointsOf(s scenario) (points []string) {
	r.t.Helper()
	file := filepath.Join(r.t.TempDir(), "points")
	r.env["DROPLETOPS_TEST_POINTS"] = file
	r.start()
	s.do(r)
	r.stop()
	b, err := os.ReadFile(file)
	if err != nil {
		r.t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		points = append(points, strings.TrimSpace(line))
	}
	return points
}

// learn carries a scenario out, and answers the points it came by.
func learn(t *testing.T, s scenario) []string {
	seen := map[string]bool{}
	for _, p := range dyingRig(t).pointsOf(s) {
		nth, err := strconv.Atoi(p[strings.LastIndexByte(p, '#')+1:])
		if err != nil {
			t.Fatal(err)
		}
		// How often a look is repeated is a matter of time, so that what comes by
		// many times is tried a few times. A read changes nothing: to die around one
		// is to die after the write before it.
		if thorough() && nth <= 4 || nth == 1 && !reads(p) {
			seen[p] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// reads says whether a point lies around a call that changes nothing.
func reads(point string) bool {
	for _, read := range []string{": GET ", "/users.info", "/auth.test", "/conversations."} {
		if strings.Contains(point, read) {
			return true
		}
	}
	return false
}

func dieAt(t *testing.T, s scenario, point string) {
	r := dyingRig(t)
	r.env["HTTP_ADDR"] = "" // nothing asks it
	r.env["DROPLETOPS_TEST_DIE"] = point
	m := r.supervise()
	s.do(r)
	select {
	case <-m.died:
	default:
		// A point that depends on timing may not come by each time: then nothing
		// was tried, and the promises hold all the same.
		t.Logf("it did not come by %s", point)
	}
	if code := m.end(t); code != 0 && code != killed {
		t.Errorf("exit code %d", code)
	}
	r.promises()
}

// TestLosingEachCommit has every commit of one scenario fail, once each: before it nothing
// is committed, after it the answer is lost. The program lives on, and every promise holds.
func TestLosingEachCommit(t *testing.T) {
	s := scenarios[0]
	for _, p := range learn(t, s) {
		if !strings.HasPrefix(p, "database: ") {
			continue
		}
		t.Run(p, func(t *testing.T) {
			r := dyingRig(t)
			r.env["DROPLETOPS_TEST_LOSE"] = p
			r.start()
			if strings.Contains(p, ": put,") { // what is not known to be kept is rejected, and whoever sent it is told
				r.slash("alice", "#ops", "/droplet reboot web-1")
				r.told("alice", "Nothing was started")
				r.stopped()
				if n := len(r.posts()); n > 0 {
					t.Errorf("DigitalOcean accepted %d actions", n)
				}
				return
			}
			s.do(r)
			r.stopped()
			r.promises()
		})
	}
}

// killed is the exit code of a process that died by a signal: it came by its
// point as it was about to stop.
const killed = -1

// dyingRig is one whose program is to die. When thorough, time passes 20 times as
// fast for all of them, so that a minute of looking for a lost answer is 3 s. That
// takes a machine with nothing else to do: the program's own spans are as short.
func dyingRig(t *testing.T) *rig {
	t.Helper()
	if !thorough() {
		return newRig(t)
	}
	const fast = 20
	since := time.Now()
	r := newRigBetween(t, simslack.Options{Slower: slower, PingEvery: 5 * time.Second / fast},
		simdo.Options{Now: fastClock(since, fast), StatusLag: time.Second, Speed: 4})
	r.env["DROPLETOPS_TEST_SLOWER"] = strconv.Itoa(slower)
	r.env["DROPLETOPS_TEST_FAST"] = strconv.Itoa(fast)
	r.env["DROPLETOPS_TEST_SINCE"] = since.Format(time.RFC3339Nano)
	return r
}

// mortal is a program that is started again when it dies.
type mortal struct {
	died  chan struct{} // closed when it has died and lives again
	mu    sync.Mutex
	alive *exec.Cmd
	over  bool
	exit  chan int
}

// supervise starts the program with the point to die at, and starts it again
// without.
func (r *rig) supervise() *mortal {
	r.t.Helper()
	m := &mortal{died: make(chan struct{}), exit: make(chan int, 1)}
	first := r.launch("serve")
	m.alive = first.cmd
	var env []string
	for _, kv := range first.cmd.Env {
		if !strings.HasPrefix(kv, "DROPLETOPS_TEST_DIE=") {
			env = append(env, kv)
		}
	}
	r.t.Cleanup(func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.over = true
		_ = m.alive.Process.Kill() // it may have ended by itself
	})
	go func() {
		<-first.done
		m.mu.Lock()
		if m.over {
			m.mu.Unlock()
			m.exit <- first.code
			return
		}
		next := exec.Command(os.Args[0], "serve")
		next.Env, next.Stdout, next.Stderr = env, first.out, first.out
		io.WriteString(first.out, "---- started again ----\n")
		err := next.Start()
		m.alive = next
		m.mu.Unlock()
		close(m.died)
		if err == nil {
			_ = next.Wait() // its code says it
		}
		m.exit <- next.ProcessState.ExitCode()
	}()
	return m
}

// end stops whichever process lives, and answers its exit code.
func (m *mortal) end(t *testing.T) int {
	t.Helper()
	m.mu.Lock()
	m.over = true
	err := m.alive.Process.Signal(syscall.SIGTERM)
	m.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	select {
	case code := <-m.exit:
		return code
	case <-time.After(patience):
		t.Fatal("it does not stop")
		return 0
	}
}

// insist types a command, and types it again if Slack said that it did not get
// through, as people do.
func (r *rig) insist(user, line string) {
	r.t.Helper()
	r.wait("a socket", func(s *simslack.Snapshot) bool { return s.ReadySockets() > 0 })
	for range 5 {
		d, err := r.slack.SlashCommand(user, "#ops", line)
		if err != nil {
			r.t.Fatal(err)
		}
		// Whatever Slack says, it may be delivered again, or have been written down by a
		// process that died before it said so. Who types it again then asks for two.
		r.wait("the end of a command", func(*simslack.Snapshot) bool { return d.Settled() })
		if d.Result().Acked || r.keeps(d) {
			return
		}
		r.wait("a socket", func(s *simslack.Snapshot) bool { return s.ReadySockets() > 0 })
	}
	r.t.Fatal("the command never got through")
}

// keeps says whether an envelope is in the inbox, to be handled.
func (r *rig) keeps(d *simslack.Delivery) bool {
	r.t.Helper()
	db := r.openDatabase()
	defer db.Close()
	n := 0
	for _, id := range d.Result().EnvelopeIDs {
		one := 0
		r.must(db.QueryRowContext(r.t.Context(), `SELECT count(*) FROM inbox WHERE key = ? AND attempt < ?`, id, approvals.TurnedAway).Scan(&one))
		n += one
	}
	return n > 0
}

// decide clicks a button of the newest card until it is decided, as people do.
func (r *rig) decide(user, action string) {
	r.t.Helper()
	r.nthCard(0, "pending")
	for range 6 {
		r.wait("a socket", func(s *simslack.Snapshot) bool { return s.ReadySockets() > 0 })
		all := cards(r.slack.Snapshot())
		card := all[len(all)-1] // a second card, if there is one, is the one that works
		d, err := r.slack.Click(simslack.Click{User: user, Channel: card.Channel, TS: card.TS, ActionID: action, BlockID: ""})
		if err == nil {
			ctx, cancel := context.WithTimeout(r.t.Context(), patience)
			_, _ = d.Wait(ctx)
			cancel()
		}
		ctx, cancel := context.WithTimeout(r.t.Context(), 20*time.Second)
		_, err = r.slack.WaitFor(ctx, func(s *simslack.Snapshot) bool {
			all := cards(s)
			return stateOf(all[len(all)-1]) != "pending"
		})
		cancel()
		if err == nil {
			return
		}
	}
	r.t.Fatalf("clicking %s decides nothing:\n%s", action, transcript(r.slack.Snapshot()))
}

// terminal are the states a request ends in.
var terminal = []string{"completed", "failed", "denied", "expired", "canceled", "unknown"}

// ended waits until the newest card shows an end.
func (r *rig) ended() {
	r.t.Helper()
	r.wait("an end", func(s *simslack.Snapshot) bool {
		all := cards(s)
		return len(all) > 0 && slices.Contains(terminal, stateOf(all[len(all)-1]))
	})
}

// promises checks what CONTRACT §6 promises, after the program has ended.
func (r *rig) promises() {
	r.t.Helper()
	s := r.slack.Snapshot()
	byRequest := map[string][]*simslack.Message{}
	for _, c := range cards(s) {
		byRequest[idOf(c)] = append(byRequest[idOf(c)], c)
	}
	if len(byRequest) != 1 {
		r.t.Errorf("one command made %d requests:\n%s", len(byRequest), transcript(s))
	}
	for id, cs := range byRequest {
		if len(cs) > 2 {
			r.t.Errorf("request %s has %d cards:\n%s", id, len(cs), transcript(s))
		}
	}
	accepted := map[string]int{} // of each action that a request takes one, whatever it is made of
	for _, p := range r.posts() {
		key := fmt.Sprintf("%s of Droplet %d", p.Type, p.DropletID)
		if accepted[key]++; accepted[key] > 1 {
			r.t.Errorf("DigitalOcean accepted %s %d times for one request", key, accepted[key])
		}
	}
	var out, errs strings.Builder
	p := program{environ: []string{"DATABASE_URL=" + r.env["DATABASE_URL"]}}
	if code := p.run(r.t.Context(), []string{"audit", "verify"}, strings.NewReader(""), &out, &errs); code != 0 {
		r.t.Errorf("the audit log does not verify: %s", errs.String())
	}
	for _, v := range s.Violations {
		r.t.Errorf("violation of Slack's protocol: %s", v)
	}
}
