package approvals

import (
	"fmt"
	"slices"
	"strings"
)

// strictness orders the outcomes; one that is not known is the strictest.
func (o Outcome) strictness() int {
	if i := slices.Index([]Outcome{Allow, Confirm, Approve, Deny}, o); i >= 0 {
		return i
	}
	return 4
}

// Stricter says whether an outcome asks for more than another.
func (o Outcome) Stricter(than Outcome) bool { return o.strictness() > than.strictness() }

// People is how many distinct people must approve: one at the least.
func (v Verdict) People() int {
	n := max(1, v.Count)
	for _, need := range v.Needs {
		n = max(n, need.Count)
	}
	return n
}

// Requires are the approvals that a verdict takes: its needs, or where it has none,
// its number of people, whoever they are.
func (v Verdict) Requires() []Need {
	if len(v.Needs) > 0 || v.Outcome != Approve {
		return v.Needs
	}
	return []Need{{Rule: v.Rule, Count: v.People()}}
}

// Groups are those whose members may decide, or may go ahead alone: all that a
// decision has to look up.
func (v Verdict) Groups() []string {
	out := slices.Clone(v.BreakGlass)
	for _, n := range v.Needs {
		out = append(out, n.From...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// from are the groups whose members the verdict asks; none if it asks everyone.
func (v Verdict) from() []string {
	var out []string
	for _, n := range v.Needs {
		if len(n.From) == 0 {
			return nil
		}
		out = append(out, n.From...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// by names the rule behind a sentence, as Slack's markup.
func (v Verdict) by() string {
	return ` (by rule "` + strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(v.Rule) + `")`
}

// Covers says whether what was decided under v is decided enough for now as
// well. Reasons need no second look: one that was given stands.
func (v Verdict) Covers(now Verdict) bool {
	if now.Outcome.Stricter(v.Outcome) {
		return false
	}
	if now.Outcome != Approve {
		return now.Outcome != Deny
	}
	if now.People() > v.People() || now.Factor && !v.Factor {
		return false
	}
	for _, n := range now.Needs {
		if !slices.ContainsFunc(v.Requires(), func(had Need) bool { return had.Count >= n.Count && within(had.From, n.From) }) {
			return false
		}
	}
	return true
}

// WeakerThan reports whether a verdict asks for less than another in any respect: in its
// outcome, in who has to agree and how, in who may go ahead alone, or in a reason.
func (v Verdict) WeakerThan(w Verdict) bool {
	if w.Outcome == Deny || v.Outcome == Deny {
		return w.Outcome == Deny && v.Outcome != Deny
	}
	alone := v.Outcome == Approve && w.Outcome == Approve &&
		slices.ContainsFunc(v.BreakGlass, func(g string) bool { return !slices.Contains(w.BreakGlass, g) })
	return !v.Covers(w) || alone || w.Reason && !v.Reason
}

// within says whether all of whom some groups hold are in others too. No groups
// are everyone.
func within(groups, others []string) bool {
	if len(others) == 0 {
		return true
	}
	return len(groups) > 0 && !slices.ContainsFunc(groups, func(g string) bool { return !slices.Contains(others, g) })
}

// Missing is what the approvals of the current round still lack: of each need how
// many people. It is empty once the request may go ahead.
func (r *Request) Missing() []Need {
	var out []Need
	got := r.Approvals()
	for _, n := range r.Verdict.Needs {
		if n.Count -= n.met(got); n.Count > 0 {
			out = append(out, n)
		}
	}
	if left := r.Verdict.People() - len(got); len(out) == 0 && left > 0 {
		out = append(out, Need{Rule: r.Verdict.Rule, Count: left})
	}
	return out
}

// met counts the approvals by people whom the need is about. Each is another
// person's: nobody approves twice in a round.
func (n Need) met(by []Decision) int {
	count := 0
	for _, d := range by {
		if d.By.among(n.From) {
			count++
		}
	}
	return count
}

// helps says whether an approval by someone brings what is missing closer.
func (r *Request) helps(p Person) bool {
	return slices.ContainsFunc(r.Missing(), func(n Need) bool { return p.among(n.From) })
}

// approver says whether someone is one of those whom the verdict asks, whatever
// is missing still.
func (r *Request) approver(p Person) bool {
	return len(r.Verdict.Needs) == 0 || slices.ContainsFunc(r.Verdict.Needs, func(n Need) bool { return p.among(n.From) })
}

// Whom says in words whose approval a need is for: "2 members of dba or sre".
func (n Need) Whom() string {
	whom := "full member of this workspace"
	if n.Count > 1 {
		whom = "full members of this workspace"
	}
	if len(n.From) > 0 {
		whom = "member of "
		if n.Count > 1 {
			whom = "members of "
		}
		whom += strings.Join(n.From, " or ")
	}
	return fmt.Sprintf("%d %s", n.Count, whom)
}

// Whom joins what is asked for: "2 members of dba, and 1 member of sre".
func Whom(needs []Need) string {
	out := make([]string, len(needs))
	for i, n := range needs {
		out[i] = n.Whom()
	}
	return strings.Join(out, ", and ")
}
