package handlers

import (
	"context"
	"errors"
	"strings"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/card"
)

// help explains what the asker may do, with examples on Droplets of their own
// where those are at hand. Whoever may do nothing is told that, and no more.
// Where Slack does not say who they are, all of it is explained: reading it does
// no harm.
func (h *Handler) help(ctx context.Context, a asked, w words) card.Message {
	var no *approvals.Refusal
	who, err := h.Requests.Admit(ctx, a.who)
	if errors.As(err, &no) {
		return card.HelpNobody(no.Sentence, a.call)
	}
	known := h.Account.Known()
	judge := err == nil // else nobody is known of whom the policy could say anything
	switch {
	case w.look != nil:
		return card.HelpLooking(verbOf(w.look, known), a.call)
	case w.action != nil:
		o, _ := h.outlook(ctx, who, a.origin.ChannelID, w.action, known, judge)
		return card.HelpAction(w.action, a.call, fill("{name}", known), o)
	}
	var looking []card.Verb
	for _, l := range looks() {
		looking = append(looking, verbOf(l, known))
	}
	var may []card.Operation
	left := 0
	for _, action := range api.Catalogue() {
		o, told := h.outlook(ctx, who, a.origin.ChannelID, action, known, judge)
		judge = judge && told // who did not answer for one verb is not waited for with each
		if o.Forbidden() {
			left++
			continue
		}
		may = append(may, card.Operation{Action: action, Outlook: o})
	}
	return card.Help(a.call, may, looking, left)
}

// probed is how many Droplets a verb is tried on for the help. Judging one takes some
// 50 µs.
const probed = 100

// outlook is what the policy says of someone's action on the account's Droplets; told
// is whether it could be asked.
func (h *Handler) outlook(ctx context.Context, who approvals.Person, channel string, a *api.Action, known []api.Droplet, judge bool) (o approvals.Outlook, told bool) {
	var on []approvals.Droplet
	switch {
	case !judge:
	case a.Make != nil:
		on = []approvals.Droplet{{}} // one that is to be made
	case len(known) <= probed:
		for _, d := range known {
			on = append(on, approvals.Droplet(d))
		}
	}
	args := h.examples(a)
	o = h.Requests.Outlook(ctx, who, approvals.Action{Type: a.Type, Args: args, Danger: approvals.Danger(a.Danger(args))}, channel, on)
	return o, len(o.Outcomes) > 0 || len(on) == 0
}

// examples are arguments as the action always has them: a rule that reads one which
// is not there denies, and would deny nobody who asks.
func (h *Handler) examples(a *api.Action) api.Args {
	out := api.Args{}
	for _, p := range a.Params {
		switch {
		case p.Required && p.Example != "":
			out[p.Name] = p.Example
		case p.Default != nil:
			out[p.Name] = p.Default(api.Droplet{}, h.Now())
		}
	}
	return out
}

func verbOf(l *look, known []api.Droplet) card.Verb {
	return card.Verb{Name: l.verb, Usage: l.usage(), Summary: l.summary, Example: strings.TrimSpace(l.verb + " " + fill(l.example, known)), Flags: l.params}
}

// fill puts a Droplet's name and region into an example: one of the account's
// own, whose name can be typed as it is.
func fill(example string, known []api.Droplet) string {
	name, region := "web-1", "nyc3"
	for _, d := range known {
		if names.MatchString(d.Name) && len(d.Name) <= 40 && d.Region != "" && d.Status == "active" {
			name, region = d.Name, d.Region
			break
		}
	}
	if strings.Contains(example, "*{name}*") {
		part, _, _ := strings.Cut(name, "-")
		return strings.ReplaceAll(example, "*{name}*", part+"*")
	}
	return strings.NewReplacer("{name}", name, "{region}", region).Replace(example)
}
