// Package archtest holds the rooms of Dropletops against the rules on who may
// import whom. It has tests alone.
package archtest

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "dropletops"

// room is what one room may import: of ours only what is listed, of others
// anything but what is listed.
type room struct {
	ours  []string
	never []string
}

const (
	slackGo    = "github.com/slack-go/slack"
	socketmode = "github.com/slack-go/slack/socketmode"
	godo       = "github.com/digitalocean/godo"
	sqlPkg     = "database/sql"
	pgx        = "github.com/jackc/pgx"
	sqlite     = "modernc.org/sqlite"
	river      = "github.com/riverqueue/river"
)

// rooms are the rules, from the layout in docs/ARCHITECTURE.md. cmd may import
// all. A room that is not listed fails the test.
var rooms = map[string]room{
	"bot":                       {ours: []string{"handlers", "approvals", "internal/card", "internal/task"}, never: []string{godo, sqlPkg, pgx, sqlite, river}},
	"handlers":                  {ours: []string{"approvals", "api", "internal/card", "internal/glob", "internal/lookup", "internal/task"}, never: []string{socketmode, godo, sqlPkg, pgx, sqlite, river}},
	"approvals":                 {never: []string{slackGo, godo, sqlPkg, pgx, sqlite, river}},
	"api":                       {ours: []string{"internal/task"}, never: []string{slackGo, sqlPkg, pgx, sqlite, river}},
	"internal/coverage":         {never: []string{slackGo, godo, socketmode, sqlPkg, pgx, sqlite, river, "net/http", "os"}},
	"internal/gendocs":          {ours: []string{"api", "internal/coverage"}, never: []string{slackGo, sqlPkg, pgx, sqlite, river}},
	"internal/lookup":           {ours: []string{"approvals", "api"}, never: []string{slackGo, godo, sqlPkg, pgx, sqlite, river}},
	"internal/runner":           {ours: []string{"approvals", "api", "internal/lookup", "internal/task"}, never: []string{slackGo, godo, sqlite}},
	"internal/card":             {ours: []string{"approvals", "api"}, never: []string{godo, socketmode, sqlPkg, pgx, sqlite, river, "net/http", "os"}},
	"internal/policy":           {ours: []string{"approvals", "api", "internal/glob", "internal/secret"}, never: []string{slackGo, godo, sqlPkg, pgx, sqlite, river}},
	"internal/factor":           {ours: []string{"approvals"}, never: []string{slackGo, godo, sqlPkg, pgx, sqlite, river}},
	"internal/store":            {ours: []string{"approvals", "internal/task"}, never: []string{slackGo, godo}},
	".":                         {never: []string{slackGo, godo, sqlPkg, pgx, sqlite, river, "net/http", "os"}},
	"internal/archtest":         {},
	"internal/task":             {never: []string{slackGo, godo, sqlPkg, pgx, sqlite, river, "net/http", "os"}},
	"internal/glob":             {never: []string{slackGo, godo, sqlPkg, pgx, sqlite, river, "net/http", "os"}},
	"internal/secret":           {never: []string{slackGo, godo, sqlPkg, pgx, sqlite, river, "net/http", "os"}},
	"internal/openapi":          {never: []string{slackGo, godo, sqlPkg, pgx, sqlite, river, "net/http"}},
	"internal/scratch":          {never: []string{slackGo, godo, sqlite, river}},
	"internal/sim/slack":        {never: []string{slackGo, godo, sqlPkg, pgx, sqlite, river}},
	"internal/sim/digitalocean": {never: []string{slackGo, godo, sqlPkg, pgx, sqlite, river}},
	"internal/sim/web":          {ours: []string{"internal/sim/slack", "internal/sim/digitalocean"}, never: []string{slackGo, godo, sqlPkg, pgx, sqlite, river}},
}

func TestRoomsImportOnlyWhatTheyMay(t *testing.T) {
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && d.Name() != ".." || d.Name() == "testdata" || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		dir := filepath.ToSlash(filepath.Dir(rel))
		if strings.HasPrefix(dir, "cmd/") {
			return nil
		}
		rule, ok := rooms[dir]
		if !ok {
			t.Errorf("%s is in a room without a rule: give %q one", rel, dir)
			return nil
		}
		check(t, path, rel, rule)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func check(t *testing.T, path, rel string, rule room) {
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := parser.ParseFile(token.NewFileSet(), path, src, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range f.Imports {
		imp, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if ours, ok := strings.CutPrefix(imp, module+"/"); ok {
			if !slices.Contains(rule.ours, ours) {
				t.Errorf("%s imports our room %s, and may import %v", rel, ours, rule.ours)
			}
			continue
		}
		for _, no := range rule.never {
			if imp == no || strings.HasPrefix(imp, no+"/") {
				t.Errorf("%s imports %s, and never may", rel, imp)
			}
		}
	}
}

// There is one product: nothing asks whether it is the demo, but for the wiring
// and the built-in world.
func TestNothingAsksWhetherItIsTheDemo(t *testing.T) {
	for dir := range rooms {
		if strings.HasPrefix(dir, "internal/sim/") || dir == "internal/archtest" {
			continue
		}
		files, err := filepath.Glob(filepath.Join("..", "..", dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(strings.ToLower(string(src)), "if demo") {
				t.Errorf("%s asks whether it is the demo", file)
			}
		}
	}
}
