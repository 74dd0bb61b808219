package handlers

import (
	"cmp"
	"context"
	"errors"
	"time"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/card"

	"github.com/slack-go/slack"
)

// checkWithin is how long what was filled in is checked before it is taken as it
// is. It leaves the disk its time: Slack waits 3 s for the acknowledgement.
const checkWithin = 1500 * time.Millisecond

// checked answers what is wrong with a modal that was submitted, at its fields; ok
// is false where nothing is, or where that can't be told in time. Then the modal
// closes, and what was filled in is carried out like words that were typed.
func (h *Handler) checked(ctx context.Context, e approvals.Envelope, in interaction) (answer any, ok bool, err error) {
	if wrong := in.unusable(); len(wrong) > 0 {
		return slack.NewErrorsViewSubmissionResponse(wrong), true, nil
	}
	f, ok := in.form()
	if !ok {
		return nil, false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, h.slower(checkWithin))
	defer cancel()
	if _, err := h.Requests.Admit(ctx, f.asked(e, in).who); err != nil {
		return nil, false, nil // they are told, and it is written down
	}
	wrong := h.wrong(ctx, f, f.asked(e, in))
	if !refused(wrong) {
		return nil, false, nil
	}
	block, shown := f.blocks[cmp.Or(fieldOf(wrong), f.targetField())]
	if !shown { // its field is still on its way
		v, err := h.view(ctx, f, "⚠️ "+sentence(wrong))
		return slack.NewUpdateViewSubmissionResponse(&v), err == nil, err
	}
	return slack.NewErrorsViewSubmissionResponse(map[string]string{block: card.AtField(sentence(wrong))}), true, nil
}

// wrong carries out what was filled in as far as that changes nothing.
func (h *Handler) wrong(ctx context.Context, f form, a asked) error {
	if f.action == nil {
		return at(card.VerbField, mistake("Choose what is to be done."))
	}
	for field, text := range f.texts() {
		if err := fit(text); err != nil {
			return at(field, err)
		}
	}
	p := parser{catalogue: api.Catalogue(), call: a.call}
	w, err := p.parse(a.text)
	w = h.judgedByPlans(ctx, w)
	var l *incomplete
	switch {
	case errors.As(err, &l) && len(l.params) > 0:
		return at(card.Arg+l.params[0], err)
	case errors.As(err, &l):
		return at(f.targetField(), err)
	case err != nil:
		return at(card.ReasonField, err)
	case f.makes():
		_, err := h.planCreate(ctx, a, w)
		return err
	}
	todo, _, err := h.plan(ctx, a, p, w)
	if err != nil {
		return err
	}
	_, err = h.check(ctx, &todo)
	return err
}

// texts are what was typed into fields, by field.
func (f form) texts() map[string]string {
	out := map[string]string{card.ReasonField: f.reason, card.ConfirmField: f.confirmed, f.targetField(): f.target.Value}
	for name, p := range f.args {
		out[card.Arg+name] = p.Value
	}
	return out
}

// sentence is what a refusal says.
func sentence(err error) string {
	var no *approvals.Refusal
	if errors.As(err, &no) {
		return no.Sentence
	}
	return ""
}

func refused(err error) bool {
	var no *approvals.Refusal
	return errors.As(err, &no)
}

// fieldOf is the field that a refusal belongs to; empty if it is none's.
func fieldOf(err error) string {
	var m *misfit
	if errors.As(err, &m) {
		return m.field
	}
	return ""
}
