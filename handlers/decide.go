package handlers

import (
	"context"

	"dropletops/approvals"
	"dropletops/internal/card"
)

// decide carries out a click on a card's button. The card is the answer, unless
// the click is refused.
func (h *Handler) decide(ctx context.Context, e approvals.Envelope, in interaction, c click, kind approvals.DecisionKind) (Reply, error) {
	shown, _ := card.ShownFrom(c.BlockID)
	_, err := h.Requests.Decide(ctx, approvals.Click{
		Kind: kind, RequestID: c.Value, Who: in.who(), Message: in.message(), Shown: shown, Envelope: e.Key,
	})
	return orSaid(e.Attempt, in.address(), Reply{}, err)
}

// message is the place of the message that was clicked.
func (in interaction) message() approvals.MessageRef {
	return approvals.MessageRef{ChannelID: in.channel(), TS: in.Container.MessageTS}
}
