package coverage_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// pkg is the source of a package's tests: what each name of it declares.
type pkg map[string]ast.Node

// testsOf reads the tests of a package.
func testsOf(t *testing.T, dir string) pkg {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	out := pkg{}
	for _, f := range files {
		file, err := parser.ParseFile(token.NewFileSet(), f, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				out[d.Name.Name] = d
			case *ast.GenDecl:
				for _, s := range d.Specs {
					v, ok := s.(*ast.ValueSpec)
					if !ok {
						continue
					}
					for i, name := range v.Names {
						if i < len(v.Values) {
							out[name.Name] = v.Values[i]
						}
					}
				}
			}
		}
	}
	return out
}

// texts are the constant texts that a test can reach, with "x" in the place of what is not
// constant.
func (p pkg) texts(test string) []string {
	var out []string
	seen := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		node, ok := p[name]
		if !ok || seen[name] {
			return
		}
		seen[name] = true
		ast.Inspect(node, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BinaryExpr, *ast.BasicLit:
				if s, ok := p.text(n.(ast.Expr), 0); ok {
					out = append(out, s)
				}
			case *ast.Ident:
				visit(n.Name)
			case *ast.SelectorExpr:
				visit(n.Sel.Name)
			}
			return true
		})
	}
	visit(test)
	return out
}

func (p pkg) text(e ast.Expr, deep int) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			s, err := strconv.Unquote(e.Value)
			return s, err == nil
		}
	case *ast.BinaryExpr:
		if e.Op != token.ADD {
			return "", false
		}
		a, okA := p.text(e.X, deep)
		b, okB := p.text(e.Y, deep)
		if !okA && !okB {
			return "", false
		}
		if !okA {
			a = "x"
		}
		if !okB {
			b = "x"
		}
		return a + b, true
	case *ast.Ident:
		if v, ok := p[e.Name].(ast.Expr); ok && deep < 5 {
			return p.text(v, deep+1)
		}
	}
	return "", false
}

// shape is what a command is but for its values.
type shape struct {
	verb, target string // target: none, one, several, tag, any
	args         int    // words behind the target
	flags        string
}

var blank = regexp.MustCompile(`%[a-z]|\{[a-z]*\}`)

// shapeOf is the shape of a command; false of what is none.
func shapeOf(text string) (shape, bool) {
	text = strings.TrimPrefix(text, "/droplet ")
	if at := strings.Index(text, ` "`); at >= 0 && strings.Count(text, `"`)%2 == 0 {
		text = regexp.MustCompile(`"[^"]*"`).ReplaceAllString(text, "x")
	}
	words := strings.Fields(text)
	if len(words) == 0 || !regexp.MustCompile(`^[a-z][a-z0-9-]+$`).MatchString(words[0]) {
		return shape{}, false
	}
	s := shape{verb: words[0], target: "none"}
	var flags, plain []string
	switches := []string{"--disk", "--gpu", "--snapshot-first", "--unless-present", "--backups", "--ipv6", "--monitoring"}
	for i := 1; i < len(words); i++ {
		if !strings.HasPrefix(words[i], "--") {
			plain = append(plain, words[i])
			continue
		}
		name, _, valued := strings.Cut(words[i], "=")
		if flags = append(flags, name); !valued && !slices.Contains(switches, name) {
			i++ // its value
		}
	}
	flags = slices.DeleteFunc(flags, func(f string) bool { return f == "--reason" })
	slices.Sort(flags)
	s.flags = strings.Join(flags, " ")
	if len(plain) > 0 {
		s.args = len(plain) - 1
		switch first := plain[0]; {
		case blank.MatchString(first):
			s.target = "any"
		case strings.HasPrefix(first, "tag:"):
			s.target = "tag"
		case strings.Contains(first, ","):
			s.target = "several"
		default:
			s.target = "one"
		}
	}
	return s, true
}

// shows reports whether what a test types is what a row's command is.
func (s shape) shows(row shape) bool {
	if s.verb == row.verb && s.target == "none" && s.args == 0 && row.target == "one" && row.args == 0 && s.flags == row.flags {
		return true // a table's verb, which is typed with a Droplet's name behind it
	}
	sameTarget := s.target == row.target || s.target == "any" && row.target != "none"
	return s.verb == row.verb && sameTarget && s.args == row.args && s.flags == row.flags
}
