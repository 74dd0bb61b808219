package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"dropletops/approvals"
)

const (
	// sendersAtOnce is how many calls of Slack may be under way, so that one that
	// hangs does not hold up the others. The pace is elsewhere.
	sendersAtOnce = 4
	// sweepMost is how many requests a sweep queues; the next finds the rest.
	sweepMost = 1000
	// patience is how long a first card may wait before its asker is told that
	// it waits.
	patience = 5 * time.Second
	// idle is how long the publisher looks away when nothing waits.
	idle = time.Minute
)

// publisher makes Slack show what is. It is told which requests have changed,
// and works them off at Slack's pace: what it sends is loaded right before, so a
// card that changed ten times while it waited is edited once.
//
// Everything it knows is in the outbox; its queue is memory that a sweep fills
// again. Many ends at once in one channel will become one summary some day: that
// belongs where dispatch chooses the next job.
type publisher struct {
	client    *Client
	outbox    Outbox
	abandoner Abandoner
	replies   *replies
	pace      *pace
	process   string
	publishes func() bool

	mu     sync.Mutex
	dirty  []string        // in the order in which they changed
	marked map[string]bool // those in dirty
	wake   chan struct{}

	// What follows belongs to run's goroutine.
	jobs    map[string]*job
	running map[string]*ticking
	busy    int
	serial  int
	results chan result
	behind  sync.WaitGroup
}

// job is a request that Slack lags behind on.
type job struct {
	id     string
	since  time.Time // when it began to wait
	serial int       // of those that began at once, which was first
	steps  []step    // what there is to do, the most urgent first
	stale  bool      // what is to be done must be looked up (again)
	busy   bool      // one of its steps is being done
	// supersede says that its card can't be edited any more and a new one is due.
	supersede bool
	told      bool // its asker knows that it waits
	failures  [steps]int
	notBefore [steps]time.Time
	unloaded  int // look-ups in the outbox that failed in a row
	loadAfter time.Time
}

func newPublisher(c Config, p *pace, r *replies) *publisher {
	return &publisher{
		client: c.Client, outbox: c.Outbox, abandoner: c.Abandoner, replies: r, pace: p, process: c.Process, publishes: c.Turn,
		marked: map[string]bool{}, wake: make(chan struct{}, 1),
		jobs: map[string]*job{}, running: map[string]*ticking{},
		results: make(chan result, sendersAtOnce),
	}
}

func (p *publisher) kick(id string) bool {
	if !p.publishes() {
		return false
	}
	p.mu.Lock()
	if !p.marked[id] {
		p.marked[id] = true
		p.dirty = append(p.dirty, id)
	}
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default:
	}
	return true
}

func (p *publisher) sweep(ctx context.Context) error {
	ids, err := p.outbox.Unpublished(ctx, sweepMost)
	if err != nil {
		return fmt.Errorf("look for cards that lag behind: %w", err)
	}
	for _, id := range ids {
		p.kick(id)
	}
	return nil
}

// run publishes until stop ends, and answers when nothing is under way any more.
func (p *publisher) run(stop, work context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for stop.Err() == nil {
		p.absorb(stop)
		p.client.metrics.publishing.Set(float64(len(p.jobs)))
		timer.Reset(p.dispatch(work))
		select {
		case <-stop.Done():
		case <-p.wake:
		case <-timer.C:
		case r := <-p.results:
			p.settle(r)
		}
	}
	for ; p.busy > 0; p.busy-- {
		<-p.results
	}
	p.behind.Wait()
}

// absorb looks up what the requests that have changed need.
func (p *publisher) absorb(ctx context.Context) {
	now := p.client.now()
	p.mu.Lock()
	for _, id := range p.dirty {
		j := p.jobs[id]
		if j == nil {
			p.serial++
			j = &job{id: id, since: now, serial: p.serial}
			p.jobs[id] = j
		}
		j.stale = true
	}
	p.dirty = nil
	clear(p.marked)
	p.mu.Unlock()
	for _, j := range p.jobs {
		if j.stale && !j.busy && !now.Before(j.loadAfter) {
			p.load(ctx, j, now)
		}
	}
	p.tick(now)
}

func (p *publisher) load(ctx context.Context, j *job, now time.Time) {
	pub, err := p.outbox.Publication(ctx, j.id)
	switch {
	case errors.Is(err, approvals.ErrNotFound):
		delete(p.jobs, j.id)
		delete(p.running, j.id)
		return
	case err != nil:
		j.unloaded++
		j.loadAfter = now.Add(backoff(j.unloaded, 500*time.Millisecond, 30*time.Second))
		if ctx.Err() == nil {
			p.client.log().Error("a request can't be loaded for its card; trying again", "request", j.id, "error", safe(err))
		}
		return
	}
	j.stale, j.unloaded = false, 0
	j.steps = plan(pub, j.supersede)
	p.follow(pub, now)
	if len(j.steps) == 0 {
		delete(p.jobs, j.id)
	}
}

// dispatch starts what may go now, and answers how long until something may.
func (p *publisher) dispatch(work context.Context) time.Duration {
	if !p.publishes() {
		p.leave()
		return idle
	}
	now := p.client.now()
	wait := idle
	queue := make([]*job, 0, len(p.jobs))
	for _, j := range p.jobs {
		if j.stale && !j.busy {
			wait = min(wait, max(0, j.loadAfter.Sub(now)))
		}
		if !j.busy && len(j.steps) > 0 && !j.stale {
			queue = append(queue, j)
		}
	}
	slices.SortFunc(queue, before)
	ahead := map[string]int{}
	for _, j := range queue {
		for _, s := range j.steps {
			rest := j.notBefore[s.kind].Sub(now)
			if rest <= 0 {
				rest = p.may(s, now)
			}
			if rest <= 0 {
				p.start(work, j, s)
				break
			}
			wait = min(wait, rest)
		}
		if first := j.steps[0]; first.kind == toPost && !j.busy {
			wait = min(wait, p.reassure(work, j, ahead[first.channel], now))
			ahead[first.channel]++
		}
	}
	for _, t := range p.running {
		wait = min(wait, max(0, t.next.Sub(now)))
	}
	return wait
}

// leave lets go of what waits: whoever has the turn finds it in the outbox.
func (p *publisher) leave() {
	for id, j := range p.jobs {
		if !j.busy {
			delete(p.jobs, id)
		}
	}
	clear(p.running)
}

// before says which job goes first: by the most urgent step, then by age.
func before(a, b *job) int {
	if a.steps[0].rank != b.steps[0].rank {
		return a.steps[0].rank - b.steps[0].rank
	}
	return cmp.Or(a.since.Compare(b.since), a.serial-b.serial)
}

// may takes the step's turn and answers 0, or how long until it may be taken.
func (p *publisher) may(s step, now time.Time) time.Duration {
	if p.busy >= sendersAtOnce {
		return idle // a result wakes run up
	}
	if s.kind == toRefresh {
		if rest := p.pace.spare(updateMessage, refreshLeaves, now); rest > 0 {
			return rest
		}
	}
	return p.pace.take(s.method, s.channel, now)
}

func (p *publisher) start(work context.Context, j *job, s step) {
	j.busy = true
	p.busy++
	o := order{id: j.id, step: s, supersede: j.supersede}
	if t := p.running[j.id]; t != nil {
		o.shown = t.shown
	}
	go func() {
		r := result{order: o}
		if err := guard(func() error { r = p.perform(work, o); return nil }); err != nil {
			r.err = err
		}
		p.results <- r
	}()
}
