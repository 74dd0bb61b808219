package handlers

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"dropletops/api"
	"dropletops/internal/card"
	"dropletops/internal/glob"
)

// list answers the Droplets that fit a pattern and all filters, by name.
func (h *Handler) list(ctx context.Context, q query) (card.Answer, error) {
	name, tag := q.target, q.args["tag"]
	if kind, t, has := strings.Cut(name, ":"); has && strings.EqualFold(kind, "tag") {
		if why := notATag(t); why != "" {
			return card.Answer{}, mistake("No tag can be called " + code(t) + ": " + why)
		}
		name, tag = "", t
	}
	fits, err := pattern(api.Hyphens(name)) // to look takes no certainty
	if err != nil {
		return card.Answer{}, err
	}
	all, err := h.listing(ctx, q)
	if err != nil {
		return card.Answer{}, err
	}
	if tag != "" && slices.ContainsFunc(all, func(d api.Droplet) bool { return slices.Contains(d.Unreadable, api.UnreadableTags) }) {
		return card.Answer{}, mistake("Tags are not readable with this token: it needs the scope `tag:read`.")
	}
	var kept []api.Droplet
	cost := 0.0
	for _, d := range all {
		if !fits(d.Name) || tag != "" && !hasTag(d, tag) || q.args["region"] != "" && !strings.EqualFold(d.Region, q.args["region"]) ||
			q.args["status"] != "" && d.Status != q.args["status"] || q.args["gpu"] != "" && !d.GPU {
			continue
		}
		kept, cost = append(kept, d), cost+d.Monthly
	}
	by := filters("name", name, "tag", tag, "region", q.args["region"], "status", q.args["status"])
	if q.args["gpu"] != "" {
		by += " with a GPU"
	}
	if len(kept) == 0 {
		if len(all) == 0 {
			return card.Answer{Head: "This account has no Droplets."}, nil
		}
		return card.Answer{Head: "No Droplet fits" + by + ".", Foot: fmt.Sprintf("There are %d in all: ", len(all)) + card.Typed(q.call+" list")}, nil
	}
	return card.Answer{
		Head: "*Droplets*" + by, Items: card.Droplets(kept), Each: "Droplets",
		Foot: "Together " + card.Money(cost) + " a month. More on one: " + card.Typed(q.call+" info "+inCommand(kept[0])),
	}, nil
}

// listing answers all Droplets: as they are now, and while someone turns pages
// those of the same list.
func (h *Handler) listing(ctx context.Context, q query) ([]api.Droplet, error) {
	if q.turned {
		return h.Droplets.Droplets(ctx)
	}
	all, err := h.Account.Listing(ctx)
	if err != nil {
		return nil, err
	}
	return h.Lookup.Complete(ctx, all, func(api.Droplet) bool { return true })
}

// inCommand is how a Droplet is named in a command, where it need not be the only
// one of its name.
func inCommand(d api.Droplet) string {
	if !names.MatchString(d.Name) {
		return fmt.Sprint(d.ID)
	}
	return d.Name
}

func hasTag(d api.Droplet, tag string) bool {
	return slices.ContainsFunc(d.Tags, func(t string) bool { return strings.EqualFold(t, tag) })
}

// pattern returns what reports whether a name matches: as in [glob], or if nothing in
// the text is special, whether it is a part of the name in any case.
func pattern(text string) (func(name string) bool, error) {
	p, err := glob.Compile(text)
	if err != nil {
		return nil, mistake(code(text) + " is no pattern: a `[` needs its `]`, as in `web-[1-3]`, and a `\\` the character that it is for.")
	}
	if !strings.ContainsAny(text, `*?[\`) {
		text = strings.ToLower(text)
		return func(name string) bool { return strings.Contains(strings.ToLower(name), text) }, nil
	}
	return p.Match, nil
}

// filters says by what was filtered; of pairs, those without a value are not.
func filters(pairs ...string) string {
	s := ""
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			s += " · " + pairs[i] + " " + code(pairs[i+1])
		}
	}
	return s
}

// neighbors answers which Droplets share hardware.
func (h *Handler) neighbors(ctx context.Context, q query) (card.Answer, error) {
	if q.droplet != nil {
		ds, err := h.Details.Neighbors(ctx, q.droplet.ID)
		if err != nil {
			return card.Answer{}, err
		}
		if len(ds) == 0 {
			return card.Answer{Head: "No other Droplet of this account is on the hardware of " + code(q.droplet.Name) + "."}, nil
		}
		return card.Answer{Head: "*On the same hardware* as " + code(q.droplet.Name), Items: card.Droplets(ds), Each: "Droplets",
			Foot: "If that hardware fails, all of them do."}, nil
	}
	groups, err := h.Details.NeighborReport(ctx)
	if err != nil {
		return card.Answer{}, err
	}
	if len(groups) == 0 {
		return card.Answer{Head: "No two Droplets of this account share hardware."}, nil
	}
	ds, err := h.Droplets.Droplets(ctx)
	if err != nil {
		return card.Answer{}, err
	}
	return card.Answer{Head: "*Droplets that share hardware*", Items: card.Neighbors(groups, ds), Each: "groups",
		Foot: "If the hardware of a group fails, all of the group does."}, nil
}
