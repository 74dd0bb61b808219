package main

import (
	"fmt"
	"strings"
	"testing"

	simdo "dropletops/internal/sim/digitalocean"
	simslack "dropletops/internal/sim/slack"
)

// press clicks a button of a message that only one person sees, and waits for
// what that message then says.
func (r *rig) press(user string, m *simslack.Message, action, then string) *simslack.Message {
	r.t.Helper()
	r.click(user, m, action)
	var now *simslack.Message
	r.wait("the answer to say "+then, func(s *simslack.Snapshot) bool {
		for _, e := range s.Ephemerals {
			if e.TS == m.TS && strings.Contains(e.Words(), then) {
				now = e
				return true
			}
		}
		return false
	})
	return now
}

// look is a line that someone types, and what must be in its answer.
type look struct {
	line string
	has  []string
}

// looks types each, and holds its answer.
func (r *rig) looks(all ...look) {
	r.t.Helper()
	for _, l := range all {
		before := len(r.slack.Snapshot().Ephemerals)
		r.slash("alice", "#ops", l.line)
		s := r.wait("an answer to "+l.line, func(s *simslack.Snapshot) bool { return len(s.Ephemerals) > before })
		m := s.Ephemerals[before]
		for _, part := range l.has {
			if !strings.Contains(m.Words(), part) {
				r.t.Errorf("%s lacks %q:\n%s", l.line, part, m.Words())
			}
		}
	}
}

// Each verb that only looks, through the binary: for the asker alone.
func TestReadingOneDroplet(t *testing.T) {
	r := newRig(t)
	db := r.do.DropletNamed("db-1").ID
	backup := r.do.Backups(db)[0].ID
	r.start()
	r.slash("alice", "#ops", `/droplet reboot web-1 --reason "it hangs"`)
	card := r.card("completed")
	r.looks(
		look{"/droplet info db-1", []string{"*db-1* · 🟢 active", "a month", "db-1-data, 200 GB ext4", "daily, 04:00–08:00 UTC", "*Latest backup:*", "*Latest snapshot:* db-1-before-upgrade", "*VPC:*", "*Private IPv4:*", "*Firewalls:* ssh-only, lets in tcp 22"}},
		look{"/droplet actions web-1", []string{"✅ *reboot* · completed", "asked by <@U0ALICE>, request `" + idOf(card) + "`: it hangs", "*create*"}},
		look{fmt.Sprintf("/droplet action %d", r.posts()[0].ActionID), []string{"*reboot*", "Droplet `web-1`", "<@U0ALICE>"}},
		look{"/droplet backups db-1", []string{fmt.Sprintf("`/droplet restore db-1 %d`", backup), "6 backups"}},
		look{"/droplet backup-policy db-1", []string{"are *on*", "daily, 04:00", "*Can be:* weekly on one of SUN"}},
		look{"/droplet snapshots web-1", []string{"web-golden", "`/droplet rebuild web-1 "}},
		look{"/droplet kernels legacy-1", []string{"vmlinuz-3.13.0-24-generic", "in use"}},
		look{"/droplet neighbors web-1", []string{"On the same hardware", "*web-2*"}},
	)
	for _, m := range posted(r.slack.Snapshot()) {
		if m.TS != card.TS && m.ThreadTS != card.TS {
			t.Errorf("everyone sees: %s", m.Text)
		}
	}
	if len(r.posts()) != 1 {
		t.Errorf("something was sent: %+v", r.posts())
	}
	r.noViolations()
}

func TestReadingTheAccount(t *testing.T) {
	r := newRig(t).start()
	r.looks(
		look{"/droplet list --region nyc3 --tag WEB --status active web-*", []string{"*web-1* · 🟢 active", "*web-3*", "3 Droplets", fmt.Sprint(r.do.DropletNamed("web-1").ID)}},
		look{"/droplet list --gpu", []string{"*gpu-train-1* · 🟢 active · GPU"}},
		look{"/droplet list --status off", []string{"*staging-1* · ⚫ off"}},
		look{"/droplet actions", []string{"*Actions* of this account · *1–15 of 74* actions", "on *build-7*", "on volume `9338`"}},
		look{"/droplet neighbors", []string{"share hardware", "*web-1*", "*web-2*"}},
		look{"/droplet backup-policy", []string{"are *on* for 1 of 13", "13 Droplets", "*web-1*", "off", "*db-1*", "daily, 04:00–08:00 UTC"}},
		look{"/droplet sizes s-1vcpu --region nyc3", []string{"`s-1vcpu-1gb`", "a month"}},
		look{"/droplet images ubuntu", []string{"`ubuntu-24-04-x64`"}},
		look{"/droplet images custom", []string{"appliance.qcow2"}},
		look{"/droplet regions frankfurt", []string{"`fra1`"}},
		look{"/droplet help list", []string{"Type:", "--region", "/droplet list "}},
	)
	if all := posted(r.slack.Snapshot()); len(all) > 0 || len(r.posts()) > 0 {
		t.Errorf("everyone sees %d messages, %+v was sent", len(all), r.posts())
	}
	r.slash("guest", "#ops", "/droplet list")
	r.told("guest", "You are a guest in this workspace.")
	r.slash("guest", "#ops", "/droplet help")
	r.told("guest", "What works for you")
	r.noViolations()
}

