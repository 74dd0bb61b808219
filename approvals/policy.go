package approvals

import "time"

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

// Verdict is the policy's answer.
type Verdict struct {
	Outcome Outcome `json:"outcome"`
	// Count is how many distinct people must approve.
	Count int `json:"count,omitempty"`
	// Within is how long the request waits for its decision.
	Within  time.Duration `json:"within,omitempty"`
	Rule    string        `json:"rule"`              // which rule said so
	Message string        `json:"message,omitempty"` // for a denial
}

// Case is what a policy judges.
type Case struct {
	Action    Action
	Targets   []Droplet
	Requester Person
	Channel   string
	Now       time.Time
}

// Policy judges requests.
type Policy interface {
	Judge(Case) Verdict
}

// BuiltIn is the policy of CONTRACT §5, used where no policy file is named.
type BuiltIn struct {
	// Within is how long a request waits for its decision; 0 means 30 minutes.
	Within time.Duration
}

// Judge says what the built-in policy says.
func (b BuiltIn) Judge(c Case) Verdict {
	within := b.Within
	if within == 0 {
		within = 30 * time.Minute
	}
	bulk := len(c.Targets) > 1
	switch {
	case c.Action.Danger == Destructive:
		return Verdict{Outcome: Approve, Count: 1, Within: within, Rule: "built-in: destructive"}
	case bulk && c.Action.Danger == Disruptive:
		return Verdict{Outcome: Approve, Count: 1, Within: within, Rule: "built-in: disruptive on several Droplets"}
	case bulk:
		return Verdict{Outcome: Confirm, Within: within, Rule: "built-in: several Droplets"}
	case c.Action.Danger == Irreversible:
		return Verdict{Outcome: Confirm, Within: within, Rule: "built-in: cannot be undone"}
	}
	return Verdict{Outcome: Allow, Rule: "built-in: one Droplet"}
}
