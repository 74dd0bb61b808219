package coverage_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/digitalocean/godo"

	"dropletops/internal/coverage"
	"dropletops/internal/openapi"
)

// listed are what the rows name of one kind.
func listed(of func(coverage.Row) []string) []string {
	var out []string
	for _, r := range coverage.Rows() {
		out = append(out, of(r)...)
	}
	return out
}

// same holds what the rows name against what there is.
func same(t *testing.T, what string, named, there []string) {
	t.Helper()
	for _, x := range there {
		if !slices.Contains(named, x) {
			t.Errorf("%s: %s is not in the table", what, x)
		}
	}
	for _, x := range named {
		if !slices.Contains(there, x) {
			t.Errorf("%s: the table has %s, which there is not", what, x)
		}
	}
}

// notInTheDocument are types that DigitalOcean has and its document has not.
var notInTheDocument = []string{"POST /v2/droplets/{droplet_id}/actions enable_private_networking"}

// Every operation of DigitalOcean's on Droplets and their actions, and every type of
// action, is in the table.
func TestNothingOfTheAPIIsMissing(t *testing.T) {
	doc, err := openapi.Document()
	switch {
	case errors.Is(err, os.ErrNotExist) && os.Getenv("CI") != "true":
		t.Skip("not held against DigitalOcean's OpenAPI document: ../shared/data is not on this machine")
	case err != nil:
		t.Fatal(err)
	}
	there := slices.Clone(notInTheDocument)
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if !slices.ContainsFunc(op.Tags, func(tag string) bool {
				return slices.Contains([]string{"Droplets", "Droplet Actions", "Actions"}, tag)
			}) {
				continue
			}
			name := method + " " + path
			if op.RequestBody == nil || op.RequestBody.Value.Content["application/json"].Schema.Value.Discriminator == nil {
				there = append(there, name)
				continue
			}
			d := op.RequestBody.Value.Content["application/json"].Schema.Value.Discriminator
			if d.PropertyName != "type" {
				there = append(there, name)
				continue
			}
			for typ := range d.Mapping {
				there = append(there, name+" "+typ)
			}
		}
	}
	if len(there) < 40 { // there were 47 on 2026-11-21
		t.Errorf("only %d operations were found in the document", len(there))
	}
	same(t, "the OpenAPI document", listed(func(r coverage.Row) []string { return r.API }), there)
}

// Every method of godo's services for Droplets and their actions is in the table.
func TestNothingOfGodoIsMissing(t *testing.T) {
	var there []string
	for name, service := range map[string]reflect.Type{
		"Droplets":       reflect.TypeFor[godo.DropletsService](),
		"DropletActions": reflect.TypeFor[godo.DropletActionsService](),
		"Actions":        reflect.TypeFor[godo.ActionsService](),
	} {
		for i := range service.NumMethod() {
			there = append(there, name+"."+service.Method(i).Name)
		}
	}
	same(t, "godo", listed(func(r coverage.Row) []string { return r.Godo }), there)
}

// The same of the clients that are none of ours, as far as their versions of which
// the methods were written down. Where they are installed, the tests of the built-in
// DigitalOcean hold the table against those.
func TestNothingOfTheOtherClientsIsMissing(t *testing.T) {
	for file, of := range map[string]func(coverage.Row) []string{
		"python3-digitalocean-1.16.0.txt": func(r coverage.Row) []string { return r.Python },
		"dots-wrapper-3.12.12.txt":        func(r coverage.Row) []string { return r.Dots },
	} {
		kept, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		same(t, file, listed(of), strings.Fields(string(kept)))
	}
}

var testName = regexp.MustCompile(`^([a-z0-9/]+)\.(Test[A-Za-z0-9]+)$`)

// A row has a command and a test that shows it, or says why it has none. Each test
// is there, and one of those through the binary types just what the row does: the verb,
// to the same kind of target, with as many words and the same flags.
func TestEveryRowIsShown(t *testing.T) {
	sources := map[string]pkg{}
	for _, r := range coverage.Rows() {
		if len(r.Commands) == 0 && r.Note == "" {
			t.Errorf("%s: there is no command, and nothing says why", r.Operation)
		}
		if (len(r.Commands) == 0) != (len(r.Tests) == 0) {
			t.Errorf("%s: the commands %q are shown by %q", r.Operation, r.Commands, r.Tests)
		}
		if len(r.Commands) > 0 && strings.HasPrefix(r.Note, coverage.NotYet) {
			t.Errorf("%s: %s, and yet there is %q", r.Operation, r.Note, r.Commands)
		}
		if len(r.Tests) > 0 && !strings.HasPrefix(r.Tests[0], "cmd/dropletops.") {
			t.Errorf("%s: the first test, %s, is not with the whole program", r.Operation, r.Tests[0])
		}
		for _, name := range r.Tests {
			m := testName.FindStringSubmatch(name)
			if m == nil {
				t.Fatalf("%s: %q names no test", r.Operation, name)
			}
			src := fileOf(t, m[1], m[2])
			if src == "" {
				t.Errorf("%s: there is no test %s", r.Operation, name)
			}
		}
		for _, c := range r.Commands {
			want, ok := shapeOf(c)
			if !ok {
				t.Fatalf("%s: %q is no command", r.Operation, c)
			}
			if !slices.ContainsFunc(r.Tests, func(name string) bool {
				m := testName.FindStringSubmatch(name)
				if sources[m[1]] == nil {
					sources[m[1]] = testsOf(t, m[1])
				}
				return strings.HasPrefix(name, "cmd/dropletops.") && slices.ContainsFunc(sources[m[1]].texts(m[2]), func(text string) bool {
					got, ok := shapeOf(text)
					return ok && got.shows(want)
				})
			}) {
				t.Errorf("%s: none of %q types %q through the binary", r.Operation, r.Tests, c)
			}
		}
	}
}

// A row that claims what its test does not type is found.
func TestAWrongRowIsFound(t *testing.T) {
	texts := testsOf(t, "cmd/dropletops").texts("TestEveryVerbByTag")
	for command, shown := range map[string]bool{
		"snapshot tag:web": true, "snapshot tag:web nightly": true, "snapshot tag:web nightly more": false, "snapshot tag:web --snapshot-first": false,
		"rename tag:web x": false, "resize tag:web s-2vcpu-4gb": true, "resize tag:web": false, "resize tag:web s-2vcpu-4gb --timeout 2m": false, "restore tag:web 1": false,
	} {
		want, _ := shapeOf(command)
		if got := slices.ContainsFunc(texts, func(text string) bool { got, ok := shapeOf(text); return ok && got.shows(want) }); got != shown {
			t.Errorf("%s: shown %v", command, got)
		}
	}
}

// fileOf is the file that has a test, empty if there is none.
func fileOf(t *testing.T, dir, name string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(src), "\nfunc "+name+"(") {
			return string(src)
		}
	}
	return ""
}
