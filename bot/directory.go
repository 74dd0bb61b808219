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
	// keptFor is how long an answer is kept at all: no [approvals.Freshness] is longer.
	keptFor = time.Minute
	// lookUpWithin leaves a handler time to try again within its own.
	lookUpWithin = 5 * time.Second
)

// Directory knows people by Slack's users.info, of which Slack allows 100 a minute. It
// fails closed: whatever it can't tell for certain is an error, and never a member.
type Directory struct {
	client *Client
	known  *cache.Cache // sightings, by user ID
	flying coalescer[sighting]
	shared *cache.Cache // by channel
}

// sighting is what Slack said of someone, and when it was asked.
type sighting struct {
	user *slack.User // nil: this workspace knows no such person
	at   time.Time
}

var _ approvals.Directory = (*Directory)(nil)

// NewDirectory makes a Directory of the people whom a Client can see.
func NewDirectory(c *Client) *Directory {
	// The janitor of go-cache is a goroutine that nothing ends; expired entries
	// are few and are replaced when they are asked for again.
	return &Directory{client: c, known: cache.New(keptFor, cache.NoExpiration), shared: cache.New(sharedFor, cache.NoExpiration)}
}

// Person looks someone up; see [approvals.Directory].
func (d *Directory) Person(ctx context.Context, who approvals.Who, fresh bool) (approvals.Person, error) {
	id, ok := d.client.Identity()
	if !ok {
		return approvals.Person{}, fmt.Errorf("look a person up: %w", &Away{Method: "auth.test", Cause: "it has not said yet which workspace this is"})
	}
	if who.UserID == "" {
		return approvals.Person{}, errors.New("look a person up: the payload names none")
	}
	f := approvals.Recent
	if fresh {
		f = approvals.Deciding
	}
	if known, hit := d.known.Get(who.UserID); hit {
		p := person(who, known.(sighting), id)
		p.Seen.Age = age(d.client.now(), known.(sighting).at)
		if p.Seen.Age <= f.No && p.Standing != approvals.Member || p.Seen.Age <= f.Yes && p.Standing == approvals.Member {
			return p, nil
		}
	}
	willDo := func(s sighting) bool { return !fresh || person(who, s, id).Standing != approvals.Member }
	seen, now, err := d.flying.do(ctx, who.UserID, willDo, func(ctx context.Context) (sighting, error) { return d.look(ctx, who.UserID) })
	if err != nil {
		return approvals.Person{}, fmt.Errorf("look up %s: %w", who.UserID, err)
	}
	p := person(who, seen, id)
	if p.Seen.Now = now; !now {
		p.Seen.Age = age(d.client.now(), seen.at)
	}
	return p, nil
}

// age is how old an answer is that was not asked for now; never 0.
func age(now, at time.Time) time.Duration { return max(1, now.Sub(at)) }

// look asks Slack about someone.
func (d *Directory) look(ctx context.Context, userID string) (sighting, error) {
	seen := sighting{at: d.client.now()}
	err := d.client.call(ctx, "users.info", func(ctx context.Context) (err error) {
		seen.user, err = d.client.web.GetUserInfoContext(ctx, userID, slack.GetUserInfoOptionIncludeLocale(false))
		return err
	})
	switch c := code(err); {
	case c == "user_not_found" || c == "user_not_visible" || c == "users_not_found":
		seen.user = nil // Slack knows them, since they typed or clicked; this workspace does not
	case c != "":
		return seen, fmt.Errorf("users.info: %s", safe(err))
	case err != nil:
		return seen, err
	case seen.user.ID != userID:
		return seen, fmt.Errorf("users.info: Slack answered about %q", seen.user.ID)
	}
	d.known.DeleteExpired()
	d.known.SetDefault(userID, seen)
	return seen, nil
}

func person(who approvals.Who, seen sighting, id Identity) approvals.Person {
	if seen.user == nil {
		return approvals.Person{Who: who, Standing: approvals.Foreign}
	}
	return approvals.Person{Who: who, Standing: standing(who, seen.user, id), Name: seen.user.Name}
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
