package bot

import (
	"context"
	"fmt"

	"dropletops/approvals"
	"dropletops/internal/card"
)

// Show posts a message for everyone in a channel, or in a thread of it, when its
// turn has come. It answers a refusal where Slack does not let the bot post
// there; any other error may pass.
func (b *Bot) Show(ctx context.Context, where approvals.Origin, m card.Message) error {
	channel := where.ChannelID
	if err := b.publisher.turn(ctx, postMessage, channel); err != nil {
		return fmt.Errorf("wait for a turn to post in %s: %w", channel, err)
	}
	_, err := b.publisher.send(ctx, channel, where.ThreadTS, m)
	switch {
	case err == nil:
		return nil
	case limited(err) > 0:
		b.publisher.pace.pause(postMessage, b.client.now().Add(limited(err)))
		return fmt.Errorf("post in %s: %w", channel, &approvals.RateLimited{Method: postMessage, RetryAfter: limited(err)})
	case passes(err):
		return fmt.Errorf("post in %s: %w", channel, away(postMessage, err))
	case deadToken(err):
		return fmt.Errorf("post in %s: %w", channel, err)
	}
	switch c := code(err); c {
	case "not_in_channel", "channel_not_found":
		if direct(channel) {
			return approvals.Refuse("This is a direct message between other people, which I can't be invited to, so I can't show this here.")
		}
		if where.Group {
			return approvals.Refuse("I am not part of this group direct message, and Slack lets nobody add an app to one, so I can't show this here.")
		}
		return approvals.Refuse("I am not in this channel, so I can't show this here. Type `/invite @dropletops`, then click again.")
	default:
		return &approvals.Refusal{Sentence: "Slack does not let me post here (" + card.Escape(c) + "), so this was not shown."}
	}
}
