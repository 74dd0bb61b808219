package bot

import (
	"context"

	"dropletops/approvals"
)

// Outbox knows how far Slack has been told of each request.
type Outbox interface {
	// Unpublished answers the requests whose card or notes lag behind, oldest
	// first, from after one on; the zero Due is before the first.
	Unpublished(ctx context.Context, after approvals.Due, limit int) ([]approvals.Due, error)
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
	// Told says which message tells these notes. An empty ts says that they were
	// given up: there is no place for them.
	Told(ctx context.Context, ts string, notes ...int64) error
}

// Abandoner is told of requests that can be shown to no one.
type Abandoner interface {
	// Abandon calls off a request whose card has no place, unless something was sent.
	Abandon(ctx context.Context, id, why string) error
	// Unshown records that the end of a request is shown nowhere any more.
	Unshown(ctx context.Context, id, why string) error
}
