package handlers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/card"
	"dropletops/internal/task"
)

// info answers all that is known of a Droplet. What can't be read of it, apart
// from the Droplet itself, is shown as that.
func (h *Handler) info(ctx context.Context, q query) (card.Answer, error) {
	id := q.droplet.ID
	var in card.Inside
	var all errgroup.Group
	all.Go(task.Err(func() (err error) { in.Detail, err = h.Details.Detail(ctx, id); return err }))
	all.Go(task.Err(func() error {
		if p, err := h.Details.BackupPolicy(ctx, id); h.was(err, "backup policy", id) {
			in.Policy = &p
		}
		return nil
	}))
	all.Go(task.Err(func() error {
		if images, err := h.Images.Backups(ctx, id); h.was(err, "backups", id) {
			in.Backups = append([]api.Image{}, images...)
		}
		return nil
	}))
	all.Go(task.Err(func() error {
		if images, err := h.Images.Snapshots(ctx, id); h.was(err, "snapshots", id) {
			in.Snapshots = append([]api.Image{}, images...)
		}
		return nil
	}))
	all.Go(task.Err(func() error {
		if records, err := h.Actions.History(ctx, id); h.was(err, "actions", id) {
			in.Past = append([]api.Record{}, records...)
		}
		return nil
	}))
	all.Go(task.Err(func() error {
		walls, err := h.Protection.Firewalls(ctx, id)
		// A token may do without that scope: nobody is to be warned each time.
		if in.Lacks = lacking(err); len(in.Lacks) == 0 && h.was(err, "firewalls", id) {
			in.Firewalls = append([]api.Firewall{}, walls...)
		}
		return nil
	}))
	if err := all.Wait(); err != nil {
		return card.Answer{}, err
	}
	in.Doings, _ = h.doings(ctx, in.Past)
	head, lines := card.Info(in, q.quiet, h.Now())
	return card.Answer{Head: head, Items: lines,
		Foot: "More: " + card.Typed(q.call+" actions "+q.name) + ", " + card.Typed(q.call+" backups "+q.name)}, nil
}

// was says whether a part of an answer was read, and logs that it was not.
func (h *Handler) was(err error, what string, droplet int) bool {
	if err != nil {
		h.Log.Warn("a part of what is known of a Droplet could not be read", "what", what, "droplet", droplet, "error", err)
	}
	return err == nil
}

// lacking names the scopes without which something could not be read; empty if that
// is not why.
func lacking(err error) []string {
	var failed *api.Error
	if errors.As(err, &failed) && failed.Kind == api.Forbidden {
		return failed.Scopes
	}
	return nil
}

// doings tells whose doing actions were; the sentence says so where that can't
// be told.
func (h *Handler) doings(ctx context.Context, records []api.Record) (map[int]approvals.Doing, string) {
	ids := make([]int, len(records))
	for i, r := range records {
		ids[i] = r.ID
	}
	doings, err := h.Doers.Doings(ctx, ids)
	if err != nil {
		h.Log.Warn("could not tell whose doing actions were", "error", err)
		return nil, "Who asked for them could not be read now."
	}
	return doings, ""
}

// actions answers what was done to a Droplet, or in the account.
func (h *Handler) actions(ctx context.Context, q query) (card.Answer, error) {
	if q.droplet == nil {
		return h.newest(ctx, q)
	}
	records, err := h.Records.Past(ctx, q.droplet.ID)
	if err != nil {
		return card.Answer{}, err
	}
	on := code(q.droplet.Name)
	if ds := h.asCalledNow(ctx, []api.Droplet{*q.droplet}, records); ds[0].Name != q.droplet.Name {
		on = fmt.Sprintf("%s (`%d`, which was called %s)", code(ds[0].Name), q.droplet.ID, on)
	}
	if len(records) == 0 {
		return card.Answer{Head: "Nothing was done to " + on + " that DigitalOcean keeps."}, nil
	}
	doings, problem := h.doings(ctx, records)
	foot := problem
	if foot == "" {
		foot = "Those without a name were not asked for through Dropletops."
	}
	return card.Answer{Head: "*Actions* on " + on, Each: "actions", Foot: foot,
		Items: card.History(records, doings, q.quiet, h.Now())}, nil
}

