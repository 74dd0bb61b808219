package main

import (
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	simdo "dropletops/internal/sim/digitalocean"
	simslack "dropletops/internal/sim/slack"
)

// withPolicy writes a policy file and names it in the environment.
func (r *rig) withPolicy(text string) string {
	r.t.Helper()
	file := filepath.Join(r.t.TempDir(), "policy.yml")
	r.rewrite(file, text)
	r.env["POLICY_FILE"] = file
	return file
}

func (r *rig) rewrite(file, text string) {
	r.t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// hangsUp sends SIGHUP and waits until the metrics say what came of it.
func (r *rig) hangsUp(metric string) {
	r.t.Helper()
	if err := r.proc.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		r.t.Fatal(err)
	}
	r.answers("/metrics", func(_ int, body string) bool { return strings.Contains(body, "\n"+metric+"\n") })
}

const deniesReboots = `version: 1
rules:
  - {name: no reboots, when: action.type == "reboot", deny: "Not today."}
`

func TestPolicyIsReloadedOnSIGHUP(t *testing.T) {
	r := newRig(t)
	file := r.withPolicy(deniesReboots)
	r.start()
	r.slash("alice", "#ops", "/droplet reboot web-1")
	r.told("alice", "Not today.")

	r.rewrite(file, strings.Replace(deniesReboots, "action.type", "action.tpye", 1))
	r.hangsUp(`dropletops_policy_reloads_total{result="wrong"} 1`)
	if log := r.proc.out.String(); !strings.Contains(log, file+`:3:36: action has no field \"tpye\". (did you mean type?)`) {
		t.Errorf("the log lacks the problem with its place:\n%s", log)
	}
	if _, body := r.get("/metrics"); !strings.Contains(body, "\ndropletops_policy_reload_ok 0\n") {
		t.Error("the metrics do not say that the old policy had to stay")
	}
	r.slash("bob", "#ops", "/droplet reboot web-1")
	r.told("bob", "Not today.") // the old one is in force

	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	r.hangsUp(`dropletops_policy_reloads_total{result="unreadable"} 1`)

	r.rewrite(file, strings.Replace(deniesReboots, "deny: \"Not today.\"", "confirm: true", 1))
	r.hangsUp(`dropletops_policy_reloads_total{result="ok"} 1`)
	if _, body := r.get("/metrics"); !strings.Contains(body, "\ndropletops_policy_reload_ok 1\n") {
		t.Error("the metrics do not say that the new policy is in force")
	}
	r.slash("alice", "#ops", "/droplet reboot web-1")
	r.click("alice", r.card("pending"), "confirm")
	r.card("completed")
	if len(r.posts()) != 1 {
		t.Errorf("posts: %+v", r.posts())
	}
	r.noViolations()
}

// Without a policy file SIGHUP is what it is to every program: its end.
func TestSIGHUPWithoutPolicy(t *testing.T) {
	if signal.Ignored(syscall.SIGHUP) { // which a program inherits
		t.Skip("skipped: SIGHUP is ignored here, as under nohup")
	}
	r := newRig(t).start()
	if err := r.proc.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	select {
	case <-r.proc.done:
	case <-time.After(patience):
		t.Error("SIGHUP does not end a program that has nothing to reload")
	}
}

// A request is approved by members of Slack's own user group, as it is at that moment.
func TestApprovalByAUserGroup(t *testing.T) {
	r := newFastRig(t, simdo.Options{StatusLag: 2 * time.Second})
	r.withPolicy(`version: 1
groups: {oncall: {user_groups: [S0ONCALL]}, incidents: {channels: [C0SECURITY]}}
rules:
  - {name: not alone, when: 'action.type == "reboot" && !("incidents" in requester.groups)', approve: {from: [oncall]}}
`)
	r.start()
	r.slash("carol", "#ops", "/droplet reboot web-2") // not in #security
	waits := r.card("pending")
	r.click("bob", waits, "approve") // no member of @oncall
	r.told("bob", "oncall")
	if err := r.slack.UpdateUserGroup("oncall", func(g *simslack.UserGroup) { g.Users = []string{"U0BOB"} }); err != nil {
		t.Fatal(err)
	}
	for stateOf(waits) == "pending" { // for some seconds he is told that he was none a moment ago
		before := len(r.slack.Snapshot().EphemeralsFor("U0BOB"))
		r.click("bob", waits, "approve")
		s := r.wait("an answer to bob's click", func(s *simslack.Snapshot) bool {
			return len(s.EphemeralsFor("U0BOB")) > before || stateOf(cards(s)[0]) != "pending"
		})
		waits = cards(s)[0]
	}
	r.card("completed")
	if len(r.posts()) != 1 {
		t.Errorf("posts: %+v", r.posts())
	}
	r.noViolations()
}

// Where Slack does not say who is in a group, nothing is started.
func TestNothingStartsWhileAGroupIsNotKnown(t *testing.T) {
	r := newRig(t)
	r.withPolicy(`version: 1
groups: {oncall: {user_groups: [S0ONCALL]}}
rules:
  - {name: on call, when: '"oncall" in requester.groups', allow: true}
`)
	r.start()
	r.slack.AddFault(simslack.Fault{Method: "usergroups.users.list", Times: -1, Error: "plan_upgrade_required"})
	before := len(r.slack.Snapshot().EphemeralsFor("U0CAROL"))
	r.slash("carol", "#ops", "/droplet reboot web-1")
	r.wait("an answer", func(s *simslack.Snapshot) bool { return len(s.EphemeralsFor("U0CAROL")) > before })
	if len(r.posts()) != 0 || len(cards(r.slack.Snapshot())) != 0 {
		t.Error("something was started though a group could not be looked up")
	}
}

func TestCheckAsksAboutThePolicysGroups(t *testing.T) {
	in(t, "fine", func(r *rig) {
		r.withPolicy("version: 1\nannounce: C0OPS\ngroups: {a: {users: [U0ALICE], user_groups: [S0SRE], channels: [C0SECURITY]}}\nrules: []\n")
		r.checked()
	})
	in(t, "unknown", func(r *rig) {
		r.withPolicy("version: 1\nannounce: C0RANDOM\ngroups: {a: {users: [U0NOBODY, U0GUEST, U0DAVE], user_groups: [S0NONE], channels: [C0NONE]}}\nrules: []\n")
		r.checked("POLICY_FILE")
		res := r.run("check")
		for _, want := range []string{"U0NOBODY is nobody in this workspace", "U0GUEST can't decide", "guest", "U0DAVE can't decide", "deactivated",
			"S0NONE", "there is no such user group", "C0NONE", "there is no such channel", "announce: the bot is not in the channel C0RANDOM"} {
			if !strings.Contains(res.stdout, want) {
				r.t.Errorf("%q is not said:\n%s", want, res.stdout)
			}
		}
	})
	in(t, "wrong", func(r *rig) {
		r.withPolicy("version: 1\nrules: [{}]\n")
		res := r.run("check")
		if res.code != exitFail || !strings.Contains(res.stderr, "POLICY_FILE: ") || !strings.Contains(res.stderr, ":2:9: Rule 1 has no name.") {
			r.t.Errorf("exit code %d:\n%s%s", res.code, res.stdout, res.stderr)
		}
	})
}
