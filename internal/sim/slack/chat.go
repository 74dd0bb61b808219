package slack

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Slack's limits on a message. Source: https://docs.slack.dev/reference/methods/chat.postMessage
const (
	maxText          = 40_000 // characters; Slack truncates above it in places, refuses in others
	maxMessageBlocks = 50
	maxBlocksBytes   = 200_000 // all blocks as JSON; msg_blocks_too_long beyond, as seen by apps
	maxMetadataBytes = 16_000
)

// content is what a message says, checked.
type content struct {
	text     string
	blocks   []Block
	metadata json.RawMessage
	hasText  bool
	hasMeta  bool
	// hasBlocks tells blocks that were sent empty (which removes them) from none sent.
	hasBlocks bool
}

// readContent checks text, blocks and metadata as chat.postMessage does.
func (s *Server) readContent(c Call) (content, error) {
	out := content{text: c.Str("text"), hasText: c.Str("text") != ""}
	if n := utf8.RuneCountInString(out.text); n > maxText {
		return out, refuse("msg_too_long")
	}
	if v, ok := c.Args["blocks"]; ok && v != nil && v != "" {
		out.hasBlocks = true
		blocks, err := s.checkBlocks(v, messageSurface)
		if err != nil {
			return out, err
		}
		if b, _ := json.Marshal(blocks); len(b) > maxBlocksBytes {
			return out, refuse("msg_blocks_too_long")
		}
		out.blocks = blocks
	}
	if v, ok := c.Args["metadata"]; ok && v != nil && v != "" {
		out.hasMeta = true
		meta, err := checkMetadata(v)
		if err != nil {
			return out, err
		}
		out.metadata = meta
	}
	return out, nil
}

// checkMetadata wants {"event_type": "…", "event_payload": {…}}; an empty object removes it.
func checkMetadata(v any) (json.RawMessage, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, refuse("invalid_metadata_format", "[ERROR] metadata must be a JSON object [json-pointer:/metadata]")
	}
	if len(m) == 0 {
		return nil, nil
	}
	kind, ok := m["event_type"].(string)
	if !ok || kind == "" {
		return nil, refuse("invalid_metadata_format", "[ERROR] missing required field: event_type [json-pointer:/metadata]")
	}
	if _, ok := m["event_payload"].(map[string]any); !ok {
		return nil, refuse("invalid_metadata_format", "[ERROR] missing required field: event_payload [json-pointer:/metadata]")
	}
	b, err := json.Marshal(m)
	if err != nil {
		return nil, refuse("invalid_metadata_format", err.Error())
	}
	if len(b) > maxMetadataBytes {
		return nil, refuse("metadata_too_large")
	}
	return b, nil
}

// target finds the channel that the bot writes to or reads; mu is held. For a private channel
// that the bot is not in, Slack says channel_not_found and not that it exists.
func (s *Server) target(ref string) (*Channel, error) {
	ch := s.channel(ref)
	if ch == nil && strings.HasPrefix(ref, "U") {
		if u := s.user(ref); u != nil && !u.IsBot {
			ch, _ = s.openIM(u.ID)
		}
	}
	if ch == nil || (ch.Kind != PublicChannel && !ch.has(BotUserID)) {
		return nil, refuse("channel_not_found")
	}
	return ch, nil
}

// writable is target for a channel that must take a message from the bot; mu is held.
func (s *Server) writable(ref string) (*Channel, error) {
	ch, err := s.target(ref)
	switch {
	case err != nil:
		return nil, err
	case ch.IsArchived:
		return nil, refuse("is_archived")
	case !ch.has(BotUserID) && !s.granted("chat:write.public"):
		return nil, refuse("not_in_channel")
	}
	return ch, nil
}

// thread resolves thread_ts to its parent's timestamp; mu is held. A reply's own timestamp leads
// to its parent, as it does in Slack.
func (s *Server) thread(ch *Channel, c Call) (string, error) {
	ts := c.Str("thread_ts")
	if ts == "" {
		return "", nil
	}
	if !isTS(ts) {
		return "", refuse("invalid_thread_ts", fmt.Sprintf("[ERROR] %s is not a valid thread_ts", ts))
	}
	m := s.message(ch.ID, ts)
	if m == nil {
		return "", refuse("thread_not_found")
	}
	return orElse(m.ThreadTS, m.TS), nil
}

