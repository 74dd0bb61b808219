package runner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/lookup"
	"dropletops/internal/task"
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

// Intents tells POSTs to one Droplet apart.
type Intents interface {
	// Intents answers those of other requests than by of which no action is known.
	Intents(ctx context.Context, droplet int, by string) ([]approvals.Intent, error)
	// Others answers the requests other than by that have begun on a Droplet, or wait in
	// line for it, and are not over there, each with it alone as its target.
	Others(ctx context.Context, droplet int, by string) ([]*approvals.Request, error)
	// DropletMade says whether a Droplet is known to have been made by a request.
	DropletMade(ctx context.Context, droplet int) (bool, error)
	lookup.Recent
}

// Droplets is what the runner asks DigitalOcean before and after an action.
type Droplets interface {
	Droplet(ctx context.Context, id int) (api.Droplet, error)
	Image(ctx context.Context, idOrSlug string) (api.Image, error)
	History(ctx context.Context, droplet int) ([]api.Record, error)
	Backups(ctx context.Context, droplet int) ([]api.Image, error)
	Snapshots(ctx context.Context, droplet int) ([]api.Image, error)
}

// Leftovers says what would stay of Droplets if they were destroyed.
type Leftovers interface {
	Leftovers(ctx context.Context, on []api.Droplet) ([]string, error)
	Associated(ctx context.Context, droplet int) ([]api.Associated, error)
	// Destruction says how far DigitalOcean is with a Droplet and what goes with it.
	Destruction(ctx context.Context, droplet int) (api.Destruction, error)
}

// Makers makes Droplets.
type Makers interface {
	// Create answers a record whose ResourceID is the new Droplet.
	Create(ctx context.Context, a *api.Action, name string, args api.Args, img *api.Image) (api.Record, error)
	// Named lists the Droplets of a name, in any case.
	Named(ctx context.Context, name string) ([]api.Droplet, error)
}

// Actions sends actions and follows them.
type Actions interface {
	// PreCheck says why DigitalOcean would refuse it; empty if nothing is in the way.
	PreCheck(ctx context.Context, a *api.Action, d api.Droplet, args api.Args, img *api.Image) (string, error)
	Send(ctx context.Context, a *api.Action, droplet int, args api.Args, img *api.Image) (api.Record, error)
	// Look looks at an action under way; looks at several are shared.
	Look(ctx context.Context, action int) (api.Record, error)
	// Made reads what a completed one made; an error says what can't be seen yet.
	Made(ctx context.Context, a *api.Action, before, after api.Droplet, args api.Args, r api.Record) (string, error)
}

// Deciders are the people and the policy, as the runner asks them.
type Deciders interface {
	// Reconsider looks again at who asked, who decided and what the policy says of
	// these Droplets; fresh looks people up in Slack again, whatever was said of them
	// within the last minute. It fails where Slack does not answer.
	Reconsider(ctx context.Context, req *approvals.Request, droplets []approvals.Droplet, fresh bool) (approvals.Reconsidered, error)
	// Remind has those reminded who can approve, if that is due.
	Remind(ctx context.Context, id string) error
}

