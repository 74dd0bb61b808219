package main

import (
	"context"
	"math/rand/v2"
	"net/http"
	"syscall"
	"time"
)

// live is what happens to a replica: it works for a while, and then it is killed,
// stopped or frozen, and works again.
func (p *replica) live(ctx context.Context, rng *rand.Rand) {
	for {
		var f fate
		if chance(rng, 60) {
			f.die = p.w.figures.point(rng)
		}
		if chance(rng, 40) {
			f.lose = p.w.figures.commits(rng)
		}
		p.w.diskBefore(ctx, p, rng)
		if chance(rng, 6) {
			p.killedInARow(ctx, rng)
		}
		l := p.start(f)
		for alive := true; alive; {
			span := between(rng, 2*time.Second, 11*time.Second)
			if l.dies {
				span += 10 * time.Second
			}
			if chance(rng, 8) { // long enough to see that it does nothing, if it does nothing
				span += 3 * carryOn
			}
			select {
			case <-ctx.Done():
				return
			case <-l.done:
				alive = false
				p.over(l, 0)
				p.mu.Lock()
				p.now = nil
				p.mu.Unlock()
			case rolled := <-p.roll:
				p.end(syscall.SIGTERM)
				l = p.start(fate{})
				p.w.figures.rolled(p.readyIn(ctx))
				close(rolled)
			case <-time.After(span):
				alive = p.befall(ctx, rng)
			}
		}
		if !pause(ctx, between(rng, 10*time.Millisecond, 3*time.Second)) {
			p.start(fate{})
			return
		}
	}
}

// befall does something to a process, and says whether it lives on.
func (p *replica) befall(ctx context.Context, rng *rand.Rand) bool {
	several := len(p.w.replica) > 1
	what := rng.IntN(100)
	if several && what < 10 && p.w.quiet.TryLock() {
		defer p.w.quiet.Unlock()
		return p.away(ctx, rng, what < 5)
	}
	if !p.w.quiet.TryRLock() {
		return true // another is away for long, or all are restarted one after the other
	}
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
	longest := between(rng, 40*time.Second, 130*time.Second)
	if chance(rng, 60) {
		defer p.stall()()
	}
	h := p.w.inHandOf(p)
	for range 60 { // what it has claimed is handled in no time, unless it is stalled
		if !p.stalled() || h.silent || len(h.envelopes) > 0 || !pause(ctx, 200*time.Millisecond) {
			break
		}
		h = p.w.inHandOf(p)
	}
	if len(h.envelopes) > 0 {
		longest = max(longest, 75*time.Second)
	}
	began := time.Now()
	if dead {
		p.w.figures.killed()
		p.end(syscall.SIGKILL)
	} else {
		p.w.figures.froze()
		p.signal(syscall.SIGSTOP)
	}
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

// stall keeps DigitalOcean's answers from a replica, so that it has envelopes in
// hand when it goes away. It answers how that ends.
func (p *replica) stall() (end func()) {
	until := make(chan struct{})
	p.stalling.Store(&until)
	return func() { p.stalling.Store(nil); close(until) }
}

func (p *replica) stalled() bool { return p.stalling.Load() != nil }

// rolling restarts all replicas now and then, one after the other, each once the
// one before says that it is ready: what a new version is brought in by.
func (w *torture) rolling(ctx context.Context, rng *rand.Rand) {
	for pause(ctx, between(rng, 40*time.Second, 3*time.Minute)) {
		w.quiet.Lock()
		for _, p := range w.replica {
			done := make(chan struct{})
			select {
			case p.roll <- done:
				<-done
			case <-ctx.Done():
			}
		}
		w.quiet.Unlock()
		w.figures.count(&w.figures.rolls)
	}
}

// readyIn is how long the process at work takes from now until /readyz says that
// it is ready; a minute at the most, since Slack may just be away.
func (p *replica) readyIn(ctx context.Context) time.Duration {
	for began := time.Now(); ; {
		if since := time.Since(began); p.ready(ctx) || since > time.Minute || !pause(ctx, 100*time.Millisecond) {
			return since
		}
	}
}

func (p *replica) ready(ctx context.Context) bool {
	at := p.says("http_addr")
	if at == "" {
		return false
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+at+"/readyz", nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	return resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
}

// heal lets every replica live, and none die at a point.
func (p *replica) heal() {
	p.freezeAt.Store("")
	p.signal(syscall.SIGCONT)
	p.mu.Lock()
	l := p.now
	p.mu.Unlock()
	if l != nil && (l.dies || l.over()) {
		p.end(syscall.SIGKILL)
		l = nil
	}
	if l == nil {
		p.start(fate{})
	}
}
