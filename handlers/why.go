package handlers

import (
	"context"
	"errors"
	"strings"

	"dropletops/approvals"
	"dropletops/internal/card"
)

// reviews answers what someone went ahead with alone and nobody has looked at yet.
func (h *Handler) reviews(ctx context.Context, q query) (card.Answer, error) {
	open, err := h.Decisions.Reviews(ctx, q.who)
	if err != nil {
		return card.Answer{}, err
	}
	if len(open) == 0 {
		return card.Answer{Head: "No review is open: there is nothing that someone went ahead with alone and nobody has looked at since."}, nil
	}
	return card.Answer{Head: "*Went ahead alone, and not reviewed yet*", Each: "requests", Items: card.Reviews(open, q.quiet, h.Now()),
		Foot: "_Close the review_ is a button on the request's card. More on one: " + card.Typed(q.call+" why "+open[0].Request.ID)}, nil
}

// why answers which rule has a say in a request, who may approve it now, and who
// is missing.
func (h *Handler) why(ctx context.Context, q query) (card.Answer, error) {
	id := strings.ToLower(q.target)
	w, err := h.Decisions.Why(ctx, id, q.who)
	if errors.Is(err, approvals.ErrNotFound) {
		return card.Answer{}, mistake("There is no request " + code(q.target) + ". A request's ID stands at the foot of its card: `r-` and 12 letters and digits.")
	}
	if err != nil {
		return card.Answer{}, err
	}
	head, lines := card.Why(w, q.quiet)
	return card.Answer{Head: head, Items: lines}, nil
}
