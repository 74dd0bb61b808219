package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"dropletops/approvals"
)

// rule is one rule of the file.
type rule struct {
	name    string
	at      place
	when    *condition
	outcome approvals.Outcome

	count      int
	from       []string
	within     time.Duration // 0 is the built-in policy's
	reason     bool
	factor     bool
	breakGlass []string
	remind     bool
	message    string
}

// outcomes are the keys of which a rule has exactly one.
var outcomes = []string{"allow", "confirm", "approve", "deny"}

func (r *reader) rules(p *Policy, e entry) {
	env, err := newEnv()
	if err != nil {
		r.wrong(e.at, "Conditions can't be compiled: "+oneLine(err.Error())+".", "")
		return
	}
	seen := map[string]place{}
	for i, n := range r.list(e, "rules") {
		rule := r.rule(p, env, n, i+1)
		if rule == nil {
			continue
		}
		if first, ok := seen[rule.name]; ok {
			r.wrong(rule.at, fmt.Sprintf("There are two rules %q.", rule.name), fmt.Sprintf("the other is in line %d", first.line))
		}
		seen[rule.name] = rule.at
		p.rules = append(p.rules, rule)
	}
	if wrong, _ := r.problems.split(); len(wrong) == 0 {
		r.reach(p)
	}
}

// rule reads one rule; nil if there is nothing of it to go on with.
func (r *reader) rule(p *Policy, env *environment, n ast.Node, number int) *rule {
	what, at := fmt.Sprintf("Rule %d", number), of(n)
	keys := r.mapping(n, what, at, append([]string{"name", "when"}, outcomes...)...)
	if keys == nil {
		return nil
	}
	out := &rule{at: at, remind: true}
	if e, ok := keys["name"]; ok {
		out.name, _ = r.text(e, "name")
		out.name = oneLine(out.name)
		if strings.HasPrefix(out.name, "built-in") {
			r.wrong(e.at, "A rule's name can't begin with built-in.", "")
		}
		if len(out.name) > 100 {
			r.wrong(e.at, "A rule's name is 100 bytes at the most.", "")
		}
	} else {
		r.wrong(at, what+" has no name.", "people and the audit log call it by that")
		out.name = what
	}
	if e, ok := keys["when"]; ok {
		out.when = r.condition(p, env, e)
	} else {
		r.wrong(at, fmt.Sprintf("%s has no when.", what), `when: "true" is always`)
	}
	r.outcome(p, keys, out, what, at)
	if out.when == nil {
		return nil
	}
	return out
}

// outcome reads what a rule says.
func (r *reader) outcome(p *Policy, keys map[string]entry, out *rule, what string, at place) {
	var has []string
	for _, o := range outcomes {
		if _, ok := keys[o]; ok {
			has = append(has, o)
		}
	}
	if len(has) != 1 {
		said := "none"
		if len(has) > 0 {
			said = strings.Join(has, " and ")
		}
		r.wrong(at, fmt.Sprintf("%s must have exactly one outcome, and has %s.", what, said), "one of "+strings.Join(outcomes, ", "))
		return
	}
	e := keys[has[0]]
	switch out.outcome = approvals.Outcome(has[0]); out.outcome {
	case approvals.Deny:
		out.message, _ = r.text(e, "deny")
		out.message = oneLine(out.message)
		if s := e.value; isBool(s) {
			r.wrong(e.at, "deny is the sentence that people are told, not true or false.", `such as deny: "Production is frozen until Monday."`)
		}
	case approvals.Approve:
		r.approve(p, e, out)
	default:
		r.plain(e, out)
	}
}

func isBool(n ast.Node) bool {
	_, ok := n.(*ast.BoolNode)
	return ok
}

// plain reads what allow and confirm have: true, or a mapping.
func (r *reader) plain(e entry, out *rule) {
	if isBool(e.value) {
		if !r.flag(e, e.name) {
			r.wrong(e.at, e.name+" can't be false: a rule says what is done, not what is not.", "use deny, or another outcome")
		}
		return
	}
	names := []string{"reason"}
	if out.outcome == approvals.Confirm {
		names = append(names, "within")
	}
	keys := r.mapping(e.value, e.name, e.at, names...)
	if k, ok := keys["reason"]; ok {
		out.reason = r.flag(k, "reason")
	}
	if k, ok := keys["within"]; ok {
		out.within = r.duration(k)
	}
}

// mostPeople bounds count: more would be a mistake.
const mostPeople = 20

func (r *reader) approve(p *Policy, e entry, out *rule) {
	out.count = 1
	keys := r.mapping(e.value, "approve", e.at, "count", "from", "within", "reason", "second_factor", "break_glass", "remind")
	if k, ok := keys["within"]; ok {
		out.within = r.duration(k)
	}
	for name, to := range map[string]*bool{"reason": &out.reason, "second_factor": &out.factor, "remind": &out.remind} {
		if k, ok := keys[name]; ok {
			*to = r.flag(k, name)
		}
	}
	if k, ok := keys["from"]; ok {
		out.from = r.groupsNamed(p, k, "from")
	}
	if k, ok := keys["break_glass"]; ok {
		out.breakGlass = r.groupsNamed(p, k, "break_glass")
		if p.announce == "" {
			r.wrong(k.at, "break_glass needs a channel that is told when someone does.", "give the policy announce: with the ID of a channel")
		}
	}
	if k, ok := keys["count"]; ok {
		out.count = r.number(k, "count", 1, mostPeople)
		r.enough(p, k.at, out)
	} else {
		r.enough(p, e.at, out)
	}
	slices.Sort(out.breakGlass)
}

// enough holds a count against the people whom the file names.
func (r *reader) enough(p *Policy, at place, out *rule) {
	n, ok := p.known(out.from)
	switch {
	case !ok:
	case out.count > n:
		r.wrong(at, fmt.Sprintf("%s can't approve: there %s only %d in %s.", persons(out.count), isAre(n), n, strings.Join(out.from, ", ")), "")
	case out.count == n:
		r.warn(at, fmt.Sprintf("All %d in %s must approve, so what one of them asks for can never be approved.", n, strings.Join(out.from, ", ")), "the requester never counts: name one more, or lower the count")
	}
}

func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func persons(n int) string {
	if n == 1 {
		return "1 person"
	}
	return fmt.Sprintf("%d people", n)
}
