package policy

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"

	"dropletops/approvals"
)

// Explain says in plain text how a case is judged: which rule applies to each
// target, why each one before it does not, and what comes of it. With groups it
// takes the requester to be in these; with nil it looks them up.
func (p *Policy) Explain(ctx context.Context, c approvals.Case, groups []string) (string, error) {
	member := func() *membership {
		if groups == nil {
			return p.membership(ctx, c.Requester.Who)
		}
		return p.membershipOf(groups)
	}
	v, err := p.judge(c, member())
	if err != nil {
		return "", err
	}
	var b strings.Builder
	m := member()
	f := factsOf(c, p.zone, m)
	for _, d := range c.Targets {
		fmt.Fprintf(&b, "%s %s (%s), asked for by %s in %s at %s:\n", c.Action.Type, d.Name, c.Action.Danger, c.Requester.UserID, c.Channel,
			c.Now.In(p.zone).Format("Mon 2006-01-02 15:04 MST"))
		f.about(d, p.zone)
		p.explainOne(&b, f)
	}
	if m.failed != nil {
		return "", m.failed
	}
	b.WriteString(p.Say(v))
	return b.String(), nil
}

// explainOne goes through the rules up to the one that applies.
func (p *Policy) explainOne(b *strings.Builder, f *facts) {
	for _, r := range p.rules {
		holds, err := r.when.holds(f)
		said := "does not apply"
		switch {
		case err != nil:
			said = "can't be worked out, which denies: " + oneLine(err.Error())
		case holds:
			said = "applies"
		}
		fmt.Fprintf(b, "  %s (%s:%d) %s\n", r.name, p.file, r.at.line, said)
		for _, t := range r.when.terms(f) {
			fmt.Fprintf(b, "      %s\n", t)
		}
		if err != nil || holds {
			return
		}
	}
	b.WriteString("  no rule applies: the built-in policy judges\n")
}

// terms are the parts of a condition with what each is, a line each.
func (c *condition) terms(f *facts) []string {
	program, err := c.env.Program(c.checked, cel.EvalOptions(cel.OptTrackState, cel.OptExhaustiveEval))
	if err != nil {
		return nil
	}
	_, details, _ := program.Eval(f) // that it fails is seen where it does
	if details == nil || details.State() == nil {
		return nil
	}
	t := terms{info: c.checked.NativeRep().SourceInfo(), state: details.State()}
	t.part(c.checked.NativeRep().Expr(), 0)
	return t.lines
}

type terms struct {
	info  *ast.SourceInfo
	state interpreter.EvalState
	lines []string
}

// part says what an expression is; of one that && or || join, each side.
func (t *terms) part(e ast.Expr, deep int) {
	name, word := "", ""
	if e.Kind() == ast.CallKind {
		name = e.AsCall().FunctionName()
		word = map[string]string{operators.LogicalAnd: "all of", operators.LogicalOr: "any of"}[name]
	}
	if word == "" {
		t.add(e, deep, t.written(e)+t.because(e))
		return
	}
	if deep > 0 || name == operators.LogicalOr {
		t.add(e, deep, word)
		deep++
	}
	for _, side := range sides(e, name) {
		t.part(side, deep)
	}
}

// sides are all that a chain of one operator joins.
func sides(e ast.Expr, operator string) []ast.Expr {
	if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != operator {
		return []ast.Expr{e}
	}
	var out []ast.Expr
	for _, a := range e.AsCall().Args() {
		out = append(out, sides(a, operator)...)
	}
	return out
}

func (t *terms) add(e ast.Expr, deep int, words string) {
	is := "?"
	if v, ok := t.state.Value(e.ID()); ok {
		is = show(v)
	}
	t.lines = append(t.lines, fmt.Sprintf("%s%-5s  %s", strings.Repeat("  ", deep), is, words))
}

func (t *terms) written(e ast.Expr) string {
	s, err := cel.ExprToString(e, t.info)
	if err != nil {
		return "?"
	}
	return oneLine(s)
}

