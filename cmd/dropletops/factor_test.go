package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"dropletops/approvals"
	"dropletops/internal/factor"
	"dropletops/internal/scratch"
	simslack "dropletops/internal/sim/slack"
	"dropletops/internal/store"
)

// newFactorKey is a key whose bytes begin with b.
func newFactorKey(b byte) string {
	raw := make([]byte, 32)
	for i := range raw {
		raw[i] = b + byte(i)
	}
	return base64.StdEncoding.EncodeToString(raw)
}

// codeOf is what an authenticator app shows for a secret.
func codeOf(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, at)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// enroll runs dropletops factor enroll, and types the code in that the app of
// whoever scanned the QR code shows. It answers the secret.
func (r *rig) enroll(args ...string) string {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, os.Args[0], append([]string{"factor", "enroll"}, args...)...)
	for k, v := range r.env {
		c.Env = append(c.Env, k+"="+v)
	}
	in, err := c.StdinPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	var errs lockedBuffer
	c.Stderr = &errs
	if err := c.Start(); err != nil {
		r.t.Fatal(err)
	}
	secret, groups := "", ""
	lines := bufio.NewScanner(out)
	for secret == "" && lines.Scan() {
		if _, after, ok := strings.Cut(lines.Text(), "six digits): "); ok {
			groups = after
		}
		if _, address, ok := strings.Cut(lines.Text(), "or open "); ok {
			u, err := url.Parse(address)
			if err != nil {
				r.t.Fatal(err)
			}
			secret = u.Query().Get("secret")
		}
	}
	if secret == "" || strings.ReplaceAll(groups, " ", "") != secret {
		r.t.Fatalf("the secret is %q, in groups %q; %s", secret, groups, errs.String())
	}
	code := codeOf(r.t, secret, time.Now())
	if _, err := io.WriteString(in, code[:3]+" "+code[3:]+"\n"); err != nil {
		r.t.Fatal(err)
	}
	rest, err := io.ReadAll(out)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := c.Wait(); err != nil || errs.String() != "" {
		r.t.Fatalf("enroll: %v\n%s%s", err, rest, errs.String())
	}
	return secret
}

// TestEnrollBesideServe: an operator enrolls, lists and removes while serve owns
// the same database and works. Neither is in the other's way.
func TestEnrollBesideServe(t *testing.T) {
	for _, db := range []string{"sqlite", "postgres"} {
		in(t, db, func(r *rig) {
			if db == "postgres" {
				r.env["DATABASE_URL"] = scratch.PostgreSQL(r.t)
			}
			r.env["SECOND_FACTOR_KEY"] = newFactorKey(1)
			r.must(r.slack.AddUser(simslack.User{Name: "dina", ID: "U0DINA"}))
			r.start()
			busy := make(chan struct{})
			go func() { // serve is at work all the time
				defer close(busy)
				for range 5 {
					if _, err := r.slack.SlashCommand("alice", "#ops", "/droplet reboot web-1"); err != nil {
						r.t.Error(err)
					}
				}
			}()
			bob := r.enroll("U0BOB")
			for _, u := range []string{"U0ALICE", "U0CAROL", "U0DINA"} {
				r.enroll(u)
			}
			<-busy
			again := r.run("factor", "enroll", "U0BOB")
			if again.code != exitFail || !strings.Contains(again.stderr, "--force") || again.stdout != "" {
				r.t.Errorf("enrolled twice: exit code %d\n%s%s", again.code, again.stdout, again.stderr)
			}
			if newer := r.enroll("--force", "U0BOB"); newer == bob {
				r.t.Error("--force gave the same secret")
			} else {
				bob = newer
			}
			if res := r.run("factor", "remove", "U0DINA"); res.code != exitDone {
				r.t.Errorf("remove: exit code %d\n%s", res.code, res.stderr)
			}
			did := func(person string) (whats []string) {
				for _, l := range readAudit(r.t, r.run("audit", "export", "--person", person).stdout) {
					whats = append(whats, l.Line.What)
				}
				return whats
			}
			if got := strings.Join(did("U0DINA"), ", "); got != "factor enrolled, factor removed" {
				r.t.Errorf("what operators did about U0DINA: %s", got)
			}
			if all := did("operator"); len(all) != 6 || !slices.Equal(did(operator()), all) || len(did(operator()+"x")) != 0 {
				r.t.Errorf("what operators did: %v, and %s: %v", all, operator(), did(operator()))
			}
			list := r.run("factor", "list")
			if list.code != exitDone || !regexp.MustCompile(`(?m)^U0BOB +\S+Z +operator:\S+ +[0-9a-f]{8} +-$`).MatchString(list.stdout) ||
				strings.Count(list.stdout, "\n") != 4 || strings.Contains(list.stdout, "U0DINA") || strings.Contains(list.stdout, bob) {
				r.t.Errorf("list: exit code %d\n%s%s", list.code, list.stdout, list.stderr)
			}

			r.wait("five commands to end", func(s *simslack.Snapshot) bool {
				done := 0
				for _, m := range cards(s) {
					if stateOf(m) == "completed" {
						done++
					}
				}
				return done == 5
			})
			r.becomesReady()
			if strings.Contains(r.proc.out.String(), "level=ERROR") {
				r.t.Error("serve was disturbed")
			}
			// What serve does with a code given at an approval.
			st, err := store.Open(r.t.Context(), r.env["DATABASE_URL"], "test", time.Now)
			if err != nil {
				r.t.Fatal(err)
			}
			defer st.Close()
			key, err := factor.ParseKey(newFactorKey(1))
			if err != nil {
				r.t.Fatal(err)
			}
			k := &factor.Keeper{Store: st, Keys: factor.Keys{Current: key}}
			soon := time.Now().Add(time.Minute)
			if err := k.Verify(r.t.Context(), "U0BOB", codeOf(r.t, bob, soon), "an envelope", soon); err != nil {
				r.t.Errorf("the code of whom was enrolled: %v", err)
			}

			if code := r.stop(); code != exitDone {
				r.t.Errorf("exit code %d", code)
			}
			r.auditedFactors(bob)
		})
	}
}