// Runner carries requests to their end. Its fields are set once, before use.
type Runner struct {
	Requests Requests
	Intents  Intents
	Droplets Droplets
	Actions  Actions
	Leftover Leftovers
	Makers   Makers
	Deciders Deciders
	Instance string    // this process, unlike any before it
	Started  time.Time // when this process began, by Now
	Now      func() time.Time
	Log      *slog.Logger

	// Absences counts 404s, over all requests and whoever else reads.
	Absences *api.Absences

	inHand   keyed // requests being advanced in this process
	checks   checks
	verdicts verdicts
	sending  keyed // targets whose POST this process has under way, by request and ordinal
	outcomes outcomes
	aiming   keyed // Droplets for which this process is about to commit an intent
	acting   slots // targets between their first read and their POST
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
	// verifyTimeout is how long what was asked for may take to be seen after DigitalOcean
	// has reported the action completed. Seconds are usual, half a minute happens in lists.
	verifyTimeout = 2 * time.Minute
	// destroyTimeout is how long a Droplet may take to be gone after DigitalOcean has
	// accepted its destruction. It is usually gone within half a minute.
	destroyTimeout = 5 * time.Minute
	// refusedFor is how long the last step of a composite, which switches a Droplet on
	// again, is tried again while DigitalOcean refuses it.
	refusedFor = 2 * time.Minute
	// rollbackFor is how long that step is sent again where its answer was lost and nothing
	// shows that it was taken.
	rollbackFor = 5 * time.Minute
	// sayAfter is when people are told that it takes its time.
	sayAfter = 15 * time.Second
	// settleEvery and maxSettleEvery are how often it is read meanwhile: less and less.
	settleEvery    = 2 * time.Second
	maxSettleEvery = 15 * time.Second
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
	// retrySoon is the wait while another request of this process is about to send
	// to the same Droplet: some hundred milliseconds, usually.
	retrySoon = 500 * time.Millisecond
	// maxConcurrentActing is for how many targets a process reads and sends at a time. Each
	// takes three requests or more, one after the other, and starts over if a later one has
	// to wait too long for its turn: with more of them at once than DigitalOcean takes, all
	// would read and none would send.
	maxConcurrentActing = 2
	// retryActing is the wait for one of those places.
	retryActing = 2 * time.Second
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
		return r.await(ctx, req)
	case req.State != approvals.Running || req.Card.TS == "":
		return never, nil
	}
	ctx, cancel := context.WithTimeout(api.Acting(ctx), pass)
	defer cancel()
	if !req.Sent() {
		wait, err := r.recheck(ctx, req)
		if err != nil || wait != 0 {
			return wait, err
		}
	}
	return r.each(ctx, req)
}

// await has a pending request's people reminded, and ends it once its time is up.
func (r *Runner) await(ctx context.Context, req *approvals.Request) (time.Duration, error) {
	now := r.Now()
	if left := req.ExpiresAt.Sub(now); left > 0 {
		if first := req.NextLook().Sub(now); first > 0 {
			return min(first, left), nil
		}
		return left, r.Deciders.Remind(ctx, req.ID)
	}
	_, err := r.Requests.Update(ctx, req.ID, func(q *approvals.Request) (approvals.Change, error) { return q.Expire(r.Now()) })
	return never, err
}

// each takes every target one step further, a few at a time, and answers the
// shortest wait among them. An error over one ends nothing that another has under way.
func (r *Runner) each(ctx context.Context, req *approvals.Request) (time.Duration, error) {
	var mu sync.Mutex
	next := never
	var errs []error
	var g errgroup.Group
	g.SetLimit(parallel)
	for i, t := range req.Targets {
		if t.State.Ended() {
			continue
		}
		g.Go(task.Err(func() error {
			var wait time.Duration
			err := guard(t, func() (err error) { wait, err = r.step(ctx, req, i); return err })()
			if errors.Is(err, approvals.ErrConflict) {
				wait, err = 0, nil // someone else was faster: look again
			}
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				errs = append(errs, err)
			} else if wait != never && (next == never || wait < next) {
				next = wait
			}
			return nil
		}))
	}
	_ = g.Wait() // each error is in errs
	return next, errors.Join(errs...)
}

