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
	// Handled says that an envelope needs nothing more; its payload is erased unless a menu
	// or a button still refers to its words. Of one that is not there it is no error; one
	// that was turned away is left alone.
	Handled(ctx context.Context, key string, keepPayload bool) error
	// Forsake turns an envelope away: it is never carried out, also if a Put of it that
	// answered an error or nothing is committed only later. Until its sender was told,
	// Unhandled answers it as one that was turned away. It is not ours if another process
	// took the same event in, or if it has had its effect.
	Forsake(ctx context.Context, e approvals.Envelope, told bool) (ours bool, err error)
	// Failed counts a handling that came to nothing: the given attempt. One that was
	// turned away stays so.
	Failed(ctx context.Context, key string, attempt int) error
	// CountCrashes says how often a process will have died over an envelope if this one
	// does now. It is not ours if it is done with or turned away, or if another process
	// has claimed it.
	CountCrashes(ctx context.Context, key string, c approvals.Crashes) (ours bool, err error)
	// Unhandled answers envelopes that no live process has in hand, oldest first.
	// The Attempt of each is one more than the last that Failed has counted.
	Unhandled(ctx context.Context, limit int) ([]approvals.Envelope, error)
}
