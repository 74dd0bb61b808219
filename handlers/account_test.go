package handlers

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/sim/digitalocean"
)

// The look-ups are those of the one client of DigitalOcean.
var (
	_ Droplets   = (*api.Client)(nil)
	_ Images     = (*api.Client)(nil)
	_ Actions    = (*api.Client)(nil)
	_ Records    = (*api.Client)(nil)
	_ Account    = (*api.Client)(nil)
	_ Details    = (*api.Client)(nil)
	_ Protection = (*api.Client)(nil)
)

// The same on the real client, and a DigitalOcean on loopback.
func TestOnRealLookUps(t *testing.T) {
	world := digitalocean.New(digitalocean.Options{Seed: 1, Speed: math.Inf(1)})
	if err := world.Start(""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(world.Close)
	b := newBench(t)
	client, err := api.New(api.Config{Token: "dop_v1_test", BaseURL: world.URL(), PerMinute: 6000, Now: time.Now, Log: b.Log})
	if err != nil {
		t.Fatal(err)
	}
	b.Lookup.Droplets, b.Lookup.Names = client, client
	b.Droplets, b.Images, b.Actions, b.Account, b.Details, b.Records = client, client, client, client, client, client

	for _, tc := range []struct{ text, begins string }{
		{"reboot wbe-1", "No Droplet is called `wbe-1`: did you mean `web-1`"},
		{"reboot cache-1", "2 Droplets are called `cache-1`. Which one do you want to reboot?"},
		{"reboot 1", "No Droplet has the ID `1`."},
		{"reboot staging-1", "staging-1 is off, so there is nothing to reboot."},
		{"reboot tag:nobody", "No Droplet bears the tag `nobody`."},
		{"rebuild web-1 no-such-image", "There is no image `no-such-image`"},
		{"restore db-1 1", "`1` is no backup of `db-1`. It has these:\n• "},
		{"restore web-2 1", "`1` is no backup of `web-2`, which has none."},
		{"reboot x--reason.here.channel.--all --force", "`reboot` has no flag `--force`."},
	} {
		if r := b.do(b.slash("UALICE", tc.text)); !strings.HasPrefix(r.Message.Text, tc.begins) {
			t.Errorf("%s: said %q", tc.text, r.Message.Text)
		}
	}
	if len(b.store.order) != 0 {
		t.Fatalf("%d requests were made", len(b.store.order))
	}

	r := b.asks(b.slash("UALICE", "rebuild DB-1 ubuntu-24-04-x64"))
	if r.State != approvals.Pending || r.Image == nil || r.Image.Slug != "ubuntu-24-04-x64" || r.Image.ID == 0 || r.Rescue == nil || r.Rescue.Backup == nil {
		t.Errorf("asks for %+v", r)
	}
	backup := r.Rescue.Backup
	r = b.asks(b.slash("UALICE", fmt.Sprintf("restore db-1 %d", backup.ID)))
	if r.Image.ID != backup.ID || r.Image.Kind != "backup" {
		t.Errorf("restores %+v", r.Image)
	}
	r = b.asks(b.slash("UALICE", "reboot gpu-train-1"))
	if !r.Targets[0].Droplet.GPU || r.State != approvals.Running {
		t.Errorf("asks for %+v", r)
	}
	r = b.asks(b.slash("UALICE", "power-off tag:web"))
	if len(r.Targets) != 3 || r.State != approvals.Pending || r.Verdict.Outcome != approvals.Approve {
		t.Errorf("asks for %+v", r)
	}
	r = b.asks(b.slash("UALICE", "reboot x--reason.here.channel.--all"))
	if r.Reason != "" || r.Targets[0].Droplet.Name != "x--reason.here.channel.--all" {
		t.Errorf("asks for %+v", r)
	}
	for _, p := range world.Posts() {
		t.Errorf("something was sent: %+v", p)
	}
}
