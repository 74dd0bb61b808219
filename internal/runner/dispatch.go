package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/task"
)

// dispatch sends the action for one Droplet: look once more, write the intent
// down, send, write the answer down.
//
// While the answer to another request's POST to the Droplet is open, it waits in
// line: with one such intent at a time, an action that turns up later is told
// whose it is. So it does, before its first action, while the Droplet is another's.
func (r *Runner) dispatch(ctx context.Context, req *approvals.Request, i int, w work) (time.Duration, error) {
	t := req.Targets[i]
	if key := fmt.Sprint(t.Droplet.ID); r.aiming.take(key) {
		defer r.aiming.release(key)
	} else {
		return retrySoon, nil // another request is about to send to it
	}
	switch line, err := r.inLine(ctx, req, t); {
	case err != nil:
		return 0, err
	case line:
		return r.putBack(ctx, req, i, approvals.WaitPendingEvent, r.busyFor(t))
	}
	if !r.acting.acquire(maxConcurrentActing) {
		return retryActing, nil
	}
	defer r.acting.release()
	var saying sync.WaitGroup
	defer saying.Wait()
	reading := api.OnWait(ctx, func(time.Duration) { // for reads alone: nothing is said, or put back, of a POST
		saying.Go(task.Log(r.panicked, func() { r.sayTurn(ctx, req, i) }))
	})
	looked := r.moment()
	d, err := r.readTarget(reading, t)
	switch {
	case api.KindOf(err) == api.NotFound:
		return r.missing(ctx, req, i)
	case err != nil:
		return r.cannotAsk(ctx, req, i, err)
	}
	saved := w.onlySaved() // later on, what differs is our own doing
	if saved {
		if wait, stop, err := r.drifted(ctx, req, i, w, d); stop || err != nil {
			return wait, err
		}
		w.parts = w.whole.Parts(d, api.Args(req.Action.Args), req.CreatedAt) // the Droplet that is written down with the intent
	}
	if t.Step > 0 && !w.part().Rollback() {
		if made, shown := r.shows(ctx, req, i, w, d); shown {
			return r.goOn(ctx, req, i, w, d, approvals.Onward{Made: made}) // the step before was enough, or someone else was faster
		}
	}
	if saved {
		if wait, stop, err := r.rejudge(ctx, req, i, w, d); stop || err != nil {
			return wait, err
		}
	}
	part := w.part()
	switch no, err := r.inTheWay(reading, req, t, part, d); {
	case err != nil && w.onlySaved():
		return r.cannotAsk(ctx, req, i, err)
	case err != nil && ctx.Err() == nil: // a Droplet that is off does not wait for a list: DigitalOcean checks it, too
		r.Log.WarnContext(ctx, "sending without a pre-check", "request_id", req.ID, "droplet_id", t.Droplet.ID, "error", err)
	case no != "":
		return r.failed(ctx, req, i, w, approvals.Ending{State: approvals.TargetErrored, Problem: no, After: now(d)})
	}
	history, err := r.readHistory(reading, t)
	baseline := 0
	switch kind := api.KindOf(err); {
	case err == nil:
	case !part.Rollback() || kind == api.RateLimited || kind == api.NotVisible || ctx.Err() != nil:
		return r.cannotAsk(ctx, req, i, err)
	default: // a Droplet that is off does not wait for it: what was known at the step before has to do
		r.Log.WarnContext(ctx, "sending without the history", "request_id", req.ID, "droplet_id", t.Droplet.ID, "error", err)
		baseline = t.Baseline
	}
	for _, rec := range history {
		baseline = max(baseline, rec.ID)
	}
	if rec, err := r.before(ctx, req, t, part.Type, history); err != nil || rec.ID != 0 {
		if err != nil {
			return 0, err
		}
		return r.failed(ctx, req, i, w, approvals.Ending{State: approvals.TargetUnknown, Problem: inDoubt(rec)})
	}
	return r.send(ctx, req, i, w, func(q *approvals.Request, now time.Time) (approvals.Change, error) {
		c, err := q.Dispatch(i, r.Instance, part.Type, baseline, now)
		if err == nil && saved {
			q.Seen(i, approvals.Droplet(d), &c) // what the end is compared with
		}
		return c, err
	}, looked)
}

