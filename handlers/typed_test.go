package handlers

import (
	"strings"
	"testing"

	"dropletops/api"
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

// A reason keeps what a link, a person, a group or a channel is behind its label; other
// words have the label alone.
func TestAReasonKeepsWhatLinksLeadTo(t *testing.T) {
	for _, tc := range []struct{ name, slack, want string }{
		{"a link", `see <https://g.example/x?a=1&amp;b=2|dashboard>`, "see dashboard (https://g.example/x?a=1&b=2)"},
		{"a link that pretends", `<https://evil.example|https://good.example>`, "https://good.example (https://evil.example)"},
		{"a link as typed", `<https://g.example/x>`, "https://g.example/x"},
		{"a host", `<http://web-1.example.com|web-1.example.com>`, "web-1.example.com"},
		{"a mail address", `<mailto:ops@example.com|ops@example.com>`, "ops@example.com"},
		{"a mail address with a name", `<mailto:ops@example.com|the team>`, "the team (mailto:ops@example.com)"},
		{"a telephone number", `<tel:+4912345|+49 123-45>`, "+49 123-45"},
		{"a person", `<@U012AB3CD|alice> said so`, "@alice (U012AB3CD) said so"},
		{"a person without a name", `<@U012AB3CD>`, "@U012AB3CD"},
		{"a channel", `see <#C024BE7LR|ops>`, "see #ops (C024BE7LR)"},
		{"a channel without a name", `see <#C024BE7LR|>`, "see #C024BE7LR"},
		{"a group", `<!subteam^SAZ94GDB8|@sre>`, "@sre (SAZ94GDB8)"},
		{"a group without a name", `<!subteam^SAZ94GDB8>`, "@SAZ94GDB8"},
		{"everyone", `<!here> <!channel|channel>`, "@here @channel"},
		{"several", `<https://a.example|a> and <https://b.example|b>`, "a (https://a.example) and b (https://b.example)"},
		{"a mark that was typed", "a\ue000(\ue000b\ue000)\ue000", "a(b)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w, err := (parser{catalogue: api.Catalogue(), call: "/droplet"}).parse(marked(`reboot web-1 --reason "` + tc.slack + `"`))
			if err != nil || w.reason != tc.want {
				t.Errorf("%q, %v; want %q", w.reason, err, tc.want)
			}
			if stored := redact(marked(`reboot web-1 --reason "` + tc.slack + `"`)); stored != `reboot web-1 --reason "`+tc.want+`"` {
				t.Errorf("stored: %s", stored)
			}
		})
	}
	for _, slack := range []string{`rename <https://cloud.example/1|web-1> web-2 --reason <https://g.example/x|why>`, `rename <https://cloud.example/1|web-1> web-2 --reason=<https://g.example/x|why>`} {
		w, err := (parser{catalogue: api.Catalogue(), call: "/droplet"}).parse(marked(slack))
		if err != nil || w.target != "web-1" || w.reason != "why (https://g.example/x)" {
			t.Errorf("%s: %q, %q, %v", slack, w.target, w.reason, err)
		}
	}
	for modal, want := range map[string]string{
		"<https://g.example/x|dashboard> & more": "dashboard (https://g.example/x) & more", "<@U012AB3CD|alice>": "@alice (U012AB3CD)",
		"<!subteam^SAZ94GDB8|@sre>": "@sre (SAZ94GDB8)", "load < 5 &lt; 6": "load < 5 &lt; 6", "<!channel>": "<!channel>",
	} {
		if got := reasonTyped(modal); got != want {
			t.Errorf("in a modal %q is %q, want %q", modal, got, want)
		}
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
