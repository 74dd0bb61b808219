package bot

import (
	"context"
	"fmt"
	"strings"

	"dropletops/approvals"
	"dropletops/internal/card"
)

// textMost is what is left of a text that Slack finds too long. Slack takes 4,000
// characters in chat.update.
const textMost = 3000

// fitting sends a message, and if Slack refuses what is in it, something plainer
// that it can't refuse: the same text without blocks, then a shorter one. What
// people must know is all in the text; only buttons are lost.
func (p *publisher) fitting(ctx context.Context, method, channel string, m card.Message, send func(card.Message) error) error {
	err := send(m)
	for plainer := range 2 {
		c := code(err)
		if !unfit(c) {
			return err
		}
		p.client.log().Error("Slack refuses a message for what is in it; sending it plainer", "reference", reference(),
			"method", method, "channel", channel, "slack", c, "blocks", len(m.Blocks), "text", len(m.Text))
		switch {
		case strings.Contains(c, "metadata") && m.Metadata != nil:
			m.Metadata = nil
		case plainer == 0 && len(m.Blocks) > 0:
			m.Blocks = nil
		default:
			m = card.Message{Text: shorten(m.Text)}
		}
		if err := p.turn(ctx, method, channel); err != nil {
			return err
		}
		err = send(m)
	}
	return err
}

// unfit says whether Slack refused a message for what is in it.
func unfit(code string) bool {
	switch code {
	case "no_text", "too_many_attachments", "invalid_attachments", "slack_connect_file_link_sharing_blocked":
		return true
	}
	for _, p := range []string{"msg_", "invalid_blocks", "invalid_metadata", "metadata_", "too_many_blocks"} {
		if strings.HasPrefix(code, p) {
			return true
		}
	}
	return false
}

// shorten cuts a text between two words, so that no entity and no mention in it
// is cut in two.
func shorten(s string) string {
	r := []rune(s)
	if len(r) <= textMost {
		return s
	}
	s = string(r[:textMost])
	if i := strings.LastIndexAny(s, " \n"); i > 0 {
		s = s[:i]
	}
	return s + " …"
}

// placeless says why a card has no place in Slack, for the request, and what the
// asker can do about it, for them.
func placeless(err error, o approvals.Origin) (why, todo string) {
	c := code(err)
	switch {
	case (c == "not_in_channel" || c == "channel_not_found") && direct(o.ChannelID):
		return "It was asked for in a direct message between other people, so the card could not be shown (" + c + ").",
			"This is a direct message between other people, which I can't be invited to, so nothing was started. Ask in a channel that I am in."
	case (c == "not_in_channel" || c == "channel_not_found") && o.Group:
		return "It was asked for in a group direct message that I am not part of, so the card could not be shown (" + c + ").",
			"I am not part of this group direct message, and Slack lets nobody add an app to one, so nothing was started. " +
				"Ask in a channel that I am in, or start a new group direct message with me in it."
	case c == "not_in_channel" || c == "channel_not_found":
		return "I am not in the channel, so the card could not be shown (" + c + ").",
			"I am not in this channel, so nothing was started. Type `/invite @dropletops` here, then ask again."
	case c == "is_archived":
		return "The channel is archived, so the card could not be shown.",
			"This channel is archived, so nothing was started. Ask in another channel."
	case strings.HasPrefix(c, "restricted_action"):
		return "The bot may not post in the channel (" + c + ").",
			"I may not post in this channel, so nothing was started. Ask an owner to let apps post here, or ask in another channel."
	case c == "missing_scope" || c == "no_permission" || c == "not_allowed_token_type":
		return "The bot token lacks a scope that posting takes (" + c + ").",
			"I am not permitted to post messages, so nothing was started. Whoever runs me must add the scope `chat:write` and reinstall the app."
	}
	return fmt.Sprintf("Slack refused to show the card (%s).", c),
		fmt.Sprintf("Slack refuses to show this request here (%s), so nothing was started. Ask in another channel.", card.Escape(c))
}

// direct says whether a channel is a direct message: their IDs begin with D. One
// between the asker and the bot is never one that the bot is not in.
func direct(channel string) bool { return strings.HasPrefix(channel, "D") }
