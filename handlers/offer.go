package handlers

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"dropletops/api"
	"dropletops/internal/card"
)

// sizes answers the sizes that fit a filter, the cheapest first.
func (h *Handler) sizes(ctx context.Context, q query) (card.Answer, error) {
	all, err := h.Account.Sizes(ctx)
	if err != nil {
		return card.Answer{}, err
	}
	region := strings.ToLower(q.args["region"])
	kept := slices.DeleteFunc(all, func(p api.Plan) bool {
		return !holds(q.target, p.Slug, p.Description) || q.args["gpu"] != "" && !p.GPU ||
			region != "" && !(p.Available && slices.Contains(p.Regions, region))
	})
	by := filters("fitting", q.target, "in", region)
	if q.args["gpu"] != "" {
		by += " with a GPU"
	}
	a := card.Answer{Head: "*Sizes*" + by, Items: card.Sizes(kept), Each: "sizes"}
	return orNone(a, "size", by, "All sizes: "+card.Typed(q.call+" sizes")), nil
}

// images answers the images that fit a filter, newest first.
func (h *Handler) images(ctx context.Context, q query) (card.Answer, error) {
	all, err := h.Account.Images(ctx)
	if err != nil {
		return card.Answer{}, err
	}
	region := strings.ToLower(q.args["region"])
	kept := slices.DeleteFunc(all, func(i api.Image) bool {
		return !holds(q.target, i.Slug, strconv.Itoa(i.ID), i.Name, i.Distro, i.Kind) || region != "" && !slices.Contains(i.Regions, region)
	})
	slices.SortStableFunc(kept, func(a, b api.Image) int { return cmp.Compare(rank(a), rank(b)) })
	by := filters("fitting", q.target, "in", region)
	a := card.Answer{Head: "*Images*" + by, Items: card.Images(kept), Each: "images",
		Foot: "An image goes by its slug or its ID: " + card.Typed(q.call+" rebuild <target> <image>")}
	return orNone(a, "image", by, "All images: "+card.Typed(q.call+" images")), nil
}

// rank puts what most Droplets are made of in front, and backups, which the verb of that
// name has with more on each, at the end.
func rank(i api.Image) int {
	switch i.Kind {
	case "base":
		return 0
	case "backup":
		return 2
	}
	return 1
}

// regions answers the regions that fit a filter.
func (h *Handler) regions(ctx context.Context, q query) (card.Answer, error) {
	all, err := h.Account.Regions(ctx)
	if err != nil {
		return card.Answer{}, err
	}
	kept := slices.DeleteFunc(all, func(r api.Region) bool { return !holds(q.target, r.Slug, r.Name) })
	by := filters("fitting", q.target)
	a := card.Answer{Head: "*Regions*" + by, Items: card.Regions(kept), Each: "regions"}
	return orNone(a, "region", by, "All regions: "+card.Typed(q.call+" regions")), nil
}

// orNone says so where nothing fits.
func orNone(a card.Answer, what, by, all string) card.Answer {
	if len(a.Items) > 0 {
		return a
	}
	return card.Answer{Head: "No " + what + " fits" + strings.Replace(by, " · fitting ", " ", 1) + ".", Foot: all}
}

// holds says whether each word of a filter is a part of one of the texts, in any
// case. An empty filter lets everything through.
func holds(filter string, texts ...string) bool {
	in := strings.ToLower(strings.Join(texts, "\n"))
	for _, word := range strings.Fields(strings.ToLower(filter)) {
		if !strings.Contains(in, word) {
			return false
		}
	}
	return true
}
