package slack_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	simslack "dropletops/internal/sim/slack"
)

// boltDir returns a directory with the Bolt app and its node_modules. Without node or modules the
// test is skipped; with CI=true the modules are installed into a copy, or the test fails.
func boltDir(t *testing.T) string {
	t.Helper()
	const dir = "testdata/bolt"
	ci := os.Getenv("CI") == "true"
	if _, err := exec.LookPath("node"); err != nil {
		if ci {
			t.Fatal("CI=true, but node is not installed")
		}
		t.Skip("skipped: node is not installed, so Bolt is not tried against the built-in Slack")
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "@slack", "bolt")); err == nil {
		return dir
	}
	if !ci {
		t.Skip("skipped: no node_modules; run npm ci in internal/sim/slack/" + dir + " to try Bolt against the built-in Slack")
	}
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	npm := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	npm.Dir = to
	if out, err := npm.CombinedOutput(); err != nil {
		t.Fatalf("CI=true, but npm ci failed: %v\n%s", err, out)
	}
	return to
}

func TestBolt(t *testing.T) {
	dir := boltDir(t)
	s := start(t, simslack.Options{})
	node := exec.Command("node", "app.js")
	node.Dir = dir
	node.Env = append(os.Environ(), "SLACK_API_URL="+s.APIURL(), "SLACK_APP_TOKEN="+s.AppToken(), "SLACK_BOT_TOKEN="+s.BotToken())
	var out bytes.Buffer
	node.Stdout, node.Stderr = &out, &out
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = node.Process.Kill()
		_ = node.Wait()
		if t.Failed() {
			t.Log(out.String())
		}
	})
	waitFor(t, s, func(n *simslack.Snapshot) bool { return n.ReadySockets() == 1 })

	d, err := s.SlashCommand("alice", "#ops", "/droplet reboot web-1")
	if r := result(t, d, err); r.Error != "" {
		t.Fatalf("command: %+v", r)
	}
	snap := waitFor(t, s, func(n *simslack.Snapshot) bool { return n.Modal("alice") != nil && len(n.BotMessages("#ops")) == 1 })
	view, card := snap.Modal("alice"), snap.BotMessages("#ops")[0]
	if !strings.Contains(card.Words(), "*reboot web-1*") {
		t.Fatalf("posted: %s", card.Words())
	}

	d, err = s.SubmitView("alice", view.ID, simslack.Fill{"why": {"no"}})
	result(t, d, err)
	if v := s.Snapshot().Modal("alice"); v == nil || v.Errors["why"] != "longer, please" {
		t.Fatalf("errors were not shown: %+v", v)
	}
	d, err = s.SubmitView("alice", view.ID, simslack.Fill{"why": {"it hangs"}})
	result(t, d, err)
	snap = waitFor(t, s, func(n *simslack.Snapshot) bool { return n.Message("#ops", card.TS).Text == "reason: it hangs" })
	if snap.Modal("alice") != nil {
		t.Fatal("the modal is still open after its submission")
	}

	d, err = s.Click(simslack.Click{User: "bob", Channel: "#ops", TS: card.TS, ActionID: "thanks"})
	result(t, d, err)
	waitFor(t, s, func(n *simslack.Snapshot) bool {
		e := n.EphemeralsFor("bob")
		return len(e) == 1 && e[0].Text == "you are welcome, <@U0BOB>"
	})

	m, d, err := s.Mention("carol", "#ops", "", "hello")
	result(t, d, err)
	snap = waitFor(t, s, func(n *simslack.Snapshot) bool { return len(n.Thread("#ops", m.TS)) == 1 })
	if len(snap.Violations) > 0 {
		t.Fatal(snap.Violations)
	}
}
