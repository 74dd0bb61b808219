package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"dropletops/approvals"
	"dropletops/internal/card"

	"github.com/slack-go/slack"
)

// Views opens modals, and changes them.
type Views interface {
	// OpenView opens one for whoever did what Slack gave the trigger for, within 3 s
	// of it. It answers a refusal where that was too long ago.
	OpenView(ctx context.Context, trigger string, v slack.ModalViewRequest) error
	// UpdateView has an open modal show something else. It answers ErrNoView where
	// that is not open any more, or shows something newer.
	UpdateView(ctx context.Context, which ViewRef, v slack.ModalViewRequest) error
}

// consent is what a modal carries about the click that it was opened by. Slack
// keeps it, and gives it back with what was filled in; who filled it in stands
// in the payload alone.
type consent struct {
	Kind        approvals.DecisionKind `json:"kind"`
	RequestID   string                 `json:"request"`
	Shown       string                 `json:"shown"`
	Message     approvals.MessageRef   `json:"message"`
	Thread      string                 `json:"thread,omitempty"`
	ResponseURL string                 `json:"response_url,omitempty"`
}

func (c consent) meta() (string, error) {
	b, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("write down what a modal is about: %w", err)
	}
	return string(b), nil
}

// consented reads back what a modal is about.
func (in interaction) consented() (consent, bool) {
	var c consent
	if in.View.CallbackID != card.ConsentModal && in.View.CallbackID != card.DenialModal {
		return c, false
	}
	err := json.Unmarshal([]byte(in.View.PrivateMetadata), &c)
	return c, err == nil && c.RequestID != ""
}

// filled returns what was typed into a modal's field, cleaned.
func (in interaction) filled(field string) string {
	return cleaned(in.View.State.Values[field][field].Value)
}

// unusable returns what is wrong with the text fields of a modal that asks for nothing
// else, by their blocks: each has to be filled in with what can be read.
func (in interaction) unusable() map[string]string {
	switch in.View.CallbackID {
	case card.ConsentModal, card.DenialModal, card.NamingModal:
	default:
		return nil
	}
	wrong := map[string]string{}
	for block, fields := range in.View.State.Values {
		for field, v := range fields {
			if err := fit(v.Value); err != nil {
				wrong[block] = card.AtField(sentence(err))
			} else if v.Value != "" && in.filled(field) == "" {
				wrong[block] = "Nothing in this can be read. Type it in."
			}
		}
	}
	return wrong
}

// reason is what was typed into a modal's field for one.
func (in interaction) reason() string { return clipped(reasonTyped(in.filled(card.ReasonInput))) }

// askMore opens a modal for what a decision still takes.
func (h *Handler) askMore(ctx context.Context, in interaction, r *approvals.Request, about consent, more approvals.Asked) error {
	meta, err := about.meta()
	if err != nil {
		return err
	}
	return h.Views.OpenView(ctx, in.TriggerID, card.Consent(r, about.Kind, more, meta, h.Now()))
}

// askWhy asks whoever denied a request why. The denial stands, whatever comes of
// that.
func (h *Handler) askWhy(ctx context.Context, in interaction, r *approvals.Request, about consent) {
	meta, err := about.meta()
	if err == nil {
		err = h.Views.OpenView(ctx, in.TriggerID, card.Denial(r, meta))
	}
	if err != nil {
		h.Log.Info("who denied a request could not be asked why", "request_id", r.ID, "error", err)
	}
}

// submitted handles a modal that was filled in.
func (h *Handler) submitted(ctx context.Context, e approvals.Envelope, in interaction) (Reply, error) {
	if n, ok := in.naming(); ok {
		return h.named(ctx, e, in, n)
	}
	if f, ok := in.form(); ok {
		return h.answer(ctx, f.asked(e, in))
	}
	about, ok := in.consented()
	if !ok {
		return h.ignored(e, "a modal "+in.View.CallbackID)
	}
	if len(in.unusable()) > 0 { // it was not said at the fields in time
		return orSaid(e.Attempt, in.address(), Reply{}, mistake("The reason or code that you typed can't be read, so it was not used."))
	}
	if in.View.CallbackID == card.DenialModal {
		err := h.Decisions.Explain(ctx, about.RequestID, in.who(), in.reason(), e.Key)
		return orSaid(e.Attempt, in.address(), Reply{}, err)
	}
	_, err := h.Decisions.Decide(ctx, approvals.Click{
		Kind: about.Kind, RequestID: about.RequestID, Who: in.who(), Message: about.Message, Shown: about.Shown, Envelope: e.Key, At: e.ReceivedAt,
		Code: in.filled(card.CodeInput), Reason: in.reason(),
	})
	var more *approvals.Asked
	if errors.As(err, &more) {
		err = mistake("The policy has changed while you filled that in: more is asked for now, or something was left out. Click once more on the card.")
	}
	return orSaid(e.Attempt, in.address(), Reply{}, h.about(ctx, about.RequestID, about.Message, err))
}

// clipped is what someone typed, at a length that a card and the audit log can hold.
func clipped(text string) string {
	if rs := []rune(text); len(rs) > longestReason {
		return string(rs[:longestReason]) + "…"
	}
	return text
}
