package glob_test

import (
	"strings"
	"testing"

	"dropletops/internal/glob"
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true}, {"", "a", false}, {"*", "", true}, {"*", "a/b", true}, {"?", "/", true}, {"?", "", false}, {"?", "ab", false},
		{"db-*", "db-1", true}, {"DB-*", "db-1", true}, {"db-*", "DB-1", true}, {"db-*", "web-1", false}, {"db-*", "db-", true}, {"db-*", "db", false},
		{"*db*", "my-db-1", true}, {"*-1", "db-1-1", true}, {"a*b*c", "a/x/b/y/c", true}, {"a*b*c", "abd", false}, {"**", "x", true},
		{"[a-c]1", "b1", true}, {"[a-c]1", "d1", false}, {"[A-C]1", "b1", true}, {"[^a-c]1", "d1", true}, {"[^a-c]1", "b1", false},
		{"[^a]", "/", true}, {"[+-9]", "/", true}, {"[a-]x", "-x", true}, {"[]x]", "]", true}, {`[\]]`, "]", true}, {`\*`, "*", true}, {`\*`, "a", false}, {`\a`, "a", true},
		{"web-[1-3]", "web-2", true}, {"web-[1-3]", "web-22", false}, {"Ü*", "über", true}, {"?", "ü", true},
		{strings.Repeat("a*", 50) + "b", strings.Repeat("a", 255), false},
	} {
		p, err := glob.Compile(c.pattern)
		if err != nil {
			t.Errorf("%q: %v", c.pattern, err)
		}
		if got := p.Match(c.text); got != c.want {
			t.Errorf("%q on %q: %v", c.pattern, c.text, got)
		}
	}
	for _, bad := range []string{"[", "a[b", "[]", "[^]", `\`, `a\`, `[\`, "[a-", `[a-\`} {
		if _, err := glob.Compile(bad); err == nil {
			t.Errorf("%q is taken for a pattern", bad)
		}
	}
}
