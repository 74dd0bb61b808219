package slack

import "fmt"

// MessageShortcut uses a shortcut of the app on a message: message_action.
func (s *Server) MessageShortcut(user, channel, ts, callbackID string) (*Delivery, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, ch, err := s.acting(user, channel)
	if err != nil {
		return nil, err
	}
	m := s.message(ch.ID, ts)
	switch {
	case m == nil:
		return nil, fmt.Errorf("built-in Slack: no message %s in %s", ts, channel)
	case u.TeamID != TeamID:
		return nil, fmt.Errorf("built-in Slack: %s is of another workspace, where the shortcut is not installed", u.Name)
	}
	d := &Delivery{
		Type: "interactive", User: u.ID,
		TriggerID: s.newTrigger(u.ID, ""), ResponseURL: s.newResponseURL(u.ID, ch.ID, nil),
	}
	payload := s.interaction("message_action", u, d.TriggerID)
	payload["callback_id"], payload["message"], payload["message_ts"] = callbackID, s.wire(m, true), m.TS
	payload["channel"] = map[string]any{"id": ch.ID, "name": s.payloadName(ch.ID)}
	payload["response_url"], payload["action_ts"] = d.ResponseURL, s.eventTS()
	return s.deliver(d, payload), nil
}

// GlobalShortcut uses a shortcut of the app from the search or compose menu: shortcut.
func (s *Server) GlobalShortcut(user, callbackID string) (*Delivery, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.user(user)
	if u == nil || u.Deleted || u.TeamID != TeamID {
		return nil, fmt.Errorf("built-in Slack: %q cannot use a shortcut", user)
	}
	d := &Delivery{Type: "interactive", User: u.ID, TriggerID: s.newTrigger(u.ID, "")}
	payload := s.interaction("shortcut", u, d.TriggerID)
	payload["callback_id"], payload["action_ts"] = callbackID, s.eventTS()
	return s.deliver(d, payload), nil
}

// Fill is what a person puts into a modal's inputs: by block_id or action_id, a text, the value of
// an option, an ID, or several of them.
type Fill map[string][]string

// SubmitView fills the inputs of the modal a person sees and submits it. As in Slack, an input
// that is not optional must have a value, and only the topmost modal can be submitted.
func (s *Server) SubmitView(user, viewID string, fill Fill) (*Delivery, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, u, err := s.onTop(user, viewID)
	if err != nil {
		return nil, err
	}
	if v.Submit == nil {
		return nil, fmt.Errorf("built-in Slack: view %s has no submit button", viewID)
	}
	if v, err = s.fillIn(v, u, fill, true); err != nil {
		return nil, err
	}
	d := &Delivery{Type: "interactive", User: u.ID, AcceptsResponsePayload: true, TriggerID: s.newTrigger(u.ID, v.ID)}
	d.onAck = func(body map[string]any) { s.ackSubmission(d, v.ID, body) }
	d.onTimeout = func(string) { s.markView(v.ID, map[string]string{"": viewTrouble}) }
	payload := s.interaction("view_submission", u, d.TriggerID)
	payload["view"], payload["response_urls"] = v.wire(u), []any{}
	payload["team"] = teamOf(u)
	return s.deliver(d, payload), nil
}

// CloseView closes the modal on top, or with all of them the whole stack; view_closed is
// delivered where the view asked for it, otherwise the Delivery is nil.
func (s *Server) CloseView(user, viewID string, all bool) (*Delivery, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, u, err := s.onTop(user, viewID)
	if err != nil {
		return nil, err
	}
	from := s.depth(v)
	if all || v.ClearOnClose {
		from = 0
	}
	s.closeViews(u.ID, from)
	if !v.NotifyOnClose {
		return nil, nil
	}
	d := &Delivery{Type: "interactive", User: u.ID}
	payload := s.interaction("view_closed", u, "")
	payload["view"], payload["is_cleared"] = v.wire(u), all || v.ClearOnClose
	payload["team"] = teamOf(u)
	return s.deliver(d, payload), nil
}

// onTop finds the modal that a person sees; mu is held.
func (s *Server) onTop(user, viewID string) (*View, *User, error) {
	u := s.user(user)
	if u == nil {
		return nil, nil, fmt.Errorf("built-in Slack: no such user %q", user)
	}
	stack := s.stacks[u.ID]
	if len(stack) == 0 || stack[len(stack)-1] != viewID {
		return nil, nil, fmt.Errorf("built-in Slack: %s does not see view %q (open: %v)", user, viewID, stack)
	}
	return s.views[viewID], u, nil
}

// fillIn puts values into a copy of a view, which takes its place; complete wants every input that
// is not optional to have one, and each to be one that Slack's client sends. mu is held.
func (s *Server) fillIn(old *View, u *User, fill Fill, complete bool) (*View, error) {
	v := *old
	v.Errors, v.Values = nil, map[string]map[string]any{}
	v.fillInitial(old.Values)
	taken := map[string]bool{}
	for _, b := range v.Blocks {
		blockID := asString(b["block_id"])
		for _, e := range elementsOf(b) {
			id := asString(e["action_id"])
			picks, ok := fill[blockID]
			key := blockID
			if !ok {
				picks, ok = fill[id]
				key = id
			}
			if ok && stateful(e) {
				taken[key] = true
				value, err := s.value(e, menu{user: u.ID, view: v.ID, blockID: blockID, actionID: id}, picks)
				if err != nil {
					return nil, err
				}
				if why := s.objection(e, value, u); complete && why != "" {
					return nil, fmt.Errorf("built-in Slack: the input %q %s", key, why)
				}
				v.Values[blockID][id] = value
			}
			if complete && b["type"] == "input" && b["optional"] != true && empty(v.Values[blockID][id]) {
				return nil, fmt.Errorf("built-in Slack: the input %q must be filled in", blockID)
			}
		}
	}
	for key := range fill {
		if !taken[key] {
			return nil, fmt.Errorf("built-in Slack: view %s has no input %q", v.ID, key)
		}
	}
	s.views[v.ID] = &v
	s.touch()
	return &v, nil
}

// value is what an element holds once somebody has put something into it; mu is held.
func (s *Server) value(e map[string]any, in menu, picks []string) (map[string]any, error) {
	value := chosen(e, s.loaded(in), picks...)
	if value == nil {
		return nil, fmt.Errorf("built-in Slack: %v is not among the options of %q", picks, in.actionID)
	}
	return value, nil
}
