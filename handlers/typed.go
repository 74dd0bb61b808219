package handlers

import (
	"regexp"
	"strings"
	"unicode"

	"dropletops/internal/card"
)

// link is what Slack puts between < and >: a mention of a person, channel or
// group, a date, or something it took for a link. Anything else between the two
// is what someone typed, where the text came unescaped.
var link = regexp.MustCompile(`<([@#!][^<>]*|[A-Za-z][A-Za-z0-9+.-]*:[^<>]*)>`)

// unescape undoes Slack's three entities, in one pass: "&amp;lt;" was "&lt;".
var unescape = strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">")

// typed turns text as Slack delivers it back into what was typed: a Droplet
// called web-1.example.com arrives as <http://web-1.example.com|web-1.example.com>.
// What it answers is plain text; it may say <!channel> and must be escaped again
// wherever it is shown.
func typed(text string) string {
	var b strings.Builder
	for {
		at := link.FindStringIndex(text)
		if at == nil {
			b.WriteString(unescape.Replace(text))
			return b.String()
		}
		b.WriteString(unescape.Replace(text[:at[0]]))
		b.WriteString(unescape.Replace(label(text[at[0]+1 : at[1]-1])))
		text = text[at[1]:]
	}
}

// label is what people saw of a link: its label where it has one.
func label(link string) string {
	target, label, labeled := strings.Cut(link, "|")
	switch {
	case strings.HasPrefix(target, "!date^"):
		return label
	case link[0] == '!' && labeled: // <!subteam^S1|@oncall>
		return "@" + strings.TrimPrefix(label, "@")
	case link[0] == '!':
		return "@" + target[1:]
	case link[0] == '@' || link[0] == '#':
		if !labeled || label == "" {
			label = target[1:]
		}
		return link[:1] + label
	case labeled:
		return label
	}
	return strings.TrimPrefix(target, "mailto:")
}

// fit answers a refusal of a text that holds what nobody can have meant.
func fit(text string) error {
	if what := unfit(text); what != "" {
		return mistake("There is " + what + " in this. Type it again rather than pasting it.")
	}
	return nil
}

// unfit answers what in a text nobody can have meant: control characters, and
// those that turn the direction of writing, by which a name can be made to look
// like another. Empty if there is nothing.
func unfit(text string) string {
	for _, r := range text {
		switch {
		case r == '\n', r == '\r', r == '\t', r == '\v', r == '\f', r == '\u0085': // white space to strings.Fields
		case unicode.IsControl(r):
			return "a control character"
		case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', r == '\u200e', r == '\u200f', r == '\u061c':
			return "a character that turns the direction of writing"
		case r == unicode.ReplacementChar:
			return "a character that is no valid UTF-8"
		}
	}
	return ""
}

// cleaned returns what somebody wrote as a value, on the command line or in a field of a
// modal: without characters that come along unseen when text is copied, without space
// around it, and empty if nothing of it can be seen.
func cleaned(text string) string {
	text = strings.TrimSpace(invisible.Replace(text))
	if !card.Visible(text) {
		return ""
	}
	return text
}

// invisible are characters without width that come along when text is copied
// from a web page.
var invisible = strings.NewReplacer("\u200b", "", "\u2060", "", "\ufeff", "", "\u00ad", "")
