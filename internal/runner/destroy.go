package runner

import (
	"context"
	"fmt"
	"slices"
	"time"

	"dropletops/api"
	"dropletops/approvals"
)

// A destroyed Droplet has no action to follow: what became of it is seen by
// looking whether it is still there.

// vanish looks at a Droplet whose destruction DigitalOcean has accepted, until it
// says that there is none any more.
func (r *Runner) vanish(ctx context.Context, req *approvals.Request, i int, w work) (time.Duration, error) {
	t := req.Targets[i]
	if takes(req) {
		return r.vanishWith(ctx, req, i, w)
	}
	d, err := r.reader().Destroyed(api.Behind(ctx), t.Droplet.ID)
	if api.KindOf(err) == api.NotFound {
		return never, r.end(ctx, req, i, approvals.Ending{State: approvals.TargetDone, After: gone(t)})
	}
	if err == nil && r.Now().Sub(t.DispatchedAt) >= destroyTimeout {
		return never, r.end(ctx, req, i, approvals.Ending{State: approvals.TargetUnknown, After: now(d),
			Problem: fmt.Sprintf("DigitalOcean accepted it, and %d minutes later the Droplet is still there. It may yet go: look at it, then retry if it stays.", int(destroyTimeout/time.Minute))})
	}
	if api.KindOf(err) == api.NotVisible { // nearly certain: nobody has to be told that it is slow
		return retryAfter(err), nil
	}
	if slow := r.saySlow(ctx, req, i, w); slow != nil {
		return never, slow
	}
	if err != nil {
		return r.lookLater(ctx, req, i, err), nil
	}
	return api.PollEvery(r.Now().Sub(t.DispatchedAt), w.usual(req)), nil
}

// searchGone looks for what came of a DELETE whose answer was lost: if the Droplet
// is gone, it is done. If it stays, the DELETE may never have arrived, and is not
// sent again by itself.
func (r *Runner) searchGone(ctx context.Context, req *approvals.Request, i int) (time.Duration, error) {
	t := req.Targets[i]
	d, err := r.reader().Destroyed(ctx, t.Droplet.ID)
	switch {
	case api.KindOf(err) == api.NotFound:
		return r.accepted(ctx, req, i, api.Record{Status: "in-progress", StartedAt: t.DispatchedAt}, true)
	case api.KindOf(err) == api.NotVisible:
		return retryAfter(err), nil
	case err != nil:
		r.Log.WarnContext(ctx, "it could not be seen whether a Droplet is gone", "request_id", req.ID, "droplet_id", t.Droplet.ID, "error", err)
		return searchEvery, nil // it is not unknown before it was looked for
	case !r.searchedInVain(req, i):
		return searchEvery, nil
	}
	return never, r.end(ctx, req, i, approvals.Ending{State: approvals.TargetUnknown, After: now(d),
		Problem: "DigitalOcean's answer was lost, and a minute later the Droplet is still there. It may yet go: look at it, then retry if it stays."})
}

// refusedAsGone reports whether DigitalOcean has refused a DELETE of ours since it had no
// such Droplet: then it is done, by someone else.
func refusedAsGone(req *approvals.Request, t approvals.Target) bool {
	a, ok := api.Lookup(req.Action.Type)
	return ok && a.Destroys && t.Step == 0 && t.State == approvals.Queued && !t.DispatchedAt.IsZero() && t.Wait == approvals.WaitNotVisible
}

// goneAnyway ends a target whose Droplet was there a moment ago, and of which
// DigitalOcean knows nothing now that it is to be destroyed: that is as it should
// be, and nobody has to try again.
func (r *Runner) goneAnyway(ctx context.Context, req *approvals.Request, i int) error {
	return r.end(ctx, req, i, approvals.Ending{State: approvals.TargetDone, After: gone(req.Targets[i]), Anyway: true,
		Result: "It was gone already when it was to be destroyed: someone else was faster." + left(req)})
}

// gone is a Droplet that was, as it stands on a card afterwards.
func gone(t approvals.Target) *approvals.Droplet {
	d := t.Droplet
	d.Status = "gone"
	return &d
}

// leaves looks up anew what would stay of the Droplets that are to be destroyed,
// where it was known when they were shown.
func (r *Runner) leaves(ctx context.Context, req *approvals.Request, found map[int]approvals.Droplet) (*approvals.Leaves, error) {
	if req.Leaves == nil || !req.Leaves.Known {
		return req.Leaves, nil
	}
	fresh, err := r.leavesNow(ctx, req, found)
	if err != nil || req.Verdict.Outcome == approvals.Allow || len(found) < len(req.Targets) {
		return fresh, err
	}
	return fresh, r.confirmMissing("missing/"+req.ID, lacks(fresh, req.Leaves))
}

// leavesNow reads it once.
func (r *Runner) leavesNow(ctx context.Context, req *approvals.Request, found map[int]approvals.Droplet) (*approvals.Leaves, error) {
	var there []api.Droplet
	for _, t := range req.Targets {
		if d, ok := found[t.Droplet.ID]; ok {
			there = append(there, api.Droplet(d))
		}
	}
	if with := req.Action.Args["with"]; with != "" && len(there) == 1 {
		return r.associated(ctx, req.ID, there[0].ID, with)
	}
	items, err := r.Leftover.Leftovers(ctx, there)
	err = r.Absences.Check("leftovers/"+req.ID, api.SeenBefore, err, r.Now())
	if err != nil {
		return nil, fmt.Errorf("look up what would be left behind: %w", err)
	}
	return &approvals.Leaves{Known: true, Items: items}, nil
}

// lacks reports whether anything is missing from what would go or stay that was there.
func lacks(now, was *approvals.Leaves) bool {
	return slices.ContainsFunc(was.Goes, func(x approvals.Going) bool { return !goes(now, x) }) ||
		slices.ContainsFunc(was.Items, func(item string) bool { return !slices.Contains(now.Items, item) })
}
