package main

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// visible writes what a terminal would act upon, or what changes how the text around
// it looks, as an escape: control and format characters, those that turn the direction
// of writing among them, line and paragraph separators, and what is no valid UTF-8.
// The escapes are those of JSON, in which they mean the same.
func visible(s string) string {
	plain := func(r rune) bool {
		return !unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp) && r != utf8.RuneError
	}
	if !strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case plain(r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// visibleLines makes each line that is written to it visible. Each Write is whole lines.
type visibleLines struct{ io.Writer }

func (v visibleLines) Write(p []byte) (int, error) {
	for line := range strings.Lines(string(p)) {
		text, end := strings.CutSuffix(line, "\n")
		text = visible(text)
		if end {
			text += "\n"
		}
		if _, err := io.WriteString(v.Writer, text); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}
