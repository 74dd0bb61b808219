package runner

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"dropletops/api"
	"dropletops/approvals"
)

// recheck holds what was decided against what is there, before anything is sent. It
// returns 0 if nothing is in the way, and otherwise when to come again.
//
// A single Droplet of which nobody had to decide is looked at and judged at the
// dispatch, as every target is: that saves one look at it.
func (r *Runner) recheck(ctx context.Context, req *approvals.Request) (time.Duration, error) {
	if waited := r.Now().Sub(unbegunSince(req)); waited > staleAfter && !waits(req) {
		return r.fail(ctx, req, fmt.Sprintf("This could not be begun for %d minutes, since Dropletops or Slack was away. "+
			"Nothing was sent, and things may have changed since: retry it if it is still wanted.", int(waited/time.Minute)))
	}
	if !req.Bulk() && req.Verdict.Outcome == approvals.Allow && req.Image == nil && req.Round == 0 {
		return 0, nil
	}
	return r.recheckAll(ctx, req)
}

// recheckAll looks at all Droplets of a request and has people and policy judged again.
func (r *Runner) recheckAll(ctx context.Context, req *approvals.Request) (time.Duration, error) {
	fresh, err := r.lookAtAll(ctx, req)
	if err != nil {
		return r.unreachable(ctx, req, err)
	}
	found := map[int]approvals.Droplet{}
	var there []approvals.Droplet
	var diffs []approvals.Difference
	for i, t := range req.Targets {
		if fresh[i] == nil {
			continue
		}
		found[t.Droplet.ID] = approvals.Droplet(*fresh[i])
		there = append(there, found[t.Droplet.ID])
		diffs = append(diffs, t.Droplet.Differences(found[t.Droplet.ID])...)
	}
	if t := req.Targets[0]; len(there) == 0 && !req.Bulk() && refusedAsGone(req, t) {
		return never, r.goneAnyway(ctx, req, 0)
	}
	img, imgDiffs, gone, err := r.recheckImage(ctx, req)
	if err != nil {
		return r.unreachable(ctx, req, err)
	}
	diffs = append(diffs, imgDiffs...)
	if gone != "" {
		return r.fail(ctx, req, gone)
	}
	req.Action.Danger = dangerOn(req, there)
	judgedAt := r.Now()
	again, err := r.reconsider(ctx, req, there)
	if err != nil {
		return r.undecided(ctx, req, err)
	}
	if again.Refused != "" {
		return never, r.update(ctx, req, func(q *approvals.Request, now time.Time) (approvals.Change, error) {
			return q.Reconsidered(again, now)
		})
	}
	leaves, err := r.leaves(ctx, req, found)
	if api.KindOf(err) == api.NotFound { // a Droplet that an earlier pass has seen is gone since
		r.checks.forget(req.ID)
		return retryQuickly, nil
	}
	if err != nil {
		return r.unreachable(ctx, req, err)
	}
	if why := tooMany(leaves); why != "" {
		return r.fail(ctx, req, why)
	}
	all := len(there) == len(req.Targets)
	if all { // what a Droplet left that is gone is told with it
		diffs = append(diffs, req.Leaves.Differences(leaves)...)
	}
	var rescue *approvals.Rescue
	if all { // a Droplet that is gone has none
		var restore []approvals.Difference
		rescue, restore, err = r.recheckRestorePoints(ctx, req)
		if api.KindOf(err) == api.NotFound {
			r.checks.forget(req.ID)
			return retryQuickly, nil
		}
		if err != nil {
			return r.unreachable(ctx, req, err)
		}
		diffs = append(diffs, restore...)
	}
	if all && again.Stands() && (len(diffs) == 0 || req.Verdict.Outcome == approvals.Allow) {
		r.verdicts.of(req, judgedAt).stood(judgedAt, false)
		return 0, nil
	}
	diffs = append(diffs, again.Differences...)
	if rescue == nil {
		rescue = r.rescue(ctx, req)
	}
	return never, r.update(ctx, req, func(q *approvals.Request, now time.Time) (approvals.Change, error) {
		q.Rescue, q.Leaves, q.Action.Danger = rescue, leaves, req.Action.Danger
		if again.Verdict != nil {
			q.Verdict = *again.Verdict
		}
		return q.Drifted(diffs, found, img, now)
	})
}

