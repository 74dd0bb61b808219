package handlers

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/card"
)

// plan is an action on Droplets, before it was checked.
type plan struct {
	action   *api.Action
	args     api.Args
	droplets []api.Droplet
	imageID  int    // pins the image by its ID, whatever the arguments call it; 0 does not
	call     string // what stands in front of a verb in examples: "/droplet"
	byID     bool   // the Droplet was chosen among several of its name
	tag      string // by which the Droplets were named; empty if they were not
	unnamed  []int  // the Droplets that were named by their ID or a tag, not by their name
	unread   string // that a list which the arguments were judged by could not be read
	form     *form  // that it was put together in; nil if it was typed
}

// checkedPlan is what a check fills in.
type checkedPlan struct {
	args api.Args
	img  *api.Image
	left []string // sentences on what is left out
}

// check holds a plan against what is there, and takes out of it what there is
// nothing to do for. It answers a refusal where something is in the way.
func (h *Handler) check(ctx context.Context, p *plan) (checkedPlan, error) {
	h.readBackups(ctx, p)
	args, err := h.complete(*p)
	if err != nil {
		return checkedPlan{}, err
	}
	img, err := h.pin(ctx, *p, args)
	if err != nil {
		return checkedPlan{}, at(p.arg(api.Base, api.Backup), err)
	}
	if err := h.chosen(ctx, *p, args); err != nil {
		return checkedPlan{}, at(p.arg(api.Kernel), err)
	}
	left, err := h.leaveOut(ctx, p, args, img)
	if err != nil {
		return checkedPlan{}, err
	}
	if err := h.preCheck(ctx, *p, args, img); err != nil {
		return checkedPlan{}, at(p.blame(args), err)
	}
	return checkedPlan{args, img, left}, p.form.surely(*p, args)
}

// blame is the field that has to be put right where a pre-check says no: the image,
// unless the Droplet is in the way whatever the image.
func (p plan) blame(args api.Args) string {
	for _, d := range p.droplets {
		if p.action.InTheWay(d, args, nil) != "" {
			return card.TargetField
		}
	}
	return p.arg(api.Base, api.Backup, api.Size)
}

// draft checks a plan against what is there, and fills in what a decision needs
// to see. It answers a refusal where something is in the way.
func (h *Handler) draft(ctx context.Context, p plan) (approvals.Draft, error) {
	c, err := h.check(ctx, &p)
	if err != nil {
		return approvals.Draft{}, err
	}
	args, img, left := c.args, c.img, c.left
	d := approvals.Draft{
		Action: approvals.Action{Type: p.action.Type, Args: args, Danger: approvals.Danger(p.action.DangerOn(p.droplets, args))},
		Plan:   h.size(ctx, p, args), LeftOut: left, Unnamed: p.unnamed,
	}
	if img != nil {
		pinned := approvals.Image(*img)
		d.Image = &pinned
	}
	for _, t := range p.droplets {
		d.Targets = append(d.Targets, approvals.Droplet(t))
	}
	d.Usual = h.usual(ctx, p, args)
	if len(p.droplets) == 1 {
		id := p.droplets[0].ID
		var around api.Around
		if p.action.Backups {
			around.Backups = h.policyNow(ctx, id)
		}
		if around.Backups != nil {
			d.Present = "backups " + around.Backups.Words()
		}
		if p.action.Heed != nil {
			around.Droplets = h.others(ctx)
			d.Heed = p.action.Heed(p.droplets[0], args, around)
		}
		if d.Action.Danger == approvals.Destructive {
			d.Rescue = h.rescue(ctx, id)
		}
	}
	d.Heed = strings.TrimSpace(d.Heed + " " + p.unread)
	if p.action.Destroys {
		if d.Leaves, err = h.leaves(ctx, p.droplets, args["with"]); err != nil {
			return approvals.Draft{}, err
		}
	}
	return d, nil
}

// complete checks the arguments and fills in the defaults. One request has one set of
// arguments: a default that is another for each of several Droplets is left out, and
// filled in for each when it is its turn.
func (h *Handler) complete(p plan) (api.Args, error) {
	now := h.Now()
	var args api.Args
	own := map[string]bool{} // what is another for each
	for i, d := range p.droplets {
		done, err := p.action.Complete(p.args, d, now)
		if err != nil {
			return nil, badArgument(err)
		}
		for name := range done {
			own[name] = own[name] || i > 0 && args[name] != done[name]
		}
		args = done
	}
	maps.DeleteFunc(args, func(name, _ string) bool { return own[name] })
	if _, named := p.args["name"]; named && len(p.droplets) > 1 && p.action.Type == "rename" {
		return nil, mistake("Several Droplets can't be given one name: rename them one by one.")
	}
	return args, nil
}

// badArgument turns what is wrong with an argument into a refusal.
func badArgument(err error) error {
	var wrong *api.ArgError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong):
		return at(card.Arg+wrong.Param, mistake(plain(wrong.Message)))
	}
	return fmt.Errorf("complete the arguments: %w", err)
}

// maxConfirmed is how many Droplets that a list shows in the target state already are read
// by their IDs before they are left out: each read costs one of 240 a minute.
const maxConfirmed = 20

