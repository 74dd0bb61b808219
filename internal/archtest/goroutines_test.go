package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// cancels are functions without a body of ours: they end a context, or give a place up.
var cancels = []string{"cancel", "cut", "leave"}

// A panic in a goroutine that nobody recovers in ends the process. So each is started
// through internal/task: by a go statement, by an errgroup or a WaitGroup, by singleflight,
// or by a timer.
func TestEveryGoroutineRecovers(t *testing.T) {
	root := filepath.Join("..", "..")
	files := token.NewFileSet()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			// The built-in world imports no room of ours, and serves nobody's production.
			if strings.HasPrefix(d.Name(), ".") && d.Name() != ".." || d.Name() == "testdata" || strings.HasSuffix(filepath.ToSlash(path), "internal/sim") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if bare(n) {
				t.Errorf("%s: a goroutine is started without a recover: use internal/task", files.Position(n.Pos()))
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// bare reports whether a node starts a goroutine with nothing of internal/task around what
// runs in it.
func bare(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GoStmt:
		return !guarded(n.Call.Fun)
	case *ast.CallExpr:
		s, ok := n.Fun.(*ast.SelectorExpr)
		if !ok || len(n.Args) == 0 || !slices.Contains([]string{"Go", "TryGo", "AfterFunc", "DoChan"}, s.Sel.Name) {
			return false
		}
		return !guarded(n.Args[len(n.Args)-1])
	}
	return false
}

// guarded reports whether what runs is made by internal/task, or by the runner's guard,
// which is made of it.
func guarded(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return slices.Contains(cancels, e.Name)
	case *ast.CallExpr:
		if s, ok := e.Fun.(*ast.SelectorExpr); ok {
			x, ok := s.X.(*ast.Ident)
			return ok && x.Name == "task"
		}
		f, ok := e.Fun.(*ast.Ident)
		return ok && f.Name == "guard"
	}
	return false
}

func TestBareGoroutinesAreSeen(t *testing.T) {
	for code, want := range map[string]bool{
		"go f()":                               true,
		"go func() {}()":                       true,
		"go task.Log(report, f)()":             false,
		"g.Go(func() error { return nil })":    true,
		"g.Go(f)":                              true,
		"g.Go(task.Err(f))":                    false,
		"time.AfterFunc(d, func() {})":         true,
		"time.AfterFunc(d, cancel)":            false,
		"c.flights.DoChan(key, f)":             true,
		"c.flights.DoChan(key, task.Value(f))": false,
		"g.Go(guard(t, f))":                    false,
	} {
		f, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x\nfunc x() { "+code+" }", parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		got := false
		ast.Inspect(f, func(n ast.Node) bool { got = got || bare(n); return true })
		if got != want {
			t.Errorf("%s: bare %t", code, got)
		}
	}
	if _, err := os.Stat(filepath.Join("..", "task", "task.go")); err != nil {
		t.Error(err)
	}
}
