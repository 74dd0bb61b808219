package api

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/digitalocean/godo"
)

// Limits of watching.
const (
	// pageFresh is how long one read of the newest actions serves every look.
	pageFresh = 2 * time.Second
	// forgotten is after how long without a look an action is no longer taken
	// to be under way: twice the longest pause between two looks.
	forgotten = 2 * maxPoll
	// pageBarred is for how long single looks are better, after a page on which
	// hardly any of the actions under way stood: its order is not documented.
	pageBarred = time.Minute
)

// watch is the one watcher of the process. It knows which actions are under way
// from who looks at them, and lets one request serve several looks.
type watch struct {
	mu     sync.Mutex
	seen   map[int]time.Time // when each action under way was last looked at
	page   map[int]Record
	pageAt time.Time
	barred time.Time
}

// Look reads an action that is under way. Several actions that are looked at are
// read with one request, each then not older than 2 s, and concurrent looks at
// the same one share theirs. It yields to commands.
func (c *Client) Look(ctx context.Context, actionID int) (Record, error) {
	what := fmt.Sprintf("look at action %d", actionID)
	if c.watch.several(actionID, c.now()) {
		page, err := once(ctx, c, "actions", what, c.newestActions)
		if r, ok := page[actionID]; ok {
			return c.watch.done(r), nil
		}
		if kind := KindOf(err); kind == RateLimited || kind == Unauthorized || ctx.Err() != nil {
			return Record{}, err
		}
		if err != nil {
			c.watch.bar(c.now())
		}
	}
	r, err := once(ctx, c, fmt.Sprintf("action/%d", actionID), what, func(ctx context.Context) (Record, error) {
		a, resp, err := read(ctx, c, what, watching, readScopes, func(ctx context.Context) (*godo.Action, *godo.Response, error) {
			return c.godo.Actions.Get(ctx, actionID)
		})
		if err != nil {
			return Record{}, err
		}
		if a == nil || a.ID != actionID {
			return Record{}, empty(what, resp)
		}
		r := recordOf(*a)
		r.RequestID = oneLine(resp.Header.Get("X-Request-Id"))
		return r, nil
	})
	if err != nil {
		return Record{}, err
	}
	return c.watch.done(r), nil
}

// newestActions answers page 1 of all actions by ID, from the last read if that
// is fresh enough.
func (c *Client) newestActions(ctx context.Context) (map[int]Record, error) {
	if page := c.watch.fresh(c.now()); page != nil {
		return page, nil
	}
	what := "list the newest actions"
	actions, resp, err := read(ctx, c, what, watching, readScopes, func(ctx context.Context) ([]godo.Action, *godo.Response, error) {
		return c.godo.Actions.List(ctx, &godo.ListOptions{PerPage: perPage})
	})
	if err != nil {
		return nil, err
	}
	id := oneLine(resp.Header.Get("X-Request-Id"))
	page := map[int]Record{}
	for _, a := range actions {
		r := recordOf(a)
		r.RequestID = id
		page[r.ID] = r
	}
	c.watch.keep(page, c.now())
	return page, nil
}

// several notes a look, and says whether the page is the way to read it.
func (w *watch) several(id int, now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen[id] = now
	for other, last := range w.seen {
		if now.Sub(last) > forgotten {
			delete(w.seen, other)
		}
	}
	return len(w.seen) > 1 && !now.Before(w.barred)
}

func (w *watch) fresh(now time.Time) map[int]Record {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.page == nil || now.Sub(w.pageAt) >= pageFresh {
		return nil
	}
	return w.page
}

// keep takes a page that was read. One that serves fewer than two of those under
// way has cost a request and saved none.
func (w *watch) keep(page map[int]Record, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	served := 0
	for id := range w.seen {
		if _, ok := page[id]; ok {
			served++
		}
	}
	w.page, w.pageAt = page, now
	if served < 2 {
		w.barred = now.Add(pageBarred)
	}
}

func (w *watch) bar(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.barred = now.Add(pageBarred)
}

// done forgets an action that has ended.
func (w *watch) done(r Record) Record {
	if r.Ended() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.seen, r.ID)
	}
	return r
}

// The shortest and the longest pause between two looks.
const (
	minPoll = time.Second
	maxPoll = time.Minute
)

// PollEvery is how long to wait before the next look at an action of that age:
// a twentieth of what is usual (at most 20 s) until then, and longer the more
// overdue it is. 0 for usual is taken as 30 s.
func PollEvery(age, usual time.Duration) time.Duration {
	if usual <= 0 {
		usual = 30 * time.Second
	}
	pause := min(max(usual/20, minPoll), 20*time.Second)
	if late := age - usual; late > 0 {
		pause += late / 6
	}
	return min(pause, maxPoll)
}