// shows reports whether a Droplet shows already what the next part would make of it, with
// what it made where something besides the Droplet shows that.
func (r *Runner) shows(ctx context.Context, req *approvals.Request, i int, w work, d api.Droplet) (made string, shown bool) {
	if !w.part().Shows(d, image(req)) {
		return "", false
	}
	made, unseen := r.verify(ctx, req, w, req.Targets[i], d, approvals.ActionRef{})
	return made, unseen == ""
}

// inLine says whether a target waits for another request's: while an answer of its is
// open, or as long as the Droplet is held.
func (r *Runner) inLine(ctx context.Context, req *approvals.Request, t approvals.Target) (bool, error) {
	others, err := r.Intents.Intents(ctx, t.Droplet.ID, req.ID)
	if err != nil {
		return false, err
	}
	if slices.ContainsFunc(others, func(o approvals.Intent) bool { return o.Open }) {
		return true, nil
	}
	if t.Step > 0 { // who has begun waits for nobody who begins: neither would end
		return false, nil
	}
	return r.held(ctx, req, t.Droplet.ID)
}

// held says whether a Droplet is another request's for now: one that is between the
// actions that it takes to it and that put it back at the end, as a resize switches it off
// and on again, since what came in between would undo one of them, and DigitalOcean knows
// nothing of the next; or one that was allowed to run before this one and waits in line. A
// power-off and a power-on would have another outcome the other way round.
func (r *Runner) held(ctx context.Context, req *approvals.Request, droplet int) (bool, error) {
	others, err := r.Intents.Others(ctx, droplet, req.ID)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(others, func(o *approvals.Request) bool {
		if !o.Sent() {
			return cmp.Or(o.StartedAt.Compare(req.StartedAt), strings.Compare(o.ID, req.ID)) < 0
		}
		a, ok := api.Lookup(o.Action.Type)
		if !ok {
			return false
		}
		w, _ := workOf(a, o, 0)
		return slices.ContainsFunc(w.parts, func(p api.Part) bool { return p.Back })
	}), nil
}

// inTheWay says why a part can't be sent to a Droplet as it is; empty if nothing is.
func (r *Runner) inTheWay(ctx context.Context, req *approvals.Request, t approvals.Target, part api.Part, d api.Droplet) (string, error) {
	if t.Step > 0 && part.Action.Destroys && takes(req) {
		if why, err := r.parted(ctx, req); why != "" || err != nil {
			return why, err
		}
	}
	a := part.Action
	if part.Rollback() { // that the Droplet shows it already proves nothing
		own := *a
		own.Already = nil
		a = &own
	}
	return r.Actions.PreCheck(ctx, a, d, part.Args, image(req))
}

// panicked logs a panic in the background.
func (r *Runner) panicked(err error) {
	var crash *task.PanicError
	if errors.As(err, &crash) {
		r.Log.Error("a panic in the background", "panic", err, "stack", crash.Stack)
	}
}

// sayTurn has people told that a look before an action waits for its turn. It goes on
// by itself meanwhile. A target of which an intent is committed is left alone.
func (r *Runner) sayTurn(ctx context.Context, req *approvals.Request, i int) {
	ctx, cancel := context.WithTimeout(ctx, concludeWithin)
	defer cancel()
	err := r.updateTarget(ctx, req, i, func(q *approvals.Request, now time.Time) (approvals.Change, error) {
		if i >= len(q.Targets) || q.Targets[i].State != approvals.Queued {
			return approvals.Change{}, approvals.ErrNoChange
		}
		return q.PutBack(i, approvals.WaitRateLimit, approvals.Answer{}, now)
	})
	if err != nil {
		r.Log.DebugContext(ctx, "could not say that a Droplet waits for its turn", "request_id", req.ID, "error", err)
	}
}

// before answers an action that this request may have made already, though nothing
// here says so: the database may be a backup that does not know what happened
// after it. That can only be where the request is older than this process. Someone
// may also have done it by hand meanwhile, which is a reason to ask a person, too.
func (r *Runner) before(ctx context.Context, req *approvals.Request, t approvals.Target, typ string, history []api.Record) (api.Record, error) {
	asked := req.CreatedAt
	if at := req.Origin.AskedAt; !at.IsZero() && at.Before(asked) {
		asked = at
	}
	if !asked.Before(r.Started) || t.DispatchedBy == r.Instance {
		return api.Record{}, nil
	}
	for _, rec := range history {
		since := rec.StartedAt.After(asked.Add(-clockSkew))
		if !t.DispatchedAt.IsZero() { // what was there at an earlier intent is certain
			since = rec.ID > t.Baseline
		}
		if rec.Type != typ || !since {
			continue
		}
		taken, err := r.Requests.ActionTaken(ctx, rec.ID, t.Droplet.ID, req.ID)
		if err != nil || !taken {
			return rec, err
		}
	}
	return api.Record{}, nil
}

