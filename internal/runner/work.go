package runner

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"dropletops/api"
	"dropletops/approvals"
)

// work is what is to be done for a target: the action that was asked for, the
// parts that it takes, and which of them is next or under way.
type work struct {
	whole *api.Action
	parts []api.Part
	at    int
}

// workOf is the same each time it is asked once the first part was sent: the parts
// follow from the arguments and from the Droplet as it was then.
func workOf(a *api.Action, req *approvals.Request, i int) (work, bool) {
	t := req.Targets[i]
	w := work{whole: a, parts: a.Parts(api.Droplet(t.Droplet), api.Args(req.Action.Args), req.CreatedAt), at: t.Step}
	return w, w.at < len(w.parts)
}

// part is the one that is next or under way.
func (w work) part() api.Part { return w.parts[w.at] }

// onlySaved says whether nothing was done to the Droplet yet that changes it.
func (w work) onlySaved() bool {
	for _, p := range w.parts[:w.at] {
		if !p.Saves {
			return false
		}
	}
	return true
}

// usual is how long the part usually takes: its share of what all of them do.
func (w work) usual(req *approvals.Request) time.Duration {
	var all time.Duration
	for _, p := range w.parts {
		all += p.Action.Usual
	}
	own := w.part().Action.Usual
	if req.Usual <= 0 {
		return own
	}
	return time.Duration(float64(req.Usual) * float64(own) / float64(all))
}

// goOn takes a target on from a part that is done, or need not be: to the next that
// the Droplet does not show already, or to its end. What follows a snapshot is looked
// at when it is sent: the Droplet may have been switched meanwhile.
func (r *Runner) goOn(ctx context.Context, req *approvals.Request, i int, w work, d api.Droplet, o approvals.Onward) (time.Duration, error) {
	t := req.Targets[i]
	for o.To = w.at + 1; o.To < len(w.parts) && !w.part().Saves && !w.parts[o.To].Rollback() && w.parts[o.To].Shows(d, image(req)); o.To++ {
	}
	switch {
	case o.To < len(w.parts):
		return r.next(ctx, req, i, w, o)
	case t.Fault != nil:
		return never, r.end(ctx, req, i, putRight(w, t, d, o))
	}
	e := approvals.Ending{State: approvals.TargetDone, Action: o.Action, After: now(d)}
	e.Result = cmp.Or(o.Made, api.Outcome(w.whole, api.Droplet(t.Droplet), d, w.whole.ArgsOn(api.Droplet(t.Droplet), req.Action.Args, req.CreatedAt)))
	return never, r.end(ctx, req, i, e)
}

// next goes on to another part.
func (r *Runner) next(ctx context.Context, req *approvals.Request, i int, w work, o approvals.Onward) (time.Duration, error) {
	o.Sends = w.parts[o.To].Type
	return 0, r.updateTarget(ctx, req, i, func(q *approvals.Request, now time.Time) (approvals.Change, error) {
		return q.Next(i, o, now)
	})
}

// putRight is how a target ends whose last part was done, though one before it was
// not: it has failed, and the Droplet is as it was as far as that could be.
func putRight(w work, t approvals.Target, d api.Droplet, o approvals.Onward) approvals.Ending {
	size := "the size " + d.Size
	if d.Size == t.Droplet.Size {
		size = "its old size " + d.Size
	}
	return approvals.Ending{State: t.Fault.State, Action: o.Action, After: now(d),
		Problem: fmt.Sprintf("%s %s %s, with %s.", t.Fault.Problem, d.Name, w.part().Right, size)}
}

// failed says what follows when the part that is next or under way did not work: the
// next one all the same, the last one, to put right what was done before, or the end.
func (r *Runner) failed(ctx context.Context, req *approvals.Request, i int, w work, e approvals.Ending) (time.Duration, error) {
	t, part := req.Targets[i], w.part()
	fault := &approvals.Fault{State: e.State, Problem: e.Problem, Sends: part.Type, DispatchedAt: t.DispatchedAt}
	changed := !w.onlySaved() || t.State == approvals.Following || !t.LostAt.IsZero() // the Droplet may be
	switch {
	case changed && part.Within > 0 && e.State == approvals.TargetErrored:
		return r.next(ctx, req, i, w, approvals.Onward{To: w.at + 1, Action: e.Action, Said: e.Said, Why: e.Problem})
	case changed && part.Back:
		return r.next(ctx, req, i, w, approvals.Onward{To: len(w.parts) - 1, Action: e.Action, Said: e.Said, Fault: fault})
	}
	if e.After == nil && part.Right != "" { // people must know whether it is on
		e.After = r.after(ctx, t)
	}
	switch { // first of all
	case e.After != nil && part.Action.PostCheck(api.Droplet(t.Droplet), api.Droplet(*e.After), part.Args, image(req)):
	case part.Wrong != "" && e.State == approvals.TargetUnknown:
		e.Problem = fmt.Sprintf("%s %s %s", t.Droplet.Name, part.Doubt, e.Problem)
	case part.Wrong != "":
		e.Problem = fmt.Sprintf("%s %s %s", t.Droplet.Name, part.Wrong, e.Problem)
	}
	if t.Fault != nil && t.Fault.State == approvals.TargetUnknown {
		e.State = approvals.TargetUnknown
	}
	switch {
	case t.Fault != nil:
		e.Problem += " Before that: " + t.Fault.Problem
	case w.at > 0 && w.onlySaved():
		e.Problem += " Nothing was done but to take the snapshot."
	case part.Saves && len(w.parts) > 1 && e.State == approvals.TargetUnknown:
		e.Problem += " Nothing else was done, since it is not certain that there is a snapshot."
	case part.Saves && len(w.parts) > 1:
		e.Problem += " Nothing else was done, since there is no snapshot."
	}
	if t.State == approvals.Queued && e.State == approvals.TargetUnknown && t.Fault == nil {
		return never, r.updateTarget(ctx, req, i, func(q *approvals.Request, now time.Time) (approvals.Change, error) {
			return q.Doubt(i, e.Problem, now)
		})
	}
	return never, r.end(ctx, req, i, e)
}
