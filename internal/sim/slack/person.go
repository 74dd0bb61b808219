package slack

import (
	"fmt"
	"slices"
	"strings"
)

// acting finds the person and the channel of an action and refuses what Slack's own client would
// not let them do; mu is held.
func (s *Server) acting(user, channel string) (*User, *Channel, error) {
	u, ch := s.user(user), s.channel(channel)
	switch {
	case u == nil:
		return nil, nil, fmt.Errorf("built-in Slack: no such user %q", user)
	case ch == nil:
		return nil, nil, fmt.Errorf("built-in Slack: no such channel %q", channel)
	case u.Deleted:
		return nil, nil, fmt.Errorf("built-in Slack: %s is deactivated and cannot act", u.Name)
	case !ch.has(u.ID):
		return nil, nil, fmt.Errorf("built-in Slack: %s is not in %s", u.Name, channel)
	case ch.IsArchived:
		return nil, nil, fmt.Errorf("built-in Slack: %s is archived", channel)
	}
	return u, ch, nil
}

// SlashCommand types a command into a channel, "/droplet reboot web-1". The text is passed on as
// Slack does for a command with should_escape: &, < and > as entities, and what names somebody,
// a channel or a link between angle brackets. There is no way to do so in a thread, as in Slack.
func (s *Server) SlashCommand(user, channel, line string) (*Delivery, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, ch, err := s.acting(user, channel)
	if err != nil {
		return nil, err
	}
	command, text, _ := strings.Cut(strings.TrimSpace(line), " ")
	switch {
	case !slices.Contains(s.opts.Commands, command):
		return nil, fmt.Errorf("built-in Slack: %s is not a valid command", command)
	case u.TeamID != TeamID:
		return nil, fmt.Errorf("built-in Slack: %s is of another workspace, where %s is not installed", u.Name, command)
	}
	d := &Delivery{
		Type: "slash_commands", User: u.ID, AcceptsResponsePayload: true,
		TriggerID: s.newTrigger(u.ID, ""), ResponseURL: s.newResponseURL(u.ID, ch.ID, nil),
	}
	d.onAck = func(body map[string]any) { s.ackCommand(d, body) }
	// What Slackbot says where the app did not answer.
	d.onTimeout = func(code string) {
		s.put(Message{
			Channel: ch.ID, User: "USLACKBOT", EphemeralTo: u.ID, Via: "slackbot",
			Text: fmt.Sprintf("%s failed with the error %q", command, code),
		})
	}
	name := ch.Name
	switch ch.Kind {
	case IM:
		name = "directmessage"
	case PrivateChannel:
		name = "privategroup"
	}
	return s.deliver(d, map[string]any{
		"token": "verification", "team_id": TeamID, "team_domain": TeamDomain, "channel_id": ch.ID,
		"channel_name": name, "user_id": u.ID, "user_name": u.Name, "command": command,
		"text": s.formatted(s.tokens(strings.TrimSpace(text)), true), "api_app_id": AppID, "is_enterprise_install": "false",
		"response_url": d.ResponseURL, "trigger_id": d.TriggerID,
	}), nil
}

// Say posts a message as a person; threadTS is empty outside of threads. "@name" of somebody who
// exists becomes a mention, as does <@ID>, and &, < and > arrive as entities. A message that mentions the bot is delivered as an app_mention event
// where the bot is in the channel; otherwise the Delivery is nil.
func (s *Server) Say(user, channel, threadTS, text string) (*Message, *Delivery, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, ch, err := s.acting(user, channel)
	if err != nil {
		return nil, nil, err
	}
	if threadTS != "" {
		p := s.message(ch.ID, threadTS)
		if p == nil {
			return nil, nil, fmt.Errorf("built-in Slack: no message %s in %s to reply to", threadTS, channel)
		}
		threadTS = orElse(p.ThreadTS, p.TS)
	}
	tokens := s.tokens(text)
	text = s.formatted(tokens, false)
	m := s.put(Message{
		Channel: ch.ID, ThreadTS: threadTS, User: u.ID, Text: text, ClientMsgID: s.newEnvelopeID(),
		Blocks: []Block{richText(strings.ToLower(s.id("b")), tokens)},
	})
	// Slack sends no app_mention for a direct message, not even with a mention in
	// it (docs.slack.dev/reference/events/app_mention).
	if !strings.Contains(text, "<@"+BotUserID) || !ch.has(BotUserID) || ch.Kind == IM {
		return m, nil, nil
	}
	event := s.wire(m, false)
	for _, k := range []string{"parent_user_id", "reply_count", "reply_users", "reply_users_count", "latest_reply"} {
		delete(event, k)
	}
	event["type"], event["channel"], event["event_ts"] = "app_mention", ch.ID, m.TS
	if ch.IsExtShared {
		event["user_team"], event["source_team"] = u.TeamID, u.TeamID
	}
	return m, s.event(u.ID, event, ch.IsExtShared), nil
}

// Mention is Say with the bot's name in front of the text.
func (s *Server) Mention(user, channel, threadTS, text string) (*Message, *Delivery, error) {
	return s.Say(user, channel, threadTS, "<@"+BotUserID+"> "+text)
}

// event delivers an event of the Events API; mu is held.
func (s *Server) event(userID string, event map[string]any, shared bool) *Delivery {
	d := &Delivery{Type: "events_api", User: userID, EventID: s.id("Ev")}
	return s.deliver(d, map[string]any{
		"token": "verification", "team_id": TeamID, "context_team_id": TeamID, "context_enterprise_id": nil,
		"api_app_id": AppID, "event": event, "type": "event_callback", "event_id": d.EventID,
		"event_time": s.now().Unix(), "is_ext_shared_channel": shared, "event_context": "4-" + d.EventID,
		"authorizations": []any{map[string]any{
			"enterprise_id": nil, "team_id": TeamID, "user_id": BotUserID, "is_bot": true, "is_enterprise_install": false,
		}},
	})
}

// OpenHome opens the app's home tab: an app_home_opened event.
func (s *Server) OpenHome(user string) (*Delivery, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.user(user)
	if u == nil || u.Deleted || u.IsBot || u.TeamID != TeamID {
		return nil, fmt.Errorf("built-in Slack: %q cannot open the app's home", user)
	}
	im, _ := s.openIM(u.ID)
	event := map[string]any{
		"type": "app_home_opened", "user": u.ID, "channel": im.ID, "tab": "home", "event_ts": s.eventTS(),
	}
	if v := s.views[s.homes[u.ID]]; v != nil {
		event["view"] = v.wire(u)
	}
	return s.event(u.ID, event, false), nil
}
