package approvals

import (
	"context"
	"slices"
)

// Outlook is what the policy would say now of an action, before anyone asks for it.
type Outlook struct {
	// Policy is the digest of the policy file in force; empty for the built-in policy.
	Policy string
	// Outcomes are what it says of each Droplet alone, each once, the mildest first;
	// empty where that can't be told.
	Outcomes []Outcome
}

// Forbidden says whether the action is denied on each Droplet: whoever may do it
// nowhere need not be told how. Where that can't be told it is no.
func (o Outlook) Forbidden() bool { return slices.Equal(o.Outcomes, []Outcome{Deny}) }

// Outlook says what the policy would say of someone's action on each of these
// Droplets, one by one.
func (s *Service) Outlook(ctx context.Context, by Person, a Action, channel string, droplets []Droplet) Outlook {
	o := Outlook{Policy: s.Policy.Digest()}
	for _, d := range droplets {
		v, err := s.Policy.Judge(ctx, Case{Action: a, Targets: []Droplet{d}, Requester: by, Channel: channel, Now: s.Now()})
		if err != nil {
			o.Outcomes = nil
			return o
		}
		if !slices.Contains(o.Outcomes, v.Outcome) {
			o.Outcomes = append(o.Outcomes, v.Outcome)
		}
	}
	slices.SortFunc(o.Outcomes, func(a, b Outcome) int { return a.strictness() - b.strictness() })
	return o
}
