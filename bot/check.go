package bot

import (
	"context"
	"fmt"

	"github.com/slack-go/slack"
)

// CheckSockets asks Slack for the address of a socket, without opening it, and
// answers a [Rejected] if the app-level token will not do.
func (c *Client) CheckSockets(ctx context.Context) error {
	api := slack.New("", slack.OptionAppLevelToken(c.access.AppToken), slack.OptionHTTPClient(c.http),
		slack.OptionAPIURL(c.base.String()), slack.OptionLog(quiet()))
	_, _, err := api.StartSocketModeContext(ctx)
	if no := rejection("SLACK_APP_TOKEN", "apps.connections.open", err); no != nil {
		return no
	}
	if err != nil {
		return fmt.Errorf("ask Slack for a socket: %s", safe(err))
	}
	return nil
}