// leaveOut takes those of several Droplets out of a plan that are already what its
// action would make of them, and returns a sentence on each: nothing is in the way
// of the others. A list trails, so what it would leave out is read by its ID first.
func (h *Handler) leaveOut(ctx context.Context, p *plan, args api.Args, img *api.Image) ([]string, error) {
	if len(p.droplets) == 1 || p.action.Already == nil {
		return nil, nil
	}
	var left []string
	var kept []api.Droplet
	for _, d := range p.droplets {
		why := p.action.Already(d, args, img)
		if why != "" && len(left) < maxConfirmed {
			now, err := h.Lookup.Droplet(ctx, d.ID)
			switch {
			case api.KindOf(err) == api.NotFound:
				left = append(left, d.Name+" is gone.")
				continue
			case err != nil:
				return nil, lookedUp(err)
			}
			if p.action.TouchesBackups() {
				if policy := h.policyNow(ctx, d.ID); policy != nil {
					now.Backups = policy.Enabled
				}
			}
			d, why = now, p.action.Already(now, args, img)
		}
		if why != "" {
			left = append(left, why)
			continue
		}
		kept = append(kept, d)
	}
	if len(kept) == 0 {
		return nil, mistake(fmt.Sprintf("There is nothing to do for any of the %d Droplets.", len(left)) + bullets(left))
	}
	p.droplets = kept
	return left, nil
}

// bullets are lines of a list, of sentences of plain text.
func bullets(sentences []string) string {
	const shown = 5 // lines that are read at a glance
	s := ""
	for _, why := range sentences[:min(shown, len(sentences))] {
		s += "\n• " + plain(why)
	}
	if more := len(sentences) - shown; more > 0 {
		s += fmt.Sprintf("\n• and %d more", more)
	}
	return s
}

// preCheck answers a refusal that says what is in the way, of which Droplet.
func (h *Handler) preCheck(ctx context.Context, p plan, args api.Args, img *api.Image) error {
	var inTheWay []string
	for i, d := range p.droplets {
		why, err := h.Actions.PreCheck(ctx, p.action, d, args, img)
		if err == nil && why != "" && len(p.droplets) > 1 && len(inTheWay) < maxConfirmed { // they are from a list, which trails
			if p.droplets[i], err = h.Lookup.Droplet(ctx, d.ID); api.KindOf(err) == api.NotFound {
				p.droplets[i], err = d, nil
				why = d.Name + " is gone."
			} else if err == nil {
				d = p.droplets[i]
				why, err = h.Actions.PreCheck(ctx, p.action, d, args, img)
			}
		}
		switch {
		case err != nil:
			return lookedUp(err)
		case why != "" && len(p.droplets) == 1:
			return mistake(plain(why))
		case why != "" && !strings.Contains(why, d.Name):
			inTheWay = append(inTheWay, d.Name+": "+why)
		case why != "":
			inTheWay = append(inTheWay, why)
		}
	}
	if len(inTheWay) == 0 {
		return nil
	}
	return mistake(fmt.Sprintf("Nothing was done: of the %d Droplets, %d can't be acted on.", len(p.droplets), len(inTheWay)) + bullets(inTheWay))
}

// size looks up the size that is to be given. Where it can't be read the card
// names it by its slug alone.
func (h *Handler) size(ctx context.Context, p plan, args api.Args) *approvals.Plan {
	for _, param := range p.action.Params {
		if param.Kind != api.Size {
			continue
		}
		plans, err := h.Account.Sizes(ctx)
		if err != nil {
			h.Log.Warn("could not read what a size holds", "size", args[param.Name], "error", err)
			return nil
		}
		if i := slices.IndexFunc(plans, func(o api.Plan) bool { return o.Slug == args[param.Name] }); i >= 0 {
			found := approvals.Plan(plans[i])
			return &found
		}
	}
	return nil
}

// usual is how long all that an action takes usually takes on a Droplet, or on one of
// several.
func (h *Handler) usual(ctx context.Context, p plan, args api.Args) time.Duration {
	id := p.droplets[0].ID
	if len(p.droplets) > 1 {
		id = 0 // no one's own history tells of all
	}
	var sum time.Duration
	for _, part := range p.action.Parts(p.droplets[0], args, h.Now()) {
		sum += h.Actions.Usual(ctx, id, part.Action)
	}
	return sum
}

// policyNow says when backups are taken now, nil if that can't be read.
func (h *Handler) policyNow(ctx context.Context, droplet int) *api.BackupPolicy {
	policy, err := h.Details.BackupPolicy(ctx, droplet)
	if err != nil {
		h.Log.Warn("could not read when a Droplet's backups are taken", "droplet", droplet, "error", err)
		return nil
	}
	return &policy
}

// others are the account's Droplets, none if they can't be read.
func (h *Handler) others(ctx context.Context) []api.Droplet {
	ds, err := h.Droplets.Droplets(ctx)
	if err != nil {
		h.Log.Warn("could not read what other Droplets there are", "error", err)
	}
	return ds
}

// rescue is what one could go back to. That it can't be read is no reason to do
// nothing at three in the morning: the card then says so.
func (h *Handler) rescue(ctx context.Context, droplet int) *approvals.Rescue {
	back, err := api.FindWayBack(ctx, h.Images, droplet)
	if err != nil {
		h.Log.Warn("could not read what a Droplet could be brought back to", "droplet", droplet, "error", err)
		return &approvals.Rescue{}
	}
	return &approvals.Rescue{Known: true, Backup: (*approvals.Image)(back.Backup), Snapshot: (*approvals.Image)(back.Snapshot)}
}
