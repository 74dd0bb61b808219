package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/slack-go/slack"
)

// Scopes are what the bot token must be granted. manifest.yml asks for the same.
func Scopes() []string { return []string{"app_mentions:read", "chat:write", "commands", "users:read"} }

// Lacks answers the scopes that the bot token was not granted; none if Slack
// does not say what it was.
func (id Identity) Lacks() []string {
	if id.Scopes == "" {
		return nil
	}
	var out []string
	granted := strings.Split(strings.ReplaceAll(id.Scopes, " ", ""), ",")
	for _, s := range Scopes() {
		if !slices.Contains(granted, s) {
			out = append(out, s)
		}
	}
	return out
}

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
