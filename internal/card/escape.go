package card

import (
	"net/netip"
	"regexp"
	"strings"
	"unicode"
)

// Escape makes text from outside safe to stand in mrkdwn, as one line: Slack
// finds nothing in it to format, to link, to mention or to draw as an emoji, and
// nothing in it is invisible or reorders what stands around it. What would be
// formatted is replaced by a character that looks the same, rather than broken
// up by an invisible one: that is certain to work, and it is seen to be honest.
// Plain words, Droplet names, slugs and tags come out as they are.
func Escape(s string) string {
	s = unformat(clean(s))
	return isolate(entities.Replace(s))
}

// label is Escape for plain_text, where Slack formats nothing. Its documentation
// does not say whether entities are decoded there, so none are used.
func label(s string) string {
	return isolate(angles.Replace(clean(s)))
}

// entities are the three characters that Slack's markup is made of:
// docs.slack.dev/messaging/formatting-message-text#escaping.
var (
	entities = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	angles   = strings.NewReplacer("<", "‹", ">", "›")
)

// clean makes one line of valid UTF-8 of s: white space is collapsed, and what
// can't be seen (control characters, zero-width ones, overrides of the writing
// direction) becomes U+FFFD, so that two names that look the same are the same.
func clean(s string) string {
	var b strings.Builder
	var last rune
	for _, c := range s {
		switch {
		case unicode.IsSpace(c):
			c = ' '
		case c == '\u200c' || c == '\u200d': // joins letters of some scripts, and emoji
			if last < 0x300 {
				c = unicode.ReplacementChar
			}
		case unicode.In(c, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp), blank(c):
			c = unicode.ReplacementChar
		}
		if c == ' ' && (last == ' ' || last == 0) {
			continue
		}
		b.WriteRune(c)
		last = c
	}
	return strings.TrimSuffix(b.String(), " ")
}

// Visible reports whether a text shows as anything at all. Spaces, zero-width and
// control characters, variation selectors, and letters that are drawn as nothing, do
// not.
func Visible(s string) bool {
	return strings.ContainsFunc(clean(s), func(c rune) bool {
		return c != ' ' && c != unicode.ReplacementChar && !unicode.Is(unicode.Variation_Selector, c)
	})
}

// blank tells letters that are drawn as nothing at all.
func blank(c rune) bool {
	return c == '\u034f' || c == '\u115f' || c == '\u1160' || c == '\u17b4' || c == '\u17b5' ||
		c == '\u2800' || c == '\u3164' || c == '\uffa0'
}

// lookalikes stand for what Slack would format.
var lookalikes = map[rune]rune{'*': '∗', '_': 'ˍ', '~': '∼', '`': 'ˋ'}

// emojiName is what Slack would draw as an emoji, custom ones included.
var emojiName = regexp.MustCompile(`:([A-Za-z0-9_+'’.-]+):`)

// clockPart is what stands between the colons of a time of day; Slack has no
// emoji of that name.
var clockPart = regexp.MustCompile(`^[0-9]{2}$`)

// unemoji takes emoji out of a word, unless it is an IPv6 address or a time:
// those are copied, so their colons must stay.
func unemoji(word string) string {
	if _, err := netip.ParseAddr(strings.Trim(word, ".,;()[]")); err == nil {
		return word
	}
	for from := 0; from < len(word); {
		m := emojiName.FindStringSubmatchIndex(word[from:])
		if m == nil {
			break
		}
		at, end := from+m[0], from+m[3]
		from = end // the closing colon may open the next one
		if !clockPart.MatchString(word[at+1 : end]) {
			word = word[:at] + "∶" + word[at+1:]
			from += len("∶") - 1
		}
	}
	return word
}

// unformat replaces what Slack would format. Within a word it makes nothing
// italic or struck out, so that my_name stays what it is.
func unformat(s string) string {
	rs := []rune(s)
	for i, c := range rs {
		l, ok := lookalikes[c]
		within := i > 0 && i+1 < len(rs) && word(rs[i-1]) && word(rs[i+1])
		if !ok || within && (c == '_' || c == '~') {
			continue
		}
		rs[i] = l
	}
	words := strings.Split(string(rs), " ")
	for i, w := range words {
		words[i] = unemoji(w)
	}
	return strings.Join(words, " ")
}

// word tells the characters beside which Slack takes a * or _ for part of a word.
func word(c rune) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// isolate keeps text that is written from right to left from reordering what
// stands beside it: Unicode's FIRST STRONG ISOLATE and its end.
func isolate(s string) string {
	for _, c := range s {
		if unicode.In(c, unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko) {
			return "\u2068" + s + "\u2069"
		}
	}
	return s
}

// escaped is Escape, cut to n characters as they go to Slack.
func escaped(s string, n int) string { return cut(Escape(s), n) }
