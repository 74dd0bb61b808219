package handlers

import (
	"strings"
	"unicode"

	"dropletops/api"
)

// word is one word as it was typed.
type word struct {
	text string
	// flag is the name of a --flag, in lower case with "-" for "_"; text is then
	// the value behind its "=", if valued.
	flag   string
	valued bool
	// quoted words are values, whatever they begin with.
	quoted bool
	// open says that the quote in front of it is never closed: it holds all that follows.
	open bool
}

// Slack's clients turn straight quotes into those of the language they are set
// to; any of a kind closes any of the same kind.
const (
	doubles = "\"“”„‟«»＂"
	singles = "'‘’‚‛‹›"
	dashes  = api.Dashes
)

// split takes a text apart into words, or says what is wrong with it.
func split(text string) ([]word, error) {
	ws := tokenize(text)
	for _, w := range ws {
		switch {
		case w.open:
			return nil, mistake("The quote in front of " + code(w.text) + " is not closed: put one behind its last word, too.")
		case w.flag == "" && !w.quoted && isDashes(w.text):
			return nil, mistake("A lone " + code(w.text) + " means nothing here: the name of a flag belongs right behind it, as in `--reason \"…\"`.")
		}
	}
	return ws, nil
}

// tokenize takes any text apart into words. Quotes hold words together; inside them \
// in front of a quote or of another \ makes it a plain character. A quote closes
// only in front of white space or at the end, so "it's" is a word and 'it's
// stuck' are two in one. What is stored is redacted by the same words. Of a marked text
// (see [marked]) a reason keeps the targets.
func tokenize(text string) []word {
	ws := cutApart(text)
	for i := range ws {
		w := &ws[i]
		w.flag = labels(w.flag)
		isReason := w.flag == reason && w.valued || i > 0 && w.flag == "" && ws[i-1].flag == reason && !ws[i-1].valued
		if !isReason {
			w.text = labels(w.text)
		} else if full := withTargets(w.text); full != w.text {
			w.text, w.quoted = full, true
		}
	}
	return ws
}

func cutApart(text string) []word {
	rs := []rune(invisible.Replace(text))
	var out []word
	for i := 0; ; {
		for i < len(rs) && (unicode.IsSpace(rs[i]) || ignorable(rs[i])) {
			i++
		}
		if i == len(rs) {
			return out
		}
		var w word
		if name, n := flagName(rs[i:]); n > 0 {
			w.flag = name
			i += n
			if i == len(rs) || rs[i] != '=' {
				out = append(out, w)
				continue
			}
			w.valued = true
			i++
		}
		if i < len(rs) && kindOfQuote(rs[i]) != "" {
			value, n, closed := quotedValue(rs[i:])
			w.text, w.quoted, w.open = value, true, !closed
			i += n
		} else {
			start := i
			for i < len(rs) && !unicode.IsSpace(rs[i]) {
				i++
			}
			// Names are often typed as code; no name begins or ends with one.
			w.text = strings.Trim(string(rs[start:i]), "`")
		}
		if w.flag == "" && !w.quoted && w.text == "" {
			continue // nothing but backticks
		}
		out = append(out, w)
	}
}

// flagName reads the name of a flag, and answers how many runes it takes; 0 if
// there is none. A backtick in front of it is skipped, and what nobody sees.
func flagName(rs []rune) (string, int) {
	i := 0
	for i < len(rs) && rs[i] == '`' {
		i++
	}
	dashed := false
	for i < len(rs) && (strings.ContainsRune(dashes, rs[i]) || ignorable(rs[i])) {
		dashed = dashed || !ignorable(rs[i])
		i++
	}
	if !dashed || i == len(rs) || !unicode.IsLetter(rs[i]) {
		return "", 0
	}
	start := i
	for i < len(rs) && !unicode.IsSpace(rs[i]) && rs[i] != '=' {
		i++
	}
	return hyphenated(strings.TrimRight(string(rs[start:i]), "`")), i
}

// hyphenated spells a verb or a flag as we do: in lower case, with "-" for "_"
// and for any dash, and without what nobody sees.
func hyphenated(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '_' || strings.ContainsRune(dashes, r):
			return '-'
		case ignorable(r):
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}

// ignorable reports whether a character has no width and no ink, as Unicode has it
// (Default_Ignorable_Code_Point). In a value it may join an emoji; in a name it only
// hides.
func ignorable(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

func isDashes(s string) bool { return strings.Trim(s, dashes) == "" }

// kindOfQuote answers all quotes of the same kind, empty if it is none.
func kindOfQuote(r rune) string {
	for _, kind := range []string{doubles, singles} {
		if strings.ContainsRune(kind, r) {
			return kind
		}
	}
	return ""
}

// quotedValue reads what stands in quotes, and answers how many runes it takes, and
// whether the quote is closed; otherwise it is all there is.
func quotedValue(rs []rune) (value string, n int, closed bool) {
	kind := kindOfQuote(rs[0])
	var b strings.Builder
	for i := 1; i < len(rs); i++ {
		switch r := rs[i]; {
		case r == '\\' && i+1 < len(rs) && (rs[i+1] == '\\' || kindOfQuote(rs[i+1]) != ""):
			i++
			b.WriteRune(rs[i])
		case strings.ContainsRune(kind, r) && (i+1 == len(rs) || unicode.IsSpace(rs[i+1])):
			return b.String(), i + 1, true
		default:
			b.WriteRune(r)
		}
	}
	return string(rs[1:]), len(rs), false
}