// because says what the variables in an expression are.
func (t *terms) because(e ast.Expr) string {
	var out []string
	var walk func(e ast.Expr)
	walk = func(e ast.Expr) {
		if p := pathOf(e); p != "" && p != "droplet" && p != "action" && p != "requester" {
			if v, ok := t.state.Value(e.ID()); ok {
				if s := p + " is " + show(v); !slices.Contains(out, s) {
					out = append(out, s)
				}
			}
			return
		}
		switch e.Kind() {
		case ast.SelectKind:
			walk(e.AsSelect().Operand())
		case ast.CallKind:
			if e.AsCall().IsMemberFunction() {
				walk(e.AsCall().Target())
			}
			for _, a := range e.AsCall().Args() {
				walk(a)
			}
		case ast.ComprehensionKind:
			walk(e.AsComprehension().IterRange())
		}
	}
	walk(e)
	if len(out) == 0 {
		return ""
	}
	return "   (" + strings.Join(out, ", ") + ")"
}

// show writes a value as the policy would.
func show(v ref.Val) string {
	switch v := v.(type) {
	case types.String:
		return fmt.Sprintf("%q", string(v))
	case types.Timestamp:
		return v.Format("Mon 2006-01-02 15:04:05 MST")
	case *types.Err:
		return "error: " + oneLine(v.Error())
	case *membership:
		return showAll(v.list())
	}
	if list, ok := v.(interface{ Value() any }); ok {
		if all, ok := list.Value().([]string); ok {
			return fmt.Sprintf("%q", all)
		}
		return fmt.Sprint(list.Value())
	}
	return fmt.Sprint(v)
}

func showAll(l interface{ Value() any }, err error) string {
	if err != nil {
		return "error: " + oneLine(err.Error())
	}
	return fmt.Sprintf("%q", l.Value())
}

// Say words a verdict in plain text: what happens, and who may let it.
func (p *Policy) Say(v approvals.Verdict) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, by the rule %s\n", v.Outcome, v.Rule)
	if v.Message != "" {
		fmt.Fprintf(&b, "  %s\n", v.Message)
	}
	if v.Because != "" {
		fmt.Fprintf(&b, "  %s\n", v.Because)
	}
	if v.Reason {
		b.WriteString("  whoever asks must give a reason\n")
	}
	needs := v.Requires()
	for _, n := range needs {
		fmt.Fprintf(&b, "  %s must approve, %s", persons(n.Count), p.whom(n.From))
		if len(needs) > 1 {
			fmt.Fprintf(&b, ", by the rule %s", n.Rule)
		}
		b.WriteString("\n")
	}
	switch v.Outcome {
	case approvals.Approve:
		b.WriteString("  never the requester, and nobody twice\n")
	case approvals.Confirm:
		b.WriteString("  the requester confirms what the card shows\n")
	}
	if v.Factor {
		b.WriteString("  each approval takes a second factor\n")
	}
	if len(v.BreakGlass) > 0 {
		fmt.Fprintf(&b, "  may go ahead alone, with a reason, told to %s: %s\n", v.Announce, p.whom(v.BreakGlass))
	}
	if v.Within > 0 {
		fmt.Fprintf(&b, "  within %s", short(v.Within))
		if v.Outcome == approvals.Approve && !v.Remind {
			b.WriteString(", with no reminder")
		}
		b.WriteString("\n")
	}
	return b.String()
}

func short(d time.Duration) string {
	s := d.String()
	s = strings.TrimSuffix(s, "0s")
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// whom says who is in some groups, as far as the file tells.
func (p *Policy) whom(groups []string) string {
	if len(groups) == 0 {
		return "any full member of the workspace"
	}
	var out []string
	for _, name := range groups {
		g := p.groups[name]
		var parts []string
		for _, of := range []struct {
			what string
			ids  []string
		}{{"users", g.Users}, {"user groups", g.UserGroups}, {"members of", g.Channels}} {
			if len(of.ids) > 0 {
				parts = append(parts, of.what+" "+strings.Join(of.ids, ", "))
			}
		}
		out = append(out, fmt.Sprintf("of %s (%s)", name, strings.Join(parts, "; ")))
	}
	return strings.Join(out, " or ")
}
