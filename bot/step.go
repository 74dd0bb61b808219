package bot

import (
	"cmp"
	"slices"
	"time"

	"dropletops/approvals"
)

// stepKind is one thing to do in Slack for a request.
type stepKind int

const (
	toPost    stepKind = iota // the card, the first time or in place of a lost one
	toEdit                    // the card, to its newest state
	toNote                    // the oldest note, into the thread
	toRefresh                 // the card of a running request: elapsed time alone
	toSame                    // the card, which shows its newest state already: only write that down
	toGiveUp                  // all of it: the channel is gone for good
	toSum                     // many ends at once: one message for all
	steps                     // how many kinds there are
)

// step is one call of Slack that a request needs.
type step struct {
	kind    stepKind
	method  string
	channel string
	rank    int // the lower, the sooner
}

// The ranks: what a person waits for goes before what only tells how far it is.
const (
	rankAsks     = iota // first cards, questions, ends
	rankChanges         // other changes of state, and notes of an end
	rankNotes           // notes of what goes on
	rankLate            // cards of what ended a while ago and was told of
	rankProgress        // elapsed time
)

// lateAfter is how long after its end a card is no news any more. After an outage
// there may be hundreds of those, and none may hold up what people do now.
const lateAfter = 2 * time.Minute

// plan says what Slack lacks of a request, the most urgent first.
func plan(pub *approvals.Publication, supersede bool, now time.Time) []step {
	r := pub.Request
	post := step{toPost, postMessage, r.Origin.ChannelID, rankAsks}
	if r.Card.TS == "" {
		if pub.Version >= r.Version && pub.Version > 0 {
			return nil // it has no card and gets none
		}
		return []step{post}
	}
	var out []step
	switch {
	case supersede:
		out = append(out, post)
	case pub.Version < r.Version:
		edit := step{toEdit, updateMessage, r.Card.ChannelID, rankChanges}
		switch {
		case !r.State.Open() && now.Sub(r.EndedAt) > lateAfter && !slices.ContainsFunc(pub.Notes, tellsEnd):
			edit.rank = rankLate
		case r.State != approvals.Running:
			edit.rank = rankAsks
		}
		out = append(out, edit)
	}
	if len(pub.Notes) > 0 && !supersede {
		note := step{toNote, postMessage, cmp.Or(pub.Notes[0].Channel, r.Card.ChannelID), rankNotes}
		if slices.ContainsFunc(pub.Notes, tellsEnd) {
			note.rank = rankChanges
		}
		out = append(out, note)
	}
	return out
}

func tellsEnd(n approvals.Note) bool {
	switch n.Kind {
	case approvals.NoteEnded, approvals.NoteFailed, approvals.NoteDenied, approvals.NoteExpired,
		approvals.NoteCanceled, approvals.NoteDrifted, approvals.NoteStopped:
		return true
	}
	return false
}

// needs says whether a request still needs a step of that kind.
func needs(pub *approvals.Publication, supersede bool, kind stepKind) bool {
	for _, s := range plan(pub, supersede, time.Time{}) { // the ranks do not matter
		if s.kind == kind {
			return true
		}
	}
	return false
}
