package slack

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

// Click is a person using an element: a button, or a choice in a select.
type Click struct {
	User string
	// Channel and TS name the message, an ephemeral one as well; or ViewID the view.
	Channel, TS string
	ViewID      string
	// ActionID names the element; BlockID is needed only where several blocks have it.
	ActionID, BlockID string
	// Fill is what stands in the other inputs of the view when it is used, sent or not.
	Fill Fill
	// Choose is what is chosen in a select: option values, or IDs. For a button it stays empty.
	Choose []string
	// Force sends the click of a stale client: of an element that was there in an earlier version
	// of the message or never, by anybody. What was never there is sent as a button of this Value.
	Force bool
	Value string
}

// Click uses an element and delivers block_actions. Without Force, only what is on the message
// or view now, and only by somebody who sees it: in a shared channel also people of the other
// workspace.
func (s *Server) Click(c Click) (*Delivery, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	on, err := s.find(c)
	if err != nil {
		return nil, err
	}
	if on.waits && !c.Force {
		return nil, fmt.Errorf("built-in Slack: %q is in an input block without dispatch_action: it is sent with the view", c.ActionID)
	}
	if on.view != nil {
		if on.view, err = s.fillIn(on.view, on.user, c.Fill, false); err != nil {
			return nil, err
		}
	}
	action := map[string]any{
		"type": on.element["type"], "action_id": on.element["action_id"], "block_id": on.blockID, "action_ts": s.eventTS(),
	}
	state := on.values()
	if asString(on.element["type"]) == "button" {
		for _, k := range []string{"text", "value", "style", "url"} {
			if v, ok := on.element[k]; ok {
				action[k] = v
			}
		}
	} else {
		value, err := s.value(on.element, on.menu(), c.Choose)
		if err != nil {
			return nil, err
		}
		if _, _, list := keyOf(asString(on.element["type"])); empty(value) && !list {
			return nil, fmt.Errorf("built-in Slack: nothing is chosen in %q", c.ActionID)
		}
		if why := s.objection(on.element, value, on.user); why != "" {
			return nil, fmt.Errorf("built-in Slack: %q %s", c.ActionID, why)
		}
		for k, v := range value {
			action[k] = v
		}
		if stateful(on.element) {
			if state[on.blockID] == nil { // of an earlier version of the message
				state[on.blockID] = map[string]any{}
			}
			state[on.blockID][asString(on.element["action_id"])] = value
		}
		if on.view != nil {
			v := *on.view
			v.Values = state
			s.views[v.ID], on.view = &v, &v
		}
	}
	d := &Delivery{Type: "interactive", User: on.user.ID, TriggerID: s.newTrigger(on.user.ID, c.ViewID)}
	payload := s.interaction("block_actions", on.user, d.TriggerID)
	payload["actions"] = []any{action}
	on.describe(s, payload, d)
	if on.view == nil { // a view's is in the view
		payload["state"] = map[string]any{"values": state}
	}
	return s.deliver(d, payload), nil
}

// Suggest types into an external select and delivers block_suggestion; Result.Options are what
// the person is offered. They can then be chosen with Click.
func (s *Server) Suggest(c Click, query string) (*Delivery, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	on, err := s.find(c)
	if err != nil {
		return nil, err
	}
	if kind := asString(on.element["type"]); kind != "external_select" && kind != "multi_external_select" {
		return nil, fmt.Errorf("built-in Slack: %q is a %s and asks the app for nothing", c.ActionID, kind)
	}
	least := 3 // characters; source: https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element#external_select
	if n, ok := on.element["min_query_length"].(float64); ok {
		least = int(n)
	}
	if utf8.RuneCountInString(query) < least {
		return nil, fmt.Errorf("built-in Slack: %q asks the app from %d characters on (min_query_length)", c.ActionID, least)
	}
	if on.view != nil {
		if on.view, err = s.fillIn(on.view, on.user, c.Fill, false); err != nil {
			return nil, err
		}
	}
	d := &Delivery{Type: "interactive", User: on.user.ID, AcceptsResponsePayload: true, menu: on.menu()}
	d.onAck = func(body map[string]any) { s.ackOptions(d, body) }
	payload := s.interaction("block_suggestion", on.user, "")
	payload["action_id"], payload["block_id"], payload["value"] = on.element["action_id"], on.blockID, query
	on.describe(s, payload, d)
	delete(payload, "response_url")
	if view, ok := payload["view"].(map[string]any); ok {
		// What stands in the other inputs does not come with it:
		// https://github.com/slackapi/java-slack-sdk/issues/1292, https://github.com/slackapi/bolt-js/issues/660
		view["state"] = map[string]any{"values": map[string]any{}}
	}
	return s.deliver(d, payload), nil
}

// used is an element that a person uses, and where it is.
type used struct {
	user    *User
	message *Message
	view    *View
	blockID string
	element map[string]any
	waits   bool // an input that is sent with the view, and not by itself
}

