package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	simdo "dropletops/internal/sim/digitalocean"
	simslack "dropletops/internal/sim/slack"
)

const operating = "Operate a Droplet"

// form waits until the modal that a person has open has these fields.
func (r *rig) form(user string, fields ...string) *simslack.View {
	r.t.Helper()
	var found *simslack.View
	r.wait(fmt.Sprintf("%s to have a modal open with %v", user, fields), func(s *simslack.Snapshot) bool {
		v := s.Modal(user)
		if v == nil || v.Title["text"] != operating || !slices.Equal(inputsOf(v), fields) {
			return false
		}
		found = v
		return true
	})
	return found
}

// inputsOf are the action_ids of a modal's inputs.
func inputsOf(v *simslack.View) []string {
	var out []string
	for _, b := range v.Blocks {
		if e, ok := b["element"].(map[string]any); ok && b["type"] == "input" {
			out = append(out, str(e["action_id"]))
		}
	}
	return out
}

// offered types into a menu of a modal until it offers something, and answers its
// values: on a busy machine the first list may not be there in time.
func (r *rig) offered(user string, v *simslack.View, field, typed string) []string {
	r.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		d, err := r.slack.Suggest(simslack.Click{User: user, ViewID: v.ID, ActionID: field}, typed)
		r.must(err)
		var out []string
		for _, o := range r.acked(d).Options {
			out = append(out, str(o["value"]))
		}
		if len(out) > 0 {
			return out
		}
	}
	r.t.Fatalf("the menu %s offers nothing for %q", field, typed)
	return nil
}

// chooses makes a choice in a modal that its fields follow.
func (r *rig) chooses(user string, v *simslack.View, field, value string) {
	r.t.Helper()
	d, err := r.slack.Click(simslack.Click{User: user, ViewID: v.ID, ActionID: field, Choose: []string{value}})
	r.must(err)
	r.acked(d)
}

// send submits a modal, and answers what became of it.
func (r *rig) send(user string, v *simslack.View, fill simslack.Fill) *simslack.Delivery {
	r.t.Helper()
	d, err := r.slack.SubmitView(user, v.ID, fill)
	r.must(err)
	r.acked(d)
	return d
}

func (r *rig) closed(user string) {
	r.t.Helper()
	r.wait("no modal of "+user, func(s *simslack.Snapshot) bool { return s.Modal(user) == nil })
}

func TestAnActionIsPutTogetherInAModal(t *testing.T) {
	r := newRig(t).start()
	id := r.droplet("box-1")
	r.slash("alice", "#ops", "/droplet")
	v := r.form("alice", "verb", "target", "reason")
	r.chooses("alice", v, "verb", "rebuild")
	v = r.form("alice", "verb", "target", "arg.image", "arg.snapshot_first", "reason")
	if got := r.offered("alice", v, "target", "box"); !slices.Equal(got, []string{strconv.Itoa(id)}) {
		t.Fatalf("the menu of Droplets offers %v", got)
	}
	r.chooses("alice", v, "target", strconv.Itoa(id))
	v = r.form("alice", "verb", "target", "arg.image", "arg.snapshot_first", "confirm", "reason")
	if got := r.offered("alice", v, "arg.image", "debian-13"); !slices.Equal(got, []string{"debian-13-x64"}) {
		t.Fatalf("the menu of images offers %v", got)
	}
	r.send("alice", v, simslack.Fill{"arg.image": {"debian-13-x64"}, "confirm": {"box-2"}, "reason": {"the disk is full"}})
	r.wait("the error at its field", func(s *simslack.Snapshot) bool {
		m := s.Modal("alice")
		return m != nil && m.Errors["confirm@"+strconv.Itoa(id)] == "That is not what it is called: box-1."
	})
	if n := len(cards(r.slack.Snapshot())); n != 0 {
		t.Fatalf("%d cards of what was wrong", n)
	}
	d := r.send("alice", v, simslack.Fill{"confirm": {"box-1"}})
	r.closed("alice")
	card := r.card("pending")
	if card.Channel != "C0OPS" || !strings.Contains(card.Words(), "the disk is full") || !strings.Contains(card.Words(), "box-1") {
		t.Errorf("the card in %s: %s", card.Channel, card.Words())
	}
	r.slack.Redeliver(d, true)
	r.click("bob", card, "approve")
	r.card("completed")
	r.cardCount(1)
	r.sent(id, "rebuild")
	r.honest()
}

