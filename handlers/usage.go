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

func (p parser) unknownVerb(typed string) error {
	verb := hyphenated(typed)
	if slices.Contains(unready, verb) {
		return mistake("This version can't do `" + verb + "` yet. What it can do: " + p.example("help") + ".")
	}
	all := []string{"help"}
	for _, a := range p.catalogue {
		all = append(all, a.Verb())
	}
	for _, l := range looks() {
		all = append(all, l.verb)
	}
	s := "There is no verb " + code(typed) + ". "
	if near := nearest(verb, append(all, unready...)); len(near) > 0 {
		return mistake(s + "Did you mean " + either(near) + "? All verbs: " + p.example("help") + ".")
	}
	return mistake(s + "All verbs: " + p.example("help") + ".")
}

func (p parser) unknownFlag(g grammar, name string) error {
	var names []string
	for _, param := range g.params {
		names = append(names, hyphenated(param.Name))
	}
	if g.reasons {
		names = append(names, reason)
	}
	s := "`" + g.verb + "` has no flag " + code("--"+name) + ". "
	if near := nearest(name, names); len(near) > 0 {
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
	return mistake(s + "A value of several words belongs in quotes. " + p.usage(g))
}

// missing names what must be given and was not. A target alone is asked for by
// a menu.
func (p parser) missing(w *words, g grammar) error {
	var lacks []string
	for _, param := range g.params {
		// What is to be chosen from what a Droplet has is offered once that is known.
		if _, given := w.args[param.Name]; !given && param.Required && !(w.target != "" && choosable(param)) {
			name := "the " + strings.ReplaceAll(param.Name, "_", " ")
			if param.Flag {
				name = "`--" + hyphenated(param.Name) + "`"
			}
			lacks = append(lacks, name)
		}
	}
	if len(lacks) == 0 && !(g.needed && w.target == "") {
		return nil
	}
	if w.target == "" {
		lacks = append([]string{g.first}, lacks...)
	}
	return mistake("`" + w.verb + "` lacks " + strings.Join(lacks, " and ") + ". " + p.usage(g))
}

// either lists suggestions: "a, b or c".
func either(names []string) string {
	if len(names) < 2 {
		return codes(names)
	}
	last := len(names) - 1
	return codes(names[:last]) + " or " + code(names[last])
}
