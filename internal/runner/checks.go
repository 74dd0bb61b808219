package runner

import (
	"sync"
	"time"

	"dropletops/api"
	"dropletops/approvals"
)

// checks remembers how far the recheck of a request has come, so that one of
// more Droplets than a pass has requests for comes to an end.
type checks struct {
	mu sync.Mutex
	m  map[string]*check
}

// check is what was seen of a request's Droplets in one round of it.
type check struct {
	round   int
	touched time.Time // guarded by checks.mu

	mu       sync.Mutex
	seen     map[int]seen
	restores time.Time // when the restore points were found to be the newest
}

type seen struct {
	droplet *api.Droplet // nil: it is gone
	at      time.Time
}

func (c *checks) of(req *approvals.Request, now time.Time) *check {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, old := range c.m { // of requests that ended before anything was sent
		if now.Sub(old.touched) > checkedFor {
			delete(c.m, id)
		}
	}
	k := c.m[req.ID]
	if k == nil || k.round != req.Round {
		k = &check{round: req.Round, seen: map[int]seen{}}
		if c.m == nil {
			c.m = map[string]*check{}
		}
		c.m[req.ID] = k
	}
	k.touched = now
	return k
}

func (c *checks) forget(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.m, id)
}

func (k *check) get(droplet int, now time.Time) (*api.Droplet, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s, ok := k.seen[droplet]
	return s.droplet, ok && now.Sub(s.at) < checkedFor
}

func (k *check) put(droplet int, d *api.Droplet, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.seen[droplet] = seen{d, now}
}

// restoresCheckedFor is how long it counts that the restore points are the newest ones,
// while an approved action waits in line: looking costs two requests.
const restoresCheckedFor = 30 * time.Second

// restore remembers that the restore points are the newest ones.
func (k *check) restore(now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.restores = now
}

// restored reports whether they were found to be so a moment ago.
func (k *check) restored(now time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return !k.restores.IsZero() && now.Sub(k.restores) < restoresCheckedFor
}