// posted is what is to be posted, and in which thread; mu is held.
func (s *Server) posted(ch *Channel, c Call) (say content, thread string, err error) {
	if say, err = s.readContent(c); err != nil {
		return say, "", err
	}
	if !say.hasText && len(say.blocks) == 0 {
		return say, "", refuse("no_text")
	}
	thread, err = s.thread(ch, c)
	return say, thread, err
}

func (s *Server) chatPostMessage(c Call) (map[string]any, error) {
	ch, err := s.writable(c.Str("channel"))
	if err != nil {
		return nil, err
	}
	say, thread, err := s.posted(ch, c)
	if err != nil {
		return nil, err
	}
	m := s.put(Message{
		Channel: ch.ID, ThreadTS: thread, User: BotUserID, BotID: BotID, Via: c.Method,
		Text: say.text, Blocks: say.blocks, Metadata: say.metadata,
	})
	return map[string]any{"channel": ch.ID, "ts": m.TS, "message": s.wire(m, true)}, nil
}

func (s *Server) chatPostEphemeral(c Call) (map[string]any, error) {
	ch, err := s.writable(c.Str("channel"))
	if err != nil {
		return nil, err
	}
	if err := c.missing("user"); err != nil {
		return nil, err
	}
	u := s.user(c.Str("user"))
	if u == nil || u.Deleted || !ch.has(u.ID) {
		return nil, refuse("user_not_in_channel")
	}
	say, thread, err := s.posted(ch, c)
	if err != nil {
		return nil, err
	}
	m := s.put(Message{
		Channel: ch.ID, ThreadTS: thread, User: BotUserID, BotID: BotID, Via: c.Method,
		EphemeralTo: u.ID, Text: say.text, Blocks: say.blocks,
	})
	return map[string]any{"message_ts": m.TS}, nil
}

// chatUpdate edits one of the bot's own messages. Text without blocks removes the blocks; blocks
// without text leave no text; metadata stays unless it is sent.
func (s *Server) chatUpdate(c Call) (map[string]any, error) {
	ch, err := s.target(c.Str("channel"))
	if err != nil {
		return nil, err
	}
	old := s.message(ch.ID, c.Str("ts"))
	switch {
	case old == nil: // an ephemeral one is never found
		return nil, refuse("message_not_found")
	case old.BotID != BotID:
		return nil, refuse("cant_update_message")
	case ch.IsArchived:
		return nil, refuse("is_inactive")
	}
	say, err := s.readContent(c)
	if err != nil {
		return nil, err
	}
	if !say.hasText && len(say.blocks) == 0 && !say.hasMeta {
		return nil, refuse("no_text")
	}
	if !say.hasText && !say.hasBlocks {
		say.text, say.blocks = old.Text, old.Blocks // an edit of the metadata alone
	}
	if !say.hasMeta {
		say.metadata = old.Metadata
	}
	m := s.edit(old, say.text, say.blocks, say.metadata)
	return map[string]any{"channel": ch.ID, "ts": m.TS, "text": m.Text, "message": s.wire(m, true)}, nil
}

func (s *Server) chatDelete(c Call) (map[string]any, error) {
	ch, err := s.target(c.Str("channel"))
	if err != nil {
		return nil, err
	}
	m := s.message(ch.ID, c.Str("ts"))
	switch {
	case m == nil:
		return nil, refuse("message_not_found")
	case m.BotID != BotID:
		return nil, refuse("cant_delete_message")
	}
	s.replace(m, func(m *Message) { m.Deleted = true })
	return map[string]any{"channel": ch.ID, "ts": m.TS}, nil
}

func (s *Server) chatGetPermalink(c Call) (map[string]any, error) {
	ch, err := s.target(c.Str("channel"))
	if err != nil {
		return nil, err
	}
	m := s.message(ch.ID, c.Str("message_ts"))
	if m == nil {
		return nil, refuse("message_not_found")
	}
	link := fmt.Sprintf("https://%s.slack.com/archives/%s/p%s", TeamDomain, ch.ID, strings.ReplaceAll(m.TS, ".", ""))
	if m.ThreadTS != "" {
		link += "?thread_ts=" + m.ThreadTS + "&cid=" + ch.ID
	}
	return map[string]any{"channel": ch.ID, "permalink": link}, nil
}
