package runner

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"dropletops/api"
	"dropletops/approvals"
)

// A Droplet that is to be made has no ID before DigitalOcean has accepted the POST,
// so its name stands for it: one intent of a name at a time, and what bore the name
// before the intent is the baseline.

// create makes one Droplet, in the order of dispatch.
func (r *Runner) create(ctx context.Context, req *approvals.Request, i int, w work) (time.Duration, error) {
	t := req.Targets[i]
	if key := "name " + strings.ToLower(t.Droplet.Name); r.aiming.take(key) {
		defer r.aiming.release(key)
	} else {
		return retrySoon, nil // another request is about to create one of that name
	}
	others, err := r.namesakes(ctx, req.ID, t)
	if err != nil {
		return 0, err
	}
	if slices.ContainsFunc(others, func(o approvals.Intent) bool { return o.Open }) {
		return r.putBack(ctx, req, i, approvals.WaitName, retryBusy)
	}
	if !r.acting.acquire(maxConcurrentActing) {
		return retryActing, nil
	}
	defer r.acting.release()
	looked := r.moment()
	args := api.Args(req.Action.Args)
	named, err := r.reader().Existing(ctx, t.Droplet.Name)
	if err != nil {
		return r.cannotAsk(ctx, req, i, err)
	}
	if args["unless-present"] == "true" && len(named) > 0 {
		return never, r.end(ctx, req, i, approvals.Ending{State: approvals.TargetDone, After: now(named[0]), Anyway: true,
			Result: fmt.Sprintf("Droplet %d%s has that name by now: none was created.", named[0].ID, inRegion(named[0]))})
	}
	if d, err := r.madeBefore(ctx, req, t, named); err != nil || d != nil {
		if err != nil {
			return 0, err
		}
		return never, r.updateTarget(ctx, req, i, func(q *approvals.Request, now time.Time) (approvals.Change, error) {
			return q.Doubt(i, fmt.Sprintf("Nothing was sent now: Dropletops was started after this was asked for, and there is a Droplet of that name (%d, created %s) "+
				"that no request here is known to have made. It may be this one's, as after a restored backup, or someone's by hand. "+
				"Look at it, then retry if another is wanted.", d.ID, d.Created), now)
		})
	}
	if d := bornSince(req, named); d != nil && req.Verdict.Outcome != approvals.Allow {
		return never, r.end(ctx, req, i, approvals.Ending{State: approvals.TargetErrored,
			Problem: fmt.Sprintf("Since this was asked for, a Droplet of that name was created (%d in %s), of which whoever decided did not know. Nothing was done: retry if another is wanted.", d.ID, d.Region)})
	}
	if wait, stop, err := r.rejudge(ctx, req, i, w, api.Droplet(t.Droplet)); stop || err != nil {
		return wait, err
	}
	no, err := r.Actions.PreCheck(ctx, w.whole, api.Droplet(t.Droplet), args, image(req))
	if err != nil {
		return r.cannotAsk(ctx, req, i, err)
	}
	if no != "" {
		return never, r.end(ctx, req, i, approvals.Ending{State: approvals.TargetErrored, Problem: no})
	}
	return r.send(ctx, req, i, w, func(q *approvals.Request, now time.Time) (approvals.Change, error) {
		return q.Creating(i, r.Instance, idsOf(named), now)
	}, looked)
}

// inRegion says where a Droplet is, if that can be read yet.
func inRegion(d api.Droplet) string {
	if d.Region == "" {
		return ""
	}
	return " in " + d.Region
}

// bornSince answers a Droplet of a name that was not there when the request was made.
func bornSince(req *approvals.Request, named []api.Droplet) *api.Droplet {
	for _, d := range named {
		if bornAt(d).After(req.CreatedAt) {
			return &d
		}
	}
	return nil
}

// post sends what a target's action is.
func (r *Runner) post(ctx context.Context, req *approvals.Request, t approvals.Target, part api.Part) (api.Record, error) {
	if a := part.Action; a.Make != nil {
		return r.Makers.Create(ctx, a, t.Droplet.Name, api.Args(req.Action.Args), image(req))
	}
	return r.Actions.Send(ctx, part.Action, t.Droplet.ID, taking(req, part), image(req))
}

// namesakes are other requests' intents to create a Droplet of the same name, of
// which it is not known what they made.
func (r *Runner) namesakes(ctx context.Context, id string, t approvals.Target) ([]approvals.Intent, error) {
	all, err := r.Intents.Intents(ctx, 0, id)
	return slices.DeleteFunc(all, func(v approvals.Intent) bool { return !strings.EqualFold(v.Droplet.Name, t.Droplet.Name) }), err
}

// madeBefore answers a Droplet that this request may have made already, though
// nothing here says so; see before.
func (r *Runner) madeBefore(ctx context.Context, req *approvals.Request, t approvals.Target, named []api.Droplet) (*api.Droplet, error) {
	asked := req.CreatedAt
	if at := req.Origin.AskedAt; !at.IsZero() && at.Before(asked) {
		asked = at
	}
	if !asked.Before(r.Started) || t.DispatchedBy == r.Instance {
		return nil, nil
	}
	for _, d := range named {
		if slices.Contains(t.Bore, d.ID) || bornAt(d).Before(asked.Add(-clockSkew)) || !likeAsked(d, t.Droplet) {
			continue
		}
		made, err := r.Intents.DropletMade(ctx, d.ID)
		if err != nil || !made {
			return &d, err
		}
	}
	return nil, nil
}

