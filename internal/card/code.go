package card

import "strings"

// longestCode is how much of what was typed is said back, in characters: enough
// to know it again.
const longestCode = 80

// Code shows text from outside as code, cut to a length that is read at a
// glance. Within a code span Slack formats nothing, so what stands there can be
// copied as it is, which what [Escape] answers can't always be.
func Code(s string) string {
	if rs := []rune(s); len(rs) > longestCode {
		s = string(rs[:longestCode]) + "…"
	}
	return code(s)
}

// Typed shows a command as it is to be typed, in full.
func Typed(command string) string { return code(command) }

// code shows what is typed as it is typed, on one line. A backtick would end the
// span, and Slack knows no way to write one in it.
func code(s string) string {
	s = strings.TrimSpace(strings.ReplaceAll(clean(s), "`", "'"))
	if s == "" {
		return "“”"
	}
	return "`" + entities.Replace(s) + "`"
}
