package web_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// card is one as Dropletops draws it, with every kind of markup that it uses.
func card(state string, actions ...any) []any {
	out := []any{
		object{"type": "header", "text": plain("⏳ " + state + ": rebuild web-1")},
		section("The policy asks for *1 approval* by another member, until <!date^1795258800^{date_short_pretty} at {time}|22:00 UTC>."),
		section("*Rebuild web-1 from ubuntu-24-04-x64*\n*Image:* 24.04 (LTS) x64 (ID 155133621)\nWrites the image onto the disk of this Droplet; its address stays.\n⚠️ *Destructive.* *What is lost:* everything on the disk."),
		object{"type": "section", "fields": []any{mrkdwn("*Droplet*\nweb-1 (ID 300000001)"), mrkdwn("*Region*\nnyc3"), mrkdwn("*Size*\n`s-2vcpu-4gb`"), mrkdwn("*Address*\n203.0.113.7")}},
		section("*Way back*\nLatest backup: none\nLatest snapshot: web-golden &lt;2&gt; (ID 7, 75 days old)"),
		section("*Asked by* <@U0ALICE>, <!date^1795257000^{date_short_pretty} at {time}|21:30 UTC>"),
	}
	if len(actions) > 0 {
		out = append(out, object{"type": "actions", "block_id": "decide:1", "elements": actions})
	}
	return append(out, object{"type": "divider"}, object{"type": "context", "elements": []any{mrkdwn("Request req_01J9 · <https://example.org/docs|what is this?>")}})
}

func approve() object {
	b := button("approve", "Approve", "danger")
	b["confirm"] = object{"title": plain("Rebuild web-1?"), "text": plain("What is lost: everything on the disk."), "confirm": plain("Yes, rebuild"), "deny": plain("Go back"), "style": "danger"}
	return b
}

func TestAskAsOneApproveAsAnother(t *testing.T) {
	s := newStage(t)
	var ts string
	s.app(func(e envelope) any {
		switch e.Type {
		case "slash_commands":
			ts = s.post("C0OPS", "rebuild of web-1, pending, asked by <@U0ALICE>", card("Waiting for approval", approve(), button("deny", "Deny", ""), button("cancel", "Cancel", ""))...)
		case "interactive":
			user := e.Payload["user"].(map[string]any)
			if user["id"] == "U0ALICE" {
				s.call("chat.postEphemeral", object{"channel": "C0OPS", "user": "U0ALICE", "text": "You asked for this: *another* member must approve it."})
				return nil
			}
			s.call("chat.update", object{"channel": "C0OPS", "ts": ts, "text": "running", "blocks": card("Running")})
			s.call("chat.postMessage", object{"channel": "C0OPS", "thread_ts": ts, "text": "👍 <@U0BOB> approved *rebuild* of web-1. It goes ahead."})
			_, err := s.do.StartAction(s.do.DropletNamed("web-1").ID, "rebuild")
			if err != nil {
				t.Error(err)
			}
		}
		return nil
	})
	ctx := browser(t, s)
	shot(t, ctx, "0-empty")

	run(t, ctx,
		enter("composer", "/droplet rebuild web-1 ubuntu-24-04-x64\r"),
		says(id("message"), "Waiting for approval: rebuild web-1"),
		says(id("message"), "@alice"),
	)
	shot(t, ctx, "1-pending")

	run(t, ctx,
		click("button-approve"), says(id("confirm"), "everything on the disk"),
	)
	shot(t, ctx, "2-confirm")
	run(t, ctx, click("confirm-no"), gone(id("confirm")),
		click("button-approve"), click("confirm-yes"),
		says(id("ephemeral"), "another member must approve"), says(id("ephemeral"), "Only visible to you"),
	)

	run(t, ctx, become("bob"), gone(id("ephemeral")),
		click("button-approve"), click("confirm-yes"),
		says(id("message"), "Running: rebuild web-1"), gone(id("button-approve")),
		says(id("replies"), "1 reply"), click("replies"),
		says(id("thread"), "@bob approved rebuild of web-1"),
		says(`[data-name="web-1"]`, "rebuild in progress"),
		enter("thread-composer", "thank you\r"), says(id("thread"), "thank you"), says(id("replies"), "2 replies"),
	)
	shot(t, ctx, "3-thread")
}

func TestAHostileNameIsText(t *testing.T) {
	s := newStage(t)
	const name = `<img src=x onerror="document.title='owned'">`
	if err := s.do.Rename(s.do.DropletNamed("web-1").ID, name); err != nil {
		t.Fatal(err)
	}
	escaped := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(name)
	s.post("C0OPS", "hostile", section("*"+escaped+"* `"+escaped+"` <javascript:alert(1)|click>"), object{"type": "header", "text": plain(name)})
	ctx := browser(t, s)
	run(t, ctx, says("li.droplet", name), says(id("message"), name), gone("img"), gone(`a[href^="javascript"]`))
	title, err := chromedp.Run(ctx, chromedp.Title())
	if err != nil {
		t.Fatal(err)
	}
	if title != "Dropletops demo" {
		t.Errorf("the title is %q: a name was run as script", title)
	}
}

