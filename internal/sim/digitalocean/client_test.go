package digitalocean_test

import (
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dropletops/internal/coverage"
	simdo "dropletops/internal/sim/digitalocean"
)

// Clients that are none of ours, from npm and from Debian, must find in the stand-in what they know
// of DigitalOcean.

// run is what a client printed as JSON.
func run(t *testing.T, cmd *exec.Cmd) map[string]any {
	t.Helper()
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, stderr.String())
	}
	var seen map[string]any
	if err := json.Unmarshal(out, &seen); err != nil {
		t.Fatalf("%s printed %q: %v", cmd, out, err)
	}
	return seen
}

// checked is the stand-in behind a proxy that holds every answer against the OpenAPI document.
func checked(t *testing.T) string {
	t.Helper()
	s, _, _ := start(t, simdo.Options{Speed: math.Inf(1)})
	target, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{}
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		Transport: conforming{t: t, next: tr, responsesOnly: true},
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host // links to other pages must come back here
		},
	})
	t.Cleanup(func() {
		proxy.Close()
		tr.CloseIdleConnections()
	})
	return proxy.URL + "/"
}

func inCI() bool { return os.Getenv("CI") == "true" }

func TestDotsWrapper(t *testing.T) {
	dir := "testdata/dots-wrapper"
	if _, err := exec.LookPath("node"); err != nil && !inCI() {
		t.Skip("not held against npm's dots-wrapper: there is no node on this machine")
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		if !inCI() {
			t.Skip("not held against npm's dots-wrapper: run npm ci in internal/sim/digitalocean/" + dir)
		}
		dir = npmCI(t, dir)
	}
	cmd := exec.CommandContext(ctx(t), "node", "client.js", checked(t))
	cmd.Dir = dir
	want := map[string]any{
		"account": "active", "total": 12.0, "page": 5.0, "hasNext": true, "web": []any{"web-1", "web-2", "web-3"},
		"before": "active", "started": "power_off in-progress", "ended": "completed", "after": "off",
		"again": "422 Droplet is already powered off", "resized": "completed", "size": "s-4vcpu-8gb", "taken": "completed",
		"snapshot": "by dots", "made": "new", "booted": "completed", "deleted": 204.0, "sizes": 17.0, "images": 8.0, "neighborhoods": 1.0,
	}
	seen := run(t, cmd)
	covered(t, seen, func(r coverage.Row) []string { return r.Dots })
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("dots-wrapper saw (-want +got):\n%s", diff)
	}
}

// covered takes the methods that a client has for Droplets and their actions out of
// what it saw, and holds docs/coverage.md's table against them.
func covered(t *testing.T, seen map[string]any, of func(coverage.Row) []string) {
	t.Helper()
	var named []string
	for _, r := range coverage.Rows() {
		named = append(named, of(r)...)
	}
	methods, _ := seen["methods"].([]any)
	delete(seen, "methods")
	if len(methods) < 30 {
		t.Errorf("the client told of %d methods", len(methods))
	}
	for _, m := range methods {
		if !slices.Contains(named, m.(string)) {
			t.Errorf("%s is not in the table of internal/coverage", m)
		}
	}
}

// npmCI installs into a copy, so that CI leaves the checkout as it is.
func npmCI(t *testing.T, dir string) string {
	t.Helper()
	fresh := t.TempDir()
	if err := os.CopyFS(fresh, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	cmd.Dir = fresh
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	return fresh
}

func TestPythonDigitalocean(t *testing.T) {
	// Debian's package belongs to Debian's Python, whatever else is first in PATH.
	const python = "/usr/bin/python3"
	if err := exec.CommandContext(ctx(t), python, "-c", "import digitalocean").Run(); err != nil {
		if inCI() {
			t.Fatalf("%s has no module digitalocean (Debian's python3-digitalocean): %v", python, err)
		}
		t.Skip("not held against python-digitalocean: Debian's python3-digitalocean is not on this machine")
	}
	cmd := exec.CommandContext(ctx(t), python, "testdata/python-digitalocean/client.py")
	cmd.Env = append(os.Environ(), "DIGITALOCEAN_END_POINT="+checked(t)+"v2/")
	want := map[string]any{
		"account": "active", "total": 12.0, "web": []any{"web-1", "web-2", "web-3"},
		"before": "active", "started": "power_off in-progress", "ended": "completed", "after": "off",
		"again": "Droplet is already powered off", "resized": "completed", "size": "s-4vcpu-8gb", "taken": "completed",
		"snapshot": "by python", "booted": "completed", "deleted": true, "sizes": 17.0, "images": 8.0, "actions": true,
	}
	seen := run(t, cmd)
	covered(t, seen, func(r coverage.Row) []string { return r.Python })
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("python-digitalocean saw (-want +got):\n%s", diff)
	}
}
