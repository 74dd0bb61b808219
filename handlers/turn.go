package handlers

import (
	"context"

	"dropletops/approvals"
	"dropletops/internal/card"
)

// turn carries out a click below an answer: another page of it in its place, or
// the page shown to the channel. The words that it answers are carried out
// again, by whoever typed them and nobody else, so the button need not carry
// what it shows and nothing that is shown is old.
func (h *Handler) turn(ctx context.Context, e approvals.Envelope, in interaction, c click) (Reply, error) {
	place, ok := card.PlaceFrom(c.Value)
	if !ok {
		return h.ignored(e, "a click that names no page of an answer")
	}
	a, err := h.askedBefore(ctx, answers, c.BlockID, in)
	if err != nil {
		return orSaid(e.Attempt, in.address(), Reply{}, err)
	}
	a.page, a.chosen, a.share = place.Page, place.Droplet, c.ActionID == toShare
	a.to, a.attempt = in.address(), e.Attempt
	r, err := h.carryOut(ctx, a)
	r.Replace = err == nil // a refusal leaves the answer where it is
	return orSaid(e.Attempt, a.to, r, err)
}
