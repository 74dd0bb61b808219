package slack

import (
	"net/http"
	"strings"
	"time"
)

// A response_url works 5 times within 30 minutes.
// Source: https://docs.slack.dev/interactivity/handling-user-interaction
const (
	responseURLUses = 5
	responseURLLife = 30 * time.Minute
)

// responseURLMethod is what a POST to a response_url is called in the call log and in faults.
const responseURLMethod = "response_url"

type responseURL struct {
	user, channel string
	at            time.Time
	uses          int
	original      string // timestamp of the message that was acted on; empty after a slash command
	ephemeral     bool   // whether that message is ephemeral
	// posted is the timestamp of the ephemeral answer to a slash command, which a later
	// replace_original edits.
	posted string
}

// newResponseURL makes one; on is the message that was acted on, if any; mu is held.
func (s *Server) newResponseURL(userID, channelID string, on *Message) string {
	id := s.id("")
	r := &responseURL{user: userID, channel: channelID, at: s.now()}
	if on != nil {
		r.original, r.ephemeral = on.TS, on.EphemeralTo != ""
	}
	s.responseURLs[id] = r
	return s.url() + "/response/" + id
}

func (s *Server) serveResponseURL(w http.ResponseWriter, r *http.Request) {
	call, _, refusal := readCall(r, responseURLMethod, true)
	id := r.PathValue("id")
	s.answer(w, r, call, func(call Call) (map[string]any, error) {
		if refusal != nil {
			return nil, refusal
		}
		u := s.responseURLs[id]
		switch {
		case u == nil:
			return nil, refuse("invalid_url")
		case s.now().Sub(u.at) > responseURLLife:
			return nil, refuse("expired_url")
		case u.uses >= responseURLUses:
			return nil, refuse("used_url")
		}
		if err := s.respond(u, call); err != nil {
			return nil, err
		}
		u.uses++
		return map[string]any{}, nil
	})
}

// Responses is how often the delivery's response_url was answered with a message.
func (d *Delivery) Responses() int {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	u := d.s.responseURLs[strings.TrimPrefix(d.ResponseURL, d.s.url()+"/response/")]
	if u == nil {
		return 0
	}
	return u.uses
}

// responseURLStatus is the HTTP status of a refusal: 404 for a URL that does not work any more,
// 400 for a message that would be refused, as hooks.slack.com answers.
func responseURLStatus(code string) int {
	switch code {
	case "used_url", "expired_url", "invalid_url":
		return http.StatusNotFound
	}
	return http.StatusBadRequest
}

// respond does what was asked of a response_url, or of the acknowledgement of a slash command; mu
// is held. It needs no membership and no scope.
func (s *Server) respond(u *responseURL, call Call) error {
	original := s.respondTo(u)
	if call.Bool("delete_original") {
		if original == nil {
			return refuse("message_not_found")
		}
		s.replace(original, func(m *Message) { m.Deleted = true })
		return nil
	}
	dropEmptyWire(call.Args)
	say, err := s.readContent(call)
	if err != nil {
		return err
	}
	if !say.hasText && len(say.blocks) == 0 {
		return refuse("no_text")
	}
	if call.Bool("replace_original") && original != nil {
		if !say.hasMeta {
			say.metadata = original.Metadata
		}
		s.edit(original, say.text, say.blocks, say.metadata)
		return nil
	}
	ch := s.channel(u.channel)
	if ch == nil {
		return refuse("channel_not_found")
	}
	if ch.IsArchived {
		return refuse("is_archived")
	}
	thread, err := s.thread(ch, call)
	if err != nil {
		return err
	}
	m := Message{
		Channel: ch.ID, ThreadTS: thread, User: BotUserID, BotID: BotID, Via: call.Method,
		Text: say.text, Blocks: say.blocks, Metadata: say.metadata,
	}
	switch call.Str("response_type") {
	case "in_channel":
	case "", "ephemeral":
		m.EphemeralTo, m.Metadata = u.user, nil
	default:
		return refuse("invalid_response_type")
	}
	put := s.put(m)
	if u.original == "" && m.EphemeralTo != "" {
		u.posted = put.TS
	}
	return nil
}

// respondTo is the message that replace_original and delete_original are about; mu is held.
func (s *Server) respondTo(u *responseURL) *Message {
	switch {
	case u.original == "" && u.posted != "":
		return s.ephemeral(u.channel, u.posted)
	case u.original == "":
		return nil
	case u.ephemeral:
		return s.ephemeral(u.channel, u.original)
	}
	return s.message(u.channel, u.original)
}

// dropEmptyWire forgets what clients send for fields that were left out: slack-go writes an empty
// metadata object and null blocks into every answer.
func dropEmptyWire(args map[string]any) {
	if m, ok := args["metadata"].(map[string]any); ok && asString(m["event_type"]) == "" {
		delete(args, "metadata")
	}
	if l, ok := args["blocks"].([]any); ok && len(l) == 0 {
		delete(args, "blocks")
	}
}

func asString(v any) string {
	s, _ := v.(string)
	return s
}
