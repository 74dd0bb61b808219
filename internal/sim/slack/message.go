package slack

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Block is one Block Kit block as it was sent, with the block_id and action_id values that Slack
// gives where the app left them out. It is never changed once it is part of a message.
type Block = map[string]any

// Message is a message or an ephemeral one. A Message in a snapshot never changes; an edit is a
// new one in a later snapshot.
type Message struct {
	Channel     string          `json:"channel"`
	TS          string          `json:"ts"`
	ThreadTS    string          `json:"thread_ts,omitempty"`
	User        string          `json:"user"`
	BotID       string          `json:"bot_id,omitempty"`
	ClientMsgID string          `json:"client_msg_id,omitempty"`
	Text        string          `json:"text"`
	Blocks      []Block         `json:"blocks,omitempty"`
	Metadata    json.RawMessage `json:"metadata,omitempty"`
	Reactions   []Reaction      `json:"reactions,omitempty"`
	// EphemeralTo is the one person who sees it; empty for a message that everybody sees.
	EphemeralTo string `json:"ephemeral_to,omitempty"`
	// Unseen tells that nobody sees it: an ephemeral message in a thread that has no reply yet.
	// Source: https://docs.slack.dev/reference/methods/chat.postEphemeral#arg_thread_ts
	Unseen bool `json:"unseen,omitempty"`
	// Via is the method that made it: chat.postMessage, response_url, ack; empty for a person's.
	Via string `json:"via,omitempty"`
	// ShowsEdited is Slack's "(edited)": set by an edit of the text, not by one of blocks.
	ShowsEdited bool `json:"shows_edited,omitempty"`
	// Deleted messages stay in snapshots for assertions, with what they last said.
	Deleted bool `json:"deleted,omitempty"`
	// Versions is what it said before each edit, oldest first.
	Versions []Version `json:"versions,omitempty"`
}

// Version is what a message said before it was edited.
type Version struct {
	Text     string          `json:"text"`
	Blocks   []Block         `json:"blocks,omitempty"`
	Metadata json.RawMessage `json:"metadata,omitempty"`
}

// Reaction is an emoji and who put it there.
type Reaction struct {
	Name  string   `json:"name"`
	Users []string `json:"users"`
}

// ts makes a timestamp that no other message of the channel has; mu is held.
func (s *Server) ts(channel string) string {
	us := max(s.now().UnixMicro(), s.lastTS[channel]+1)
	s.lastTS[channel] = us
	return fmt.Sprintf("%d.%06d", us/1e6, us%1e6)
}

// eventTS is the clock in Slack's form; mu is not needed.
func (s *Server) eventTS() string {
	us := s.now().UnixMicro()
	return fmt.Sprintf("%d.%06d", us/1e6, us%1e6)
}

// isTS tells a timestamp of Slack's form, "1700000000.000123".
func isTS(ts string) bool {
	sec, frac, ok := strings.Cut(ts, ".")
	if !ok || len(sec) < 9 || len(frac) != 6 {
		return false
	}
	_, err := strconv.ParseUint(sec+frac, 10, 64)
	return err == nil
}

// message finds what is there now, not what was deleted; mu is held.
func (s *Server) message(channel, ts string) *Message {
	for _, m := range s.messages[channel] {
		if m.TS == ts && !m.Deleted {
			return m
		}
	}
	return nil
}

// ephemeral finds an ephemeral message; mu is held.
func (s *Server) ephemeral(channel, ts string) *Message {
	for _, m := range s.ephemerals {
		if m.Channel == channel && m.TS == ts && !m.Deleted {
			return m
		}
	}
	return nil
}

// put adds a message with a new timestamp; mu is held.
func (s *Server) put(m Message) *Message {
	m.TS = s.ts(m.Channel)
	if m.EphemeralTo != "" {
		m.Unseen = m.ThreadTS != "" && len(s.replies(m.Channel, m.ThreadTS)) == 0
		s.ephemerals = append(s.ephemerals, &m)
	} else {
		s.messages[m.Channel] = append(s.messages[m.Channel], &m)
	}
	s.touch()
	return &m
}

// replace puts a changed copy in a message's place; mu is held.
func (s *Server) replace(old *Message, change func(*Message)) *Message {
	m := *old
	change(&m)
	list := s.messages[m.Channel]
	if m.EphemeralTo != "" {
		list = s.ephemerals
	}
	list[slices.Index(list, old)] = &m
	s.touch()
	return &m
}

// edit replaces what a message says and keeps what it said; mu is held.
func (s *Server) edit(old *Message, text string, blocks []Block, metadata json.RawMessage) *Message {
	return s.replace(old, func(m *Message) {
		m.Versions = append(slices.Clip(m.Versions), Version{Text: m.Text, Blocks: m.Blocks, Metadata: m.Metadata})
		m.ShowsEdited = m.ShowsEdited || (len(blocks) == 0 && text != m.Text)
		m.Text, m.Blocks, m.Metadata = text, blocks, metadata
	})
}

// replies are the messages of a thread without its parent; mu is held.
func (s *Server) replies(channel, threadTS string) []*Message {
	var out []*Message
	for _, m := range s.messages[channel] {
		if m.ThreadTS == threadTS && m.TS != threadTS && !m.Deleted {
			out = append(out, m)
		}
	}
	return out
}

// wire is a message as the Web API and payloads show it; mu is held.
func (s *Server) wire(m *Message, withMetadata bool) map[string]any {
	team := TeamID
	if u := s.user(m.User); u != nil {
		team = u.TeamID
	}
	w := map[string]any{"type": "message", "user": m.User, "ts": m.TS, "text": m.Text, "team": team}
	if m.BotID != "" {
		w["bot_id"], w["app_id"] = m.BotID, AppID
		w["bot_profile"] = map[string]any{
			"id": m.BotID, "app_id": AppID, "name": "Dropletops", "deleted": false, "updated": 1700000000,
			"team_id": TeamID, "icons": map[string]any{},
		}
	}
	if m.ClientMsgID != "" {
		w["client_msg_id"] = m.ClientMsgID
	}
	if len(m.Blocks) > 0 {
		w["blocks"] = m.Blocks
	}
	if m.ShowsEdited {
		w["edited"] = map[string]any{"user": m.User, "ts": m.TS}
	}
	if withMetadata && len(m.Metadata) > 0 {
		w["metadata"] = m.Metadata
	}
	if len(m.Reactions) > 0 {
		var rs []map[string]any
		for _, r := range m.Reactions {
			rs = append(rs, map[string]any{"name": r.Name, "users": r.Users, "count": len(r.Users)})
		}
		w["reactions"] = rs
	}
	s.wireThread(m, w)
	return w
}

// wireThread adds what a parent or a reply says about its thread; mu is held.
func (s *Server) wireThread(m *Message, w map[string]any) {
	if m.ThreadTS != "" && m.ThreadTS != m.TS {
		w["thread_ts"] = m.ThreadTS
		if p := s.message(m.Channel, m.ThreadTS); p != nil {
			w["parent_user_id"] = p.User
		}
		return
	}
	replies := s.replies(m.Channel, m.TS)
	if len(replies) == 0 || m.EphemeralTo != "" {
		return
	}
	var users []string
	for _, r := range replies {
		if !slices.Contains(users, r.User) {
			users = append(users, r.User)
		}
	}
	w["thread_ts"] = m.TS
	w["reply_count"], w["reply_users"], w["reply_users_count"] = len(replies), users, len(users)
	w["latest_reply"] = replies[len(replies)-1].TS
}
