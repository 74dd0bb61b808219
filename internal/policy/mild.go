package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"

	"dropletops/api"
	"dropletops/approvals"
)

// offsets are how CEL takes a time zone besides by its name.
var offsets = regexp.MustCompile(`^[+-]?[0-9]{2}:[0-9]{2}$`)

// mildness is a rule that may let through what destroys, and what that is.
type mildness struct {
	rule    *rule
	actions []string
}

// mild finds the rules that allow, or have confirmed alone, what destroys, and do not
// name it.
func (p *Policy) mild() []mildness {
	var out []mildness
	for _, a := range dangerous(api.Destructive) {
		for _, rule := range p.milder(a, 0) {
			if !rule.when.names(a) {
				out = addMild(out, rule, a.Type)
			}
		}
	}
	return out
}

// several are numbers of targets of which a condition that tells one from several lets
// none through.
var several = []int{2, 20, 200}

// Lowered are the rules that ask for less than the built-in policy though they are
// meant to: what destroys, or interrupts service on several Droplets, without another
// person's approval. Whoever signs a policy off has to have seen them; whoever reloads
// it knows them, so they are no part of [Policy.Warnings].
func (p *Policy) Lowered() Problems {
	var destroys, interrupts []mildness
	for _, a := range dangerous(api.Destructive) {
		for _, rule := range p.milder(a, 0) {
			if rule.when.names(a) { // of the others there is a warning already
				destroys = addMild(destroys, rule, a.Type)
			}
		}
	}
	for _, a := range dangerous(api.Disruptive) {
		for _, targets := range several {
			for _, rule := range p.milder(a, targets) {
				interrupts = addMild(interrupts, rule, a.Type)
			}
		}
	}
	var out Problems
	add := func(all []mildness, where, hint string) {
		for _, m := range all {
			how := "without another person's approval"
			if m.rule.outcome == approvals.Confirm {
				how = "with a confirmation in place of another person's approval"
			}
			out = append(out, Problem{File: p.file, Line: m.rule.at.line, Column: m.rule.at.column, Warning: true, Hint: hint,
				Sentence: fmt.Sprintf("The rule %q lowers the built-in protection: %s%s %s.",
					m.rule.name, strings.Join(m.actions, ", "), where, how)})
		}
	}
	add(destroys, "", "")
	add(interrupts, " on several Droplets", "targets == 1 in its condition leaves several to the rules below it")
	slices.SortStableFunc(out, func(a, b Problem) int { return a.Line - b.Line })
	return out
}

// milder are the rules that may let an action through without anybody's approval, on
// so many Droplets; 0 for any number. They are asked about an action of which nothing
// but its type and its danger is known: what is not certainly false then may hold.
func (p *Policy) milder(a approvals.Action, targets int) []*rule {
	f := factsOf(approvals.Case{Action: a, Targets: make([]approvals.Droplet, targets)}, p.zone, &membership{})
	unknown := []*cel.AttributePatternType{cel.AttributePattern("droplet"), cel.AttributePattern("requester"),
		cel.AttributePattern("channel"), cel.AttributePattern("shared"), cel.AttributePattern("now"),
		cel.AttributePattern("action").QualString("args")}
	if targets == 0 {
		unknown = append(unknown, cel.AttributePattern("targets"))
	}
	vars, err := cel.PartialVars(f, unknown...)
	if err != nil {
		return nil
	}
	var out []*rule
	for _, rule := range p.rules {
		program, err := rule.when.env.Program(rule.when.checked, cel.EvalOptions(cel.OptPartialEval))
		if err != nil {
			break
		}
		got, _, err := program.Eval(vars)
		if err != nil || got == types.False {
			continue // a rule that fails denies
		}
		if rule.outcome == approvals.Allow || rule.outcome == approvals.Confirm {
			out = append(out, rule)
		}
		if got == types.True {
			break
		}
	}
	return out
}

// names says whether a condition names an action, or that it destroys: then it is
// meant.
func (c *condition) names(a approvals.Action) bool {
	meant := false
	is := func(field, with ast.Expr) {
		value, _ := text(with)
		meant = meant || pathOf(field) == "action.type" && value == a.Type || pathOf(field) == "action.danger" && value == string(a.Danger)
	}
	ast.PreOrderVisit(c.checked.NativeRep().Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.CallKind || len(e.AsCall().Args()) != 2 {
			return
		}
		left, right := e.AsCall().Args()[0], e.AsCall().Args()[1]
		switch name := e.AsCall().FunctionName(); {
		case name == operators.Equals:
			is(left, right)
			is(right, left)
		case name == operators.In && right.Kind() == ast.ListKind:
			for _, item := range right.AsList().Elements() {
				is(left, item)
			}
		}
	}))
	return meant
}

func addMild(all []mildness, r *rule, action string) []mildness {
	for i := range all {
		if all[i].rule == r {
			if !slices.Contains(all[i].actions, action) {
				all[i].actions = append(all[i].actions, action)
			}
			return all
		}
	}
	return append(all, mildness{r, []string{action}})
}

// dangerous are the actions that can do so much harm, each with the switch that makes
// it so.
func dangerous(d api.Danger) []approvals.Action {
	var out []approvals.Action
	for _, a := range api.Catalogue() {
		for _, args := range variants(a) {
			if a.Danger(args) == d {
				out = append(out, approvals.Action{Type: a.Type, Args: args, Danger: approvals.Danger(d)})
				break
			}
		}
	}
	return out
}

// variants are an action without arguments, and with each of its switches.
func variants(a *api.Action) []api.Args {
	out := []api.Args{{}}
	for _, p := range a.Params {
		if p.Kind == api.Switch {
			out = append(out, api.Args{p.Name: "true"})
		}
	}
	return out
}
