package approvals

import (
	"context"
	"fmt"
	"slices"
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
}

// among says whether someone is in any of the groups; no groups mean everyone.
func (p Person) among(groups []string) bool {
	return len(groups) == 0 || slices.ContainsFunc(p.Groups, func(g string) bool { return slices.Contains(groups, g) })
}

// Directory knows people. Slack's users.info stands behind it.
type Directory interface {
	// Person looks one up; fresh forbids an answer from a cache, as every
	// decision does. It answers an error when Slack does not: the caller then
	// refuses (fails closed).
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
