package handlers

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"dropletops/approvals"
)

// Of each payload only what is used is read: Slack adds fields and kinds of
// blocks as it likes, and none of that may keep a click from being understood.

// command is a slash command.
type command struct {
	TeamID      string `json:"team_id"`
	ChannelID   string `json:"channel_id"`
	ChannelName string `json:"channel_name"`
	UserID      string `json:"user_id"`
	Command     string `json:"command"`
	Text        string `json:"text"`
	ResponseURL string `json:"response_url"`
	TriggerID   string `json:"trigger_id"`
}

// event is an event of the Events API; of all of them, mentions are used.
type event struct {
	Event struct {
		Type     string          `json:"type"`
		Subtype  string          `json:"subtype"`
		User     string          `json:"user"`
		Team     string          `json:"team"`
		UserTeam string          `json:"user_team"` // in channels shared with another workspace
		BotID    string          `json:"bot_id"`
		Text     string          `json:"text"`
		Channel  string          `json:"channel"`
		ThreadTS string          `json:"thread_ts"`
		Edited   json.RawMessage `json:"edited"`
	} `json:"event"`
}

// who sent it. The team is the sender's own, never the one that the event was
// delivered to: where it is not told, Slack is asked about the person.
func (ev event) who() approvals.Who {
	team := ev.Event.UserTeam
	if team == "" {
		team = ev.Event.Team
	}
	return approvals.Who{UserID: ev.Event.User, TeamID: team}
}

// interaction is a click, a choice, or a search in a menu.
type interaction struct {
	Type        string `json:"type"`
	ResponseURL string `json:"response_url"`
	TriggerID   string `json:"trigger_id"`
	User        struct {
		ID     string `json:"id"`
		TeamID string `json:"team_id"`
	} `json:"user"`
	Channel struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"channel"`
	Container struct {
		ChannelID string `json:"channel_id"`
		MessageTS string `json:"message_ts"`
		ThreadTS  string `json:"thread_ts"`
	} `json:"container"`
	Message struct {
		TS       string `json:"ts"`
		ThreadTS string `json:"thread_ts"`
		Text     string `json:"text"`
		User     string `json:"user"`
		Metadata struct {
			Type    string `json:"event_type"`
			Payload struct {
				RequestID string `json:"request_id"`
			} `json:"event_payload"`
		} `json:"metadata"`
		Blocks []struct {
			BlockID  string          `json:"block_id"`
			Elements json.RawMessage `json:"elements"` // a list in most kinds of blocks
		} `json:"blocks"`
	} `json:"message"`
	Actions []click `json:"actions"`
	// Of a modal that was used, or filled in.
	View struct {
		ID              string `json:"id"`
		Hash            string `json:"hash"`
		CallbackID      string `json:"callback_id"`
		PrivateMetadata string `json:"private_metadata"`
		State           struct {
			Values map[string]map[string]value `json:"values"`
		} `json:"state"`
	} `json:"view"`
	CallbackID string `json:"callback_id"` // of a shortcut
	// Of a search in a menu.
	ActionID string `json:"action_id"`
	Value    string `json:"value"`
}

// value is what stands in one input of a modal.
type value struct {
	Value   string   `json:"value"`
	Option  option   `json:"selected_option"`
	Options []option `json:"selected_options"`
}

type option struct {
	Value string `json:"value"`
	Text  struct {
		Text string `json:"text"`
	} `json:"text"`
}

// click is one button that was clicked, or one choice that was made.
type click struct {
	ActionID       string `json:"action_id"`
	BlockID        string `json:"block_id"`
	Value          string `json:"value"`
	ActionTS       string `json:"action_ts"`
	SelectedOption struct {
		Value string `json:"value"`
	} `json:"selected_option"`
}

func (in interaction) who() approvals.Who {
	return approvals.Who{UserID: in.User.ID, TeamID: in.User.TeamID}
}

func (in interaction) channel() string {
	if in.Container.ChannelID != "" {
		return in.Container.ChannelID
	}
	return in.Channel.ID
}

// thread is the thread that the message that was clicked stands in. One that has
// replies names itself as its thread, and stands in the channel all the same.
func (in interaction) thread() string {
	thread := cmp.Or(in.Container.ThreadTS, in.Message.ThreadTS)
	if thread == in.message().TS {
		return ""
	}
	return thread
}

// address is where whoever clicked can be answered; of a modal, where they
// clicked what opened it.
func (in interaction) address() Address {
	if n, ok := in.naming(); ok {
		return Address{ResponseURL: n.ResponseURL, ChannelID: n.Channel, UserID: in.User.ID, ThreadTS: n.Thread}
	}
	if p, ok := in.purpose(); ok {
		to := Address{ResponseURL: p.ResponseURL, ChannelID: p.Channel, UserID: in.User.ID, ThreadTS: p.Thread}
		if p.Unthreaded {
			to.ThreadTS = ""
		}
		return to
	}
	if c, ok := in.consented(); ok {
		return Address{ResponseURL: c.ResponseURL, ChannelID: c.Message.ChannelID, UserID: in.User.ID, ThreadTS: c.Thread}
	}
	return Address{ResponseURL: in.ResponseURL, ChannelID: in.channel(), UserID: in.User.ID, ThreadTS: in.thread()}
}

// read decodes a payload.
func read[T any](e approvals.Envelope) (T, error) {
	var t T
	if err := json.Unmarshal(e.Payload, &t); err != nil {
		return t, fmt.Errorf("read the payload of %s envelope %s: %w", e.Type, e.Key, err)
	}
	return t, nil
}

// asked is what someone typed: who, where, and which words.
type asked struct {
	who     approvals.Who
	origin  approvals.Origin
	to      Address
	text    string // what was typed, not as Slack delivers it
	call    string // what stood in front of it, "/droplet" or "@dropletops"
	words   string // the key of the envelope that brought the words
	attempt int    // of handling the envelope
	chosen  int    // the ID of the Droplet that was chosen from a menu; 0 if none was
	named   string // the name that was typed for it then
	page    int    // of an answer, from 1; 0 where none was turned to
	share   bool   // the answer is to be shown to the channel
	trigger string // by which a modal can be opened, within 3 s; empty if none can
	form    *form  // that was filled in, in the place of words; nil if words were typed
}

// ofCommand reads what was typed behind a slash command.
func ofCommand(e approvals.Envelope, c command) asked {
	text := marked(c.Text)
	call := c.Command
	if call == "" {
		call = "/droplet"
	}
	return asked{
		who: approvals.Who{UserID: c.UserID, TeamID: c.TeamID},
		origin: approvals.Origin{
			TeamID: c.TeamID, ChannelID: c.ChannelID, ResponseURL: c.ResponseURL, Envelope: e.Key, AskedAt: e.ReceivedAt,
			Private: direct(c.ChannelID), Group: groupMessage(c.ChannelName),
			Words: strings.TrimSpace(call + " " + redact(text)),
		},
		to:   Address{ResponseURL: c.ResponseURL, ChannelID: c.ChannelID, UserID: c.UserID},
		text: text, call: call, words: e.Key, attempt: e.Attempt, trigger: c.TriggerID,
	}
}

// direct says whether a channel is a direct message: its ID begins with D. All
// others have more than one person besides the bot.
func direct(channel string) bool { return strings.HasPrefix(channel, "D") }

// groupMessage reports whether a channel is a direct message of several people, by the
// name that Slack gives it: mpdm-alice--bob--carol-1.
func groupMessage(name string) bool { return strings.HasPrefix(name, "mpdm-") }
