package web

import (
	"slices"
	"time"

	simslack "dropletops/internal/sim/slack"
)

// part is a piece of what somebody sees, under a key.
type part struct {
	key   string
	value any
	// same is equal for as long as value is, where that is cheaper to tell than by value; nil else.
	same any
}

// newest is how many messages of a channel are shown: more than anybody scrolls back in a demo, and
// few enough for a browser.
const newest = 500

// recent is how long an action that has ended is still shown on its Droplet.
const recent = time.Minute

// state is all that somebody sees now.
func (s *Server) state(snap *simslack.Snapshot, me simslack.User) []part {
	out := []part{
		{key: "me", value: map[string]string{"id": me.ID, "name": me.Name}},
		{key: "app", value: map[string]int{"sockets": snap.ReadySockets()}},
		{key: "users/" + slackbot().ID, value: slackbot()},
	}
	for _, p := range people(snap) {
		out = append(out, part{key: "people/" + p.Name, value: p})
	}
	for _, u := range snap.Users {
		out = append(out, part{key: "users/" + u.ID, value: authorOf(u)})
	}
	for _, g := range snap.UserGroups {
		out = append(out, part{key: "groups/" + g.ID, value: map[string]string{"id": g.ID, "handle": g.Handle}})
	}
	for i, c := range snap.Channels {
		if slices.Contains(c.Members, me.ID) {
			out = append(out, part{key: "channels/" + c.ID, value: channelOf(c, i)})
			out = append(out, messages(snap, c.ID)...)
		}
	}
	for _, m := range snap.EphemeralsFor(me.ID) {
		out = append(out, messagePart(m))
	}
	for _, c := range s.opts.Shortcuts {
		out = append(out, part{key: "shortcuts/" + c.CallbackID, value: c})
	}
	if v := snap.Modal(me.ID); v != nil {
		out = append(out, part{key: "modal", value: v, same: v})
	}
	return append(out, s.droplets()...)
}

type channel struct {
	ID       string               `json:"id"`
	Name     string               `json:"name"`
	Kind     simslack.ChannelKind `json:"kind"`
	Topic    string               `json:"topic"`
	Shared   bool                 `json:"shared"`
	Archived bool                 `json:"archived"`
	HasApp   bool                 `json:"has_app"`
	Order    int                  `json:"order"`
}

func channelOf(c simslack.Channel, order int) channel {
	return channel{
		ID: c.ID, Name: c.Name, Kind: c.Kind, Topic: c.Topic, Shared: c.IsExtShared, Archived: c.IsArchived,
		HasApp: slices.Contains(c.Members, simslack.BotUserID), Order: order,
	}
}

func messages(snap *simslack.Snapshot, channelID string) []part {
	all := snap.Messages[channelID]
	var out []part
	for _, m := range all[max(0, len(all)-newest):] {
		if !m.Deleted {
			out = append(out, messagePart(m))
		}
	}
	return out
}

// message is one as it is shown, without its history and its metadata.
type message struct {
	Channel   string              `json:"channel"`
	TS        string              `json:"ts"`
	ThreadTS  string              `json:"thread_ts,omitempty"`
	User      string              `json:"user"`
	Text      string              `json:"text"`
	Blocks    []simslack.Block    `json:"blocks,omitempty"`
	Reactions []simslack.Reaction `json:"reactions,omitempty"`
	Edited    bool                `json:"edited,omitempty"`
	Ephemeral bool                `json:"ephemeral,omitempty"`
}

func messagePart(m *simslack.Message) part {
	key := "messages/" + m.Channel + "/" + m.TS
	return part{key: key, same: m, value: message{
		Channel: m.Channel, TS: m.TS, ThreadTS: m.ThreadTS, User: m.User, Text: m.Text, Blocks: m.Blocks,
		Reactions: m.Reactions, Edited: m.ShowsEdited, Ephemeral: m.EphemeralTo != "",
	}}
}
