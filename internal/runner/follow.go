package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"dropletops/api"
	"dropletops/approvals"
)

// follow looks at an action that DigitalOcean has accepted, and once it calls it
// completed, at the Droplet, until that looks like it too.
func (r *Runner) follow(ctx context.Context, req *approvals.Request, i int, w work) (time.Duration, error) {
	if w.part().Action.Destroys {
		return r.vanish(ctx, req, i, w)
	}
	t := req.Targets[i]
	if t.Action.ID == 0 && t.SettlingAt.IsZero() { // DigitalOcean did not name the action: the Droplet shows when it is over
		return r.appear(ctx, req, i, w)
	}
	if !t.SettlingAt.IsZero() { // DigitalOcean has said its last word on the action
		return r.settle(ctx, req, i, w, *t.Action)
	}
	rec, err := r.pollAction(ctx, t)
	switch {
	case api.KindOf(err) == api.NotFound:
		return r.failed(ctx, req, i, w, approvals.Ending{State: approvals.TargetUnknown, After: r.after(ctx, t),
			Problem: fmt.Sprintf("DigitalOcean accepted the %sand no longer has it, so its end can't be seen. Look at the Droplet.", w.names(t.Action.ID))})
	case err != nil:
		if err := r.saySlow(ctx, req, i, w); err != nil {
			return never, err
		}
		if r.out(w, t) && ctx.Err() == nil {
			return r.next(ctx, req, i, w, approvals.Onward{To: w.at + 1, Why: fmt.Sprintf("It could not be seen to be done within %.0f s.", w.part().Within.Seconds())})
		}
		return r.lookLater(ctx, req, i, err), nil
	}
	if err := r.visible(ctx, req, i); err != nil {
		return never, err
	}
	took := ref(rec)
	switch rec.Status {
	case "completed":
		return r.settle(ctx, req, i, w, took)
	case "errored":
		return r.failed(ctx, req, i, w, approvals.Ending{State: approvals.TargetErrored, Action: &took, After: r.after(ctx, t),
			Problem: fmt.Sprintf("DigitalOcean reports that the %sfailed (errored). It gives no reason; its control panel may.", w.names(rec.ID))})
	}
	if err := r.saySlow(ctx, req, i, w); err != nil {
		return never, err
	}
	if r.out(w, t) {
		return r.next(ctx, req, i, w, approvals.Onward{To: w.at + 1, Action: &took, Why: fmt.Sprintf("It was not done after %.0f s.", w.part().Within.Seconds())})
	}
	return api.PollEvery(r.Now().Sub(t.DispatchedAt), w.usual(req)), nil
}

