package slack

import "slices"

// elementsOf are the interactive elements of a block, wherever they stand in it.
func elementsOf(b Block) []map[string]any {
	var out []map[string]any
	add := func(v any) {
		if m, ok := v.(map[string]any); ok && asString(m["action_id"]) != "" {
			out = append(out, m)
		}
	}
	add(b["accessory"])
	add(b["element"])
	for _, e := range asList(b["elements"]) {
		add(e)
	}
	return out
}

// stateful tells the elements that appear in state.values: those that hold a value.
func stateful(e map[string]any) bool {
	kind := asString(e["type"])
	return kind != "button" && kind != "overflow" && kind != "image"
}

// stateOf is an element's value before anybody touched it, as state.values has it.
func stateOf(e map[string]any) map[string]any {
	kind := asString(e["type"])
	value := map[string]any{"type": kind}
	switch kind {
	case "static_select", "external_select", "radio_buttons":
		value["selected_option"] = e["initial_option"]
	case "multi_static_select", "multi_external_select", "checkboxes":
		value["selected_options"] = append([]any{}, asList(e["initial_options"])...)
	case "users_select":
		value["selected_user"] = e["initial_user"]
	case "channels_select":
		value["selected_channel"] = e["initial_channel"]
	case "conversations_select":
		value["selected_conversation"] = e["initial_conversation"]
	case "datepicker":
		value["selected_date"] = e["initial_date"]
	case "timepicker":
		value["selected_time"] = e["initial_time"]
	default:
		value["value"] = e["initial_value"]
	}
	return value
}

// chosen is an element's value after a person chose: the values of options, an ID or what was
// typed. It is nil when an option is not there to be chosen. loaded are options that came with a
// block_suggestion.
func chosen(e map[string]any, loaded []map[string]any, picks ...string) map[string]any {
	kind := asString(e["type"])
	value := map[string]any{"type": kind}
	var options []any
	for _, p := range picks {
		if o := optionOf(e, loaded, p); o != nil {
			options = append(options, o)
		}
	}
	one := ""
	if len(picks) > 0 {
		one = picks[0]
	}
	switch kind {
	case "static_select", "external_select", "radio_buttons", "overflow":
		if len(options) != 1 {
			return nil
		}
		value["selected_option"] = options[0]
	case "multi_static_select", "multi_external_select", "checkboxes":
		if len(options) != len(picks) {
			return nil
		}
		value["selected_options"] = options
	case "users_select":
		value["selected_user"] = one
	case "channels_select":
		value["selected_channel"] = one
	case "conversations_select":
		value["selected_conversation"] = one
	case "datepicker":
		value["selected_date"] = one
	case "timepicker":
		value["selected_time"] = one
	default:
		value["value"] = one
	}
	return value
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
