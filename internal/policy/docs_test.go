package policy

import (
	"os"
	"strings"
	"testing"
)

// The recipes of docs/POLICY.md are valid, and everything there is stands in it.
func TestDocs(t *testing.T) {
	b, err := os.ReadFile("../../docs/POLICY.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(b)
	_, recipes, ok := strings.Cut(doc, "```yaml\n")
	recipes, _, closed := strings.Cut(recipes, "```")
	if !ok || !closed {
		t.Fatal("no recipes")
	}
	p := mustParse(t, "version: 1\nannounce: C0LOUD\ngroups: {dba: {user_groups: [S0DBA]}, oncall: {user_groups: [S0ONCALL]}}\n"+recipes)
	if len(p.Warnings()) > 0 {
		t.Error(p.Warnings())
	}
	var all []string
	for _, v := range variables {
		all = append(all, v.name)
	}
	for _, k := range kinds {
		for _, name := range k.names() {
			all = append(all, "."+name)
		}
	}
	for _, a := range answers {
		all = append(all, a.key)
	}
	for _, name := range append(all, "timezone", "groups", "users", "user_groups", "channels", "announce", "shared_channels", "quiet", "tests", "glob(") {
		if !strings.Contains(doc, "`"+name) && !strings.Contains(doc, name+"`") {
			t.Errorf("docs/POLICY.md lacks %q", name)
		}
	}
}
