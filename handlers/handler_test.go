package handlers

import (
	"encoding/json"
	"testing"

	"dropletops/approvals"
)

func TestAddressOf(t *testing.T) {
	b := newBench(t)
	for _, tc := range []struct {
		name string
		e    approvals.Envelope
		want Address
	}{
		{"a slash command", b.slash("UALICE", "x"), Address{ResponseURL: "http://slack/r/UALICE", ChannelID: "C1", UserID: "UALICE"}},
		{"a mention", b.mention(object{"text": "x"}), Address{ChannelID: "C1", UserID: "UALICE"}},
		{"a mention in a thread", b.mention(object{"text": "x", "thread_ts": "1.5"}), Address{ChannelID: "C1", UserID: "UALICE", ThreadTS: "1.5"}},
		{"a bot's mention", b.mention(object{"text": "x", "bot_id": "B1"}), Address{}},
		{"a click", b.click("UBOB", menu, object{}), Address{ResponseURL: "http://slack/r/click", ChannelID: "C1", UserID: "UBOB"}},
		{"a click in a thread", b.take("interactive", object{"user": object{"id": "UBOB"}, "response_url": "u", "channel": object{"id": "C2"}, "message": object{"thread_ts": "1.5"}}),
			Address{ResponseURL: "u", ChannelID: "C2", UserID: "UBOB", ThreadTS: "1.5"}},
		{"nobody's", b.take("interactive", object{}), Address{}},
		{"broken", approvals.Envelope{Type: "slash_commands", Payload: json.RawMessage("{")}, Address{}},
		{"of another type", approvals.Envelope{Type: "hello", Payload: json.RawMessage("{}")}, Address{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := AddressOf(tc.e); got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

// Whatever Slack delivers, nothing panics, and what can't be read is left alone
// rather than handled again.
func FuzzHandle(f *testing.F) {
	for _, s := range []string{
		``, `null`, `[]`, `{}`, `"x"`, `{"text":5}`, `{"actions":[null]}`, `{"actions":{}}`, `{"event":null}`,
		`{"user_id":"UALICE","text":"reboot web-1"}`, `{"team_id":"T1","user_id":"UALICE","text":"rebuild tag:web 1 --reason x"}`,
		`{"event":{"type":"app_mention","user":"UALICE","team":"T1","text":"<@UDROPLETOPS> reboot"}}`,
		`{"event":{"type":"app_mention","user":"UALICE","text":"<@U","edited":{}}}`,
		`{"type":"block_actions","user":{"id":"UALICE","team_id":"T1"},"actions":[{"action_id":"retry","value":"r-1"}]}`,
		`{"type":"block_actions","user":{"id":"UALICE","team_id":"T1"},"actions":[{"action_id":"pick","block_id":"pick:e1","selected_option":{"value":"101"}}]}`,
		`{"type":"block_actions","user":{"id":"UALICE","team_id":"T1"},"actions":[{"action_id":"approve","block_id":"decide:","value":"r-1"}]}`,
		`{"user_id":"UALICE","text":"list [a-z]* --tag x --gpu"}`, `{"user_id":"UALICE","text":"info twin"}`, `{"user_id":"UALICE","text":"action 902"}`,
		`{"type":"block_actions","user":{"id":"UALICE","team_id":"T1"},"actions":[{"action_id":"share","block_id":"answer:e2","value":"1 0"}]}`,
		`{"type":"block_actions","user":{"id":"UALICE","team_id":"T1"},"actions":[{"action_id":"page","block_id":"answer:e2","value":"99 101"}]}`,
		`{"type":"block_suggestion","action_id":"pick","value":"web","user":{"id":"UALICE","team_id":"T1"}}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, payload string) {
		b := newBench(t)
		b.slash("UALICE", "reboot") // e1
		b.slash("UALICE", "list")   // e2
		for _, typ := range []string{"slash_commands", "interactive", "events_api", "hello"} {
			e := approvals.Envelope{Key: "fuzz", Type: typ, Payload: json.RawMessage(payload)}
			_, err := b.Handle(t.Context(), e)
			if err != nil && !json.Valid(e.Payload) {
				t.Errorf("%s %q: %v", typ, payload, err)
			}
			if payload, ok, err := b.Respond(t.Context(), e); err != nil || ok != (payload != nil) {
				t.Errorf("%v, %v, %v", payload, ok, err)
			}
			_ = AddressOf(e)
		}
	})
}
