package card_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"dropletops/internal/card"
)

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"web-1.example.com":       "web-1.example.com",
		"s-1vcpu-1gb":             "s-1vcpu-1gb",
		"change_kernel":           "change_kernel",
		"env:production":          "env:production",
		"":                        "",
		"a & b":                   "a &amp; b",
		"&lt;":                    "&amp;lt;",
		"<!channel>":              "&lt;!channel&gt;",
		"<@U0BOB> <https://a|b>":  "&lt;@U0BOB&gt; &lt;https://a|b&gt;",
		"*bold* and _italic_":     "∗bold∗ and ˍitalicˍ",
		"~gone~ `x` ```y```":      "∼gone∼ ˋxˋ ˋˋˋyˋˋˋ",
		":fire: a:smile:b":        "∶fire: a∶smile:b",
		"at 12:02:01 UTC":         "at 12:02:01 UTC",
		"is 2604:a880:bee::1.":    "is 2604:a880:bee::1.",
		"a:b:c:d":                 "a∶b∶c:d",
		" one\n two\t\r\n three ": "one two three",
		"x\u202ey":                "x\ufffdy",
		"web\u200b-1":             "web\ufffd-1",
		"a\x00b\xffc":             "a\ufffdb\ufffdc",
		"שלום":                    "\u2068שלום\u2069",
		"👩\u200d🚒":                "👩\u200d🚒",
		"100% %s %!d":             "100% %s %!d",
	} {
		if got := card.Escape(in); got != want {
			t.Errorf("Escape(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzEscape(f *testing.F) {
	for _, s := range []string{"web-1", "<!channel>", "*x*_y_~z~`c`", ":a:b:c:", "\u202e\u2066", "a\nb", "&amp;", "\xff", "שלום<"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := card.Escape(s)
		if err := safe("the escaped text", got); err != nil {
			t.Error(err)
		}
		if strings.ContainsAny(got, "*`\n\r") {
			t.Errorf("something to format is left in %q", got)
		}
		bare := strings.NewReplacer("&amp;", "", "&lt;", "", "&gt;", "").Replace(got)
		if strings.Contains(bare, "&") {
			t.Errorf("a bare & in %q", got)
		}
		if !utf8.ValidString(got) {
			t.Errorf("%q is not UTF-8", got)
		}
	})
}
