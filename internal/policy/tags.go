package policy

import (
	"slices"
	"strings"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// DigitalOcean has a tag once, whatever its case: web and WEB are the same tag, shown as
// it was first written. So a condition has the tags in lower case, and what it compares
// them with is put in lower case as well.

// tagsPath is where a condition has them.
const tagsPath = "droplet.tags"

// tagList is the value of droplet.tags.
type tagList struct{ traits.Lister }

func newTagList(tags []string) tagList {
	lower := make([]string, len(tags))
	for i, t := range tags {
		lower[i] = strings.ToLower(t)
	}
	return tagList{types.NewStringList(types.DefaultTypeAdapter, lower)}
}

// Contains reports whether a text is one of the tags, in any case.
func (l tagList) Contains(v ref.Val) ref.Val {
	if s, ok := v.(types.String); ok {
		v = types.String(strings.ToLower(string(s)))
	}
	return l.Lister.Contains(v)
}

// compareTagsInAnyCase puts the texts in lower case that an expression compares a tag
// with: an element of droplet.tags, by its index or as the variable of a loop over it.
func compareTagsInAnyCase(e ast.Expr) { tagWalk{}.expr(e) }

// tagWalk goes through an expression with the loop variables that are tags there.
type tagWalk []string

func (w tagWalk) expr(e ast.Expr) {
	switch e.Kind() {
	case ast.CallKind:
		c := e.AsCall()
		operands := c.Args()
		if c.IsMemberFunction() {
			operands = append([]ast.Expr{c.Target()}, operands...)
		}
		for _, o := range operands {
			w.expr(o)
		}
		if slices.ContainsFunc(operands, w.isTag) || slices.ContainsFunc(operands, isTags) && c.FunctionName() != operators.Index {
			for _, o := range operands {
				lowerTexts(o, c.FunctionName() == "matches")
			}
		}
	case ast.ComprehensionKind:
		c := e.AsComprehension()
		w.expr(c.IterRange())
		w.expr(c.AccuInit())
		inside := w
		if isTags(c.IterRange()) {
			inside = append(slices.Clone(w), c.IterVar())
		}
		inside.expr(c.LoopCondition())
		inside.expr(c.LoopStep())
		inside.expr(c.Result())
	case ast.ListKind:
		for _, item := range e.AsList().Elements() {
			w.expr(item)
		}
	case ast.MapKind:
		for _, entry := range e.AsMap().Entries() {
			w.expr(entry.AsMapEntry().Key())
			w.expr(entry.AsMapEntry().Value())
		}
	case ast.SelectKind:
		w.expr(e.AsSelect().Operand())
	}
}

func isTags(e ast.Expr) bool { return pathOf(e) == tagsPath }

func (w tagWalk) isTag(e ast.Expr) bool {
	switch e.Kind() {
	case ast.IdentKind:
		return slices.Contains(w, e.AsIdent())
	case ast.CallKind:
		c := e.AsCall()
		return c.FunctionName() == operators.Index && isTags(c.Args()[0])
	}
	return false
}

// lowerTexts puts a text, or the texts of a list, in lower case; a regular expression
// gets the flag for any case.
func lowerTexts(e ast.Expr, regex bool) {
	if e.Kind() == ast.ListKind {
		for _, item := range e.AsList().Elements() {
			lowerTexts(item, regex)
		}
		return
	}
	s, ok := text(e)
	switch {
	case !ok:
		return
	case regex:
		s = "(?i)" + s
	default:
		s = strings.ToLower(s)
	}
	e.SetKindCase(ast.NewExprFactory().NewLiteral(e.ID(), types.String(s)))
}
