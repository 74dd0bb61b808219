package card

import "github.com/slack-go/slack"

// Message is something to post, update or answer with. Text is complete by
// itself: notifications and screen readers get nothing else.
type Message struct {
	Text     string
	Blocks   []slack.Block
	Metadata *slack.SlackMetadata // on a request's card alone
}
