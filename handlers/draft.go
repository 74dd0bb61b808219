package handlers

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"dropletops/api"
	"dropletops/approvals"
)

// plan is an action on Droplets, before it was checked.
type plan struct {
	action   *api.Action
	args     api.Args
	droplets []api.Droplet
	imageID  int // pins the image by its ID, whatever the arguments call it; 0 does not
}

// draft checks a plan against what is there, and fills in what a decision needs
// to see. It answers a refusal where something is in the way.
func (h *Handler) draft(ctx context.Context, p plan) (approvals.Draft, error) {
	args, err := h.complete(p)
	if err != nil {
		return approvals.Draft{}, err
	}
	img, err := h.pin(ctx, p, args)
	if err != nil {
		return approvals.Draft{}, err
	}
	if err := h.preCheck(ctx, p, args, img); err != nil {
		return approvals.Draft{}, err
	}
	d := approvals.Draft{
		Action: approvals.Action{Type: p.action.Type, Args: args, Danger: approvals.Danger(p.action.Danger(args))},
		Usual:  p.action.Usual,
	}
	if img != nil {
		pinned := approvals.Image(*img)
		d.Image = &pinned
	}
	for _, t := range p.droplets {
		d.Targets = append(d.Targets, approvals.Droplet(t))
	}
	if len(p.droplets) == 1 {
		id := p.droplets[0].ID
		d.Usual = h.Actions.Usual(ctx, id, p.action)
		if d.Action.Danger == approvals.Destructive {
			d.Rescue = h.rescue(ctx, id)
		}
	}
	return d, nil
}

// complete checks the arguments and fills in the defaults. One request has one
// set of arguments, so several Droplets must come to the same.
func (h *Handler) complete(p plan) (api.Args, error) {
	now := h.Now()
	var args api.Args
	for i, d := range p.droplets {
		done, err := p.action.Complete(p.args, d, now)
		if err != nil {
			return nil, badArgument(err)
		}
		for name := range done {
			if i > 0 && args[name] != done[name] {
				return nil, mistake("`" + p.action.Verb() + "` of several Droplets at once needs the " + name + ": left out, it would be another for each.")
			}
		}
		args = done
	}
	if _, named := p.args["name"]; named && len(p.droplets) > 1 && p.action.Type == "rename" {
		return nil, mistake("Several Droplets can't be given one name: rename them one by one.")
	}
	return args, nil
}

// badArgument turns what is wrong with an argument into a refusal.
func badArgument(err error) error {
	var wrong *api.ArgError
	if errors.As(err, &wrong) {
		return mistake(plain(wrong.Message))
	}
	return fmt.Errorf("complete the arguments: %w", err)
}

// pin looks up the image or backup that is to be used, so that what is approved
// is what is used, whatever its slug comes to mean meanwhile.
func (h *Handler) pin(ctx context.Context, p plan, args api.Args) (*api.Image, error) {
	param, takes := p.action.ImageParam()
	named := args[param.Name]
	if !takes || named == "" {
		return nil, nil
	}
	if p.imageID != 0 {
		named = strconv.Itoa(p.imageID)
	}
	if param.Kind == api.Backup {
		return h.backup(ctx, p, named)
	}
	img, err := h.Images.Image(ctx, named)
	if api.KindOf(err) == api.NotFound {
		return nil, mistake("There is no image " + code(named) + ": an image goes by its ID, or by its slug, as in " + code(param.Example) + ".")
	}
	if err != nil {
		return nil, lookedUp(err)
	}
	return &img, nil
}

// backup finds a backup among those of the Droplet: DigitalOcean restores no other.
func (h *Handler) backup(ctx context.Context, p plan, named string) (*api.Image, error) {
	if len(p.droplets) > 1 {
		return nil, mistake("A backup belongs to one Droplet: `" + p.action.Verb() + "` takes one at a time.")
	}
	d := p.droplets[0]
	backups, err := h.Images.Backups(ctx, d.ID)
	if err != nil {
		return nil, lookedUp(err)
	}
	var has []string
	for _, b := range backups {
		if strconv.Itoa(b.ID) == named {
			return &b, nil
		}
		has = append(has, fmt.Sprintf("`%d` of %s", b.ID, code(b.Created)))
	}
	s := code(named) + " is no backup of " + code(d.Name)
	if len(has) == 0 {
		return nil, mistake(s + ", which has none.")
	}
	// Ten are more than DigitalOcean keeps of a Droplet by either plan.
	return nil, mistake(s + ". It has " + strings.Join(has[:min(len(has), 10)], ", ") + ".")
}

// preCheck answers a refusal that says what is in the way, of which Droplet.
func (h *Handler) preCheck(ctx context.Context, p plan, args api.Args, img *api.Image) error {
	var inTheWay []string
	for _, d := range p.droplets {
		why, err := h.Actions.PreCheck(ctx, p.action, d, args, img)
		switch {
		case err != nil:
			return lookedUp(err)
		case why != "" && len(p.droplets) == 1:
			return mistake(plain(why))
		case why != "" && !strings.Contains(why, d.Name):
			inTheWay = append(inTheWay, code(d.Name)+": "+plain(why))
		case why != "":
			inTheWay = append(inTheWay, plain(why))
		}
	}
	if len(inTheWay) == 0 {
		return nil
	}
	const shown = 5 // lines that are read at a glance
	s := fmt.Sprintf("Nothing was done: of the %d Droplets, %d can't be acted on.", len(p.droplets), len(inTheWay))
	if more := len(inTheWay) - shown; more > 0 {
		inTheWay = append(inTheWay[:shown], fmt.Sprintf("and %d more", more))
	}
	return mistake(s + "\n• " + strings.Join(inTheWay, "\n• "))
}

// rescue is what one could go back to. That it can't be read is no reason to do
// nothing at three in the morning: the card then says so.
func (h *Handler) rescue(ctx context.Context, droplet int) *approvals.Rescue {
	backups, err := h.Images.Backups(ctx, droplet)
	if err == nil {
		var snapshots []api.Image
		if snapshots, err = h.Images.Snapshots(ctx, droplet); err == nil {
			return &approvals.Rescue{Known: true, Backup: newest(backups), Snapshot: newest(snapshots)}
		}
	}
	h.Log.Warn("could not read what a Droplet could be brought back to", "droplet", droplet, "error", err)
	return &approvals.Rescue{}
}

// newest answers the newest image, nil if there is none.
func newest(images []api.Image) *approvals.Image {
	i := api.Newest(images)
	if i == nil {
		return nil
	}
	img := approvals.Image(*i)
	return &img
}
