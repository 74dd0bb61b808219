package handlers

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/card"

	"github.com/slack-go/slack"
)

// Offers is what menus offer while one types, as it was listed last: so that it is
// there at once, whatever DigitalOcean does, and so that nothing may be done by it.
type Offers interface {
	Recent(ctx context.Context) ([]api.Droplet, error)
	// Options answers what an argument of a kind can be for a Droplet.
	Options(ctx context.Context, kind api.Kind, d api.Droplet) ([]api.Option, error)
}

// options are what a menu that searches is answered with. It is not
// slack.OptionsResponse, since an empty one is sent as {}, which Slack takes for
// a fault; without options it must be {"options":[]}.
type options struct {
	Options []*slack.OptionBlockObject `json:"options"`
}

// Respond answers what has to be answered inside the acknowledgement; ok is
// false where nothing has.
func (h *Handler) Respond(ctx context.Context, e approvals.Envelope) (payload any, ok bool, err error) {
	if e.Type != interactive {
		return nil, false, nil
	}
	in, err := read[interaction](e)
	if err != nil {
		h.Log.Warn("can't read what may want an answer", "envelope", e.Key, "error", err)
		return nil, false, nil
	}
	switch in.Type {
	case "block_suggestion":
		return options{Options: h.suggest(ctx, e, in)}, true, nil
	case "view_submission":
		return h.checked(ctx, e, in)
	}
	return nil, false, nil
}

// suggestWithin is how long a menu waits for what it offers, where nothing was listed
// before. An acknowledgement without options would show as a fault.
const suggestWithin = 1800 * time.Millisecond

// suggest answers what a menu offers for what was typed into it so far. Where that
// can't be had in time it answers none: the menu then stays usable, and the next
// letter typed asks again.
func (h *Handler) suggest(ctx context.Context, e approvals.Envelope, in interaction) []*slack.OptionBlockObject {
	ctx, cancel := context.WithTimeout(ctx, h.slower(suggestWithin))
	defer cancel()
	none := []*slack.OptionBlockObject{}
	p, inForm := in.purpose()
	if in.ActionID != toPick && !inForm {
		return none
	}
	if _, err := h.Requests.Admit(ctx, in.who()); err != nil {
		h.Log.Warn("nothing is suggested", "envelope", e.Key, "user", in.User.ID, "error", err)
		return none
	}
	if in.ActionID != toPick && in.ActionID != card.TargetField {
		return fitting(h.argument(ctx, e, in, p))
	}
	ds, err := h.Offers.Recent(ctx)
	if err != nil {
		h.Log.Warn("no Droplets can be suggested", "envelope", e.Key, "error", err)
		return none
	}
	found := card.Options(matching(ds, in.Value))
	if inForm {
		found = append(tagged(ds, in.Value), found...)
	}
	return fitting(found)
}

// argument answers what fits an argument of the action and the Droplet that the
// modal was drawn for.
func (h *Handler) argument(ctx context.Context, e approvals.Envelope, in interaction, p purpose) []*slack.OptionBlockObject {
	none := []*slack.OptionBlockObject{}
	a, ok := api.Lookup(p.Verb)
	if !ok {
		return none
	}
	i := slices.IndexFunc(a.Params, func(param api.Param) bool { return card.Arg+param.Name == in.ActionID })
	if i < 0 {
		return none
	}
	d := deref(h.known(ctx, p.droplet()))
	if d.ID == 0 {
		d = api.Droplet{ID: p.droplet(), Region: p.Region}
	}
	all, err := h.Offers.Options(ctx, a.Params[i].Kind, d)
	if err != nil {
		h.Log.Warn("nothing can be suggested", "envelope", e.Key, "param", a.Params[i].Name, "error", err)
		return none
	}
	var first, inside []api.Option
	typed := strings.ToLower(strings.TrimSpace(in.Value))
	for _, o := range all {
		switch {
		case strings.HasPrefix(strings.ToLower(o.Name), typed), strings.HasPrefix(o.Value, typed):
			first = append(first, o)
		case holds(typed, o.Value, o.Name, o.Note):
			inside = append(inside, o)
		}
	}
	return card.Listed(append(first, inside...))
}

// mostBytes of options fit into an acknowledgement, which Slack refuses from
// 20 KB on; what is around them is small.
const mostBytes = 19_000

// fitting answers as many of the options as fit into an acknowledgement.
func fitting(found []*slack.OptionBlockObject) []*slack.OptionBlockObject {
	bytes := 0
	for i, o := range found[:min(mostOptions, len(found))] {
		wire, err := json.Marshal(o)
		if bytes += len(wire) + 1; err != nil || bytes > mostBytes {
			return found[:i]
		}
	}
	return found[:min(mostOptions, len(found))]
}

// mostOptions is how many options Slack shows in a menu.
const mostOptions = 100

// matching answers the Droplets whose name or ID fits what was typed so far,
// first those that begin with it, each kind by name.
func matching(ds []api.Droplet, typed string) []api.Droplet {
	typed = strings.ToLower(strings.TrimSpace(typed))
	type match struct {
		droplet api.Droplet
		inside  int // 0 if the name or the ID begins with what was typed
		name    string
	}
	var found []match
	for _, d := range ds {
		name, id := strings.ToLower(d.Name), strconv.Itoa(d.ID)
		switch {
		case strings.HasPrefix(name, typed), strings.HasPrefix(id, typed):
			found = append(found, match{d, 0, name})
		case strings.Contains(name, typed):
			found = append(found, match{d, 1, name})
		}
	}
	slices.SortFunc(found, func(a, b match) int {
		return cmp.Or(cmp.Compare(a.inside, b.inside), cmp.Compare(a.name, b.name), cmp.Compare(a.droplet.ID, b.droplet.ID))
	})
	var out []api.Droplet
	for _, m := range found[:min(len(found), mostOptions)] {
		out = append(out, m.droplet)
	}
	return out
}

// mostTags is how many tags are offered in front of the Droplets: both are looked
// for in one menu.
const mostTags = 10

// tagged answers the tags that begin with what was typed, once that can be one:
// two letters, or "tag:".
func tagged(ds []api.Droplet, typed string) []*slack.OptionBlockObject {
	typed = strings.ToLower(strings.TrimSpace(typed))
	begin, asked := strings.CutPrefix(typed, "tag:")
	if !asked && len(typed) < 2 {
		return nil
	}
	bear := map[string]int{}
	for _, d := range ds {
		for _, tag := range d.Tags {
			if strings.HasPrefix(strings.ToLower(tag), begin) && api.ValidTag(tag) && len(tag) < 100 {
				bear[tag]++
			}
		}
	}
	var tags []string
	for tag := range bear {
		tags = append(tags, tag)
	}
	slices.Sort(tags)
	var out []*slack.OptionBlockObject
	for _, tag := range tags[:min(len(tags), mostTags)] {
		out = append(out, card.TagOption(tag, bear[tag]))
	}
	return out
}