// newest answers what was done last in the account, also to what is no Droplet.
func (h *Handler) newest(ctx context.Context, q query) (card.Answer, error) {
	records, err := h.Records.Newest(ctx)
	if err != nil {
		return card.Answer{}, err
	}
	if len(records) == 0 {
		return card.Answer{Head: "Nothing was done in this account that DigitalOcean keeps."}, nil
	}
	doings, problem := h.doings(ctx, records)
	foot := problem
	if foot == "" {
		foot = fmt.Sprintf("The newest %d that DigitalOcean lists. All of one Droplet: ", len(records)) + card.Typed(q.call+" actions <target>") + "."
	}
	ds, err := h.Account.Listing(ctx)
	if err != nil { // they are named by their IDs
		h.Log.Warn("could not read what Droplets there are", "error", err)
	}
	return card.Answer{Head: "*Actions* of this account", Each: "actions", Foot: foot,
		Items: card.Newest(records, h.asCalledNow(ctx, ds, records), doings, q.quiet, h.Now())}, nil
}

// maxRenamed bounds how many Droplets are looked at for their new names.
const maxRenamed = 10

// asCalledNow returns Droplets of a list by the names that they have now: a list may trail
// a rename, whose old name another Droplet may have by now. Renames are among the records.
func (h *Handler) asCalledNow(ctx context.Context, ds []api.Droplet, records []api.Record) []api.Droplet {
	looked := map[int]bool{}
	for _, r := range records {
		i := slices.IndexFunc(ds, func(d api.Droplet) bool { return d.ID == r.ResourceID })
		if r.Type != "rename" || i < 0 || looked[r.ResourceID] || len(looked) == maxRenamed || h.Now().Sub(r.StartedAt) > time.Hour {
			continue
		}
		looked[r.ResourceID] = true
		if d, err := h.Droplets.Droplet(ctx, r.ResourceID); err == nil {
			ds[i].Name = d.Name
		}
	}
	return ds
}

// action answers one action.
func (h *Handler) action(ctx context.Context, q query) (card.Answer, error) {
	id, err := strconv.Atoi(q.target)
	if err != nil || id <= 0 || !digits.MatchString(q.target) {
		return card.Answer{}, mistake(code(q.target) + " is no action's ID, which is a number. A Droplet's actions with their IDs: " +
			card.Typed(q.call+" actions <target>") + ".")
	}
	r, err := h.Records.Action(ctx, id)
	if api.KindOf(err) == api.NotFound {
		return card.Answer{}, mistake(fmt.Sprintf("There is no action with the ID `%d`. A Droplet's actions with their IDs: ", id) +
			card.Typed(q.call+" actions <target>") + ".")
	}
	if err != nil {
		return card.Answer{}, err
	}
	doings, problem := h.doings(ctx, []api.Record{r})
	return card.Answer{Head: fmt.Sprintf("*Action* `%d`", r.ID), Foot: problem,
		Items: card.OneAction(r, h.resource(ctx, r), doings, q.quiet, h.Now())}, nil
}

// resource names what an action was on.
func (h *Handler) resource(ctx context.Context, r api.Record) string {
	if r.ResourceType != "droplet" {
		return card.Escape(r.ResourceType) + fmt.Sprintf(" `%d`", r.ResourceID)
	}
	d, err := h.Droplets.Droplet(ctx, r.ResourceID)
	switch {
	case err == nil:
		return "Droplet " + code(d.Name) + fmt.Sprintf(" (`%d`)", d.ID)
	case api.KindOf(err) == api.NotFound:
		return fmt.Sprintf("Droplet `%d`, which DigitalOcean does not show", r.ResourceID)
	}
	return fmt.Sprintf("Droplet `%d`", r.ResourceID)
}