// searchMade looks for a Droplet whose POST's answer was lost, among those of its
// name: one that was not there at the intent, that was born when the POST can have
// been taken, and that can be nobody else's.
func (r *Runner) searchMade(ctx context.Context, req *approvals.Request, i int) (time.Duration, error) {
	t := req.Targets[i]
	named, err := r.Makers.Named(ctx, t.Droplet.Name)
	if err != nil {
		r.Log.WarnContext(ctx, "a lost Droplet could not be looked for", "request_id", req.ID, "name", t.Droplet.Name, "error", err)
		return searchEvery, nil // it is not unknown before it was looked for
	}
	d, err := r.ours(ctx, req, t, named)
	if err != nil {
		return searchEvery, err
	}
	if d != nil {
		return r.accepted(ctx, req, i, r.birth(ctx, *d), true)
	}
	if !r.searchedInVain(req, i) {
		return searchEvery, nil
	}
	return never, r.end(ctx, req, i, approvals.Ending{State: approvals.TargetUnknown,
		Problem: "DigitalOcean's answer was lost, and within a minute no Droplet of that name showed up that is certainly this request's. " +
			"It may or may not have been created: look at the list, then retry if it was not."})
}

// ours answers the Droplet that an intent has made; nil if there is none, or more
// than one that may be it, or one that may be another request's.
func (r *Runner) ours(ctx context.Context, req *approvals.Request, t approvals.Target, named []api.Droplet) (*api.Droplet, error) {
	var found []api.Droplet
	for _, d := range named {
		if !couldMake(approvals.Intent{Droplet: t.Droplet, Bore: t.Bore, DispatchedAt: t.DispatchedAt}, d) {
			continue
		}
		made, err := r.Intents.DropletMade(ctx, d.ID)
		if err != nil {
			return nil, err
		}
		if !made {
			found = append(found, d)
		}
	}
	if len(found) != 1 {
		return nil, nil
	}
	rivals, err := r.namesakes(ctx, req.ID, t)
	if err != nil || slices.ContainsFunc(rivals, func(v approvals.Intent) bool { return couldMake(v, found[0]) }) {
		return nil, err
	}
	return &found[0], nil
}

// couldMake says whether an intent can have made a Droplet: one that was not there
// before, of the size and region asked for, born when its POST can have been taken.
func couldMake(v approvals.Intent, d api.Droplet) bool {
	born := bornAt(d)
	return !slices.Contains(v.Bore, d.ID) && likeAsked(d, v.Droplet) &&
		!born.Before(v.DispatchedAt.Add(-clockSkew)) && !born.After(v.DispatchedAt.Add(othersPost+clockSkew))
}

func likeAsked(d api.Droplet, asked approvals.Droplet) bool {
	return d.Size == asked.Size && d.Region == asked.Region
}

func bornAt(d api.Droplet) time.Time {
	at, err := time.Parse(time.RFC3339, d.Created)
	if err != nil {
		return time.Time{} // long ago: nobody's here
	}
	return at
}

// birth is the create action of a Droplet that was found; without an ID where
// DigitalOcean does not list it.
func (r *Runner) birth(ctx context.Context, d api.Droplet) api.Record {
	out := api.Record{Type: "create", Status: "in-progress", StartedAt: bornAt(d), ResourceID: d.ID}
	history, err := r.Droplets.History(ctx, d.ID)
	if err != nil {
		r.Log.WarnContext(ctx, "the create of a Droplet could not be looked up", "droplet_id", d.ID, "error", err)
	}
	for _, rec := range history {
		if rec.Type == "create" {
			out.ID, out.Status, out.StartedAt = rec.ID, rec.Status, rec.StartedAt
		}
	}
	return out
}

// appear looks at a Droplet that is being made by an action that DigitalOcean did not
// name, until it is there.
func (r *Runner) appear(ctx context.Context, req *approvals.Request, i int, w work) (time.Duration, error) {
	t := req.Targets[i]
	d, err := r.readTarget(api.Behind(ctx), t)
	if err == nil {
		if err := r.visible(ctx, req, i); err != nil {
			return never, err
		}
	}
	switch {
	case api.KindOf(err) == api.NotFound:
		return never, r.end(ctx, req, i, approvals.Ending{State: approvals.TargetErrored,
			Problem: fmt.Sprintf("DigitalOcean accepted it as Droplet %d, and no longer has it.", t.DropletID())})
	case err == nil && d.Status != "new":
		return r.settle(ctx, req, i, w, approvals.ActionRef{Status: "completed", StartedAt: t.Action.StartedAt})
	}
	if slow := r.saySlow(ctx, req, i, w); slow != nil {
		return never, slow
	}
	if err != nil {
		return r.lookLater(ctx, req, i, err), nil
	}
	return api.PollEvery(r.Now().Sub(t.DispatchedAt), w.usual(req)), nil
}

func idsOf(ds []api.Droplet) []int {
	var out []int
	for _, d := range ds {
		out = append(out, d.ID)
	}
	return out
}
