package main

import (
	"strings"
	"testing"

	simslack "dropletops/internal/sim/slack"
)

// payload is an interaction as Slack would send it for someone, by ID and team.
func payload(kind, user, team, channel string, more map[string]any) map[string]any {
	p := map[string]any{"type": kind, "api_app_id": simslack.AppID, "trigger_id": "1.2." + user + kind,
		"team": map[string]any{"id": simslack.TeamID}, "user": map[string]any{"id": user, "team_id": team},
		"channel": map[string]any{"id": channel}}
	for k, v := range more {
		p[k] = v
	}
	return p
}

// forge delivers a payload that no client of Slack's would make.
func (r *rig) forge(kind string, p map[string]any) simslack.Result {
	r.t.Helper()
	return r.acked(r.slack.Inject(kind, p, true))
}

// outsiders are those who may read the help, with what they are told otherwise.
var outsiders = []struct{ name, id, team, says string }{
	{"guest", "U0GUEST", simslack.TeamID, "You are a guest in this workspace."},
	{"erin", "U0ERIN", simslack.PartnerTeamID, "You belong to another workspace."},
	{"erin", "U0ERIN", simslack.TeamID, "You belong to another workspace."}, // whatever the payload says of her
	{"deploybot", "U0DEPLOYBOT", simslack.TeamID, "Bots can't do this."},
	{"bob", "U0BOB", simslack.PartnerTeamID, "You belong to another workspace."}, // a member's ID under another team
}

