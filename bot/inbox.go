package bot

import (
	"context"

	"dropletops/approvals"
)

// Inbox keeps envelopes from before they are acknowledged until they are handled.
type Inbox interface {
	// Put writes an envelope down, and answers once it is on disk. It is not
	// fresh if its Key is there already, or its Event where that is not empty.
	Put(ctx context.Context, e approvals.Envelope) (fresh bool, err error)
	// Handled says that an envelope needs nothing more. Of one that is not there
	// it is no error.
	Handled(ctx context.Context, key string) error
	// Failed counts a handling that came to nothing: the given attempt.
	Failed(ctx context.Context, key string, attempt int) error
	// Unhandled answers envelopes that no live process has in hand, oldest first.
	// The Attempt of each is one more than the last that Failed has counted.
	Unhandled(ctx context.Context, limit int) ([]approvals.Envelope, error)
}
