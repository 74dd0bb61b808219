package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"dropletops/api"
	simslack "dropletops/internal/sim/slack"
)

// byTag are all verbs of the catalogue that can be done to several Droplets at once,
// {} standing for the target.
var byTag = []struct {
	typed string
	ready func(r *rig, id int)
	gate  string
	sent  string // DigitalOcean's type; the verb's own where it is empty
}{
	{typed: "reboot {}", gate: "confirm"},
	{typed: "power-cycle {}", gate: "approve"},
	{typed: "shutdown {}", gate: "approve"},
	{typed: "power-off {}", gate: "approve"},
	{typed: "stop {}", gate: "approve", sent: "shutdown"},
	{typed: "power-on {}", ready: off, gate: "confirm"},
	{typed: "enable-ipv6 {}", ready: off, gate: "confirm"},
	{typed: "enable-private-networking {}", ready: notPrivate, gate: "confirm"},
	{typed: "resize {} s-1vcpu-2gb", ready: off, gate: "confirm"},
	{typed: "resize {} s-1vcpu-2gb --disk", ready: off, gate: "approve"},
	{typed: "rebuild {} ubuntu-24-04-x64", gate: "approve"},
	{typed: "password-reset {}", gate: "approve"},
	{typed: "snapshot {} before-upgrade", gate: "confirm"},
	{typed: "snapshot {}", gate: "confirm"},
	{typed: "enable-backups {}", gate: "confirm"},
	{typed: "enable-backups {} --plan daily --hour 4", gate: "confirm"},
	{typed: "change-backup-policy {} --plan daily --hour 20", ready: backedUp, gate: "confirm"},
	{typed: "disable-backups {}", ready: backedUp, gate: "approve"},
}

// ofOneAlone are the verbs that make no sense of several Droplets: a name, and a
// backup, is one Droplet's; none but legacy ones have kernels to choose from; what is
// to be created bears no tag yet. A destroy by tag has a test of its own.
var ofOneAlone = []string{"rename", "restore", "change-kernel", "create", "destroy"}

// Each verb by tag, not only the eight that DigitalOcean offers so: sent once to each
// Droplet that was shown, by its ID, and never to one that is tagged later.
func TestEveryVerbByTag(t *testing.T) {
	const groups = 4 // rigs, each with a request budget of its own
	for g := range groups {
		t.Run(fmt.Sprint(g), func(t *testing.T) {
			r := newRig(t)
			type trial struct {
				room
				n         int
				ids       []int
				tag, sent string
			}
			var trials []trial
			for n, v := range byTag {
				if n%groups != g {
					continue
				}
				tag := fmt.Sprintf("tag-%d", n)
				x := trial{room: r.room(fmt.Sprintf("room-%d", n)), n: n, tag: tag, sent: v.sent}
				for _, name := range []string{"a", "b"} {
					id := r.droplet(fmt.Sprintf("%s-%d", name, n), tag)
					if v.ready != nil {
						v.ready(r, id)
					}
					x.ids = append(x.ids, id)
				}
				if x.sent == "" {
					x.sent = strings.ReplaceAll(strings.Fields(v.typed)[0], "-", "_")
				}
				trials = append(trials, x)
			}
			r.start()
			for _, x := range trials {
				x.slash("alice", strings.Replace(byTag[x.n].typed, "{}", "tag:"+x.tag, 1))
			}
			var late []int
			for _, x := range trials {
				card := x.card("pending")
				late = append(late, r.droplet(fmt.Sprintf("late-%d", x.n), x.tag))
				switch gate := byTag[x.n].gate; {
				case !hasButtons(card, gate, "cancel") && !hasButtons(card, gate, "deny", "cancel") && !hasButtons(card, gate, "deny", "cancel", "snapshot_first"):
					t.Errorf("%s: buttons %v, want %s", byTag[x.n].typed, card.Actions(), gate)
				case gate == "approve":
					x.click("bob", card, gate)
				default:
					x.click("alice", card, gate)
				}
			}
			for _, x := range trials {
				x.cardThat("completed", "2 done")
				for _, id := range x.ids {
					r.sent(id, x.sent)
				}
			}
			for _, id := range late {
				r.sent(id)
			}
			r.honest()
		})
	}
	for _, a := range api.Catalogue() {
		tried := false
		for _, v := range byTag {
			tried = tried || strings.HasPrefix(v.typed, a.Verb()+" ")
		}
		if tried == slices.Contains(ofOneAlone, a.Verb()) {
			t.Errorf("the verb %s by tag: tried %v", a.Verb(), tried)
		}
	}
}

// Several by their names are shown, confirmed and acted on like those of a tag.
func TestSeveralNamedTargets(t *testing.T) {
	r := newRig(t)
	ids := []int{r.droplet("box-1"), r.droplet("box-2")}
	other := r.droplet("box-3")
	r.start()
	o := r.channel("#ops")
	o.slash("alice", "reboot box-1,box-2")
	card := o.card("pending")
	for _, id := range ids {
		if !strings.Contains(card.Words(), fmt.Sprint(id)) {
			t.Errorf("the card does not show Droplet %d: %s", id, card.Words())
		}
	}
	o.click("alice", card, "confirm")
	o.cardThat("completed", "2 done")
	for _, id := range ids {
		r.sent(id, "reboot")
	}
	r.sent(other)
	r.honest()
}

// TestTagsInAnyCase: a tag is the same in any case, in a policy, a list, a target and a
// new Droplet.
func TestTagsInAnyCase(t *testing.T) {
	r := newRig(t)
	r.withPolicy(`version: 1
rules:
  - {name: frozen, when: '"Frozen" in droplet.tags && action.danger != "safe"', deny: "Frozen solid."}
  - {name: cold, when: 'droplet.tags.exists(t, t.startsWith("COLD-")) && action.danger != "safe"', deny: "Cold."}
`)
	r.start()
	o := r.channel("#ops")
	frozen, cold := r.droplet("box-1", "FROZEN"), r.droplet("box-2", "cold-1")
	o.refused("alice", "Frozen solid.", func() { o.slash("alice", "power-off box-1") })
	o.refused("alice", "Cold.", func() { o.slash("alice", "power-off box-2") })
	o.refused("alice", "Frozen solid.", func() { o.slash("alice", "power-off tag:frozen") })
	o.slash("alice", "list --tag Frozen")
	o.told("alice", "box-1")
	o.slash("alice", "list tag:COLD-1")
	o.told("alice", "box-2")
	r.sent(frozen)
	r.sent(cold)
	o.slash("alice", "create box-3"+ofAKind+" --tags frozen,Frozen")
	r.wait("the new Droplet", func(*simslack.Snapshot) bool { return len(r.named("box-3")) == 1 })
	if tags := r.named("box-3")[0].Tags; len(tags) != 1 || tags[0] != "FROZEN" {
		t.Errorf("the new Droplet has the tags %v", tags)
	}
}
