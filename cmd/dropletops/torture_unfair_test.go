package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"dropletops/approvals"
	simdo "dropletops/internal/sim/digitalocean"
	simslack "dropletops/internal/sim/slack"
)

// What is unfair without anything being out of order: reads that trail the truth,
// stray 404s, rate limits of look-ups, a database that answers nothing for a while
// or whose answer to a commit is lost, and crashes that no command causes.

// lagging changes how far DigitalOcean's reads trail the truth.
func (w *torture) lagging(ctx context.Context, rng *rand.Rand) {
	for pause(ctx, between(rng, 5*time.Second, 30*time.Second)) {
		l := simdo.DefaultLag()
		for _, r := range []*simdo.Range{&l.New, &l.Destroyed, &l.Policy, &l.Images, &l.Address} {
			switch rng.IntN(4) {
			case 0:
				*r = simdo.Range{}
			case 1:
				r.Max *= 2
			}
		}
		if chance(rng, 20) {
			l.Lists = simdo.Range{}
		}
		w.do.SetLag(l)
		w.figures.count(&w.figures.lags)
	}
}

// notFound has single reads of what is there answered 404: at most two in a row of
// one Droplet, since one that is a 404 for long enough is rightly taken for gone.
func (w *torture) notFound(ctx context.Context, rng *rand.Rand) {
	var before []int
	for pause(ctx, between(rng, 100*time.Millisecond, time.Second)) {
		var faults []*simdo.Injected
		inject := func(m simdo.Match) {
			m.Method = http.MethodGet
			faults = append(faults, w.do.Inject(simdo.StrayNotFound(m, rng.IntN(4), oneOf(rng, 1, 1, 2))))
		}
		var now []int
		for _, d := range w.likelyRead(rng) {
			if slices.Contains(before, d.ID) {
				continue
			}
			now = append(now, d.ID)
			if path := oneOf(rng, "/v2/droplets/*", "/v2/droplets/*", "/v2/droplets/*/actions", "/v2/droplets/*/snapshots", "/v2/droplets/*/backups/policy", ""); path != "" {
				inject(simdo.Match{DropletID: d.ID, Path: path})
			} else {
				inject(simdo.Match{Path: "/v2/droplets", Query: "name=" + d.Name})
			}
			if actions := w.do.Actions(d.ID); len(actions) > 0 {
				inject(simdo.Match{Path: fmt.Sprint("/v2/actions/", actions[len(actions)-1].ID)})
			}
		}
		inject(simdo.Match{Path: "/v2/images/*"})
		before = now
		pause(ctx, between(rng, time.Second, 6*time.Second))
		for _, in := range faults {
			in.Remove()
			w.figures.add(&w.figures.notFounds, in.Hits())
		}
	}
}

// likelyRead are some of the Droplets: those with an action that goes on or has just
// ended, which are followed, and a few others.
func (w *torture) likelyRead(rng *rand.Rand) (out []simdo.Droplet) {
	busy := map[int]bool{}
	for _, a := range w.do.Actions() {
		if a.CompletedAt == nil || w.clock().Sub(*a.CompletedAt) < time.Duration(w.fast)*10*time.Second {
			busy[a.ResourceID] = true
		}
	}
	for _, d := range w.ours() {
		if busy[d.ID] && chance(rng, 60) || chance(rng, 5) {
			out = append(out, d)
		}
	}
	return out
}

// lookUpsLimited has Slack limit the look-ups of people, groups and channels.
func (w *torture) lookUpsLimited(ctx context.Context, rng *rand.Rand) {
	for pause(ctx, between(rng, 2*time.Second, 8*time.Second)) {
		h := w.slack.AddFault(simslack.Fault{Method: oneOf(rng, "users.info", "users.info", "usergroups.users.list", "conversations.info"),
			RetryAfter: time.Duration(1+rng.IntN(5)) * time.Second, Times: 1 + rng.IntN(4)})
		pause(ctx, between(rng, time.Second, 6*time.Second))
		h.Remove()
		w.figures.add(&w.figures.limited, h.Hits())
	}
}

// databaseHangs has PostgreSQL answer nothing to a replica: for a while, or never any
// more on some of its connections.
func (w *torture) databaseHangs(ctx context.Context, rng *rand.Rand) {
	for !w.onSQLite() && pause(ctx, between(rng, 10*time.Second, 40*time.Second)) {
		p := oneOf(rng, w.replica...)
		if chance(rng, 60) {
			p.valve.loseSome(func() bool { return chance(rng, 30) })
			w.figures.disk("connections to the database lost")
			continue
		}
		recovers := w.disk.falls()
		p.valve.shut()
		w.figures.disk("database silent")
		pause(ctx, between(rng, time.Second, 9*time.Second))
		p.valve.reopen()
		recovers()
	}
}

