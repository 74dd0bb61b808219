package policy

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"dropletops/approvals"
)

// Judge answers the strictest outcome over all targets, each judged on its own.
func (p *Policy) Judge(ctx context.Context, c approvals.Case) (approvals.Verdict, error) {
	return p.judge(c, p.membership(ctx, c.Requester.Who))
}

// judge judges by the rules, holds what the action would weaken against it, and keeps
// what people of other workspaces must have no part in out of shared channels.
func (p *Policy) judge(c approvals.Case, m *membership) (approvals.Verdict, error) {
	v, err := p.byRules(c, m)
	if err == nil {
		v, err = p.notWeakened(v, c, m)
	}
	if err != nil {
		return approvals.Verdict{}, err
	}
	v.Policy = p.digest
	if slices.Contains(p.shared, c.Channel) {
		return v, nil
	}
	return v.NotShared(c), nil
}

// byRules is what the rules, and the built-in policy where none applies, say of a case.
func (p *Policy) byRules(c approvals.Case, m *membership) (approvals.Verdict, error) {
	t := tally{p: p, c: c}
	f := factsOf(c, p.zone, m)
	for _, d := range c.Targets {
		f.about(d, p.zone)
		rule, failed := p.match(f)
		if m.failed != nil {
			return approvals.Verdict{}, fmt.Errorf("judge by the policy: %w", m.failed)
		}
		t.add(d, rule, failed)
	}
	return t.verdict(), nil
}

// match answers the first rule that applies; nil if none does. A rule that can't
// be worked out applies, with the error why.
func (p *Policy) match(f *facts) (*rule, error) {
	for _, r := range p.rules {
		holds, err := r.when.holds(f)
		if err != nil || holds {
			return r, err
		}
	}
	return nil, nil
}

// tally gathers what the rules say of each target.
type tally struct {
	p *Policy
	c approvals.Case

	targets  int
	denial   *approvals.Verdict
	of       approvals.Droplet // what the denial is of
	denied   int
	matched  []*rule // each once, in the order in which they were met
	fellThru bool
}

func (t *tally) add(d approvals.Droplet, r *rule, failed error) {
	t.targets++
	switch {
	case failed != nil:
		t.deny(d, r, fmt.Sprintf("The policy's rule %q can't be worked out for this (%s), so it is refused. Whoever keeps the policy can mend the rule.",
			r.name, tame.Replace(oneLine(failed.Error()))))
	case r == nil:
		t.fellThru = true
	case r.outcome == approvals.Deny:
		t.deny(d, r, r.message)
	case !slices.Contains(t.matched, r):
		t.matched = append(t.matched, r)
	}
}

// tame takes Slack's markup from what others chose, such as a Droplet's name: a
// denial's sentence is shown as the policy has it, which may hold a link.
var tame = strings.NewReplacer("<", "‹", ">", "›", "&", "＆", "`", "'")

// deny keeps the first denial, and counts those of the same rule.
func (t *tally) deny(d approvals.Droplet, r *rule, message string) {
	if t.denial == nil {
		t.denial, t.of = &approvals.Verdict{Outcome: approvals.Deny, Rule: r.name, Message: message}, d
	}
	if t.denial.Rule == r.name {
		t.denied++
	}
}

// verdict answers the strictest outcome: deny, approve, confirm, allow.
func (t *tally) verdict() approvals.Verdict {
	if t.denial != nil {
		if t.denied < t.targets { // not all: say of which
			t.denial.Message = tame.Replace(oneLine(t.of.Name)) + ": " + t.denial.Message
		}
		return *t.denial
	}
	var all []approvals.Verdict
	for _, r := range t.matched {
		all = append(all, t.said(r))
	}
	if t.fellThru || t.targets == 0 {
		all = append(all, t.p.builtIn.Verdict(t.c))
	}
	return strictest(all)
}

// strictest makes one verdict of several, of which none denies unless it is the first
// of those that do.
func strictest(all []approvals.Verdict) approvals.Verdict {
	var of []approvals.Verdict
	for _, v := range all {
		if len(of) > 0 && v.Outcome.Stricter(of[0].Outcome) {
			of = nil
		}
		if len(of) == 0 || v.Outcome == of[0].Outcome {
			of = append(of, v)
		}
	}
	if of[0].Outcome == approvals.Deny {
		return of[0]
	}
	v := together(of)
	// A milder rule's reason is asked for all the same: its Droplets are part of this.
	v.Reason = slices.ContainsFunc(all, func(w approvals.Verdict) bool { return w.Reason })
	return v
}

// said is one rule's verdict.
func (t *tally) said(r *rule) approvals.Verdict {
	v := approvals.Verdict{Outcome: r.outcome, Rule: r.name, Reason: r.reason}
	if r.outcome == approvals.Allow {
		return v
	}
	if v.Within = r.within; v.Within == 0 {
		v.Within = t.p.builtIn.Waits()
	}
	if r.outcome == approvals.Approve {
		v.Count, v.Factor = r.count, r.factor
		v.Needs = []approvals.Need{{Rule: r.name, Count: r.count, From: r.from}}
		v.BreakGlass = r.breakGlass
		v.Remind = r.remind && !t.p.quiet.holds(t.c.Now.Add(v.Within/2))
	}
	if len(v.BreakGlass) > 0 {
		v.Announce = t.p.announce
	}
	return v
}

// together makes one verdict of several of the same outcome.
func together(all []approvals.Verdict) approvals.Verdict {
	out := all[0]
	if len(all) == 1 {
		return out
	}
	out.Needs = nil
	var rules []string
	for _, v := range all {
		rules = append(rules, v.Rule)
		out.Count = max(out.Count, v.Count)
		out.Within = shorter(out.Within, v.Within)
		out.Factor = out.Factor || v.Factor
		out.Remind = out.Remind || v.Remind
		out.BreakGlass = slices.DeleteFunc(slices.Clone(out.BreakGlass), func(g string) bool { return !slices.Contains(v.BreakGlass, g) })
		switch {
		case len(v.Needs) > 0:
			out.Needs = append(out.Needs, v.Needs...)
		case v.Outcome == approvals.Approve: // the built-in policy's
			out.Needs = append(out.Needs, approvals.Need{Rule: v.Rule, Count: v.Count})
		}
	}
	if len(out.BreakGlass) == 0 {
		out.BreakGlass, out.Announce = nil, ""
	}
	out.Rule = strings.Join(rules, ", ")
	return out
}

func shorter(a, b time.Duration) time.Duration {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}
