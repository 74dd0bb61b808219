package handlers

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"dropletops/api"
)

// scripts are an action's parameters that hold a script: it may hold secrets.
func scripts(a *api.Action) (names []string) {
	for _, p := range a.Params {
		if p.Kind == api.Script {
			names = append(names, p.Name)
		}
	}
	return names
}

// scriptFlag finds where a script begins in words that can't be taken apart.
var scriptFlag = func() *regexp.Regexp {
	var all []string
	for _, a := range api.Catalogue() {
		for _, name := range scripts(a) {
			all = append(all, strings.ReplaceAll(regexp.QuoteMeta(hyphenated(name)), "-", "["+dashes+"_]"))
		}
	}
	return regexp.MustCompile(`(?i)(` + strings.Join(all, "|") + `)`)
}()

// withheld is what was typed as it is written down: the audit log is kept for ever, and
// whatever a script holds is not for all who read it. What can't be taken apart ends
// where a script begins.
func withheld(text string) string {
	at := scriptFlag.FindStringIndex(text)
	if at == nil {
		return text
	}
	ws, err := split(text)
	if err != nil {
		return text[:at[1]] + " (withheld)"
	}
	if !slices.ContainsFunc(ws, func(w word) bool { return scriptFlag.MatchString(w.flag) }) {
		return text
	}
	var out []string
	for i := 0; i < len(ws); i++ {
		w := ws[i]
		if w.flag == "" || !scriptFlag.MatchString(w.flag) {
			out = append(out, w.written())
			continue
		}
		value := w
		if !w.valued && i+1 < len(ws) && ws[i+1].flag == "" {
			i++
			value = ws[i]
		}
		if !value.quoted { // nobody can tell where it ends
			return strings.Join(append(out, "--"+w.flag, "(withheld)"), " ")
		}
		out = append(out, "--"+w.flag, fmt.Sprintf("(%d characters)", utf8.RuneCountInString(value.text)))
	}
	return strings.Join(out, " ")
}

// written is a word as it can be typed again.
func (w word) written() string {
	text := w.text
	if w.quoted || slices.ContainsFunc([]rune(text), func(r rune) bool { return kindOfQuote(r) != "" }) {
		text = inQuotes(text)
	}
	switch {
	case w.flag != "" && w.valued:
		return "--" + w.flag + "=" + text
	case w.flag != "":
		return "--" + w.flag
	}
	return text
}
