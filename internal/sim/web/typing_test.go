package web_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// resizing is a modal in which one types, and which the app draws anew.
type resizing struct {
	*stage
	view string // its ID
	name object
	size string // the block_id of the field in which a size is searched for
	// released gives the answer to a search for "2v" free, where it is not nil.
	released  chan bool
	submitted chan object
	refuse    object // errors of the first submission
}

// shows has the app show the modal with these words at its top.
func (r *resizing) shows(words string) {
	r.t.Helper()
	r.call("views.update", object{"view_id": r.view, "view": r.form(words)})
}

func (r *resizing) form(words string) object {
	size := object{"type": "external_select", "action_id": "size", "min_query_length": 0, "placeholder": plain("Search for a size")}
	// Slack gives a block that the app has not named another ID each time.
	blocks := []any{section(words), object{"type": "actions", "block_id": "row", "elements": []any{button("price", "What does it cost?", "")}}, r.name, field(r.size, size, "Size")}
	for _, id := range []string{"why", "when", "how", "where"} { // more than fits, so that it is scrolled
		long := field(id, object{"type": "plain_text_input", "action_id": id, "multiline": true}, id)
		long["optional"] = true
		blocks = append(blocks, long)
	}
	return form("Resize a Droplet", blocks...)
}

func named(label string) object {
	return field("name", object{"type": "plain_text_input", "action_id": "name"}, label)
}

func newResizing(t *testing.T) *resizing {
	t.Helper()
	r := &resizing{stage: newStage(t), name: named("Name"), size: "size", submitted: make(chan object, 10)}
	opened := make(chan string, 1)
	loading := form("Resize a Droplet", section("Loading…"))
	delete(loading, "submit")
	r.app(func(e envelope) any {
		switch e.Payload["type"] {
		case "block_suggestion":
			query := e.Payload["value"].(string)
			if query == "2v" && r.released != nil {
				<-r.released
			}
			return object{"options": sizes(query)}
		case "view_submission":
			r.submitted <- e.Payload["view"].(object)["state"].(object)["values"].(object)
			if r.refuse != nil {
				refused := object{"response_action": "errors", "errors": r.refuse}
				r.refuse = nil
				return refused
			}
		}
		if e.Type == "slash_commands" {
			view := r.call("views.open", object{"trigger_id": e.Payload["trigger_id"], "view": loading})["view"]
			opened <- view.(object)["id"].(string)
		}
		return nil
	})
	if _, err := r.slack.SlashCommand("alice", "C0OPS", "/droplet resize"); err != nil {
		t.Fatal(err)
	}
	r.view = take(t, opened)
	return r
}

// later waits until the page has had all that was told before.
func (r *resizing) later(words string) step {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		r.post("C0OPS", words)
		return says(id("message"), words)(ctx, target)
	}
}

// holds is that a field has the focus and this in it, with the caret there.
func holds(name, value string, caret int) step {
	return until(fmt.Sprintf("%s to hold %q with the caret at %d", name, value, caret), fmt.Sprintf(
		`((n) => n.dataset.testid === %q && n.value === %q && n.selectionStart === %d && n.selectionEnd === %d)(document.activeElement)`,
		name, value, caret, caret))
}

