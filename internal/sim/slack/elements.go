package slack

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// place is where an element stands; not every element may stand everywhere.
type place int

const (
	inSection place = iota
	inActions
	inInput
)

var selects = []string{"static_select", "external_select", "users_select", "conversations_select", "channels_select"}

var multiSelects = []string{
	"multi_static_select", "multi_external_select", "multi_users_select",
	"multi_conversations_select", "multi_channels_select",
}

// allowed says which interactive elements stand where.
// Source: https://docs.slack.dev/reference/block-kit/block-elements
func allowed(kind string, where place) bool {
	switch kind {
	case "button", "overflow":
		return where != inInput
	case "image":
		return where == inSection
	case "plain_text_input", "url_text_input", "email_text_input", "number_input", "rich_text_input", "file_input":
		return where == inInput
	case "checkboxes", "radio_buttons", "datepicker", "timepicker":
		return true
	case "datetimepicker":
		return where != inSection
	}
	return slices.Contains(selects, kind) || (slices.Contains(multiSelects, kind) && where != inActions)
}

// elements checks the elements of one block and gives them their action_id.
func (c *checker) elements(at string, list []any, where place) {
	seen := map[string]bool{}
	for i, e := range list {
		p := at
		if where == inActions {
			p = fmt.Sprintf("%s/%d", at, i)
		}
		m, ok := e.(map[string]any)
		if !ok {
			c.fail(p, "must be an object")
			continue
		}
		kind, _ := m["type"].(string)
		if !allowed(kind, where) {
			c.fail(p, "unsupported type: %s", kind)
			continue
		}
		if kind == "image" {
			c.image(p, m, false)
			continue
		}
		id, _ := m["action_id"].(string)
		switch {
		case id == "":
			m["action_id"] = strings.ToLower(c.s.id("a"))
		case utf8.RuneCountInString(id) > maxID:
			c.fail(p+"/action_id", "must be less than %d characters", maxID+1)
		case seen[id]:
			c.fail(p+"/action_id", "`action_id` %s already exists", id)
		}
		seen[id] = true
		c.element(p, kind, m)
		c.confirm(p+"/confirm", m["confirm"])
	}
}

func (c *checker) element(at, kind string, m map[string]any) {
	switch kind {
	case "button":
		c.button(at, m)
	case "overflow":
		c.options(at+"/options", m["options"], 1, 5, true)
	case "checkboxes", "radio_buttons":
		c.options(at+"/options", m["options"], 1, 10, false)
		c.initial(at, m)
	case "static_select", "multi_static_select":
		c.staticSelect(at, m)
	case "plain_text_input":
		c.numberIn(at, m, "max_length", 1, 3000)
		c.numberIn(at, m, "min_length", 0, 3000)
	case "number_input":
		if _, ok := m["is_decimal_allowed"].(bool); !ok {
			c.fail(at, "missing required field: is_decimal_allowed")
		}
		for _, name := range []string{"min_value", "max_value", "initial_value"} {
			if v, ok := m[name]; ok {
				c.string(at+"/"+name, v, 100)
			}
		}
	case "external_select", "multi_external_select":
		c.option(at+"/initial_option", m["initial_option"], true)
		c.numberIn(at, m, "min_query_length", 0, 3000)
	}
	c.numberIn(at, m, "max_selected_items", 1, 100)
	if m["focus_on_load"] == true {
		if c.focused {
			c.fail(at+"/focus_on_load", "only one element can have focus_on_load")
		}
		c.focused = true
	}
	// A placeholder is plain text of 150 characters, whatever the element.
	c.text(at+"/placeholder", m["placeholder"], textRule{plain: true, most: 150})
}

func (c *checker) button(at string, m map[string]any) {
	c.text(at+"/text", m["text"], textRule{plain: true, most: 75, required: true})
	if v, ok := m["value"]; ok {
		c.string(at+"/value", v, 2000)
	}
	if link, ok := m["url"].(string); ok && link != "" {
		c.url(at+"/url", link)
	}
	if style, ok := m["style"]; ok && style != "primary" && style != "danger" {
		c.fail(at+"/style", "must be one of: primary, danger")
	}
	if v, ok := m["accessibility_label"]; ok {
		c.string(at+"/accessibility_label", v, 75)
	}
}

