package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	simslack "dropletops/internal/sim/slack"
)

const guarded = `
version: 1
groups:
  dba: { users: [U0BOB], user_groups: [S0ONCALL] } # S0ONCALL is carol
  oncall: { user_groups: [S0ONCALL] }
announce: C0INCIDENTS
rules:
  - name: data
    when: action.danger == "destructive" && droplet.name.startsWith("db-")
    approve: { count: 2, from: [dba], within: 20m, break_glass: [oncall] }
  - name: frozen
    when: action.type == "snapshot"
    deny: No snapshots today.
`

// policy writes the policy file that the program is, or will be, set up with.
func (r *rig) policy(text string) {
	r.t.Helper()
	if r.env["POLICY_FILE"] == "" {
		r.env["POLICY_FILE"] = filepath.Join(r.t.TempDir(), "policy.yml")
	}
	if err := os.WriteFile(r.env["POLICY_FILE"], []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// modal waits for the modal that a person has open.
func (r *rig) modal(user, title string) *simslack.View {
	r.t.Helper()
	var found *simslack.View
	r.wait(user+" to have the modal "+title+" open", func(s *simslack.Snapshot) bool {
		found = s.Modal(user)
		return found != nil && found.Title["text"] == title
	})
	return found
}

// submits fills the modal in that a person has open.
func (r *rig) submits(user, title string, fill simslack.Fill) {
	r.t.Helper()
	d, err := r.slack.SubmitView(user, r.modal(user, title).ID, fill)
	if err != nil {
		r.t.Fatal(err)
	}
	r.acked(d)
}

// replied waits for a message in a channel that has a part.
func (r *rig) replied(channel, part string) {
	r.t.Helper()
	r.wait("a message in "+channel+": "+part, func(s *simslack.Snapshot) bool {
		for _, m := range posted(s) {
			if m.Channel == channel && strings.Contains(m.Text, part) {
				return true
			}
		}
		return false
	})
}

// shows waits for the newest card to say something.
func (r *rig) shows(part string) *simslack.Message {
	r.t.Helper()
	var found *simslack.Message
	r.wait("the card to say "+part, func(s *simslack.Snapshot) bool {
		if all := cards(s); len(all) > 0 && strings.Contains(all[len(all)-1].Words(), part) {
			found = all[len(all)-1]
		}
		return found != nil
	})
	return found
}

func TestADenialIsExplained(t *testing.T) {
	r := newRig(t).start()
	r.droplet("db-7")
	r.slash("alice", "#ops", "/droplet rebuild db-7 ubuntu-24-04-x64")
	r.click("bob", r.card("pending"), "deny")
	r.card("denied")
	r.submits("bob", "Denied", simslack.Fill{"reason": {"db-8 is the broken one"}})
	r.shows("db-8 is the broken one")
	r.replied("C0OPS", "denied rebuild db-7 with ubuntu-24-04-x64 because: db-8 is the broken one")
	if got := strings.Join(told(r.audit(), idOf(r.card("denied"))), "\n"); !strings.Contains(got, "denial explained U0BOB") {
		t.Errorf("the audit log:\n%s", got)
	}
	r.noViolations()
}

func TestTwoOfAGroupApprove(t *testing.T) {
	r := newRig(t)
	r.policy(guarded)
	r.start()
	r.droplet("db-7")
	r.slash("alice", "#ops", "/droplet rebuild db-7 ubuntu-24-04-x64")
	card := r.card("pending")
	r.shows("approval by 2 members of dba")
	r.click("alice", card, "approve")
	r.told("alice", "You asked for this, so you can't approve it: it waits for 2 members of dba.")
	r.click("bob", card, "approve")
	r.click("bob", r.shows("So far 1 person has approved"), "approve")
	r.told("bob", "You have approved this already")
	r.click("bob", r.shows("So far 1 person has approved"), "retract")
	r.replied("C0OPS", "took back the approval")
	r.click("carol", r.shows("So far nobody has approved"), "approve")
	r.shows("So far 1 person has approved")
	r.kill() // an approval outlives the process
	r.start()
	r.slash("bob", "#ops", "/droplet why "+idOf(card))
	r.told("bob", "approval by 1 member of dba")
	r.click("bob", r.shows("So far 1 person has approved"), "approve")
	r.card("completed")
	if n := len(r.posts()); n != 1 {
		t.Errorf("%d POSTs", n)
	}
	r.slash("alice", "#ops", "/droplet snapshot db-7")
	r.told("alice", `No snapshots today. (by rule "frozen")`)
	r.slash("alice", "#ops", "/droplet list") // the help judges Droplets that were listed a moment ago
	r.told("alice", "*Droplets*")
	r.slash("alice", "#ops", "/droplet help")
	help := r.told("alice", "*Who decides* is up to a policy file").Words()
	if !strings.Contains(help, "Left out: 1 verb ") || strings.Contains(help, "another person approves") {
		t.Errorf("the help says\n%s", help)
	}
	r.slash("alice", "#ops", "/droplet help rebuild")
	r.told("alice", "Now, of you, in this channel, on one of the account's Droplets: _others approve_")
	r.noViolations()
}

func TestGoingAheadAlone(t *testing.T) {
	r := newRig(t)
	r.policy(guarded)
	r.start()
	r.droplet("db-7")
	r.slash("alice", "#ops", "/droplet rebuild db-7 ubuntu-24-04-x64")
	r.click("bob", r.card("pending"), "break_glass")
	r.told("bob", "Only members of oncall may go ahead with this alone.")
	r.click("carol", r.card("pending"), "break_glass")
	r.submits("carol", "Break glass", simslack.Fill{"reason": {"\u200b"}})
	r.wait("the field to have an error", func(s *simslack.Snapshot) bool {
		return strings.Contains(s.Modal("carol").Errors["reason"], "Nothing in this can be read")
	})
	r.submits("carol", "Break glass", simslack.Fill{"reason": {"the \u200bshop is down"}})
	r.card("completed")
	r.replied("C0OPS", "went ahead alone")
	r.replied("C0INCIDENTS", "went ahead alone with rebuild db-7 with ubuntu-24-04-x64 in <#C0OPS>")
	r.slash("bob", "#ops", "/droplet reviews")
	r.told("bob", "any member of dba, but neither")
	r.counts(`dropletops_reviews_open 1`, `dropletops_decisions_total{decision="break_glass"} 1`,
		`dropletops_refusals_total{by="click",what="break_glass"} 1`)
	r.click("carol", r.shows("open, until another person"), "review")
	r.told("carol", "another person must review it")
	r.click("bob", r.shows("open, until another person"), "review")
	r.shows("*Review:* closed by")
	r.replied("C0INCIDENTS", "has reviewed")
	r.counts(`dropletops_reviews_open 0`, `dropletops_decisions_total{decision="review"} 1`)
	got := strings.Join(told(r.audit(), idOf(r.card("completed"))), "\n")
	for _, want := range []string{"broke glass U0CAROL", "reviewed U0BOB"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in the audit log:\n%s", want, got)
		}
	}
	r.noViolations()
}

// A policy that is reloaded holds for what was asked before, too; a wrong one
// changes nothing.
func TestReloadedPolicy(t *testing.T) {
	r := newRig(t)
	r.policy("version: 1\nrules: []\n")
	r.start()
	r.droplet("db-7")
	r.slash("alice", "#ops", "/droplet rebuild db-7 ubuntu-24-04-x64")
	r.card("pending")
	r.policy("version: 1\nrules: [{ name: broken, when: nonsense(, allow: true }]\n")
	r.hangUp("wrong")
	r.policy(guarded)
	r.hangUp("ok")
	r.click("bob", r.card("pending"), "approve")
	r.told("bob", "Nothing was decided")
	r.shows("approval by 2 members of dba")
	if n := len(r.posts()); n != 0 {
		t.Errorf("%d POSTs", n)
	}
	for _, who := range []string{"bob", "carol"} {
		r.click(who, r.shows("So far "+map[string]string{"bob": "nobody", "carol": "1 person"}[who]), "approve")
	}
	r.card("completed")
	seen := map[string]string{} // the SHA-256, by digest
	for _, l := range r.audit() {
		if l.What == "policy in force" {
			seen[l.Detail["policy"]] = l.Detail["sha256"]
		}
	}
	if len(seen) != 2 {
		t.Errorf("the audit log knows %d policies, want the first and the second", len(seen))
	}
	// The text of each is found by the digest of the audit log.
	texts := map[string]bool{}
	for digest, sum := range seen {
		res := r.run("policy", "show", strings.ToUpper(digest))
		if whole := sha256.Sum256([]byte(res.stdout)); res.code != exitDone || hex.EncodeToString(whole[:]) != sum {
			t.Errorf("show %s: exit code %d, %s%s", digest, res.code, res.stdout, res.stderr)
		}
		texts[res.stdout] = true
	}
	if !texts[guarded] || !texts["version: 1\nrules: []\n"] {
		t.Errorf("what was in force: %v", texts)
	}
	if res := r.run("policy", "show"); res.code != exitDone || strings.Count(res.stdout, "\n") != 3 || strings.Count(res.stdout, r.env["POLICY_FILE"]) != 2 {
		t.Errorf("show: exit code %d, %s%s", res.code, res.stdout, res.stderr)
	}
	if res := r.run("policy", "show", "0123456789abcdef"); res.code != exitFail || !strings.Contains(res.stderr, "no policy with the digest") || res.stdout != "" {
		t.Errorf("show of none: exit code %d, %s%s", res.code, res.stdout, res.stderr)
	}
	db := r.openDatabase()
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), `UPDATE policies SET body = CAST('version: 1' AS BLOB)`); err != nil {
		t.Fatal(err)
	}
	// Whoever can write to the database must not write to the terminal of who reads it.
	if _, err := db.ExecContext(t.Context(), `INSERT INTO policies (digest, since, file, body) VALUES (?, 1, ?, x'78')`, "\x1b[2J", "policy\n\x1b[1Aall is well"); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"policy", "show"}, {"policy", "show", "\x1b[2j"}, {"policy", "show", "\x1b[2J"}} {
		if res := r.run(args...); strings.Contains(res.stdout+res.stderr, "\x1b") || strings.Contains(res.stdout, "\npolicy") {
			t.Errorf("%q: %q", args, res.stdout+res.stderr)
		}
	}
	for digest := range seen {
		if res := r.run("policy", "show", digest); res.code != exitFail || !strings.Contains(res.stderr, "changed in the database") || res.stdout != "" {
			t.Errorf("show of a changed one: exit code %d, %s%s", res.code, res.stdout, res.stderr)
		}
	}
}

