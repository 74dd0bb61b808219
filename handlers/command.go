package handlers

import (
	"context"
	"errors"
	"strings"

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
	param, choose := unchosen(w)
	// What is wrong whatever the Droplet is said before a Droplet is looked for.
	if !choose {
		if _, err := w.action.Complete(w.args, api.Droplet{}, h.Now()); err != nil {
			return Reply{}, badArgument(err)
		}
	}
	t, err := p.target(w.target)
	if err != nil {
		return Reply{}, err
	}
	if a.chosen != 0 {
		t = target{id: a.chosen}
	}
	if t == (target{}) {
		return Reply{To: a.to, Message: card.Search(pickOf(a.words), which(w)+" Choose below.")}, nil
	}
	ds, err := h.find(ctx, t)
	if err != nil {
		return Reply{}, err
	}
	if len(ds) > 1 && t.tag == "" {
		question := several(t.text, len(ds)) + " " + strings.Replace(which(w), "hich Droplet", "hich one", 1)
		return Reply{To: a.to, Message: card.Pick(pickOf(a.words), question, ds)}, nil
	}
	todo := plan{action: w.action, args: w.args, droplets: ds, call: a.call, byID: a.chosen != 0}
	if choose {
		return Reply{}, h.offer(ctx, todo, param, w.args[param.Name])
	}
	d, err := h.draft(ctx, todo)
	if err != nil {
		return Reply{}, err
	}
	d.Reason, d.Tag, d.Who, d.Origin = w.reason, t.tag, a.who, a.origin
	_, err = h.Requests.Submit(ctx, d)
	return Reply{}, err // the card is the answer
}

// which asks for the Droplet that a verb is for.
func which(w words) string {
	switch {
	case w.action == nil:
		return "Which Droplet is `" + w.verb + "` for?"
	case w.action.Object:
		return "On which Droplet do you want to " + lowered(w.action.Title) + "?"
	}
	return "Which Droplet do you want to " + lowered(w.action.Title) + "?"
}

// lowered makes a title go on in a sentence.
func lowered(title string) string { return strings.ToLower(title[:1]) + title[1:] }

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
