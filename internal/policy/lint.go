package policy

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"

	"dropletops/api"
	"dropletops/approvals"
)

// literals are the values that a field can have, where it is known.
func literals() map[string][]string {
	return map[string][]string{
		"action.type":    actionTypes(),
		"action.danger":  {string(approvals.Safe), string(approvals.Disruptive), string(approvals.Irreversible), string(approvals.Destructive)},
		"droplet.status": {"new", "active", "off", "archive"}, // DigitalOcean's
	}
}

func actionTypes() []string {
	var out []string
	for _, a := range api.Catalogue() {
		out = append(out, a.Type)
	}
	return out
}

// lint looks for what is valid and can't be meant.
func (r *reader) lint(p *Policy, checked *cel.Ast, at func(id int64) place) {
	l := &linter{r: r, p: p, at: at, guarded: map[string]bool{}, literals: literals()}
	root := checked.NativeRep().Expr()
	ast.PreOrderVisit(root, ast.NewExprVisitor(l.guards))
	ast.PreOrderVisit(root, ast.NewExprVisitor(l.look))
}

type linter struct {
	r        *reader
	p        *Policy
	at       func(id int64) place
	guarded  map[string]bool // arguments that the expression looks for before it reads them
	types    []string        // action types that it names
	literals map[string][]string
}

// guards gathers what makes it safe to read an argument.
func (l *linter) guards(e ast.Expr) {
	switch e.Kind() {
	case ast.CallKind:
		args := e.AsCall().Args()
		if len(args) != 2 {
			return
		}
		if key, ok := text(args[0]); ok && e.AsCall().FunctionName() == operators.In && pathOf(args[1]) == "action.args" {
			l.guarded[key] = true
		}
		if value, ok := text(args[1]); ok && e.AsCall().FunctionName() == operators.Equals && pathOf(args[0]) == "action.type" {
			l.types = append(l.types, value)
		}
	case ast.SelectKind:
		if s := e.AsSelect(); s.IsTestOnly() && pathOf(s.Operand()) == "action.args" {
			l.guarded[s.FieldName()] = true
		}
	}
}

func (l *linter) look(e ast.Expr) {
	switch e.Kind() {
	case ast.SelectKind:
		if s := e.AsSelect(); !s.IsTestOnly() && pathOf(s.Operand()) == "action.args" {
			l.argument(e, s.FieldName())
		}
	case ast.CallKind:
		c := e.AsCall()
		args := c.Args()
		switch name := c.FunctionName(); {
		case len(args) == 2 && (name == operators.Equals || name == operators.NotEquals):
			l.compare(args[0], args[1])
			l.compare(args[1], args[0])
		case len(args) == 2 && name == operators.In:
			l.within(args[0], args[1])
		case len(args) == 2 && name == operators.Index && pathOf(args[0]) == "action.args":
			if key, ok := text(args[1]); ok {
				l.argument(e, key)
			}
		case c.IsMemberFunction() && len(args) == 1 && clockParts[name] != nil:
			if zone, ok := text(args[0]); ok {
				if _, err := time.LoadLocation(zone); err != nil && !offsets.MatchString(zone) {
					l.r.wrong(l.at(args[0].ID()), fmt.Sprintf("There is no time zone %q.", zone), "a name such as Europe/Berlin, America/New_York or UTC")
				}
			}
		case name == "glob" && len(args) == 2:
			if pattern, ok := text(args[1]); ok {
				if err, bad := globMatch(types.String(""), types.String(pattern)).(*types.Err); bad {
					l.r.wrong(l.at(args[1].ID()), err.Error()+".", "a [ needs its ], as in web-[1-3]")
				}
			}
		}
	}
}

// compare holds a literal against what the field can be.
func (l *linter) compare(field, with ast.Expr) {
	all, ok := l.literals[pathOf(field)]
	value, isText := text(with)
	if ok && isText && !slices.Contains(all, value) {
		l.r.warn(l.at(with.ID()), fmt.Sprintf("%s is never %q.", pathOf(field), value), didYouMean(value, all))
	}
}

// within looks at an in.
func (l *linter) within(what, list ast.Expr) {
	if pathOf(list) == "requester.groups" {
		if name, ok := text(what); ok {
			if _, known := l.p.groups[name]; !known {
				l.r.wrong(l.at(what.ID()), fmt.Sprintf("There is no group %q.", name), didYouMean(name, slices.Sorted(maps.Keys(l.p.groups))))
			}
		}
		return
	}
	if key, ok := text(what); ok && pathOf(list) == "action.args" {
		l.known(what, key)
	}
	if list.Kind() == ast.ListKind {
		for _, item := range list.AsList().Elements() {
			l.compare(what, item)
		}
	}
}

// argument looks at one that is read: without it the rule would fail, and deny.
func (l *linter) argument(e ast.Expr, name string) {
	if !l.known(e, name) || l.guarded[name] {
		return
	}
	for _, typ := range l.types {
		if a, ok := api.Lookup(typ); ok && slices.ContainsFunc(a.Params, func(p api.Param) bool {
			return p.Name == name && (p.Required || p.Default != nil)
		}) {
			return
		}
	}
	l.r.warn(l.at(e.ID()), fmt.Sprintf("An action without the argument %q makes this rule fail, which denies.", name),
		fmt.Sprintf("write %q in action.args && … before it", name))
}

// known says whether any action has an argument.
func (l *linter) known(e ast.Expr, name string) bool {
	var all []string
	for _, a := range api.Catalogue() {
		for _, p := range a.Params {
			if p.Name == name {
				return true
			}
			if !slices.Contains(all, p.Name) {
				all = append(all, p.Name)
			}
		}
	}
	l.r.warn(l.at(e.ID()), fmt.Sprintf("No action has an argument %q.", name), didYouMean(name, all))
	return false
}

// pathOf answers a.b.c; empty if an expression is something else.
func pathOf(e ast.Expr) string {
	switch e.Kind() {
	case ast.IdentKind:
		return e.AsIdent()
	case ast.SelectKind:
		if of := pathOf(e.AsSelect().Operand()); of != "" && !e.AsSelect().IsTestOnly() {
			return of + "." + e.AsSelect().FieldName()
		}
	}
	return ""
}

// text answers a literal text.
func text(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	s, ok := e.AsLiteral().(types.String)
	return string(s), ok
}