// hangUp sends SIGHUP, and waits until the metrics tell that the result was counted.
func (r *rig) hangUp(result string) {
	r.t.Helper()
	counted := fmt.Sprintf("dropletops_policy_reloads_total{result=%q} 1", result)
	if err := r.proc.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		r.t.Fatal(err)
	}
	r.answers("/metrics", func(_ int, body string) bool { return strings.Contains(body, counted) })
}

// counts waits until the metrics have these lines.
func (r *rig) counts(lines ...string) {
	r.t.Helper()
	for _, line := range lines {
		r.answers("/metrics", func(_ int, body string) bool { return strings.Contains(body, "\n"+line+"\n") })
	}
}

// Whoever has taken over bob's Slack account can't approve with that alone.
func TestASecondFactorIsAskedFor(t *testing.T) {
	r := newRig(t)
	r.env["SECOND_FACTOR_KEY"] = newFactorKey(7)
	r.policy(strings.Replace(guarded, "count: 2,", "second_factor: true,", 1))
	r.start()
	secret := r.enroll("U0BOB")
	r.droplet("db-7")
	r.slash("alice", "#ops", "/droplet rebuild db-7 ubuntu-24-04-x64")
	r.click("carol", r.card("pending"), "approve")
	r.told("carol", "you have none yet: an operator enrolls you")
	r.click("bob", r.card("pending"), "approve")
	r.submits("bob", "Approve", simslack.Fill{"code": {"000000"}})
	r.told("bob", "code")
	r.click("bob", r.card("pending"), "approve")
	r.submits("bob", "Approve", simslack.Fill{"code": {codeOf(t, secret, time.Now().Add(30*time.Second))}})
	r.card("completed")
	got := strings.Join(told(r.audit(), idOf(r.card("completed"))), "\n")
	if !strings.Contains(got, "approved U0BOB") || strings.Contains(r.proc.out.String(), secret) {
		t.Errorf("the audit log:\n%s", got)
	}
	r.noViolations()
}
