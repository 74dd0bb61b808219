package handlers

import (
	"strings"
	"testing"

	"dropletops/approvals"

	"github.com/google/go-cmp/cmp"
)

func TestMention(t *testing.T) {
	for _, text := range []string{
		"<@UDROPLETOPS> reboot web-1", "  <@UDROPLETOPS>reboot web-1", "<@UDROPLETOPS>: reboot web-1", "<@UDROPLETOPS>, reboot web-1",
		"<@UDROPLETOPS|dropletops> reboot web-1", "\n<@UDROPLETOPS>\nreboot\nweb-1", "<@UDROPLETOPS> `reboot web-1`", "<@UDROPLETOPS>\u00a0reboot web-1",
	} {
		b := newBench(t)
		r := b.asks(b.mention(object{"text": text}))
		if r.Action.Type != "reboot" || r.Targets[0].Droplet.ID != 101 || r.Origin.ThreadTS != "" || r.Origin.ChannelID != "C1" {
			t.Errorf("%q asks for %+v", text, r)
		}
	}
}

// From a thread, the card and all that follows go to that thread.
func TestMentionInThread(t *testing.T) {
	b := newBench(t)
	e := b.mention(object{"text": "<@UDROPLETOPS> rebuild web-1 <http://debian-12-x64|debian-12-x64> —reason “a &amp; b”", "thread_ts": "1.000001"})
	r := b.asks(e)
	want := approvals.Origin{TeamID: "T1", ChannelID: "C1", ThreadTS: "1.000001", Envelope: e.Key, AskedAt: e.ReceivedAt,
		Words: "@dropletops rebuild web-1 debian-12-x64 —reason “a & b”"}
	if diff := cmp.Diff(want, r.Origin); diff != "" {
		t.Error(diff)
	}
	if r.Reason != "a & b" || r.State != approvals.Pending || r.Requester.UserID != "UALICE" {
		t.Errorf("asks for %+v", r)
	}
	answer := b.do(b.mention(object{"text": "<@UDROPLETOPS> rebot", "thread_ts": "1.000001"}))
	if answer.To != (Address{ChannelID: "C1", UserID: "UALICE", ThreadTS: "1.000001"}) {
		t.Errorf("answered to %+v", answer.To)
	}
	if want := "There is no verb `rebot`. Did you mean `reboot`? All verbs: `@dropletops help`."; answer.Message.Text != want {
		t.Errorf("said %q", answer.Message.Text)
	}
}

func TestMentionsThatAreNoCommands(t *testing.T) {
	for _, tc := range []struct {
		name  string
		event object
		want  string
	}{
		{"by a bot", object{"text": "<@UDROPLETOPS> reboot web-1", "bot_id": "B1"}, ""},
		{"our own", object{"text": "<@UDROPLETOPS> reboot web-1", "user": "UDROPLETOPS"}, ""},
		{"by nobody", object{"text": "<@UDROPLETOPS> reboot web-1", "user": ""}, ""},
		{"edited", object{"text": "<@UDROPLETOPS> reboot web-1", "edited": object{"user": "UALICE", "ts": "3.1"}}, ""},
		{"a subtype", object{"text": "<@UDROPLETOPS> reboot web-1", "subtype": "bot_message"}, ""},
		{"another event", object{"type": "message", "text": "<@UDROPLETOPS> reboot web-1"}, ""},
		{"in passing", object{"text": "ask <@UDROPLETOPS> about it"}, ""},
		{"in passing, with a verb alone", object{"text": "what does <@UDROPLETOPS> reboot"}, ""},
		{"in passing, a command", object{"text": "hey <@UDROPLETOPS> reboot web-1"},
			"Nothing was done. To tell me to do something, begin the message with my name: `@dropletops reboot web-1`."},
		{"of someone else", object{"text": "<@UBOB> reboot web-1"}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newBench(t)
			b.refused(b.mention(tc.event), tc.want)
		})
	}
}

// The sender's own team counts, not the one that the event was delivered to.
func TestMentionByAForeigner(t *testing.T) {
	for _, event := range []object{{"team": "T2"}, {"team": "T1", "user_team": "T2"}} {
		b := newBench(t)
		event["text"] = "<@UDROPLETOPS> reboot web-1"
		b.refused(b.mention(event), "You belong to another workspace. Only full members of this workspace may use Dropletops.")
	}
}

func TestMentionAlone(t *testing.T) {
	b := newBench(t)
	if r := b.do(b.mention(object{"text": "<@UDROPLETOPS>"})); !strings.Contains(r.Message.Text, "rebuild") {
		t.Errorf("said %q", r.Message.Text)
	}
}
