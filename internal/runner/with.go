package runner

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"dropletops/api"
	"dropletops/approvals"
)

// What is destroyed with a Droplet is what stood on the card, by its IDs.

// takes says whether anything is destroyed with a request's Droplet.
func takes(req *approvals.Request) bool { return req.Leaves != nil && len(req.Leaves.Goes) > 0 }

// taking are the arguments of a part that is sent, and of the destroy what was decided
// on to go with the Droplet.
func taking(req *approvals.Request, part api.Part) api.Args {
	if !takes(req) || !part.Action.Destroys {
		return part.Args
	}
	var goes []api.Associated
	for _, x := range req.Leaves.Goes {
		goes = append(goes, api.Associated(x))
	}
	args := maps.Clone(part.Args)
	args[api.Taking] = api.Take(goes)
	return args
}

// tooMany says that more would go with a Droplet by now than a card names, so that
// nobody could decide on it.
func tooMany(leaves *approvals.Leaves) string {
	if leaves == nil || len(leaves.Goes) <= api.MostGoing {
		return ""
	}
	return fmt.Sprintf("%d things would go with it by now, and a card shows %d at the most. Nothing was done. Name fewer kinds, or destroy some of them before.",
		len(leaves.Goes), api.MostGoing)
}

// left says that what was to go with a Droplet did not.
func left(req *approvals.Request) string {
	if !takes(req) {
		return ""
	}
	return " What was to go with it was left alone: look for it in the control panel."
}

// associated looks up anew what would go with a Droplet, and what would stay.
func (r *Runner) associated(ctx context.Context, id string, droplet int, with string) (*approvals.Leaves, error) {
	all, err := r.Leftover.Associated(ctx, droplet)
	err = r.Absences.Check("leftovers/"+id, api.SeenBefore, err, r.Now())
	if err != nil {
		return nil, fmt.Errorf("look up what would go with a Droplet: %w", err)
	}
	taken, stays := api.Divide(all, with)
	out := &approvals.Leaves{Known: true, Items: stays}
	for _, x := range taken {
		out.Goes = append(out.Goes, approvals.Going(x))
	}
	return out, nil
}

// parted says what was to go with a Droplet and belongs to it no longer, once a
// snapshot has been taken: in those minutes a volume may have become another's.
func (r *Runner) parted(ctx context.Context, req *approvals.Request) (string, error) {
	fresh, err := r.associated(ctx, req.ID, req.Targets[0].Droplet.ID, req.Action.Args["with"])
	if err != nil {
		return "", err
	}
	missing := slices.ContainsFunc(req.Leaves.Goes, func(x approvals.Going) bool { return !goes(fresh, x) })
	if err := r.confirmMissing("parted/"+req.ID, missing); err != nil {
		return "", err
	}
	for _, x := range req.Leaves.Goes {
		if !goes(fresh, x) {
			return fmt.Sprintf("While the snapshot was taken, the %s (%s) ceased to belong to it: this needs a fresh decision. Ask again.", x.Words, x.ID), nil
		}
	}
	return "", nil
}

// goes reports whether something would go with a Droplet.
func goes(now *approvals.Leaves, x approvals.Going) bool {
	return slices.ContainsFunc(now.Goes, func(y approvals.Going) bool { return y.Kind == x.Kind && y.ID == x.ID })
}

// untold are those that were to go with a Droplet and of which DigitalOcean says
// nothing.
func untold(req *approvals.Request, far api.Destruction) (out []string) {
	for _, x := range req.Leaves.Goes {
		if !slices.Contains(far.Told, x.ID) {
			out = append(out, x.Words+" ("+x.ID+")")
		}
	}
	return out
}

// vanishWith looks how far DigitalOcean is with a Droplet and what goes with it,
// until all of it is gone, or DigitalOcean says what could not be destroyed.
func (r *Runner) vanishWith(ctx context.Context, req *approvals.Request, i int, w work) (time.Duration, error) {
	t := req.Targets[i]
	d, err := r.reader().Destroyed(api.Behind(ctx), t.Droplet.ID)
	after := now(d)
	vanished := api.KindOf(err) == api.NotFound
	if vanished {
		after, err = gone(t), nil
	}
	var far api.Destruction
	if err == nil {
		far, err = r.readDestruction(ctx, t)
	}
	switch {
	case api.KindOf(err) == api.NotFound && vanished:
		return never, r.end(ctx, req, i, approvals.Ending{State: approvals.TargetUnknown, After: after,
			Problem: "The Droplet is gone, and DigitalOcean tells nothing of what was to go with it. Look in the control panel whether it is still there."})
	case err == nil && far.Done && len(far.Failed) > 0:
		return never, r.end(ctx, req, i, approvals.Ending{State: approvals.TargetErrored, After: after,
			Problem: "Not all of it could be destroyed, and what is left goes on costing: " + strings.Join(far.Failed, "; ") + "."})
	case err == nil && far.Done && vanished && len(untold(req, far)) > 0:
		return never, r.end(ctx, req, i, approvals.Ending{State: approvals.TargetUnknown, After: after,
			Problem: "The Droplet is gone, and DigitalOcean tells nothing of what was to go with it: " + strings.Join(untold(req, far), "; ") + ". Look in the control panel whether it is still there."})
	case err == nil && far.Done && vanished:
		return never, r.end(ctx, req, i, approvals.Ending{State: approvals.TargetDone, After: after,
			Result: "All that was to go with it is gone, too."})
	}
	if api.KindOf(err) == api.NotFound && r.Now().Sub(t.DispatchedAt) > verifyTimeout {
		return never, r.end(ctx, req, i, approvals.Ending{State: approvals.TargetUnknown, After: after,
			Problem: fmt.Sprintf("DigitalOcean took it, and %d minutes later knows of no such destruction, while the Droplet is still there. Look at it, then retry if it stays.", int(verifyTimeout/time.Minute))})
	}
	if err == nil && r.Now().Sub(t.DispatchedAt) >= destroyTimeout {
		return never, r.end(ctx, req, i, approvals.Ending{State: approvals.TargetUnknown, After: after,
			Problem: fmt.Sprintf("DigitalOcean accepted it, and %d minutes later not all of it is gone. It may yet go: look at it, then retry if it stays.", int(destroyTimeout/time.Minute))})
	}
	if slow := r.saySlow(ctx, req, i, w); slow != nil {
		return never, slow
	}
	if err != nil {
		return r.lookLater(ctx, req, i, err), nil
	}
	return api.PollEvery(r.Now().Sub(t.DispatchedAt), w.usual(req)), nil
}
