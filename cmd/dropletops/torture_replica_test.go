package main

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// replica is one place where the program runs, in one process after the other.
// Each has a door of its own to the built-in DigitalOcean, so that it is known
// who asked, and when.
type replica struct {
	w    *torture
	n    int
	door *httptest.Server
	log  *os.File
	// valve is in front of PostgreSQL, whose URL behind it is database.
	valve    *valve
	database string

	// firstWork is when the process at work first went on with what was there when it
	// began; 0 is not yet. Nanoseconds since 1970.
	firstWork atomic.Int64
	// freezeAt is the request, by method, at which the process is stopped; "" is none.
	freezeAt atomic.Value
	// stalling keeps DigitalOcean's answers back until it is closed; nil is none.
	stalling atomic.Pointer[chan struct{}]
	roll     chan chan struct{} // asks for a restart, and is told when it is ready

	alive atomic.Pointer[life] // the newest; it may have ended

	mu   sync.Mutex
	now  *life
	from int64 // where in the log it began
}

// life is one process.
type life struct {
	cmd    *exec.Cmd
	began  time.Time
	dies   bool            // at a point
	left   map[string]bool // the Droplets to go on with when it began and no other process was alive
	frozen bool            // for a while
	done   chan struct{}
}

// over says whether the process has ended.
func (l *life) over() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

func (w *torture) newReplica(n int) *replica {
	p := &replica{w: w, n: n, roll: make(chan chan struct{}), valve: newValve(), database: w.env["DATABASE_URL"]}
	if !w.onSQLite() {
		p.database = p.valve.behind(w.t, p.database)
	}
	p.freezeAt.Store("")
	do := w.do.Handler()
	p.door = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if p.goesOn(r) {
			p.firstWork.CompareAndSwap(0, time.Now().UnixNano())
		}
		if at := p.freezeAt.Load().(string); at != "" && at == r.Method && p.freezeAt.CompareAndSwap(at, "") {
			p.signal(syscall.SIGSTOP)
		}
		if until := p.stalling.Load(); until != nil {
			select {
			case <-*until:
			case <-r.Context().Done():
				return
			}
		}
		// DigitalOcean counts by token, and this takes more than the 5,000 requests an
		// hour that it gives one: with none left, actions are looked at twice a minute.
		r.Header.Set("Authorization", fmt.Sprint("Bearer minute-", time.Now().Unix()/60))
		do.ServeHTTP(rw, r)
	}))
	w.t.Cleanup(p.door.Close)
	var err error
	if p.log, err = os.OpenFile(filepath.Join(w.dir, fmt.Sprintf("%s-%d.log", filepath.Base(w.t.Name()), n)), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		p.end(syscall.SIGKILL)
		w.tokensStayOut(p.log.Name())
		_ = p.log.Close() // it was only written to
	})
	return p
}

// fate is at which point a process dies, and which commits' answers are lost to it, as
// DROPLETOPS_TEST_DIE and DROPLETOPS_TEST_LOSE have it.
type fate struct{ die, lose string }

// start starts a process.
func (p *replica) start(f fate) *life {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := &life{cmd: exec.Command(os.Args[0], "serve"), began: time.Now(), dies: f.die != "", done: make(chan struct{})}
	if !p.w.othersLive(p) {
		l.left = p.w.underHand()
	}
	for k, v := range p.w.env {
		l.cmd.Env = append(l.cmd.Env, k+"="+v)
	}
	l.cmd.Env = append(l.cmd.Env, "DIGITALOCEAN_API_URL="+p.door.URL+"/", "DATABASE_URL="+p.database,
		"DROPLETOPS_TEST_DIE="+f.die, "DROPLETOPS_TEST_LOSE="+f.lose)
	if file := p.w.figures.pointsFile(p); file != "" {
		l.cmd.Env = append(l.cmd.Env, "DROPLETOPS_TEST_POINTS="+file)
	}
	if at, err := p.log.Stat(); err == nil {
		p.from = at.Size()
	}
	fmt.Fprintf(p.log, "---- started at %s, dies at %q, loses %q ----\n", l.began.Format(time.StampMilli), f.die, f.lose)
	l.cmd.Stdout, l.cmd.Stderr = p.log, p.log
	p.alive.Store(l)
	p.firstWork.Store(0)
	if err := l.cmd.Start(); err != nil {
		p.w.t.Errorf("start the program: %v", err)
		close(l.done)
		return l
	}
	go func() {
		_ = l.cmd.Wait() // what it ended with is read from its state
		close(l.done)
	}()
	p.now = l
	return l
}