// lookAtAll looks at each Droplet as it is now, a few at a time; nil is one that is
// gone. What an earlier pass has just seen is not asked for again.
func (r *Runner) lookAtAll(ctx context.Context, req *approvals.Request) ([]*api.Droplet, error) {
	known := r.checks.of(req, r.Now())
	fresh := make([]*api.Droplet, len(req.Targets))
	var g errgroup.Group // an error over one does not cut the others short: what they see is kept
	g.SetLimit(parallel)
	for i, t := range req.Targets {
		g.Go(guard(t, func() error {
			if t.Droplet.ID == 0 {
				d := api.Droplet(t.Droplet) // it is to be made
				fresh[i] = &d
				return nil
			}
			if d, ok := known.get(t.Droplet.ID, r.Now()); ok {
				fresh[i] = d
				return nil
			}
			d, err := r.readTarget(ctx, t)
			if err != nil && api.KindOf(err) != api.NotFound {
				return err
			}
			if err == nil {
				fresh[i] = &d
			}
			known.put(t.Droplet.ID, fresh[i], r.Now())
			return nil
		}))
	}
	return fresh, g.Wait()
}

// fail ends a request of which nothing was sent.
func (r *Runner) fail(ctx context.Context, req *approvals.Request, why string) (time.Duration, error) {
	return never, r.update(ctx, req, func(q *approvals.Request, now time.Time) (approvals.Change, error) { return q.Fail(why, now) })
}

// dangerOn is how dangerous a request is to its Droplets as they are now.
func dangerOn(req *approvals.Request, there []approvals.Droplet) approvals.Danger {
	a, ok := api.Lookup(req.Action.Type)
	if !ok {
		return req.Action.Danger
	}
	on := make([]api.Droplet, len(there))
	for i, d := range there {
		on[i] = api.Droplet(d)
	}
	return approvals.Danger(a.DangerOn(on, req.Action.Args))
}

// reconsider asks the people and the policy again, of the Droplets that are there.
func (r *Runner) reconsider(ctx context.Context, req *approvals.Request, there []approvals.Droplet) (approvals.Reconsidered, error) {
	if len(there) == 0 {
		return approvals.Reconsidered{}, nil // nothing is left to decide about
	}
	return r.Deciders.Reconsider(ctx, req, there, false)
}

// unbegunSince is from when on it is our fault or Slack's that a request has not begun.
func unbegunSince(req *approvals.Request) time.Time {
	since := req.StartedAt
	for _, t := range req.Targets {
		if t.Wait == approvals.WaitPeople && t.WaitSince.After(since) { // until then it waited for something else
			since = t.WaitSince
		}
	}
	return since
}

// waits says whether a request has been waiting in line, visibly, and not for us
// or for Slack.
func waits(req *approvals.Request) bool {
	for _, t := range req.Targets {
		if t.Wait != "" && t.Wait != approvals.WaitPeople {
			return true
		}
	}
	return false
}

// rescue looks up anew what one could go back to, for a card that shows it and
// is about to be decided on again.
func (r *Runner) rescue(ctx context.Context, req *approvals.Request) *approvals.Rescue {
	if req.Rescue == nil || req.Bulk() {
		return req.Rescue
	}
	back, err := api.FindWayBack(ctx, r.Droplets, req.Targets[0].Droplet.ID)
	if err != nil {
		return &approvals.Rescue{}
	}
	return &approvals.Rescue{Known: true, Backup: (*approvals.Image)(back.Backup), Snapshot: (*approvals.Image)(back.Snapshot)}
}

// recheckRestorePoints looks whether the restore points that a decision is for are still
// the newest ones. It returns what one could go back to now, nil where that was not
// looked up. A list may lag behind, so one that is missing from it and has no newer one
// in its place is gone only if it can't be read by its ID either.
func (r *Runner) recheckRestorePoints(ctx context.Context, req *approvals.Request) (*approvals.Rescue, []approvals.Difference, error) {
	bound := req.RestorePoints
	if bound == nil || req.Bulk() || req.Verdict.Outcome == approvals.Allow || r.checks.of(req, r.Now()).restored(r.Now()) {
		return nil, nil, nil
	}
	back, err := api.FindWayBack(ctx, r.Droplets, req.Targets[0].Droplet.ID)
	err = r.Absences.Check("restore-points/"+req.ID, api.SeenBefore, err, r.Now())
	if kind := api.KindOf(err); kind == api.Forbidden || kind == api.Unauthorized {
		return &approvals.Rescue{}, req.RestoreDifferences(approvals.Rescue{}), nil
	}
	if err != nil {
		return nil, nil, err
	}
	now := approvals.Rescue{Known: true, Backup: (*approvals.Image)(back.Backup), Snapshot: (*approvals.Image)(back.Snapshot)}
	if now.Backup, err = r.listedOrThere(ctx, bound.Backup, req.Rescue.Backup, now.Backup); err != nil {
		return nil, nil, err
	}
	if now.Snapshot, err = r.listedOrThere(ctx, bound.Snapshot, req.Rescue.Snapshot, now.Snapshot); err != nil {
		return nil, nil, err
	}
	diffs := req.RestoreDifferences(now)
	if len(diffs) == 0 {
		r.checks.of(req, r.Now()).restore(r.Now())
	}
	return &now, diffs, nil
}

