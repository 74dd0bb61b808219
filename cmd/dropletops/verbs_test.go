package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"dropletops/api"
	simdo "dropletops/internal/sim/digitalocean"
	simslack "dropletops/internal/sim/slack"
)

// verb is a changing verb as someone types it, and what comes of it.
type verb struct {
	typed string // {backup} stands for the ID of a backup, {image} for that of an image
	ready func(r *rig, id int)
	gate  string // what it meets: runs at once, confirm, approve
	body  string // that DigitalOcean accepts; the same for {backup} and {image}
	after func(d simdo.Droplet) bool
}

const atOnce = "runs at once"

func off(r *rig, id int) { r.must(r.do.SetStatus(id, "off")) }

func is(status string) func(simdo.Droplet) bool {
	return func(d simdo.Droplet) bool { return d.Status == status }
}

// backedUp turns backups on as someone in the control panel does.
func backedUp(r *rig, id int) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), "POST", fmt.Sprintf("%sv2/droplets/%d/actions", r.do.URL(), id), strings.NewReader(`{"type":"enable_backups"}`))
	r.must(err)
	req.Header.Set("Authorization", "Bearer dop_v1_test")
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	r.must(err)
	r.must(resp.Body.Close())
	r.must(r.do.WaitFor(r.t.Context(), func() bool { return hasFeature("backups")(dropletOf(r, id)) }))
	r.do.ForgetRequests()
}

// notPrivate makes it one from before there were VPCs.
func notPrivate(r *rig, id int) {
	r.must(r.do.Alter(id, func(d *simdo.Droplet) {
		d.Features, d.VPCUUID, d.Networks.V4 = []string{"monitoring"}, "", d.Networks.V4[:1]
		d.Networks.V4[0].Type = "public"
	}))
}

func dropletOf(r *rig, id int) simdo.Droplet {
	d, _ := r.do.Droplet(id)
	return d
}

func hasFeature(name string) func(simdo.Droplet) bool {
	return func(d simdo.Droplet) bool {
		return strings.Contains(" "+strings.Join(d.Features, " ")+" ", " "+name+" ")
	}
}

func hasNot(name string) func(simdo.Droplet) bool {
	return func(d simdo.Droplet) bool { return !hasFeature(name)(d) }
}

