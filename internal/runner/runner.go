package runner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"dropletops/api"
	"dropletops/approvals"
)

// Requests is the store as the runner needs it.
type Requests interface {
	Request(ctx context.Context, id string) (*approvals.Request, error)
	Update(ctx context.Context, id string, f func(*approvals.Request) (approvals.Change, error)) (*approvals.Request, error)
	// CurrentWake answers the number of a request's newest wake-up.
	CurrentWake(ctx context.Context, id string) (int64, error)
	// ActionTaken says whether an action on a Droplet is another request's than by:
	// is known as such, or may be, since one has its POST to that Droplet under way.
	ActionTaken(ctx context.Context, actionID, droplet int, by string) (bool, error)
	// Exclusive says whether no other process works on the same database.
	Exclusive() bool
}

// Droplets is what the runner asks DigitalOcean before and after an action.
type Droplets interface {
	Droplet(ctx context.Context, id int) (api.Droplet, error)
	Image(ctx context.Context, idOrSlug string) (api.Image, error)
	History(ctx context.Context, droplet int) ([]api.Record, error)
	Backups(ctx context.Context, droplet int) ([]api.Image, error)
	Snapshots(ctx context.Context, droplet int) ([]api.Image, error)
}

// Actions sends actions and follows them.
type Actions interface {
	// PreCheck says why DigitalOcean would refuse it; empty if nothing is in the way.
	PreCheck(ctx context.Context, a *api.Action, d api.Droplet, args api.Args, img *api.Image) (string, error)
	Send(ctx context.Context, a *api.Action, droplet int, args api.Args, img *api.Image) (api.Record, error)
	// Look looks at an action under way; looks at several are shared.
	Look(ctx context.Context, action int) (api.Record, error)
	// Outcome tells what came of one that is done, such as a snapshot's ID.
	Outcome(ctx context.Context, a *api.Action, before, after api.Droplet, args api.Args, r api.Record) string
}

// Runner carries requests to their end. Its fields are set once, before use.
type Runner struct {
	Requests Requests
	Droplets Droplets
	Actions  Actions
	Instance string // this process, unlike any before it
	Now      func() time.Time
	Log      *slog.Logger

	inHand  keyed // requests being advanced in this process
	checks  checks
	sending keyed // targets whose POST this process has under way, by request and ordinal
}

// Limits of one wake-up and of waiting.
const (
	// pass bounds one wake-up: jobs are short, what is left is the next one's.
	pass = 20 * time.Second
	// parallel is how many Droplets of one request are worked on at once.
	parallel = 4
	// staleAfter is how long after it was allowed to run a request is still begun:
	// as long as a decision waits by the built-in policy. Later than that nobody
	// expects it any more.
	staleAfter = 30 * time.Minute
	// searchFor is how long a lost answer is looked for (CONTRACT §6).
	searchFor = time.Minute
	// searchEvery is how often: a look a few seconds after the POST finds an
	// action that DigitalOcean was slow to list.
	searchEvery = 5 * time.Second
	// settleFor is how long a Droplet may take to show what its action did after
	// DigitalOcean called it completed. Seconds are usual.
	settleFor = 2 * time.Minute
	// sayAfter is when people are told that it takes its time.
	sayAfter = 15 * time.Second
	// settleEvery is how often it is looked at meanwhile.
	settleEvery = 2 * time.Second
	// othersPost is how long another process's POST may take at the most, its
	// time-out included; after it, its answer counts as lost.
	othersPost = 45 * time.Second
	// fence is how old an intent may be when its POST is sent. A process that was
	// frozen in between must not send: others may have given it up.
	fence = 5 * time.Second
	// retryQuickly and retryBusy are the waits after a 5xx or the like, and while
	// another action on the Droplet is under way.
	retryQuickly = 3 * time.Second
	retryBusy    = 4 * time.Second
	// retryBusyMost is how long the wait in line grows to: each try costs three
	// requests of the 240 a minute that everyone shares.
	retryBusyMost = time.Minute
	// checkedFor is how long a Droplet's part of the recheck of many counts. A
	// thousand take that long at 240 requests a minute, and each is looked at once
	// more right before its action.
	checkedFor = 5 * time.Minute
	// never says that nothing more is to be done for a target.
	never = time.Duration(-1)
)

// Advance does what is to be done for a request now, and answers after how long
// it wants to be called again; a negative time means never.
func (r *Runner) Advance(ctx context.Context, id string, seq int64) (time.Duration, error) {
	if !r.inHand.take(id) {
		return 250 * time.Millisecond, nil // an older wake-up is still at it
	}
	defer r.inHand.release(id)
	current, err := r.Requests.CurrentWake(ctx, id)
	if err != nil || current != seq {
		return never, err
	}
	req, err := r.Requests.Request(ctx, id)
	if err != nil {
		return never, err
	}
	if req.State != approvals.Running || req.Sent() {
		r.checks.forget(id)
	}
	switch {
	case req.State == approvals.Pending:
		return r.expire(ctx, req)
	case req.State != approvals.Running || req.Card.TS == "":
		return never, nil
	}
	ctx, cancel := context.WithTimeout(ctx, pass)
	defer cancel()
	if !req.Sent() {
		wait, err := r.recheck(ctx, req)
		if err != nil || wait != 0 {
			return wait, err
		}
	}
	return r.each(ctx, req)
}

