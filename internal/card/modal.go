package card

import (
	"fmt"
	"slices"
	"time"

	"dropletops/approvals"

	"github.com/slack-go/slack"
)

// The modals' callback_ids, and the block_ids and action_ids of their inputs.
const (
	ConsentModal = "consent"
	DenialModal  = "denial"
	CodeInput    = "code"
	ReasonInput  = "reason"
)

// maxTitle is a modal's title, in characters; Slack's limit.
const maxTitle = 24

// Consent asks for what a decision still takes: a one-time code, a reason, or
// both. It repeats what is to be done: nobody consents to what they can't see.
func Consent(r *approvals.Request, kind approvals.DecisionKind, ask approvals.Asked, meta string, now time.Time) slack.ModalViewRequest {
	var s sheet
	title, submit := "Approve", "Approve"
	if kind == approvals.ToBreakGlass {
		title, submit = "Break glass", "Go ahead alone"
		s.section("🚨 *Going ahead alone with "+phrase(r)+".* It still lacks approval by "+lacking(r)+
			" ("+Escape(r.Verdict.Rule)+").", announcement(r))
	} else {
		s.section("*" + capital(phrase(r)) + "*, asked by " + mention(r.Requester.UserID) + ".")
	}
	paragraphs(&s, slices.DeleteFunc(what(r, now), func(line string) bool { return line == "" }))
	if len(r.Targets) == 1 {
		s.section(about(r)...)
	}
	s.section(stays(r)...)
	if ask.Reason {
		s.input(ReasonInput, "Why can it not wait for an approval?", "Everyone in the channel reads this, and the audit log keeps it.", maxReason/2, true)
	}
	if ask.Code {
		s.input(CodeInput, "One-time code", "Of your authenticator app: 6 digits, good for about 30 seconds.", 9, false)
	}
	return s.modal(ConsentModal, title, submit, "Go back", meta)
}

// announcement says who is told when someone goes ahead alone.
func announcement(r *approvals.Request) string {
	out := "Another person has to review it afterwards."
	if r.Verdict.Announce != "" {
		out = fmt.Sprintf("It is announced in <#%s>, and another person has to review it afterwards.", Escape(r.Verdict.Announce))
	}
	return out
}

// Denial asks whoever denied a request why. It is denied already.
func Denial(r *approvals.Request, meta string) slack.ModalViewRequest {
	var s sheet
	s.section("You have denied " + phrase(r) + ", asked by " + mention(r.Requester.UserID) + ". Nothing was done.")
	s.input(ReasonInput, "Why?", "It goes into the thread and into the audit log.", maxReason/2, true)
	return s.modal(DenialModal, "Denied", "Say why", "Say nothing", meta)
}

// input adds a field that must be filled in; most is its length in characters.
func (s *sheet) input(id, label, hint string, most int, lines bool) {
	field := slack.NewPlainTextInputBlockElement(nil, id)
	field.Multiline, field.MaxLength = lines, most
	s.blocks = append(s.blocks, slack.NewInputBlock(id, plain(label), plain(hint), field))
}

func (s *sheet) modal(callback, title, submit, closing, meta string) slack.ModalViewRequest {
	return slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: callback, PrivateMetadata: meta,
		Title: plain(cut(title, maxTitle)), Submit: plain(cut(submit, maxTitle)), Close: plain(cut(closing, maxTitle)),
		Blocks: slack.Blocks{BlockSet: s.blocks},
	}
}
