package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTheThreatModelNamesTests: every test that docs/SECURITY.md rests on is there,
// and in the file that it names.
func TestTheThreatModelNamesTests(t *testing.T) {
	root := filepath.Join("..", "..")
	doc, err := os.ReadFile(filepath.Join(root, "docs", "SECURITY.md"))
	if err != nil {
		t.Fatal(err)
	}
	in := map[string][]string{} // the files with a test, by its name
	err = filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllSubmatch(source, -1) {
			in[string(m[1])] = append(in[string(m[1])], filepath.ToSlash(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("`(Test\\w+)`").FindAllSubmatch(doc, -1) {
		if in[string(m[1])] == nil {
			t.Errorf("there is no %s", m[1])
		}
	}
	named := regexp.MustCompile("`(Test\\w+)` in (?:\\[)?([\\w/]+_test\\.go)").FindAllSubmatch(doc, -1)
	if len(named) < 25 {
		t.Errorf("%d tests are named with their files", len(named))
	}
	for _, m := range named {
		if !strings.Contains(strings.Join(in[string(m[1])], " "), string(m[2])) {
			t.Errorf("%s is in %v, not in %s", m[1], in[string(m[1])], m[2])
		}
	}
}
