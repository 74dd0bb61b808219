package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	simdo "dropletops/internal/sim/digitalocean"
	simslack "dropletops/internal/sim/slack"
)

// drift is what someone else does to a Droplet behind the card's back.
type drift struct {
	words string // of alice; a rebuild if empty
	// nth is the look at the Droplet, from 1, while which it happens: 1 is the
	// recheck, 2 the last look before the intent. 0 is before the decision.
	nth   int
	do    func(r *rig, id int) error
	shows string // what the card says of it
	ready func(r *rig, id int)
}

var drifts = []drift{
	{nth: 0, shows: "name: {} → db-1", do: func(r *rig, id int) error { return r.do.Rename(id, "db-1") }},
	{nth: 1, shows: "name: {} → db-1", do: func(r *rig, id int) error { return r.do.Rename(id, "db-1") }},
	{nth: 2, shows: "status: active → off", do: func(r *rig, id int) error { return r.do.SetStatus(id, "off") }},
	{nth: 1, shows: "size: s-1vcpu-1gb → s-4vcpu-8gb", do: func(r *rig, id int) error {
		return r.do.Alter(id, func(d *simdo.Droplet) { d.SizeSlug, d.Disk = "s-4vcpu-8gb", 160 })
	}},
	{nth: 1, shows: "image: debian-12-x64 (", do: func(r *rig, id int) error {
		im := r.do.DropletNamed("web-1").Image
		return r.do.Alter(id, func(d *simdo.Droplet) { d.Image = im })
	}},
	{nth: 1, shows: "name: {} → db-1", words: "enable-ipv6 {}", ready: off, do: func(r *rig, id int) error { return r.do.Rename(id, "db-1") }},
}

// drifted is a drift under way.
type drifted struct {
	drift
	room
	id    int
	name  string
	stale *simslack.Message // the card as it was before the drift
}

func TestDriftBeginsTheDecisionAnew(t *testing.T) {
	for i, d := range drifts {
		name := fmt.Sprintf("box-%d", i)
		t.Run(name, func(t *testing.T) {
			r := newRig(t).start()
			x := &drifted{drift: d, room: r.channel("#ops"), name: name, id: r.droplet(name)}
			if d.ready != nil {
				d.ready(r, x.id)
			}
			x.slash("alice", strings.ReplaceAll(cmp.Or(d.words, "rebuild {} ubuntu-22-04-x64"), "{}", name))
			x.happen()
			x.anew()
			r.honest()
			got := told(r.audit(), idOf(x.stale))
			if !slices.Contains(got, "drifted dropletops") || !slices.Contains(got, "refused "+x.decider()) {
				t.Errorf("the audit log: %v", got)
			}
		})
	}
}

// button is what lets it go ahead, and whoever may click it.
func (x *drifted) button() string {
	if x.words == "" {
		return "approve"
	}
	return "confirm"
}

func (x *drifted) decider() string {
	if x.words == "" {
		return "U0BOB"
	}
	return "U0ALICE"
}

// happen lets the drift happen while DigitalOcean is slow to answer.
func (x *drifted) happen() {
	x.t.Helper()
	x.stale = x.card("pending")
	if x.nth == 0 {
		x.must(x.do(x.rig, x.id))
		x.click(x.decider(), x.stale, x.button())
		return
	}
	slow := x.rig.do.Inject(simdo.Fault{Match: simdo.Match{Method: "GET", Path: "/v2/droplets/" + strconv.Itoa(x.id)}, Nth: x.nth, Hang: true})
	x.click(x.decider(), x.stale, x.button())
	x.hit(slow)
	x.must(x.do(x.rig, x.id))
	slow.Release()
}

