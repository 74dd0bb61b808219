package card

import (
	"fmt"
	"strconv"

	"dropletops/api"
	"dropletops/approvals"

	"github.com/slack-go/slack"
)

// Pick asks which of several Droplets is meant that bear one name. The question
// is mrkdwn. The list stands in the text too, for whoever can't see the menu.
func Pick(blockID, question string, ds []api.Droplet) Message {
	options := Options(ds)
	if len(options) == 0 {
		return Reply(question)
	}
	menu := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic,
		plain("Choose a Droplet"), "pick", options...)
	var lines []string
	const listed = 20 // who can't use the menu names the Droplet by its ID
	for _, d := range ds[:min(listed, len(options))] {
		who, rest := optionWords(d)
		lines = append(lines, "• "+Escape(who)+" · "+Escape(rest))
	}
	if n := len(options) - len(lines); n > 0 {
		lines = append(lines, fmt.Sprintf("and %d more in the menu", n))
	}
	more := ""
	if n := len(ds) - len(options); n > 0 {
		more = fmt.Sprintf("%d more are not in the menu: name the one you mean by its ID.", n)
	}
	var s sheet
	s.section(question)
	s.section(lines...)
	s.actions(blockID, menu)
	s.context(more)
	return s.message(joined(append(append([]string{question}, lines...), more)))
}

// Search asks for a Droplet that is looked for while its name is typed. The
// question is mrkdwn.
func Search(blockID, question string) Message {
	menu := slack.NewOptionsSelectBlockElement(slack.OptTypeExternal,
		plain("Type part of a name"), "pick")
	none := 0 // the first ones are offered before anything is typed
	menu.MinQueryLength = &none
	var s sheet
	s.section(question)
	s.actions(blockID, menu)
	return s.message(question)
}

// Options are Droplets as a menu's options, as many as Slack takes: the value
// is the Droplet's ID, and the label tells it from others of its name.
func Options(ds []api.Droplet) []*slack.OptionBlockObject {
	out := []*slack.OptionBlockObject{} // never null on the wire
	for _, d := range ds[:min(maxOptions, len(ds))] {
		who, rest := optionWords(d)
		rest = " · " + label(rest)
		who = cut(label(who), maxOption-length(rest)) // the ID is never cut off: it tells them apart
		out = append(out, slack.NewOptionBlockObject(strconv.Itoa(d.ID), plain(who+rest), nil))
	}
	return out
}

// optionWords are a Droplet's name, and what tells it from others of that name.
func optionWords(d api.Droplet) (who, rest string) {
	rest = strconv.Itoa(d.ID)
	for _, p := range []string{d.Region, d.Status} {
		if p := cut(clean(p), 15); p != "" {
			rest += " · " + p
		}
	}
	return bare(approvals.Droplet(d), maxShort), rest
}
