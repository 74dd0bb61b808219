package slack_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	simslack "dropletops/internal/sim/slack"
)

// post calls a method with a form and returns the decoded answer.
func post(t *testing.T, s *simslack.Server, token, method string, args ...string) (map[string]any, *http.Response) {
	t.Helper()
	form := url.Values{"token": {token}}
	for i := 0; i < len(args); i += 2 {
		form.Set(args[i], args[i+1])
	}
	resp, err := http.PostForm(s.APIURL()+method, form)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	out := map[string]any{}
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		t.Fatalf("%s: %v", method, err)
	}
	return out, resp
}

func code(m map[string]any) string {
	if m["ok"] == true {
		return ""
	}
	return m["error"].(string)
}

func TestRefusals(t *testing.T) {
	s := start(t, simslack.Options{Rates: simslack.Rates{Off: true}, BotToken: "xoxb-right", AppToken: "xapp-right"})
	if err := s.Archive("#random"); err != nil {
		t.Fatal(err)
	}
	if err := s.AddChannel(simslack.Channel{Name: "lobby", Members: []string{"alice"}}); err != nil {
		t.Fatal(err)
	}
	m, _, err := s.Say("alice", "#ops", "", "hello")
	if err != nil {
		t.Fatal(err)
	}
	mine, _ := post(t, s, "xoxb-right", "chat.postMessage", "channel", "C0OPS", "text", "mine")
	ts := mine["ts"].(string)
	eph, _ := post(t, s, "xoxb-right", "chat.postEphemeral", "channel", "C0OPS", "user", "U0ALICE", "text", "psst")
	long := strings.Repeat("é", 40_001)
	for _, tt := range []struct{ want, token, method, args string }{
		{"not_authed", "", "auth.test", ""},
		{"invalid_auth", "xoxb-wrong", "auth.test", ""},
		{"invalid_auth", "nonsense", "auth.test", ""},
		{"invalid_auth", "xapp-wrong", "apps.connections.open", ""},
		{"not_allowed_token_type", "xoxb-right", "apps.connections.open", ""},
		{"not_allowed_token_type", "xapp-right", "chat.postMessage", ""},
		{"unknown_method", "xoxb-right", "chat.shout", ""},
		{"missing_scope", "xoxb-right", "conversations.join", "channel=C0OPS"},
		{"channel_not_found", "xoxb-right", "chat.postMessage", "channel=C0NOWHERE|text=x"},
		{"channel_not_found", "xoxb-right", "chat.postMessage", "channel=C0BOARD|text=x"},
		{"not_in_channel", "xoxb-right", "chat.postMessage", "channel=#lobby|text=x"},
		{"is_archived", "xoxb-right", "chat.postMessage", "channel=C0RANDOM|text=x"},
		{"no_text", "xoxb-right", "chat.postMessage", "channel=C0OPS"},
		{"no_text", "xoxb-right", "chat.postMessage", "channel=C0OPS|blocks=[]"},
		{"msg_too_long", "xoxb-right", "chat.postMessage", "channel=C0OPS|text=" + long},
		{"invalid_blocks_format", "xoxb-right", "chat.postMessage", "channel=C0OPS|text=x|blocks={not json"},
		{"invalid_metadata_format", "xoxb-right", "chat.postMessage", `channel=C0OPS|text=x|metadata={"event_type":"x"}`},
		{"invalid_thread_ts", "xoxb-right", "chat.postMessage", "channel=C0OPS|text=x|thread_ts=yesterday"},
		{"thread_not_found", "xoxb-right", "chat.postMessage", "channel=C0OPS|text=x|thread_ts=1500000000.000001"},
		{"user_not_in_channel", "xoxb-right", "chat.postEphemeral", "channel=C0OPS|user=U0ERIN|text=x"},
		{"cant_update_message", "xoxb-right", "chat.update", "channel=C0OPS|text=x|ts=" + m.TS},
		{"message_not_found", "xoxb-right", "chat.update", "channel=C0OPS|text=x|ts=1500000000.000001"},
		{"message_not_found", "xoxb-right", "chat.update", "channel=C0OPS|text=x|ts=" + eph["message_ts"].(string)},
		{"no_text", "xoxb-right", "chat.update", "channel=C0OPS|ts=" + ts},
		{"cant_delete_message", "xoxb-right", "chat.delete", "channel=C0OPS|ts=" + m.TS},
		{"user_not_found", "xoxb-right", "users.info", "user=alice"},
		{"no_such_subteam", "xoxb-right", "usergroups.users.list", "usergroup=S0NONE"},
		{"thread_not_found", "xoxb-right", "conversations.replies", "channel=C0OPS|ts=1500000000.000001"},
		{"invalid_arguments", "xoxb-right", "views.open", ""},
		{"invalid_trigger_id", "xoxb-right", "views.open", `trigger_id=1.2.3|view={"type":"modal","title":{"type":"plain_text","text":"x"},"blocks":[]}`},
		{"not_found", "xoxb-right", "views.update", `view_id=V1|view={"type":"modal","title":{"type":"plain_text","text":"x"},"blocks":[]}`},
		{"message_not_found", "xoxb-right", "reactions.add", "channel=C0OPS|name=eyes|timestamp=1500000000.000001"},
		{"", "xoxb-right", "reactions.add", "channel=C0OPS|name=eyes|timestamp=" + m.TS},
		{"already_reacted", "xoxb-right", "reactions.add", "channel=C0OPS|name=eyes|timestamp=" + m.TS},
		{"", "xoxb-right", "reactions.remove", "channel=C0OPS|name=eyes|timestamp=" + m.TS},
		{"no_reaction", "xoxb-right", "reactions.remove", "channel=C0OPS|name=eyes|timestamp=" + m.TS},
		{"bot_not_found", "xoxb-right", "bots.info", "bot=B0"},
		{"", "xoxb-right", "bots.info", "bot=" + simslack.BotID},
		{"user_not_found", "xoxb-right", "conversations.open", "users=U0NOBODY"},
		{"", "xoxb-right", "conversations.open", "users=U0BOB"},
		{"", "xoxb-right", "chat.getPermalink", "channel=C0OPS|message_ts=" + ts},
	} {
		t.Run(tt.method+" "+tt.want, func(t *testing.T) {
			var args []string
			for pair := range strings.SplitSeq(tt.args, "|") {
				k, v, _ := strings.Cut(pair, "=")
				args = append(args, k, v)
			}
			if got, _ := post(t, s, tt.token, tt.method, args...); code(got) != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestBlockRefusals(t *testing.T) {
	s := start(t, simslack.Options{Rates: simslack.Rates{Off: true}})
	x := func(n int) string { return strings.Repeat("x", n) }
	plain := func(text string) string { return fmt.Sprintf(`{"type":"plain_text","text":%q}`, text) }
	button := func(more string) string {
		return `{"type":"actions","elements":[{"type":"button","text":` + plain("Go") + more + `}]}`
	}
	options := func(n int) string {
		var l []string
		for i := range n {
			l = append(l, fmt.Sprintf(`{"text":%s,"value":"%d"}`, plain("o"), i))
		}
		return strings.Join(l, ",")
	}
	for name, tt := range map[string]struct{ block, wrong string }{
		"section":                {`{"type":"section","text":` + plain(x(3000)) + `}`, ""},
		"section without text":   {`{"type":"section"}`, "must define either `text` or `fields`"},
		"section long":           {`{"type":"section","text":` + plain(x(3001)) + `}`, "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"},
		"section empty":          {`{"type":"section","text":` + plain("") + `}`, "must be more than 0 characters"},
		"section eleven fields":  {`{"type":"section","fields":[` + strings.TrimSuffix(strings.Repeat(plain("f")+",", 11), ",") + `]}`, "no more than 10 items"},
		"field long":             {`{"type":"section","fields":[` + plain(x(2001)) + `]}`, "/blocks/0/fields/0/text"},
		"header mrkdwn":          {`{"type":"header","text":{"type":"mrkdwn","text":"x"}}`, "must be plain_text"},
		"header long":            {`{"type":"header","text":` + plain(x(151)) + `}`, "must be less than 151"},
		"unknown block":          {`{"type":"carousel_of_doom"}`, "unsupported type: carousel_of_doom"},
		"block_id long":          {`{"type":"divider","block_id":"` + x(256) + `"}`, "must be less than 256"},
		"same block_id":          {`{"type":"divider","block_id":"a"},{"type":"divider","block_id":"a"}`, "already exists"},
		"context of a button":    {`{"type":"context","elements":[{"type":"button"}]}`, "unsupported type: button"},
		"no elements":            {`{"type":"actions","elements":[]}`, "no fewer than 1"},
		"button":                 {button(`,"style":"danger","value":"v","action_id":"a"`), ""},
		"button style":           {button(`,"style":"warning"`), "must be one of: primary, danger"},
		"button value":           {button(`,"value":"` + x(2001) + `"`), "must be less than 2001"},
		"button value number":    {button(`,"value":7`), "must be a string"},
		"button text long":       {`{"type":"actions","elements":[{"type":"button","text":` + plain(x(76)) + `}]}`, "must be less than 76"},
		"button text mrkdwn":     {`{"type":"actions","elements":[{"type":"button","text":{"type":"mrkdwn","text":"x"}}]}`, "must be plain_text"},
		"same action_id":         {`{"type":"actions","elements":[{"type":"button","action_id":"a","text":` + plain("x") + `},{"type":"button","action_id":"a","text":` + plain("x") + `}]}`, "`action_id` a already exists"},
		"confirm":                {button(`,"confirm":{"title":` + plain("t") + `,"text":` + plain("t") + `,"confirm":` + plain("y") + `,"deny":` + plain("n") + `}`), ""},
		"confirm title long":     {button(`,"confirm":{"title":` + plain(x(101)) + `,"text":` + plain("t") + `,"confirm":` + plain("y") + `,"deny":` + plain("n") + `}`), "must be less than 101"},
		"confirm without deny":   {button(`,"confirm":{"title":` + plain("t") + `,"text":` + plain("t") + `,"confirm":` + plain("y") + `}`), "/confirm/deny"},
		"select":                 {`{"type":"actions","elements":[{"type":"static_select","options":[` + options(100) + `]}]}`, ""},
		"select of 101":          {`{"type":"actions","elements":[{"type":"static_select","options":[` + options(101) + `]}]}`, "no more than 100"},
		"select of nothing":      {`{"type":"actions","elements":[{"type":"static_select"}]}`, "must be an array"},
		"option long":            {`{"type":"section","text":` + plain("x") + `,"accessory":{"type":"static_select","options":[{"text":` + plain(x(76)) + `,"value":"v"}]}}`, "must be less than 76"},
		"input in actions":       {`{"type":"actions","elements":[{"type":"plain_text_input"}]}`, "unsupported type"},
		"input without label":    {`{"type":"input","element":{"type":"plain_text_input"}}`, "/label"},
		"image without alt":      {`{"type":"image","image_url":"https://example.com/x.png"}`, "/alt_text"},
		"image with a bad url":   {`{"type":"image","alt_text":"x","image_url":"x.png"}`, "invalid_url"},
		"rich text":              {`{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[]}]}`, ""},
		"fifty-one blocks":       {strings.TrimSuffix(strings.Repeat(`{"type":"divider"},`, 51), ","), "no more than 50"},
		"twenty-six in a row":    {`{"type":"actions","elements":[` + strings.TrimSuffix(strings.Repeat(`{"type":"button","text":`+plain("x")+`},`, 26), ",") + `]}`, "no more than 25"},
		"mrkdwn with emoji flag": {`{"type":"section","text":{"type":"mrkdwn","text":"x","emoji":true}}`, "no additional properties"},
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := post(t, s, s.BotToken(), "chat.postMessage", "channel", "C0OPS", "text", "x", "blocks", "["+tt.block+"]")
			said := fmt.Sprint(got["response_metadata"])
			switch {
			case tt.wrong == "" && got["ok"] != true:
				t.Errorf("refused: %v", got)
			case tt.wrong != "" && (code(got) != "invalid_blocks" || !strings.Contains(said, tt.wrong)):
				t.Errorf("got %v, want invalid_blocks with %q", got, tt.wrong)
			}
		})
	}
}

func TestRates(t *testing.T) {
	c := newClock()
	s := start(t, simslack.Options{Now: c.Now})
	say := func(channel string) *http.Response {
		_, resp := post(t, s, s.BotToken(), "chat.postMessage", "channel", channel, "text", "x")
		return resp
	}
	for range 5 {
		if r := say("C0OPS"); r.StatusCode != 200 {
			t.Fatal(r.Status)
		}
	}
	if r := say("#ops"); r.StatusCode != 429 || r.Header.Get("Retry-After") != "5" {
		t.Fatalf("sixth in a moment: %s, Retry-After %q", r.Status, r.Header.Get("Retry-After"))
	}
	if r := say("C0INCIDENTS"); r.StatusCode != 200 {
		t.Fatal("another channel has a rate of its own")
	}
	c.Advance(s, 5*time.Second)
	if r := say("C0OPS"); r.StatusCode != 200 {
		t.Fatal(r.Status)
	}
	s.SetRates(simslack.Rates{Scale: 0.02}) // chat.update: one a minute
	got, _ := post(t, s, s.BotToken(), "chat.postMessage", "channel", "C0OPS", "text", "x")
	update := func() *http.Response {
		_, r := post(t, s, s.BotToken(), "chat.update", "channel", "C0OPS", "text", "y", "ts", got["ts"].(string))
		return r
	}
	if r := update(); r.StatusCode != 200 {
		t.Fatal(r.Status)
	}
	if r := update(); r.StatusCode != 429 || r.Header.Get("Retry-After") != "60" {
		t.Fatal(r.Status, r.Header)
	}
}
