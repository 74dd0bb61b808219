package main

import (
	"strings"
	"testing"
	"time"

	simslack "dropletops/internal/sim/slack"
)

// mention says something to the bot, and waits until it has taken it in.
func (o room) mention(user, thread, words string) {
	o.t.Helper()
	_, d, err := o.rig.slack.Mention(user, o.id, thread, words)
	if err != nil || d == nil {
		o.t.Fatalf("the mention is not delivered: %v", err)
	}
	o.acked(d)
}

func TestMentionInAThreadStaysInIt(t *testing.T) {
	r := newRig(t)
	id, o := r.droplet("box-1"), r.channel("#incidents")
	r.start()
	root, _, err := r.slack.Say("carol", "#incidents", "", "the site is down")
	r.must(err)
	o.mention("alice", root.TS, "rebuild box-1 ubuntu-24-04-x64 --reason “it’s down”")
	card := o.card("pending")
	if card.ThreadTS != root.TS {
		t.Errorf("the card stands in the thread %q, not in %s", card.ThreadTS, root.TS)
	}
	inThread := func(m *simslack.Message) {
		t.Helper()
		if m.ThreadTS != root.TS {
			t.Errorf("only to %s, in the thread %q: %s", m.EphemeralTo, m.ThreadTS, m.Text)
		}
	}
	inThread(o.answer("alice", func() { o.click("alice", card, "approve") }))
	inThread(o.answer("alice", func() { o.mention("alice", root.TS, "rebot box-1") }))
	inThread(o.answer("alice", func() { o.mention("alice", root.TS, "help") }))
	inThread(o.answer("guest", func() { o.mention("guest", root.TS, "reboot box-1") }))
	menu := o.answer("alice", func() { o.mention("alice", root.TS, "reboot") })
	inThread(menu)
	o.click("bob", card, "approve")
	card = o.card("completed")
	o.notes(card, "approved", "has begun", "is done")
	r.sent(id, "rebuild")

	// What a menu in the thread makes stays there, too.
	web := r.do.DropletNamed("web-1").ID
	offered := 0
	for deadline := time.Now().Add(patience); offered == 0 && time.Now().Before(deadline); { // as in a modal
		d, err := r.slack.Suggest(simslack.Click{User: "alice", Channel: menu.Channel, TS: menu.TS, ActionID: "pick"}, "web-1")
		r.must(err)
		offered = len(r.acked(d).Options)
	}
	if offered != 1 {
		t.Fatalf("the menu offers %d Droplets", offered)
	}
	o.choose("alice", menu, web)
	o.notes(o.cardThat("completed", "web-1"), "of web-1 is done")
	for _, m := range r.slack.Snapshot().MessagesIn("#incidents") {
		if m.TS != root.TS {
			t.Errorf("outside of the thread: %s", m.Text)
		}
	}
	r.honest()
}

func TestMentionInAChannel(t *testing.T) {
	r := newRig(t)
	id, o := r.droplet("box-1"), r.channel("#ops")
	r.start()
	o.mention("alice", "", "reboot box-1")
	card := o.card("completed")
	if card.ThreadTS != "" {
		t.Errorf("the card stands in a thread: %s", card.ThreadTS)
	}
	o.notes(card, "has begun", "is done")
	r.sent(id, "reboot")
	// In passing it is no command.
	o.refused("alice", "begin the message with my name", func() {
		_, _, err := r.slack.Say("alice", "#ops", "", "please <@"+simslack.BotUserID+"> reboot box-1")
		r.must(err)
	})
	r.sent(id, "reboot")
	r.honest()
}

// TestWhoGetsHelpAlone: guests, bots and people of other workspaces get the help
// and nothing else, however they ask.
func TestWhoGetsHelpAlone(t *testing.T) {
	r := newRig(t)
	r.must(r.slack.Invite("#partners", "guest"))
	o := r.channel("#partners")
	r.start()
	r.do.ForgetRequests()
	const who = "Only full members of this workspace may use Dropletops."
	const help = "Dropletops operates DigitalOcean Droplets from Slack"
	say := func(user, words string) func() {
		if user == "guest" || user == "single" {
			return func() { o.slash(user, words) }
		}
		return func() { o.mention(user, "", words) }
	}
	for _, user := range []string{"guest", "erin", "deploybot"} {
		for _, words := range []string{"reboot web-1", "rebot web-1", "reboot", "list", "reboot tag:web"} {
			o.refused(user, who, say(user, words))
		}
		o.refused(user, help, say(user, "help"))
		o.refused(user, help, say(user, "help rebuild"))
	}
	o.refused("guest", who, func() { o.mention("guest", "", "reboot web-1") })
	o.refused("guest", help, func() { o.slash("guest", "") })
	if asked := r.do.Requests(); len(asked) > 0 {
		t.Errorf("DigitalOcean was asked for them: %+v", asked)
	}
	if s := r.slack.Snapshot(); len(cards(s)) > 0 {
		t.Errorf("%d cards were posted", len(cards(s)))
	}
	r.honest()
	n := map[string]int{}
	for _, l := range r.audit() {
		if l.What == "refused" && strings.Contains(l.Why, who) && l.Detail["words"] != "" {
			n[l.Who]++
		}
	}
	if n["U0GUEST"] != 6 || n["U0ERIN"] != 5 || n["U0DEPLOYBOT"] != 5 {
		t.Errorf("refusals in the audit log: %v", n)
	}
}

func TestChannelWithoutTheBot(t *testing.T) {
	r := newRig(t)
	id := r.droplet("box-1")
	r.start()
	for _, name := range []string{"#random", "#board"} {
		o := r.channel(name)
		for _, words := range []string{"reboot box-1", "rebuild box-1 ubuntu-24-04-x64"} {
			o.refused("alice", "/invite @dropletops", func() { o.slash("alice", words) })
		}
		o.refused("alice", "More on one verb", func() { o.slash("alice", "help") })
	}
	r.sent(id)
	if s := r.slack.Snapshot(); len(cards(s)) > 0 {
		t.Errorf("%d cards were posted", len(cards(s)))
	}
	o := r.channel("#random")
	r.must(r.slack.Invite("#random", "dropletops"))
	o.slash("alice", "reboot box-1")
	o.card("completed")
	r.sent(id, "reboot")
	r.honest()
	var canceled int
	for _, l := range r.audit() {
		if l.What == "canceled" && l.Who == "dropletops" && strings.Contains(l.Why, "not in the channel") {
			canceled++
		}
	}
	if canceled != 4 {
		t.Errorf("%d requests were called off in the audit log, want 4", canceled)
	}
}
