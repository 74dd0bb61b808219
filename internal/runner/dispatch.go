package runner

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"dropletops/api"
	"dropletops/approvals"
)

// dispatch sends the action for one Droplet: look once more, write the intent
// down, send, write the answer down.
func (r *Runner) dispatch(ctx context.Context, req *approvals.Request, i int, w work) (time.Duration, error) {
	t := req.Targets[i]
	d, err := r.Droplets.Droplet(ctx, t.Droplet.ID)
	switch {
	case api.KindOf(err) == api.NotFound:
		if unsent, err := r.beginsAnew(ctx, req); req.Bulk() && (unsent || err != nil) {
			return 0, err
		}
		return never, r.end(ctx, req, i, approvals.Ending{State: approvals.TargetErrored,
			Problem: "The Droplet is gone: DigitalOcean says there is no such Droplet any more. Nothing was done to it."})
	case err != nil:
		return r.cannotAsk(ctx, req, i, err)
	}
	args := api.Args(req.Action.Args)
	if t.Step > 0 && w.whole.PostCheck(api.Droplet(t.Droplet), d, args, image(req)) {
		return never, r.end(ctx, req, i, approvals.Ending{State: approvals.TargetDone, After: now(d)}) // the step before was enough
	}
	if req.Verdict.Outcome != approvals.Allow && t.Step == 0 { // later on, what differs is our own doing
		if diffs := t.Droplet.Differences(approvals.Droplet(d)); len(diffs) > 0 {
			return r.driftedLate(ctx, req, i, diffs)
		}
	}
	no, err := r.Actions.PreCheck(ctx, w.part, d, args, image(req))
	if err != nil {
		return r.cannotAsk(ctx, req, i, err)
	}
	if no != "" {
		return never, r.end(ctx, req, i, approvals.Ending{State: approvals.TargetErrored, Problem: no, After: now(d)})
	}
	history, err := r.Droplets.History(ctx, t.Droplet.ID)
	if err != nil {
		return r.cannotAsk(ctx, req, i, err)
	}
	baseline := 0
	for _, rec := range history {
		baseline = max(baseline, rec.ID)
	}
	return r.send(ctx, req, i, w, d, baseline)
}

// driftedLate deals with a Droplet that changed after the whole was rechecked:
// if nothing was sent yet the decision begins anew, else this one is left alone.
func (r *Runner) driftedLate(ctx context.Context, req *approvals.Request, i int, diffs []approvals.Difference) (time.Duration, error) {
	if unsent, err := r.beginsAnew(ctx, req); unsent || err != nil {
		return 0, err
	}
	said := make([]string, len(diffs))
	for n, d := range diffs {
		said[n] = d.String()
	}
	return never, r.end(ctx, req, i, approvals.Ending{State: approvals.TargetErrored,
		Problem: "The Droplet is not what was approved any more (" + strings.Join(said, "; ") + "). Nothing was done to it."})
}

// beginsAnew says whether nothing was sent for a request yet, so that the next
// pass can recheck the whole, with fresh eyes, and find what has changed.
func (r *Runner) beginsAnew(ctx context.Context, req *approvals.Request) (bool, error) {
	fresh, err := r.Requests.Request(ctx, req.ID)
	if err != nil || fresh.Sent() {
		return false, err
	}
	r.checks.forget(req.ID)
	return true, nil
}

// send commits the intent and sends. From the commit on, this call is the only
// one that ever sends this action.
func (r *Runner) send(ctx context.Context, req *approvals.Request, i int, w work, d api.Droplet, baseline int) (time.Duration, error) {
	key := fmt.Sprint(req.ID, "/", i)
	if !r.sending.take(key) {
		return retryQuickly, nil
	}
	defer r.sending.release(key)
	if late, ok := ctx.Deadline(); ok && time.Now().After(late) {
		return 0, nil // frozen since the Droplet was looked at: look again
	}
	start := time.Now() // the monotonic clock: it is the freezing of this process that counts
	if err := r.updateTarget(ctx, req, i, func(q *approvals.Request, now time.Time) (approvals.Change, error) {
		c, err := q.Dispatch(i, r.Instance, baseline, now)
		if err == nil && q.Targets[i].Step == 0 {
			q.Targets[i].Droplet = approvals.Droplet(d) // what the end is compared with
		}
		return c, err
	}); err != nil {
		return never, err
	}
	sctx := context.WithoutCancel(ctx) // what came of it is written down, also when the pass is over
	if time.Since(start) > fence {
		return r.putBack(sctx, req, i, approvals.WaitUnreachable, retryQuickly) // not sent, so it may wait again
	}
	t := req.Targets[i]
	rec, err := r.Actions.Send(ctx, w.part, t.Droplet.ID, api.Args(req.Action.Args), image(req))
	switch api.KindOf(err) {
	case "":
		if err != nil {
			return r.lost(sctx, req, i, err)
		}
		return r.accepted(sctx, req, i, rec, false)
	case api.PendingEvent:
		return r.putBack(sctx, req, i, approvals.WaitPendingEvent, r.busyFor(t))
	case api.RateLimited:
		return r.putBack(sctx, req, i, approvals.WaitRateLimit, retryAfter(err))
	case api.NotSent:
		return r.putBack(sctx, req, i, approvals.WaitUnreachable, retryQuickly)
	case api.Lost, api.Unavailable:
		return r.lost(sctx, req, i, err)
	}
	if t.Step > 0 { // refused, perhaps since the step before has been enough by now
		if d, e := r.Droplets.Droplet(sctx, t.Droplet.ID); e == nil && w.whole.PostCheck(api.Droplet(t.Droplet), d, api.Args(req.Action.Args), image(req)) {
			return never, r.end(sctx, req, i, approvals.Ending{State: approvals.TargetDone, After: now(d)})
		}
	}
	return never, r.end(sctx, req, i, approvals.Ending{State: approvals.TargetErrored, Problem: sentence(err)})
}

func (r *Runner) accepted(ctx context.Context, req *approvals.Request, i int, rec api.Record, found bool) (time.Duration, error) {
	err := r.updateTarget(ctx, req, i, func(q *approvals.Request, now time.Time) (approvals.Change, error) {
		return q.Accepted(i, ref(rec), found, now)
	})
	return 0, err
}

func (r *Runner) lost(ctx context.Context, req *approvals.Request, i int, cause error) (time.Duration, error) {
	r.Log.WarnContext(ctx, "the answer to an action was lost", "request_id", req.ID,
		"droplet_id", req.Targets[i].Droplet.ID, "error", cause)
	err := r.updateTarget(ctx, req, i, func(q *approvals.Request, now time.Time) (approvals.Change, error) {
		return q.Lost(i, cause.Error(), now)
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
