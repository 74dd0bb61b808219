package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	simdo "dropletops/internal/sim/digitalocean"
	simslack "dropletops/internal/sim/slack"
)

// deletes are the DELETEs that reached DigitalOcean.
func (r *rig) deletes() []simdo.Request {
	return r.do.Requests(func(q simdo.Request) bool { return q.Method == http.MethodDelete })
}

// A Droplet is destroyed once another person has approved what the card shows: what
// goes, and what stays. It is done when DigitalOcean knows it no more.
func TestDestroy(t *testing.T) {
	r := newRigOn(t, simdo.Options{Speed: speed, DestroyLag: 2 * time.Second})
	db := r.do.DropletNamed("db-1")
	r.start()
	o := r.channel("#ops")
	o.slash("alice", `destroy db-1 --reason "replaced by db-2"`)
	card := o.card("pending")
	for _, part := range []string{"volume db-1-data, $20.00 a month", "volume snapshot db-1-data-weekly", "snapshot db-1-before-upgrade", "Its backups go with it", "replaced by db-2"} {
		if !strings.Contains(card.Words(), part) {
			t.Errorf("the card lacks %q: %s", part, card.Words())
		}
	}
	o.refused("alice", "you can't approve it", func() { o.click("alice", card, "approve") })
	if len(r.deletes()) != 0 {
		t.Fatal("it was sent before it was approved")
	}
	o.click("bob", card, "approve")
	o.notes(card, "DigitalOcean has begun: destroy of db-1", "destroy of db-1 is done")
	card = o.card("completed")
	if d := r.deletes(); len(d) != 1 || d[0].Status != http.StatusNoContent || r.do.DropletNamed("db-1").ID != 0 {
		t.Errorf("DELETEs: %+v", d)
	}
	if !strings.Contains(card.Words(), "Left behind") || !strings.Contains(card.Words(), "gone") {
		t.Errorf("the card says %s", card.Words())
	}
	r.sent(db.ID, "destroy")
	r.honest()
	got := strings.Join(told(r.audit(), idOf(card)), ", ")
	if want := "requested U0ALICE, refused U0ALICE, approved U0BOB, dispatching dropletops, accepted dropletops, done dropletops, request completed dropletops"; got != want {
		t.Errorf("the audit log has %s, want %s", got, want)
	}
}

// By tag each is destroyed by its ID, and a Droplet that is tagged later stays.
func TestDestroyByTag(t *testing.T) {
	r := newRigOn(t, simdo.Options{Speed: speed})
	ids := []int{r.droplet("old-1", "old"), r.droplet("old-2", "old")}
	r.start()
	o := r.channel("#ops")
	o.slash("alice", "destroy tag:old")
	card := o.card("pending")
	if !hasButtons(card, "approve", "deny", "cancel", "snapshot_first") {
		t.Errorf("buttons: %v", card.Actions())
	}
	late := r.droplet("old-3", "old")
	o.click("bob", card, "approve")
	o.cardThat("completed", "2 done")
	for _, id := range ids {
		r.sent(id, "destroy")
	}
	if _, there := r.do.Droplet(late); !there {
		t.Error("a Droplet that was tagged later was destroyed")
	}
	r.honest()
}

// What is attached to the Droplet after the approval makes it begin anew.
func TestDestroyOfWhatChanged(t *testing.T) {
	r := newRigOn(t, simdo.Options{Speed: speed})
	id := r.droplet("box-1")
	r.start()
	o := r.channel("#ops")
	o.slash("alice", "destroy box-1")
	card := o.card("pending")
	r.do.AddSnapshot(id, "the last one", time.Minute)
	o.click("bob", card, "approve")
	card = o.cardThat("pending", "the last one")
	o.notes(card, "needs a fresh decision")
	if len(r.deletes()) != 0 {
		t.Fatal("it was destroyed by a decision on something else")
	}
	o.click("bob", card, "approve")
	o.card("completed")
	r.honest()
}

