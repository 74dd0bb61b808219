package slack

import (
	"encoding/json"
	"fmt"
	"strings"
)

// receive takes a frame that the client sent: an acknowledgement.
func (s *Server) receive(k *socket, frame []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ack struct {
		EnvelopeID string          `json:"envelope_id"`
		Payload    json.RawMessage `json:"payload"`
	}
	if err := json.Unmarshal(frame, &ack); err != nil || ack.EnvelopeID == "" {
		s.violated("bad_frame", "", fmt.Sprintf("%s sent something that is no acknowledgement: %.200s", k.id, frame))
		return
	}
	d := s.byEnvelope[ack.EnvelopeID]
	switch {
	case d == nil:
		s.violated("unknown_envelope", ack.EnvelopeID, "acknowledged an envelope that was never sent")
		return
	case len(frame) >= maxAck:
		// Slack drops it without a word; the person gets operation_timeout.
		s.violated("oversized_ack", ack.EnvelopeID, fmt.Sprintf("%d bytes; %d or more are ignored", len(frame), maxAck))
		return
	}
	first := !d.result.Acked
	d.shown = nil
	if !d.markAcked(ack.EnvelopeID) {
		s.violated("duplicate_ack", ack.EnvelopeID, "acknowledged more often than it was sent")
		return
	}
	if !first {
		s.touch()
		return
	}
	s.acked(d, ack.EnvelopeID, ack.Payload)
}

// markAcked marks an attempt of that envelope_id that is not acknowledged yet.
func (d *Delivery) markAcked(envelopeID string) bool {
	for i := range d.result.Attempts {
		if a := &d.result.Attempts[i]; a.EnvelopeID == envelopeID && !a.Acked {
			a.Acked = true
			return true
		}
	}
	return false
}

// acked does what a first acknowledgement asks for; mu is held.
func (s *Server) acked(d *Delivery, envelopeID string, payload json.RawMessage) {
	s.cancel(d.timer)
	d.waits = false
	d.result.Acked, d.result.AckedAt, d.result.Late = true, s.now(), d.over
	body := map[string]any{}
	if len(payload) > 0 && json.Unmarshal(payload, &body) != nil {
		s.violated("bad_ack_payload", envelopeID, fmt.Sprintf("the payload is no JSON object: %.200s", payload))
		body = map[string]any{}
	}
	if len(body) > 0 { // Bolt sends {} with every acknowledgement
		d.result.Payload = payload
		if !d.AcceptsResponsePayload {
			s.violated("payload_not_accepted", envelopeID, "a payload where accepts_response_payload is false is ignored")
			body = map[string]any{}
		}
	}
	if d.over {
		s.touch()
		return // too late: the person has seen the error, the payload is ignored
	}
	if d.onAck != nil {
		d.onAck(body)
	}
	s.finish(d, d.result.Error)
}

// badPayload notes an acknowledgement whose payload Slack cannot use; mu is held.
func (s *Server) badPayload(d *Delivery, err error) {
	d.result.Error = err.Error()
	s.violated("bad_ack_payload", d.current, err.Error())
}

// ackCommand shows the answer to a slash command that came with its acknowledgement; mu is held.
func (s *Server) ackCommand(d *Delivery, body map[string]any) {
	if len(body) == 0 {
		return
	}
	u := s.responseURLs[d.ResponseURL[strings.LastIndexByte(d.ResponseURL, '/')+1:]]
	if err := s.respond(u, Call{Method: "ack", Args: body}); err != nil {
		s.badPayload(d, err)
	}
}

// ackOptions takes the options for a select; mu is held.
func (s *Server) ackOptions(d *Delivery, body map[string]any) {
	c := &checker{s: s}
	var lists []any
	switch options, groups := body["options"], body["option_groups"]; {
	case options != nil:
		c.options("/options", options, 0, 100, true)
		lists = append(lists, options)
	case groups != nil:
		c.optionGroups("/option_groups", groups)
		for _, g := range asList(groups) {
			if m, ok := g.(map[string]any); ok {
				lists = append(lists, m["options"])
			}
		}
	default:
		s.badPayload(d, refuse("options_missing", "[ERROR] the answer to block_suggestion has neither options nor option_groups"))
		return
	}
	if len(c.errors) > 0 {
		s.badPayload(d, refuse("invalid_options", c.errors...))
		return
	}
	for _, l := range lists {
		for _, o := range asList(l) {
			if m, ok := o.(map[string]any); ok {
				d.result.Options = append(d.result.Options, m)
			}
		}
	}
}

// viewTrouble is what Slack shows on a modal whose submission the app did not handle.
const viewTrouble = "We had some trouble connecting. Try again?"

// ackSubmission does what response_action asks for; mu is held.
func (s *Server) ackSubmission(d *Delivery, viewID string, body map[string]any) {
	v := s.views[viewID]
	if v == nil {
		return
	}
	at := s.depth(v)
	var err error
	switch action := asString(body["response_action"]); action {
	case "":
		s.closeViews(v.User, at)
	case "clear":
		s.closeViews(v.User, 0)
	case "errors":
		err = s.showErrors(v, body["errors"])
	case "update":
		var next *View
		if next, err = s.checkView(body["view"], "modal"); err == nil {
			s.renew(v, next)
		}
	case "push":
		var next *View
		if next, err = s.checkView(body["view"], "modal"); err == nil {
			if len(s.stacks[v.User]) >= maxStack {
				err = refuse("push_limit_reached")
			} else {
				_, err = s.admit(next, v.User)
			}
		}
	default:
		err = refuse("invalid_response_action", "[ERROR] response_action "+action)
	}
	if err != nil {
		s.badPayload(d, err)
		s.markView(viewID, map[string]string{"": viewTrouble})
	}
}

// depth is where a modal lies in its stack; mu is held.
func (s *Server) depth(v *View) int {
	for i, id := range s.stacks[v.User] {
		if id == v.ID {
			return i
		}
	}
	return len(s.stacks[v.User])
}

// markView shows errors on an open view; mu is held.
func (s *Server) markView(id string, errors map[string]string) {
	if v := s.views[id]; v != nil {
		w := *v
		w.Errors = errors
		s.views[id] = &w
		s.touch()
	}
}

// showErrors wants a text per input block; another key makes Slack show its own error.
func (s *Server) showErrors(v *View, raw any) error {
	errors, _ := raw.(map[string]any)
	if len(errors) == 0 {
		return refuse("invalid_errors", "[ERROR] response_action errors without errors")
	}
	out := map[string]string{}
	for id, text := range errors {
		isInput := false
		for _, b := range v.Blocks {
			isInput = isInput || (b["block_id"] == id && b["type"] == "input")
		}
		if !isInput || asString(text) == "" {
			return refuse("invalid_errors", "[ERROR] "+id+" is not the block_id of an input block, or its text is empty")
		}
		out[id] = asString(text)
	}
	s.markView(v.ID, out)
	return nil
}
