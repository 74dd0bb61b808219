package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/slack-go/slack"
)

// Scope is something that the bot token is granted.
type Scope struct {
	Name string
	// Without says what is lost without it; empty if nothing works then.
	Without string
}

// Scopes are what the bot token is to be granted. manifest.yml asks for the same.
func Scopes() []Scope {
	const (
		shared = "nobody tells whether people of other workspaces are in a channel"
		lost   = "a card whose place a crash lost is posted once more, and not found again, in "
	)
	return []Scope{
		{Name: "app_mentions:read"}, {Name: "chat:write"}, {Name: "commands"}, {Name: "users:read"},
		{Name: "channels:read", Without: shared}, {Name: "groups:read", Without: shared},
		{Name: "mpim:read", Without: "nobody tells whether people of other workspaces are in a group direct message"},
		{Name: "channels:history", Without: lost + "public channels"}, {Name: "groups:history", Without: lost + "private channels"},
		{Name: "im:history", Without: lost + "direct messages"},
		{Name: "usergroups:read", Without: "no user group can be named in a policy"},
	}
}

// Lacks answers the scopes that the bot token was not granted; none if Slack
// does not say what it was.
func (id Identity) Lacks() []Scope {
	if id.Scopes == "" {
		return nil
	}
	return slices.DeleteFunc(Scopes(), func(s Scope) bool { return id.granted(s.Name) })
}

func (id Identity) granted(scope string) bool {
	return slices.Contains(strings.Split(strings.ReplaceAll(id.Scopes, " ", ""), ","), scope)
}

// CheckSockets asks Slack for the address of a socket, without opening it, and
// answers a [Rejected] if the app-level token will not do, and an [Away] if Slack
// does not say.
func (c *Client) CheckSockets(ctx context.Context) error {
	api := slack.New("", slack.OptionAppLevelToken(c.access.AppToken), slack.OptionHTTPClient(c.http),
		slack.OptionAPIURL(c.base.String()), slack.OptionLog(quiet()))
	_, _, err := api.StartSocketModeContext(ctx)
	if no := rejection("SLACK_APP_TOKEN", "apps.connections.open", err); no != nil {
		return no
	}
	if gone := away("apps.connections.open", err); gone != nil {
		return gone
	}
	if err != nil {
		return fmt.Errorf("ask Slack for a socket: %s", safe(err))
	}
	return nil
}