func TestListOf500IsPagedAndShared(t *testing.T) {
	r := newRig(t)
	r.do.AddDroplets(500, "many-", "many")
	r.start()
	r.slash("alice", "#ops", "/droplet list many-*")
	m := r.told("alice", "*1–15 of 500*")
	if !hasButtons(m, "page", "share") {
		t.Errorf("buttons: %v", m.Actions())
	}
	asked := len(r.do.Requests())
	m = r.press("alice", m, "page", "*16–30 of 500*")
	if n := len(r.do.Requests()) - asked; n > 0 {
		t.Errorf("to turn a page DigitalOcean was asked %d times", n)
	}
	if !hasButtons(m, "page", "page_back", "share") {
		t.Errorf("buttons: %v", m.Actions())
	}
	r.press("alice", m, "page_back", "*1–15 of 500*")
	m = r.press("alice", m, "page", "*16–30 of 500*")
	m = r.press("alice", m, "share", "Shown to the channel.")
	if !hasButtons(m, "page", "page_back") {
		t.Errorf("buttons: %v", m.Actions())
	}
	s := r.slack.Snapshot()
	all := s.MessagesIn("#ops")
	if len(all) != 1 || !strings.Contains(all[0].Words(), "Shown by <@U0ALICE>: `/droplet list many-*`") ||
		!strings.Contains(all[0].Words(), "*16–30 of 500*") || !hasButtons(all[0]) {
		t.Errorf("shown: %s", transcript(s))
	}
	r.noViolations()
}

func TestLookInAThreadIsSharedThere(t *testing.T) {
	r := newRig(t).start()
	root, _, err := r.slack.Say("carol", "#incidents", "", "the cache is cold")
	if err != nil {
		t.Fatal(err)
	}
	_, d, err := r.slack.Mention("alice", "#incidents", root.TS, "snapshots cache-1")
	if err != nil {
		t.Fatal(err)
	}
	r.acked(d)
	m := r.told("alice", "2 Droplets are called `cache-1`")
	id := r.do.DropletNamed("cache-1").ID
	if d, err = r.slack.Click(simslack.Click{User: "alice", Channel: m.Channel, TS: m.TS, ActionID: "pick", Choose: []string{fmt.Sprint(id)}}); err != nil {
		t.Fatal(err)
	}
	r.acked(d)
	m = r.told("alice", fmt.Sprintf("`@dropletops snapshot %d`", id))
	if m.ThreadTS != root.TS {
		t.Errorf("answered in the thread %q", m.ThreadTS)
	}
	r.press("alice", m, "share", "Shown to the channel.")
	r.wait("it to stand in the thread", func(s *simslack.Snapshot) bool {
		in := s.Thread(m.Channel, root.TS)
		return len(in) > 0 && strings.Contains(in[len(in)-1].Words(), "has no snapshot")
	})
	r.noViolations()
}

func TestShareWhereTheBotIsNot(t *testing.T) {
	r := newRig(t).start()
	r.slash("alice", "#random", "/droplet list web-*")
	m := r.told("alice", "*web-1*")
	r.click("alice", m, "share")
	r.told("alice", "I am not in this channel, so I can't show this here. Type `/invite @dropletops`")
	if all := r.slack.Snapshot().MessagesIn("#random"); len(all) != 0 {
		t.Errorf("shown: %+v", all)
	}
	r.noViolations()
}

// A token without firewall:read still shows the Droplet, and which scope it lacks.
func TestInfoWithoutAScope(t *testing.T) {
	r := newRigOn(t, simdo.Options{Speed: speed, Scopes: []string{"droplet:read"}}).start()
	r.looks(look{"/droplet info web-1", []string{"*web-1* · 🟢 active", "*Firewalls:* ⚠️ the token may not read them; it takes `firewall:read`"}})
	r.noViolations()
}

// DigitalOcean's errors are told as sentences, with its request_id.
func TestLookThatIsForbidden(t *testing.T) {
	r := newRig(t).start()
	r.do.Inject(simdo.Fault{Match: simdo.Match{Path: "/v2/sizes"},
		Answer: simdo.Refuse(403, "forbidden", "You are not authorized to perform this operation")})
	r.slash("alice", "#ops", "/droplet sizes")
	m := r.told("alice", "Could not list the sizes")
	if !strings.Contains(m.Words(), "not allowed") || !strings.Contains(m.Words(), "request_id") {
		t.Errorf("said %s", m.Words())
	}
}