// find resolves a Click; mu is held.
func (s *Server) find(c Click) (used, error) {
	on := used{user: s.user(c.User)}
	if on.user == nil {
		return on, fmt.Errorf("built-in Slack: no such user %q", c.User)
	}
	var versions [][]Block // newest first
	if c.ViewID != "" {
		v := s.views[c.ViewID]
		if v == nil || (v.User != on.user.ID && !c.Force) {
			return on, fmt.Errorf("built-in Slack: %s has no view %s open", c.User, c.ViewID)
		}
		on.view = v
		versions = append(versions, v.Blocks)
	} else {
		m, err := s.clickable(c, on.user)
		if err != nil {
			return on, err
		}
		on.message = m
		versions = append(versions, m.Blocks)
		for _, v := range slices.Backward(m.Versions) {
			versions = append(versions, v.Blocks)
		}
	}
	if !c.Force {
		versions = versions[:1]
	}
	for _, blocks := range versions {
		for _, b := range blocks {
			if c.BlockID != "" && b["block_id"] != c.BlockID {
				continue
			}
			for _, e := range elementsOf(b) {
				if e["action_id"] == c.ActionID && (!c.Force || c.Value == "" || e["value"] == c.Value) {
					on.waits = b["type"] == "input" && b["dispatch_action"] != true
					on.blockID, on.element = asString(b["block_id"]), e
					return on, nil
				}
			}
		}
	}
	if !c.Force {
		return on, fmt.Errorf("built-in Slack: there is no %q to use on %s%s (Force sends a stale client's click)", c.ActionID, c.TS, c.ViewID)
	}
	on.blockID = orElse(c.BlockID, "stale")
	on.element = map[string]any{
		"type": "button", "action_id": c.ActionID, "value": c.Value,
		"text": map[string]any{"type": "plain_text", "text": c.ActionID},
	}
	return on, nil
}

// clickable finds the message of a Click that the person can see; mu is held.
func (s *Server) clickable(c Click, u *User) (*Message, error) {
	ch := s.channel(c.Channel)
	if ch == nil {
		return nil, fmt.Errorf("built-in Slack: no such channel %q", c.Channel)
	}
	m := s.message(ch.ID, c.TS)
	if e := s.ephemeral(ch.ID, c.TS); m == nil && e != nil && (e.EphemeralTo == u.ID || c.Force) {
		m = e
	}
	if m == nil && c.Force {
		for _, o := range append(slices.Clone(s.messages[ch.ID]), s.ephemerals...) {
			if o.Channel == ch.ID && o.TS == c.TS {
				m = o // deleted since
			}
		}
	}
	switch {
	case m == nil:
		return nil, fmt.Errorf("built-in Slack: %s sees no message %s in %s", u.Name, c.TS, c.Channel)
	case c.Force:
		return m, nil
	case u.Deleted:
		return nil, fmt.Errorf("built-in Slack: %s is deactivated and cannot click", u.Name)
	case !ch.has(u.ID):
		return nil, fmt.Errorf("built-in Slack: %s is not in %s", u.Name, c.Channel)
	}
	return m, nil
}

// values is the state of all inputs where the element is.
func (on used) values() map[string]map[string]any {
	v := &View{Values: map[string]map[string]any{}}
	if on.view != nil {
		v.Blocks = on.view.Blocks
		v.fillInitial(on.view.Values)
	} else {
		v.Blocks = on.message.Blocks
		v.fillInitial(nil)
	}
	return v.Values
}

// menu is the element as one that the app may offer options in.
func (on used) menu() menu {
	in := menu{user: on.user.ID, blockID: on.blockID, actionID: asString(on.element["action_id"])}
	if on.view != nil {
		in.view = on.view.ID
	} else {
		in.channel, in.ts = on.message.Channel, on.message.TS
	}
	return in
}

// describe adds where the element is to a payload; mu is held.
func (on used) describe(s *Server, payload map[string]any, d *Delivery) {
	if on.view != nil {
		payload["container"] = map[string]any{"type": "view", "view_id": on.view.ID}
		payload["view"], payload["team"] = on.view.wire(on.user), teamOf(on.user)
		return
	}
	m := on.message
	container := map[string]any{
		"type": "message", "message_ts": m.TS, "channel_id": m.Channel, "is_ephemeral": m.EphemeralTo != "",
	}
	if m.ThreadTS != "" {
		container["thread_ts"] = m.ThreadTS
	}
	payload["container"] = container
	payload["channel"] = map[string]any{"id": m.Channel, "name": s.payloadName(m.Channel)}
	d.ResponseURL = s.newResponseURL(on.user.ID, m.Channel, m)
	payload["response_url"] = d.ResponseURL
	if m.EphemeralTo == "" { // Slack does not keep what an ephemeral message said
		payload["message"] = s.wire(m, true)
	}
}

// payloadName is a channel's name in a payload: private ones are not named; mu is held.
func (s *Server) payloadName(id string) string {
	switch ch := s.channel(id); {
	case ch == nil:
		return ""
	case ch.Kind == IM:
		return "directmessage"
	case ch.Kind == PrivateChannel:
		return "privategroup"
	case ch.Kind == MPIM:
		return ch.Name
	default:
		return ch.Name
	}
}

// interaction is what every interactive payload has; mu is held.
func (s *Server) interaction(kind string, u *User, triggerID string) map[string]any {
	p := map[string]any{
		"type": kind, "api_app_id": AppID, "token": "verification", "enterprise": nil, "is_enterprise_install": false,
		"team": map[string]any{"id": TeamID, "domain": TeamDomain},
		"user": map[string]any{"id": u.ID, "username": u.Name, "name": u.Name, "team_id": u.TeamID},
	}
	if triggerID != "" {
		p["trigger_id"] = triggerID
	}
	return p
}

// teamOf is the team of a payload about a view: the person's own, also where they are of another
// workspace and opened it in a shared channel; the view then says where the app is installed.
func teamOf(u *User) map[string]any {
	if u.TeamID == PartnerTeamID {
		return map[string]any{"id": PartnerTeamID, "domain": "partners"}
	}
	return map[string]any{"id": u.TeamID, "domain": TeamDomain}
}
