package bot

import (
	"context"
	"errors"
	"fmt"
	"math"

	"dropletops/approvals"
	"dropletops/handlers"
	"dropletops/internal/card"

	"github.com/slack-go/slack"
)

// OpenView opens a modal. A trigger lives 3 s and works once: it answers a
// refusal where that is over.
func (c *Client) OpenView(ctx context.Context, trigger string, v slack.ModalViewRequest) error {
	err := c.call(ctx, "views.open", func(ctx context.Context) error {
		_, err := c.web.OpenViewContext(ctx, trigger, v)
		return err
	})
	var slow *approvals.RateLimited
	switch e := code(err); {
	case err == nil:
		return nil
	case errors.As(err, &slow): // by then the trigger is no good any more
		return approvals.Refuse("Slack limits how often I may open a window (`views.open`). Nothing was decided; click once more in %d s.",
			int(math.Ceil(slow.RetryAfter.Seconds())))
	case e == "expired_trigger_id", e == "exchanged_trigger_id", e == "invalid_trigger_id", trigger == "":
		return approvals.Refuse("That took too long for Slack to open a window for it. Nothing was decided; click once more.")
	case e == "" || deadToken(err):
		return fmt.Errorf("open a modal: %w", err)
	default:
		return &approvals.Refusal{Sentence: "Slack does not open a window for this (" + card.Escape(e) + "). Nothing was decided; click once more."}
	}
}

// UpdateView has an open modal show something else. It answers
// [handlers.ErrNoView] where it is closed, or shows something newer.
func (c *Client) UpdateView(ctx context.Context, which handlers.ViewRef, v slack.ModalViewRequest) error {
	err := c.call(ctx, "views.update", func(ctx context.Context) error {
		_, err := c.web.UpdateViewContext(ctx, v, which.External, which.Hash, which.ID)
		return err
	})
	switch e := code(err); {
	case err == nil:
		return nil
	case e == "not_found", e == "hash_conflict":
		return fmt.Errorf("change a modal (views.update): %w", handlers.ErrNoView)
	case e == "":
		return fmt.Errorf("change a modal: %w", err)
	default:
		return fmt.Errorf("change a modal (views.update): %s", safe(err))
	}
}
