package slack

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// keyOf is where state.values keeps the value of a kind of element, where its initial value stands,
// and whether it is a list.
func keyOf(kind string) (key, initial string, list bool) {
	switch kind {
	case "static_select", "external_select", "radio_buttons", "overflow":
		return "selected_option", "initial_option", false
	case "multi_static_select", "multi_external_select", "checkboxes":
		return "selected_options", "initial_options", true
	case "users_select":
		return "selected_user", "initial_user", false
	case "channels_select":
		return "selected_channel", "initial_channel", false
	case "conversations_select":
		return "selected_conversation", "initial_conversation", false
	case "multi_users_select":
		return "selected_users", "initial_users", true
	case "multi_channels_select":
		return "selected_channels", "initial_channels", true
	case "multi_conversations_select":
		return "selected_conversations", "initial_conversations", true
	case "datepicker":
		return "selected_date", "initial_date", false
	case "timepicker":
		return "selected_time", "initial_time", false
	case "datetimepicker":
		return "selected_date_time", "initial_date_time", false
	}
	return "value", "initial_value", false
}

// stateOf is an element's value before anybody touched it, as state.values has it.
func stateOf(e map[string]any) map[string]any {
	kind := asString(e["type"])
	key, initial, list := keyOf(kind)
	if list {
		return map[string]any{"type": kind, key: append([]any{}, asList(e[initial])...)}
	}
	return map[string]any{"type": kind, key: e[initial]}
}

// chosen is an element's value after a person chose: the values of options, IDs, a Unix time or
// what was typed; nothing clears it. It is nil when an option is not there to be chosen. loaded
// are options that came with a block_suggestion.
func chosen(e map[string]any, loaded []map[string]any, picks ...string) map[string]any {
	kind := asString(e["type"])
	key, _, list := keyOf(kind)
	values := []any{}
	for _, p := range picks {
		var v any = p
		switch key {
		case "selected_option", "selected_options":
			o := optionOf(e, loaded, p)
			if o == nil {
				return nil
			}
			v = o
		case "selected_date_time":
			unix, err := strconv.ParseInt(p, 10, 64)
			if err != nil {
				return nil
			}
			v = unix
		default:
			if p == "" && !list {
				v = nil // an empty field
			}
		}
		values = append(values, v)
	}
	switch {
	case list:
		return map[string]any{"type": kind, key: values}
	case len(values) == 0:
		return map[string]any{"type": kind, key: nil}
	case len(values) > 1:
		return nil
	}
	return map[string]any{"type": kind, key: values[0]}
}

// optionOf finds an option by its value among an element's own and those that were loaded.
func optionOf(e map[string]any, loaded []map[string]any, pick string) map[string]any {
	all := slices.Clone(loaded)
	collect := func(v any) {
		for _, o := range asList(v) {
			if m, ok := o.(map[string]any); ok {
				all = append(all, m)
			}
		}
	}
	collect(e["options"])
	for _, g := range asList(e["option_groups"]) {
		if m, ok := g.(map[string]any); ok {
			collect(m["options"])
		}
	}
	for _, o := range all {
		if asString(o["value"]) == pick {
			return o
		}
	}
	return nil
}

// empty tells a value that Slack's client would not submit in an input that is not optional.
func empty(value any) bool {
	m, _ := value.(map[string]any)
	for k, v := range m {
		if k == "type" || v == nil || v == "" {
			continue
		}
		if l, ok := v.([]any); !ok || len(l) > 0 {
			return false
		}
	}
	return true
}

var (
	anEmail = regexp.MustCompile(`^\S+@\S+\.\S+$`)
	aURL    = regexp.MustCompile(`^https?://\S+$`)
)

// objection says why Slack's client would not let a person put a value into an element; it is empty
// where it would. mu is held.
func (s *Server) objection(e, value map[string]any, u *User) string {
	kind := asString(e["type"])
	key, _, list := keyOf(kind)
	values := []any{value[key]}
	if list {
		values = asList(value[key])
		if most, ok := e["max_selected_items"].(float64); ok && len(values) > int(most) {
			return fmt.Sprintf("takes at most %v", most)
		}
	}
	for _, v := range values {
		if v == nil || v == "" {
			continue
		}
		if why := s.objectionTo(kind, key, e, v, u); why != "" {
			return why
		}
	}
	return ""
}

func (s *Server) objectionTo(kind, key string, e map[string]any, v any, u *User) string {
	text := asString(v)
	switch key {
	case "selected_user", "selected_users":
		if s.user(text) == nil || s.user(text).ID != text {
			return "is for the ID of somebody, not " + text
		}
	case "selected_channel", "selected_channels", "selected_conversation", "selected_conversations":
		c := s.channel(text)
		switch {
		case c == nil || c.ID != text || (c.Kind != PublicChannel && !c.has(u.ID)):
			return "is for the ID of a conversation that the person sees, not " + text
		case strings.HasPrefix(key, "selected_channel") && c.Kind != PublicChannel:
			return "is for public channels, not " + text
		}
	case "selected_date":
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			return "is for a date such as 2006-01-02, not " + text
		}
	case "selected_time":
		if _, err := time.Parse("15:04", text); err != nil {
			return "is for a time such as 15:04, not " + text
		}
	}
	switch kind {
	case "plain_text_input":
		n := float64(utf8.RuneCountInString(text))
		if least, ok := e["min_length"].(float64); ok && n < least {
			return fmt.Sprintf("takes at least %v characters", least)
		}
		if most, ok := e["max_length"].(float64); n > 3000 || ok && n > most {
			return "takes fewer characters"
		}
	case "number_input":
		return notNumber(e, text)
	case "email_text_input":
		if !anEmail.MatchString(text) {
			return "is for an email address, not " + text
		}
	case "url_text_input":
		if !aURL.MatchString(text) {
			return "is for a URL, not " + text
		}
	}
	return ""
}

// notNumber says why a text is not the number that a number_input takes.
func notNumber(e map[string]any, text string) string {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
		return "is for a number, not " + text
	}
	if e["is_decimal_allowed"] != true && n != math.Trunc(n) {
		return "is for a whole number, not " + text
	}
	if least, err := strconv.ParseFloat(asString(e["min_value"]), 64); err == nil && n < least {
		return fmt.Sprintf("is for a number of at least %v", least)
	}
	if most, err := strconv.ParseFloat(asString(e["max_value"]), 64); err == nil && n > most {
		return fmt.Sprintf("is for a number of at most %v", most)
	}
	return ""
}