// saySlow has people told, once, that a target takes longer than usual, also
// while DigitalOcean does not say how far it is.
func (r *Runner) saySlow(ctx context.Context, req *approvals.Request, i int, w work) error {
	t := req.Targets[i]
	due := t.DispatchedAt.Add(3 * max(w.usual(req), w.part().Action.Usual))
	if req.Patience > 0 { // of all that it takes
		due = t.BeganAt.Add(req.Patience)
	}
	if t.Slow || ctx.Err() != nil || !r.Now().After(due) {
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
	d, err := r.readTarget(api.Behind(ctx), t)
	if api.KindOf(err) == api.NotFound {
		return never, r.end(ctx, req, i, approvals.Ending{State: endOf(t), Action: &took,
			Problem: "DigitalOcean completed the action, and the Droplet is gone since."})
	}
	part := w.part()
	if err != nil {
		if r.out(w, t) && ctx.Err() == nil {
			return r.next(ctx, req, i, w, approvals.Onward{To: w.at + 1, Action: &took, Why: fmt.Sprintf("It could not be seen to be done within %.0f s.", part.Within.Seconds())})
		}
		return r.lookLater(ctx, req, i, err), nil
	}
	if err := r.visible(ctx, req, i); err != nil {
		return never, err
	}
	made, unseen := r.verify(ctx, req, w, t, d, took)
	if unseen == "" {
		return r.goOn(ctx, req, i, w, d, approvals.Onward{Action: &took, Made: made})
	}
	if req.Patience > 0 { // how long it settles is not told of where nobody asked to be
		if err := r.saySlow(ctx, req, i, w); err != nil {
			return never, err
		}
	}
	switch {
	case r.out(w, t):
		return r.next(ctx, req, i, w, approvals.Onward{To: w.at + 1, Action: &took, Why: fmt.Sprintf("%s did not show it after %.0f s.", d.Name, part.Within.Seconds())})
	case part.Within > 0:
		return settleEvery, nil
	}
	since := t.SettlingAt
	pause := min(max(r.Now().Sub(since)/4, settleEvery), maxSettleEvery)
	switch settled := r.Now().Sub(since); {
	case since.IsZero():
		return settleEvery, nil
	case settled < sayAfter:
		return pause, nil
	case settled < verifyTimeout:
		return pause, r.updateTarget(ctx, req, i, func(q *approvals.Request, now time.Time) (approvals.Change, error) {
			return q.StillSettling(i, now)
		})
	}
	if !r.persists(fmt.Sprintf("unseen/%s/%d/%d", req.ID, i, since.UnixMicro()), unseenRule) { // nobody may have looked for minutes
		return settleEvery, nil
	}
	return r.failed(ctx, req, i, w, approvals.Ending{State: approvals.TargetUnknown, Action: &took, After: now(d), Problem: unseen})
}

// unseenRule is how often what can't be seen is read after its time is up.
var unseenRule = api.AbsenceRule{Reads: 3, Over: 2 * settleEvery}

// verify holds what can be read against everything that was asked for. It returns what
// the action made, in plain text, and otherwise a sentence on what can't be seen yet.
func (r *Runner) verify(ctx context.Context, req *approvals.Request, w work, t approvals.Target, d api.Droplet, took approvals.ActionRef) (made, unseen string) {
	part, before := w.part(), api.Droplet(t.Droplet)
	if !part.Action.PostCheck(before, d, part.Args, image(req)) {
		return "", unshown(part.Action, before, d, part.Args)
	}
	if part.Action.Made == nil {
		return "", ""
	}
	before.ID = t.DropletID()
	made, err := r.Actions.Made(ctx, part.Action, before, d, part.Args, api.Record{ID: took.ID, StartedAt: took.StartedAt, Type: part.Type})
	if err == nil {
		return made, ""
	}
	r.Log.InfoContext(ctx, "completed action not visible yet", "request_id", req.ID, "droplet_id", t.DropletID(), "error", err)
	return "", fmt.Sprintf("DigitalOcean reported the %s completed, and %d minutes later it could not be seen: %s Look at %s.",
		strings.ReplaceAll(part.Type, "_", " "), int(verifyTimeout/time.Minute), unseenReason(err), d.Name)
}

// unseenReason is a sentence on why what an action made could not be seen.
func unseenReason(err error) string {
	var e *api.Error
	if errors.As(err, &e) {
		return e.Sentence()
	}
	return strings.ToUpper(err.Error()[:1]) + strings.TrimSuffix(err.Error()[1:], ".") + "."
}

// lookLater answers when to look again after a look that did not work.
func (r *Runner) lookLater(ctx context.Context, req *approvals.Request, i int, err error) time.Duration {
	if ctx.Err() != nil {
		return 0
	}
	r.Log.WarnContext(ctx, "an action under way could not be looked at", "request_id", req.ID,
		"droplet_id", req.Targets[i].Droplet.ID, "error", err)
	switch api.KindOf(err) {
	case api.NotVisible:
		if err := r.updateTarget(ctx, req, i, func(q *approvals.Request, now time.Time) (approvals.Change, error) { return q.Hidden(i, true, now) }); err != nil {
			r.Log.WarnContext(ctx, "record of a 404 failed", "request_id", req.ID, "error", err)
		}
		return retryAfter(err)
	case api.RateLimited:
		return retryAfter(err)
	}
	return retryQuickly
}

// after is the Droplet as it is, if that can be told.
func (r *Runner) after(ctx context.Context, t approvals.Target) *approvals.Droplet {
	d, err := r.readTarget(ctx, t)
	if err != nil {
		return nil
	}
	return now(d)
}

// unshown says that a Droplet does not show what was done to it, and what to do.
func unshown(a *api.Action, before, d api.Droplet, args api.Args) string {
	s := fmt.Sprintf("DigitalOcean reported it completed, but %d minutes later %s does not show it: it is %s, %s, %s.",
		int(verifyTimeout/time.Minute), d.Name, d.Status, d.Size, cmp.Or(d.Image, "of an image that this token can't read"))
	if a.Unshown != nil {
		s += " " + a.Unshown(before, d, args)
	}
	return s
}

// out says whether a step that another follows in any case has had its time.
func (r *Runner) out(w work, t approvals.Target) bool {
	return w.part().Within > 0 && r.Now().Sub(t.DispatchedAt) >= w.part().Within
}

// names is what an action is called: by its type, too, where there are several.
func (w work) names(action int) string {
	if len(w.parts) == 1 {
		return fmt.Sprintf("action %d ", action)
	}
	return fmt.Sprintf("%s (action %d) ", strings.ReplaceAll(w.part().Type, "_", "-"), action)
}
