package handlers

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/card"

	"github.com/slack-go/slack"
)

// OperateShortcut is the callback_id of the message shortcut: it opens the same
// modal as the command does, with the message's thread for the card's place.
const OperateShortcut = "operate"

// ViewRef names an open modal: by its ID with the hash of what it showed, or by the
// external ID that it was opened with.
type ViewRef struct{ ID, Hash, External string }

// ErrNoView says that a modal is not open any more, or shows something newer.
var ErrNoView = errors.New("the modal is closed, or shows something newer")

// incomplete is the refusal of words that are right as far as they go.
type incomplete struct {
	params []string // that are missing
	error
}

func (l *incomplete) Unwrap() error { return l.error }

// longestOption is the longest value that an option of a menu can have, in bytes;
// Slack's limit is 150 characters.
const longestOption = 150

// lacks says whether words lack something that a modal asks for.
func (a asked) lacks(w words, mistaken error) bool {
	var l *incomplete
	switch {
	case a.trigger == "" || w.action == nil:
		return false
	case len(w.target) > longestOption && w.action.Make == nil: // it could not stand in the modal
		return false
	case !card.Holds(w.action, w.target, w.args):
		return false
	case mistaken != nil:
		return errors.As(mistaken, &l)
	case w.target == "" && a.chosen == 0:
		return true
	}
	// A backup or a kernel belongs to one Droplet: of several, that is what is said.
	param, choose := unchosen(w)
	return choose && w.args[param.Name] == "" && !strings.ContainsAny(w.target, ",:")
}

// opens opens a modal in which what was typed is made whole, at once: a trigger
// lives 3 s, so that what it shows is looked up only then. It answers false where
// none can be opened.
func (h *Handler) opens(ctx context.Context, a asked, w words) (bool, error) {
	f := form{purpose: purpose{ID: a.words, Call: a.call, TeamID: a.origin.TeamID, Channel: a.origin.ChannelID, Thread: a.origin.ThreadTS, Unthreaded: a.origin.Unthreaded, Group: a.origin.Group,
		ResponseURL: a.origin.ResponseURL, Patience: w.patience}, action: w.action, reason: w.reason, args: map[string]card.Picked{}}
	if w.action != nil {
		for _, param := range w.action.Params {
			if value := param.Spelled(w.args[param.Name]); value != "" {
				f.args[param.Name] = card.Picked{Value: value, Label: value}
			}
		}
	}
	if err := h.Views.OpenView(ctx, a.trigger, card.FormLoading(f.ID)); err != nil {
		// An earlier attempt may have opened it: the trigger is used up then.
		if again := h.Views.UpdateView(ctx, ViewRef{External: f.ID}, card.FormLoading(f.ID)); again != nil {
			h.Log.Info("no modal could be opened", "envelope", a.words, "error", err)
			return false, nil
		}
	}
	note := h.aim(ctx, a, w, &f)
	v, err := h.view(ctx, f, note)
	if err != nil {
		return false, err
	}
	err = h.Views.UpdateView(ctx, ViewRef{External: f.ID}, v)
	if errors.Is(err, ErrNoView) {
		return true, nil // they have closed it meanwhile
	}
	return true, err
}

// aim finds what was typed as the target, and answers a sentence where that is not
// one Droplet. What it finds may be a minute old: it is looked up again.
func (h *Handler) aim(ctx context.Context, a asked, w words, f *form) string {
	switch {
	case a.chosen != 0:
		f.target = card.Picked{Value: strconv.Itoa(a.chosen)}
		return ""
	case w.action != nil && w.action.Make != nil:
		f.target = card.Picked{Value: w.target, Label: w.target}
		return ""
	case w.action == nil && a.text != "":
		f.target = h.spotted(ctx, a.text)
		return ""
	}
	p := parser{catalogue: api.Catalogue(), call: a.call}
	ts, err := p.targets(w.target)
	switch {
	case err != nil:
		return sentence(err)
	case ts[0] == target{}:
		return ""
	case len(ts) > 1, ts[0].tag != "":
		f.Typed, f.target = w.target, card.Picked{Value: w.target, Label: w.target}
		return ""
	}
	t := ts[0]
	if t.lookalike != "" {
		return sentence(h.lookalike(ctx, t))
	}
	ds, err := h.Offers.Recent(ctx)
	if err != nil {
		return "DigitalOcean does not answer just now, so " + code(t.text) + " could not be looked up. Search for it below."
	}
	ds = slices.DeleteFunc(ds, func(d api.Droplet) bool { return !strings.EqualFold(d.Name, t.text) && d.ID != t.id })
	if len(ds) == 0 {
		if ds, err = h.find(ctx, t); refused(err) {
			return sentence(err)
		} else if err != nil {
			return "DigitalOcean does not answer just now, so " + code(t.text) + " could not be looked up. Search for it below."
		}
	}
	if len(ds) > 1 {
		return sharedName(t.text, len(ds)) + " Choose one below."
	}
	f.target = card.Picked{Value: strconv.Itoa(ds[0].ID)}
	f.Typed = f.target.Value
	return ""
}

