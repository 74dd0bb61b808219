package slack

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// MetadataOf decodes a message's metadata; both are empty when there is none.
func (m *Message) MetadataOf() (eventType string, payload map[string]any) {
	var meta struct {
		Type    string         `json:"event_type"`
		Payload map[string]any `json:"event_payload"`
	}
	if len(m.Metadata) > 0 && json.Unmarshal(m.Metadata, &meta) == nil {
		return meta.Type, meta.Payload
	}
	return "", nil
}

// Actions are the action_id values of the elements on a message, in order.
func (m *Message) Actions() []string { return actionsOf(m.Blocks) }

// Actions are the action_id values of the elements on a view, in order.
func (v *View) Actions() []string { return actionsOf(v.Blocks) }

func actionsOf(blocks []Block) []string {
	var out []string
	for _, b := range blocks {
		for _, e := range elementsOf(b) {
			out = append(out, asString(e["action_id"]))
		}
	}
	return out
}

// Element is the element with that action_id as it was sent; nil when it is not on the message.
func (m *Message) Element(actionID string) map[string]any {
	for _, b := range m.Blocks {
		for _, e := range elementsOf(b) {
			if e["action_id"] == actionID {
				return maps.Clone(e)
			}
		}
	}
	return nil
}

// Words is all that a message shows, its text and the texts in its blocks, one per line.
func (m *Message) Words() string {
	out := []string{m.Text}
	for _, b := range m.Blocks {
		out = appendWords(out, b)
	}
	return strings.Join(out, "\n")
}

// Words is all that a view shows, one text per line.
func (v *View) Words() string {
	out := appendWords(nil, v.Title)
	for _, b := range v.Blocks {
		out = appendWords(out, b)
	}
	return strings.Join(out, "\n")
}

func appendWords(out []string, v any) []string {
	switch v := v.(type) {
	case map[string]any:
		if t, ok := v["text"].(string); ok {
			return append(out, t)
		}
		for _, k := range slices.Sorted(maps.Keys(v)) {
			out = appendWords(out, v[k])
		}
	case []any:
		for _, e := range v {
			out = appendWords(out, e)
		}
	}
	return out
}
