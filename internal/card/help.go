package card

import (
	"slices"
	"strings"

	"dropletops/api"
)

// Verb is a verb that only looks, such as list.
type Verb struct {
	Name    string
	Usage   string // "list [glob] [--tag <tag>]"
	Summary string // mrkdwn of our own
	Example string // "list web*"
	Flags   []api.Param
}

// Help gives every verb a line. call is what stands in front of a verb, such as
// /droplet.
func Help(call string, all []*api.Action, looking []Verb) Message {
	lines := []string{"*Type* " + code(call+" <verb> <target>") + ". The words are the same in a command and after a mention of the bot. " +
		"The target is a Droplet's name or ID, or " + code("tag:<tag>") + " for all with that tag. " +
		code(`--reason "…"`) + " may be added to every change."}
	lines = append(lines, "", "*Look* (only you see the answer, until you show it to the channel)")
	for _, v := range looking {
		lines = append(lines, "• "+code(v.Name)+": "+v.Summary)
	}
	sorted := map[api.Danger][]string{}
	for _, a := range all {
		d := dangerOf(a, nil)
		sorted[d] = append(sorted[d], "• "+code(a.Verb())+": "+Escape(a.Summary)+switches(a))
	}
	for _, d := range []struct {
		danger api.Danger
		words  string
	}{
		{api.Safe, "Change, safely"},
		{api.Disruptive, "Change, with an interruption of service"},
		{api.Irreversible, "Change what cannot be undone: you confirm"},
		{api.Destructive, "Change what loses data, access or a safety net: another person approves"},
	} {
		if len(sorted[d.danger]) > 0 {
			lines = append(append(lines, "", "*"+d.words+"*"), sorted[d.danger]...)
		}
	}
	lines = append(lines, "", "*More than one Droplet:* you confirm any change first; "+interrupting(all)+" need another person's approval then. What is so already is left out.")
	return Reply(strings.Join(append(lines, "", "More on one verb: "+code(call+" help rebuild")), "\n"))
}

// switches names those of an action's flags with which another person approves.
func switches(a *api.Action) string {
	for _, p := range a.Params {
		if p.Kind == api.Switch && dangerOf(a, nil) != api.Destructive && dangerOf(a, api.Args{p.Name: "true"}) == api.Destructive {
			return "; " + code("--"+p.Name) + " needs another person's approval"
		}
	}
	return ""
}

// interrupting lists the verbs that interrupt service.
func interrupting(all []*api.Action) string {
	var out []string
	for _, a := range all {
		if dangerOf(a, nil) == api.Disruptive {
			out = append(out, code(a.Verb()))
		}
	}
	return enumerate(out)
}

// HelpNobody is the help for who may do nothing; why is a sentence of mrkdwn.
func HelpNobody(why, call string) Message {
	return Reply("Dropletops operates DigitalOcean Droplets from Slack: it lets people reboot or rebuild them, with approvals. " +
		why + " What works for you: " + code(call+" help") + ".")
}

// HelpLooking explains one verb that only looks.
func HelpLooking(v Verb, call string) Message {
	lines := []string{"*" + capital(Escape(v.Name)) + ":* " + v.Summary + ".", "*Type:* " + code(call+" "+v.Usage)}
	for _, p := range v.Flags {
		line := "• " + code("--"+p.Name) + ": " + Escape(p.Doc)
		if len(p.Choices) > 0 {
			line += " (" + Escape(strings.Join(p.Choices, ", ")) + ")"
		}
		lines = append(lines, line+"; optional")
	}
	lines = append(lines, "*Example:* "+code(call+" "+v.Example),
		"It changes nothing. Only you see the answer; a button shows it to the channel.")
	return Reply(strings.Join(lines, "\n"))
}

// HelpAction explains one verb that changes something: how it is typed, what it
// takes, and an example on a Droplet of that name.
func HelpAction(a *api.Action, call, droplet string) Message {
	lines := []string{"*" + Escape(a.Title) + ":* " + prose(capital(a.Summary)), "*Type:* " + code(call+" "+a.Usage())}
	example := call + " " + a.Verb() + " " + droplet
	for _, p := range a.Params {
		typed := p.Name
		if p.Flag {
			typed = "--" + p.Name
		}
		line := "• " + code(typed) + ": " + Escape(p.Doc)
		if len(p.Choices) > 0 {
			line += " (" + Escape(strings.Join(p.Choices, ", ")) + ")"
		}
		if !p.Required {
			line += "; optional"
		}
		if p.Kind == api.Switch && dangerOf(a, api.Args{p.Name: "true"}) != dangerOf(a, nil) {
			line += ". " + dangerWords(dangerOf(a, api.Args{p.Name: "true"}))
		}
		lines = append(lines, line)
		switch {
		case p.Flag && p.Kind == api.Switch && p.Required:
			example += " --" + p.Name
		case p.Flag && p.Required:
			example += " --" + p.Name + " " + p.Example
		case !p.Flag && p.Required && p.Example != "":
			example += " " + p.Example
		}
	}
	lines = append(lines, "*Example:* "+code(example))
	for _, words := range []string{dangerWords(dangerOf(a, nil)), severalWords(a)} {
		if words != "" {
			lines = append(lines, words)
		}
	}
	return Reply(strings.Join(lines, "\n"))
}

func dangerWords(d api.Danger) string {
	switch d {
	case api.Disruptive:
		return "⚠️ It interrupts service."
	case api.Irreversible:
		return "⚠️ It cannot be undone, so you confirm it first."
	case api.Destructive:
		return "⚠️ It loses data, access or a safety net, so another person has to approve it."
	}
	return ""
}

// severalWords says what is different for more than one Droplet.
func severalWords(a *api.Action) string {
	switch d := dangerOf(a, nil); {
	case d == api.Destructive, slices.ContainsFunc(a.Params, ofOne):
		return ""
	case d == api.Disruptive:
		return "On more than one Droplet, another person has to approve it."
	}
	return "On more than one Droplet, you confirm it first."
}

// ofOne tells parameters whose value is one Droplet's own.
func ofOne(p api.Param) bool {
	return p.Required && (p.Kind == api.Text || p.Kind == api.Backup || p.Kind == api.Kernel)
}

// dangerOf is an action's danger with these arguments.
func dangerOf(a *api.Action, args api.Args) api.Danger {
	if a.Danger == nil {
		return api.Safe
	}
	return a.Danger(args)
}
