package bot

import (
	"context"
	"time"

	"dropletops/approvals"
)

// databaseWithin bounds one call of the outbox: what takes milliseconds otherwise and
// hangs is tried again, on another connection.
const databaseWithin = 5 * time.Second

// boundedOutbox is an Outbox of which each call ends in time.
type boundedOutbox struct{ of Outbox }

func (b boundedOutbox) Unpublished(ctx context.Context, after approvals.Due, limit int) ([]approvals.Due, error) {
	ctx, cancel := context.WithTimeout(ctx, databaseWithin)
	defer cancel()
	return b.of.Unpublished(ctx, after, limit)
}

func (b boundedOutbox) Publication(ctx context.Context, id string) (*approvals.Publication, error) {
	ctx, cancel := context.WithTimeout(ctx, databaseWithin)
	defer cancel()
	return b.of.Publication(ctx, id)
}

func (b boundedOutbox) Posting(ctx context.Context, id, by, instead string) error {
	ctx, cancel := context.WithTimeout(ctx, databaseWithin)
	defer cancel()
	return b.of.Posting(ctx, id, by, instead)
}

func (b boundedOutbox) Published(ctx context.Context, id string, ref approvals.MessageRef, version int64) error {
	ctx, cancel := context.WithTimeout(ctx, databaseWithin)
	defer cancel()
	return b.of.Published(ctx, id, ref, version)
}

func (b boundedOutbox) Told(ctx context.Context, ts string, notes ...int64) error {
	ctx, cancel := context.WithTimeout(ctx, databaseWithin)
	defer cancel()
	return b.of.Told(ctx, ts, notes...)
}

// boundedAbandoner is an Abandoner of which each call ends in time.
type boundedAbandoner struct{ of Abandoner }

func (b boundedAbandoner) Abandon(ctx context.Context, id, why string) error {
	ctx, cancel := context.WithTimeout(ctx, databaseWithin)
	defer cancel()
	return b.of.Abandon(ctx, id, why)
}

func (b boundedAbandoner) Unshown(ctx context.Context, id, why string) error {
	ctx, cancel := context.WithTimeout(ctx, databaseWithin)
	defer cancel()
	return b.of.Unshown(ctx, id, why)
}
