package card

import (
	"strings"

	"dropletops/api"
)

// Verb is a verb of the help that is no action on a Droplet, such as list.
type Verb struct {
	Usage   string // "list [glob] --tag <tag>"
	Summary string
}

// Help explains one verb, or without one gives all of them a line.
func Help(verb *api.Action, all []*api.Action, extra ...Verb) Message {
	if verb != nil {
		return explain(verb)
	}
	lines := []string{"*Type* " + code("/droplet <verb> <target>") + ", or the same words after a mention of the bot. " +
		"The target is a Droplet's name or ID, or " + code("tag:<tag>") + " for all with that tag. " +
		code(`--reason "…"`) + " goes with every change."}
	sorted := map[api.Danger][]string{}
	for _, a := range all {
		d := dangerOf(a, nil)
		sorted[d] = append(sorted[d], "• "+code(a.Verb())+": "+Escape(a.Summary))
	}
	for _, d := range []struct {
		danger api.Danger
		words  string
	}{
		{api.Safe, "Safe"},
		{api.Disruptive, "Interrupts service"},
		{api.Irreversible, "Cannot be undone"},
		{api.Destructive, "Loses data, access or a safety net: another person approves"},
	} {
		if len(sorted[d.danger]) > 0 {
			lines = append(append(lines, "", "*"+d.words+"*"), sorted[d.danger]...)
		}
	}
	if len(extra) > 0 {
		lines = append(lines, "", "*Looking*")
	}
	for _, v := range extra {
		lines = append(lines, "• "+code(v.Usage)+": "+Escape(v.Summary))
	}
	return Reply(strings.Join(append(lines, "", "More on one verb: `/droplet help rebuild`"), "\n"))
}

// explain tells how one verb is typed, what it takes, and an example.
func explain(a *api.Action) Message {
	lines := []string{"*" + Escape(a.Title) + ":* " + prose(capital(a.Summary)), "*Type:* " + code("/droplet "+a.Usage())}
	example := "/droplet " + a.Verb() + " web-1"
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
	lines = append(lines, dangerWords(dangerOf(a, nil)))
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

// dangerOf is an action's danger with these arguments.
func dangerOf(a *api.Action, args api.Args) api.Danger {
	if a.Danger == nil {
		return api.Safe
	}
	return a.Danger(args)
}

// code shows what is typed as it is typed.
func code(s string) string {
	return "`" + entities.Replace(strings.ReplaceAll(clean(s), "`", "ˋ")) + "`"
}
