package card

import (
	"fmt"
	"strings"
	"time"

	"dropletops/approvals"

	"github.com/slack-go/slack"
)

// Request draws a request's card.
func Request(r *approvals.Request, now time.Time) Message {
	text := fmt.Sprintf("%s: %s %s, asked by <@%s>", r.State, r.Action.Type, Escape(r.Targets[0].Droplet.Name), r.Requester.UserID)
	m := Message{Text: text, Blocks: []slack.Block{section(text)}}
	m.Metadata = &slack.SlackMetadata{EventType: "dropletops_request", EventPayload: map[string]any{
		"request_id": r.ID, "action": r.Action.Type, "state": string(r.State),
	}}
	return m
}

// Note draws one reply in a card's thread.
func Note(r *approvals.Request, n approvals.Note, now time.Time) Message {
	return Reply(fmt.Sprintf("%s: %s", Escape(r.Targets[0].Droplet.Name), n.Kind))
}

// ShownFrom reads from the block ID of a card's buttons what the card showed,
// as [approvals.Request.Shown] says it.
func ShownFrom(blockID string) (string, bool) {
	for _, p := range []string{"decide:", "run:"} {
		if s, ok := strings.CutPrefix(blockID, p); ok && s != "" {
			return s, true
		}
	}
	return "", false
}