// verbs are all of the catalogue, with every parameter, in groups that go on side
// by side in one rig each.
var verbs = map[string][]verb{
	"power": {
		{typed: "reboot", gate: atOnce, body: `{"type":"reboot"}`, after: is("active")},
		{typed: "power-cycle", gate: atOnce, body: `{"type":"power_cycle"}`, after: is("active")},
		{typed: "shutdown", gate: atOnce, body: `{"type":"shutdown"}`, after: is("off")},
		{typed: "power-off", gate: atOnce, body: `{"type":"power_off"}`, after: is("off")},
		{typed: "stop", gate: atOnce, body: `{"type":"shutdown"}`, after: is("off")},
		{typed: "power-on", ready: off, gate: atOnce, body: `{"type":"power_on"}`, after: is("active")},
		{typed: "enable-ipv6", ready: off, gate: "confirm", body: `{"type":"enable_ipv6"}`, after: hasFeature("ipv6")},
	},
	"shape": {
		{typed: "resize {} s-1vcpu-2gb", ready: off, gate: atOnce, body: `{"type":"resize","size":"s-1vcpu-2gb","disk":false}`,
			after: func(d simdo.Droplet) bool { return d.SizeSlug == "s-1vcpu-2gb" && d.Disk == 25 }},
		{typed: "resize {} s-1vcpu-2gb --disk", ready: off, gate: "approve", body: `{"type":"resize","size":"s-1vcpu-2gb","disk":true}`,
			after: func(d simdo.Droplet) bool { return d.SizeSlug == "s-1vcpu-2gb" && d.Disk == 50 }},
		{typed: "rename {} web-9.example.com", gate: atOnce, body: `{"type":"rename","name":"web-9.example.com"}`,
			after: func(d simdo.Droplet) bool { return d.Name == "web-9.example.com" }},
		{typed: "change-kernel legacy-1 3124", gate: atOnce, body: `{"type":"change_kernel","kernel":3124}`,
			after: func(d simdo.Droplet) bool { return d.Kernel != nil && d.Kernel.ID == 3124 }},
		{typed: "enable-private-networking", ready: notPrivate, gate: atOnce, body: `{"type":"enable_private_networking"}`, after: hasFeature("private_networking")},
	},
	"image": {
		{typed: "rebuild {} ubuntu-24-04-x64", gate: "approve", body: `{"type":"rebuild","image":{image}}`,
			after: func(d simdo.Droplet) bool { return d.Image.Slug != nil && *d.Image.Slug == "ubuntu-24-04-x64" }},
		{typed: "rebuild {} {image}", gate: "approve", body: `{"type":"rebuild","image":{image}}`},
		{typed: "restore {} {backup}", gate: "approve", body: `{"type":"restore","image":{backup}}`,
			after: func(d simdo.Droplet) bool { return d.Image.Type == "backup" }},
		{typed: "password-reset", gate: "approve", body: `{"type":"password_reset"}`},
		{typed: "snapshot {} before-upgrade", gate: atOnce, body: `{"type":"snapshot","name":"before-upgrade"}`,
			after: func(d simdo.Droplet) bool { return len(d.SnapshotIDs) == 1 }},
		{typed: "snapshot", gate: atOnce, body: `{"type":"snapshot","name":"{name}"}`,
			after: func(d simdo.Droplet) bool { return len(d.SnapshotIDs) == 1 }},
	},
	"backups": {
		{typed: "enable-backups", gate: atOnce, body: `{"type":"enable_backups"}`, after: hasFeature("backups")},
		{typed: "enable-backups {} --plan weekly --weekday MON --hour 8", gate: atOnce, after: hasFeature("backups"),
			body: `{"type":"enable_backups","backup_policy":{"plan":"weekly","weekday":"MON","hour":8}}`},
		{typed: "change-backup-policy {} --plan weekly --weekday FRI --hour 20", ready: backedUp, gate: atOnce,
			body: `{"type":"change_backup_policy","backup_policy":{"plan":"weekly","weekday":"FRI","hour":20}}`},
		{typed: "change-backup-policy {} --hour 0 --plan daily", ready: backedUp, gate: atOnce,
			body: `{"type":"change_backup_policy","backup_policy":{"plan":"daily","hour":0}}`},
		{typed: "disable-backups", ready: backedUp, gate: "approve", body: `{"type":"disable_backups"}`, after: hasNot("backups")},
	},
}

func TestEveryChangingVerb(t *testing.T) {
	for group, of := range verbs {
		t.Run(group, func(t *testing.T) { runVerbs(newRig(t), of) })
	}
	typed := map[string]bool{"create": true, "destroy": true} // TestCreate, TestDestroy: no action of a Droplet that is there
	for _, of := range verbs {
		for _, v := range of {
			typed[strings.Fields(v.typed)[0]] = true
		}
	}
	for _, a := range api.Catalogue() {
		if !typed[a.Verb()] {
			t.Errorf("the verb %s of the catalogue is not tried", a.Verb())
		}
	}
}

// trial is a verb under way in a room of its own.
type trial struct {
	room
	verb
	id      int
	name    string
	replace *strings.Replacer
}

func runVerbs(r *rig, all []verb) {
	var trials []*trial
	for i, v := range all {
		x := &trial{verb: v, name: fmt.Sprintf("box-%d", i)}
		if strings.Contains(v.typed, "legacy-1") {
			x.name, x.id = "legacy-1", r.do.DropletNamed("legacy-1").ID
		} else {
			x.id = r.droplet(x.name)
		}
		x.room = r.room("room-" + strconv.Itoa(i))
		x.replace = strings.NewReplacer("{}", x.name, "{image}", strconv.Itoa(publicImage(r, "ubuntu-24-04-x64")),
			"{backup}", strconv.Itoa(r.do.AddBackup(x.id, time.Hour)))
		if v.ready != nil {
			v.ready(r, x.id)
		}
		trials = append(trials, x)
	}
	r.start()
	for _, x := range trials {
		words := x.replace.Replace(x.typed)
		if len(strings.Fields(words)) == 1 {
			words += " " + x.name
		}
		x.slash("alice", words+` --reason "because"`)
	}
	for _, x := range trials {
		x.decide()
	}
	for _, x := range trials {
		x.ended()
	}
	r.honest()
	if n := len(r.do.Posts()); n != len(trials) {
		r.t.Errorf("%d actions were accepted for %d requests", n, len(trials))
	}
}

