package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"dropletops/approvals"

	"github.com/patrickmn/go-cache"
	"github.com/slack-go/slack"
)

const (
	// knownFor is how long an answer of users.info may serve for what decides
	// nothing. Slack allows 100 look-ups a minute.
	knownFor = time.Minute
	// lookUpWithin leaves a handler time to try again within its own.
	lookUpWithin = 5 * time.Second
)

// Directory knows people by Slack's users.info. It fails closed: whatever it
// can't tell for certain is an error, and never a member.
type Directory struct {
	client *Client
	known  *cache.Cache
	shared *cache.Cache // by channel
}

var _ approvals.Directory = (*Directory)(nil)

// NewDirectory makes a Directory of the people whom a Client can see.
func NewDirectory(c *Client) *Directory {
	// The janitor of go-cache is a goroutine that nothing ends; expired entries
	// are few and are replaced when they are asked for again.
	return &Directory{client: c, known: cache.New(knownFor, cache.NoExpiration), shared: cache.New(sharedFor, cache.NoExpiration)}
}

// Person looks someone up; fresh asks Slack in any case.
func (d *Directory) Person(ctx context.Context, who approvals.Who, fresh bool) (approvals.Person, error) {
	id, ok := d.client.Identity()
	if !ok {
		return approvals.Person{}, fmt.Errorf("look a person up: %w", &Away{Method: "auth.test", Cause: "it has not said yet which workspace this is"})
	}
	if who.UserID == "" {
		return approvals.Person{}, errors.New("look a person up: the payload names none")
	}
	if !fresh {
		if u, hit := d.known.Get(who.UserID); hit {
			return person(who, u.(*slack.User), id), nil
		}
	}
	ctx, cancel := context.WithTimeout(ctx, lookUpWithin)
	defer cancel()
	u, err := d.client.web.GetUserInfoContext(ctx, who.UserID, slack.GetUserInfoOptionIncludeLocale(false))
	err = d.client.observe("users.info", err)
	if gone := away("users.info", err); gone != nil {
		return approvals.Person{}, fmt.Errorf("look up %s: %w", who.UserID, gone)
	}
	switch c := code(err); {
	case c == "user_not_found" || c == "user_not_visible" || c == "users_not_found":
		// Slack knows them, since they typed or clicked; this workspace does not.
		return approvals.Person{Who: who, Standing: approvals.Foreign}, nil
	case err != nil:
		return approvals.Person{}, fmt.Errorf("look up %s (users.info): %s", who.UserID, safe(err))
	case u.ID != who.UserID:
		return approvals.Person{}, fmt.Errorf("look up %s (users.info): Slack answered about %q", who.UserID, u.ID)
	}
	d.known.DeleteExpired()
	d.known.SetDefault(who.UserID, u)
	return person(who, u, id), nil
}

func person(who approvals.Who, u *slack.User, id Identity) approvals.Person {
	return approvals.Person{Who: who, Standing: standing(who, u, id), Name: u.Name}
}

// standing judges someone by what Slack says of them and by the team that the
// payload names. Only who passes every line is a member.
func standing(who approvals.Who, u *slack.User, id Identity) approvals.Standing {
	// is_app_user is no bot: it marks people who have authorized the app.
	switch {
	case u.IsBot || u.IsConnectorBot || u.IsWorkflowBot || u.ID == "USLACKBOT" || u.ID == id.BotUserID:
		return approvals.Bot
	case u.Deleted:
		return approvals.Deactivated
	case u.IsStranger || !belongs(u.TeamID, u, id) || who.TeamID != "" && !belongs(who.TeamID, u, id):
		return approvals.Foreign
	case u.IsRestricted || u.IsUltraRestricted:
		return approvals.Guest
	}
	return approvals.Member
}

// belongs says whether a team that someone is said to be of makes them one of
// the installing workspace: it is that workspace, or another one of the same
// Enterprise Grid (or the Grid itself), and they are in the installing one too.
func belongs(team string, u *slack.User, id Identity) bool {
	if team == id.TeamID {
		return true
	}
	grid := id.EnterpriseID != "" && u.Enterprise.EnterpriseID == id.EnterpriseID
	return grid && slices.Contains(u.Enterprise.Teams, id.TeamID) &&
		(team == id.EnterpriseID || slices.Contains(u.Enterprise.Teams, team))
}
