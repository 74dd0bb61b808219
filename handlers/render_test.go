package handlers

import (
	"slices"
	"strings"
)

// render writes words so that split reads the same ones again.
func render(ws []word) string {
	var parts []string
	for _, w := range ws {
		s := ""
		if w.flag != "" {
			s = "--" + w.flag
			if w.valued {
				s += "="
			}
		}
		if w.quoted {
			s += quote(w.text)
		} else {
			s += w.text
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, " ")
}

// quote puts a value in quotes.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		if r == '\\' || slices.Contains([]rune(doubles+singles), r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	b.WriteByte('"')
	return b.String()
}
