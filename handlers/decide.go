package handlers

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"

	"dropletops/approvals"
	"dropletops/internal/card"
)

// decide carries out a click on a card's button. The card is the answer, unless
// the click is refused.
func (h *Handler) decide(ctx context.Context, e approvals.Envelope, in interaction, c click, kind approvals.DecisionKind) (Reply, error) {
	click := consent{Kind: kind, RequestID: c.Value, Shown: in.shown(c), Message: in.message(), Thread: in.thread(), ResponseURL: in.ResponseURL}
	r, err := h.Decisions.Decide(ctx, approvals.Click{
		Kind: kind, RequestID: click.RequestID, Who: in.who(), Message: click.Message, Shown: click.Shown, Envelope: e.Key, Mark: c.ActionTS, At: e.ReceivedAt,
	})
	var more *approvals.Asked
	switch {
	case errors.As(err, &more):
		err = h.askMore(ctx, in, r, click, *more)
	case err == nil && kind == approvals.ToDeny:
		h.askWhy(ctx, in, r, click)
	}
	return orSaid(e.Attempt, in.address(), Reply{}, h.about(ctx, click.RequestID, click.Message, err))
}

// about puts what a refusal is about in front of it: it stands below a channel's
// newest message, while the card may have scrolled away. It names a request only
// to who clicked on that one's own card.
func (h *Handler) about(ctx context.Context, id string, clicked approvals.MessageRef, err error) error {
	var no *approvals.Refusal
	if !errors.As(err, &no) {
		return err
	}
	r, failed := h.Requests.Request(ctx, id)
	if failed != nil || r.Belongs(clicked) != nil {
		return err
	}
	return mistake("*" + card.Named(r) + ":* " + no.Sentence)
}

// orStray adds to the answer to a click that it was made on a message that is not
// the request's card, if that is so.
func (h *Handler) orStray(ctx context.Context, in interaction, c click, r Reply, err error) (Reply, error) {
	if err != nil || r.To == (Address{}) {
		return r, err // it was carried out: on the card
	}
	var no *approvals.Refusal
	if req, failed := h.Requests.Request(ctx, c.Value); failed == nil && errors.As(req.Belongs(in.message()), &no) && in.bears(req.ID) {
		r.Stray = &Stray{RequestID: req.ID, Message: in.message()}
	}
	return r, nil
}

// bears says whether the message that was clicked has a button of a request's. A
// click alone does not tell: it may bring what was never on that message, and that
// may be the card of another request.
func (in interaction) bears(id string) bool {
	for _, b := range in.Message.Blocks {
		var buttons []click
		if json.Unmarshal(b.Elements, &buttons) == nil && slices.ContainsFunc(buttons, func(c click) bool { return c.Value == id }) {
			return true
		}
	}
	return false
}

// message is the place of the message that was clicked.
func (in interaction) message() approvals.MessageRef {
	return approvals.MessageRef{ChannelID: in.channel(), TS: cmp.Or(in.Container.MessageTS, in.Message.TS)}
}

// carries is the request whose card the message is that was clicked, by the metadata that
// the bot gave it, or where Slack leaves that out by the buttons on it; empty if it is none.
func (in interaction) carries(c click, bot string) string {
	m := in.Message
	switch {
	case m.User == "" || m.User != bot:
		return ""
	case m.Metadata.Type == card.EventType:
		return m.Metadata.Payload.RequestID
	case m.Metadata.Type == "" && in.bears(c.Value):
		return c.Value
	}
	return ""
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
