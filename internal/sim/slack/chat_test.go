package slack_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	simslack "dropletops/internal/sim/slack"
)

func TestTimestampsGrow(t *testing.T) {
	c := newClock() // stands still
	s := start(t, simslack.Options{Now: c.Now})
	seen := ""
	for range 5 {
		_, ts, err := client(s).PostMessage("C0OPS", slack.MsgOptionText("x", false))
		if err != nil || ts <= seen {
			t.Fatalf("%q after %q: %v", ts, seen, err)
		}
		seen = ts
	}
	if seen != "1700000000.000004" {
		t.Fatal(seen)
	}
}

func TestHistoryAndMetadata(t *testing.T) {
	s := start(t, simslack.Options{})
	api := client(s)
	_, ts, err := api.PostMessage("C0OPS", slack.MsgOptionText("card", false),
		slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "e", EventPayload: map[string]any{"id": "1"}}))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := api.PostMessage("C0OPS", slack.MsgOptionText("reply", false), slack.MsgOptionTS(ts)); err != nil {
		t.Fatal(err)
	}
	for _, asked := range []bool{false, true} {
		h, err := api.GetConversationHistory(&slack.GetConversationHistoryParameters{ChannelID: "C0OPS", IncludeAllMetadata: asked})
		if err != nil || len(h.Messages) != 1 || h.Messages[0].ReplyCount != 1 {
			t.Fatalf("%v %v", h, err)
		}
		if got := h.Messages[0].Metadata.EventType == "e"; got != asked {
			t.Fatalf("metadata is shown: %t, asked for: %t", got, asked)
		}
	}
	replies, _, _, err := api.GetConversationReplies(&slack.GetConversationRepliesParameters{ChannelID: "C0OPS", Timestamp: ts})
	if err != nil || len(replies) != 2 || replies[1].ThreadTimestamp != ts {
		t.Fatalf("%v %v", replies, err)
	}
	if _, _, err := api.DeleteMessage("C0OPS", ts); err != nil {
		t.Fatal(err)
	}
	if s.Snapshot().Message("#ops", ts) != nil {
		t.Fatal("still there")
	}
}

func TestLookups(t *testing.T) {
	s := start(t, simslack.Options{})
	api := client(s)
	for id, check := range map[string]func(*slack.User) bool{
		"U0ALICE": func(u *slack.User) bool {
			return u.IsAdmin && u.Profile.DisplayName == "alice" && u.TeamID == simslack.TeamID
		},
		"U0GUEST":          func(u *slack.User) bool { return u.IsRestricted && !u.IsUltraRestricted },
		"U0SINGLE":         func(u *slack.User) bool { return u.IsRestricted && u.IsUltraRestricted },
		"U0DAVE":           func(u *slack.User) bool { return u.Deleted },
		"U0ERIN":           func(u *slack.User) bool { return u.IsStranger && u.TeamID == simslack.PartnerTeamID },
		simslack.BotUserID: func(u *slack.User) bool { return u.IsBot && u.IsAppUser },
	} {
		if u, err := api.GetUserInfo(id); err != nil || !check(u) {
			t.Errorf("%s: %+v %v", id, u, err)
		}
	}
	groups, err := api.GetUserGroups(slack.GetUserGroupsOptionIncludeUsers(true))
	if err != nil || len(groups) != 2 || groups[0].Handle != "sre" || len(groups[0].Users) != 2 {
		t.Fatalf("%v %v", groups, err)
	}
	if ids, err := api.GetUserGroupMembers("S0SRE"); err != nil || len(ids) != 2 {
		t.Fatalf("%v %v", ids, err)
	}
	ch, err := api.GetConversationInfo(&slack.GetConversationInfoInput{ChannelID: "C0PARTNERS"})
	if err != nil || !ch.IsExtShared || !ch.IsMember || ch.Name != "partners" {
		t.Fatalf("%v %v", ch, err)
	}
	list, next, err := api.GetConversations(&slack.GetConversationsParameters{Types: []string{"public_channel", "private_channel"}, Limit: 2})
	if err != nil || len(list) != 2 || next == "" {
		t.Fatalf("%v %q %v", list, next, err)
	}
	list, next, err = api.GetConversations(&slack.GetConversationsParameters{Types: []string{"public_channel", "private_channel"}, Limit: 100, Cursor: next})
	if err != nil || len(list) != 3 || next != "" {
		t.Fatalf("%v %q %v", list, next, err)
	}
	if members, _, err := api.GetUsersInConversation(&slack.GetUsersInConversationParameters{ChannelID: "C0SECURITY"}); err != nil || len(members) != 3 {
		t.Fatalf("%v %v", members, err)
	}
	if users, err := api.GetUsers(slack.GetUsersOptionLimit(4)); err != nil || len(users) != 9 {
		t.Fatalf("%d %v", len(users), err)
	}
	if who, err := api.AuthTest(); err != nil || who.UserID != simslack.BotUserID || who.BotID != simslack.BotID {
		t.Fatalf("%v %v", who, err)
	}
}

