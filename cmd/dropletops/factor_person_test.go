package main

import (
	"strings"
	"testing"

	simslack "dropletops/internal/sim/slack"
)

// Whoever could never decide gets no second factor, and the operator reads the name of
// whoever does.
func TestEnrollingAsksSlackWhoItIs(t *testing.T) {
	r := newRig(t)
	r.env["SECOND_FACTOR_KEY"] = newFactorKey(1)
	if res := r.run("migrate"); res.code != exitDone {
		t.Fatalf("migrate: exit code %d\n%s", res.code, res.stderr)
	}
	r.must(r.slack.AddUser(simslack.User{Name: "evil\x1b[2J", ID: "U0EVIL"}))
	for user, says := range map[string]string{
		"U0GUEST":     "U0GUEST can't decide, since this is no full member (guest)",
		"U0DEPLOYBOT": "no full member (bot)",
		"U0DAVE":      "no full member (deactivated)",
		"U0ERIN":      "U0ERIN is nobody in this workspace",
		"U0NOBODY":    "U0NOBODY is nobody in this workspace",
	} {
		res := r.run("factor", "enroll", user)
		if res.code != exitFail || !strings.Contains(res.stderr, "nothing was changed: ") || !strings.Contains(res.stderr, says) || res.stdout != "" {
			t.Errorf("%s: exit code %d\n%s%s", user, res.code, res.stdout, res.stderr)
		}
	}
	for user, says := range map[string]string{"U0BOB": `U0BOB is "bob", a full member of "`, "U0EVIL": `U0EVIL is "evil\x1b[2J", a full member of "`} {
		res := r.run("factor", "enroll", user) // no code is typed
		if res.code != exitFail || !strings.HasPrefix(res.stdout, says) || !strings.Contains(res.stdout, "otpauth://") {
			t.Errorf("%s: exit code %d\n%s%s", user, res.code, res.stdout, res.stderr)
		}
	}
	if res := r.run("factor", "enroll", "--offline", "U0GUEST"); !strings.HasPrefix(res.stdout, "Note: Slack was not asked who U0GUEST is (--offline).") || !strings.Contains(res.stdout, "otpauth://") {
		t.Errorf("--offline: exit code %d\n%s%s", res.code, res.stdout, res.stderr)
	}
	r.slack.AddFault(simslack.Fault{Method: "auth.test", Times: 1, Error: "invalid_auth"})
	token := r.env["SLACK_BOT_TOKEN"]
	if res := r.run("factor", "enroll", "U0BOB"); res.code != exitFail || !strings.Contains(res.stderr, "SLACK_BOT_TOKEN") || strings.Contains(res.stderr, token) || res.stdout != "" {
		t.Errorf("a rejected token: exit code %d\n%s%s", res.code, res.stdout, res.stderr)
	}
	r.slack.AddFault(simslack.Fault{Method: "users.info", Times: 1, Error: "missing_scope"})
	if res := r.run("factor", "enroll", "U0BOB"); res.code != exitFail || !strings.Contains(res.stderr, "missing_scope") || res.stdout != "" {
		t.Errorf("without the scope: exit code %d\n%s%s", res.code, res.stdout, res.stderr)
	}
	r.env["SLACK_BOT_TOKEN"] = ""
	if res := r.run("factor", "enroll", "U0BOB"); !strings.Contains(res.stdout, "SLACK_BOT_TOKEN is not set") || !strings.Contains(res.stdout, "otpauth://") {
		t.Errorf("without a token: exit code %d\n%s%s", res.code, res.stdout, res.stderr)
	}
	r.env["SLACK_BOT_TOKEN"] = token
	if res := r.run("factor", "list"); res.stdout != "Nobody has a second factor.\n" {
		t.Errorf("after all that:\n%s", res.stdout)
	}
}