// Who is no full member learns and does nothing by any way into the program: typed
// words, someone else's menus, pages and modals, suggestions, shortcuts, App Home.
func TestOutsidersByEveryWayIn(t *testing.T) {
	r := newRig(t)
	r.must(r.slack.Invite("#partners", "guest"))
	o := r.channel("#partners")
	r.withPolicy("version: 1\nshared_channels: [" + o.id + "]\nrules: []\n")
	id := r.droplet("box-1")
	r.droplet("twin")
	r.droplet("twin")
	r.start()
	o.slash("alice", "rebuild box-1 ubuntu-24-04-x64")
	card := o.card("pending")
	menu := o.answer("alice", func() { o.slash("alice", "reboot twin") })
	list := o.answer("alice", func() { o.slash("alice", "list") })
	_, menuBlock := elementOf(menu, "pick")
	share, listBlock := elementOf(list, "share")

	for _, who := range outsiders {
		to := r.ephemeralsOf(who.id)
		says := func(what, part string) {
			t.Helper()
			to++
			s := r.wait(who.name+" to be told something of "+what, func(s *simslack.Snapshot) bool { return len(s.EphemeralsFor(who.id)) >= to })
			if m := s.EphemeralsFor(who.id)[to-1]; !strings.Contains(m.Words(), part) || strings.Contains(m.Words(), "twin") {
				t.Errorf("%s: %s (%s) was told %q, want %q", what, who.name, who.team, m.Words(), part)
			}
		}
		for _, words := range []string{"reboot box-1", "why " + idOf(card), "list", "actions box-1"} {
			r.forge("slash_commands", map[string]any{"command": "/droplet", "text": words, "team_id": who.team, "channel_id": o.id, "user_id": who.id, "trigger_id": "s" + who.id + who.team + words})
			says(words, who.says)
		}
		for _, words := range []string{"reboot box-1", "why " + idOf(card)} {
			r.forge("events_api", map[string]any{"type": "event_callback", "event_id": "Ev" + who.id + who.team + words, "team_id": simslack.TeamID,
				"event": map[string]any{"type": "app_mention", "user": who.id, "team": who.team, "channel": o.id, "ts": "9.000001", "text": "<@" + simslack.BotUserID + "> " + words}})
			says("the mention "+words, who.says)
		}
		at := func(m *simslack.Message, action map[string]any) map[string]any {
			return map[string]any{"container": map[string]any{"type": "message", "channel_id": o.id, "message_ts": m.TS}, "actions": []any{action}}
		}
		for what, c := range map[string]struct {
			on   *simslack.Message
			do   map[string]any
			says string
		}{
			"approve": {card, map[string]any{"action_id": "approve", "block_id": "decide", "value": idOf(card)}, who.says},
			"retry":   {card, map[string]any{"action_id": "retry", "block_id": "decide", "value": idOf(card)}, who.says},
			"someone's menu": {menu, map[string]any{"action_id": "pick", "block_id": menuBlock,
				"selected_option": map[string]any{"value": "1"}}, "is for whoever typed the command"},
			"someone's page": {list, map[string]any{"action_id": "share", "block_id": listBlock, "value": share["value"]},
				"is for whoever typed the command"},
		} {
			p := payload("block_actions", who.id, who.team, o.id, at(c.on, c.do))
			p["trigger_id"] = "c" + who.id + who.team + what
			r.forge("interactive", p)
			says(what, c.says)
		}
		for _, kind := range []string{"consent", "denial"} {
			for _, decision := range []string{"approve", "break_glass", "cancel", "deny"} {
				if kind == "denial" && decision != "deny" {
					continue
				}
				p := payload("view_submission", who.id, who.team, o.id, map[string]any{"view": map[string]any{"callback_id": kind,
					"private_metadata": `{"kind":"` + decision + `","request":"` + idOf(card) + `","shown":"","message":{"channel_id":"` + o.id + `","ts":"` + card.TS + `"}}`,
					"state":            map[string]any{"values": map[string]any{"code": map[string]any{"code": map[string]any{"value": "123456"}}, "reason": map[string]any{"reason": map[string]any{"value": "me"}}}}}})
				p["trigger_id"] = "v" + who.id + who.team + kind + decision
				r.forge("interactive", p)
				if kind == "denial" {
					says("the modal "+kind, "Only whoever denied this can say why.")
				} else {
					says("the modal "+kind+" "+decision, who.says)
				}
			}
		}
		for _, typed := range []string{"", "twin", "1"} {
			got := r.forge("interactive", payload("block_suggestion", who.id, who.team, o.id, map[string]any{"action_id": "pick", "block_id": menuBlock, "value": typed}))
			if strings.Contains(string(got.Payload), "twin") || !strings.Contains(string(got.Payload), `"options":[]`) {
				t.Errorf("%s is suggested %s", who.name, got.Payload)
			}
		}
	}
	for _, who := range outsiders {
		r.forge("interactive", payload("message_action", who.id, who.team, o.id, map[string]any{"callback_id": "reboot", "message": map[string]any{"ts": card.TS}}))
		r.forge("events_api", map[string]any{"type": "event_callback", "event_id": "Home" + who.id + who.team, "team_id": simslack.TeamID,
			"event": map[string]any{"type": "app_home_opened", "user": who.id, "tab": "home", "channel": "D1"}})
	}
	r.answersMembers(o)
	if s := r.slack.Snapshot(); len(o.cards(s)) != 1 || stateOf(o.cards(s)[0]) != "pending" {
		t.Errorf("%d cards, the first is %s", len(o.cards(s)), stateOf(o.cards(s)[0]))
	}
	r.sent(id)
	n := 0
	for _, l := range r.audit() {
		if l.What == "approved" || l.What == "denied" || l.What == "canceled" {
			t.Errorf("%+v", l)
		}
		if l.What == "refused" {
			n++
		}
	}
	if n < len(outsiders)*6 {
		t.Errorf("%d refusals are in the audit log", n)
	}
}

// answersMembers is a barrier: what was delivered before has been handled, and a
// member is still served.
func (r *rig) answersMembers(o room) {
	r.t.Helper()
	o.refused("carol", "There is no request", func() { o.slash("carol", "why r-000000000000") })
}

func (r *rig) ephemeralsOf(user string) int { return len(r.slack.Snapshot().EphemeralsFor(user)) }

// elementOf answers the element with an action ID, and the ID of its block.
func elementOf(m *simslack.Message, action string) (element map[string]any, block string) {
	for _, b := range m.Blocks {
		all, _ := b["elements"].([]any)
		for _, e := range append(all, b["accessory"]) {
			if el, ok := e.(map[string]any); ok && el["action_id"] == action {
				return el, str(b["block_id"])
			}
		}
	}
	return nil, ""
}