func (c *checker) staticSelect(at string, m map[string]any) {
	options, groups := m["options"], m["option_groups"]
	switch {
	case options != nil && groups != nil:
		c.fail(at, "only one of `options` and `option_groups` is allowed")
	case groups != nil:
		c.optionGroups(at+"/option_groups", groups)
	default:
		c.options(at+"/options", options, 1, 100, true)
	}
	c.initial(at, m)
}

// initial wants what is chosen at the beginning to be among the options.
func (c *checker) initial(at string, m map[string]any) {
	for i, o := range asList(m["initial_options"]) {
		om, _ := o.(map[string]any)
		if optionOf(m, nil, asString(om["value"])) == nil {
			c.fail(fmt.Sprintf("%s/initial_options/%d", at, i), "initial_options must be among the options")
		}
	}
	if initial, ok := m["initial_option"].(map[string]any); ok && optionOf(m, nil, asString(initial["value"])) == nil {
		c.fail(at+"/initial_option", "initial_option must be one of the options")
	}
}

func asList(v any) []any {
	l, _ := v.([]any)
	return l
}

// options checks a list of options; those of menus are plain text alone.
func (c *checker) options(at string, v any, least, most int, plain bool) {
	for i, o := range c.list(at, v, least, most) {
		if o == nil {
			c.fail(fmt.Sprintf("%s/%d", at, i), "must be an object")
			continue
		}
		c.option(fmt.Sprintf("%s/%d", at, i), o, plain)
	}
}

func (c *checker) optionGroups(at string, v any) {
	for i, g := range c.list(at, v, 1, 100) {
		p := fmt.Sprintf("%s/%d", at, i)
		m, ok := g.(map[string]any)
		if !ok {
			c.fail(p, "must be an object")
			continue
		}
		c.text(p+"/label", m["label"], textRule{plain: true, most: 75, required: true})
		c.options(p+"/options", m["options"], 1, 100, true)
	}
}

// option wants text of 75 and a value of 150 characters.
func (c *checker) option(at string, v any, plain bool) {
	if v == nil {
		return
	}
	m, ok := v.(map[string]any)
	if !ok {
		c.fail(at, "must be an object")
		return
	}
	c.text(at+"/text", m["text"], textRule{plain: plain, most: 75, required: true})
	value, _ := m["value"].(string)
	if value == "" {
		c.fail(at+"/value", "must be more than 0 characters")
	}
	c.string(at+"/value", m["value"], 150)
	c.text(at+"/description", m["description"], textRule{plain: plain, most: 75})
}

// confirm checks a confirmation dialog.
// Source: https://docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object
func (c *checker) confirm(at string, v any) {
	if v == nil {
		return
	}
	m, ok := v.(map[string]any)
	if !ok {
		c.fail(at, "must be an object")
		return
	}
	c.text(at+"/title", m["title"], textRule{plain: true, most: 100, required: true})
	c.text(at+"/text", m["text"], textRule{most: 300, required: true})
	c.text(at+"/confirm", m["confirm"], textRule{plain: true, most: 30, required: true})
	c.text(at+"/deny", m["deny"], textRule{plain: true, most: 30, required: true})
	if style, ok := m["style"]; ok && style != "primary" && style != "danger" {
		c.fail(at+"/style", "must be one of: primary, danger")
	}
}

func (c *checker) string(at string, v any, most int) {
	text, ok := v.(string)
	if !ok {
		c.fail(at, "must be a string")
	} else if utf8.RuneCountInString(text) > most {
		c.fail(at, "must be less than %d characters", most+1)
	}
}

func (c *checker) numberIn(at string, m map[string]any, name string, least, most float64) {
	if v, ok := m[name]; ok {
		if n, ok := v.(float64); !ok || n < least || n > most {
			c.fail(at+"/"+name, "must be a number from %v to %v", least, most)
		}
	}
}