// spotted is the one Droplet that a message speaks of by its name; none if it speaks
// of several. It is chosen, not typed: the person looks at it before they go on.
func (h *Handler) spotted(ctx context.Context, text string) card.Picked {
	ds, err := h.Offers.Recent(ctx)
	if err != nil {
		h.Log.Warn("what a message speaks of could not be looked up", "error", err)
	}
	said := map[string]bool{}
	for _, word := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-._", r)
	}) {
		said[strings.Trim(word, ".-_")] = true
	}
	ds = slices.DeleteFunc(ds, func(d api.Droplet) bool { return !said[strings.ToLower(d.Name)] })
	if len(ds) != 1 {
		return card.Picked{}
	}
	return card.Picked{Value: strconv.Itoa(ds[0].ID)}
}

// view draws a form as it has to look with what is filled in.
func (h *Handler) view(ctx context.Context, f form, note string) (slack.ModalViewRequest, error) {
	out := card.Form{ID: f.ID, Catalogue: api.Catalogue(), Action: f.action, Target: f.target, Of: f.of(), Args: maps.Clone(f.args), Reason: f.reason,
		Note: note, Channel: f.Channel, Thread: f.Thread}
	if d := h.known(ctx, f.chosen()); d != nil {
		out.Droplet = d
		out.Target.Label = cmp.Or(out.Target.Label, card.Options([]api.Droplet{*d})[0].Text.Text)
	}
	if f.confirms(f.action, f.values()) {
		out.Confirm, out.Confirmed = cmp.Or(f.target.Label, f.target.Value), f.confirmed
		if out.Droplet != nil {
			out.Confirm = out.Droplet.Name
		}
	}
	f.Verb, f.Target, f.Region = "", f.target.Value, ""
	if f.action != nil {
		f.Verb = f.action.Verb()
		of := deref(out.Droplet)
		if f.makes() {
			f.Target, f.Region = "", f.of()
			of.Region = f.Region
		}
		ctx, cancel := context.WithTimeout(ctx, h.slower(labelWithin))
		defer cancel()
		live, unread := h.withPlans(ctx, f.action)
		out.Action, out.Note = live, strings.TrimSpace(out.Note+"\n"+unread)
		for _, param := range f.action.Params {
			if none := h.labels(ctx, param, of, &out); none != "" {
				out.Note = strings.TrimSpace(out.Note + "\n" + none)
			}
		}
	}
	meta, err := json.Marshal(f.purpose)
	if err != nil {
		return slack.ModalViewRequest{}, fmt.Errorf("write down what a modal is for: %w", err)
	}
	out.Meta = string(meta)
	return out.View(), nil
}

// known is a Droplet as it was listed last; nil if it was not.
func (h *Handler) known(ctx context.Context, id int) *api.Droplet {
	if id == 0 {
		return nil
	}
	ds, err := h.Offers.Recent(ctx)
	if err != nil {
		h.Log.Warn("a Droplet that was chosen can't be shown", "droplet", id, "error", err)
	}
	if i := slices.IndexFunc(ds, func(d api.Droplet) bool { return d.ID == id }); i >= 0 {
		return &ds[i]
	}
	return nil
}

// labelWithin is how long a modal waits for how its menus show what is in them:
// without that it shows what would be typed.
const labelWithin = time.Second

