package slack

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

// menu is an external select as somebody sees it. What the app offered in one can be chosen in it alone.
type menu struct {
	user, view, channel, ts, blockID, actionID string
}

// loaded are the options that the app offered in a menu; mu is held.
func (s *Server) loaded(in menu) []map[string]any {
	var out []map[string]any
	for _, d := range s.deliveries {
		if d.menu == in {
			out = append(out, d.result.Options...)
		}
	}
	return out
}
