package main

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	simdo "dropletops/internal/sim/digitalocean"
	simslack "dropletops/internal/sim/slack"
)

// soon is how long a permanent refusal may take to end the program, on a machine that
// starts a dozen others meanwhile.
const soon = time.Minute

// endsNaming checks that a run ended as a failure, soon, in one line that names
// the variable.
func (r *rig) endsNaming(variable string) {
	r.t.Helper()
	r.env["LOG_LEVEL"] = "error"
	res := r.run("serve")
	lines := slices.DeleteFunc(strings.Split(strings.TrimSpace(res.stderr), "\n"), func(l string) bool {
		return strings.Contains(l, `msg="leadership.Elector: Error attempting to resign"`) // River's, where a busy machine has it wait
	})
	if res.code != exitFail || len(lines) != 1 || !strings.Contains(lines[0], variable) {
		r.t.Errorf("exit code %d, want 1 and one line that names %s:\n%s", res.code, variable, res.stderr)
	}
	if res.took > soon {
		r.t.Errorf("it took %s, %s are allowed", res.took, soon)
	}
	if res.stdout != "" {
		r.t.Errorf("stdout: %s", res.stdout)
	}
}

func TestPermanentRefusals(t *testing.T) {
	slack := func(variable, method, code string) {
		in(t, variable+" "+code, func(r *rig) {
			r.slack.AddFault(simslack.Fault{Method: method, Times: -1, Error: code})
			r.endsNaming(variable)
		})
	}
	for _, code := range []string{"invalid_auth", "token_expired", "missing_scope", "not_allowed_token_type"} {
		slack("SLACK_APP_TOKEN", "apps.connections.open", code)
	}
	for _, code := range []string{"invalid_auth", "token_revoked"} {
		slack("SLACK_BOT_TOKEN", "auth.test", code)
	}
	for name, answer := range map[string]*simdo.Answer{
		"401": simdo.Refuse(http.StatusUnauthorized, "unauthorized", "Unable to authenticate you"),
		"403": simdo.Refuse(http.StatusForbidden, "forbidden", "You are not authorized to perform this operation"),
	} {
		in(t, "DIGITALOCEAN_TOKEN "+name, func(r *rig) {
			r.do.Inject(simdo.Fault{Times: simdo.Always, Answer: answer})
			r.endsNaming("DIGITALOCEAN_TOKEN")
		})
	}
}

// TestTokenRevokedLater: a token that worked, and does not any more.
func TestTokenRevokedLater(t *testing.T) {
	r := newRig(t).start()
	r.slack.AddFault(simslack.Fault{Method: "*", Match: func(c simslack.Call) bool { return c.Method != "apps.connections.open" }, Times: -1, Error: "token_revoked"})
	d, err := r.slack.SlashCommand("alice", "#ops", "/droplet reboot web-1")
	if err != nil {
		t.Fatal(err)
	}
	if code := r.exit(); code != exitFail || !strings.Contains(r.proc.out.String(), "SLACK_BOT_TOKEN") {
		t.Errorf("exit code %d", code)
	}
	if res := d.Result(); res.Error != "" {
		t.Logf("the person saw %s", res.Error)
	}
	if len(r.posts()) != 0 {
		t.Errorf("something was sent: %+v", r.posts())
	}
}

func TestDatabaseThatCanNotBeUsed(t *testing.T) {
	for name, url := range map[string]func(t *testing.T) string{
		"no such directory": func(t *testing.T) string { return filepath.Join(t.TempDir(), "missing", "x.db") },
		"not writable":      func(*testing.T) string { return "/proc/dropletops.db" }, // not even for root
		"a directory":       func(t *testing.T) string { return t.TempDir() },
		"not a database": func(t *testing.T) string {
			f := filepath.Join(t.TempDir(), "x.db")
			if err := os.WriteFile(f, []byte(strings.Repeat("this is a letter, not a database\n", 200)), 0o600); err != nil {
				t.Fatal(err)
			}
			return f
		},
	} {
		in(t, name, func(r *rig) {
			r.env["DATABASE_URL"] = "sqlite:" + url(r.t)
			r.endsNaming("DATABASE_URL")
		})
	}
	in(t, "no PostgreSQL there", func(r *rig) {
		r.env["DATABASE_URL"] = "postgres://someone:hunter2secret@" + freeAddr(r.t) + "/nothing"
		r.endsNaming("DATABASE_URL")
		r.env["LOG_LEVEL"] = "debug"
		if res := r.run("serve"); strings.Contains(res.stderr, "hunter2secret") {
			r.t.Errorf("the password stands in the output: %s", res.stderr)
		}
	})
}

func TestHTTPAddrIsTaken(t *testing.T) {
	r := newRig(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	r.env["HTTP_ADDR"] = ln.Addr().String()
	r.endsNaming("HTTP_ADDR")
	if !strings.Contains(r.run("serve").stderr, ln.Addr().String()) {
		t.Error("it does not say which address")
	}
}