// What is typed already stands in the modal, and menus offer what fits this Droplet.
func TestAModalOffersWhatFits(t *testing.T) {
	r := newRig(t).start()
	id, other := r.droplet("box-1"), r.droplet("box-2")
	mine := r.do.AddBackup(id, 48*time.Hour)
	theirs := r.do.AddBackup(other, 24*time.Hour)
	r.slash("alice", "#ops", "/droplet restore box-1")
	v := r.form("alice", "verb", "target", "arg.image", "arg.snapshot_first", "reason")
	if got := r.offered("alice", v, "arg.image", ""); !slices.Equal(got, []string{strconv.Itoa(mine)}) {
		t.Errorf("backups of box-1: %v, want %d alone", got, mine)
	}
	r.offered("alice", v, "target", "box-2")
	r.chooses("alice", v, "target", strconv.Itoa(other))
	v = r.form("alice", "verb", "target", "arg.image", "arg.snapshot_first", "confirm", "reason")
	if got := r.offered("alice", v, "arg.image", ""); !slices.Equal(got, []string{strconv.Itoa(theirs)}) {
		t.Errorf("backups of box-2: %v, want %d alone", got, theirs)
	}
	r.chooses("alice", v, "verb", "resize")
	v = r.form("alice", "verb", "target", "arg.size", "arg.disk", "arg.snapshot_first", "reason")
	by := map[string]simdo.Size{}
	for _, s := range r.do.Sizes() {
		by[s.Slug] = s
	}
	d, _ := r.do.Droplet(other)
	sizes := r.offered("alice", v, "arg.size", "")
	for _, slug := range sizes {
		if s := by[slug]; s.Disk < d.Disk || !slices.Contains(s.Regions, d.Region.Slug) {
			t.Errorf("%s is offered to a Droplet of %d GB in %s: %+v", slug, d.Disk, d.Region.Slug, s)
		}
	}
	if len(sizes) == 0 || len(sizes) == len(by) {
		t.Errorf("%d of %d sizes are offered", len(sizes), len(by))
	}
	r.noViolations()
}

func TestADropletIsCreatedInAModal(t *testing.T) {
	r := newRig(t)
	spare := r.do.AddVolume("box-data", "fra1", 20)
	r.start()
	r.slash("alice", "#ops", "/droplet create box-7")
	var v *simslack.View
	r.wait("the fields of create", func(s *simslack.Snapshot) bool {
		v = s.Modal("alice")
		return v != nil && slices.Contains(inputsOf(v), "names")
	})
	if got := r.offered("alice", v, "arg.region", "frankfurt"); !slices.Equal(got, []string{"fra1"}) {
		t.Fatalf("the menu of regions offers %v", got)
	}
	r.chooses("alice", v, "arg.region", "fra1")
	r.wait("the lists to follow", func(s *simslack.Snapshot) bool {
		v = s.Modal("alice")
		return v != nil && strings.Contains(v.PrivateMetadata, `"region":"fra1"`)
	})
	sizes := r.offered("alice", v, "arg.size", "s-1vcpu")
	images := r.offered("alice", v, "arg.image", "debian-13")
	keys := r.offered("alice", v, "arg.ssh-keys", "ben")
	nets := r.offered("alice", v, "arg.vpc", "default")
	volumes := r.offered("alice", v, "arg.volumes", "")
	if len(keys) != 1 || len(nets) != 1 || !slices.Equal(volumes, []string{spare}) {
		t.Fatalf("offered are the keys %v, the VPCs %v and the volumes %v", keys, nets, volumes)
	}
	r.send("alice", v, simslack.Fill{"arg.size": sizes[:1], "arg.image": images[:1], "arg.ssh-keys": keys, "arg.vpc": nets, "arg.volumes": volumes})
	r.closed("alice")
	card := r.card("completed")
	if d := r.do.DropletNamed("box-7"); d.Region.Slug != "fra1" || d.SizeSlug != sizes[0] || d.VPCUUID != nets[0] || !slices.Equal(d.VolumeIDs, volumes) {
		t.Errorf("made %+v", d)
	}
	for _, part := range []string{"SSH keys:* ben (", "VPC:* default-fra1 (", "Volumes:* box-data ("} {
		if !strings.Contains(card.Words(), part) {
			t.Errorf("the card lacks %q: %s", part, card.Words())
		}
	}
	r.noViolations()
}

