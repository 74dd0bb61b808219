package main

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	simdo "dropletops/internal/sim/digitalocean"
)

// A comma with a space beside it goes on with a list: nothing else is created.
func TestAListWithSpacesIsOneList(t *testing.T) {
	r := newRig(t).start()
	o := r.channel("#ops")
	o.slash("alice", "create new-1"+ofAKind+" --tags web, prod --timeout 10 m")
	o.card("completed")
	ds := r.named("new-1")
	if len(ds) != 1 || !slices.Equal(ds[0].Tags, []string{"web", "prod"}) || len(r.named("prod")) != 0 || len(r.named("m")) != 0 || len(r.creates()) != 1 {
		t.Errorf("created %+v, %d POSTs", ds, len(r.creates()))
	}
	r.honest()
}

// Each of several Droplets gets a snapshot that is named after itself.
func TestSnapshotsByTagAreNamedAfterTheirDroplets(t *testing.T) {
	r := newRig(t)
	ids := []int{r.droplet("snap-a", "snap"), r.droplet("snap-b", "snap")}
	r.start()
	o := r.channel("#ops")
	o.slash("alice", "snapshot tag:snap")
	o.click("alice", o.card("pending"), "confirm")
	o.cardThat("completed", "2 done")
	for i, id := range ids {
		taken := r.do.Snapshots(id)
		if name := []string{"snap-a", "snap-b"}[i]; len(taken) != 1 || !strings.HasPrefix(taken[0].Name, name+"-20") {
			t.Errorf("the snapshots of %s: %+v", name, taken)
		}
	}
	r.honest()
}

// What DigitalOcean would refuse is refused before anyone has to decide.
func TestRefusedBeforeAnyoneDecides(t *testing.T) {
	r := newRig(t)
	locked := r.droplet("locked-1")
	r.must(r.do.SetLocked(locked, true))
	r.droplet("box-1")
	r.do.AddDroplet("web-tor", "tor1", "s-1vcpu-1gb", "debian-12-x64")
	images := r.do.AddImages(2, "mine")
	r.do.SetImageStatus(images[0], "retired")
	r.do.SetImageStatus(images[1], "pending")
	r.start()
	o := r.channel("#ops")
	for words, says := range map[string]string{
		"enable-ipv6 box-1":                          "enables IPv6 only on one that is off",
		"rebuild locked-1 ubuntu-24-04-x64":          "Contact DigitalOcean's support",
		"rebuild box-1 " + strconv.Itoa(images[0]):   "is retired",
		"rebuild box-1 " + strconv.Itoa(images[1]):   "is not ready yet",
		"resize web-tor gpu-l40sx1-48gb":             "is a size with a GPU",
		"enable-backups box-1 --plan daily --hour 5": "it is one of 0, 4, 8, 12, 16, 20",
	} {
		o.refused("alice", says, func() { o.slash("alice", words) })
	}
	r.cardCount(0)
	r.honest()
}

// A 409 waits in line like a 422 for a pending event.
func TestAConflictWaitsInLine(t *testing.T) {
	r := newRig(t)
	id := r.droplet("box-1")
	r.start()
	f := r.do.Inject(simdo.Fault{Match: simdo.Match{Method: http.MethodPost, Path: "/v2/droplets/" + strconv.Itoa(id) + "/actions"},
		Answer: simdo.Refuse(http.StatusConflict, "conflict", "The resource is being changed.")})
	o := r.channel("#ops")
	o.slash("alice", "reboot box-1")
	r.struck(f)
	o.card("completed")
	r.sent(id, "reboot")
	r.honest()
}

// Whether backups are on is what the policy's endpoint says, whatever the features lack.
func TestThePolicyEndpointDecides(t *testing.T) {
	r := newRig(t)
	id := r.droplet("box-1")
	backedUp(r, id)
	r.must(r.do.Alter(id, func(d *simdo.Droplet) {
		d.Features = slices.DeleteFunc(slices.Clone(d.Features), func(f string) bool { return f == "backups" })
	}))
	r.start()
	o := r.channel("#ops")
	o.slash("alice", "change-backup-policy box-1 --plan weekly --weekday WED --hour 8")
	o.card("completed")
	o.refused("alice", "has automatic backups already", func() { o.slash("alice", "enable-backups box-1") })
	r.sent(id, "change_backup_policy")
	r.honest()
}
