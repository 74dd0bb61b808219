package runner

import (
	"context"
	"fmt"
	"time"

	"dropletops/api"
	"dropletops/approvals"
)

// clockSkew is how far DigitalOcean's clock and ours may be apart when the start
// of an action is held against the intent.
const clockSkew = 2 * time.Minute

// search looks for an action whose answer was lost, in the Droplet's own list:
// one of the type, newer than whatever was there at the intent, not later than
// our POST can have been taken, and not known as another request's.
func (r *Runner) search(ctx context.Context, req *approvals.Request, i int, a *api.Action) (time.Duration, error) {
	t := req.Targets[i]
	if r.sending.has(fmt.Sprint(req.ID, "/", i)) {
		return retryQuickly, nil // its POST is under way in this process
	}
	if t.LostAt.IsZero() {
		if !r.Requests.Exclusive() && t.DispatchedBy != r.Instance && r.Now().Sub(t.DispatchedAt) < othersPost {
			return retryQuickly, nil // another replica may be at its POST
		}
		return r.lost(ctx, req, i, fmt.Errorf("the process %s that sent it is gone", t.DispatchedBy))
	}
	history, err := r.Droplets.History(ctx, t.Droplet.ID)
	if api.KindOf(err) == api.NotFound {
		return never, r.end(ctx, req, i, approvals.Ending{State: approvals.TargetUnknown,
			Problem: "The answer to the action was lost, and the Droplet is gone since."})
	}
	if err != nil {
		r.Log.WarnContext(ctx, "a lost action could not be looked for", "request_id", req.ID, "droplet_id", t.Droplet.ID, "error", err)
		return searchEvery, nil // it is not unknown before it was looked for
	}
	rec, found, err := r.among(ctx, history, req.ID, t, a.Type)
	if err != nil {
		return searchEvery, err
	}
	if found {
		return r.accepted(ctx, req, i, rec, true)
	}
	if r.Now().Sub(t.LostAt) < searchFor {
		return searchEvery, nil
	}
	return never, r.end(ctx, req, i, approvals.Ending{State: approvals.TargetUnknown,
		Problem: fmt.Sprintf("DigitalOcean's answer was lost, and within a minute no %s showed up among the Droplet's actions. "+
			"It may or may not have been done: look at the Droplet, then retry if it was not.", a.Type)})
}

// among picks the lost action out of a Droplet's history: the oldest that fits.
func (r *Runner) among(ctx context.Context, history []api.Record, id string, t approvals.Target, typ string) (api.Record, bool, error) {
	var best api.Record
	for _, rec := range history {
		if rec.Type != typ || rec.ID <= t.Baseline || rec.StartedAt.Before(t.DispatchedAt.Add(-clockSkew)) ||
			rec.StartedAt.After(t.DispatchedAt.Add(othersPost+clockSkew)) { // someone's by hand, while we were away
			continue
		}
		taken, err := r.Requests.ActionTaken(ctx, rec.ID, t.Droplet.ID, id)
		if err != nil {
			return best, false, err
		}
		if !taken && (best.ID == 0 || rec.ID < best.ID) {
			best = rec
		}
	}
	return best, best.ID != 0, nil
}
