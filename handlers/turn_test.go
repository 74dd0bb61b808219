package handlers

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"dropletops/api"
	"dropletops/approvals"

	"github.com/slack-go/slack"
)

// press finds a button of an answer.
func press(t *testing.T, r Reply, actionID string) object {
	t.Helper()
	for _, block := range r.Message.Blocks {
		if a, ok := block.(*slack.ActionBlock); ok {
			for _, e := range a.Elements.ElementSet {
				if e, ok := e.(*slack.ButtonBlockElement); ok && e.ActionID == actionID {
					return object{"type": "button", "action_id": actionID, "block_id": a.BlockID, "value": e.Value}
				}
			}
		}
	}
	return nil
}

func TestListIsPaged(t *testing.T) {
	b := newBench(t)
	b.account.droplets = nil
	for i := range 500 {
		b.account.droplets = append(b.account.droplets, api.Droplet{ID: 1000 + i, Name: fmt.Sprintf("n-%03d", i), Status: "active", Region: "nyc3"})
	}
	r := b.do(b.slash("UALICE", "list n-*"))
	seen := 0
	for page := 1; ; page++ {
		got := shown(r)
		seen += strings.Count(got, "🟢 active")
		if page == 2 && (!strings.Contains(got, "*16–30 of 500*") || press(t, r, "page_back") == nil) {
			t.Errorf("page 2: %s", got)
		}
		next := press(t, r, "page")
		if next == nil {
			break
		}
		r = b.do(b.click("UALICE", menu, next))
		if !r.Replace {
			t.Fatal("a page is not put in the place of the one before")
		}
	}
	if seen != 500 {
		t.Errorf("%d Droplets were listed", seen)
	}
	back := b.do(b.click("UALICE", menu, press(t, r, "page_back")))
	if !strings.Contains(shown(back), "*481–495 of 500*") {
		t.Errorf("back: %s", shown(back))
	}
}

func TestAnswerIsShared(t *testing.T) {
	b := newBench(t)
	furnish(b)
	for _, tc := range []struct {
		e     approvals.Envelope
		where string
	}{
		{b.slash("UALICE", "actions web-1"), "C1 "},
		{b.mention(object{"text": "<@UDROPLETOPS> actions web-1", "thread_ts": "1.5"}), "C1 1.5"},
	} {
		r := b.do(tc.e)
		share := press(t, r, "share")
		if share["block_id"] != "answer:"+tc.e.Key || share["value"] != "1 0" {
			t.Errorf("the button is %v", share)
		}
		b.refused(b.click("UBOB", menu, share), "This answer is for whoever typed the command. Type your own.")
		if len(b.channel.shown) != 0 {
			t.Fatal("another showed it")
		}
		b.channel.refusal = &approvals.Refusal{Sentence: "I am not in this channel."}
		if no := b.do(b.click("UALICE", menu, share)); no.Replace || no.Message.Text != "I am not in this channel." {
			t.Errorf("a refusal: %+v", no)
		}
		b.channel.refusal = errors.New("Slack is away")
		if _, err := b.Handle(t.Context(), b.click("UALICE", menu, share)); err == nil {
			t.Error("a fault was taken for an answer")
		}
		b.channel.refusal = nil
		r = b.do(b.click("UALICE", menu, share))
		if !r.Replace || press(t, r, "share") != nil || !strings.Contains(shown(r), "Shown to the channel.") {
			t.Errorf("afterwards: %s", shown(r))
		}
		if len(b.channel.shown) != 1 || b.channel.where[0] != tc.where {
			t.Fatalf("shown in %q", b.channel.where)
		}
		got := shown(Reply{Message: b.channel.shown[0]})
		if !strings.Contains(got, "Shown by <@UALICE>: `") || !strings.Contains(got, "actions web-1`") || !strings.Contains(got, "asked by alice (`UALICE`)") || strings.Count(got, "<@") != 1 {
			t.Errorf("shown: %s", got)
		}
		if press(t, Reply{Message: b.channel.shown[0]}, "share") != nil {
			t.Error("what everyone sees has a button")
		}
		b.channel.shown, b.channel.where = nil, nil
	}
}

// A name that several Droplets bear is chosen for looking, too, and what comes
// after goes on with the one that was chosen.
func TestLookIsPicked(t *testing.T) {
	b := newBench(t)
	furnish(b)
	b.account.backups[105] = []api.Image{{ID: 55, Name: "b", Kind: "backup", Created: "2026-11-15T01:00:00Z"}}
	r := b.do(b.slash("UALICE", "backups twin"))
	if !strings.HasPrefix(r.Message.Text, "2 Droplets are called `twin`. Which one is `backups` for?") {
		t.Fatalf("said %q", r.Message.Text)
	}
	r = b.do(b.click("UALICE", menu, chosen(blockID(t, r), "105")))
	if !r.Replace || !strings.Contains(shown(r), "`/droplet restore 105 55`") {
		t.Errorf("chosen: %s", shown(r))
	}
	share := press(t, r, "share")
	if share["value"] != "1 105" {
		t.Errorf("the button is %v", share)
	}
	b.do(b.click("UALICE", menu, share))
	if len(b.channel.shown) != 1 || !strings.Contains(shown(Reply{Message: b.channel.shown[0]}), "restore 105 55") {
		t.Errorf("shown: %+v", b.channel.shown)
	}
	r = b.do(b.slash("UALICE", "info"))
	if want := "Which Droplet is `info` for? Choose below."; r.Message.Text != want {
		t.Errorf("said %q", r.Message.Text)
	}
}

func TestTurnsThatDoNothing(t *testing.T) {
	b := newBench(t)
	e := b.slash("UALICE", "list")
	b.do(e)
	guests := b.slash("UGUEST", "list")
	turn := func(block, value string) object {
		return object{"type": "button", "action_id": "share", "block_id": block, "value": value}
	}
	for _, tc := range []struct{ user, block, value, want string }{
		{"UALICE", "answer:e99", "1 0", "This answer is too old: type the command again."},
		{"UALICE", "pick:" + e.Key, "1 0", "This answer is too old: type the command again."},
		{"UBOB", "answer:" + e.Key, "1 0", "This answer is for whoever typed the command. Type your own."},
		{"UALICE", "answer:" + e.Key, "x", ""},
		{"UALICE", "answer:" + e.Key, "0 0", ""},
		{"UGUEST", "answer:" + guests.Key, "1 0", "You are a guest in this workspace. Only full members of this workspace may use Dropletops."},
	} {
		b.refused(b.click(tc.user, menu, turn(tc.block, tc.value)), tc.want)
	}
	if len(b.channel.shown) != 0 {
		t.Error("something was shown")
	}
}
