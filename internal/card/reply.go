package card

import (
	"fmt"
	"strconv"
	"strings"

	"dropletops/api"

	"github.com/slack-go/slack"
)

// Reply is a sentence for one person alone.
func Reply(mrkdwn string) Message {
	return Message{Text: mrkdwn, Blocks: []slack.Block{section(mrkdwn)}}
}

// Fault says that something of ours went wrong, with the reference under which
// the log tells what.
func Fault(reference string) Message {
	return Reply(fmt.Sprintf("Something went wrong in Dropletops. Reference: %s.", Escape(reference)))
}

// Pick lets a person choose between several Droplets that bear a name.
func Pick(blockID, question string, ds []api.Droplet) Message {
	sel := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plain("Choose a Droplet"), "pick", Options(ds)...)
	return Message{Text: question, Blocks: []slack.Block{section(question), slack.NewActionBlock(blockID, sel)}}
}

// Search lets a person look for a Droplet by typing.
func Search(blockID, question string) Message {
	sel := slack.NewOptionsSelectBlockElement(slack.OptTypeExternal, plain("Search a Droplet"), "pick")
	n := 0
	sel.MinQueryLength = &n
	return Message{Text: question, Blocks: []slack.Block{section(question), slack.NewActionBlock(blockID, sel)}}
}

// Options are Droplets as the options of a select menu.
func Options(ds []api.Droplet) []*slack.OptionBlockObject {
	out := []*slack.OptionBlockObject{}
	for _, d := range ds {
		if len(out) == 100 {
			break
		}
		out = append(out, slack.NewOptionBlockObject(strconv.Itoa(d.ID), plain(fmt.Sprintf("%s · %d · %s · %s", d.Name, d.ID, d.Region, d.Status)), nil))
	}
	return out
}

// Verb is a verb that is in no catalogue: one that reads, or the help itself.
type Verb struct {
	Usage   string // "list [glob]"
	Summary string
}

// Help explains one verb, or with none lists them all.
func Help(verb *api.Action, all []*api.Action, extra ...Verb) Message {
	var b strings.Builder
	for _, a := range all {
		fmt.Fprintf(&b, "%s: %s\n", a.Type, a.Summary)
	}
	return Reply(b.String() + "help")
}

func section(s string) *slack.SectionBlock {
	return slack.NewSectionBlock(slack.NewTextBlockObject("mrkdwn", s, false, false), nil, nil)
}

func plain(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject("plain_text", s, false, false)
}