func inDoubt(rec api.Record) string {
	return fmt.Sprintf("Nothing was sent now: Dropletops was started after this was asked for, and the Droplet shows a %s of %s (action %d, %s) "+
		"that no request here is known to have made. It may be this one's, as after a restored backup, or someone's by hand. "+
		"Look at the Droplet, then retry if it was not done.", rec.Type, rec.StartedAt.UTC().Format(time.RFC3339), rec.ID, rec.Status)
}

// send commits the intent and sends. From the commit on, this call is the only
// one that ever sends this action.
func (r *Runner) send(ctx context.Context, req *approvals.Request, i int, w work,
	intent func(*approvals.Request, time.Time) (approvals.Change, error), looked moment) (time.Duration, error) {
	key := fmt.Sprint(req.ID, "/", i)
	if !r.sending.take(key) {
		return retryQuickly, nil
	}
	defer r.sending.release(key)
	if late, ok := ctx.Deadline(); ok && time.Now().After(late) || r.since(looked) > pass {
		return 0, nil // frozen since the Droplet was looked at: look again
	}
	start := r.moment()
	var at time.Time // of the intent, once there is one
	sent, err := r.changed(ctx, req, i, func(q *approvals.Request, now time.Time) (approvals.Change, error) {
		c, err := intent(q, now)
		if err == nil {
			at = q.Targets[i].DispatchedAt
		}
		return c, err
	})
	switch {
	case err != nil && (at.IsZero() || errors.Is(err, approvals.ErrConflict)):
		return never, err
	case err != nil: // it may be committed all the same, and nothing was sent
		return r.conclude(ctx, key, outcome{at, func(ctx context.Context) (time.Duration, error) {
			return retryQuickly, r.unsent(ctx, req.ID, i, at, err)
		}})
	}
	own := *req // the others of a pass read req
	own.Targets = slices.Clone(req.Targets)
	own.Targets[i] = sent.Targets[i] // what follows is about this intent
	req = &own
	if r.since(start) > fence {
		return r.conclude(ctx, key, outcome{at, func(ctx context.Context) (time.Duration, error) {
			return r.putBack(ctx, req, i, approvals.WaitUnreachable, retryQuickly) // not sent, so it may wait again
		}})
	}
	rec, err := r.post(ctx, req, req.Targets[i], w.part())
	absent := sync.OnceValue(func() error { // one refusal is one look, however often it is written down
		t := req.Targets[i]
		return r.Absences.Check(fmt.Sprintf("send/%s/%d/%d", req.ID, i, t.Step), api.SeenBefore, err, r.Now())
	})
	return r.conclude(ctx, key, outcome{at, func(ctx context.Context) (time.Duration, error) {
		return r.answered(ctx, req, i, w, rec, err, absent)
	}})
}

// answered writes down what came of a POST.
func (r *Runner) answered(ctx context.Context, req *approvals.Request, i int, w work, rec api.Record, err error, absent func() error) (time.Duration, error) {
	t := req.Targets[i]
	switch api.KindOf(err) {
	case "":
		if err != nil {
			return r.lost(ctx, req, i, err)
		}
		return r.accepted(ctx, req, i, rec, false)
	case api.PendingEvent:
		return r.busyFor(t), r.refused(ctx, req, i, approvals.WaitPendingEvent, err)
	case api.RateLimited:
		return retryAfter(err), r.refused(ctx, req, i, approvals.WaitRateLimit, err)
	case api.NotSent:
		return retryQuickly, r.refused(ctx, req, i, approvals.WaitUnreachable, err)
	case api.Lost, api.Unavailable:
		return r.lost(ctx, req, i, err)
	}
	return r.definitelyRefused(ctx, req, i, w, err, absent)
}

