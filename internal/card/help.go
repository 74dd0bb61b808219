package card

import (
	"fmt"
	"slices"
	"strings"

	"dropletops/api"
	"dropletops/approvals"
)

// Verb is a verb that only looks, such as list.
type Verb struct {
	Name    string
	Usage   string // "list [pattern] [--tag <tag>]"
	Summary string // mrkdwn of our own
	Example string // "list web*"
	Flags   []api.Param
}

// Operation is a verb that changes something, and what the policy says of it.
type Operation struct {
	*api.Action
	Outlook approvals.Outlook
}

// Help gives every verb a line. call is what stands in front of a verb, such as
// /droplet; left is how many verbs the policy lets the asker use on nothing.
func Help(call string, all []Operation, looking []Verb, left int) Message {
	policy := "" // of a file; the built-in policy goes by what the action can do
	if len(all) > 0 {
		policy = all[0].Outlook.Policy
	}
	lines := []string{"*Type* " + code(call+" <verb> <target>") + ". The words are the same in a command and after a mention of the bot. " +
		"The target is a Droplet's name or ID, or " + code("tag:<tag>") + " for all with that tag, or several with commas between them. " +
		code(`--reason "…"`) + " may be added to every change, and " + code("--timeout 10m") + " to be told when it takes longer than that. " + code("/droplet") + " alone, or a change with something missing, " +
		"opens a window that asks for it; so does _Operate a Droplet_ among a message's actions, for its thread."}
	var sections [][]string
	part := func() { // a section holds 3,000 characters, and all verbs are more
		sections, lines = append(sections, lines), nil
	}
	part()
	lines = append(lines, "*Look* (only you see the answer, until you show it to the channel)")
	for _, v := range looking {
		lines = append(lines, "• "+code(v.Name)+": "+v.Summary)
	}
	sorted := map[api.Danger][]string{}
	for _, o := range all {
		d := dangerOf(o.Action, nil)
		if o.Danger != nil {
			d = o.DangerOn([]api.Droplet{{Status: "active"}}, nil)
		}
		sorted[d] = append(sorted[d], "• "+code(o.Verb())+": "+Escape(o.Summary)+decides(o))
	}
	for _, d := range []struct {
		danger          api.Danger
		words, byItself string
	}{
		{api.Safe, "Change, safely", ""},
		{api.Disruptive, "Change, with an interruption of service", ""},
		{api.Irreversible, "Change what cannot be undone", ": you confirm"},
		{api.Destructive, "Change what loses data, access or a safety net", ": another person approves"},
	} {
		if len(sorted[d.danger]) > 0 {
			part()
			if policy != "" {
				d.byItself = ""
			}
			lines = append([]string{"*" + d.words + d.byItself + "*"}, sorted[d.danger]...)
		}
	}
	part()
	if policy == "" {
		lines = append(lines, "*More than one Droplet:* you confirm any change first; "+interrupting(all)+" need another person's approval then. What is so already is left out.")
	} else {
		lines = append(lines, "*More than one Droplet:* the strictest of what the policy says of each holds for all. What is so already is left out.")
		who := "*Who decides* is up to a policy file (" + escaped(policy, maxShort) + "), and where none of its rules applies, to the built-in policy. The card says it before anything is done."
		if slices.ContainsFunc(all, func(o Operation) bool { return len(o.Outlook.Outcomes) > 0 }) {
			who += " Behind a verb stands what they say now, of you, in this channel, on one of the account's Droplets (_at once / others approve_: of some this, of others that); what you type with it may change that."
		}
		lines = append(lines, who)
	}
	if left > 0 {
		lines = append(lines, fmt.Sprintf("Left out: %s that the policy here lets you use on no Droplet.", verbs(left)))
	}
	lines = append(lines, "More on one verb: "+code(call+" help rebuild"))
	part()
	var out sheet
	var spoken []string
	for _, lines := range sections {
		out.section(lines...)
		spoken = append(spoken, joined(lines))
	}
	return out.message(plainly(strings.Join(spoken, "\n\n")))
}