// killedInARow kills a replica five times within two minutes, while what it has taken
// in can't be handled: no command is to blame for that.
func (p *replica) killedInARow(ctx context.Context, rng *rand.Rand) {
	if !p.w.quiet.TryRLock() {
		return
	}
	defer p.w.quiet.RUnlock()
	defer p.stall()()
	for range 5 {
		p.start(fate{})
		pause(ctx, between(rng, 2*time.Second, 9*time.Second))
		p.w.figures.killed()
		p.end(syscall.SIGKILL)
	}
	p.w.figures.count(&p.w.figures.rows)
}

// meddling is what others did to a Droplet.
type meddling struct {
	at   time.Time
	id   int
	what string // active, off or destroyed
}

// meddlings are all of them.
type meddlings struct {
	mu  sync.Mutex
	all []meddling
}

func (m *meddlings) add(x meddling) { m.mu.Lock(); defer m.mu.Unlock(); m.all = append(m.all, x) }

// since says whether others did something to a Droplet after a time.
func (m *meddlings) since(at time.Time, id int, what string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.ContainsFunc(m.all, func(x meddling) bool { return x.id == id && x.what == what && !x.at.Before(at) })
}

func switchesOff(p simdo.Post) bool { return p.Type == "shutdown" || p.Type == "power_off" }

// nobodyLeftOff: a Droplet that a resize switched off is on again, unless somebody else
// switched it off after, or its card says that it is off or may be.
func (w *torture) nobodyLeftOff(all []*kept) {
	claimed := map[string]bool{}
	for _, r := range all {
		for _, t := range r.Targets {
			for _, key := range changesOf(t) {
				claimed[key] = true
			}
		}
	}
	for _, r := range all {
		if r.Action.Type != "resize" {
			continue
		}
		for _, t := range r.Targets {
			mine := changesOf(t)
			var off time.Time // when it switched it off
			others := false
			for _, p := range w.do.Posts(t.Droplet.ID) {
				key := changeBy(p)
				own := slices.Contains(mine, key) || !claimed[key] && t.State == approvals.TargetUnknown && !p.Time.Before(t.BeganAt.Add(-time.Second))
				switch {
				case !switchesOff(p):
				case own && off.IsZero():
					off = p.Time
				case !own && !off.IsZero():
					others = true
				}
			}
			d, there := w.do.Droplet(t.Droplet.ID)
			if off.IsZero() || others || !there || d.Status != "off" || w.meddlings.since(off, d.ID, "off") {
				continue
			}
			if (t.State == approvals.TargetErrored || t.State == approvals.TargetUnknown) && strings.Contains(strings.ToLower(t.Problem), "off") {
				continue
			}
			w.figures.count(&w.figures.leftOff)
			w.t.Errorf("request %s (resize) switched Droplet %d off at %s, and it is still off; it ended %s: %q", r.ID, d.ID, off.Format(time.StampMilli), t.State, t.Problem)
		}
	}
}

// createdOnce: of each name one Droplet was created, also by retries, unless the one
// before was destroyed or failed to be created.
func (w *torture) createdOnce() {
	born := map[string]simdo.Post{}
	posts := w.posts()
	for _, p := range posts {
		var made struct{ Name string }
		if p.Type != "create" || json.Unmarshal(p.Body, &made) != nil {
			continue
		}
		before, twice := born[made.Name]
		born[made.Name] = p
		if !twice {
			continue
		}
		failed := false
		if a, ok := w.do.Action(before.ActionID); ok {
			failed = a.Status == "errored"
		}
		gone := w.meddlings.since(before.Time, before.DropletID, "destroyed") || slices.ContainsFunc(posts, func(d simdo.Post) bool {
			return d.Type == "destroy" && d.DropletID == before.DropletID && d.Time.Before(p.Time)
		})
		if !failed && !gone {
			w.figures.count(&w.figures.duplicates)
			w.t.Errorf("Droplets %d and %d were both created as %s, at %s and %s", before.DropletID, p.DropletID, made.Name,
				before.Time.Format(time.StampMilli), p.Time.Format(time.StampMilli))
		}
	}
}

// nobodyBlamed: no command ends the process here, so that of each row of kills at the
// most one is taken for what did: the one that was alone in hand each time.
func (w *torture) nobodyBlamed() {
	for _, p := range w.replica {
		w.figures.blamed += strings.Count(p.logged(), "may be what ends")
	}
	if w.figures.blamed > w.figures.rows {
		w.t.Errorf("%d commands were blamed for %d rows of kills", w.figures.blamed, w.figures.rows)
	}
}
