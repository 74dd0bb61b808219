package api

import (
	"context"
	"sync"
	"time"

	"github.com/digitalocean/godo"

	"dropletops/internal/task"
)

const (
	// gatherMost is how many Droplets an account may have for lists to be read in the
	// place of single look-ups: three requests, with one for the GPU ones.
	gatherMost = 2 * perPage
	// gatherEvery is the pause between two such lists. What a command waits for it is
	// less than it would wait for its turn otherwise.
	gatherEvery = 2 * time.Second
)

// gather serves look-ups of Droplets by their names with one list while the requests are
// short. It is asked for after each of them began, so it is as fresh as its own look-up
// would be, and the more of them there are, the less each costs. By its ID a Droplet is
// always read for itself: lists trail by up to half a minute, and nothing that is acted
// on, and no end, may rest on one.
type gather struct {
	mu      sync.Mutex
	waiting *batch // whoever comes joins it, until its list is asked for
	running bool
	began   time.Time // when the last list was asked for
	listed  int       // Droplets in it
}

// batch is the look-ups that one list serves.
type batch struct {
	done chan struct{}
	all  []Droplet
	err  error
}

// Short reports whether requests are short for now, so that look-ups have to share them.
func (c *Client) Short() bool { return c.budget.short() }

// pressed says whether look-ups of Droplets are gathered.
func (c *Client) pressed() bool {
	c.gather.mu.Lock()
	defer c.gather.mu.Unlock()
	return c.gather.listed <= gatherMost && c.Short()
}

// gathered lists all Droplets, as they are after the call began.
func (c *Client) gathered(ctx context.Context) ([]Droplet, error) {
	g := &c.gather
	g.mu.Lock()
	b := g.waiting
	if b == nil {
		b = &batch{done: make(chan struct{})}
		g.waiting = b
	}
	if !g.running {
		g.running = true
		go task.Log(c.panicked, func() { c.readGathered(context.WithoutCancel(ctx)) })()
	}
	wait := gatherEvery - time.Since(g.began)
	g.mu.Unlock()
	waits(ctx, max(wait, c.budget.delay()))
	select {
	case <-ctx.Done():
		return nil, &Error{Kind: Unavailable, What: "list the Droplets", Err: ctx.Err()}
	case <-b.done:
		return b.all, b.err
	}
}

// panicked logs a panic in the background.
func (c *Client) panicked(err error) { c.log.Error("a panic in the background", "panic", err) }

// readGathered reads lists as long as somebody waits for one. It ends by itself: each
// read has its time-outs.
func (c *Client) readGathered(ctx context.Context) {
	g := &c.gather
	for {
		g.mu.Lock()
		pause := gatherEvery - time.Since(g.began)
		g.mu.Unlock()
		time.Sleep(pause)
		var b *batch
		take := func() {
			g.mu.Lock()
			defer g.mu.Unlock()
			if b == nil {
				b, g.waiting, g.began = g.waiting, nil, time.Now()
			}
		}
		err := task.Do(func() error {
			usual, err := pages(ctx, c, "list the Droplets", readScopes, func(ctx context.Context, o *godo.ListOptions) ([]godo.Droplet, *godo.Response, error) {
				take() // its turn has come: whoever comes from now on needs a later list
				return c.godo.Droplets.List(ctx, o)
			})
			take()
			if err != nil {
				return err
			}
			gpus, err := pages(ctx, c, "list the GPU Droplets", readScopes, c.godo.Droplets.ListWithGPUs)
			b.all = dropletsOf(usual, gpus)
			return err
		})
		take() // whoever waits is told also of a panic
		b.err = err
		g.mu.Lock()
		if err == nil {
			g.listed = len(b.all)
		}
		close(b.done)
		again := g.waiting != nil
		g.running = again
		g.mu.Unlock()
		if !again {
			return
		}
	}
}