// A modal that is drawn anew, by the app or by the echo of what was entered, leaves alone what is being
// typed, the menu that is open, what is found wrong and how far it is scrolled.
func TestWhatIsTypedStaysWhenTheModalIsDrawnAnew(t *testing.T) {
	r := newResizing(t)
	ctx := browser(t, r.stage)
	run(t, ctx, says(id("modal"), "Loading…"))
	r.shows("as it is")
	run(t, ctx,
		// Whoever types at once types into the first field.
		says(id("modal"), "as it is"), holds("input-name", "", 0), chromedp.KeyEvent("wb"), holds("input-name", "wb", 2),
		click("modal-submit"), says(id("modal"), "Please complete this required field."),
		click("select-size"), enter("select-size", "2v"), listed(), says(id("option"), "s-2vcpu-4gb"),
		js(`document.querySelector('.modal .content').scrollTop = 40`),
		r.later("one"), holds("select-size", "2v", 2), says(id("option"), "s-2vcpu-4gb"), says(id("modal"), "Please complete this required field."),
	)
	r.shows("as it has become")
	run(t, ctx,
		says(id("modal"), "as it has become"), holds("select-size", "2v", 2), says(id("option"), "s-2vcpu-4gb"),
		until("it to be scrolled as it was", `document.querySelector('.modal .content').scrollTop === 40`),
	)
	r.size = "size@nyc3" // a list that depends on something else has another ID with each
	r.shows("as it is in nyc3")
	run(t, ctx,
		says(id("modal"), "as it is in nyc3"), holds("select-size", "2v", 2), listed(), gone(`[data-testid="option"][data-value="1"]`), says(id("option"), "s-2vcpu-4gb"),
		chromedp.KeyEvent(kb.Enter), gone(`.listbox:not([hidden])`),
		enter("input-name", kb.ArrowLeft), holds("input-name", "wb", 1),
	)
	r.name = named("What it is called") // the very field
	r.shows("as it is at last")
	run(t, ctx,
		says(id("modal"), "What it is called"), holds("input-name", "wb", 1), chromedp.KeyEvent("e"), holds("input-name", "web", 2),
		click("modal-submit"), gone(id("modal")))
	values := take(t, r.submitted)
	if got := values["name"].(object)["name"].(object)["value"]; got != "web" {
		t.Errorf("the name is %v, want web", got)
	}
	if got := values["size@nyc3"].(object)["size"].(object)["selected_option"].(object)["value"]; got != "2" {
		t.Errorf("the size is %v, want 2", got)
	}
}

// What the app finds wrong takes the focus once, and stays until it is put right.
func TestErrorsStayAndTakeTheFocusOnce(t *testing.T) {
	r := newResizing(t)
	r.refuse = object{"size": "This size cannot hold its disk."}
	r.shows("as it is")
	ctx := browser(t, r.stage)
	run(t, ctx,
		enter("input-name", "web"), click("select-size"), choose("1"), click("modal-submit"),
		says(".wrong", "This size cannot hold its disk."),
		until("the focus to be there", `document.activeElement.dataset.testid === 'select-size'`),
		click("button-price"), r.later("one"), says(".wrong", "This size cannot hold its disk."),
		enter("input-name", "-1"), r.later("two"), holds("input-name", "web-1", 5),
		click("select-size"), choose("2"), gone(".wrong"), gone(`[aria-invalid]`),
		js(`document.querySelector('[data-testid="modal-close"]').focus()`))
	r.shows("as it has become")
	run(t, ctx,
		says(id("modal"), "as it has become"), until("the focus to stay", `document.activeElement.dataset.testid === 'modal-close'`),
		click("modal-submit"), gone(id("modal")))
}

// Enter never chooses from a list that is of something else than what is typed.
func TestEnterChoosesFromWhatIsTyped(t *testing.T) {
	r := newResizing(t)
	r.released = make(chan bool, 10)
	r.shows("as it is")
	ctx := browser(t, r.stage)
	run(t, ctx,
		enter("input-name", "web"), click("select-size"), listed(), says(id("option"), "s-1vcpu-1gb"),
		enter("select-size", "2v"+kb.Enter), holds("select-size", "2v", 2))
	r.released <- true
	run(t, ctx,
		listed(), gone(`[data-testid="option"][data-value="1"]`), chromedp.KeyEvent(kb.Enter),
		until("it to be chosen", `document.querySelector('[data-testid="select-size"]').value === 's-2vcpu-4gb'`))
}

// A modal that is being submitted stays so until what became of it is there.
func TestASubmissionStaysOneUntilItsEnd(t *testing.T) {
	r := newResizing(t)
	r.shows("as it is")
	ctx := browser(t, r.stage)
	run(t, ctx,
		enter("input-name", "web"), click("select-size"), choose("1"),
		js(`window.said = ['Resize'];
			new MutationObserver(() => {
				const words = document.querySelector('[data-testid="modal-submit"]')?.textContent;
				if (words && words !== window.said.at(-1)) window.said.push(words);
			}).observe(document.querySelector('#modals'), { subtree: true, childList: true, attributes: true, characterData: true })`),
		click("modal-submit"), gone(id("modal")))
	got, err := chromedp.Run(ctx, chromedp.Evaluate[string](`window.said.join()`))
	if err != nil || got != "Resize,Working…" {
		t.Errorf("the button said %s (%v), want Working… to the end", got, err)
	}
}
