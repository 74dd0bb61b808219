package web_test

import (
	"fmt"
	"testing"

	"context"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// What Slack's client makes of a text. Sources: Slack's formatting page, and Slack itself for edges
// of words.
var texts = []struct{ name, text, html string }{
	{"plain", "web-1 is active", "web-1 is active"},
	{"entities", "a &lt;b&gt; &amp;amp; &quot;", "a &lt;b&gt; &amp;amp; &amp;quot;"},
	{"markup is text", "<b>x</b> <img src=x>", "&lt;b&gt;x&lt;/b&gt; &lt;img src=x&gt;"},
	{"bold", "a *b c* d", "a <strong>b c</strong> d"},
	{"italic", "_b_", "<em>b</em>"},
	{"strike", "~b~", "<del>b</del>"},
	{"nested", "*_b_ c*", "<strong><em>b</em> c</strong>"},
	{"not inside words", "snake_case_name 2*3*4", "snake_case_name 2*3*4"},
	{"not around spaces", "* a * b", "* a * b"},
	{"not over lines", "*a\nb*", "*a<br>b*"},
	{"never closed", "*a", "*a"},
	{"twice", "**a**", "**a**"},
	{"bold before a colon", "*Size:* s-1vcpu-1gb", "<strong>Size:</strong> s-1vcpu-1gb"},
	{"code", "`a *b* :fire:`", "<code>a *b* :fire:</code>"},
	{"code with entities", "`&lt;verb&gt;`", "<code>&lt;verb&gt;</code>"},
	{"pre", "a\n```\nx *y*\n z\n```\nb", "a<br><pre>x *y*\n z</pre>b"},
	{"pre that is never closed", "```a", "```a"},
	{"quote", "&gt; a\n&gt;b\nc", "<blockquote>a<br>b</blockquote>c"},
	{"bullets as typed", "• a\n• b", "• a<br>• b"},
	{"emoji", ":white_check_mark: :+1: :no_such_one: 12:30:45", "✅ 👍 :no_such_one: 12:30:45"},
	{"person", "<@U0BOB>", `<span class="mention">@bob</span>`},
	{"oneself", "<@U0ALICE>", `<span class="mention me">@alice</span>`},
	{"nobody", "<@U0NOBODY|nina>", `<span class="mention">@nina</span>`},
	{"channel", "<#C0OPS> <#C0XX|there>", `<span class="mention">#ops</span> <span class="mention">#there</span>`},
	{"group", "<!subteam^S0SRE>", `<span class="mention">@sre</span>`},
	{"everybody", "<!here>", `<span class="mention me">@here</span>`},
	{"link", "<https://example.org/?a=1&amp;b=2|*docs*>", `<a href="https://example.org/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer"><strong>docs</strong></a>`},
	{"bare link", "<https://example.org>", `<a href="https://example.org" target="_blank" rel="noopener noreferrer">https://example.org</a>`},
	{"script is no link", "<javascript:alert(1)|x>", "&lt;javascript:alert(1)|x&gt;"},
	{"bold around a link", "*<https://a.example|x*y>*", `<strong><a href="https://a.example" target="_blank" rel="noopener noreferrer">x*y</a></strong>`},
	{"date", "<!date^1700000000^{date_num} {time_secs}|never>", `<time datetime="2023-11-14T22:13:20.000Z" title="Tuesday, November 14, 2023 at 10:13:20 PM UTC">2023-11-14 10:13:20 PM</time>`},
	{"date in words", "<!date^1700000000^{date_short} at {time}|never>", `<time datetime="2023-11-14T22:13:20.000Z" title="Tuesday, November 14, 2023 at 10:13:20 PM UTC">Nov 14, 2023 at 10:13 PM</time>`},
	{"no date", "<!date^soon^{date}|some day>", "some day"},
}

func TestTextsLookAsInSlack(t *testing.T) {
	s := newStage(t)
	ctx := browser(t, s)
	run(t, ctx, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "UTC"})
		return err
	}))
	for _, c := range texts {
		t.Run(c.name, func(t *testing.T) {
			got, err := chromedp.Run(ctx, chromedp.Evaluate[string](fmt.Sprintf(`import('/mrkdwn.js').then(({ mrkdwn }) => {
				const box = document.createElement('div');
				box.append(...mrkdwn(%q));
				return box.innerHTML;
			})`, c.text), chromedp.EvalAwaitPromise))
			if err != nil {
				t.Fatal(err)
			}
			if got != c.html {
				t.Errorf("%q is drawn as\n%s\nwant\n%s", c.text, got, c.html)
			}
		})
	}
}
