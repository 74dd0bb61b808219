package bot

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// sharedFor is how long an answer of conversations.info serves. Slack allows some
// 50 a minute; a channel is seldom shared with another workspace, and by hand.
const sharedFor = time.Minute

// Shared says whether people of other workspaces are in a channel, or are invited
// to it. Where the app lacks the scope to ask, nothing is known and it answers no.
func (d *Directory) Shared(ctx context.Context, channel string) (bool, error) {
	if channel == "" {
		return false, errors.New("look a channel up: the payload names none")
	}
	if known, hit := d.shared.Get(channel); hit {
		return known.(bool), nil
	}
	c, err := d.client.conversation(ctx, channel)
	shared := false
	switch code(err) {
	case "missing_scope", "unknown_method", "channel_not_found":
		// A channel that is hidden from us is one that we can't post in: nothing
		// starts there.
		d.client.log().Warn("Slack does not tell whether a channel is shared with other workspaces", "channel", channel, "error", safe(err))
	default:
		if err != nil && code(err) == "" {
			return false, fmt.Errorf("look up channel %s: %w", channel, err)
		}
		if err != nil {
			return false, fmt.Errorf("look up channel %s (conversations.info): %s", channel, safe(err))
		}
		shared = c.IsExtShared || c.IsPendingExtShared
	}
	d.shared.DeleteExpired()
	d.shared.Set(channel, shared, sharedFor)
	return shared, nil
}