// definitelyRefused deals with a refusal that is not for the moment. What is refused may be
// the case already, by the step before or by someone else; and a 404 is no proof that the
// Droplet is gone.
func (r *Runner) definitelyRefused(ctx context.Context, req *approvals.Request, i int, w work, refusal error, absent func() error) (time.Duration, error) {
	t, part := req.Targets[i], w.part()
	if api.KindOf(refusal) == api.NotFound {
		if again := absent(); api.KindOf(again) == api.NotVisible {
			return retryAfter(again), r.refused(ctx, req, i, approvals.WaitNotVisible, refusal) // the next pass reads it once more
		}
		if part.Action.Destroys {
			switch _, err := r.readTarget(ctx, t); {
			case api.KindOf(err) == api.NotFound:
				return never, r.goneAnyway(ctx, req, i)
			case err != nil:
				return r.lookLater(ctx, req, i, err), r.refused(ctx, req, i, approvals.WaitNotVisible, refusal)
			}
		}
	}
	if t.Step > 0 {
		already := strings.Contains(strings.ToLower(sentence(refusal)), "already")
		d, err := r.readTarget(ctx, t)
		if err == nil && (already || !part.Rollback()) {
			if made, shown := r.shows(ctx, req, i, w, d); shown {
				return r.goOn(ctx, req, i, w, d, approvals.Onward{Made: made, Why: sentence(refusal), Said: said(refusal)})
			}
		}
		first := t.WaitSince.IsZero() || t.Wait != approvals.WaitNotVisible
		if (already || part.Rollback()) && (first || r.Now().Sub(t.WaitSince) < refusedFor) {
			return retryBusy, r.refused(ctx, req, i, approvals.WaitNotVisible, refusal) // its status trails, or it is not ready yet
		}
	}
	return r.failed(ctx, req, i, w, approvals.Ending{State: approvals.TargetErrored, Problem: sentence(refusal), Said: said(refusal)})
}

func (r *Runner) accepted(ctx context.Context, req *approvals.Request, i int, rec api.Record, found bool) (time.Duration, error) {
	err := r.updateTarget(ctx, req, i, func(q *approvals.Request, now time.Time) (approvals.Change, error) {
		if t := q.Targets[i]; t.Droplet.ID == 0 {
			return q.Created(i, rec.ResourceID, ref(rec), found, now)
		}
		return q.Accepted(i, ref(rec), found, now)
	})
	return 0, err
}

func (r *Runner) lost(ctx context.Context, req *approvals.Request, i int, cause error) (time.Duration, error) {
	r.Log.WarnContext(ctx, "the answer to an action was lost", "request_id", req.ID,
		"droplet_id", req.Targets[i].Droplet.ID, "error", cause)
	err := r.updateTarget(ctx, req, i, func(q *approvals.Request, now time.Time) (approvals.Change, error) {
		return q.Lost(i, cause.Error(), said(cause), now)
	})
	return 0, err
}

// cannotAsk has a target wait until DigitalOcean can be asked again.
func (r *Runner) cannotAsk(ctx context.Context, req *approvals.Request, i int, err error) (time.Duration, error) {
	switch {
	case ctx.Err() != nil:
		return 0, nil
	case api.KindOf(err) == api.RateLimited:
		return r.putBack(ctx, req, i, approvals.WaitRateLimit, retryAfter(err))
	case api.KindOf(err) == api.NotVisible:
		return r.putBack(ctx, req, i, approvals.WaitNotVisible, retryAfter(err))
	}
	r.Log.WarnContext(ctx, "DigitalOcean could not be asked", "request_id", req.ID,
		"droplet_id", req.Targets[i].Droplet.ID, "error", err)
	return r.putBack(ctx, req, i, approvals.WaitUnreachable, retryQuickly)
}

// busyFor is how long a target waits for its next try in line: the longer, the
// longer it has waited already.
func (r *Runner) busyFor(t approvals.Target) time.Duration {
	if t.Wait != approvals.WaitPendingEvent {
		return retryBusy
	}
	return min(max(r.Now().Sub(t.WaitSince)/8, retryBusy), retryBusyMost)
}

// retryAfter is how long a 429 says to wait, or a while if it does not say.
func retryAfter(err error) time.Duration {
	var e *api.Error
	if errors.As(err, &e) && e.RetryAfter > 0 {
		return e.RetryAfter
	}
	return retryBusy
}

func ref(rec api.Record) approvals.ActionRef {
	return approvals.ActionRef{ID: rec.ID, Status: rec.Status, StartedAt: rec.StartedAt, EndedAt: rec.CompletedAt, RequestID: rec.RequestID}
}

// now is a Droplet as it is, for the end of a target.
func now(d api.Droplet) *approvals.Droplet {
	out := approvals.Droplet(d)
	return &out
}
