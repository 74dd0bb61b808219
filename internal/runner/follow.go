package runner

import (
	"context"
	"fmt"
	"time"

	"dropletops/api"
	"dropletops/approvals"
)

// follow looks at an action that DigitalOcean has accepted, and once it calls it
// completed, at the Droplet, until that looks like it too.
func (r *Runner) follow(ctx context.Context, req *approvals.Request, i int, w work) (time.Duration, error) {
	t := req.Targets[i]
	rec, err := r.Actions.Look(ctx, t.Action.ID)
	switch {
	case api.KindOf(err) == api.NotFound:
		return never, r.end(ctx, req, i, approvals.Ending{State: approvals.TargetUnknown,
			Problem: fmt.Sprintf("DigitalOcean accepted the action as %d and does not know it any more. Look at the Droplet.", t.Action.ID)})
	case err != nil:
		if err := r.saySlow(ctx, req, i, w.whole); err != nil {
			return never, err
		}
		return r.lookLater(ctx, req, i, err), nil
	}
	took := ref(rec)
	switch rec.Status {
	case "completed":
		return r.settle(ctx, req, i, w, took)
	case "errored":
		if w.patience > 0 {
			return r.next(ctx, req, i, &took, "It failed at DigitalOcean (errored).")
		}
		return never, r.end(ctx, req, i, approvals.Ending{State: approvals.TargetErrored, Action: &took, After: r.after(ctx, t),
			Problem: fmt.Sprintf("DigitalOcean reports that the action %d failed (errored). It gives no reason; its control panel may.", rec.ID)})
	}
	if err := r.saySlow(ctx, req, i, w.whole); err != nil {
		return never, err
	}
	if r.out(w, t) {
		return r.next(ctx, req, i, &took, fmt.Sprintf("It was not done after %.0f s.", w.patience.Seconds()))
	}
	return api.PollEvery(r.Now().Sub(t.DispatchedAt), req.Usual), nil
}

// saySlow has people told, once, that a target takes longer than usual, also
// while DigitalOcean does not say how far it is.
func (r *Runner) saySlow(ctx context.Context, req *approvals.Request, i int, a *api.Action) error {
	t := req.Targets[i]
	if t.Slow || ctx.Err() != nil || r.Now().Sub(t.DispatchedAt) <= 3*max(req.Usual, a.Usual) {
		return nil
	}
	return r.updateTarget(ctx, req, i, func(q *approvals.Request, now time.Time) (approvals.Change, error) { return q.Slow(i, now) })
}

// settle holds the Droplet against what the action should have made of it.
// DigitalOcean's status trails a completed action by seconds, and a completed
// shutdown does not mean off.
func (r *Runner) settle(ctx context.Context, req *approvals.Request, i int, w work, took approvals.ActionRef) (time.Duration, error) {
	t := req.Targets[i]
	if err := r.updateTarget(ctx, req, i, func(q *approvals.Request, now time.Time) (approvals.Change, error) {
		return q.Settling(i, took, now)
	}); err != nil {
		return never, err
	}
	d, err := r.Droplets.Droplet(ctx, t.Droplet.ID)
	if api.KindOf(err) == api.NotFound {
		return never, r.end(ctx, req, i, approvals.Ending{State: approvals.TargetErrored, Action: &took,
			Problem: "DigitalOcean completed the action, and the Droplet is gone since."})
	}
	if err != nil {
		return r.lookLater(ctx, req, i, err), nil
	}
	before, args := api.Droplet(t.Droplet), api.Args(req.Action.Args)
	if w.whole.PostCheck(before, d, args, image(req)) {
		result := r.Actions.Outcome(ctx, w.whole, before, d, args, api.Record{ID: took.ID, StartedAt: took.StartedAt, CompletedAt: took.EndedAt, Type: w.part.Type})
		return never, r.end(ctx, req, i, approvals.Ending{State: approvals.TargetDone, Action: &took, After: now(d), Result: result})
	}
	switch {
	case w.patience > 0 && w.part != w.whole && w.part.PostCheck(before, d, args, image(req)):
		return r.next(ctx, req, i, &took, "")
	case r.out(w, t):
		return r.next(ctx, req, i, &took, fmt.Sprintf("%s did not show it after %.0f s.", d.Name, w.patience.Seconds()))
	case w.patience > 0:
		return settleEvery, nil
	}
	since := t.SettlingAt
	switch settled := r.Now().Sub(since); {
	case since.IsZero() || settled < sayAfter:
		return settleEvery, nil
	case settled < settleFor:
		return settleEvery, r.updateTarget(ctx, req, i, func(q *approvals.Request, now time.Time) (approvals.Change, error) {
			return q.StillSettling(i, now)
		})
	}
	return never, r.end(ctx, req, i, approvals.Ending{State: approvals.TargetErrored, Action: &took, After: now(d),
		Problem: unshown(w.whole, d)})
}

// lookLater answers when to look again after a look that did not work.
func (r *Runner) lookLater(ctx context.Context, req *approvals.Request, i int, err error) time.Duration {
	if ctx.Err() != nil {
		return 0
	}
	r.Log.WarnContext(ctx, "an action under way could not be looked at", "request_id", req.ID,
		"droplet_id", req.Targets[i].Droplet.ID, "error", err)
	if api.KindOf(err) == api.RateLimited {
		return retryAfter(err)
	}
	return retryQuickly
}

// after is the Droplet as it is, if that can be told.
func (r *Runner) after(ctx context.Context, t approvals.Target) *approvals.Droplet {
	d, err := r.Droplets.Droplet(ctx, t.Droplet.ID)
	if err != nil {
		return nil
	}
	return now(d)
}

// unshown says that a Droplet does not show what was done to it, and what to do.
func unshown(a *api.Action, d api.Droplet) string {
	s := fmt.Sprintf("DigitalOcean called the action completed, but %d minutes later %s does not show it: it is %s, %s, %s.",
		int(settleFor/time.Minute), d.Name, d.Status, d.Size, d.Image)
	if a.Unshown != nil {
		s += " " + a.Unshown(d)
	}
	return s
}

// out says whether a step that another follows has had its time.
func (r *Runner) out(w work, t approvals.Target) bool {
	return w.patience > 0 && r.Now().Sub(t.DispatchedAt) >= w.patience
}

// next goes on to the next action of a composite verb.
func (r *Runner) next(ctx context.Context, req *approvals.Request, i int, took *approvals.ActionRef, why string) (time.Duration, error) {
	return 0, r.updateTarget(ctx, req, i, func(q *approvals.Request, now time.Time) (approvals.Change, error) {
		return q.Next(i, took, why, now)
	})
}
