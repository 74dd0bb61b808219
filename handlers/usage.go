package handlers

import (
	"slices"
	"strings"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/card"
)

// mistake is what is wrong with what someone typed, as a sentence of mrkdwn for
// them alone. Whatever stands in it from outside has gone through code.
func mistake(sentence string) error { return &approvals.Refusal{Sentence: sentence} }

// code shows text from outside as code.
func code(s string) string { return card.Code(s) }

// codes shows several.
func codes(all []string) string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = code(s)
	}
	return strings.Join(out, ", ")
}

// plain shows a sentence of the catalogue's or of DigitalOcean's, which may hold
// a name from outside.
func plain(sentence string) string { return card.Escape(sentence) }

func (p parser) example(words string) string { return card.Typed(p.call + " " + words) }

// usage says how a verb is typed, with an example.
func (p parser) usage(g grammar) string {
	return "Usage: " + p.example(g.usage) + ". For example: " + p.example(g.example) + "."
}

// exampleOf is a verb with all that it must be given.
func exampleOf(a *api.Action) string {
	parts := []string{a.Verb(), "web-1"}
	for _, param := range a.Params {
		switch {
		case !param.Required || param.Example == "":
		case param.Flag:
			parts = append(parts, "--"+hyphenated(param.Name), param.Example)
		default:
			parts = append(parts, param.Example)
		}
	}
	return strings.Join(parts, " ")
}

// valueOf says what a parameter wants.
func valueOf(param api.Param) string {
	switch {
	case param.Name == reason:
		return "the reason, in quotes,"
	case len(param.Choices) > 0:
		return "one of " + codes(param.Choices)
	case param.Example != "":
		return "a value such as " + code(param.Example)
	}
	return "a value"
}

// meant are verbs of ours by what people call them elsewhere: on a command line, in a
// control panel, with another provider. A guess by letters alone would make restore of
// restart.
var meant = map[string][]string{
	"add": {"create"}, "boot": {"power-on", "reboot"}, "bounce": {"reboot"}, "delete": {"destroy"}, "describe": {"info"},
	"down": {"stop", "power-off"}, "get": {"info", "list"}, "halt": {"stop", "power-off"}, "hard-reboot": {"power-cycle"},
	"launch": {"create"}, "ls": {"list"}, "new": {"create"}, "off": {"stop", "power-off"}, "on": {"power-on"},
	"poweroff": {"power-off"}, "poweron": {"power-on"}, "provision": {"create"}, "ps": {"list"}, "reimage": {"rebuild"},
	"reinstall": {"rebuild"}, "remove": {"destroy"}, "reset": {"power-cycle", "password-reset"}, "restart": {"reboot"},
	"revert": {"restore"}, "rm": {"destroy"}, "rollback": {"restore"}, "scale": {"resize"}, "show": {"info", "list"}, "shut-down": {"shutdown"},
	"start": {"power-on"}, "status": {"info", "list"}, "switch-off": {"stop", "power-off"}, "switch-on": {"power-on"},
	"terminate": {"destroy"}, "turn-off": {"stop", "power-off"}, "turn-on": {"power-on"}, "up": {"power-on"}, "wipe": {"rebuild"},
}

// unknownVerb says what may have been meant by words whose first is no verb.
func (p parser) unknownVerb(ws []word) error {
	s, all := "There is no verb "+code(ws[0].text)+". ", "All verbs: "+p.example("help")+"."
	verb := hyphenated(ws[0].text)
	near := p.means(verb)
	if len(ws) > 1 && ws[1].flag == "" { // "power cycle", "turn off"
		if both := verb + "-" + hyphenated(ws[1].text); p.knows(both) {
			near = []string{both}
		} else if m := p.means(both); len(m) > 0 {
			near = m
		}
	}
	if len(near) == 0 {
		near = api.Nearest(verb, verbs(p.catalogue))
	}
	if len(near) == 0 {
		return mistake(s + all)
	}
	return mistake(s + "Did you mean " + either(near) + "? " + all)
}

// means are the verbs there are that go by another name elsewhere.
func (p parser) means(verb string) []string {
	return slices.DeleteFunc(slices.Clone(meant[verb]), func(v string) bool { return !p.knows(v) })
}

func (p parser) unknownFlag(g grammar, name string) error {
	var names []string
	for _, param := range g.params {
		names = append(names, hyphenated(param.Name))
	}
	if g.reasons {
		names = append(names, reason)
		if !slices.Contains(names, timeout) {
			names = append(names, timeout)
		}
	}
	s := "`" + g.verb + "` has no flag " + code("--"+name) + ". "
	near := api.Nearest(name, names)
	if i := slices.IndexFunc(g.params, func(p api.Param) bool { return p.Kind == api.Script }); i >= 0 && namesScript(name) {
		near = []string{hyphenated(g.params[i].Name)}
	}
	if len(near) > 0 {
		s += "Did you mean " + code("--"+near[0]) + "? "
	}
	for i, n := range names {
		names[i] = "--" + n
	}
	switch len(names) {
	case 0:
		return mistake(s + "It takes none. " + p.usage(g))
	case 1:
		return mistake(s + "It takes " + codes(names) + " alone.")
	}
	return mistake(s + "It takes " + codes(names) + ".")
}

func (p parser) tooMany(g grammar, extra []word) error {
	texts := make([]string, len(extra))
	for i, w := range extra {
		texts[i] = w.text
	}
	s := "This is more than `" + g.verb + "` takes: " + codes(texts) + ". "
	if g.reasons && !g.needed { // it takes several Droplets, but not so
		s += "Several Droplets go with commas: `web-1,web-2`. "
	}
	return mistake(s + "A value of several words belongs in quotes. " + p.usage(g))
}

// missing names what must be given and was not. A target alone is asked for by
// a menu.
func (p parser) missing(w *words, g grammar) error {
	var lacks, params []string
	for _, param := range g.params {
		// What is to be chosen from what a Droplet has is offered once that is known.
		if _, given := w.args[param.Name]; !given && param.Required && !(w.target != "" && choosable(param)) {
			name := "the " + strings.ReplaceAll(param.Name, "_", " ")
			if param.Flag {
				name = "`--" + hyphenated(param.Name) + "`"
			}
			lacks, params = append(lacks, name), append(params, param.Name)
		}
	}
	if len(lacks) == 0 && !(g.needed && w.target == "") {
		return nil
	}
	if w.target == "" {
		lacks = append([]string{g.first}, lacks...)
	}
	return &incomplete{params, mistake("`" + w.verb + "` lacks " + strings.Join(lacks, " and ") + ". " + p.usage(g))}
}

// either lists suggestions: "a, b or c".
func either(names []string) string {
	if len(names) < 2 {
		return codes(names)
	}
	last := len(names) - 1
	return codes(names[:last]) + " or " + code(names[last])
}
