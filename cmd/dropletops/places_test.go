package main

import (
	"strconv"
	"strings"
	"testing"
	"time"

	simdo "dropletops/internal/sim/digitalocean"
	simslack "dropletops/internal/sim/slack"
)

// TestAChannelGetsAnotherID: Slack converts a private channel, whose ID changes from G… to
// C…. The cards in it work as before, and what is to be shown goes there: of the request
// that was clicked and of the others in that channel, also after a crash.
func TestAChannelGetsAnotherID(t *testing.T) {
	r := newRig(t)
	r.must(r.slack.AddChannel(simslack.Channel{ID: "G0WAR", Name: "war-room", Kind: simslack.PrivateChannel, Members: []string{"alice", "bob", "carol", "dropletops"}}))
	o := r.channel("#war-room")
	ids := []int{r.droplet("box-1"), r.droplet("box-2"), r.droplet("box-3")}
	r.start()
	for _, name := range []string{"box-1", "box-2", "box-3"} {
		o.slash("alice", "rebuild "+name+" ubuntu-24-04-x64")
		o.cardThat("pending", name)
	}
	before := o.cards(r.slack.Snapshot())
	o.answer("alice", func() { o.slash("alice", "list") })
	r.must(r.slack.MoveChannel("#war-room", "C0WAR"))
	o = r.channel("#war-room")
	now := o.cards(r.slack.Snapshot())
	if len(now) != 3 || now[0].TS != before[0].TS {
		t.Fatalf("%d cards moved", len(now))
	}

	// Whoever may not decide is told that, and the card stays what it is.
	o.refused("alice", "You asked for this", func() { o.click("alice", now[0], "approve") })
	o.click("bob", now[0], "approve")
	ends := func(n int, state string) *simslack.Message {
		t.Helper()
		r.wait("card "+now[n].Text+" to be "+state, func(s *simslack.Snapshot) bool {
			return stateOf(s.Message("C0WAR", now[n].TS)) == state
		})
		return r.slack.Snapshot().Message("C0WAR", now[n].TS)
	}
	o.notes(ends(0, "completed"), "is done")
	// The others follow without the click that told of it, also after a crash.
	r.kill()
	r.start()
	o.click("carol", now[1], "approve")
	o.notes(ends(1, "completed"), "is done")
	o.click("alice", now[2], "cancel")
	ends(2, "canceled")
	r.sent(ids[0], "rebuild")
	r.sent(ids[1], "rebuild")
	r.sent(ids[2])

	// An answer that was given before the move is shown where it was asked for.
	list := r.slack.Snapshot().EphemeralsFor("alice")[0]
	o.click("alice", list, "share")
	r.wait("the list to be shown", func(s *simslack.Snapshot) bool {
		for _, m := range s.BotMessages("C0WAR") {
			if strings.Contains(m.Words(), "box-1") && strings.Contains(m.Words(), "box-2") {
				return true
			}
		}
		return false
	})
	if n := len(cards(r.slack.Snapshot())); n != 3 {
		t.Errorf("there are %d cards", n)
	}
	moved := 0
	for _, l := range r.audit() {
		if l.What == "channel moved" {
			moved++
			if l.Detail["from"] != "G0WAR" || l.Detail["to"] != "C0WAR" {
				t.Errorf("in the audit log: %+v", l)
			}
		}
	}
	if moved != 1 {
		t.Errorf("the move is in the audit log %d times", moved)
	}
}

