package approvals

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// Standing is what a person is in the workspace that installed the app.
type Standing string

// The standings. Only a Member may do more than read the help.
const (
	Member      Standing = "member"
	Guest       Standing = "guest"       // single- or multi-channel guest
	Bot         Standing = "bot"         // a bot user or an app
	Deactivated Standing = "deactivated" // the account is closed
	Foreign     Standing = "foreign"     // another workspace's, in a shared channel
)

// Who is a person as a Slack payload names them. Names are never used to judge:
// anyone can choose theirs.
type Who struct {
	UserID string `json:"user_id"`
	TeamID string `json:"team_id,omitempty"`
}

// Person is a Who together with what Slack says of them.
type Person struct {
	Who
	Standing Standing `json:"standing"`
	Name     string   `json:"name,omitempty"` // for logs and exports alone
	// Groups are the policy's groups they were found to be in, of those that matter
	// to the request.
	Groups []string `json:"groups,omitempty"`
	// Proved says that they proved a second factor for this very decision.
	Proved bool `json:"proved,omitempty"`
	// Seen is how recent this is.
	Seen Seen `json:"-"`
}

// Seen is how recent Slack's answer about a person or their groups is. The zero
// value claims nothing, so a decision looks them up again.
type Seen struct {
	// Now reports that Slack was asked for this very look-up.
	Now bool
	// Age is that of the oldest answer from a cache, where one was used.
	Age time.Duration
}

// And is how recent two answers together are.
func (s Seen) And(o Seen) Seen { return Seen{Now: s.Now && o.Now, Age: max(s.Age, o.Age)} }

// Freshness is how old Slack's answers may be, each in its own right.
type Freshness struct {
	Yes time.Duration // that someone is a member
	No  time.Duration // that they are not
}

// RefusalTTL is how long Slack's no about a person or a group is good for a refusal.
// Whoever goes on clicking after one costs a look-up in that time, and not one a
// click: Slack's 100 look-ups of people and 20 of groups a minute are left for those
// who may decide.
const RefusalTTL = 15 * time.Second

// The freshnesses in use. A yes that lets anything happen is always asked for.
var (
	Deciding = Freshness{Yes: 0, No: RefusalTTL}
	Recent   = Freshness{Yes: time.Minute, No: RefusalTTL}
	// Judging is for the conditions of a policy, in which a no is as good as a yes.
	Judging = Freshness{Yes: time.Minute, No: time.Minute}
)

// RateLimited is the error of a look-up that Slack refuses for now (HTTP 429). The
// same look-up may be tried again after RetryAfter, and not before.
type RateLimited struct {
	Method     string // users.info
	RetryAfter time.Duration
}

func (l *RateLimited) Error() string {
	return fmt.Sprintf("Slack accepts no more calls of %s for %s (rate limit)", l.Method, l.RetryAfter.Round(time.Second))
}

// among says whether someone is in any of the groups; no groups mean everyone.
func (p Person) among(groups []string) bool {
	return len(groups) == 0 || slices.ContainsFunc(p.Groups, func(g string) bool { return slices.Contains(groups, g) })
}

// Directory knows people. Slack's users.info stands behind it.
type Directory interface {
	// Person looks one up. With fresh, as for every decision, only a refusal is
	// answered from a cache ([Deciding]); otherwise [Recent] answers will do. It
	// returns an error when Slack does not answer, [RateLimited] where that is a
	// matter of time: the caller then refuses or waits (fails closed).
	Person(ctx context.Context, who Who, fresh bool) (Person, error)
	// Shared says whether people of other workspaces are in a channel, as far as
	// Slack tells: an app that may not ask is told nothing, and answers false.
	Shared(ctx context.Context, channel string) (bool, error)
}

// Admit says whether a person may use Dropletops for more than its help, and
// answers a [Refusal] that says why not and who may.
func Admit(p Person) error {
	const who = "Only full members of this workspace may use Dropletops."
	switch p.Standing {
	case Member:
		return nil
	case Guest:
		return Refuse("You are a guest in this workspace. " + who)
	case Bot:
		return Refuse("Bots can't do this. " + who)
	case Deactivated:
		return Refuse("This account is deactivated. " + who)
	case Foreign:
		return Refuse("You belong to another workspace. " + who)
	}
	return Refuse("Your membership could not be established. " + who)
}

// refusedBy returns a refusal, and where it rests on an answer of Slack's that was not
// asked for now, with how old that is: whoever was let in a moment ago tries again.
func (s Seen) refusedBy(err error) error {
	var no *Refusal
	if !errors.As(err, &no) || s.Age == 0 {
		return err
	}
	return Refuse("%s (checked %d s ago; try again in a moment)", no.Sentence, int(math.Ceil(s.Age.Seconds())))
}

// Refusal is a no that is meant for the person who asked: a sentence that says
// what was wrong and what would be right. It is not a fault of ours.
type Refusal struct{ Sentence string }

func (r *Refusal) Error() string { return r.Sentence }

// Refuse makes a Refusal; it formats like fmt.Sprintf.
func Refuse(format string, args ...any) error {
	if len(args) == 0 {
		return &Refusal{format}
	}
	return &Refusal{fmt.Sprintf(format, args...)}
}
