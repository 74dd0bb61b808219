// Package secret recognizes tokens and keys by their shape and masks them, so that one
// that was put into the wrong variable, file or argument is not printed when that is
// reported. It knows no configured value: those are masked where they are known. It is
// the last line of defence, and never decides what is a valid token.
package secret

import (
	"encoding/base64"
	"io"
	"regexp"
	"strings"
)

// Masked stands for what was masked.
const Masked = "(withheld)"

// tokens are the shapes of Slack's and DigitalOcean's tokens, and of passwords in
// addresses. The beginning, which says what kind of token it is, is kept.
var tokens = []struct {
	find *regexp.Regexp
	put  string
}{
	{regexp.MustCompile(`\b(xapp|xox[a-z]+(?:\.xox[a-z]+)?)-[0-9A-Za-z._%+/=-]+`), "$1-" + Masked},
	{regexp.MustCompile(`\b(do[a-z]_v1_)[0-9A-Za-z._%+/=-]+`), "$1" + Masked},
	{regexp.MustCompile(`\b(DO[0-9A-Z]{2})[0-9A-Z]{12,}\b`), "$1" + Masked}, // of Spaces
	{regexp.MustCompile(`(://[^/\s:@"']*:)[^@\s"']+@`), "$1" + Masked + "@"},
	{regexp.MustCompile(`([\w.%+-]+:)[^@\s"'/:]+@`), "$1" + Masked + "@"}, // what is left of an address
}

// Mask masks every token in a text, and the password in every address.
func Mask(s string) string {
	for _, t := range tokens {
		s = t.find.ReplaceAllString(s, t.put)
	}
	return s
}

// words are what may hold a key of 32 bytes in base64 or hex, which DigitalOcean's tokens
// of old have as well.
var words = regexp.MustCompile(`[0-9A-Za-z+/_-]{43,}=?`)

// MaskAll also masks what may be a key. A digest in hex looks the same, so it is for
// texts that never hold one.
func MaskAll(s string) string { return words.ReplaceAllStringFunc(Mask(s), maskKeys) }

// maskKeys masks the keys in a word. They begin and end with it, or at a slash, which
// parts a path and is a character of base64, too.
func maskKeys(word string) string {
	var b strings.Builder
	begins := true
next:
	for len(word) > 0 {
		if begins {
			for _, n := range []int{64, 44, 43} { // of hex, and of base64 with and without padding
				if len(word) >= n && (len(word) == n || word[n] == '/') && isKey(word[:n]) {
					b.WriteString(Masked)
					word, begins = word[n:], false
					continue next
				}
			}
		}
		begins = word[0] == '/' || begins && word[0] == '-' // of a flag
		b.WriteByte(word[0])
		word = word[1:]
	}
	return b.String()
}

// isKey reports whether a word is 32 bytes in hex or base64. Without padding, base64
// could also be a name: only one that looks random counts.
func isKey(word string) bool {
	if len(word) == 64 && strings.Trim(word, "0123456789abcdefABCDEF") == "" {
		return true
	}
	if word, padded := strings.CutSuffix(word, "="); padded || random(word) {
		for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			if raw, err := enc.DecodeString(word); err == nil && len(raw) == 32 {
				return true
			}
		}
	}
	return false
}

// random reports whether upper case, lower case and digits follow each other as often as
// in random base64, where 27 of the 42 steps go from one kind to another, give or take 3.
func random(s string) bool {
	kind := func(c byte) int {
		switch {
		case '0' <= c && c <= '9':
			return 0
		case 'A' <= c && c <= 'Z':
			return 1
		case 'a' <= c && c <= 'z':
			return 2
		}
		return 3
	}
	steps := 0
	for i := 1; i < len(s); i++ {
		if kind(s[i]) != kind(s[i-1]) {
			steps++
		}
	}
	return steps >= 18
}

// Writer masks what is written to w with [MaskAll]. Each Write must hold whole words.
func Writer(w io.Writer) io.Writer { return writer{w} }

type writer struct{ io.Writer }

func (w writer) Write(p []byte) (int, error) {
	if _, err := io.WriteString(w.Writer, MaskAll(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}
