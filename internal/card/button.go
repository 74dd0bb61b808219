package card

import (
	"fmt"
	"strings"

	"dropletops/api"
	"dropletops/approvals"

	"github.com/slack-go/slack"
)

// What the block IDs of a card's buttons begin with. What the card shows comes
// after it, see [ShownFrom].
const (
	decideBlock = "decide:"
	runBlock    = "run:"
	retryBlock  = "retry:"
	reviewBlock = "review:"
)

// ShownFrom reads from the block ID of a card's buttons what the card showed,
// as [approvals.Request.Shown] says it, so that a click tells which version of
// the card it was made on.
func ShownFrom(blockID string) (string, bool) {
	for _, p := range []string{decideBlock, runBlock, retryBlock, reviewBlock} {
		if shown, ok := strings.CutPrefix(blockID, p); ok && shown != "" {
			return shown, true
		}
	}
	return "", false
}

// buttons adds what can be clicked in the state the request is in.
func buttons(s *sheet, r *approvals.Request) {
	what := phraseLabel(r)
	switch {
	case r.State == approvals.Pending && r.Verdict.Outcome == approvals.Confirm:
		bs := []slack.BlockElement{
			button(r, "confirm", "Confirm", what, weight(r), caution(r)),
			button(r, "cancel", "Cancel", what, "", nil)}
		s.actions(decideBlock+r.Shown(), append(bs, saving(r, what)...)...)
	case r.State == approvals.Pending:
		bs := []slack.BlockElement{
			button(r, "approve", "Approve", what, weight(r), caution(r)),
			button(r, "deny", "Deny", what, "", nil),
			button(r, "cancel", "Cancel", what, "", nil)}
		if len(r.Approvals()) > 0 {
			bs = append(bs, button(r, "retract", "Take my approval back", what, "", nil))
		}
		if len(r.Verdict.BreakGlass) > 0 {
			bs = append(bs, button(r, "break_glass", "Break glass…", what, "", nil))
		}
		s.actions(decideBlock+r.Shown(), append(bs, saving(r, what)...)...)
	case r.State == approvals.Running && r.Cancelable():
		words := "Cancel"
		if r.Sent() {
			words = "Cancel the rest"
		}
		s.actions(runBlock+r.Shown(), button(r, "cancel", words, what, "", nil))
	case (r.State == approvals.Failed || r.State == approvals.Unknown) && r.RetriedBy == "":
		words := "Retry"
		if len(r.Targets) > 1 {
			words = "Retry what failed"
		}
		s.actions(retryBlock+r.Shown(), button(r, "retry", words, what, "", doubt(r)))
	}
	if r.Review.Open() {
		s.actions(reviewBlock+r.Shown(), button(r, "review", "Close the review", what, "", nil))
	}
}

// saving is the button by which a snapshot is taken first, where something is lost
// that a snapshot holds.
func saving(r *approvals.Request, what string) []slack.BlockElement {
	a, ok := api.Lookup(r.Action.Type)
	if !ok || !a.CanSnapshotFirst() || r.TakesSnapshotFirst() || r.Action.Danger != approvals.Destructive {
		return nil
	}
	return []slack.BlockElement{button(r, string(approvals.ToSnapshotFirst), "Snapshot first", what, "", nil)}
}

// button makes one; what is what a screen reader says it is for.
func button(r *approvals.Request, actionID, words, what string, style slack.Style, ask *slack.ConfirmationBlockObject) *slack.ButtonBlockElement {
	b := slack.NewButtonBlockElement(actionID, r.ID, plain(cut(words, maxButton)))
	b.Style = style
	b.Confirm = ask
	b.AccessibilityLabel = cut(words+": "+what, maxSpoken)
	return b
}

// weight colours the button that lets it go ahead: red where something is lost.
func weight(r *approvals.Request) slack.Style {
	if r.Action.Danger == approvals.Destructive {
		return slack.StyleDanger
	}
	return slack.StylePrimary
}

// caution asks once more, where something is lost, and repeats what and where:
// a thumb that slips at three in the morning must not be enough.
func caution(r *approvals.Request) *slack.ConfirmationBlockObject {
	if r.Action.Danger != approvals.Destructive {
		return nil
	}
	where := subject(r)
	if len(r.Targets) == 1 {
		d := r.Targets[0].Droplet
		where = fmt.Sprintf("%s, ID %d, in %s", bare(d, maxShort), d.ID, clean(d.Region))
	}
	lost := "This can destroy data, access or a safety net."
	if l := told(r, losesOf, maxShort, label); l != "" {
		lost = "What is lost: " + l
	}
	question, yes := told(r, questionOf, 40, label), verbLabel(r) // so that what it is to become is not cut off
	if question == "" {
		question = phraseLabel(r) + "?"
	}
	if a, ok := api.Lookup(r.Action.Type); ok && a.Yes != "" {
		yes = a.Yes
	}
	return dialog(question, label(where)+". "+lost, "Yes, "+yes).WithStyle(slack.StyleDanger)
}

// doubt asks before something is retried that may have happened.
func doubt(r *approvals.Request) *slack.ConfirmationBlockObject {
	if r.State != approvals.Unknown {
		return nil
	}
	return dialog("Retry "+phraseLabel(r)+"?", "The first one may have happened. Look at the Droplet in DigitalOcean before you go on.", "Retry")
}

// dialog asks in plain text, and is left with "Go back".
func dialog(title, text, yes string) *slack.ConfirmationBlockObject {
	return slack.NewConfirmationBlockObject(
		plain(cut(title, maxConfirmTitle)), plain(cut(text, maxConfirmText)),
		plain(cut(yes, maxConfirmLabel)), plain("Go back"))
}

// phraseLabel is [phrase] for plain_text, without the image.
func phraseLabel(r *approvals.Request) string { return verbLabel(r) + " " + label(subject(r)) }

func verbLabel(r *approvals.Request) string {
	return label(cut(strings.ReplaceAll(r.Action.Type, "_", "-"), maxShort))
}
