package runner

import (
	"context"
	"slices"
	"sync"
	"time"

	"dropletops/api"
	"dropletops/approvals"
)

// verdictTTL is for how long people, once looked up for a request, need not be looked up
// again: Slack answers about 100 users.info a minute, and a request can have 1,000
// Droplets. Of several Droplets, what the policy said of one counts as long for the others.
const verdictTTL = 15 * time.Second

// verdicts remembers when people and policy were last judged for each request. It is a
// cache alone: without an entry they are judged again.
type verdicts struct {
	mu sync.Mutex
	m  map[string]*verdict
}

// verdict is when people and policy were last found to let a request go ahead.
type verdict struct {
	round   int
	touched time.Time // guarded by verdicts.mu

	judging sync.Mutex // so that of several Droplets at once one asks and the others share its answer

	mu        sync.Mutex
	stoodAt   time.Time         // the policy let it go ahead
	peopleAt  time.Time         // the people were looked up in Slack, not in a cache
	blockedAt map[int]time.Time // by ordinal: the target was last put back in line
}

// of returns the entry of a request in its current round.
func (v *verdicts) of(req *approvals.Request, now time.Time) *verdict {
	v.mu.Lock()
	defer v.mu.Unlock()
	for id, old := range v.m { // an entry of that age says nothing that its absence does not
		if now.Sub(old.touched) > verdictTTL {
			delete(v.m, id)
		}
	}
	k := v.m[req.ID]
	if k == nil || k.round != req.Round {
		// Whoever asked, or decided, was looked up when it was allowed to run.
		k = &verdict{round: req.Round, peopleAt: req.StartedAt, blockedAt: map[int]time.Time{}}
		if v.m == nil {
			v.m = map[string]*verdict{}
		}
		v.m[req.ID] = k
	}
	k.touched = now
	return k
}

// blocked records that a target waits in line behind another action or request, so that
// what was judged before counts no more when its turn comes.
func (k *verdict) blocked(i int, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.blockedAt[i] = now
}

// since returns the time after which a judgement counts for a target now.
func (k *verdict) since(t approvals.Target, now time.Time) time.Time {
	after := now.Add(-verdictTTL)
	waited := k.blockedAt[t.Ordinal]
	if waitsInLine(t.Wait) && waited.Before(t.WaitSince) { // it was put back by another process
		waited = t.WaitSince
	}
	if t.Step > 0 && waited.Before(t.DispatchedAt) { // the snapshot was begun
		waited = t.DispatchedAt
	}
	if waited.After(after) {
		return waited
	}
	return after
}

// counts reports whether what was judged last counts for a target, and if not, whether
// the people have to be looked up again.
func (k *verdict) counts(t approvals.Target, now time.Time) (counts, lookUp bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	after := k.since(t, now)
	lookUp = !k.peopleAt.After(after)
	return !lookUp && k.stoodAt.After(after), lookUp
}

// stood records that at that time people and policy let the request go ahead.
func (k *verdict) stood(at time.Time, lookedUp bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.stoodAt = at
	if lookedUp {
		k.peopleAt = at
	}
}

// waitsInLine reports whether a wait is behind another action or request.
func waitsInLine(w approvals.Wait) bool {
	return w == approvals.WaitPendingEvent || w == approvals.WaitName
}

// rejudge has people and policy judged again before the first action on a Droplet, and
// before what follows a snapshot of it: it may have waited in line, or been one of many,
// and meanwhile people leave, policies change and freezes begin. It is never called
// before an action that finishes or rolls back what has begun. It returns stop where
// nothing is to be sent now, with when to come again.
func (r *Runner) rejudge(ctx context.Context, req *approvals.Request, i int, w work, d api.Droplet) (wait time.Duration, stop bool, err error) {
	t := req.Targets[i]
	known := r.verdicts.of(req, r.Now())
	known.judging.Lock()
	defer known.judging.Unlock()
	now := r.Now()
	counts, lookUp := known.counts(t, now)
	if counts && req.Bulk() && sameToPolicy(t.Droplet, approvals.Droplet(d)) {
		return 0, false, nil
	}
	on := r.judged(req, i, approvals.Droplet(d))
	judged := *req
	judged.Action.Danger = dangerOn(req, on)
	again, err := r.Deciders.Reconsider(ctx, &judged, on, lookUp)
	switch {
	case err != nil && ctx.Err() != nil:
		return 0, true, nil
	case err != nil:
		r.Log.WarnContext(ctx, "look-up of people before an action failed", "request_id", req.ID, "droplet_id", t.Droplet.ID, "error", err)
		wait, err = r.putBack(ctx, req, i, approvals.WaitPeople, untilSlackAnswers(err))
		return wait, true, err
	case again.Stands():
		known.stood(now, lookUp)
		return 0, false, nil
	case t.Step > 0:
		wait, err = r.failed(ctx, req, i, w, approvals.Ending{State: approvals.TargetErrored, Problem: again.Why(), After: afterOf(d)})
		return wait, true, err
	}
	unsent, err := r.beginsAnew(ctx, req)
	switch {
	case err != nil:
		return 0, true, err
	case unsent && !req.Bulk():
		if wait, err = r.recheckAll(ctx, req); wait == 0 {
			wait = retrySoon // it found otherwise: judge again
		}
		return wait, true, err
	case unsent:
		return retrySoon, true, nil // the next pass rechecks the whole
	}
	return never, true, r.update(ctx, req, func(q *approvals.Request, now time.Time) (approvals.Change, error) {
		return q.StopUnsent(again, now)
	})
}

// judged returns the Droplets of a request as they were last seen, and one as it is now:
// a rule may ask how many there are.
func (r *Runner) judged(req *approvals.Request, i int, d approvals.Droplet) []approvals.Droplet {
	if !req.Bulk() {
		return []approvals.Droplet{d}
	}
	seen := r.checks.of(req, r.Now())
	on := make([]approvals.Droplet, len(req.Targets))
	for j, t := range req.Targets {
		on[j] = t.Droplet
		if fresh, ok := seen.get(t.Droplet.ID, r.Now()); ok && fresh != nil && t.Droplet.ID != 0 {
			on[j] = approvals.Droplet(*fresh)
		}
	}
	on[i] = d
	return on
}

// sameToPolicy reports whether a policy sees no difference between two states of a Droplet.
func sameToPolicy(was, is approvals.Droplet) bool {
	return len(was.Differences(is)) == 0 && was.Image == is.Image && slices.Equal(was.Tags, is.Tags)
}

// afterOf is a Droplet as it is at the end of a target; nil of one that was never made.
func afterOf(d api.Droplet) *approvals.Droplet {
	if d.ID == 0 {
		return nil
	}
	return now(d)
}
