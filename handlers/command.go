package handlers

import (
	"context"
	"errors"
	"maps"
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
		return h.orHelp(ctx, a, w)
	}
	if err := h.admit(ctx, a.who, a.origin.Words); err != nil {
		return Reply{}, err
	}
	w = h.judgedByPlans(ctx, w)
	if a.lacks(w, mistaken) {
		if err := h.fits(w); err != nil { // what is wrong would be lost in a modal's menus
			return Reply{}, err
		}
		if opened, err := h.opens(ctx, a, w); opened || err != nil {
			return Reply{}, err
		}
	}
	if mistaken != nil {
		return Reply{}, mistaken
	}
	if w.look != nil {
		r, err := h.look(ctx, a, p, w)
		if err != nil {
			err = &lookFailed{err}
		}
		return r, err
	}
	if w.action.Make != nil {
		return h.create(ctx, a, w)
	}
	todo, menu, err := h.plan(ctx, a, p, w)
	if err != nil || menu != nil {
		return Reply{To: a.to, Message: orEmpty(menu)}, err
	}
	d, err := h.draft(ctx, todo)
	if err != nil {
		return Reply{}, err
	}
	d.Reason, d.Patience, d.Tag, d.Who, d.Origin = h.withNames(ctx, w.reason), w.patience, todo.tag, a.who, a.origin
	_, err = h.Requests.Submit(ctx, d)
	return Reply{}, err // the card is the answer
}

// orHelp answers the help, or where nothing at all was typed opens a modal, for
// whoever may use one.
func (h *Handler) orHelp(ctx context.Context, a asked, w words) (Reply, error) {
	if a.trigger != "" && strings.TrimSpace(a.text) == "" {
		if _, err := h.Requests.Admit(ctx, a.who); err == nil {
			if opened, err := h.opens(ctx, a, words{}); opened || err != nil {
				return Reply{}, err
			}
		}
	}
	return Reply{To: a.to, Message: h.help(ctx, a, w)}, nil
}

// fits says what is wrong with the arguments that were given, whatever the Droplet,
// unless one of them is still to be chosen.
func (h *Handler) fits(w words) error {
	if _, choose := unchosen(w); choose {
		return nil
	}
	args := api.Args{}
	for _, p := range w.action.Params {
		if p.Required {
			args[p.Name] = p.Example
		}
	}
	maps.Copy(args, w.args)
	_, err := w.action.Complete(args, api.Droplet{}, h.Now())
	if err = badArgument(err); w.unread != "" && refused(err) {
		return at(fieldOf(err), mistake(sentence(err)+" "+w.unread))
	}
	return err
}

// plan finds the Droplets that words are for, or answers a menu to choose one from.
func (h *Handler) plan(ctx context.Context, a asked, p parser, w words) (plan, *card.Message, error) {
	// What is wrong whatever the Droplet is said before a Droplet is looked for.
	if err := h.fits(w); err != nil {
		return plan{}, nil, err
	}
	ts, err := p.targets(w.target)
	switch {
	case err != nil:
		return plan{}, nil, at(card.TargetField, err)
	case a.chosen != 0:
		ts = []target{{id: a.chosen}}
	case ts[0] == target{}:
		return plan{}, a.search(w), nil
	}
	ds, err := h.findAll(ctx, ts)
	if err != nil {
		return plan{}, nil, at(card.TargetField, err)
	}
	t := ts[0]
	switch {
	case len(ts) > 1:
		t = target{}
	case len(ds) > 1 && t.tag == "":
		return plan{}, a.menu(w, t, ds), nil
	}
	todo := plan{action: w.action, args: w.args, droplets: ds, tag: t.tag, unnamed: notByName(ts, ds), call: a.call, byID: a.chosen != 0, form: a.form, unread: w.unread}
	if err := mustBeNamed(a, w, ds); err != nil {
		return plan{}, nil, err
	}
	if param, choose := unchosen(w); choose {
		return plan{}, nil, at(todo.arg(param.Kind), h.offer(ctx, todo, param, w.args[param.Name]))
	}
	return todo, nil, nil
}

// passes says whether a failed look-up is worth another try later: it says
// nothing about what was asked.
func passes(err error) bool {
	switch api.KindOf(err) {
	case api.RateLimited, api.NotVisible, api.NotSent, api.Lost, api.Unavailable, "":
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
	no := &approvals.Refusal{Sentence: plain(failed.Sentence())}
	if failed.Kind == api.NotFound {
		return &absent{no, failed}
	}
	return no
}

// absent is a refusal since a look-up of something that was seen before answered 404, which
// [Handler.inTurn] has read again before it is said.
type absent struct {
	no     *approvals.Refusal
	failed *api.Error
}

func (a *absent) Error() string   { return a.no.Error() }
func (a *absent) Unwrap() []error { return []error{a.no, a.failed} }
