package handlers

import (
	"slices"
	"testing"

	"dropletops/api"
	"dropletops/internal/coverage"
)

// What docs/coverage.md says is typed for an operation is understood, and each verb
// that there is does some operation.
func TestCommandsOfTheCoverageTable(t *testing.T) {
	p := parser{catalogue: api.Catalogue(), call: "/droplet"}
	var used []string
	for _, r := range coverage.Rows() {
		for _, c := range r.Commands {
			w, err := p.parse(c)
			if err != nil {
				t.Errorf("%s: %q: %v", r.Operation, c, err)
				continue
			}
			if w.look == nil && w.action == nil {
				t.Errorf("%s: %q is understood as %+v", r.Operation, c, w)
			}
			if w.action != nil && w.target == "" || w.action == nil && w.look != nil && w.look.of == must && w.target == "" {
				t.Errorf("%s: %q lacks its Droplet", r.Operation, c)
			}
			used = append(used, w.verb)
		}
	}
	for _, a := range api.Catalogue() {
		if !slices.Contains(used, a.Verb()) {
			t.Errorf("the verb %s is not in the table", a.Verb())
		}
	}
	for _, l := range looks() {
		if !slices.Contains(used, l.verb) {
			t.Errorf("the verb %s is not in the table", l.verb)
		}
	}
}
