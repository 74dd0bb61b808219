package runner

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"dropletops/api"
	"dropletops/approvals"
)

// drifted holds a Droplet that nothing was done to yet against what was approved,
// once more after the whole was rechecked. It answers stop where nothing is to be
// sent now, with when to come again.
func (r *Runner) drifted(ctx context.Context, req *approvals.Request, i int, w work, d api.Droplet) (wait time.Duration, stop bool, err error) {
	t := req.Targets[i]
	if req.Verdict.Outcome != approvals.Allow {
		if diffs := t.Droplet.Differences(approvals.Droplet(d)); len(diffs) > 0 {
			wait, err = r.driftedLate(ctx, req, i, w, diffs)
			return wait, true, err
		}
	}
	switch why := cmp.Or(renamed(t, d), woken(w, req, t, d)); {
	case why == "":
		return 0, false, nil
	case t.Step > 0:
		wait, err = r.failed(ctx, req, i, w, approvals.Ending{State: approvals.TargetErrored, Problem: why, After: now(d)})
		return wait, true, err
	default:
		return never, true, r.end(ctx, req, i, approvals.Ending{State: approvals.TargetErrored, Problem: why + " Nothing was done.", After: now(d)})
	}
}

// driftedLate deals with a Droplet that changed after the whole was rechecked:
// if nothing was sent yet the decision begins anew, else this one is left alone.
func (r *Runner) driftedLate(ctx context.Context, req *approvals.Request, i int, w work, diffs []approvals.Difference) (time.Duration, error) {
	if unsent, err := r.beginsAnew(ctx, req); unsent || err != nil {
		return 0, err
	}
	said := make([]string, len(diffs))
	for n, d := range diffs {
		said[n] = d.String()
	}
	e := approvals.Ending{State: approvals.TargetErrored, Problem: "The Droplet is not what was approved any more (" + strings.Join(said, "; ") + ")."}
	if w.at == 0 {
		e.Problem += " Nothing was done to it."
	}
	return r.failed(ctx, req, i, w, e)
}

// woken answers a sentence if a Droplet that was off when it was shown is on now, and
// would be switched off for this: nobody was told that.
func woken(w work, req *approvals.Request, t approvals.Target, d api.Droplet) string {
	if t.Droplet.Status == d.Status || w.whole.Interrupts(api.Droplet(t.Droplet), req.Action.Args) || !w.whole.Interrupts(d, req.Action.Args) {
		return ""
	}
	return fmt.Sprintf("%s was %s when this was asked for and is %s now: it would be switched off and on again. Ask again if that is wanted.", d.Name, t.Droplet.Status, d.Status)
}

// renamed returns a sentence if a Droplet that was asked for by its name has another one
// now: it may not be the one that was meant. Where people decided, that is a difference
// like any other.
func renamed(t approvals.Target, d api.Droplet) string {
	if t.Unnamed || strings.EqualFold(t.Droplet.Name, d.Name) {
		return ""
	}
	return fmt.Sprintf("The Droplet that was asked for as %s is called %s now, so another one may have been meant. Ask again with the new name, or with its ID %d.", t.Droplet.Name, d.Name, d.ID)
}

// missing deals with a Droplet that is gone before its action was sent: of several,
// if nothing was sent yet, the decision on the rest begins anew.
func (r *Runner) missing(ctx context.Context, req *approvals.Request, i int) (time.Duration, error) {
	t := req.Targets[i]
	if refusedAsGone(req, t) {
		return never, r.goneAnyway(ctx, req, i)
	}
	if t.Step > 0 {
		return never, r.end(ctx, req, i, approvals.Ending{State: endOf(t),
			Problem: "The Droplet is gone since: DigitalOcean says there is no such Droplet any more. Nothing more was done to it."})
	}
	if unsent, err := r.beginsAnew(ctx, req); req.Bulk() && (unsent || err != nil) {
		return 0, err
	}
	return never, r.end(ctx, req, i, approvals.Ending{State: approvals.TargetErrored,
		Problem: "The Droplet is gone: DigitalOcean says there is no such Droplet any more. Nothing was done to it."})
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