// What was chosen from a menu has its name typed before anything is asked for.
func TestDestroyOfWhatWasChosen(t *testing.T) {
	r := newRigOn(t, simdo.Options{Speed: speed})
	id := r.do.DropletNamed("cache-1").ID
	r.start()
	o := r.channel("#ops")
	choose := func() {
		menu := o.answer("alice", func() { o.slash("alice", "destroy cache-1") })
		o.choose("alice", menu, id)
	}
	choose()
	o.refused("alice", "you typed `cache-2`", func() { r.submits("alice", "Destroy", simslack.Fill{"name": {"cache-2"}}) })
	if len(o.cards(r.slack.Snapshot())) != 0 {
		t.Fatal("a request was made")
	}
	choose()
	r.submits("alice", "Destroy", simslack.Fill{"name": {"cache-1"}})
	o.click("bob", o.card("pending"), "approve")
	o.card("completed")
	r.sent(id, "destroy")
	r.honest()
}

// The answer to the DELETE is lost with the process: the next one looks, and sends
// nothing.
func TestKillWhileADestroyIsSent(t *testing.T) {
	for name, accepted := range map[string]bool{"accepted": true, "not accepted": false} {
		in(t, name, func(r *rig) {
			r.start()
			f := r.do.Inject(simdo.Fault{Match: simdo.Match{Method: http.MethodDelete}, Hang: true, After: accepted})
			r.slash("alice", "#ops", "/droplet destroy web-1")
			r.click("bob", r.card("pending"), "approve")
			r.struck(f)
			r.kill()
			r.start()
			if accepted {
				r.threadSays(r.card("completed"), "was lost")
			} else {
				r.threadSays(r.card("running"), "was lost")
				r.kill()
				r.later(70 * time.Second)
				r.start()
				card := r.card("unknown")
				if !hasButtons(card, "retry") || !strings.Contains(card.Words(), "still there") {
					r.t.Errorf("%v: %s", card.Actions(), card.Words())
				}
			}
			if n := len(r.deletes()); n != 1 {
				r.t.Errorf("%d DELETEs", n)
			}
			r.noViolations()
		})
	}
}

// What belongs to the Droplet goes with it where that was said: just what the card
// showed, by its IDs.
func TestDestroyWithWhatBelongsToIt(t *testing.T) {
	r := newRigOn(t, simdo.Options{Speed: speed, DestroyLag: 2 * time.Second})
	r.start()
	o := r.channel("#ops")
	o.slash("alice", "destroy db-1 --with volumes,snapshots")
	card := o.card("pending")
	for _, part := range []string{"Destroyed with it, for good", "volume db-1-data, $20.00 a month (`506f78a4-e098-11e5-ad9f-000f53306ae1`)", "snapshot db-1-before-upgrade", "No way back", "Stays, and goes on costing", "volume snapshot db-1-data-weekly"} {
		if !strings.Contains(card.Words(), part) {
			t.Errorf("the card lacks %q: %s", part, card.Words())
		}
	}
	r.do.AddSnapshot(r.do.DropletNamed("db-1").ID, "a late one", time.Minute)
	o.click("bob", card, "approve")
	card = o.cardThat("pending", "a late one")
	if len(r.deletes()) != 0 {
		t.Fatal("it was destroyed by a decision on something else")
	}
	o.click("bob", card, "approve")
	o.cardThat("completed", "gone, too")
	d := r.deletes()
	if len(d) != 1 || !strings.HasSuffix(d[0].Path, "/destroy_with_associated_resources/selective") || d[0].Status != http.StatusAccepted || len(d[0].UnknownFields) > 0 {
		t.Errorf("DELETEs: %+v", d)
	}
	if body := string(d[0].Body); strings.Count(body, ",") != 2 || strings.Contains(body, "volume_snapshots") { // a volume, two snapshots
		t.Errorf("sent %s", body)
	}
	r.honest()
}
