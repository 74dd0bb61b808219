package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
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

	// firstWork is when the process at work first asked DigitalOcean for more than
	// whether it takes the token; 0 is not yet. Nanoseconds since 1970.
	firstWork atomic.Int64
	// freezeAt is the request, by method, at which the process is stopped; "" is none.
	freezeAt atomic.Value

	mu     sync.Mutex
	now    *life
	frozen bool
}

// life is one process.
type life struct {
	cmd     *exec.Cmd
	began   time.Time
	dies    bool // at a point
	hurried bool // there was work to go on with when it began
	done    chan struct{}
}

func (w *torture) newReplica(n int) *replica {
	p := &replica{w: w, n: n}
	p.freezeAt.Store("")
	do := w.do.Handler()
	p.door = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/v2/account") {
			p.firstWork.CompareAndSwap(0, time.Now().UnixNano())
		}
		if at := p.freezeAt.Load().(string); at != "" && at == r.Method && p.freezeAt.CompareAndSwap(at, "") {
			p.signal(syscall.SIGSTOP)
		}
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

// start starts a process; where it is to die at a point, "" is nowhere.
func (p *replica) start(die string) *life {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := &life{cmd: exec.Command(os.Args[0], "serve"), began: time.Now(), dies: die != "", done: make(chan struct{}), hurried: p.w.atWork()}
	for k, v := range p.w.env {
		l.cmd.Env = append(l.cmd.Env, k+"="+v)
	}
	l.cmd.Env = append(l.cmd.Env, "DIGITALOCEAN_API_URL="+p.door.URL+"/")
	if die != "" {
		l.cmd.Env = append(l.cmd.Env, "DROPLETOPS_TEST_DIE="+die)
	}
	if file := p.w.figures.pointsFile(p); file != "" {
		l.cmd.Env = append(l.cmd.Env, "DROPLETOPS_TEST_POINTS="+file)
	}
	fmt.Fprintf(p.log, "---- started at %s, dies at %q ----\n", l.began.Format(time.StampMilli), die)
	l.cmd.Stdout, l.cmd.Stderr = p.log, p.log
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
	p.now, p.frozen = l, false
	return l
}

// over takes down how a life went.
func (p *replica) over(l *life, wanted syscall.Signal) {
	if first := p.firstWork.Load(); first != 0 && l.hurried {
		p.w.figures.restart(time.Unix(0, first).Sub(l.began))
	}
	if st, ok := l.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && st.Signaled() {
		return
	}
	switch code := l.cmd.ProcessState.ExitCode(); {
	case wanted == syscall.SIGTERM && code == exitDone:
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
		p.frozen = true
	case syscall.SIGCONT:
		p.frozen = false
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

// live is what happens to a replica: it works for a while, and then it is killed,
// stopped or frozen, and works again.
func (p *replica) live(ctx context.Context, rng *rand.Rand) {
	for {
		die := ""
		if chance(rng, 60) {
			die = p.w.figures.point(rng)
		}
		l := p.start(die)
		for alive := true; alive; {
			span := between(rng, 2*time.Second, 11*time.Second)
			if l.dies {
				span += 10 * time.Second
			}
			select {
			case <-ctx.Done():
				return
			case <-l.done:
				alive = false
				p.w.figures.died()
				p.over(l, 0)
				p.mu.Lock()
				p.now = nil
				p.mu.Unlock()
			case <-time.After(span):
				alive = p.befall(ctx, rng)
			}
		}
		if !pause(ctx, between(rng, 10*time.Millisecond, 3*time.Second)) {
			p.start("")
			return
		}
	}
}

// befall does something to a process, and says whether it lives on.
func (p *replica) befall(ctx context.Context, rng *rand.Rand) bool {
	several := len(p.w.replica) > 1
	what := rng.IntN(100)
	if several && what < 22 && p.w.quiet.TryLock() {
		defer p.w.quiet.Unlock()
		return p.away(ctx, rng, what < 11)
	}
	p.w.quiet.RLock() // not while another is away for long
	defer p.w.quiet.RUnlock()
	switch {
	case what < 50:
		p.w.figures.killed()
		p.end(syscall.SIGKILL)
		return false
	case what < 70:
		p.end(syscall.SIGTERM)
		return false
	case several:
		p.w.figures.froze()
		if chance(rng, 50) { // in the middle of a call, its answer unread
			p.freezeAt.Store(oneOf(rng, http.MethodGet, http.MethodPost))
			pause(ctx, 2*time.Second)
			p.freezeAt.Store("")
		}
		p.signal(syscall.SIGSTOP)
		pause(ctx, between(rng, time.Second, 12*time.Second))
		p.signal(syscall.SIGCONT)
		return true
	}
	return true
}

// away takes a replica away for long, dead or frozen, and measures how long it
// takes until the others have taken over what it had in hand.
func (p *replica) away(ctx context.Context, rng *rand.Rand, dead bool) bool {
	h := p.w.inHandOf(p)
	began := time.Now()
	if dead {
		p.w.figures.killed()
		p.end(syscall.SIGKILL)
	} else {
		p.w.figures.froze()
		p.signal(syscall.SIGSTOP)
	}
	longest := between(rng, 40*time.Second, 2*time.Minute)
	taken := false
	for !taken && time.Since(began) < longest && pause(ctx, time.Second) {
		taken = p.w.takenOver(h, time.Since(began))
	}
	if !taken {
		p.w.notTakenOver(h, time.Since(began))
	}
	if !dead {
		p.signal(syscall.SIGCONT)
	}
	return !dead
}

// heal lets every replica live, and none die at a point.
func (p *replica) heal() {
	p.freezeAt.Store("")
	p.signal(syscall.SIGCONT)
	p.mu.Lock()
	l := p.now
	p.mu.Unlock()
	if l != nil && l.dies {
		p.end(syscall.SIGKILL)
		l = nil
	}
	if l == nil {
		p.start("")
	}
}

// instance is the ID of the process at work, as it says in its log.
func (p *replica) instance() string {
	b, err := os.ReadFile(p.log.Name())
	if err != nil {
		return ""
	}
	s := string(b)
	s = s[strings.LastIndex(s, "---- started at"):]
	_, after, _ := strings.Cut(s, "instance=")
	id, _, _ := strings.Cut(after, "\n")
	return strings.TrimSpace(id)
}

// pointsFile is where a process notes the points it comes by, as long as they
// are being learnt.
func (f *figures) pointsFile(p *replica) string {
	file := filepath.Join(p.w.dir, fmt.Sprintf("points-%d", p.n))
	b, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return file
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for line := range strings.Lines(string(b)) {
		at := strings.TrimSpace(line)
		if i := strings.LastIndexByte(at, '#'); i >= 0 && !slices.Contains(f.points, at[:i]) {
			f.points = append(f.points, at[:i])
		}
	}
	slices.Sort(f.points)
	if len(f.points) < 25 {
		return file
	}
	return ""
}

// point is one to die at, the first time or later that it comes by.
func (f *figures) point(rng *rand.Rand) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.points) == 0 {
		return ""
	}
	return oneOf(rng, f.points...) + "#" + strconv.Itoa(1+rng.IntN(3))
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