func verbs(n int) string {
	if n == 1 {
		return "1 verb"
	}
	return fmt.Sprintf("%d verbs", n)
}

// decides says who decides, where that does not follow from what an action can do.
func decides(o Operation) string {
	if o.Outlook.Policy == "" {
		return switches(o.Action)
	}
	if words := outcomes(o.Outlook); words != "" {
		return "; _" + words + "_"
	}
	return ""
}

// outcomes are in words what the policy says of an action on the account's Droplets;
// empty where that is not known.
func outcomes(o approvals.Outlook) string {
	var out []string
	for _, is := range o.Outcomes {
		switch is {
		case approvals.Allow:
			out = append(out, "at once")
		case approvals.Confirm:
			out = append(out, "you confirm")
		case approvals.Approve:
			out = append(out, "others approve")
		default:
			out = append(out, "denied")
		}
	}
	return strings.Join(out, " / ")
}

// switches names those of an action's flags with which another person approves.
func switches(a *api.Action) string {
	for _, p := range a.Params {
		if p.Kind == api.Switch && dangerOf(a, nil) != api.Destructive && dangerOf(a, api.Args{p.Name: "true"}) == api.Destructive {
			return "; " + code(p.Flagged()) + " needs another person's approval"
		}
	}
	return ""
}

// interrupting lists the verbs that interrupt service.
func interrupting(all []Operation) string {
	var out []string
	for _, a := range all {
		if dangerOf(a.Action, nil) == api.Disruptive {
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
		line := "• " + code(p.Flagged()) + ": " + Escape(p.Doc)
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
// takes, an example on a Droplet of that name, and who decides.
func HelpAction(a *api.Action, call, droplet string, o approvals.Outlook) Message {
	file := o.Policy != ""
	lines := []string{"*" + Escape(a.Title) + ":* " + prose(capital(a.Summary)), "*Type:* " + code(call+" "+a.Usage())}
	example := call + " " + a.Verb() + " " + droplet
	for _, p := range a.Params {
		typed := p.Name
		if p.Flag {
			typed = p.Flagged()
		}
		line := "• " + code(typed) + ": " + Escape(p.Doc)
		if len(p.Choices) > 0 {
			line += " (" + Escape(strings.Join(p.Choices, ", ")) + ")"
		}
		if !p.Required {
			line += "; optional"
		}
		if p.Kind == api.Switch && dangerOf(a, api.Args{p.Name: "true"}) != dangerOf(a, nil) {
			line += ". " + dangerWords(dangerOf(a, api.Args{p.Name: "true"}), file)
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
	for _, words := range []string{dangerWords(dangerOf(a, nil), file), decisionWords(a, o)} {
		if words != "" {
			lines = append(lines, words)
		}
	}
	return Reply(strings.Join(lines, "\n"))
}

// dangerWords says what harm an action can do, and what the built-in policy makes of
// that, unless a policy file does.
func dangerWords(d api.Danger, file bool) string {
	words, so := "", ""
	switch d {
	case api.Disruptive:
		words = "⚠️ It interrupts service"
	case api.Irreversible:
		words, so = "⚠️ It cannot be undone", ", so you confirm it first"
	case api.Destructive:
		words, so = "⚠️ It loses data, access or a safety net", ", so another person has to approve it"
	default:
		return ""
	}
	if file {
		so = ""
	}
	return words + so + "."
}

// decisionWords says who decides, as far as that does not follow from the harm.
func decisionWords(a *api.Action, o approvals.Outlook) string {
	if o.Policy == "" {
		return severalWords(a)
	}
	out := "*Who decides* is up to the policy (" + escaped(o.Policy, maxShort) + "), and the card says it before anything is done."
	if words := outcomes(o); words != "" {
		out += " Now, of you, in this channel, on one of the account's Droplets: _" + words + "_; what you type with it may change that."
	}
	return out
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
