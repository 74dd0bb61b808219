package bot

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"dropletops/approvals"
	"dropletops/internal/task"
)

const (
	// sendersAtOnce is how many steps may be under way, so that one that hangs does not
	// hold up the others. The pace is elsewhere.
	sendersAtOnce = 4
	// senderWithin is after how long a step that has not ended leaves its place to
	// another: more than a call of Slack takes at the most. What is still to be written
	// down, or waits for its turn, goes on beside.
	senderWithin = httpTimeout + databaseWithin
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
// again.
type publisher struct {
	client    *Client
	outbox    Outbox
	abandoner Abandoner
	replies   *replies
	pace      *pace
	process   string
	publishes func() bool

	mu     sync.Mutex
	dirty  []string        // in the order in which they changed, or were found
	marked map[string]bool // those in dirty; true if they have changed
	wake   chan struct{}
	// strays are messages that are not their request's card, and were or are being
	// edited to say so.
	strays map[approvals.MessageRef]bool
	blind  map[string]time.Time // channels that the bot may not read, until when

	// What follows belongs to run's goroutine.
	jobs    map[string]*job
	running map[string]*ticking
	drawn   map[string]drawing
	shut    map[string]*closure
	steps   int // under way
	loading int // look-ups in the outbox under way
	looks   int // at the queue
	serial  int
	results chan result
	loaded  chan loaded
	behind  sync.WaitGroup

	senders atomic.Int32 // the steps under way that have a sender's place
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
	changed   bool // its wake-up is yet to be looked at; otherwise a sweep found it
	// certain says that this process's last try to post its card put nothing into
	// Slack.
	certain   bool
	ended     time.Time // when the request ended; zero if it is open
	news      *news     // what a summary may tell of it
	held      bool      // its notes are left to a summary
	failures  [steps]int
	notBefore [steps]time.Time
	unloaded  int // look-ups in the outbox that failed in a row
	loadAfter time.Time
}

func newPublisher(c Config, p *pace, r *replies) *publisher {
	return &publisher{
		client: c.Client, outbox: boundedOutbox{c.Outbox}, abandoner: boundedAbandoner{c.Abandoner}, replies: r, pace: p, process: c.Process, publishes: c.Turn,
		marked: map[string]bool{}, wake: make(chan struct{}, 1),
		strays: map[approvals.MessageRef]bool{}, blind: map[string]time.Time{},
		jobs: map[string]*job{}, running: map[string]*ticking{}, drawn: map[string]drawing{}, shut: map[string]*closure{},
		results: make(chan result, sendersAtOnce), loaded: make(chan loaded, loadersAtOnce),
	}
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
		case l := <-p.loaded:
			p.take(l)
		}
	}
	for ; p.steps > 0; p.steps-- {
		<-p.results
	}
	for ; p.loading > 0; p.loading-- {
		<-p.loaded
	}
	p.behind.Wait()
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
		if j.stale && !j.busy && p.loading < loadersAtOnce { // else a look-up that ends wakes run up
			wait = min(wait, max(0, j.loadAfter.Sub(now)))
		}
		if !j.busy && len(j.steps) > 0 && !j.stale {
			queue = append(queue, j)
		}
	}
	slices.SortFunc(queue, before)
	summaries := p.hold(queue, now)
	ahead := map[string]int{}
	for _, j := range queue {
		// First cards go before summaries, and those before what only goes on.
		if j.steps[0].kind != toPost && summaries != nil {
			wait = min(wait, p.summarize(work, summaries, now))
			summaries = nil
		}
		if !j.busy {
			wait = min(wait, p.try(work, j, now))
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

// try starts the most urgent of a job's steps that may go now, and answers how
// long until one may.
func (p *publisher) try(work context.Context, j *job, now time.Time) time.Duration {
	wait := idle
	for _, s := range j.steps {
		switch {
		case p.over(j, s, now):
			s = step{kind: toGiveUp, channel: s.channel}
		case s.kind == toNote && j.held:
			continue
		}
		rest := j.notBefore[s.kind].Sub(now)
		if rest <= 0 && s.method != "" && !j.first(s) {
			rest = p.closed(s.channel, now)
		}
		if rest <= 0 {
			rest = p.may(s, now)
		}
		if rest <= 0 {
			p.start(work, j, s)
			return idle
		}
		wait = min(wait, rest)
	}
	return wait
}

// first says whether a step posts a request's first card: whether its channel
// takes it is what whoever asked is told.
func (j *job) first(s step) bool { return s.kind == toPost && !j.supersede }

// leave lets go of what waits: whoever has the turn finds it in the outbox.
func (p *publisher) leave() {
	for id, j := range p.jobs {
		if !j.busy {
			delete(p.jobs, id)
		}
	}
	clear(p.running)
	clear(p.drawn)
}

// before says which job goes first: by the most urgent step, first cards before
// edits, then by age.
func before(a, b *job) int {
	x, y := a.steps[0], b.steps[0]
	return cmp.Or(x.rank-y.rank, int(x.kind-y.kind), a.since.Compare(b.since), a.serial-b.serial)
}

// may takes the step's turn and answers 0, or how long until it may be taken.
func (p *publisher) may(s step, now time.Time) time.Duration {
	if p.senders.Load() >= sendersAtOnce {
		return idle // a result wakes run up
	}
	if s.method == "" {
		return 0
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
	o := order{id: j.id, step: s, supersede: j.supersede, drawn: p.drawn[j.id], certain: j.certain}
	if c := p.shut[s.channel]; c != nil {
		o.why = c.code
		if s.method != "" {
			c.probe(p.client.now())
		}
	}
	p.hand(o, func() result { return p.perform(work, o) })
}

// hand has an order done beside run, which hears of the result.
func (p *publisher) hand(o order, do func() result) {
	p.steps++
	p.senders.Add(1)
	leave := sync.OnceFunc(func() { p.senders.Add(-1); p.nudge() })
	late := time.AfterFunc(senderWithin, leave)
	go task.Log(p.client.crashed, func() {
		r := result{order: o}
		if err := task.Do(func() error { r = do(); return nil }); err != nil {
			r.err = err
		}
		late.Stop()
		leave()
		p.results <- r
	})()
}
