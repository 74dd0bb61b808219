package policy

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/checker"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"dropletops/approvals"
	"dropletops/internal/glob"
)

// environment is what conditions are compiled in.
type environment struct {
	*cel.Env
	fold *cel.StaticOptimizer
}

// condition is the when of a rule, compiled.
type condition struct {
	checked *cel.Ast    // as it is written, to explain it
	env     *cel.Env    // to compile it again, for that
	program cel.Program // with its constants folded
	always  *bool       // set if it is the same whatever is asked
}

// mostCost bounds what a condition may cost, in CEL's units, of which a
// comparison is one: an exists over every tag is some hundred, a loop within a
// loop a million.
const mostCost = 100_000

func newEnv() (*environment, error) {
	reg, err := types.NewRegistry()
	if err != nil {
		return nil, err
	}
	options := []cel.EnvOption{
		cel.CustomTypeProvider(provider{reg}), cel.CustomTypeAdapter(reg), cel.OptionalTypes(),
		cel.DefaultUTCTimeZone(false), // now is in the policy's own time zone
		cel.EnableMacroCallTracking(), // so that an expression can be written out as it was typed
		cel.ASTValidators(cel.ValidateDurationLiterals(), cel.ValidateTimestampLiterals(), cel.ValidateRegexLiterals()),
		cel.ExpressionNestingDepthLimit(64), cel.ParserExpressionSizeLimit(10_000),
		cel.Function("glob", cel.Overload("glob_string_string", []*cel.Type{cel.StringType, cel.StringType}, cel.BoolType, cel.BinaryBinding(globMatch))),
	}
	for _, v := range variables {
		options = append(options, cel.Variable(v.name, v.typ))
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		return nil, err
	}
	folding, err := cel.NewConstantFoldingOptimizer()
	if err != nil {
		return nil, err
	}
	fold, err := cel.NewStaticOptimizer(folding)
	return &environment{env, fold}, err
}

// globMatch is the function glob: it reports whether all of a text is like a pattern.
func globMatch(text, pattern ref.Val) ref.Val {
	p, err := glob.Compile(string(pattern.(types.String)))
	if err != nil {
		return types.NewErr("%q is no pattern", string(pattern.(types.String)))
	}
	return types.Bool(p.Match(string(text.(types.String))))
}

// condition reads and compiles a rule's when; nil if it is wrong.
func (r *reader) condition(p *Policy, env *environment, e entry) *condition {
	text, ok := r.text(e, "when")
	if !ok {
		return nil
	}
	places := r.source.scalar(e.at, e.name, text)
	at := func(offset int) place { return places[max(0, min(offset, len(places)-1))] }
	parsed, issues := env.Parse(text)
	if issues.Err() != nil {
		first := issues.Errors()[0] // those after it are of its making
		r.wrong(at(offsetOf(text, first.Location)), syntaxSentence(first.Message), "docs/POLICY.md has examples")
		return nil
	}
	checked, issues := env.Check(parsed)
	if issues.Err() != nil {
		for _, issue := range issues.Errors() {
			sentence, hint := checkSentence(env.Env, parsed, issue)
			r.wrong(at(offsetOf(text, issue.Location)), sentence, hint)
		}
		return nil
	}
	if t := checked.OutputType(); !t.IsExactType(cel.BoolType) {
		r.wrong(at(0), fmt.Sprintf("when must be true or false, and this is %s.", typeWords(t.String())), "compare it with something")
		return nil
	}
	if cost, err := env.EstimateCost(checked, sizes{}); err != nil || cost.Max > mostCost {
		r.wrong(at(0), "This could take too long to work out.", "no loop within a loop over tags, groups or arguments")
		return nil
	}
	before := len(r.problems)
	r.lint(p, checked, func(id int64) place {
		return at(offsetOf(text, checked.NativeRep().SourceInfo().GetStartLocation(id)))
	})
	if wrong, _ := r.problems[before:].split(); len(wrong) > 0 {
		return nil
	}
	compareTagsInAnyCase(checked.NativeRep().Expr())
	return r.compile(env, checked, at(0))
}

// compile makes the program, once for as long as the policy is in force.
func (r *reader) compile(env *environment, checked *cel.Ast, at place) *condition {
	c := &condition{checked: checked, env: env.Env}
	folded, issues := env.fold.Optimize(env.Env, checked)
	if issues.Err() != nil {
		// A constant part of it can't be worked out, such as 1/0.
		r.wrong(at, "A part of this can never be worked out: "+oneLine(issues.Errors()[0].Message)+".", "")
		return nil
	}
	var err error
	if c.program, err = env.Program(folded, cel.EvalOptions(cel.OptOptimize), loadZones()); err != nil {
		r.wrong(at, "This can't be compiled: "+oneLine(err.Error())+".", "")
		return nil
	}
	if out, _, err := c.program.Eval(cel.NoVars()); err == nil && out != nil {
		if b, ok := out.(types.Bool); ok {
			always := bool(b)
			c.always = &always
		}
	}
	return c
}

// holds says whether it holds.
func (c *condition) holds(f *facts) (bool, error) {
	out, _, err := c.program.Eval(f)
	if err != nil {
		return false, err
	}
	b, ok := out.(types.Bool)
	if !ok {
		return false, errors.New("it is neither true nor false")
	}
	return bool(b), nil
}

// offsetOf answers how many characters into an expression a place of CEL's is.
func offsetOf(text string, at interface {
	Line() int
	Column() int
}) int {
	offset := 0
	lines := strings.Split(text, "\n")
	for i := 0; i < at.Line()-1 && i < len(lines); i++ {
		offset += len([]rune(lines[i])) + 1
	}
	return offset + at.Column()
}

// sizes says how large things can be, for the cost. DigitalOcean's names have 255
// characters at the most; the numbers of tags and groups are generous.
type sizes struct{}

func (sizes) EstimateSize(n checker.AstNode) *checker.SizeEstimate {
	switch n.Type().Kind() {
	case types.StringKind:
		return &checker.SizeEstimate{Max: 255}
	case types.ListKind:
		return &checker.SizeEstimate{Max: 100}
	case types.MapKind:
		return &checker.SizeEstimate{Max: 10}
	}
	return nil
}

func (sizes) EstimateCallCost(function, _ string, _ *checker.AstNode, _ []checker.AstNode) *checker.CallEstimate {
	if function == "glob" {
		return &checker.CallEstimate{CostEstimate: checker.CostEstimate{Min: 1, Max: 255}}
	}
	return nil
}

// reach says which rules can never apply, and which may let through what destroys.
func (r *reader) reach(p *Policy) {
	var all *rule
	for _, rule := range p.rules {
		if all != nil {
			r.warn(rule.at, fmt.Sprintf("The rule %q is never reached.", rule.name), fmt.Sprintf("the rule %q in line %d always applies", all.name, all.at.line))
			continue
		}
		switch always := rule.when.always; {
		case always == nil:
		case *always:
			all = rule
		default:
			r.warn(rule.at, fmt.Sprintf("The rule %q never applies: its condition is always false.", rule.name), "")
		}
	}
	for _, q := range p.mild() {
		r.warn(q.rule.at, fmt.Sprintf("The rule %q may let %s happen without anyone's approval.", q.rule.name, strings.Join(q.actions, ", ")),
			fmt.Sprintf("that is %s; if it is not meant, add action.danger != %q", approvals.Destructive, approvals.Destructive))
	}
}