func TestResponseURL(t *testing.T) {
	c := newClock()
	s := start(t, simslack.Options{Now: c.Now})
	run(t, s, ackAll)
	if err := s.Kick("#ops", "dropletops"); err != nil { // works where the bot is not
		t.Fatal(err)
	}
	d, err := s.SlashCommand("alice", "#ops", "/droplet list")
	result(t, d, err)
	send := func(body string) int {
		t.Helper()
		resp, err := http.Post(d.ResponseURL, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	for i, tt := range []struct {
		body string
		want int
	}{
		{`{"text":"one"}`, 200},
		{`{}`, 400},
		{`{"text":"x","blocks":[{"type":"section"}]}`, 400},
		{`{"text":"uno","replace_original":true}`, 200},
		{`{"text":"all","response_type":"in_channel"}`, 200},
		{`{"delete_original":true}`, 200},
		{`{"text":"five"}`, 200},
		{`{"text":"six"}`, 404},
	} {
		if got := send(tt.body); got != tt.want {
			t.Errorf("%d: %s: status %d, want %d", i, tt.body, got, tt.want)
		}
	}
	n := s.Snapshot()
	if e := n.EphemeralsFor("alice"); len(e) != 1 || e[0].Text != "five" || len(n.MessagesIn("#ops")) != 1 {
		t.Fatalf("%v %v", e, n.MessagesIn("#ops"))
	}
	d, err = s.SlashCommand("alice", "#ops", "/droplet list")
	result(t, d, err)
	c.Advance(s, 30*time.Minute+time.Second)
	if got := send(`{"text":"late"}`); got != 404 {
		t.Errorf("after 30 min: %d", got)
	}
}

func TestPeopleCannot(t *testing.T) {
	s := start(t, simslack.Options{})
	for name, try := range map[string]func() error{
		"a deactivated user types":         func() error { _, err := s.SlashCommand("dave", "#ops", "/droplet help"); return err },
		"a stranger uses our command":      func() error { _, err := s.SlashCommand("erin", "#partners", "/droplet help"); return err },
		"somebody outside the channel":     func() error { _, err := s.SlashCommand("carol", "#security", "/droplet help"); return err },
		"a command that is not registered": func() error { _, err := s.SlashCommand("alice", "#ops", "/deploy"); return err },
		"a reply to nothing":               func() error { _, _, err := s.Say("alice", "#ops", "1.1", "x"); return err },
	} {
		if try() == nil {
			t.Errorf("%s: went through", name)
		}
	}
	_, ts, err := client(s).PostMessage("C0PARTNERS", slack.MsgOptionText("x", false), slack.MsgOptionBlocks(buttons("b", "approve")))
	if err != nil {
		t.Fatal(err)
	}
	run(t, s, ackAll)
	d, err := s.Click(simslack.Click{User: "erin", Channel: "#partners", TS: ts, ActionID: "approve"})
	if r := result(t, d, err); r.Error != "" {
		t.Fatal("people of the other workspace can click in a shared channel")
	}
	if !strings.Contains(string(d.Payload), `"team_id":"`+simslack.PartnerTeamID+`"`) {
		t.Fatalf("%s", d.Payload)
	}
	if _, err := s.Click(simslack.Click{User: "guest", Channel: "#partners", TS: ts, ActionID: "approve"}); err == nil {
		t.Fatal("somebody outside the channel clicked")
	}
}
