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
// What it returns is plain text; it may say <!channel> and must be escaped again
// wherever it is shown.
func typed(text string) string { return labels(marked(text)) }

// marked is typed, with what each label stands for kept behind it between two marks:
// tokenize removes them, and keeps what is between them in a reason.
func marked(text string) string {
	text = unmark.Replace(text)
	var b strings.Builder
	for {
		at := link.FindStringIndex(text)
		if at == nil {
			b.WriteString(unescape.Replace(text))
			return b.String()
		}
		b.WriteString(unescape.Replace(text[:at[0]]))
		label, target := label(text[at[0]+1 : at[1]-1])
		b.WriteString(unescape.Replace(label))
		if target != "" {
			b.WriteString(targetStart + strings.Join(strings.Fields(unescape.Replace(target)), "%20") + targetEnd)
		}
		text = text[at[1]:]
	}
}

// reasonTyped returns a reason from a field of a modal. Nothing is escaped there, and what
// looks like Slack's markup for a link, a person, a channel or a group is pasted.
func reasonTyped(text string) string {
	return link.ReplaceAllStringFunc(text, func(m string) string {
		if m[1] == '!' && !strings.HasPrefix(m, "<!subteam^") {
			return m
		}
		label, target := label(m[1 : len(m)-1])
		if target == "" {
			return label
		}
		return label + " (" + target + ")"
	})
}

// The marks around a target: they begin and end with a character for private use, which
// is dropped from what is typed.
const targetStart, targetEnd = "\ue000(\ue000", "\ue000)\ue000"

var (
	unmark     = strings.NewReplacer("\ue000", "")
	markedPart = regexp.MustCompile(regexp.QuoteMeta(targetStart) + "([^\ue000]*)" + regexp.QuoteMeta(targetEnd))
)

// labels drops the targets of a marked text.
func labels(marked string) string { return markedPart.ReplaceAllLiteralString(marked, "") }

// withTargets shows the targets of a marked text: "dashboard (https://g.example/x)".
func withTargets(marked string) string { return markedPart.ReplaceAllString(marked, " ($1)") }

// label returns what people saw of a link, and what it leads to where that does not show.
func label(link string) (label, target string) {
	target, label, labeled := strings.Cut(link, "|")
	switch {
	case strings.HasPrefix(target, "!date^"):
		return label, ""
	case strings.HasPrefix(target, "!subteam^"): // <!subteam^S1|@oncall>
		id := strings.TrimPrefix(target, "!subteam^")
		if label == "" {
			return "@" + id, ""
		}
		return "@" + strings.TrimPrefix(label, "@"), id
	case link[0] == '!' && labeled:
		return "@" + strings.TrimPrefix(label, "@"), ""
	case link[0] == '!':
		return "@" + target[1:], ""
	case (link[0] == '@' || link[0] == '#') && label == "":
		return target, ""
	case link[0] == '@' || link[0] == '#':
		return link[:1] + label, target[1:]
	case !labeled:
		return strings.TrimPrefix(target, "mailto:"), ""
	case sameAddress(label, target):
		return label, ""
	}
	return label, target
}

// scheme is what Slack puts in front of an address that was typed without one.
var scheme = regexp.MustCompile(`^(?i:https?://|mailto:|tel:)`)

// sameAddress reports whether a label is the address that it leads to.
func sameAddress(label, target string) bool {
	bare := func(s string) string {
		return strings.NewReplacer(" ", "", "-", "").Replace(strings.TrimSuffix(scheme.ReplaceAllString(s, ""), "/"))
	}
	if strings.HasPrefix(target, "tel:") { // spaces and hyphens are for reading
		return bare(label) == bare(target)
	}
	return strings.TrimSuffix(label, "/") == strings.TrimSuffix(target, "/") ||
		strings.EqualFold(label, strings.TrimSuffix(scheme.ReplaceAllString(target, ""), "/"))
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