// anew checks that nothing was done, that what was decided is void, and that a
// fresh decision works.
func (x *drifted) anew() {
	x.t.Helper()
	card := x.cardThat("pending", "Changed since it was decided")
	if shows := strings.ReplaceAll(x.shows, "{}", x.name); !strings.Contains(card.Words(), shows) {
		x.t.Errorf("the card lacks %q:\n%s", shows, card.Words())
	}
	if idOf(card) != idOf(x.stale) || card.TS != x.stale.TS || !slices.Contains(card.Actions(), x.button()) {
		x.t.Errorf("it is not the same card, or can't be decided: %v", card.Actions())
	}
	x.notes(card, "needs a fresh decision")
	x.sent(x.id)
	old := blockOf(x.stale, x.button())
	if old == blockOf(card, x.button()) {
		x.t.Errorf("the buttons stand in the block %q before and after", old)
	}
	x.refused(x.decider(), "changed since", func() { x.force(x.decider(), card, x.button(), old, idOf(card)) })
	x.sent(x.id)
	x.click(x.decider(), card, x.button())
	x.card("completed")
	if n := len(x.rig.do.Posts(x.id)); n != 1 {
		x.t.Errorf("%d actions were sent", n)
	}
}

// blockOf is the ID of the block in which a button stands.
func blockOf(m *simslack.Message, action string) string {
	for _, b := range m.Blocks {
		elements, _ := b["elements"].([]any)
		for _, e := range elements {
			if e, ok := e.(map[string]any); ok && e["action_id"] == action {
				return str(b["block_id"])
			}
		}
	}
	return ""
}

// gone is what is there no more when something was approved.
type gone struct {
	words string // {} is the Droplet, {image} and {backup} are IDs
	do    func(r *rig, id, image, backup int) error
	says  string
}

var goneThings = []gone{
	{"password-reset {}", func(r *rig, id, _, _ int) error { return r.do.Destroy(id) }, "The Droplet is gone"},
	{"rebuild {} {image}", func(r *rig, _, image, _ int) error { return r.do.DeleteImage(image) }, "The image custom-"},
	{"restore {} {backup}", func(r *rig, _, _, backup int) error { return r.do.DeleteImage(backup) }, "The backup "},
}

func TestWhatIsGoneFails(t *testing.T) {
	for _, g := range goneThings {
		t.Run(g.says, func(t *testing.T) {
			r := newFastRig(t, simdo.Options{StatusLag: 2 * time.Second}).start()
			o, id := r.channel("#ops"), r.droplet("box")
			image, backup := r.do.AddImages(1, "custom")[0], r.do.AddBackup(id, 0)
			o.slash("alice", strings.NewReplacer("{}", "box", "{image}", strconv.Itoa(image), "{backup}", strconv.Itoa(backup)).Replace(g.words))
			card := o.card("pending")
			r.must(g.do(r, id, image, backup))
			o.click("bob", card, "approve")
			card = o.card("failed")
			if !strings.Contains(card.Words(), g.says) || !strings.Contains(card.Words(), "gone") {
				t.Errorf("the card lacks %q:\n%s", g.says, card.Words())
			}
			o.notes(card, "nothing was sent")
			r.sent(id)
			r.honest()
		})
	}
}

func TestOneOfSeveralIsGone(t *testing.T) {
	r := newFastRig(t, simdo.Options{StatusLag: 2 * time.Second})
	a, b, c := r.droplet("box-a", "box"), r.droplet("box-b", "box"), r.droplet("box-c", "box")
	o := r.channel("#ops")
	r.start()
	o.slash("alice", "power-off tag:box")
	card := o.card("pending")
	late := r.droplet("box-late", "box") // bears the tag too late
	r.must(r.do.Destroy(b))
	o.click("bob", card, "approve")
	card = o.cardThat("pending", "gone")
	r.sent(a)
	o.click("carol", card, "approve")
	card = o.card("completed")
	if !strings.Contains(card.Text, "2 Droplets tagged box") {
		t.Errorf("the text does not say how many: %s", card.Text)
	}
	r.sent(a, "power_off")
	r.sent(b)
	r.sent(c, "power_off")
	r.sent(late)
	r.honest()
}
