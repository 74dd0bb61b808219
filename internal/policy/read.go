package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"dropletops/api"
)

// reader walks the file's tree, and gathers what is wrong with it. A method that
// finds something wrong says so and answers nothing, and reading goes on: all
// problems are named in one go.
type reader struct {
	file     string
	source   *source
	problems Problems
}

func (r *reader) wrong(at place, sentence, hint string) {
	r.problems = append(r.problems, Problem{File: r.file, Line: at.line, Column: at.column, Sentence: sentence, Hint: hint})
}

func (r *reader) warn(at place, sentence, hint string) {
	r.problems = append(r.problems, Problem{File: r.file, Line: at.line, Column: at.column, Sentence: sentence, Hint: hint, Warning: true})
}

// entry is a key of a mapping with its value.
type entry struct {
	name  string
	at    place // of the key
	value ast.Node
}

// parse answers the file's top node; nil if it is no YAML, or empty.
func (r *reader) parse(text []byte) (top ast.Node) {
	defer func() { // a policy that is reloaded must not be able to end the process
		if p := recover(); p != nil {
			r.wrong(place{1, 1}, "This is not YAML that can be read.", "")
			top = nil
		}
	}()
	f, err := parser.ParseBytes(text, 0)
	if err != nil {
		r.notYAML(err)
		return nil
	}
	for _, d := range f.Docs {
		switch {
		case d.Body == nil:
		case top != nil:
			r.wrong(of(d.Body), "A policy is one YAML document.", "remove the ---")
		default:
			top = d.Body
		}
	}
	if top == nil {
		r.wrong(place{1, 1}, "The file is empty.", "policy.example.yml is one to begin with")
	}
	return top
}

func (r *reader) notYAML(err error) {
	at, message := place{1, 1}, err.Error()
	if e, ok := err.(yaml.Error); ok { // the parser answers nothing else, unwrapped
		message = e.GetMessage()
		if t := e.GetToken(); t != nil && t.Position != nil {
			at = place{max(1, t.Position.Line), max(1, t.Position.Column)}
		}
	}
	r.wrong(at, "This is not YAML: "+oneLine(message)+".", "")
}

// mapping reads a mapping that may have these keys and no others; nil if it is none.
func (r *reader) mapping(n ast.Node, what string, at place, keys ...string) map[string]entry {
	all, ok := r.entries(n, what, at)
	if !ok {
		return nil
	}
	out := map[string]entry{}
	for _, e := range all {
		if !slices.Contains(keys, e.name) {
			r.wrong(e.at, fmt.Sprintf("%s has no key %q.", what, e.name), didYouMean(e.name, keys))
			continue
		}
		out[e.name] = e
	}
	return out
}

// entries reads a mapping with any keys, in the order of the file.
func (r *reader) entries(n ast.Node, what string, at place) ([]entry, bool) {
	m, ok := n.(ast.MapNode)
	if !ok {
		r.wrong(at, what+" must be a mapping, not "+kindOf(n)+".", "write key: value lines under it")
		return nil, false
	}
	var out []entry
	for it := m.MapRange(); it.Next(); {
		if it.Key().IsMergeKey() {
			r.wrong(of(it.Key()), "A policy has no anchors, aliases, merges or tags.", "write it out")
			continue
		}
		name := it.Key().GetToken().Value
		if slices.ContainsFunc(out, func(e entry) bool { return e.name == name }) {
			r.wrong(of(it.Key()), fmt.Sprintf("%s has the key %q twice.", what, name), "")
			continue
		}
		out = append(out, entry{name: name, at: of(it.Key()), value: it.Value()})
	}
	return out, true
}

// list reads the items of a list; nil if it is none.
func (r *reader) list(e entry, what string) []ast.Node {
	s, ok := e.value.(*ast.SequenceNode)
	if !ok {
		r.wrong(e.at, what+" must be a list, not "+kindOf(e.value)+".", "write it as [a, b] or in lines that begin with -")
		return nil
	}
	return s.Values
}

// text reads a scalar as it is written.
func (r *reader) text(e entry, what string) (string, bool) {
	s, ok := scalar(e.value)
	if !ok {
		r.wrong(e.at, what+" must be a text, not "+kindOf(e.value)+".", "")
		return "", false
	}
	if strings.TrimSpace(s) == "" {
		r.wrong(e.at, what+" is empty.", "")
		return "", false
	}
	return s, true
}

// flag reads true or false.
func (r *reader) flag(e entry, what string) bool {
	b, ok := e.value.(*ast.BoolNode)
	if !ok {
		r.wrong(e.at, what+" must be true or false, not "+kindOf(e.value)+".", "")
		return false
	}
	return b.Value
}

// number reads a whole number between two others.
func (r *reader) number(e entry, what string, low, high int) int {
	if i, ok := e.value.(*ast.IntegerNode); ok {
		var n int
		if _, err := fmt.Sscanf(i.GetToken().Value, "%d", &n); err == nil && n >= low && n <= high {
			return n
		}
	}
	r.wrong(e.at, fmt.Sprintf("%s must be a whole number from %d to %d.", what, low, high), "")
	return low
}

// texts reads a list of texts, each of which must be fine.
func (r *reader) texts(e entry, what string, fine func(string) (sentence, hint string)) []string {
	var out []string
	for _, n := range r.list(e, what) {
		s, ok := scalar(n)
		if !ok || s == "" {
			r.wrong(of(n), what+" is a list of texts, and this is "+kindOf(n)+".", "")
			continue
		}
		if sentence, hint := fine(s); sentence != "" {
			r.wrong(of(n), sentence, hint)
			continue
		}
		if slices.Contains(out, s) {
			r.warn(of(n), fmt.Sprintf("%s names %s twice.", what, s), "")
			continue
		}
		out = append(out, s)
	}
	return out
}

// scalar answers a scalar's text.
func scalar(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		if n.Value == nil {
			return "", true
		}
		return n.Value.Value, true
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// kindOf says what a node is.
func kindOf(n ast.Node) string {
	switch n := n.(type) {
	case nil, *ast.NullNode:
		return "nothing"
	case ast.MapNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		return "an anchor, alias or tag, which a policy has not"
	default:
		if s, ok := scalar(n); ok {
			return fmt.Sprintf("%q", s)
		}
		return "this"
	}
}

// didYouMean is a hint on which of some names was meant, or which there are.
func didYouMean(typed string, names []string) string {
	if near := api.Nearest(typed, names); len(near) > 0 {
		return "did you mean " + near[0] + "?"
	}
	if len(names) == 0 {
		return ""
	}
	return "there is: " + strings.Join(names, ", ")
}
