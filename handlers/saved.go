package handlers

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"dropletops/api"
	"dropletops/internal/card"
)

// backups answers a Droplet's backups, with what to type to go back to one.
func (h *Handler) backups(ctx context.Context, q query) (card.Answer, error) {
	images, err := h.Images.Backups(ctx, q.droplet.ID)
	if err != nil {
		return card.Answer{}, err
	}
	if len(images) == 0 {
		return card.Answer{Head: code(q.droplet.Name) + " has no backup.", Foot: "To have them taken: " + card.Typed(q.call+" enable-backups "+q.name)}, nil
	}
	restore := func(id int) string { return fmt.Sprintf("%s restore %s %d", q.call, q.name, id) }
	return card.Answer{Head: "*Backups* of " + code(q.droplet.Name), Each: "backups", Items: card.Saved(images, restore, h.Now()),
		Foot: "A restore replaces the whole disk, and another person has to approve it."}, nil
}

// snapshots answers a Droplet's snapshots. DigitalOcean restores backups alone;
// a snapshot is what a Droplet can be rebuilt from.
func (h *Handler) snapshots(ctx context.Context, q query) (card.Answer, error) {
	images, err := h.Images.Snapshots(ctx, q.droplet.ID)
	if err != nil {
		return card.Answer{}, err
	}
	if len(images) == 0 {
		return card.Answer{Head: code(q.droplet.Name) + " has no snapshot.", Foot: "To take one: " + card.Typed(q.call+" snapshot "+q.name)}, nil
	}
	rebuild := func(id int) string { return fmt.Sprintf("%s rebuild %s %d", q.call, q.name, id) }
	return card.Answer{Head: "*Snapshots* of " + code(q.droplet.Name), Each: "snapshots", Items: card.Saved(images, rebuild, h.Now()),
		Foot: "To go back to a snapshot is a rebuild from it: it replaces the whole disk, and another person has to approve it."}, nil
}

// backupPolicy answers when a Droplet's backups are taken, or those of all.
func (h *Handler) backupPolicy(ctx context.Context, q query) (card.Answer, error) {
	if q.droplet == nil {
		return h.backupPolicies(ctx, q)
	}
	p, err := h.Details.BackupPolicy(ctx, q.droplet.ID)
	if err != nil {
		return card.Answer{}, err
	}
	if !p.Enabled {
		return card.Answer{Head: "*Backups* of " + code(q.droplet.Name) + " are *off*.", Items: h.plans(ctx),
			Foot: "To turn them on: " + card.Typed(q.call+" enable-backups "+q.name+" --plan weekly --weekday SUN --hour 4")}, nil
	}
	lines := []string{"*When:* " + card.PolicyWords(p)}
	if next := card.NextBackup(p.Next); next != "" {
		lines = append(lines, "*Next:* "+next)
	}
	lines = append(lines, h.plans(ctx)...)
	change := []string{q.call, "change-backup-policy", q.name, "--plan daily --hour 4"}
	return card.Answer{Head: "*Backups* of " + code(q.droplet.Name) + " are *on*.", Items: lines,
		Foot: "To change it: " + card.Typed(strings.Join(change, " "))}, nil
}

// backupPolicies answers when the backups of all Droplets are taken: first of those
// that have none, since that is what one looks for.
func (h *Handler) backupPolicies(ctx context.Context, q query) (card.Answer, error) {
	policies, err := h.Protection.BackupPolicies(ctx)
	if err != nil {
		return card.Answer{}, err
	}
	ds, err := h.listing(ctx, q)
	if err != nil {
		return card.Answer{}, err
	}
	if len(ds) == 0 {
		return card.Answer{Head: "This account has no Droplets."}, nil
	}
	with := 0
	for _, d := range ds {
		if policies[d.ID].Enabled {
			with++
		}
	}
	slices.SortStableFunc(ds, func(a, b api.Droplet) int {
		switch on, other := policies[a.ID].Enabled, policies[b.ID].Enabled; {
		case on == other:
			return 0
		case on:
			return 1
		}
		return -1
	})
	return card.Answer{Head: fmt.Sprintf("*Backups* are *on* for %d of %d", with, len(ds)), Each: "Droplets", Items: card.Policies(ds, policies),
		Foot: "To turn them on: " + card.Typed(q.call+" enable-backups "+inCommand(ds[0])+" --plan weekly --weekday SUN --hour 4")}, nil
}

// withPlans is an action with the backup policies that there are now. Where those can't be
// read, unread says that the ones that were known before are taken in their place.
func (h *Handler) withPlans(ctx context.Context, a *api.Action) (live *api.Action, unread string) {
	if a == nil || !a.TakesPlan() {
		return a, ""
	}
	plans, err := h.Protection.BackupPlans(ctx)
	if err != nil {
		h.Log.Warn("could not read what backup policies there can be", "error", err)
		return a, "DigitalOcean's list of backup plans could not be read now: these are the ones that were known before."
	}
	return a.WithPlans(plans), ""
}

// judgedByPlans has words of a backup policy judged by the policies that there are now.
func (h *Handler) judgedByPlans(ctx context.Context, w words) words {
	if w.action != nil && (w.args["plan"] != "" || w.args["weekday"] != "" || w.args["hour"] != "") {
		w.action, w.unread = h.withPlans(ctx, w.action)
	}
	return w
}

// readBackups puts what the policy's endpoint says in the place of what the features of
// Droplets say, which may lack their backups.
// Where that can't be read, the features have to do.
func (h *Handler) readBackups(ctx context.Context, p *plan) {
	if !p.action.TouchesBackups() {
		return
	}
	ds := slices.Clone(p.droplets)
	if len(ds) == 1 {
		if policy := h.policyNow(ctx, ds[0].ID); policy != nil {
			ds[0].Backups = policy.Enabled
		}
	} else {
		policies, err := h.Protection.BackupPolicies(ctx)
		if err != nil {
			h.Log.Warn("could not read when the backups of Droplets are taken", "error", err)
		}
		for i, d := range ds {
			if policy, told := policies[d.ID]; told {
				ds[i].Backups = policy.Enabled
			}
		}
	}
	p.droplets = ds
}

// plans are lines on what policies DigitalOcean has; none where that can't be read,
// since nothing hangs on it.
func (h *Handler) plans(ctx context.Context) []string {
	plans, err := h.Protection.BackupPlans(ctx)
	if err != nil {
		h.Log.Warn("could not read what backup policies there can be", "error", err)
		return nil
	}
	return card.Plans(plans)
}

// kernels answers the kernels that a Droplet can be given.
func (h *Handler) kernels(ctx context.Context, q query) (card.Answer, error) {
	ks, err := h.Details.Kernels(ctx, q.droplet.ID)
	if err != nil {
		return card.Answer{}, err
	}
	if len(ks) == 0 {
		return card.Answer{Head: "The kernel of " + code(q.droplet.Name) + " is its own affair: DigitalOcean has none to give it.",
			Foot: "That is so of all Droplets made since March 2017."}, nil
	}
	give := func(id int) string { return fmt.Sprintf("%s change-kernel %s %d", q.call, q.name, id) }
	return card.Answer{Head: "*Kernels* for " + code(q.droplet.Name), Each: "kernels", Items: card.Kernels(ks, q.droplet.KernelID, give)}, nil
}
