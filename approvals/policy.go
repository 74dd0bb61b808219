package approvals

import (
	"context"
	"errors"
	"time"
)

// Danger is how much harm an action with given arguments can do.
type Danger string

// The dangers, from the catalogue of actions.
const (
	Safe         Danger = "safe"
	Disruptive   Danger = "disruptive"   // interrupts service: power-off, shutdown
	Irreversible Danger = "irreversible" // cannot be undone, loses nothing: enable-ipv6
	Destructive  Danger = "destructive"  // loses data, access or a safety net
)

// Outcome is what the policy says of a request.
type Outcome string

// The outcomes, from the mildest to the strictest.
const (
	Allow   Outcome = "allow"   // runs at once
	Confirm Outcome = "confirm" // the requester confirms what the card shows
	Approve Outcome = "approve" // others approve
	Deny    Outcome = "deny"    // not at all, with a message
)

// Verdict is the policy's answer. It is kept with the request: what was asked of
// the people who decide can be told afterwards, whatever the policy says by then.
type Verdict struct {
	Outcome Outcome `json:"outcome"`
	// Count is how many distinct people must approve, whatever groups they are in.
	Count int `json:"count,omitempty"`
	// Needs are what the approvals must come to besides: each of them. There are
	// several only where a bulk request's Droplets fall under several rules.
	Needs []Need `json:"needs,omitempty"`
	// Within is how long the request waits for its decision.
	Within time.Duration `json:"within,omitempty"`
	// Reason says that whoever asks must say why.
	Reason bool `json:"reason,omitempty"`
	// Factor says that each approval takes a second factor.
	Factor bool `json:"factor,omitempty"`
	// BreakGlass names the groups who may go ahead alone, with a reason.
	BreakGlass []string `json:"break_glass,omitempty"`
	// Announce is the channel that is told when someone does.
	Announce string `json:"announce,omitempty"`
	// Remind says that those who can approve are reminded once, half-way.
	Remind  bool   `json:"remind,omitempty"`
	Rule    string `json:"rule"`              // which rule said so
	Message string `json:"message,omitempty"` // for a denial; Slack's markup, if whoever keeps the policy wrote any
	// Because says why the rule has a say in this, where it is about another action: a
	// rename by which that one would take less. Plain text.
	Because string `json:"because,omitempty"`
	// Policy is a digest of the policy file; empty for the built-in policy.
	Policy string `json:"policy,omitempty"`
}

// Need is a number of distinct approvals by members of some groups.
type Need struct {
	Rule  string   `json:"rule"`
	Count int      `json:"count"`
	From  []string `json:"from,omitempty"` // names of groups, any of which will do; none means every full member
}

// Case is what a policy judges.
type Case struct {
	Action    Action
	Targets   []Droplet
	Requester Person
	Channel   string
	// Shared says that people of other workspaces are in the channel.
	Shared bool
	Now    time.Time
}

// PolicyText is the text of a policy file that was in force: what a digest in a verdict
// and in the audit log stands for.
type PolicyText struct {
	Digest string
	Since  time.Time // when it was in force first
	File   string    // where it was read from then
	Text   []byte
}

// ErrNoGroup says that Slack knows no such group, or none that may be looked at:
// nobody is in it until someone mends the policy or the app.
var ErrNoGroup = errors.New("nobody is in a group that Slack does not know")

// Policy judges requests, and knows the groups that its verdicts name.
type Policy interface {
	// Judge answers the strictest outcome over all targets. It answers an error
	// where a membership that decides could not be looked up: nobody is let
	// through then.
	Judge(ctx context.Context, c Case) (Verdict, error)
	// In returns which of the named groups someone is in, and how recent that is:
	// with fresh as [Deciding] allows, otherwise as [Recent] does. A group that the
	// policy or Slack does not know has no members.
	In(ctx context.Context, who Who, groups []string, fresh bool) ([]string, Seen, error)
	// Group is what the policy says of one of its groups.
	Group(name string) (Group, bool)
	// Digest is that of the policy file in force; empty for the built-in policy.
	Digest() string
}

// Group is a named set of people: all who are in any of its parts.
type Group struct {
	Name       string   `json:"name"`
	Users      []string `json:"users,omitempty"`       // Slack user IDs
	UserGroups []string `json:"user_groups,omitempty"` // Slack user group IDs (S…)
	Channels   []string `json:"channels,omitempty"`    // Slack channel IDs, of which all members count
}

// BuiltIn is the policy of docs/CONTRACT.md §5, used where no policy file is named.
type BuiltIn struct {
	// Within is how long a request waits for its decision; 0 means 30 minutes.
	Within time.Duration
}

var _ Policy = BuiltIn{}

// Judge answers [BuiltIn.Verdict], kept out of shared channels; it never fails.
func (b BuiltIn) Judge(_ context.Context, c Case) (Verdict, error) {
	return b.Verdict(c).NotShared(c), nil
}

// In returns none: the built-in policy has no groups.
func (b BuiltIn) In(context.Context, Who, []string, bool) ([]string, Seen, error) {
	return nil, Seen{Now: true}, nil
}

// Group answers none.
func (b BuiltIn) Group(string) (Group, bool) { return Group{}, false }

// Digest is empty: there is no file.
func (b BuiltIn) Digest() string { return "" }

// NotShared answers a denial in the place of a verdict that people of other
// workspaces must have no part in: they would see what is asked for, and who has to
// agree. Every policy ends with it, unless it names the channel as an exception.
func (v Verdict) NotShared(c Case) Verdict {
	if !c.Shared || v.Outcome == Deny || c.Action.Danger != Destructive && v.Outcome != Approve {
		return v
	}
	return Verdict{Outcome: Deny, Rule: "built-in: shared channel", Policy: v.Policy,
		Message: "People of other workspaces are in this channel, so nothing that destroys or needs approval can be asked for here. " +
			"Ask in a channel of this workspace alone."}
}

// Waits is how long a request waits for its decision where nothing says otherwise.
func (b BuiltIn) Waits() time.Duration {
	if b.Within == 0 {
		return 30 * time.Minute
	}
	return b.Within
}

// Verdict says what the built-in policy says, wherever it is asked.
func (b BuiltIn) Verdict(c Case) Verdict {
	within := b.Waits()
	bulk := len(c.Targets) > 1
	switch {
	case c.Action.Danger == Destructive:
		return Verdict{Outcome: Approve, Count: 1, Within: within, Remind: true, Rule: "built-in: destructive"}
	case bulk && c.Action.Danger == Disruptive && c.Action.Type != "resize":
		// A resize switches on again what it switches off; as of a reboot, the requester's
		// confirmation is enough. A policy file may ask for more, by its danger.
		return Verdict{Outcome: Approve, Count: 1, Within: within, Remind: true, Rule: "built-in: disruptive on several Droplets"}
	case bulk:
		return Verdict{Outcome: Confirm, Within: within, Rule: "built-in: several Droplets"}
	case c.Action.Danger == Irreversible:
		return Verdict{Outcome: Confirm, Within: within, Rule: "built-in: cannot be undone"}
	}
	return Verdict{Outcome: Allow, Rule: "built-in: one Droplet"}
}
