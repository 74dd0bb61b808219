package handlers

import (
	"context"
	"errors"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/card"
)

// answer does what someone typed. Who may do nothing gets the help, and for all
// else a refusal before anything is looked up, or told by an error.
func (h *Handler) answer(ctx context.Context, a asked) (Reply, error) {
	r, err := h.carryOut(ctx, a)
	return orSaid(a.attempt, a.to, r, err)
}

func (h *Handler) carryOut(ctx context.Context, a asked) (Reply, error) {
	p := parser{catalogue: api.Catalogue(), call: a.call}
	w, mistaken := p.parse(a.text)
	if mistaken == nil && w.verb == "help" {
		return Reply{To: a.to, Message: h.help(ctx, a, w)}, nil
	}
	if err := h.admit(ctx, a.who, a.origin.Words); err != nil {
		return Reply{}, err
	}
	if mistaken != nil {
		return Reply{}, mistaken
	}
	if w.look != nil {
		return h.look(ctx, a, p, w)
	}
	// What is wrong whatever the Droplet is said before a Droplet is looked for.
	if _, err := w.action.Complete(w.args, api.Droplet{}, h.Now()); err != nil {
		return Reply{}, badArgument(err)
	}
	t, err := p.target(w.target)
	if err != nil {
		return Reply{}, err
	}
	if a.chosen != 0 {
		t = target{id: a.chosen}
	}
	if t == (target{}) {
		return Reply{To: a.to, Message: card.Search(pickOf(a.words), "Which Droplet is to be the target of `"+w.verb+"`? Type a part of its name.")}, nil
	}
	ds, err := h.find(ctx, t)
	if err != nil {
		return Reply{}, err
	}
	if len(ds) > 1 && t.tag == "" {
		question := several(t.text, len(ds)) + " Which one is to be the target of `" + w.verb + "`?"
		return Reply{To: a.to, Message: card.Pick(pickOf(a.words), question, ds)}, nil
	}
	d, err := h.draft(ctx, plan{action: w.action, args: w.args, droplets: ds})
	if err != nil {
		return Reply{}, err
	}
	d.Reason, d.Tag, d.Who, d.Origin = w.reason, t.tag, a.who, a.origin
	_, err = h.Requests.Submit(ctx, d)
	return Reply{}, err // the card is the answer
}

// passes says whether a failed look-up is worth another try later: it says
// nothing about what was asked.
func passes(err error) bool {
	switch api.KindOf(err) {
	case api.RateLimited, api.NotSent, api.Lost, api.Unavailable, "":
		return true
	}
	return false
}

// lookedUp turns a look-up's failure into a refusal that says what is wrong,
// unless it passes.
func lookedUp(err error) error {
	var failed *api.Error
	if passes(err) || !errors.As(err, &failed) {
		return err
	}
	return &approvals.Refusal{Sentence: plain(failed.Sentence())}
}
