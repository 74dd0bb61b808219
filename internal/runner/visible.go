package runner

import (
	"context"
	"fmt"
	"time"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/lookup"
)

// Every read on which an end may rest goes through this file: one 404 is not absence. A
// read here fails with api.NotFound only once the 404 has persisted by its rule, and with
// api.NotVisible until then.

// readTarget reads a target's Droplet by its ID, never from a list.
func (r *Runner) readTarget(ctx context.Context, t approvals.Target) (api.Droplet, error) {
	r.resume(t, fmt.Sprint("droplet/", t.DropletID()))
	if t.Made != 0 {
		return r.reader().Created(ctx, t.Made, t.DispatchedAt)
	}
	return r.reader().Droplet(ctx, t.Droplet.ID)
}

func (r *Runner) reader() lookup.Reader {
	return lookup.Reader{Droplets: r.Droplets, Names: r.Makers, Recent: r.Intents, Absences: r.Absences, Now: r.Now}
}

// resume goes on with a count of 404s that an earlier process began: one that is started
// again every few seconds would never conclude anything.
func (r *Runner) resume(t approvals.Target, key string) {
	if t.Wait == approvals.WaitNotVisible && t.WaitSince.Before(r.Started) {
		r.Absences.Since(key, t.WaitSince, r.Now())
	}
}

// visible records that what a target's end rests on can be read again.
func (r *Runner) visible(ctx context.Context, req *approvals.Request, i int) error {
	if t := req.Targets[i]; t.State != approvals.Following || t.Wait != approvals.WaitNotVisible {
		return nil
	}
	return r.updateTarget(ctx, req, i, func(q *approvals.Request, now time.Time) (approvals.Change, error) { return q.Hidden(i, false, now) })
}

// pollAction reads the action of a target that is under way.
func (r *Runner) pollAction(ctx context.Context, t approvals.Target) (api.Record, error) {
	r.resume(t, fmt.Sprint("action/", t.Action.ID))
	rec, err := r.Actions.Look(ctx, t.Action.ID)
	return rec, r.Absences.Check(fmt.Sprint("action/", t.Action.ID), api.RuleFor(t.DispatchedAt, r.Now()), err, r.Now())
}

// readHistory lists the newest actions of a target's Droplet.
func (r *Runner) readHistory(ctx context.Context, t approvals.Target) ([]api.Record, error) {
	all, err := r.Droplets.History(ctx, t.Droplet.ID)
	return all, r.Absences.Check(fmt.Sprint("history/", t.Droplet.ID), api.SeenBefore, err, r.Now())
}

// readImage reads the image that a request is bound to, by the key that names it.
func (r *Runner) readImage(ctx context.Context, key string) (api.Image, error) {
	img, err := r.Droplets.Image(ctx, key)
	return img, r.Absences.Check("image/"+key, api.SeenBefore, err, r.Now())
}

// confirmMissing returns nil once what a list has shown before has been missing from it by
// the rule for a 404, and [api.NotVisible] until then. It returns nil if nothing is missing.
func (r *Runner) confirmMissing(key string, missing bool) error {
	if !missing {
		return r.Absences.Check(key, api.SeenBefore, nil, r.Now())
	}
	err := r.Absences.Check(key, api.SeenBefore, &api.Error{Kind: api.NotFound, What: "list what would outlive a Droplet"}, r.Now())
	if api.KindOf(err) == api.NotFound {
		return nil
	}
	return err
}

// readDestruction reads how far DigitalOcean is with a Droplet and what goes with it.
func (r *Runner) readDestruction(ctx context.Context, t approvals.Target) (api.Destruction, error) {
	far, err := r.Leftover.Destruction(api.Behind(ctx), t.Droplet.ID)
	return far, r.Absences.Check(fmt.Sprint("destruction/", t.Droplet.ID), api.RuleFor(t.DispatchedAt, r.Now()), err, r.Now())
}