// decide lets the request through the gate that it must meet.
func (x *trial) decide() {
	x.t.Helper()
	switch x.gate {
	case atOnce:
	case "confirm":
		card := x.card("pending")
		if !hasButtons(card, "confirm", "cancel") {
			x.t.Errorf("%s: buttons %v", x.typed, card.Actions())
		}
		x.sent(x.id)
		x.click("alice", card, "confirm")
	case "approve":
		card := x.card("pending")
		want := []string{"approve", "deny", "cancel"}
		if !strings.HasPrefix(x.typed, "password-reset") {
			want = append(want, "snapshot_first")
		}
		if !hasButtons(card, want...) {
			x.t.Errorf("%s: buttons %v", x.typed, card.Actions())
		}
		x.sent(x.id)
		x.click("bob", card, "approve")
	}
}

// ended waits for the end, and checks what was sent and what is told.
func (x *trial) ended() {
	x.t.Helper()
	card := x.card("completed")
	kind, _, _ := strings.Cut(x.typed, " ")
	_, meta := card.MetadataOf()
	if str(meta["action"]) != strings.ReplaceAll(kind, "-", "_") {
		x.t.Errorf("%s: metadata %v", x.typed, meta)
	}
	for _, part := range []string{kind, x.name, "completed", "<@U0ALICE>"} {
		if !strings.Contains(card.Text, part) {
			x.t.Errorf("%s: the text lacks %q: %s", x.typed, part, card.Text)
		}
	}
	if wasPending(card) != (x.gate != atOnce) {
		x.t.Errorf("%s: it was pending: %v", x.typed, wasPending(card))
	}
	path := fmt.Sprintf("/v2/droplets/%d/actions", x.id)
	posts := x.do.Requests(func(q simdo.Request) bool { return q.Method == "POST" && q.Path == path })
	if len(posts) != 1 || posts[0].Status != http.StatusCreated || len(posts[0].UnknownFields) > 0 {
		x.t.Fatalf("%s: POSTs %+v", x.typed, posts)
	}
	want := x.replace.Replace(x.body)
	if strings.Contains(want, "{name}") {
		made := posts[0].Body
		var got struct{ Name string }
		x.must(json.Unmarshal(made, &got))
		if !strings.HasPrefix(got.Name, x.name+"-") {
			x.t.Errorf("%s: the snapshot is called %q", x.typed, got.Name)
		}
		want = strings.Replace(want, "{name}", got.Name, 1)
	}
	if !sameJSON(x, posts[0].Body, []byte(want)) {
		x.t.Errorf("%s: sent %s, want %s", x.typed, bytes.TrimSpace(posts[0].Body), want)
	}
	if x.after != nil && !x.after(dropletOf(x.rig, x.id)) {
		x.t.Errorf("%s: the Droplet is %+v", x.typed, dropletOf(x.rig, x.id))
	}
}

// wasPending says whether a card ever waited for a decision.
func wasPending(card *simslack.Message) bool {
	for _, v := range card.Versions {
		if stateOf(&simslack.Message{Metadata: v.Metadata}) == "pending" {
			return true
		}
	}
	return false
}

func sameJSON(x *trial, a, b []byte) bool {
	x.t.Helper()
	var va, vb any
	x.must(json.Unmarshal(a, &va))
	x.must(json.Unmarshal(b, &vb))
	return reflect.DeepEqual(va, vb)
}

func publicImage(r *rig, slug string) int {
	for _, im := range r.do.Images() {
		if im.Slug != nil && *im.Slug == slug {
			return im.ID
		}
	}
	r.t.Fatalf("no image %s", slug)
	return 0
}
