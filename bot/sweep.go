package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"dropletops/approvals"
	"dropletops/internal/task"
)

const (
	// sweepPage is how many requests a sweep reads at a time.
	sweepPage = 1000
	// loadersAtOnce is how many requests are looked up side by side, so that one that
	// hangs does not hold up the others.
	loadersAtOnce = 8
	// loadsAtOnce is how many requests are looked up between two looks at the queue, and
	// loadsWithin for how long those are waited for. With thousands to be looked up, or
	// some that hang, what may go goes meanwhile.
	loadsAtOnce = 100
	loadsWithin = 50 * time.Millisecond
)

// kick says that a request has changed.
func (p *publisher) kick(id string) bool {
	if !p.publishes() {
		return false
	}
	p.mark(id, true)
	p.nudge()
	return true
}

func (p *publisher) mark(id string, changed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, there := p.marked[id]; !there {
		p.dirty = append(p.dirty, id)
	}
	p.marked[id] = p.marked[id] || changed
}

func (p *publisher) nudge() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// sweep finds all that lags behind, however much that is, so that nothing is
// hidden behind what can't be shown.
func (p *publisher) sweep(ctx context.Context) error {
	for after := (approvals.Due{}); ; {
		due, err := p.outbox.Unpublished(ctx, after, sweepPage)
		if err != nil {
			return fmt.Errorf("look for cards that lag behind: %w", err)
		}
		if len(due) > 0 && !p.publishes() {
			return nil
		}
		for _, d := range due {
			p.mark(d.ID, false)
		}
		if len(due) < sweepPage {
			p.nudge()
			return nil
		}
		after = due[len(due)-1]
	}
}

// absorb has looked up what the requests that have changed need. One that a sweep
// found and that waits in the queue is looked up when its turn comes.
func (p *publisher) absorb(ctx context.Context) {
	now := p.client.now()
	p.mu.Lock()
	for _, id := range p.dirty {
		j := p.jobs[id]
		switch {
		case j == nil:
			p.serial++
			j = &job{id: id, since: now, serial: p.serial, stale: true}
			p.jobs[id] = j
		case p.marked[id]:
			j.stale = true
		}
		j.changed = j.changed || p.marked[id]
	}
	p.dirty = nil
	clear(p.marked)
	p.mu.Unlock()
	var due []*job
	for _, j := range p.jobs {
		if j.stale && !j.busy && !now.Before(j.loadAfter) {
			due = append(due, j)
		}
	}
	slices.SortFunc(due, func(a, b *job) int {
		if a.changed != b.changed {
			if a.changed {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.serial, b.serial)
	})
	p.loadAll(ctx, due[:min(loadsAtOnce, len(due))])
	p.tick(now)
}

// loadAll looks requests up, and takes in what comes of it in time.
func (p *publisher) loadAll(ctx context.Context, due []*job) {
	late := time.NewTimer(loadsWithin)
	defer late.Stop()
	p.looks++
	for left := len(due); left > 0; {
		for len(due) > 0 && p.loading < loadersAtOnce {
			p.load(ctx, due[0])
			due = due[1:]
		}
		select {
		case l := <-p.loaded:
			if p.take(l); l.look == p.looks {
				left--
			}
		case <-late.C:
			return
		}
	}
}

// loaded is what came of looking a request up.
type loaded struct {
	look int // in which look at the queue that began
	job  *job
	pub  *approvals.Publication
	err  error
}

// load looks a request up beside run, which hears what came of it.
func (p *publisher) load(ctx context.Context, j *job) {
	p.loading++
	j.busy, j.stale, j.changed = true, false, false // what changes from now on is looked up again
	l := loaded{look: p.looks, job: j}
	go task.Log(p.client.crashed, func() {
		l.err = task.Do(func() (err error) {
			l.pub, err = p.outbox.Publication(ctx, j.id)
			return err
		})
		p.loaded <- l
	})()
}

// take plans what a request that was looked up needs.
func (p *publisher) take(l loaded) {
	p.loading--
	now, j, pub := p.client.now(), l.job, l.pub
	j.busy = false
	switch {
	case errors.Is(l.err, approvals.ErrNotFound):
		p.drop(j.id)
		return
	case l.err != nil:
		j.stale = true
		j.unloaded++
		j.loadAfter = now.Add(backoff(j.unloaded, 500*time.Millisecond, 30*time.Second))
		if !errors.Is(l.err, context.Canceled) {
			p.client.log().Error("a request can't be loaded for its card; trying again", "request", j.id, "error", safe(l.err))
		}
		return
	}
	j.unloaded = 0
	j.steps = plan(pub, j.supersede, now)
	j.ended, j.news = time.Time{}, untold(pub)
	if r := pub.Request; !r.State.Open() {
		j.ended = r.EndedAt
	}
	for i, s := range j.steps {
		if s.kind == toEdit && p.drawn[j.id].shows(pub, now) {
			j.steps[i].kind, j.steps[i].method = toSame, ""
		}
	}
	p.follow(pub, now)
	if len(j.steps) == 0 && !j.stale {
		delete(p.jobs, j.id)
		if !pub.Request.State.Open() {
			delete(p.drawn, j.id)
		}
	}
}

// drop forgets a request.
func (p *publisher) drop(id string) {
	delete(p.jobs, id)
	delete(p.running, id)
	delete(p.drawn, id)
}
