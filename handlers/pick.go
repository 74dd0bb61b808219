package handlers

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/card"
)

// picks is what the block ID of a menu begins with; the key of the envelope that
// brought the words follows.
const picks = "pick:"

func pickOf(envelope string) string { return picks + envelope }

// pick goes on with the Droplet that was chosen from a menu: with the words that
// the menu was an answer to, and this Droplet for their target.
func (h *Handler) pick(ctx context.Context, e approvals.Envelope, in interaction, c click) (Reply, error) {
	a, err := h.askedBefore(ctx, picks, c.BlockID, in)
	if err != nil {
		return orSaid(e.Attempt, in.address(), Reply{}, err)
	}
	id, err := strconv.Atoi(c.SelectedOption.Value)
	if err != nil || id <= 0 {
		return h.ignored(e, "a choice that is no Droplet's ID")
	}
	a.chosen, a.to, a.attempt = id, in.address(), e.Attempt
	a.origin.Envelope, a.origin.AskedAt, a.origin.ResponseURL = e.Key, e.ReceivedAt, in.ResponseURL
	r, err := h.answer(ctx, a)
	var u *unnamed
	if errors.As(err, &u) {
		return orSaid(e.Attempt, a.to, Reply{}, h.askName(ctx, in, a, u))
	}
	if err != nil {
		return r, err
	}
	if r.To == (Address{}) { // it became a request: its card is the answer
		r = say(a.to, fmt.Sprintf("You chose Droplet `%d` for %s.", id, code(a.origin.Words)))
	}
	r.Replace = true
	return r, nil
}

// askedBefore loads the words that a menu or an answer was given to. They are
// the words of whoever typed them, and nobody else's to carry out.
func (h *Handler) askedBefore(ctx context.Context, kind, blockID string, in interaction) (asked, error) {
	what := "menu"
	if kind == answers {
		what = "answer"
	}
	stale := mistake("This " + what + " is too old: type the command again.")
	key, ok := strings.CutPrefix(blockID, kind)
	if !ok || key == "" {
		return asked{}, stale
	}
	first, err := h.Envelopes.Envelope(ctx, key)
	if errors.Is(err, approvals.ErrNotFound) {
		return asked{}, stale
	}
	if err != nil {
		return asked{}, fmt.Errorf("load envelope %s, to carry its words out again: %w", key, err)
	}
	a, ok := h.asked(first)
	if !ok {
		return asked{}, stale
	}
	if a.who.UserID != in.User.ID {
		return asked{}, mistake("This " + what + " is for whoever typed the command. Type your own.")
	}
	a.who, a.trigger = in.who(), in.TriggerID
	if in.channel() != "" { // its ID may have changed since
		a.origin.ChannelID = in.channel()
	}
	return a, nil
}

// asked reads what was typed from either kind of envelope that brings words.
func (h *Handler) asked(e approvals.Envelope) (asked, bool) {
	switch e.Type {
	case slashCommand:
		c, err := read[command](e)
		return ofCommand(e, c), err == nil && c.UserID != ""
	case eventsAPI:
		ev, err := read[event](e)
		if err != nil || ev.Event.User == "" {
			return asked{}, false
		}
		return h.ofMention(e, ev)
	case interactive:
		in, err := read[interaction](e)
		if err != nil || in.Type != "view_submission" || in.User.ID == "" {
			return asked{}, false
		}
		f, ok := in.form()
		return f.asked(e, in), ok
	}
	return asked{}, false
}

// search is a menu in which to find the Droplet that words are for.
func (a asked) search(w words) *card.Message {
	m := card.Search(pickOf(a.words), which(w)+" Choose below.")
	return &m
}

// menu is one of the Droplets that bear the name that was typed.
func (a asked) menu(w words, t target, ds []api.Droplet) *card.Message {
	m := card.Pick(pickOf(a.words), sharedName(t.text, len(ds))+" "+strings.Replace(which(w), "hich Droplet", "hich one", 1), ds)
	return &m
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
