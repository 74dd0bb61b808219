package handlers

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"dropletops/api"
	"dropletops/internal/card"
)

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
		return nil, h.noImage(ctx, p, named, err)
	}
	if err != nil {
		return nil, lookedUp(err)
	}
	return &img, nil
}

// called is what stands in front of a verb in examples.
func (p plan) called() string {
	if p.call == "" {
		return "/droplet" // a button was clicked
	}
	return p.call
}

// command is what is typed to do this to a Droplet, up to the argument.
func (p plan) command(d api.Droplet) string {
	return p.called() + " " + p.action.Verb() + " " + p.inCommand(d)
}

// inCommand is how a Droplet is named in a command to go on with.
func (p plan) inCommand(d api.Droplet) string {
	if p.byID {
		return strconv.Itoa(d.ID)
	}
	return inCommand(d)
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
	for _, b := range backups {
		if strconv.Itoa(b.ID) == named {
			return &b, nil
		}
	}
	return nil, mistake(code(named) + " is no backup of " + code(d.Name) + theseBackups(p.command(d), backups, h.Now()))
}

// noImage says that there is no such image, and which one may have been meant:
// one of that name, or of a slug like it.
func (h *Handler) noImage(ctx context.Context, p plan, named string, missed error) error {
	all, err := h.Account.Images(ctx)
	if err != nil {
		return lookedUp(err)
	}
	var bear, slugs []string
	for _, i := range all {
		if i.Slug != "" && strings.EqualFold(i.Slug, named) || strconv.Itoa(i.ID) == named { // it was seen: one 404 is not absence
			return lookedUp(missed)
		}
		if strings.EqualFold(i.Name, named) {
			bear = append(bear, fmt.Sprintf("%s is `%d`", code(i.Name), i.ID))
		}
		if i.Slug != "" {
			slugs = append(slugs, i.Slug)
		}
	}
	if len(bear) > 0 {
		return mistake("An image goes by its ID; " + strings.Join(bear[:min(len(bear), 5)], ", ") + ".")
	}
	s := "There is no image " + code(named) + ". "
	if near := api.Nearest(named, slugs); len(near) > 0 {
		s += "Did you mean " + either(near) + "? "
	}
	return mistake(s + "An image goes by its slug or its ID: " + card.Typed(p.called()+" images") + ".")
}