// listedOrThere returns the newest image of a list, or the one that was the newest before
// where nothing newer is listed and it is there all the same.
func (r *Runner) listedOrThere(ctx context.Context, bound int, was, listed *approvals.Image) (*approvals.Image, error) {
	if bound == 0 || was == nil || listed != nil && (listed.ID == bound || listed.Created > was.Created) {
		return listed, nil
	}
	switch _, err := r.readImage(ctx, strconv.Itoa(bound)); {
	case err == nil:
		return was, nil
	case api.KindOf(err) == api.NotFound:
		return listed, nil
	default:
		return nil, err
	}
}

// recheckImage looks whether the image or backup is still there, and whether the
// slug that named it still means it. gone is a sentence if it is not there.
func (r *Runner) recheckImage(ctx context.Context, req *approvals.Request) (img *approvals.Image, diffs []approvals.Difference, gone string, err error) {
	if req.Image == nil {
		return nil, nil, "", nil
	}
	key := strconv.Itoa(req.Image.ID)
	if req.Image.Slug != "" {
		key = req.Image.Slug
	}
	now, err := r.readImage(ctx, key)
	if api.KindOf(err) == api.NotFound {
		what := "image"
		if req.Image.Kind == "backup" {
			what = "backup"
		}
		return nil, nil, fmt.Sprintf("The %s %s (%d) is gone: DigitalOcean has it no longer. Nothing was done.", what, req.Image.Label(), req.Image.ID), nil
	}
	if err != nil {
		return nil, nil, "", err
	}
	if now.ID == req.Image.ID {
		return nil, nil, "", nil
	}
	is := approvals.Image(now)
	return &is, []approvals.Difference{{What: "image to be used",
		Was: fmt.Sprintf("%s (%d)", req.Image.Label(), req.Image.ID), Is: fmt.Sprintf("%s (%d)", is.Label(), is.ID)}}, "", nil
}

// unreachable has every target that waits say that DigitalOcean can't be asked.
func (r *Runner) unreachable(ctx context.Context, req *approvals.Request, err error) (time.Duration, error) {
	if ctx.Err() != nil {
		return 0, nil
	}
	r.Log.WarnContext(ctx, "DigitalOcean could not be asked before acting", "request_id", req.ID, "error", err)
	why, wait := approvals.WaitUnreachable, retryQuickly
	switch api.KindOf(err) {
	case api.RateLimited:
		why, wait = approvals.WaitRateLimit, retryAfter(err)
	case api.NotVisible:
		why, wait = approvals.WaitNotVisible, retryAfter(err)
	}
	return wait, r.allWait(ctx, req, why, wait)
}

// undecided has every target that waits say that it can't be told who may let it
// go ahead: Slack does not answer.
func (r *Runner) undecided(ctx context.Context, req *approvals.Request, err error) (time.Duration, error) {
	if ctx.Err() != nil {
		return 0, nil
	}
	r.Log.WarnContext(ctx, "who asked and who decided could not be looked up before acting", "request_id", req.ID, "error", err)
	wait := untilSlackAnswers(err)
	return wait, r.allWait(ctx, req, approvals.WaitPeople, wait)
}

// untilSlackAnswers is how long to wait before a look-up of people is tried again.
func untilSlackAnswers(err error) time.Duration {
	var limited *approvals.RateLimited
	if errors.As(err, &limited) {
		return max(retryQuickly, limited.RetryAfter)
	}
	return retryQuickly
}

func (r *Runner) allWait(ctx context.Context, req *approvals.Request, why approvals.Wait, wait time.Duration) error {
	for i, t := range req.Targets {
		if t.State != approvals.Queued {
			continue
		}
		if _, err := r.putBack(ctx, req, i, why, wait); err != nil {
			return err
		}
	}
	return nil
}
