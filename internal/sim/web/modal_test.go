package web_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

func field(block string, element object, label string) object {
	return object{"type": "input", "block_id": block, "label": plain(label), "element": element}
}

func form(title string, blocks ...any) object {
	return object{"type": "modal", "callback_id": "resize", "title": plain(title), "submit": plain("Resize"), "close": plain("Cancel"), "blocks": blocks}
}

// sizes are the options of a search for a size.
func sizes(query string) []any {
	options := []any{}
	for i, slug := range []string{"s-1vcpu-1gb", "s-2vcpu-4gb"} {
		if strings.Contains(slug, query) {
			options = append(options, option(slug, strconv.Itoa(i+1)))
		}
	}
	return options
}

func TestModalsMenusAndErrorsAtFields(t *testing.T) {
	s := newStage(t)
	size := object{"type": "external_select", "action_id": "size", "min_query_length": 0, "placeholder": plain("Search for a size")}
	reason := object{"type": "plain_text_input", "action_id": "why", "multiline": true}
	static := object{"type": "static_select", "action_id": "when", "options": []any{option("Now", "now"), option("Tonight", "tonight")}, "initial_option": option("Now", "now")}
	boxes := object{"type": "checkboxes", "action_id": "opts", "options": []any{option("Grow the disk too", "disk")}}
	asked := make(chan string, 10)
	submitted := make(chan object, 10)
	tries := 0
	s.app(func(e envelope) any {
		switch e.Payload["type"] {
		case "block_suggestion":
			asked <- e.Payload["value"].(string)
			return object{"option_groups": []any{object{"label": plain("Regular"), "options": sizes(e.Payload["value"].(string))}}}
		case "view_submission":
			if tries++; tries == 1 {
				return object{"response_action": "errors", "errors": object{"size": "This size cannot hold its disk."}}
			}
			submitted <- e.Payload["view"].(object)["state"].(object)["values"].(object)
			done := form("Done", section("It is *resized*."))
			delete(done, "submit")
			return object{"response_action": "update", "view": done}
		}
		if e.Type == "slash_commands" {
			loading := form("Resize a Droplet", section("Loading…"))
			delete(loading, "submit")
			opened := s.call("views.open", object{"trigger_id": e.Payload["trigger_id"], "view": loading})
			optional := field("opts", boxes, "Options")
			optional["optional"] = true
			why := field("why", reason, "Reason")
			why["hint"] = plain("Stands on the card.")
			s.call("views.update", object{"view_id": opened["view"].(object)["id"], "view": form("Resize a Droplet",
				section("*web-1* (ID 412000101) in nyc3"), field("size", size, "Size"), field("when", static, "When"), optional, why)})
		}
		return nil
	})
	ctx := browser(t, s)
	run(t, ctx,
		enter("composer", "/droplet resize\r"), says(id("modal"), "Resize a Droplet"), says(id("modal"), "Stands on the card."),
		click("modal-submit"), says(id("modal"), "Please complete this required field."),
		enter("input-why", "it swaps"),
		click("select-size"), says(id("option"), "s-2vcpu-4gb"),
	)
	shot(t, ctx, "4-modal")
	run(t, ctx,
		enter("select-size", "2v"), listed(), gone(`[data-testid="option"][data-value="1"]`), choose("2"),
		click("select-when"), listed(), enter("select-when", kb.ArrowDown+kb.Enter),
		press(`[data-testid="choice-opts"] input`),
		click("modal-submit"), says(id("modal"), "This size cannot hold its disk."),
	)
	shot(t, ctx, "5-errors")
	run(t, ctx, click("modal-submit"), says(id("modal"), "It is resized."), click("modal-close"), gone(id("modal")))
	if got := take(t, asked); got != "" {
		t.Errorf("opening the menu asked for %q, want everything", got)
	}
	values := take(t, submitted)
	pick := func(block, action, key string) any { return values[block].(object)[action].(object)[key] }
	if got := pick("size", "size", "selected_option").(object)["value"]; got != "2" {
		t.Errorf("size is %v, want 2", got)
	}
	if got := pick("why", "why", "value"); got != "it swaps" {
		t.Errorf("reason is %v", got)
	}
	if got := pick("opts", "opts", "selected_options").([]any); len(got) != 1 {
		t.Errorf("options are %v, want the one that was ticked", got)
	}
}
