package bot

import (
	"context"

	"dropletops/approvals"
)

// Outbox knows how far Slack has been told of each request.
type Outbox interface {
	// Unpublished answers the requests whose card or notes lag behind, oldest
	// first.
	Unpublished(ctx context.Context, limit int) ([]string, error)
	// Publication loads one; approvals.ErrNotFound if there is none.
	Publication(ctx context.Context, id string) (*approvals.Publication, error)
	// Posting commits the intent to post a card, before it is posted: in place of
	// the one at the ts instead, which is empty for the first. It answers
	// approvals.ErrConflict if another card stands by now, or another live process
	// set out less than 30 s ago.
	Posting(ctx context.Context, id, by, instead string) error
	// Published says that the card stands at ref and shows that version; a first
	// post wakes the runner. An empty ref says that no card stands and none will,
	// since Slack lets the bot post in that place no more: the request is then
	// published as far as it can be.
	Published(ctx context.Context, id string, ref approvals.MessageRef, version int64) error
	// NotePosted says that a note stands in the thread. An empty ts says that it
	// was given up: there is no place for it.
	NotePosted(ctx context.Context, id string, seq int64, ts string) error
}

// Abandoner calls off a request whose card can be shown to no one.
type Abandoner interface {
	Abandon(ctx context.Context, id, why string) error
}