func TestMenusOfAMessageByKeyboardAlone(t *testing.T) {
	s := newStage(t)
	chosen := make(chan any, 1)
	queries := make(chan any, 10)
	s.app(func(e envelope) any {
		switch e.Payload["type"] {
		case "block_suggestion":
			queries <- e.Payload["value"]
			return object{"options": []any{option("web-1 · nyc3", "1"), option("web-2 · fra1", "2")}}
		case "block_actions":
			chosen <- e.Payload["actions"].([]any)[0].(object)["selected_option"].(object)["value"]
		}
		return nil
	})
	menu := object{"type": "external_select", "action_id": "pick", "min_query_length": 2, "placeholder": plain("Type part of a name")}
	s.call("chat.postEphemeral", object{"channel": "C0OPS", "user": "U0ALICE", "text": "Which one?", "blocks": []any{
		section("Which one?"), object{"type": "actions", "elements": []any{menu}},
	}})
	ctx := browser(t, s)
	run(t, ctx,
		says(id("ephemeral"), "Which one?"), js(`document.querySelector('[data-testid="select-pick"]').focus()`),
		enter("select-pick", kb.ArrowDown), says(id("ephemeral"), "Type at least 2 characters"),
		enter("select-pick", "web"), listed(), says(id("option"), "web-2"),
	)
	shot(t, ctx, "6-menu")
	run(t, ctx, enter("select-pick", kb.ArrowDown+kb.Enter))
	if got := take(t, chosen); got != "2" {
		t.Errorf("the app was told of %v, want 2", got)
	}
	if got := take(t, queries); got != "web" {
		t.Errorf("the app was asked for %v, want web", got)
	}
}

func TestWhatChangesStandsOutAndTheNewestStaysInView(t *testing.T) {
	s := newStage(t)
	for range 30 {
		s.post("C0OPS", "one of many\nwith two lines")
	}
	ctx := browser(t, s)
	run(t, ctx, says(`[data-name="db-1"] .status`, "active"))
	if err := s.do.SetStatus(s.do.DropletNamed("db-1").ID, "off"); err != nil {
		t.Fatal(err)
	}
	s.post("C0OPS", "the newest")
	run(t, ctx,
		says(`.changed[data-name="db-1"] .status`, "off"), says(id("message"), "the newest"),
		until("the end to be in view", `(() => { const box = document.querySelector('#messages'); return box.scrollTop > 0 && box.scrollHeight - box.scrollTop - box.clientHeight < 2; })()`),
	)
	shot(t, ctx, "7-changed")
	// The page's own listener was there first, so it has noticed when this one is called.
	_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`new Promise((resolve) => {
		const box = document.querySelector('#messages');
		box.addEventListener('scroll', () => resolve(true), { once: true });
		box.scrollTop = 0;
	})`, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	s.post("C0OPS", "while reading above")
	run(t, ctx, says(".newer", "New messages"))
	top, err := chromedp.Run(ctx, chromedp.Evaluate[float64](`document.querySelector('#messages').scrollTop`))
	if err != nil || top > 1 {
		t.Errorf("whoever reads above was taken to %v: %v", top, err)
	}
	run(t, ctx, press("main .newer"), says(id("message"), "while reading above"),
		js(`document.querySelector('[data-show="droplets"]').click()`))
	shot(t, ctx, "8-droplets")
}

func TestAnAppThatIsAwayIsTold(t *testing.T) {
	s := newStage(t)
	s.post("C0OPS", "a card", object{"type": "actions", "elements": []any{button("approve", "Approve", "primary")}})
	ctx := browser(t, s)
	run(t, ctx, says("#status", "Bot not connected"),
		click("button-approve"), says(id("notice"), "did not take the click"),
		enter("composer", "/droplet help\r"), says(id("ephemeral"), "dispatch_failed"))
}

// What is written for screen readers alone stays inside its list: the page itself does not
// scroll, and a reader that goes there would leave it half out of sight.
func TestThePageItselfDoesNotScroll(t *testing.T) {
	s := newStage(t)
	ctx := browser(t, s)
	run(t, ctx, until("all Droplets to be listed", fmt.Sprintf(`document.querySelectorAll('.droplet').length === %d`, len(s.do.Droplets()))))
	tall, err := chromedp.Run(ctx, chromedp.Evaluate[int](`document.scrollingElement.scrollHeight - innerHeight`))
	if err != nil || tall > 0 {
		t.Errorf("%d pixels reach out of the page, %v", tall, err)
	}
}
