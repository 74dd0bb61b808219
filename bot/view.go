package bot

import (
	"context"
	"fmt"

	"dropletops/approvals"
	"dropletops/handlers"
	"dropletops/internal/card"

	"github.com/slack-go/slack"
)

// OpenView opens a modal. A trigger lives 3 s and works once: it answers a
// refusal where that is over.
func (c *Client) OpenView(ctx context.Context, trigger string, v slack.ModalViewRequest) error {
	ctx, cancel := context.WithTimeout(ctx, lookUpWithin)
	defer cancel()
	_, err := c.web.OpenViewContext(ctx, trigger, v)
	err = c.observe("views.open", err)
	switch e := code(err); {
	case err == nil:
		return nil
	case e == "expired_trigger_id", e == "exchanged_trigger_id", e == "invalid_trigger_id", trigger == "":
		return approvals.Refuse("That took too long for Slack to open a window for it. Nothing was decided; click once more.")
	case passes(err) || deadToken(err):
		return fmt.Errorf("open a modal (views.open): %s", safe(err))
	default:
		return &approvals.Refusal{Sentence: "Slack does not open a window for this (" + card.Escape(e) + "). Nothing was decided; click once more."}
	}
}

// UpdateView has an open modal show something else. It answers
// [handlers.ErrNoView] where it is closed, or shows something newer.
func (c *Client) UpdateView(ctx context.Context, which handlers.ViewRef, v slack.ModalViewRequest) error {
	ctx, cancel := context.WithTimeout(ctx, lookUpWithin)
	defer cancel()
	_, err := c.web.UpdateViewContext(ctx, v, which.External, which.Hash, which.ID)
	err = c.observe("views.update", err)
	switch e := code(err); {
	case err == nil:
		return nil
	case e == "not_found", e == "hash_conflict":
		return fmt.Errorf("change a modal (views.update): %w", handlers.ErrNoView)
	default:
		return fmt.Errorf("change a modal (views.update): %s", safe(err))
	}
}
