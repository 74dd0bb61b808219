package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/cel-go/common/ast"

	"dropletops/api"
	"dropletops/approvals"
)

// mostWeakened is how many actions a verdict names of those that would take less.
const mostWeakened = 3

// notWeakened returns the verdict on an action that changes what rules go by, such as a
// Droplet's name: each catalogued action is judged on the Droplet as it is and as it
// would be, and if any would take less afterwards, this one takes the strictest of what
// those take now. Who asks, where and when are those of the case.
func (p *Policy) notWeakened(v approvals.Verdict, c approvals.Case, m *membership) (approvals.Verdict, error) {
	action, ok := api.Lookup(c.Action.Type)
	if !ok || action.Becomes == nil || !slices.ContainsFunc(p.rules, func(r *rule) bool { return r.when.reads("droplet.name") }) {
		return v, nil
	}
	all, because, called := []approvals.Verdict{v}, []string{}, ""
	for _, d := range c.Targets {
		after := approvals.Droplet(action.Becomes(api.Droplet(d), c.Action.Args))
		for _, a := range samples() {
			was, err := p.ofOne(c, a, d, m)
			if err != nil {
				return v, err
			}
			is, err := p.ofOne(c, a, after, m)
			if err != nil {
				return v, err
			}
			if !is.WeakerThan(was) {
				continue
			}
			called = after.Name
			verb := strings.ReplaceAll(a.Type, "_", "-")
			if !slices.Contains(because, verb) {
				because = append(because, verb)
			}
			if was.Outcome == approvals.Deny {
				was.Message = fmt.Sprintf("As %s, %s would escape the rule that denies %s of it as %s. %s",
					tame.Replace(oneLine(after.Name)), tame.Replace(oneLine(d.Name)), verb, tame.Replace(oneLine(d.Name)), was.Message)
			}
			if !slices.ContainsFunc(all, func(had approvals.Verdict) bool { return had.Rule == was.Rule && had.Outcome == was.Outcome }) {
				all = append(all, was)
			}
		}
	}
	if len(because) == 0 {
		return v, nil
	}
	v = strictest(all)
	if more := len(because) - mostWeakened; more > 0 {
		because = append(because[:mostWeakened], fmt.Sprintf("%d more", more))
	}
	v.Because = fmt.Sprintf("Rules of the policy go by the name: called %s, it would take less for %s.", called, strings.Join(because, ", "))
	return v, nil
}

// ofOne is what the rules say of an action on one Droplet, where and when a case is.
func (p *Policy) ofOne(c approvals.Case, a approvals.Action, d approvals.Droplet, m *membership) (approvals.Verdict, error) {
	c.Action, c.Targets = a, []approvals.Droplet{d}
	c.Action.Danger = DangerOn(a, c.Targets)
	return p.byRules(c, m)
}

// samples are the catalogued actions on a Droplet that is there: each with the arguments
// that it must have, as its example has them, and then with each of the others, too.
func samples() []approvals.Action {
	var out []approvals.Action
	for _, a := range api.Catalogue() {
		if a.Make != nil {
			continue
		}
		needed := api.Args{}
		for _, p := range a.Params {
			if p.Required {
				needed[p.Name] = p.Example
			}
		}
		out = append(out, approvals.Action{Type: a.Type, Args: needed})
		for _, p := range a.Params {
			if p.Required || p.Example == "" {
				continue
			}
			with := api.Args{p.Name: p.Example}
			for name, value := range needed {
				with[name] = value
			}
			out = append(out, approvals.Action{Type: a.Type, Args: with})
		}
	}
	return out
}

// reads reports whether a condition asks about a field, such as droplet.name.
func (c *condition) reads(path string) bool {
	found := false
	ast.PreOrderVisit(c.checked.NativeRep().Expr(), ast.NewExprVisitor(func(e ast.Expr) { found = found || pathOf(e) == path }))
	return found
}

// ByName are warnings of the rules that go by a Droplet's name, which a rename changes.
// One that is about new Droplets alone has nothing else to go by.
func (p *Policy) ByName() Problems {
	var out Problems
	for _, r := range p.rules {
		if r.when.reads("droplet.name") && !r.when.names(approvals.Action{Type: "create"}) {
			out = append(out, Problem{File: p.file, Line: r.at.line, Column: r.at.column, Warning: true,
				Sentence: fmt.Sprintf("The rule %q goes by the Droplet's name, which a rename changes.", r.name),
				Hint:     `a tag is safer: "database" in droplet.tags; a rename by which any action would take less takes what that action takes now`})
		}
	}
	return out
}