func (r *Runner) expire(ctx context.Context, req *approvals.Request) (time.Duration, error) {
	if left := req.ExpiresAt.Sub(r.Now()); left > 0 {
		return left, nil
	}
	_, err := r.Requests.Update(ctx, req.ID, func(q *approvals.Request) (approvals.Change, error) { return q.Expire(r.Now()) })
	return never, err
}

// each takes every target one step further, a few at a time, and answers the
// shortest wait among them.
func (r *Runner) each(ctx context.Context, req *approvals.Request) (time.Duration, error) {
	var mu sync.Mutex
	next := never
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for i, t := range req.Targets {
		if t.State.Ended() {
			continue
		}
		g.Go(guard(t, func() error {
			wait, err := r.step(ctx, req, i)
			if errors.Is(err, approvals.ErrConflict) {
				wait, err = 0, nil // someone else was faster: look again
			}
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			if wait != never && (next == never || wait < next) {
				next = wait
			}
			return nil
		}))
	}
	return next, g.Wait()
}

// guard makes an error of a panic over one Droplet. Nobody else recovers in a
// goroutine of ours: it would end the process, and again after each start.
func guard(t approvals.Target, f func() error) func() error {
	return func() (err error) {
		defer func() {
			if v := recover(); v != nil {
				err = fmt.Errorf("a panic over Droplet %d: %v\n%s", t.Droplet.ID, v, debug.Stack())
			}
		}()
		return f()
	}
}

// step takes one target one step further.
func (r *Runner) step(ctx context.Context, req *approvals.Request, i int) (time.Duration, error) {
	if ctx.Err() != nil {
		return 0, nil // the pass is over; the next one goes on here
	}
	a, ok := api.Lookup(req.Action.Type)
	if !ok {
		return never, r.end(ctx, req, i, approvals.Ending{State: approvals.TargetErrored,
			Problem: "This version does not know the action " + req.Action.Type + "."})
	}
	part, patience := a.Part(req.Targets[i].Step, api.Args(req.Action.Args))
	w := work{whole: a, part: part, patience: patience}
	switch req.Targets[i].State {
	case approvals.Queued:
		return r.dispatch(ctx, req, i, w)
	case approvals.Dispatching:
		return r.search(ctx, req, i, w.part)
	case approvals.Following:
		return r.follow(ctx, req, i, w)
	}
	return never, nil
}

// work is what is to be done for a target: the action that was asked for, the
// part of it that is next or under way, and how long the Droplet may take to
// show that before the next part goes ahead all the same; 0 if it is the last.
type work struct {
	whole, part *api.Action
	patience    time.Duration
}

// update changes the request through one of its transitions. What was looked at
// in an earlier round is void: its Droplets may be others by now, and what is to
// be done to them was decided anew.
func (r *Runner) update(ctx context.Context, req *approvals.Request, f func(*approvals.Request, time.Time) (approvals.Change, error)) error {
	_, err := r.Requests.Update(ctx, req.ID, func(q *approvals.Request) (approvals.Change, error) {
		if q.Round != req.Round {
			return approvals.Change{}, fmt.Errorf("%w: request %s is in round %d, not %d", approvals.ErrConflict, q.ID, q.Round, req.Round)
		}
		return f(q, r.Now())
	})
	return err
}

// updateTarget changes one target. What was looked at before a composite verb went
// on to its next action is void: a pass that was slow or frozen must take neither
// the end nor the refusal of one action for that of the next.
func (r *Runner) updateTarget(ctx context.Context, req *approvals.Request, i int, f func(*approvals.Request, time.Time) (approvals.Change, error)) error {
	return r.update(ctx, req, func(q *approvals.Request, now time.Time) (approvals.Change, error) {
		if i < len(q.Targets) && q.Targets[i].Step != req.Targets[i].Step {
			return approvals.Change{}, fmt.Errorf("%w: Droplet %d of request %s is at step %d, not %d", approvals.ErrConflict,
				q.Targets[i].Droplet.ID, q.ID, q.Targets[i].Step, req.Targets[i].Step)
		}
		return f(q, now)
	})
}

func (r *Runner) end(ctx context.Context, req *approvals.Request, i int, e approvals.Ending) error {
	return r.updateTarget(ctx, req, i, func(q *approvals.Request, now time.Time) (approvals.Change, error) { return q.End(i, e, now) })
}

// putBack has a target wait, visibly.
func (r *Runner) putBack(ctx context.Context, req *approvals.Request, i int, why approvals.Wait, wait time.Duration) (time.Duration, error) {
	return wait, r.updateTarget(ctx, req, i, func(q *approvals.Request, now time.Time) (approvals.Change, error) {
		return q.PutBack(i, why, now)
	})
}

// image is the request's pinned image as the api room knows it.
func image(req *approvals.Request) *api.Image {
	if req.Image == nil {
		return nil
	}
	img := api.Image(*req.Image)
	return &img
}

// sentence is what people read of an error from DigitalOcean.
func sentence(err error) string {
	var e *api.Error
	if errors.As(err, &e) {
		return e.Sentence()
	}
	return err.Error()
}

// keyed is a set of keys that are in hand.
type keyed struct {
	mu sync.Mutex
	m  map[string]bool
}

func (k *keyed) take(key string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.m[key] {
		return false
	}
	if k.m == nil {
		k.m = map[string]bool{}
	}
	k.m[key] = true
	return true
}

func (k *keyed) release(key string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.m, key)
}

func (k *keyed) has(key string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.m[key]
}