// TestAChannelGetsAnotherIDWhileAnActionRuns: what could not be shown at the old ID is
// shown once a click tells of the new one.
func TestAChannelGetsAnotherIDWhileAnActionRuns(t *testing.T) {
	r := newRig(t)
	r.must(r.slack.AddChannel(simslack.Channel{ID: "G0WAR", Name: "war-room", Kind: simslack.PrivateChannel, Members: []string{"alice", "bob", "dropletops"}}))
	o := r.channel("#war-room")
	r.do.HoldActions()
	r.start()
	o.slash("alice", "reboot web-1")
	runs := o.card("running")
	o.notes(runs, "has begun")
	o.slash("alice", "rebuild web-2 ubuntu-24-04-x64")
	waits := o.cardThat("pending", "web-2")
	r.comes("that to be written down", func(due int) bool { return due == 0 })
	r.must(r.slack.MoveChannel("#war-room", "C0WAR"))
	r.do.ReleaseActions()
	r.comes("it to end", func(due int) bool { return due > 0 })
	waits = r.slack.Snapshot().Message("C0WAR", waits.TS)
	r.click("alice", waits, "cancel")
	r.wait("both to be shown", func(s *simslack.Snapshot) bool {
		return stateOf(s.Message("C0WAR", runs.TS)) == "completed" && stateOf(s.Message("C0WAR", waits.TS)) == "canceled"
	})
}

// TestACopyOfACardIsNotTheCard: another timestamp or another request's metadata moves nothing.
func TestACopyOfACardIsNotTheCard(t *testing.T) {
	r := newRig(t)
	o := r.channel("#ops")
	r.start()
	o.slash("alice", "rebuild web-1 ubuntu-24-04-x64")
	card := o.card("pending")
	forged := func(trigger, channel, ts, user, request string) {
		t.Helper()
		p := payload("block_actions", "U0BOB", simslack.TeamID, channel, map[string]any{
			"container": map[string]any{"type": "message", "channel_id": channel, "message_ts": ts},
			"message": map[string]any{"ts": ts, "user": user, "metadata": map[string]any{"event_type": "dropletops_request",
				"event_payload": map[string]any{"request_id": request}}},
			"actions": []any{map[string]any{"action_id": "approve", "block_id": "decide", "value": idOf(card)}}})
		p["trigger_id"] = trigger
		told := len(r.slack.Snapshot().EphemeralsFor("bob"))
		r.forge("interactive", p)
		s := r.wait("bob to be told", func(s *simslack.Snapshot) bool { return len(s.EphemeralsFor("bob")) > told })
		if m := s.EphemeralsFor("bob")[told]; !strings.Contains(m.Words(), "does not belong to this message") {
			t.Errorf("bob was told %q", m.Words())
		}
	}
	forged("t1", "C0INCIDENTS", "1700000000.000001", simslack.BotUserID, idOf(card))
	forged("t2", "C0INCIDENTS", card.TS, simslack.BotUserID, "r-another")
	forged("t3", "C0INCIDENTS", card.TS, "U0DEPLOYBOT", idOf(card))
	o.click("bob", card, "approve")
	o.card("completed")
}

// TestRefusalsAfterAShortcutAreSeen: the thread of a message without replies shows no
// ephemeral message, so what is to be said comes into the channel.
func TestRefusalsAfterAShortcutAreSeen(t *testing.T) {
	r := newRig(t)
	o := r.channel("#ops")
	r.withPolicy("version: 1\nrules:\n  - {name: frozen, when: 'droplet.name == \"web-1\"', deny: Not today.}\n")
	r.start()
	m, _, err := r.slack.Say("carol", "#ops", "", "web-1 hangs")
	r.must(err)
	asks := func(user, channel string, on *simslack.Message) {
		t.Helper()
		d, err := r.slack.MessageShortcut(user, channel, on.TS, "operate")
		r.must(err)
		r.acked(d)
	}
	fills := func(verb string) { // the message speaks of one Droplet
		t.Helper()
		v := r.form("alice", "verb", "target", "reason")
		r.chooses("alice", v, "verb", verb)
		r.send("alice", v, nil)
	}
	o.refused("guest", "You are a guest", func() { asks("guest", "#ops", m) })
	o.refused("alice", "Not today.", func() {
		asks("alice", "#ops", m)
		fills("reboot")
	})
	if n := len(r.slack.Snapshot().Thread(m.Channel, m.TS)); n != 0 {
		t.Errorf("%d replies in the thread", n)
	}

	// The same where the card can be posted nowhere.
	m, _, err = r.slack.Say("carol", "#random", "", "web-2 hangs")
	r.must(err)
	before := len(r.slack.Snapshot().EphemeralsFor("alice"))
	asks("alice", "#random", m)
	fills("reboot")
	s := r.wait("alice to be told", func(s *simslack.Snapshot) bool { return len(s.EphemeralsFor("alice")) > before })
	if says := s.EphemeralsFor("alice")[before].Words(); !strings.Contains(says, "/invite @dropletops") {
		t.Errorf("alice was told %q", says)
	}
}

