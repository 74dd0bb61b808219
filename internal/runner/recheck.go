package runner

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"dropletops/api"
	"dropletops/approvals"
)

// recheck holds what was decided against what is there, right before anything
// is sent. It answers 0 if the way is free, and otherwise when to come again.
//
// What nobody had to decide has nothing to be held against but its being there:
// its pre-check follows at the dispatch, like everyone's.
func (r *Runner) recheck(ctx context.Context, req *approvals.Request) (time.Duration, error) {
	if waited := r.Now().Sub(req.StartedAt); waited > staleAfter && !waits(req) {
		return never, r.update(ctx, req, func(q *approvals.Request, now time.Time) (approvals.Change, error) {
			return q.Fail(fmt.Sprintf("This could not be begun for %d minutes, since Dropletops or Slack was away. "+
				"Nothing was sent, and things may have changed since: retry it if it is still wanted.", int(waited/time.Minute)), now)
		})
	}
	known := r.checks.of(req)
	fresh := make([]*api.Droplet, len(req.Targets))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for i, t := range req.Targets {
		g.Go(guard(t, func() error {
			if d, ok := known.get(t.Droplet.ID, r.Now()); ok {
				fresh[i] = d
				return nil
			}
			d, err := r.Droplets.Droplet(gctx, t.Droplet.ID)
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
	if err := g.Wait(); err != nil {
		return r.unreachable(ctx, req, err)
	}
	found := map[int]approvals.Droplet{}
	var diffs []approvals.Difference
	for i, t := range req.Targets {
		if fresh[i] == nil {
			continue
		}
		found[t.Droplet.ID] = approvals.Droplet(*fresh[i])
		diffs = append(diffs, t.Droplet.Differences(found[t.Droplet.ID])...)
	}
	img, imgDiffs, gone, err := r.recheckImage(ctx, req)
	if err != nil {
		return r.unreachable(ctx, req, err)
	}
	diffs = append(diffs, imgDiffs...)
	switch {
	case gone != "":
		return never, r.update(ctx, req, func(q *approvals.Request, now time.Time) (approvals.Change, error) { return q.Fail(gone, now) })
	case len(found) == len(req.Targets) && (len(diffs) == 0 || req.Verdict.Outcome == approvals.Allow):
		return 0, nil
	}
	rescue := r.rescue(ctx, req)
	return never, r.update(ctx, req, func(q *approvals.Request, now time.Time) (approvals.Change, error) {
		q.Rescue = rescue
		return q.Drifted(diffs, found, img, now)
	})
}

// waits says whether a request has been waiting in line, visibly, and not for us.
func waits(req *approvals.Request) bool {
	for _, t := range req.Targets {
		if t.Wait != "" {
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
	id := req.Targets[0].Droplet.ID
	backups, err := r.Droplets.Backups(ctx, id)
	if err != nil {
		return &approvals.Rescue{}
	}
	snapshots, err := r.Droplets.Snapshots(ctx, id)
	if err != nil {
		return &approvals.Rescue{}
	}
	return &approvals.Rescue{Known: true, Backup: pinned(api.Newest(backups)), Snapshot: pinned(api.Newest(snapshots))}
}

func pinned(i *api.Image) *approvals.Image {
	if i == nil {
		return nil
	}
	img := approvals.Image(*i)
	return &img
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
	now, err := r.Droplets.Image(ctx, key)
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
	if api.KindOf(err) == api.RateLimited {
		why, wait = approvals.WaitRateLimit, retryAfter(err)
	}
	for i, t := range req.Targets {
		if t.State != approvals.Queued {
			continue
		}
		if _, err := r.putBack(ctx, req, i, why, wait); err != nil {
			return wait, err
		}
	}
	return wait, nil
}
