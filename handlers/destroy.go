package handlers

import (
	"context"
	"fmt"
	"strings"

	"dropletops/api"
	"dropletops/approvals"
)

// mostLeaving is of how many Droplets it is looked up what they would leave behind:
// each takes a request of the 240 a minute that everyone shares.
const mostLeaving = 20

// leaves looks up what Droplets would leave behind that are to be destroyed. That it
// can't be read keeps nobody from asking: the card then says so.
// What is to go with one must be known, and all of it be shown.
func (h *Handler) leaves(ctx context.Context, on []api.Droplet, with string) (*approvals.Leaves, error) {
	if with != "" {
		return h.takes(ctx, on, with)
	}
	if len(on) > mostLeaving {
		return &approvals.Leaves{}, nil
	}
	items, err := h.Life.Leftovers(ctx, on)
	if err != nil {
		h.Log.Warn("could not read what Droplets would leave behind", "droplet", on[0].ID, "droplets", len(on), "error", err)
		return &approvals.Leaves{}, nil
	}
	return &approvals.Leaves{Known: true, Items: items}, nil
}

// takes looks up what is to be destroyed with a Droplet, of the kinds that were named.
func (h *Handler) takes(ctx context.Context, on []api.Droplet, with string) (*approvals.Leaves, error) {
	if len(on) != 1 {
		return nil, mistake("What belongs to Droplets is destroyed with one of them at a time: name one Droplet, or leave `--with` out.")
	}
	all, err := h.Life.Associated(ctx, on[0].ID)
	if err != nil {
		return nil, lookedUp(err)
	}
	out := &approvals.Leaves{Known: true}
	goes, stays := api.Divide(all, with)
	for _, x := range goes {
		out.Goes = append(out.Goes, approvals.Going(x))
	}
	out.Items = stays
	switch n := len(goes); {
	case n == 0:
		return nil, mistake(code(on[0].Name) + " has nothing of " + codes(strings.Split(with, ",")) + " that could go with it, as far as the token may see: leave `--with` out.")
	case n > api.MostGoing:
		return nil, mistake(fmt.Sprintf("%d things would go with %s, and a card shows %d at the most: name fewer kinds, or destroy some of them before.", n, code(on[0].Name), api.MostGoing))
	}
	return out, nil
}