// auditedFactors checks that the audit log has each enrolment once, and no secret.
func (r *rig) auditedFactors(secret string) {
	r.t.Helper()
	if res := r.run("audit", "verify"); res.code != exitDone {
		r.t.Errorf("audit verify: %s", res.stderr)
	}
	exported := r.run("audit", "export")
	if strings.Contains(exported.stdout, secret) {
		r.t.Error("the audit log has a secret")
	}
	got := map[string]int{}
	for line := range strings.Lines(exported.stdout) {
		var l struct{ Line approvals.Line }
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			r.t.Fatal(err)
		}
		if strings.HasPrefix(l.Line.What, "factor ") {
			if !strings.HasPrefix(l.Line.Who, "operator:") {
				r.t.Errorf("%s by %q", l.Line.What, l.Line.Who)
			}
			got[l.Line.What+" "+l.Line.Detail["user"]]++
		}
	}
	for _, want := range []string{"factor enrolled U0BOB", "factor enrolled U0ALICE", "factor enrolled U0CAROL", "factor enrolled U0DINA", "factor replaced U0BOB", "factor removed U0DINA"} {
		if got[want] != 1 {
			r.t.Errorf("%q stands %d times in the audit log", want, got[want])
		}
		delete(got, want)
	}
	if len(got) > 0 {
		r.t.Errorf("the audit log has also %v", got)
	}
}

// TestFactorKeys: serve and check say what is wrong with the key, once somebody is
// enrolled; rotating and removing put it right.
func TestFactorKeys(t *testing.T) {
	r := newRig(t)
	if res := r.run("check"); res.code != exitDone {
		t.Fatalf("exit code %d\n%s", res.code, res.stdout)
	}
	r.env["SECOND_FACTOR_KEY"] = newFactorKey(1)
	r.enroll("U0BOB")

	wrong := func(what, says string) {
		t.Helper()
		res := r.run("serve")
		if res.code != exitUsage || strings.Count(res.stderr, "\n") != 1 || !strings.HasPrefix(res.stderr, "dropletops: SECOND_FACTOR_KEY is "+says) {
			t.Errorf("%s: serve: exit code %d\n%s", what, res.code, res.stderr)
		}
		if res := r.run("check"); res.code != exitFail || !strings.Contains(res.stdout, "wrong  SECOND_FACTOR_KEY: SECOND_FACTOR_KEY is "+says) {
			t.Errorf("%s: check: exit code %d\n%s", what, res.code, res.stdout)
		}
	}
	r.env["SECOND_FACTOR_KEY"] = ""
	wrong("no key", "not set, and there are people with a second factor (1)")
	r.env["SECOND_FACTOR_KEY"] = newFactorKey(2)
	wrong("another key", "key ")
	if res := r.run("factor", "rotate"); res.code != exitUsage {
		t.Errorf("rotating without the old key: exit code %d\n%s", res.code, res.stdout)
	}
	if res := r.run("factor", "enroll", "U0ALICE"); res.code != exitUsage || res.stdout != "" {
		t.Errorf("enrolling under another key: exit code %d\n%s", res.code, res.stdout)
	}
	r.env["SECOND_FACTOR_KEY_OLD"] = newFactorKey(1)
	if res := r.run("factor", "rotate"); res.code != exitDone || !strings.HasPrefix(res.stdout, "1 moved to key ") {
		t.Errorf("rotate: exit code %d\n%s%s", res.code, res.stdout, res.stderr)
	}
	r.env["SECOND_FACTOR_KEY_OLD"] = ""
	if res := r.run("check"); res.code != exitDone {
		t.Errorf("after rotating: exit code %d\n%s", res.code, res.stdout)
	}
	r.env["SECOND_FACTOR_KEY"] = "" // lost: without it, all that is left is to remove them
	if res := r.run("factor", "remove", "U0BOB"); res.code != exitDone {
		t.Errorf("remove without a key: exit code %d\n%s", res.code, res.stderr)
	}
	r.start()
	if code := r.stop(); code != exitDone {
		t.Errorf("exit code %d", code)
	}
}
