package bot

import (
	"context"

	"dropletops/approvals"
	"dropletops/handlers"
	"dropletops/internal/card"
)

// reply delivers what a handler answered.
func (h *hands) reply(ctx context.Context, e approvals.Envelope, r handlers.Reply) {
	if err := h.replies.send(ctx, r); err != nil {
		h.client.log().Warn("a reply could not be delivered", "type", e.Type, "envelope", e.Key, "error", safe(err))
	}
}

// tell answers whoever sent an envelope, if they can be answered.
func (h *hands) tell(ctx context.Context, e approvals.Envelope, m card.Message, ref string) {
	to, ok := address(e)
	if !ok {
		return
	}
	if err := h.replies.send(ctx, handlers.Reply{To: to, Message: m}); err != nil {
		h.client.log().Warn("whoever asked could not be told", "reference", ref, "envelope", e.Key, "error", safe(err))
	}
}

// address is where an envelope's sender can be answered. A payload on which a
// handler panicked may well be one that its address can't be read from either.
func address(e approvals.Envelope) (to handlers.Address, ok bool) {
	err := guard(func() error { to = handlers.AddressOf(e); return nil })
	return to, err == nil && to != (handlers.Address{})
}
