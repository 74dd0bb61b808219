package main

import (
	"regexp"
	"strings"
	"testing"

	simslack "dropletops/internal/sim/slack"
)

// TestResponseURLThatSaysNo: status 200 with an error or a proxy's page delivers nothing.
// What is to be said comes another way, to the same person and into the same thread.
func TestResponseURLThatSaysNo(t *testing.T) {
	for name, body := range map[string]string{
		"an error": `{"ok":false,"error":"expired_url"}`,
		"a page":   "<!DOCTYPE html><html><body>The proxy asks you to log in.</body></html>",
	} {
		in(t, name, func(r *rig) {
			id, o := r.droplet("box-1"), r.channel("#incidents")
			r.slack.AddFault(simslack.Fault{Method: "response_url", Times: -1, Body: body})
			r.start()
			viaAPI := func(m *simslack.Message, thread string) {
				r.t.Helper()
				if m.Via != "chat.postEphemeral" || m.ThreadTS != thread {
					r.t.Errorf("told by %s in the thread %q, want it in %q: %s", m.Via, m.ThreadTS, thread, m.Words())
				}
			}
			viaAPI(o.answer("alice", func() { o.slash("alice", "help") }), "")
			viaAPI(o.answer("guest", func() { o.slash("guest", "reboot box-1") }), "")
			viaAPI(o.answer("alice", func() { o.slash("alice", "list") }), "")

			root, _, err := r.slack.Say("carol", "#incidents", "", "the site is down")
			r.must(err)
			o.mention("alice", root.TS, "rebuild box-1 ubuntu-24-04-x64")
			card := o.card("pending")
			viaAPI(o.answer("alice", func() { o.click("alice", card, "approve") }), root.TS)
			o.click("bob", card, "approve")
			o.card("completed")
			r.sent(id, "rebuild")
			r.noViolations()
		})
	}
}

// paging is markup by which Slack would notify a channel, a group or a person.
var paging = regexp.MustCompile(`<!(channel|here|everyone|subteam)|<@U0BOB`)

// TestMarkupInAReason: what a link, a person, a group or a channel is stands behind its
// label, on the card and in the audit log, and nobody is notified.
func TestMarkupInAReason(t *testing.T) {
	r := newRig(t)
	r.withPolicy("version: 1\nannounce: C0OPS\ngroups:\n  oncall: {users: [U0BOB]}\nrules:\n" +
		"  - {name: data, when: 'action.danger == \"destructive\"', approve: {break_glass: [oncall]}}\n")
	o := r.channel("#ops")
	r.start()
	const typed = `see <https://g.example/x?a=1&amp;b=2|dashboard> with <@U0BOB|bob> in <#C0OPS|ops>, <!subteam^S0SRE|@sre> and <!here>`
	const plain = `see dashboard (https://g.example/x?a=1&b=2) with @bob (U0BOB) in #ops (C0OPS), @sre (S0SRE) and @here`
	shown := strings.ReplaceAll(plain, "&", "&amp;")
	r.forge("slash_commands", map[string]any{"command": "/droplet", "text": `rebuild web-1 ubuntu-24-04-x64 --reason "` + typed + `"`,
		"team_id": simslack.TeamID, "channel_id": o.id, "user_id": "U0ALICE", "trigger_id": "1.1"})
	first := o.cardThat("pending", shown)
	o.click("alice", first, "cancel")
	o.card("canceled")

	// A mention brings IDs without names.
	r.forge("events_api", map[string]any{"type": "event_callback", "event_id": "Ev1", "team_id": simslack.TeamID, "event": map[string]any{
		"type": "app_mention", "user": "U0ALICE", "team": simslack.TeamID, "channel": o.id, "ts": "1700000000.000001",
		"text": "<@" + simslack.BotUserID + `> rebuild web-1 ubuntu-24-04-x64 --reason "ask <@U0BOB>, <https://g.example/x|dashboard>"`}})
	const mentioned = "ask @bob (U0BOB), dashboard (https://g.example/x)"
	card := o.cardThat("pending", mentioned)
	o.click("carol", card, "deny")
	o.card("denied")
	const pasted, said = "no: <https://g.example/y|the runbook>", "no: the runbook (https://g.example/y)"
	r.submits("carol", "Denied", simslack.Fill{"reason": {pasted}})
	o.notes(card, said)

	o.slash("alice", "rebuild web-2 ubuntu-24-04-x64")
	card = o.cardThat("pending", "web-2")
	o.click("bob", card, "break_glass")
	r.submits("bob", "Break glass", simslack.Fill{"reason": {pasted}})
	o.notes(card, said)

	for _, m := range posted(r.slack.Snapshot()) {
		if found := paging.FindString(reasonsOf(m)); m.User == simslack.BotUserID && found != "" {
			t.Errorf("%q would notify: %s", found, m.Words())
		}
	}
	why := map[string]string{}
	for _, l := range r.audit() {
		why[l.What] += l.Why + "\n"
	}
	for what, want := range map[string]string{"requested": plain + "\n" + mentioned, "denial explained": said, "broke glass": said} {
		if !strings.Contains(why[what], want) {
			t.Errorf("%s in the audit log: %q, want %q", what, why[what], want)
		}
	}
}

// reasonsOf are the lines of a message that hold a reason.
func reasonsOf(m *simslack.Message) string {
	var out []string
	for line := range strings.SplitSeq(m.Words(), "\n") {
		if strings.Contains(line, "g.example") {
			out = append(out, line[strings.Index(line, "g.example"):])
		}
	}
	return strings.Join(out, "\n")
}

// TestALookalikeHyphenIsAnswered: each suggests the real name, and none is taken for it.
func TestALookalikeHyphenIsAnswered(t *testing.T) {
	r := newRig(t)
	o := r.channel("#ops")
	r.start()
	for _, dash := range []rune{0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2212, 0xfe63, 0xff0d} {
		o.refused("alice", "Did you mean `web-1`?", func() { o.slash("alice", "reboot web"+string(dash)+"1") })
	}
	r.cardCount(0)
}
