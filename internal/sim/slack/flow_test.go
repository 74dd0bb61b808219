package slack_test

import (
	"strings"
	"testing"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"
	"go.uber.org/goleak"

	simslack "dropletops/internal/sim/slack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func section(text string) slack.Block {
	return slack.NewSectionBlock(slack.NewTextBlockObject(slack.MarkdownType, text, false, false), nil, nil)
}

func buttons(blockID string, ids ...string) slack.Block {
	var es []slack.BlockElement
	for _, id := range ids {
		es = append(es, slack.NewButtonBlockElement(id, "req-1", slack.NewTextBlockObject(slack.PlainTextType, id, false, false)))
	}
	return slack.NewActionBlock(blockID, es...)
}

// A slash command becomes a card, the card is clicked, the click edits it.
func TestCommandCardClick(t *testing.T) {
	s := start(t, simslack.Options{})
	run(t, s, func(c *socketmode.Client, e socketmode.Event) {
		switch data := e.Data.(type) {
		case slack.SlashCommand:
			_ = c.Ack(*e.Request)
			_, _, err := c.PostMessage(data.ChannelID, slack.MsgOptionText("reboot web-1: pending", false),
				slack.MsgOptionBlocks(section("reboot "+data.Text), buttons("decide", "approve", "deny")),
				slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "dropletops_request", EventPayload: map[string]any{"state": "pending"}}))
			if err != nil {
				t.Error(err)
			}
		case slack.InteractionCallback:
			_ = c.Ack(*e.Request)
			if data.Message.Metadata.EventType != "dropletops_request" || data.User.TeamID != simslack.TeamID {
				t.Errorf("click: metadata %v, team %q", data.Message.Metadata, data.User.TeamID)
			}
			act := data.ActionCallback.BlockActions[0]
			_, _, _, err := c.UpdateMessage(data.Channel.ID, data.Container.MessageTs, slack.MsgOptionText(act.ActionID+" by "+data.User.ID, false))
			if err != nil {
				t.Error(err)
			}
			_, _, err = c.PostMessage("", slack.MsgOptionResponseURL(data.ResponseURL, slack.ResponseTypeEphemeral), slack.MsgOptionText("thanks", false))
			if err != nil {
				t.Error(err)
			}
		}
	})
	d, err := s.SlashCommand("alice", "#ops", "/droplet reboot web-1")
	if r := result(t, d, err); !r.Acked || r.Error != "" {
		t.Fatalf("command: %+v", r)
	}
	snap := waitFor(t, s, func(n *simslack.Snapshot) bool { return len(n.BotMessages("#ops")) == 1 })
	card := snap.BotMessages("ops")[0]
	if got := strings.Join(card.Actions(), ","); got != "approve,deny" {
		t.Fatalf("actions: %s", got)
	}
	if kind, payload := card.MetadataOf(); kind != "dropletops_request" || payload["state"] != "pending" {
		t.Fatalf("metadata: %s %v", kind, payload)
	}
	d, err = s.Click(simslack.Click{User: "bob", Channel: "#ops", TS: card.TS, ActionID: "approve"})
	result(t, d, err)
	snap = waitFor(t, s, func(n *simslack.Snapshot) bool { return len(n.EphemeralsFor("bob")) == 1 })
	card = snap.Message("#ops", card.TS)
	if card.Text != "approve by U0BOB" || len(card.Blocks) != 0 || len(card.Versions) != 1 {
		t.Fatalf("edited card: %+v", card)
	}
	if kind, _ := card.MetadataOf(); kind == "" {
		t.Fatal("an edit without metadata must leave it")
	}
	if _, err := s.Click(simslack.Click{User: "bob", Channel: "#ops", TS: card.TS, ActionID: "approve"}); err == nil {
		t.Fatal("clicked a button that is gone")
	}
	d, err = s.Click(simslack.Click{User: "bob", Channel: "#ops", TS: card.TS, ActionID: "approve", Force: true})
	result(t, d, err)
	if len(snap.Violations) > 0 {
		t.Fatal(snap.Violations)
	}
}

func TestMentionInThread(t *testing.T) {
	s := start(t, simslack.Options{})
	run(t, s, func(c *socketmode.Client, e socketmode.Event) {
		ev, ok := e.Data.(slackevents.EventsAPIEvent)
		if !ok {
			return
		}
		_ = c.Ack(*e.Request)
		m := ev.InnerEvent.Data.(*slackevents.AppMentionEvent)
		if _, err := c.PostEphemeral(m.Channel, m.User, slack.MsgOptionTS(m.ThreadTimeStamp), slack.MsgOptionText("heard "+m.Text, false)); err != nil {
			t.Error(err)
		}
	})
	parent, _, err := s.Say("carol", "#incidents", "", "web-1 is down")
	if err != nil {
		t.Fatal(err)
	}
	_, d, err := s.Say("alice", "#incidents", parent.TS, "@dropletops reboot web-1")
	result(t, d, err)
	snap := waitFor(t, s, func(n *simslack.Snapshot) bool { return len(n.EphemeralsFor("alice")) == 1 })
	if m := snap.EphemeralsFor("alice")[0]; m.ThreadTS != parent.TS || m.Text != "heard <@U0DROPLETOPS> reboot web-1" {
		t.Fatalf("%+v", m)
	}
	if _, d, _ := s.Mention("alice", "#random", "", "hello"); d != nil {
		t.Fatal("a mention was delivered from a channel that the bot is not in")
	}
}