// goesOn says whether a request to DigitalOcean is about what was there when the
// process began: it is watched, looked at, or acted on.
func (p *replica) goesOn(r *http.Request) bool {
	l := p.alive.Load()
	if l == nil || strings.HasPrefix(r.URL.Path, "/v2/actions") {
		return true
	}
	id, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v2/droplets/"), "/")
	return l.left[id]
}

// othersLive says whether another replica's process is alive.
func (w *torture) othersLive(p *replica) bool {
	return slices.ContainsFunc(w.replica, func(o *replica) bool {
		l := o.alive.Load()
		return o != p && l != nil && !l.over()
	})
}

// over takes down how a life went.
func (p *replica) over(l *life, wanted syscall.Signal) {
	first := time.Now() // at the earliest, if it did not go on
	if at := p.firstWork.Load(); at != 0 {
		first = time.Unix(0, at)
	}
	took := first.Sub(l.began)
	if idle := p.firstWork.Load() == 0; len(l.left) > 0 && !l.frozen && !p.w.disk.illBetween(l.began, first) && (!idle || took > carryOn) {
		p.w.figures.restart(took)
	}
	if st, ok := l.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && st.Signaled() {
		if wanted == 0 {
			p.w.figures.died()
		}
		return
	}
	switch code := l.cmd.ProcessState.ExitCode(); {
	case wanted == syscall.SIGTERM && code == exitDone:
	case code == exitFail && p.w.disk.illBetween(l.began, time.Now()) && p.lastLine("DATABASE_URL"):
		p.w.figures.count(&p.w.figures.refusedStarts) // whoever runs it starts it again
	default:
		p.w.t.Errorf("replica %d ended by itself with exit code %d after %s; see its log", p.n, code, time.Since(l.began))
	}
}

// signal sends one to the process at work.
func (p *replica) signal(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now == nil || p.now.cmd.Process == nil {
		return
	}
	switch s {
	case syscall.SIGSTOP:
		p.now.frozen = true
	}
	_ = p.now.cmd.Process.Signal(s) // it may have ended
}

// end ends the process at work and waits for that.
func (p *replica) end(s syscall.Signal) {
	p.mu.Lock()
	l := p.now
	p.mu.Unlock()
	if l == nil {
		return
	}
	p.signal(syscall.SIGCONT)
	p.signal(s)
	began := time.Now()
	select {
	case <-l.done:
	case <-time.After(30 * time.Second):
		p.w.t.Errorf("replica %d does not end", p.n)
		p.signal(syscall.SIGKILL)
		<-l.done
	}
	if s == syscall.SIGTERM {
		p.w.figures.stop(time.Since(began))
	}
	p.over(l, s)
	p.mu.Lock()
	p.now = nil
	p.mu.Unlock()
}

// instance is the ID of the process at work.
func (p *replica) instance() string { return p.says("instance") }

// heard is what the newest process has said in its log.
func (p *replica) heard() string {
	p.mu.Lock()
	from := p.from
	p.mu.Unlock()
	f, err := os.Open(p.log.Name())
	if err != nil {
		return ""
	}
	defer f.Close()
	b, err := io.ReadAll(io.NewSectionReader(f, from, math.MaxInt32))
	if err != nil {
		return ""
	}
	return string(b)
}

// logged is what all its processes have said.
func (p *replica) logged() string {
	b, err := os.ReadFile(p.log.Name())
	p.w.must(err)
	return string(b)
}

// lastLine says whether the process at work ended with a line about something.
func (p *replica) lastLine(about string) bool {
	s := strings.TrimSpace(p.heard())
	return strings.Contains(s[strings.LastIndexByte(s, '\n')+1:], about)
}

// says is what the process at work says in its log under a key; empty if it has
// not said it yet.
func (p *replica) says(key string) string {
	_, after, _ := strings.Cut(p.heard(), " "+key+"=")
	word, _, _ := strings.Cut(after, "\n")
	word, _, _ = strings.Cut(word, " ")
	return strings.TrimSpace(word)
}

func (w *torture) tokensStayOut(file string) {
	b, err := os.ReadFile(file)
	if err != nil {
		w.t.Error(err)
	}
	for _, s := range w.secrets() {
		if s != "" && strings.Contains(string(b), s) {
			w.t.Errorf("a token stands in %s", file)
		}
	}
	for _, bad := range []string{"WARNING: DATA RACE", "\npanic: ", "a panic "} {
		if strings.Contains(string(b), bad) {
			w.t.Errorf("%q stands in %s", strings.TrimSpace(bad), file)
		}
	}
}
