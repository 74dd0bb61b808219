package card_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dropletops/internal/card"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// everything is every message there is a golden file of.
func everything(t testing.TB) map[string]card.Message {
	out := cards(t)
	maps.Copy(out, notes(t))
	maps.Copy(out, replies())
	maps.Copy(out, found())
	maps.Copy(out, explanations(t))
	maps.Copy(out, late(t))
	return out
}

// drawn is everything as it goes to Slack, to be read by people.
func drawn(t testing.TB) map[string][]byte {
	out := map[string][]byte{}
	for name, m := range everything(t) {
		fields := map[string]any{"text": m.Text, "blocks": m.Blocks}
		if m.Metadata != nil {
			fields["metadata"] = m.Metadata
		}
		out[name] = encode(t, fields)
	}
	for name, m := range modals(t) {
		out[name] = encode(t, m)
	}
	return out
}

func TestGolden(t *testing.T) {
	all := drawn(t)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) {
			got := all[name]
			file := filepath.Join("testdata", name+".json")
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("%v; make it with: go test ./internal/card -update", err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("what people see has changed (-was +is); if it is meant: go test ./internal/card -update\n%s", diff)
			}
		})
	}
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if _, ok := all[strings.TrimSuffix(filepath.Base(f), ".json")]; !ok {
			t.Errorf("%s belongs to no message any more", f)
		}
	}
}

func encode(t testing.TB, what any) []byte {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(what); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
