package policy

import (
	"bytes"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"dropletops/approvals"
)

// Each request sees one policy whole: of the two here, each says of all Droplets
// the same, and its digest with it.
func TestNoRequestSeesHalfOfAPolicy(t *testing.T) {
	file := t.TempDir() + "/p.yml"
	texts := map[approvals.Outcome]string{}
	for _, o := range []approvals.Outcome{approvals.Allow, approvals.Confirm} {
		texts[o] = "version: 1\nrules:\n  - {name: a, when: '\"a\" in droplet.tags', " + string(o) + ": true}\n  - {name: b, when: \"true\", " + string(o) + ": true}\n"
	}
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(texts[approvals.Allow])
	p, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	reg := prometheus.NewRegistry()
	var log bytes.Buffer
	l, err := NewLive(p, nil, approvals.BuiltIn{}, slog.New(slog.NewTextHandler(&log, nil)), reg)
	if err != nil {
		t.Fatal(err)
	}
	digests := map[approvals.Outcome]string{}
	for o, text := range texts {
		digests[o] = digest([]byte(text))
	}
	var all sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				v, err := l.Judge(t.Context(), asked("reboot", "a", "b", "a"))
				if err != nil || v.Policy != digests[v.Outcome] || v.Rule != "a, b" {
					t.Errorf("%+v, %v", v, err)
					return
				}
			}
		})
	}
	for i := range 60 {
		write([]string{texts[approvals.Confirm], "version: 1\nrules: [}\n", texts[approvals.Allow]}[i%3])
		l.Reload()
	}
	close(stop)
	all.Wait()
	want := `# HELP dropletops_policy_reload_ok 1 if the last reload put the file in force, 0 if the old policy had to stay.
# TYPE dropletops_policy_reload_ok gauge
dropletops_policy_reload_ok 1
# HELP dropletops_policy_reloads_total Reloads of the policy file, by result: ok, wrong (the old one stays), unreadable (the same).
# TYPE dropletops_policy_reloads_total counter
dropletops_policy_reloads_total{result="ok"} 40
dropletops_policy_reloads_total{result="unreadable"} 0
dropletops_policy_reloads_total{result="wrong"} 20
`
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
	if !strings.Contains(log.String(), "p.yml:2:") {
		t.Error("the log does not name the place of what was wrong")
	}
}
