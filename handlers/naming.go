package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/card"
)

// naming is what the modal carries in which the name of a chosen Droplet is typed:
// the words that it was chosen for. Slack keeps it; who typed the name stands in the
// payload alone.
type naming struct {
	Words       string `json:"words"` // the key of the envelope that brought them
	Droplet     int    `json:"droplet"`
	Channel     string `json:"channel"`
	Thread      string `json:"thread,omitempty"`
	ResponseURL string `json:"response_url,omitempty"`
}

// naming reads back which Droplet a name was typed for.
func (in interaction) naming() (naming, bool) {
	var n naming
	if in.View.CallbackID != card.NamingModal {
		return n, false
	}
	err := json.Unmarshal([]byte(in.View.PrivateMetadata), &n)
	return n, err == nil && n.Words != "" && n.Droplet > 0
}

// unnamed says that a Droplet was chosen from a menu to be destroyed, and that its
// name is to be typed before that is asked for.
type unnamed struct {
	droplet api.Droplet
	action  *api.Action
}

func (u *unnamed) Error() string { return "the name of the Droplet is to be typed" }

// mustBeNamed answers an unnamed error unless the Droplet's name or ID was typed. A
// form has a field of its own for that.
func mustBeNamed(a asked, w words, ds []api.Droplet) error {
	if a.form != nil || a.chosen == 0 || !w.action.Destroys || len(ds) != 1 || a.named == ds[0].Name {
		return nil
	}
	return &unnamed{ds[0], w.action}
}

// askName opens the modal in which the name is typed.
func (h *Handler) askName(ctx context.Context, in interaction, a asked, u *unnamed) error {
	meta, err := json.Marshal(naming{Words: a.words, Droplet: u.droplet.ID, Channel: in.channel(), Thread: in.thread(), ResponseURL: in.ResponseURL})
	if err != nil {
		return fmt.Errorf("write down what a modal is about: %w", err)
	}
	return h.Views.OpenView(ctx, in.TriggerID, card.Naming(u.droplet, u.action, string(meta)))
}

// named goes on with a Droplet that was chosen from a menu, once its name was typed.
func (h *Handler) named(ctx context.Context, e approvals.Envelope, in interaction, n naming) (Reply, error) {
	a, err := h.askedBefore(ctx, picks, pickOf(n.Words), in)
	if err != nil {
		return orSaid(e.Attempt, in.address(), Reply{}, err)
	}
	a.chosen, a.named, a.to, a.attempt = n.Droplet, in.filled(card.NameInput), in.address(), e.Attempt
	a.origin.Envelope, a.origin.AskedAt, a.origin.ResponseURL = e.Key, e.ReceivedAt, n.ResponseURL
	r, err := h.answer(ctx, a)
	var u *unnamed
	switch {
	case errors.As(err, &u):
		return say(a.to, fmt.Sprintf("Nothing was started: you typed %s, and the Droplet that you chose is called %s (ID `%d`).", code(a.named), code(u.droplet.Name), u.droplet.ID)), nil
	case err != nil:
		return r, err
	case r.To == (Address{}): // it became a request: its card is the answer
		r = say(a.to, fmt.Sprintf("You chose Droplet `%d` for %s.", n.Droplet, code(a.origin.Words)))
		r.Replace = true
	}
	return r, nil
}
