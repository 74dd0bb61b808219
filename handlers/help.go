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
	if _, err := h.Requests.Admit(ctx, a.who); errors.As(err, &no) {
		return card.HelpNobody(no.Sentence, a.call)
	}
	known := h.Account.Known()
	switch {
	case w.look != nil:
		return card.HelpLooking(verbOf(w.look, known), a.call)
	case w.action != nil:
		return card.HelpAction(w.action, a.call, fill("{name}", known))
	}
	var looking []card.Verb
	for _, l := range looks() {
		looking = append(looking, verbOf(l, known))
	}
	return card.Help(a.call, api.Catalogue(), looking)
}

func verbOf(l *look, known []api.Droplet) card.Verb {
	return card.Verb{Name: l.verb, Usage: l.usage(), Summary: l.summary, Example: l.verb + " " + fill(l.example, known), Flags: l.params}
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
