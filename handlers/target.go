package handlers

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"dropletops/api"
)

// target is what someone named: a Droplet's ID, its name, or a tag. The zero
// target names nothing.
type target struct {
	text string // as it was typed
	id   int
	tag  string
	// lookalike is what was typed where text and tag are only what may have been meant:
	// its hyphens are characters that look like one.
	lookalike string
}

var (
	// tags is what DigitalOcean allows in a tag; godo puts one into the URL as
	// it is, so that "a&b" would be another question than the one asked.
	tags = regexp.MustCompile(`^[a-zA-Z0-9_\-:]{1,255}$`)
	// names is what DigitalOcean allows in a Droplet's name, and "_", which old
	// ones bear.
	names  = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]{0,254}$`)
	digits = regexp.MustCompile(`^[0-9]+$`)
)

// target understands what names the Droplet. No look-up is made of what no
// Droplet can be called.
func (p parser) target(s string) (target, error) {
	if plain := api.Hyphens(s); plain != s {
		if t, err := p.target(plain); err == nil && t.id == 0 {
			t.lookalike = s
			return t, nil
		}
	}
	switch kind, tag, has := strings.Cut(s, ":"); {
	case s == "":
		return target{}, nil
	case has && strings.EqualFold(kind, "tag"):
		if !tags.MatchString(tag) {
			return target{}, mistake("No tag can be called " + code(tag) + ": a tag has letters, digits, `:`, `_` and `-`, as in `tag:web`.")
		}
		return target{text: s, tag: tag}, nil
	case digits.MatchString(s):
		id, err := strconv.Atoi(s)
		if err != nil || id == 0 {
			return target{}, mistake("No Droplet can have the ID " + code(s) + ". Its ID is in the control panel's address bar, such as `3164494`.")
		}
		return target{text: s, id: id}, nil
	case strings.Contains(s, "*") && names.MatchString(strings.ReplaceAll(s, "*", "x")):
		return target{}, mistake("A pattern such as " + code(s) + " is for looking: " + p.example("list "+s) + ". To act on several, name them with commas between them, or by `tag:` and a tag.")
	case !names.MatchString(s):
		return target{}, mistake("No Droplet can be called " + code(s) + ": a name has letters, digits, `.` and `-`. A Droplet goes by its name, its ID, or `tag:` and a tag.")
	}
	return target{text: s}, nil
}

// find answers the Droplets that a target names, as they are at this moment and
// at least one: several if they bear the same name, or the tag.
func (h *Handler) find(ctx context.Context, t target) ([]api.Droplet, error) {
	if t.lookalike != "" {
		return nil, h.lookalike(ctx, t)
	}
	if t.tag != "" {
		ds, err := h.Droplets.Tagged(ctx, t.tag)
		if err == nil {
			ds, err = h.Lookup.Complete(ctx, ds, func(d api.Droplet) bool { return hasTag(d, t.tag) })
		}
		if err != nil {
			return nil, lookedUp(err)
		}
		if len(ds) == 0 {
			return nil, mistake("No Droplet bears the tag " + code(t.tag) + ".")
		}
		return ds, nil
	}
	if t.text == "" {
		return h.one(ctx, t.id)
	}
	return h.byWords(ctx, t)
}

// notByName returns the IDs of those Droplets that none of the targets calls by a name. One
// that was chosen from a menu was chosen by its name.
func notByName(ts []target, ds []api.Droplet) []int {
	var out []int
	for _, d := range ds {
		if !slices.ContainsFunc(ts, func(t target) bool {
			return t.tag == "" && (t.text == "" || t.id == 0 && strings.EqualFold(t.text, d.Name))
		}) {
			out = append(out, d.ID)
		}
	}
	return out
}

// lookalike returns a refusal of a target that looks like one that there is, with the
// nearest real ones. It is never taken for that one: whoever typed it looks first.
func (h *Handler) lookalike(ctx context.Context, t target) error {
	typed := t.lookalike
	t.lookalike = ""
	no := "No Droplet can be called " + code(typed) + ": a hyphen in it is another character that looks like one"
	if t.tag != "" {
		no = "No tag can be called " + code(typed) + ": a hyphen in it is another character that looks like one"
		if ds, err := h.Droplets.Tagged(ctx, t.tag); err == nil && len(ds) > 0 {
			return mistake(no + ". Did you mean " + code(t.text) + "?")
		}
		return mistake(no + ". Type it with plain hyphens: " + code(t.text) + ".")
	}
	found, err := h.Droplets.Find(ctx, t.text)
	if err != nil && api.KindOf(err) != api.NotFound {
		return lookedUp(err)
	}
	near := found.Nearest
	if len(found.Droplets) > 0 {
		near = []string{found.Droplets[0].Name}
	}
	if len(near) == 0 {
		return mistake(no + ". Type it with plain hyphens: " + code(t.text) + ".")
	}
	return mistake(no + ". Did you mean " + either(near) + "?")
}

// byWords returns the Droplets whose ID or name was typed, each read by its ID.
func (h *Handler) byWords(ctx context.Context, t target) ([]api.Droplet, error) {
	var ds []api.Droplet
	if t.id != 0 {
		d, err := h.Lookup.Typed(ctx, t.id)
		switch {
		case err == nil:
			ds = append(ds, d)
		case api.KindOf(err) != api.NotFound:
			return nil, lookedUp(err)
		}
	}
	var found api.Found
	var err error
	if len(ds) > 0 { // another may be called so
		found.Droplets, err = h.Life.Named(ctx, t.text)
	} else {
		found, err = h.Droplets.Find(ctx, t.text)
	}
	if err != nil {
		return nil, lookedUp(err)
	}
	named, err := h.Lookup.Confirm(ctx, t.text, found.Droplets)
	if err != nil {
		return nil, lookedUp(err)
	}
	for _, d := range named {
		if len(ds) == 0 || ds[0].ID != d.ID {
			ds = append(ds, d)
		}
	}
	if len(ds) == 0 && t.id != 0 && h.lists(ctx, t.id) {
		return h.one(ctx, t.id) // it was seen: one 404 is not absence
	}
	if len(ds) == 0 {
		return nil, none(t, found.Nearest)
	}
	return ds, nil
}

// lists reports whether the list of Droplets, which was read a moment ago, shows an ID.
func (h *Handler) lists(ctx context.Context, id int) bool {
	all, err := h.Droplets.Droplets(ctx)
	return err == nil && slices.ContainsFunc(all, func(d api.Droplet) bool { return d.ID == id })
}

// one returns the Droplet that was chosen from a menu.
func (h *Handler) one(ctx context.Context, id int) ([]api.Droplet, error) {
	d, err := h.Lookup.Droplet(ctx, id)
	if api.KindOf(err) == api.NotFound {
		return nil, mistake(fmt.Sprintf("The Droplet with the ID `%d` is gone: DigitalOcean knows none by it any more.", id))
	}
	if err != nil {
		return nil, lookedUp(err)
	}
	return []api.Droplet{d}, nil
}

// none says that there is no such Droplet, and which may have been meant.
func none(t target, near []string) error {
	s := "No Droplet is called " + code(t.text)
	if t.id != 0 {
		s = "No Droplet has the ID " + code(t.text)
	}
	if len(near) == 0 {
		return mistake(s + ". A Droplet goes by its exact name, its ID, or `tag:` and a tag.")
	}
	return mistake(s + ": did you mean " + either(near) + "?")
}

// sharedName says that a name is not enough.
func sharedName(name string, n int) string {
	return fmt.Sprintf("%d Droplets are called %s.", n, code(name))
}