// Neither the trigger nor the menus wait for a DigitalOcean that does not answer, and
// what can't be checked is not lost.
func TestModalsWhileDigitalOceanHangs(t *testing.T) {
	r := newRig(t).start()
	id := r.droplet("box-1")
	warm := func() {
		r.slash("alice", "#ops", "/droplet rebuild")
		v := r.form("alice", "verb", "target", "arg.image", "arg.snapshot_first", "reason")
		r.offered("alice", v, "target", "box")
		r.offered("alice", v, "arg.image", "debian")
		_, err := r.slack.CloseView("alice", v.ID, true)
		r.must(err)
	}
	warm()
	r.do.Inject(simdo.Fault{Match: simdo.Match{Method: http.MethodGet, Path: "/v2/**"}, Hang: true, Times: simdo.Always})
	began := time.Now()
	r.slash("alice", "#ops", "/droplet rebuild box-1")
	v := r.form("alice", "verb", "target", "arg.image", "arg.snapshot_first", "reason")
	if got := r.offered("alice", v, "arg.image", "debian-13"); !slices.Equal(got, []string{"debian-13-x64"}) {
		t.Errorf("from the cache: %v", got)
	}
	t.Logf("opened and searched in %s", time.Since(began))
	r.send("alice", v, simslack.Fill{"arg.image": {"debian-13-x64"}})
	r.closed("alice")
	if n := len(cards(r.slack.Snapshot())); n != 0 {
		t.Fatalf("%d cards of what could not be looked up", n)
	}
	r.kill() // between the acknowledgement and the request
	r.do.ClearFaults()
	r.start()
	if card := r.card("pending"); !strings.Contains(card.Words(), "box-1") {
		t.Errorf("the card: %s", card.Words())
	}
	r.cardCount(1)
	// Another that could not be checked turns out to be wrong: the asker is told.
	r.slash("alice", "#ops", "/droplet rename box-1")
	v = r.form("alice", "verb", "target", "arg.name", "reason")
	f := r.do.Inject(simdo.Fault{Match: simdo.Match{Method: http.MethodGet, Path: "/v2/**"}, Hang: true, Times: simdo.Always})
	r.send("alice", v, simslack.Fill{"arg.name": {"box-9"}})
	r.closed("alice")
	r.must(r.do.Destroy(id))
	f.Remove()
	r.told("alice", "is gone: DigitalOcean knows none by it any more")
	r.cardCount(1)
	r.noViolations()
}

// Whoever is shown an error since the acknowledgement was lost submits once more:
// that has no second effect.
func TestAModalIsSubmittedOnce(t *testing.T) {
	r := newRig(t).start()
	id := r.droplet("box-1")
	r.slash("alice", "#ops", "/droplet reboot")
	v := r.form("alice", "verb", "target", "reason")
	r.offered("alice", v, "target", "box-1")
	d := r.send("alice", v, simslack.Fill{"target": {strconv.Itoa(id)}})
	r.card("completed")
	var again map[string]any
	r.must(json.Unmarshal(d.Payload, &again))
	again["trigger_id"] = "another"
	r.acked(r.slack.Inject("interactive", again, true))
	r.slash("alice", "#ops", "/droplet rename box-1 box-9")
	r.nthCard(1, "completed")
	r.cardCount(2)
	r.sent(id, "reboot", "rename")
}

func TestShortcutOnAMessage(t *testing.T) {
	r := newRig(t).start()
	id, o := r.droplet("box-1"), r.channel("#incidents")
	root, _, err := r.slack.Say("bob", "#incidents", "", "box-1 does not answer")
	r.must(err)
	shortcut := func(user string) {
		d, err := r.slack.MessageShortcut(user, "#incidents", root.TS, "operate")
		r.must(err)
		r.acked(d)
	}
	shortcut("alice")
	v := r.form("alice", "verb", "target", "reason")
	r.chooses("alice", v, "verb", "reboot")
	r.send("alice", v, nil) // the message speaks of one Droplet
	if card := o.card("completed"); card.ThreadTS != root.TS {
		t.Errorf("the card stands in the thread %q", card.ThreadTS)
	}
	o.refused("guest", "guest in this workspace", func() { shortcut("guest") })
	o.refused("guest", "guest in this workspace", func() { o.slash("guest", "rebuild box-1") })
	if r.slack.Snapshot().Modal("guest") != nil {
		t.Error("a guest has a modal open")
	}
	r.sent(id, "reboot")
	r.honest()
}
