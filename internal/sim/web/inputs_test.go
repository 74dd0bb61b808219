package web_test

import (
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// A modal with an input of each kind: what is wrong stands at its field, and a button in the modal takes
// along what is typed.
func TestModalWithEveryInput(t *testing.T) {
	s := newStage(t)
	number := object{"type": "number_input", "action_id": "hours", "is_decimal_allowed": false, "min_value": "1", "max_value": "24"}
	person := object{"type": "users_select", "action_id": "who", "placeholder": plain("Choose a person")}
	place := object{"type": "conversations_select", "action_id": "where", "placeholder": plain("Choose a channel")}
	radios := object{"type": "radio_buttons", "action_id": "plan", "options": []any{option("Daily", "daily"), option("Weekly", "weekly")}, "initial_option": option("Weekly", "weekly")}
	boxes := object{"type": "checkboxes", "action_id": "opts", "options": []any{option("Snapshot first", "snapshot"), option("Grow the disk", "disk")}}
	menu := object{"type": "static_select", "action_id": "day", "options": []any{option("Sunday", "SUN"), option("Monday", "MON")}, "initial_option": option("Sunday", "SUN")}
	search := object{"type": "external_select", "action_id": "image", "min_query_length": 2, "placeholder": plain("Search for an image")}
	optional := func(f object) object { f["optional"] = true; return f }
	clicked, submitted := make(chan object, 10), make(chan object, 10)
	s.app(func(e envelope) any {
		values := func() object { return e.Payload["view"].(object)["state"].(object)["values"].(object) }
		switch e.Payload["type"] {
		case "block_suggestion":
			return object{"options": []any{option("ubuntu-24-04-x64", "7")}}
		case "block_actions":
			clicked <- values()
			return nil
		case "view_submission":
			submitted <- values()
			return object{"response_action": "clear"}
		}
		if e.Type == "slash_commands" {
			s.call("views.open", object{"trigger_id": e.Payload["trigger_id"], "view": form("Backups",
				field("name", object{"type": "plain_text_input", "action_id": "name", "min_length": 3}, "Name"),
				field("hours", number, "Hour"), optional(field("who", person, "Told")), optional(field("where", place, "Channel")),
				field("plan", radios, "Plan"), optional(field("opts", boxes, "Options")), optional(field("day", menu, "Weekday")),
				optional(field("image", search, "Image")),
				object{"type": "actions", "block_id": "row", "elements": []any{button("price", "What does it cost?", "")}})})
		}
		return nil
	})
	ctx := browser(t, s)
	run(t, ctx,
		enter("composer", "/droplet modal\r"), says(id("modal"), "Backups"),
		enter("input-name", "ab"), enter("input-hours", "30"), click("modal-submit"),
		says(id("modal"), "Please enter at least 3 characters."), says(id("modal"), "Please enter a number of at most 24."),
	)
	shot(t, ctx, "6-inputs")
	run(t, ctx,
		enter("input-name", "c"), enter("input-hours", kb.Backspace),
		click("select-who"), enter("select-who", "@bob"), choose("U0BOB"),
		click("select-where"), enter("select-where", "incid"), choose("C0INCIDENTS"),
		press(`[data-testid="choice-plan"] label:first-child input`),
		press(`[data-testid="choice-opts"] label:last-child input`),
		click("select-image"), enter("select-image", "u"), says(".listbox", "Type at least 2 characters"),
		enter("select-image", "b"), choose("7"),
		click("button-price"),
	)
	shot(t, ctx, "7-inputs-filled")
	run(t, ctx, click("modal-submit"), gone(id("modal")))
	pick := func(values object, id, key string) any { return values[id].(object)[id].(object)[key] }
	at := take(t, clicked)
	if name, hours := pick(at, "name", "value"), pick(at, "hours", "value"); name != "abc" || hours != "3" {
		t.Errorf("the click carries the name %v and the hour %v", name, hours)
	}
	values := take(t, submitted)
	for _, want := range []struct{ id, key, value string }{
		{"name", "value", "abc"}, {"hours", "value", "3"}, {"who", "selected_user", "U0BOB"}, {"where", "selected_conversation", "C0INCIDENTS"},
	} {
		if got := pick(values, want.id, want.key); got != want.value {
			t.Errorf("%s is %v, want %s", want.id, got, want.value)
		}
	}
	for id, want := range map[string]string{"plan": "daily", "day": "SUN", "image": "7"} {
		if got := pick(values, id, "selected_option").(object)["value"]; got != want {
			t.Errorf("%s is %v, want %s", id, got, want)
		}
	}
	if got := pick(values, "opts", "selected_options").([]any); len(got) != 1 || got[0].(object)["value"] != "disk" {
		t.Errorf("the boxes are %v", got)
	}
}
