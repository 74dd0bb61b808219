package handlers

import (
	"strings"
	"testing"
)

func TestTyped(t *testing.T) {
	for _, tc := range []struct{ name, slack, want string }{
		{"plain", "reboot web-1", "reboot web-1"},
		{"entities", "a &amp; b &lt; c &gt; d", "a & b < c > d"},
		{"an entity of an entity", "&amp;lt;!channel&amp;gt;", "&lt;!channel&gt;"},
		{"a name Slack takes for a host", "reboot <http://web-1.example.com|web-1.example.com>", "reboot web-1.example.com"},
		{"a link as typed", "see <https://example.com/a?b=1&amp;c=2>", "see https://example.com/a?b=1&c=2"},
		{"a mail address", "<mailto:ops@example.com|ops@example.com>", "ops@example.com"},
		{"a mail address without a label", "<mailto:ops@example.com>", "ops@example.com"},
		{"a telephone number", "<tel:+4912345|+49 12345>", "+49 12345"},
		{"a person", "for <@U012AB3CD|alice>", "for @alice"},
		{"a person without a name", "for <@U012AB3CD>", "for @U012AB3CD"},
		{"a person with an empty name", "for <@U012AB3CD|>", "for @U012AB3CD"},
		{"a channel", "in <#C024BE7LR|general>", "in #general"},
		{"everyone", "<!channel> <!here|here>", "@channel @here"},
		{"a group", "<!subteam^SAZ94GDB8|@oncall>", "@oncall"},
		{"a date", "<!date^1392734382^{date}|18 Feb 2014>", "18 Feb 2014"},
		{"what was typed unescaped", "load < 5 and > 3", "load < 5 and > 3"},
		{"what looks like a tag", "<b>bold</b>", "<b>bold</b>"},
		{"open", "<http://example.com", "<http://example.com"},
		{"empty", "<> <|> <@>", "<> <|> @"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := typed(tc.slack); got != tc.want {
				t.Errorf("typed(%q)\n got %q\nwant %q", tc.slack, got, tc.want)
			}
		})
	}
}

// Escaping what a person typed, as Slack does, and reading it again changes nothing.
func FuzzTyped(f *testing.F) {
	for _, s := range []string{"", "reboot web-1", "a & b < c > d", "&amp;", "<@U1>", "<!here|x>", "<http://a|b|c>", "<!date^|"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := typed(strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)); strings.ToValidUTF8(got, "") != strings.ToValidUTF8(s, "") {
			t.Errorf("typed(escaped %q) = %q", s, got)
		}
		_ = typed(s) // as it is, it must not end in a panic
	})
}