// guard makes an error of a panic over one Droplet.
func guard(t approvals.Target, f func() error) func() error {
	return func() error {
		err := task.Do(f)
		var crash *task.PanicError
		if errors.As(err, &crash) {
			return fmt.Errorf("a panic over Droplet %d: %v\n%s", t.Droplet.ID, crash.Value, crash.Stack)
		}
		return err
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
	w, ok := workOf(a, req, i)
	if !ok {
		return never, r.end(ctx, req, i, approvals.Ending{State: approvals.TargetErrored,
			Problem: fmt.Sprintf("This version knows no step %d of %s.", req.Targets[i].Step+1, req.Action.Type)})
	}
	switch req.Targets[i].State {
	case approvals.Queued:
		if a.Make != nil {
			return r.create(ctx, req, i, w)
		}
		return r.dispatch(ctx, req, i, w)
	case approvals.Dispatching:
		key := fmt.Sprint(req.ID, "/", i)
		if known, ok := r.outcomes.of(key, req.Targets[i].DispatchedAt); ok && !r.sending.has(key) {
			return r.conclude(ctx, key, known)
		}
		return r.search(ctx, req, i, w)
	case approvals.Following:
		return r.follow(ctx, req, i, w)
	}
	return never, nil
}

// update changes the request through one of its transitions. What was looked at
// in an earlier round is void: its Droplets may be others by now, and what is to
// be done to them was decided anew.
func (r *Runner) update(ctx context.Context, req *approvals.Request, f func(*approvals.Request, time.Time) (approvals.Change, error)) error {
	_, err := r.updated(ctx, req, f)
	return err
}

func (r *Runner) updated(ctx context.Context, req *approvals.Request, f func(*approvals.Request, time.Time) (approvals.Change, error)) (*approvals.Request, error) {
	return r.Requests.Update(ctx, req.ID, func(q *approvals.Request) (approvals.Change, error) {
		if q.Round != req.Round {
			return approvals.Change{}, fmt.Errorf("%w: request %s is in round %d, not %d", approvals.ErrConflict, q.ID, q.Round, req.Round)
		}
		return f(q, r.Now())
	})
}

// updateTarget changes one target. What was looked at before a newer intent was
// committed is void, be it a second try or a composite verb's next action: a pass
// that was slow or frozen must take neither the end nor the refusal of one POST for
// that of another.
func (r *Runner) updateTarget(ctx context.Context, req *approvals.Request, i int, f func(*approvals.Request, time.Time) (approvals.Change, error)) error {
	_, err := r.changed(ctx, req, i, f)
	return err
}

func (r *Runner) changed(ctx context.Context, req *approvals.Request, i int, f func(*approvals.Request, time.Time) (approvals.Change, error)) (*approvals.Request, error) {
	return r.updated(ctx, req, func(q *approvals.Request, now time.Time) (approvals.Change, error) {
		if i < len(q.Targets) {
			is, was := q.Targets[i], req.Targets[i]
			if is.Step != was.Step || is.DispatchedBy != was.DispatchedBy || !is.DispatchedAt.Equal(was.DispatchedAt) {
				return approvals.Change{}, fmt.Errorf("%w: Droplet %d of request %s is at step %d, sent by %q at %s; what was looked at is step %d, %q, %s",
					approvals.ErrConflict, is.Droplet.ID, q.ID, is.Step, is.DispatchedBy, is.DispatchedAt, was.Step, was.DispatchedBy, was.DispatchedAt)
			}
		}
		return f(q, now)
	})
}

func (r *Runner) end(ctx context.Context, req *approvals.Request, i int, e approvals.Ending) error {
	return r.updateTarget(ctx, req, i, func(q *approvals.Request, now time.Time) (approvals.Change, error) { return q.End(i, e, now) })
}

// endOf is how a target ends that has failed, also where one of its actions has
// before: what is not known of that one stays so.
func endOf(t approvals.Target) approvals.TargetState {
	if t.Fault != nil {
		return t.Fault.State
	}
	return approvals.TargetErrored
}

// putBack has a target wait, visibly.
func (r *Runner) putBack(ctx context.Context, req *approvals.Request, i int, why approvals.Wait, wait time.Duration) (time.Duration, error) {
	return wait, r.refused(ctx, req, i, why, nil)
}

// refused has a target wait since DigitalOcean has certainly not taken its action,
// as its answer says, if there was one.
func (r *Runner) refused(ctx context.Context, req *approvals.Request, i int, why approvals.Wait, answer error) error {
	if now := r.Now(); waitsInLine(why) {
		r.verdicts.of(req, now).blocked(i, now)
	}
	return r.updateTarget(ctx, req, i, func(q *approvals.Request, now time.Time) (approvals.Change, error) {
		return q.PutBack(i, why, said(answer), now)
	})
}

// said is by what DigitalOcean's answer is found again.
func said(err error) approvals.Answer {
	var e *api.Error
	if errors.As(err, &e) {
		return approvals.Answer{Status: e.Status, RequestID: e.RequestID}
	}
	return approvals.Answer{}
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

// slots are places of which so many are taken at a time.
type slots struct {
	mu    sync.Mutex
	taken int
}

func (s *slots) acquire(of int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken >= of {
		return false
	}
	s.taken++
	return true
}

func (s *slots) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken--
}
