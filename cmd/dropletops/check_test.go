package main

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	simdo "dropletops/internal/sim/digitalocean"
	simslack "dropletops/internal/sim/slack"
)

// checked runs dropletops check; it must say that only these are wrong, or after
// the word "unsure", not known.
func (r *rig) checked(wrong ...string) {
	r.t.Helper()
	res := r.run("check")
	want := exitDone
	if len(wrong) > 0 {
		want = exitFail
	}
	if res.code != want || res.stderr != "" {
		r.t.Errorf("exit code %d, want %d; stderr %q", res.code, want, res.stderr)
	}
	seen := map[string]string{}
	for line := range strings.Lines(res.stdout) {
		verdict, rest, _ := strings.Cut(line, " ")
		name, _, _ := strings.Cut(strings.TrimSpace(rest), ":")
		if seen[name] != "" {
			r.t.Errorf("%s has two lines:\n%s", name, res.stdout)
		}
		seen[name] = verdict
	}
	for _, name := range []string{"SLACK_APP_TOKEN", "SLACK_BOT_TOKEN", "DIGITALOCEAN_TOKEN", "DATABASE_URL", "POLICY_FILE"} {
		want := "ok"
		for _, w := range wrong {
			switch w {
			case name:
				want = "wrong"
			case "unsure " + name:
				want = "unsure"
			}
		}
		if seen[name] != want {
			r.t.Errorf("%s is %q, want %q:\n%s", name, seen[name], want, res.stdout)
		}
	}
}

// says runs dropletops check, which must print these words and no token.
func (r *rig) says(parts ...string) {
	r.t.Helper()
	out := r.run("check").stdout
	for _, part := range parts {
		if !strings.Contains(out, part) {
			r.t.Errorf("nothing says %q:\n%s", part, out)
		}
	}
	for _, token := range []string{r.env["SLACK_APP_TOKEN"], r.env["SLACK_BOT_TOKEN"], r.env["DIGITALOCEAN_TOKEN"]} {
		if strings.Contains(out, token) {
			r.t.Errorf("a token is printed:\n%s", out)
		}
	}
	r.t.Log(out)
}

// nobody is an address on loopback at which nobody listens.
func nobody(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

func TestCheck(t *testing.T) {
	in(t, "all fine", func(r *rig) { r.checked() })
	in(t, "bot token", func(r *rig) {
		r.slack.AddFault(simslack.Fault{Method: "auth.test", Times: -1, Error: "invalid_auth"})
		r.checked("SLACK_BOT_TOKEN")
	})
	in(t, "app token", func(r *rig) {
		r.slack.AddFault(simslack.Fault{Method: "apps.connections.open", Times: -1, Error: "missing_scope"})
		r.checked("SLACK_APP_TOKEN")
	})
	in(t, "DigitalOcean", func(r *rig) {
		r.do.Inject(simdo.Fault{Times: simdo.Always, Answer: simdo.Refuse(http.StatusUnauthorized, "unauthorized", "Unable to authenticate you")})
		r.checked("DIGITALOCEAN_TOKEN")
	})
	in(t, "database", func(r *rig) {
		r.env["DATABASE_URL"] = "sqlite:/proc/dropletops.db"
		r.checked("DATABASE_URL")
	})
	in(t, "everything", func(r *rig) {
		r.slack.AddFault(simslack.Fault{Method: "*", Times: -1, Error: "invalid_auth"})
		r.do.Inject(simdo.Fault{Times: simdo.Always, Drop: true})
		r.env["DATABASE_URL"] = "sqlite:/proc/dropletops.db"
		r.checked("SLACK_APP_TOKEN", "SLACK_BOT_TOKEN", "unsure DIGITALOCEAN_TOKEN", "DATABASE_URL")
	})
	in(t, "Slack is not there", func(r *rig) {
		r.env["SLACK_API_URL"] = "http://" + nobody(r.t) + "/api/"
		r.says("SLACK_API_URL", "connection refused", "HTTPS_PROXY", "check again")
		r.checked("unsure SLACK_APP_TOKEN", "unsure SLACK_BOT_TOKEN")
	})
	in(t, "Slack is unwell", func(r *rig) {
		r.slack.AddFault(simslack.Fault{Method: "*", Times: -1, Status: http.StatusBadGateway})
		r.says("502")
		r.checked("unsure SLACK_APP_TOKEN", "unsure SLACK_BOT_TOKEN")
	})
	in(t, "DigitalOcean is not there", func(r *rig) {
		r.env["DIGITALOCEAN_API_URL"] = "http://" + nobody(r.t) + "/"
		r.says("DIGITALOCEAN_API_URL", "connection refused", "HTTPS_PROXY", "check again")
		r.checked("unsure DIGITALOCEAN_TOKEN")
	})
	in(t, "DigitalOcean scopes", func(r *rig) {
		r.do.Inject(simdo.Fault{Times: simdo.Always, Answer: simdo.Refuse(http.StatusForbidden, "forbidden", "You are not authorized to perform this operation")})
		r.says("give the token the scopes droplet:read")
		r.checked("DIGITALOCEAN_TOKEN")
	})
	in(t, "scopes", func(r *rig) {
		r.slack.SetScopes("commands", "app_mentions:read")
		r.checked("SLACK_BOT_TOKEN")
	})
	in(t, "scopes that can be left out", func(r *rig) {
		r.blind()
		r.checked()
		r.says("without im:history a card whose place a crash lost is posted once more")
	})
	in(t, "configuration", func(r *rig) {
		delete(r.env, "SLACK_BOT_TOKEN")
		r.env["LOG_LEVEL"] = "loud"
		res := r.run("check")
		if res.code != exitFail || !strings.Contains(res.stderr, "SLACK_BOT_TOKEN") || !strings.Contains(res.stderr, "LOG_LEVEL") {
			r.t.Errorf("exit code %d:\n%s%s", res.code, res.stdout, res.stderr)
		}
	})
}

// Files that other users can read work, but check says so; serve restricts those of
// the database.
func TestCheckWarnsOfFilesThatOthersCanRead(t *testing.T) {
	r := newRig(t)
	r.withPolicy("version: 1\nrules: []\n")
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(r.env["SLACK_BOT_TOKEN"]), 0o600); err != nil {
		t.Fatal(err)
	}
	delete(r.env, "SLACK_BOT_TOKEN")
	r.env["SLACK_BOT_TOKEN_FILE"] = token
	r.checked()
	for file, mode := range map[string]os.FileMode{r.file(): 0o644, token: 0o640, r.env["POLICY_FILE"]: 0o666} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
	}
	res := r.run("check")
	for _, line := range []string{
		"ok     SLACK_BOT_TOKEN: ", "; warning: other users of this machine have access to its file " + token + " (mode 0640): chmod 600 " + token,
		"ok     DATABASE_URL: ", r.file() + " (mode 0644): chmod 600 " + r.file(),
		"ok     POLICY_FILE: ", "can change it (mode 0666): chmod go-w ",
	} {
		if !strings.Contains(res.stdout, line) {
			t.Errorf("check does not say %q:\n%s", line, res.stdout)
		}
	}
	if res.code != exitDone {
		t.Errorf("exit code %d", res.code)
	}
	r.start()
	for _, end := range []string{"", "-wal", "-shm", ".lock"} {
		if mode := modeOf(r.file() + end); mode != 0o600 {
			t.Errorf("%s has mode %04o", r.file()+end, mode)
		}
	}
	if log := r.proc.out.String(); !strings.Contains(log, "database file was accessible to other users") {
		t.Errorf("the log does not say so:\n%s", log)
	}
}
