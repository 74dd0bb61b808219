package handlers

import (
	"cmp"
	"context"
	"errors"

	"dropletops/approvals"
	"dropletops/internal/card"
)

// decide carries out a click on a card's button. The card is the answer, unless
// the click is refused.
func (h *Handler) decide(ctx context.Context, e approvals.Envelope, in interaction, c click, kind approvals.DecisionKind) (Reply, error) {
	_, err := h.Requests.Decide(ctx, approvals.Click{
		Kind: kind, RequestID: c.Value, Who: in.who(), Message: in.message(), Shown: in.shown(c), Envelope: e.Key,
	})
	return orSaid(e.Attempt, in.address(), Reply{}, h.about(ctx, in, c, err))
}

// about puts what a refusal is about in front of it: it stands below a channel's
// newest message, while the card may have scrolled away. It names a request only
// to who clicked on that one's own card.
func (h *Handler) about(ctx context.Context, in interaction, c click, err error) error {
	var no *approvals.Refusal
	if !errors.As(err, &no) {
		return err
	}
	r, failed := h.Requests.Request(ctx, c.Value)
	if failed != nil || r.Belongs(in.message()) != nil {
		return err
	}
	return mistake("*" + card.Named(r) + ":* " + no.Sentence)
}

// message is the place of the message that was clicked.
func (in interaction) message() approvals.MessageRef {
	return approvals.MessageRef{ChannelID: in.channel(), TS: cmp.Or(in.Container.MessageTS, in.Message.TS)}
}

// shown is what the message that was clicked showed, by the block of the button,
// or by those of the message as it was when it was clicked.
func (in interaction) shown(c click) string {
	if shown, ok := card.ShownFrom(c.BlockID); ok {
		return shown
	}
	for _, b := range in.Message.Blocks {
		if shown, ok := card.ShownFrom(b.BlockID); ok {
			return shown
		}
	}
	return ""
}