// labels shows an argument as its menu does. It answers a sentence where there is
// nothing to choose from, and has what the menu will be asked for looked up.
func (h *Handler) labels(ctx context.Context, param api.Param, of api.Droplet, out *card.Form) (none string) {
	p, has := out.Args[param.Name]
	each := []card.Picked{p}
	if param.Kind.Several() {
		each = p.Apart()
	}
	if !param.Kind.Listed() || has && !slices.ContainsFunc(each, func(one card.Picked) bool { return one.Label == one.Value }) {
		return ""
	}
	all, err := h.Offers.Options(ctx, param.Kind, of)
	switch {
	case api.KindOf(err) == api.Forbidden:
		out.Lacks = append(out.Lacks, param.Name)
		return ""
	case err != nil:
		h.Log.Debug("what a menu offers is not there yet", "param", param.Name, "error", err)
		return ""
	}
	if has {
		for i := range each {
			each[i] = labelled(param.Kind, all, each[i], of.Region)
		}
		if p = each[0]; param.Kind.Several() {
			p = card.Together(each)
		}
		out.Args[param.Name] = p
	}
	if len(all) == 0 && of.ID != 0 {
		return fmt.Sprintf("⚠️ There is no %s for %s.", param.Kind, code(of.Name))
	}
	return ""
}

// labelled is a value as a menu shows it. An asset can have been typed by its name: where
// that is to mean what it would mean in a command, it stands there as it was typed.
func labelled(k api.Kind, all []api.Option, p card.Picked, region string) card.Picked {
	i := slices.IndexFunc(all, func(o api.Option) bool { return o.Value == p.Value || k.Asset() && strings.EqualFold(o.Value, p.Value) })
	if i < 0 && k.Asset() && !api.IsAssetID(k, p.Value) && (region != "" || k == api.Keys) {
		called := func(o api.Option) bool { return o.Name == p.Value }
		if i = slices.IndexFunc(all, called); i >= 0 && slices.ContainsFunc(all[i+1:], called) {
			i = -1
		}
	}
	if i < 0 {
		return p
	}
	return card.Picked{Value: all[i].Value, Label: all[i].Name}
}

func deref(d *api.Droplet) api.Droplet {
	if d == nil {
		return api.Droplet{}
	}
	return *d
}

// redraws has a modal follow what was chosen in it.
func (h *Handler) redraws(ctx context.Context, e approvals.Envelope, in interaction) (Reply, error) {
	f, ok := in.form()
	if !ok {
		return h.ignored(e, "a choice in a modal that can't be read")
	}
	v, err := h.view(ctx, f, f.gone())
	if err != nil {
		return Reply{}, err
	}
	if err := h.Views.UpdateView(ctx, ViewRef{ID: in.View.ID, Hash: in.View.Hash}, v); !errors.Is(err, ErrNoView) {
		return Reply{}, err
	}
	return Reply{}, nil // a newer choice is drawn already
}

// shortcut opens the modal from a message. Who may do nothing is told that.
func (h *Handler) shortcut(ctx context.Context, e approvals.Envelope, in interaction) (Reply, error) {
	if in.CallbackID != OperateShortcut || in.Channel.ID == "" {
		return h.ignored(e, "a shortcut "+in.CallbackID)
	}
	return orSaid(e.Attempt, in.address(), Reply{}, h.operate(ctx, e, in))
}

func (h *Handler) operate(ctx context.Context, e approvals.Envelope, in interaction) error {
	if err := h.admit(ctx, in.who(), "shortcut "+in.CallbackID); err != nil {
		return err
	}
	a := asked{
		who: in.who(), to: in.address(), text: typed(in.Message.Text), call: "/droplet", words: e.Key, attempt: e.Attempt, trigger: in.TriggerID,
		origin: approvals.Origin{TeamID: in.User.TeamID, ChannelID: in.Channel.ID, ThreadTS: cmp.Or(in.Message.ThreadTS, in.Message.TS), Unthreaded: in.thread() == "",
			Group:       groupMessage(in.Channel.Name),
			ResponseURL: in.ResponseURL},
	}
	if opened, err := h.opens(ctx, a, words{}); opened || err != nil {
		return err
	}
	return mistake("Slack did not let me open a window for this. Reply in the thread instead: " +
		card.Typed("@"+h.Name+" reboot web-1") + ", or any other command.")
}
