package slack_test

import (
	"fmt"
	"testing"

	simslack "dropletops/internal/sim/slack"
)

// Reading messages takes the scope of the channel's kind and being in it, gives
// metadata only where it is asked for, and goes page by page.
func TestHistory(t *testing.T) {
	s := start(t, simslack.Options{Rates: simslack.Rates{Off: true}, BotToken: "xoxb-right"})
	read := func(method, channel string, more ...string) map[string]any {
		t.Helper()
		out, _ := post(t, s, "xoxb-right", method, append([]string{"channel", channel}, more...)...)
		return out
	}
	texts := func(m map[string]any) (out []string) {
		for _, one := range m["messages"].([]any) {
			out = append(out, one.(map[string]any)["text"].(string))
		}
		return out
	}
	var stamps []string
	for i := range 5 {
		m, _ := post(t, s, "xoxb-right", "chat.postMessage", "channel", "C0OPS", "text", fmt.Sprint(i),
			"metadata", `{"event_type":"it","event_payload":{"n":1}}`)
		stamps = append(stamps, m["ts"].(string))
	}
	reply, _ := post(t, s, "xoxb-right", "chat.postMessage", "channel", "C0OPS", "text", "reply", "thread_ts", stamps[0],
		"metadata", `{"event_type":"reply","event_payload":{}}`)

	first := read("conversations.history", "C0OPS", "limit", "2", "oldest", stamps[0], "latest", stamps[4])
	if got := fmt.Sprint(texts(first)); got != "[3 2]" || first["has_more"] != true {
		t.Errorf("the first page is %s, more %v", got, first["has_more"])
	}
	if m := first["messages"].([]any)[0].(map[string]any); m["metadata"] != nil || m["user"] != simslack.BotUserID {
		t.Errorf("metadata that nobody asked for, or another's message: %v", m)
	}
	next := first["response_metadata"].(map[string]any)["next_cursor"].(string)
	second := read("conversations.history", "C0OPS", "limit", "2", "oldest", stamps[0], "latest", stamps[4], "cursor", next, "include_all_metadata", "1")
	if got := fmt.Sprint(texts(second)); got != "[1]" || second["has_more"] != false {
		t.Errorf("the second page is %s, more %v", got, second["has_more"])
	}
	if m := second["messages"].([]any)[0].(map[string]any); m["metadata"] == nil {
		t.Errorf("no metadata: %v", m)
	}
	thread := read("conversations.replies", "C0OPS", "ts", stamps[0], "include_all_metadata", "true")
	if got := fmt.Sprint(texts(thread)); got != "[0 reply]" {
		t.Errorf("the thread is %s", got)
	}
	if got := fmt.Sprint(texts(read("conversations.replies", "C0OPS", "ts", stamps[0], "oldest", reply["ts"].(string)))); got != "[0]" {
		t.Errorf("the thread after its last reply is %s", got) // the parent comes all the same
	}
	for _, tt := range []struct {
		want, method, channel string
		more                  []string
	}{
		{"channel_not_found", "conversations.history", "C0BOARD", nil}, // private, and the bot is not in it
		{"not_in_channel", "conversations.history", "C0RANDOM", nil},
		{"invalid_cursor", "conversations.history", "C0OPS", []string{"cursor", "x"}},
		{"invalid_ts_oldest", "conversations.history", "C0OPS", []string{"oldest", "yesterday"}},
		{"invalid_ts_latest", "conversations.replies", "C0OPS", []string{"ts", stamps[0], "latest", "now"}},
		{"invalid_arguments", "conversations.history", "C0OPS", []string{"limit", "1000"}},
		{"invalid_arguments", "conversations.replies", "C0OPS", nil},
		{"thread_not_found", "conversations.replies", "C0OPS", []string{"ts", "1.000001"}},
	} {
		if got := code(read(tt.method, tt.channel, tt.more...)); got != tt.want {
			t.Errorf("%s %s %v: %q, want %q", tt.method, tt.channel, tt.more, got, tt.want)
		}
	}
	if err := s.Archive("#ops"); err != nil {
		t.Fatal(err)
	}
	if got := code(read("conversations.history", "C0OPS")); got != "" {
		t.Errorf("an archived channel can't be read: %s", got)
	}
	s.SetScopes("chat:write", "groups:history")
	for channel, want := range map[string]string{"C0OPS": "missing_scope", "C0SECURITY": "", "D0ALICE": "missing_scope"} {
		got := read("conversations.history", channel)
		if code(got) != want {
			t.Errorf("%s with groups:history alone: %v", channel, got)
		}
		if want != "" && got["needed"] == nil {
			t.Errorf("%s does not say which scope it needs: %v", channel, got)
		}
	}
	s.SetScopes("chat:write")
	if got := read("conversations.history", "C0SECURITY"); code(got) != "missing_scope" || got["needed"] != "channels:history,groups:history,im:history,mpim:history" {
		t.Errorf("without any scope: %v", got)
	}
}
