package main

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	simdo "dropletops/internal/sim/digitalocean"
)

// restoreChange is what happens to the restore points that a card names while it waits.
type restoreChange struct {
	words          string // {} is the Droplet
	before, change func(r *rig, id int)
	shows          string // what the card says of it; empty if it is no difference
}

const dayOld = 24 * time.Hour

// deleted deletes the Droplet's newest snapshot.
func deleted(r *rig, id int) { r.must(r.do.DeleteImage(r.do.Snapshots(id)[0].ID)) }

var restoreChanges = map[string]restoreChange{
	"the snapshot is deleted": {"rebuild {} ubuntu-22-04-x64", func(r *rig, id int) { r.do.AddSnapshot(id, "before", dayOld) },
		deleted, "latest snapshot: before ("},
	"another snapshot is the newest": {"rebuild {} ubuntu-22-04-x64", func(r *rig, id int) { r.do.AddSnapshot(id, "before", dayOld) },
		func(r *rig, id int) { r.do.AddSnapshot(id, "after", 0) }, ") → after ("},
	"another backup is the newest": {"rebuild {} ubuntu-22-04-x64", func(r *rig, id int) { r.do.AddBackup(id, dayOld) },
		func(r *rig, id int) { r.do.AddBackup(id, 0) }, "latest backup: "},
	"of a destroy": {"destroy {}", func(r *rig, id int) { r.do.AddSnapshot(id, "before", dayOld) },
		deleted, "latest snapshot: before ("},
	"a backup that a destroy deletes": {"destroy {}", func(r *rig, id int) { r.do.AddBackup(id, dayOld) },
		func(r *rig, id int) { r.do.AddBackup(id, 0) }, ""},
	"the first one is made": {"rebuild {} ubuntu-22-04-x64", func(*rig, int) {},
		func(r *rig, id int) { r.do.AddSnapshot(id, "after", 0) }, ""},
	"the lists lag behind": {"rebuild {} ubuntu-22-04-x64", func(r *rig, id int) { r.do.AddSnapshot(id, "before", dayOld) },
		func(r *rig, id int) {
			r.do.Inject(simdo.Fault{Match: simdo.Match{Method: "GET", Path: "/v2/droplets/" + strconv.Itoa(id) + "/snapshots"}, Times: simdo.Always,
				Answer: &simdo.Answer{Status: http.StatusOK, Body: `{"snapshots":[],"links":{},"meta":{"total":0}}`}})
		}, ""},
}

// TestRestorePointsAreBound: whoever approves something destructive relies on the backup
// or snapshot that the card names.
func TestRestorePointsAreBound(t *testing.T) {
	for name, c := range restoreChanges {
		t.Run(name, func(t *testing.T) {
			r := newRig(t).start()
			o, id := r.channel("#ops"), r.droplet("box")
			c.before(r, id)
			o.slash("alice", strings.ReplaceAll(c.words, "{}", "box"))
			card := o.card("pending")
			c.change(r, id)
			o.click("bob", card, "approve")
			if c.shows != "" {
				card = o.cardThat("pending", "Changed since it was decided")
				if !strings.Contains(card.Words(), c.shows) {
					t.Errorf("the card lacks %q:\n%s", c.shows, card.Words())
				}
				if n := len(r.deletes()); n != 0 {
					t.Errorf("%d Droplets were destroyed", n)
				}
				r.sent(id)
				o.click("bob", card, "approve")
			}
			o.card("completed")
			r.honest()
		})
	}
}