// TestGroupDirectMessages: nobody can be told to invite the bot to one. One that it is part
// of works, and people of other workspaces in it are noticed.
func TestGroupDirectMessages(t *testing.T) {
	r := newRig(t)
	r.must(r.slack.AddChannel(simslack.Channel{ID: "G0WITHOUT", Name: "mpdm-alice--bob--carol-1", Kind: simslack.MPIM, Members: []string{"alice", "bob", "carol"}}))
	r.must(r.slack.AddChannel(simslack.Channel{ID: "G0WITH", Name: "mpdm-alice--bob--dropletops-1", Kind: simslack.MPIM, Members: []string{"alice", "bob", "dropletops"}}))
	r.must(r.slack.AddChannel(simslack.Channel{ID: "G0SHARED", Name: "mpdm-alice--erin--dropletops-1", Kind: simslack.MPIM, IsExtShared: true, Members: []string{"alice", "erin", "dropletops"}}))
	r.start()
	without := r.channel("G0WITHOUT")
	for _, words := range []string{"reboot web-1", "rebuild web-1 ubuntu-24-04-x64"} {
		m := without.answer("alice", func() { without.slash("alice", words) })
		if says := m.Words(); !strings.Contains(says, "group direct message") || !strings.Contains(says, "Ask in a channel that I am in") || strings.Contains(says, "/invite") {
			t.Errorf("%s: alice was told %q", words, says)
		}
	}
	list := without.answer("alice", func() { without.slash("alice", "list") })
	without.refused("alice", "group direct message", func() { without.click("alice", list, "share") })
	with := r.channel("G0WITH")
	with.slash("alice", "rebuild web-1 ubuntu-24-04-x64")
	with.click("bob", with.card("pending"), "approve")
	with.card("completed")
	shared := r.channel("G0SHARED")
	shared.refused("alice", "People of other workspaces are in this channel", func() { shared.slash("alice", "rebuild web-2 ubuntu-24-04-x64") })
}

// TestAccountActionsNameDropletsAsTheyAreCalledNow: each action is told by its Droplet's ID,
// and by the name that it has now, whatever other Droplet has its old one.
func TestAccountActionsNameDropletsAsTheyAreCalledNow(t *testing.T) {
	r := newRigOn(t, simdo.Options{Speed: speed, StatusLag: 200 * time.Millisecond})
	o := r.channel("#ops")
	old := r.droplet("web-9")
	r.start()
	o.slash("alice", "reboot web-9")
	o.card("completed")
	o.answer("alice", func() { o.slash("alice", "actions") }) // the list of Droplets is known
	o.slash("alice", "rename web-9 retired-9")
	o.cardThat("completed", "retired-9")
	other := r.do.AddDroplet("web-9", "", "", "")
	says := o.answer("alice", func() { o.slash("alice", "actions") }).Words()
	if !strings.Contains(says, "*retired-9* (`"+strconv.Itoa(old)+"`)") || strings.Contains(says, "*web-9* (`"+strconv.Itoa(old)) {
		t.Errorf("alice was told:\n%s", says)
	}
	if says := o.answer("alice", func() { o.slash("alice", "actions "+strconv.Itoa(other)) }).Words(); strings.Contains(says, "*reboot*") {
		t.Errorf("of the new web-9 alice was told:\n%s", says)
	}
}
