package digitalocean

import (
	"fmt"
	"slices"
	"time"
)

// seed makes the account that the demo and the tests start with. Everything in it follows from the
// seed and the clock at New.
func (w *world) seed(now time.Time) {
	s := &sower{w: w, now: second(now)}
	s.droplets()
	s.images()
	s.volumes()
	s.firewalls()
	s.history()
	s.number()
}

// sower seeds the world at one moment.
type sower struct {
	w   *world
	now time.Time
}

func (s *sower) ago(days int) time.Time { return s.now.AddDate(0, 0, -days) }

// add makes a Droplet that has been there for some days.
func (s *sower) add(name, region, size, image string, days int, tags ...string) *droplet {
	w := s.w
	w.addTags(tags)
	r := &createRequest{
		region: w.region(region), size: w.size(size), image: w.imageBySlug(image), tags: append([]string{}, tags...),
		vpc: w.defaultVPC(region), monitoring: true,
	}
	d := w.make(r, name, s.ago(days))
	lag := w.statusLag
	w.statusLag = 0
	w.boot(d, r, s.ago(days))
	w.statusLag = lag
	created := w.addAction(Action{Status: "completed", Type: "create", StartedAt: s.ago(days), ResourceID: d.real.ID, ResourceType: "droplet", RegionSlug: region}, s.ago(days))
	end := s.ago(days).Add(createDuration)
	created.CompletedAt = &end
	return d
}

func (s *sower) droplets() {
	w := s.w
	s.add("web-1", "nyc3", "s-2vcpu-4gb", "ubuntu-24-04-x64", 210, "web", "production")
	s.add("web-2", "nyc3", "s-2vcpu-4gb", "ubuntu-24-04-x64", 209, "web", "production")
	s.add("web-3", "nyc3", "s-2vcpu-4gb", "ubuntu-22-04-x64", 120, "web", "production")
	db := s.add("db-1", "nyc3", "g-4vcpu-16gb", "debian-12-x64", 400, "db", "production")
	db.policy = newPolicy("daily", "", 4)
	db.change(func(r *Droplet) {
		r.Features = append(r.Features, "backups")
		r.NextBackupWindow = db.policy.next(s.now)
	})
	// Two of one name in different regions: a name does not say which is meant.
	s.add("cache-1", "nyc3", "s-1vcpu-2gb", "debian-12-x64", 90, "cache")
	s.add("cache-1", "fra1", "s-1vcpu-2gb", "debian-12-x64", 60, "cache")
	s.add("staging-1", "fra1", "s-1vcpu-1gb", "debian-12-x64", 45, "staging").change(func(r *Droplet) { r.Status = "off" })
	s.building(s.add("build-7", "sfo3", "c-4", "fedora-42-x64", 0, "ci"))
	s.add("attic-2019", "ams3", "s-1vcpu-1gb", "debian-12-x64", 900).change(func(r *Droplet) { r.Status = "archive" })
	s.legacy(s.add("legacy-1", "ams3", "s-1vcpu-1gb", "debian-12-x64", 2500, "legacy"))
	s.add("gpu-train-1", "tor1", "gpu-h100x1-80gb", "gpu-h100x1-base", 12, "ml")
	// As hostile as a valid name can be: it looks like a flag, a path and a mention to what is careless.
	s.add("x--reason.here.channel.--all", "sgp1", "s-1vcpu-512mb-10gb", "rockylinux-9-x64", 30, "edge", "team:net_ops")
	s.add("bastion", "nyc3", "s-1vcpu-1gb", "debian-13-x64", 300, "production").ignoresACPI = true
	for i, d := range w.droplets {
		// web-1 and web-2 are neighbors, everything else has hardware of its own.
		w.hosts[d.real.ID] = fmt.Sprintf("%s-%03d", d.real.Region.Slug, 100+max(i, 1))
	}
}

// building makes a Droplet new: its create is under way and ends only by FinishAction, so that
// there is one at any time.
func (s *sower) building(d *droplet) {
	w := s.w
	w.actions = w.actions[:len(w.actions)-1]
	w.nextAction--
	networks := d.real.Networks
	d.change(func(r *Droplet) { r.Status, r.Networks = "new", Networks{[]NetworkV4{}, []NetworkV6{}} })
	w.begin(d, "create", s.now, NeverEnds, func(at time.Time) {
		w.changeLate(d, at, func(r *Droplet) { r.Status, r.Networks = "active", networks })
	})
}

// legacy makes a Droplet one from before 2015: kernels of DigitalOcean's, no private network, and an
// image that is retired.
func (s *sower) legacy(d *droplet) {
	for i, version := range []string{"3.13.0-24-generic", "3.13.0-37-generic", "3.13.0-43-generic", "3.13.0-57-generic", "3.13.0-71-generic"} {
		d.kernels = append(d.kernels, Kernel{2924 + 100*i, "Ubuntu 14.04 x64 vmlinuz-" + version, version})
	}
	d.change(func(r *Droplet) {
		r.Kernel = &d.kernels[1]
		r.Features = []string{"virtio"}
		r.Networks.V4 = r.Networks.V4[:1]
		r.VPCUUID = ""
		r.Image = Image{
			ID: 6918990, Name: "14.04 x64", Type: "base", Distribution: "Ubuntu", Public: true, Regions: []string{},
			CreatedAt: d.real.CreatedAt.AddDate(0, -3, 0), MinDiskSize: 10, SizeGigabytes: 0.6, Tags: []string{}, Status: "retired",
		}
	})
}

func (s *sower) named(name string) *droplet {
	for _, d := range s.w.droplets {
		if d.real.Name == name {
			return d
		}
	}
	panic("digitalocean: no seeded Droplet " + name)
}

func (s *sower) images() {
	w := s.w
	db, web := s.named("db-1"), s.named("web-1")
	y, m, day := s.now.UTC().Date()
	last := time.Date(y, m, day, 4, 12, 0, 0, time.UTC) // in the four hours of its policy
	if last.After(s.now) {
		last = last.AddDate(0, 0, -1)
	}
	for _, days := range []int{5, 4, 3, 2, 1, 0} { // oldest first, as they were made
		w.addImageOf(db, "backup", "", last.AddDate(0, 0, -days))
	}
	w.addImageOf(web, "backup", "", s.ago(40)) // from when it still had backups
	w.addImageOf(db, "snapshot", "db-1-before-upgrade", s.ago(33))
	w.addImageOf(web, "snapshot", "web-golden", s.ago(75))
	w.addImageOf(web, "snapshot", "web-1 before 24.04", s.ago(140))
	w.addImage(Image{
		Name: "appliance.qcow2", Type: "custom", Distribution: "Unknown", Regions: []string{"nyc3"}, CreatedAt: s.ago(20),
		MinDiskSize: 20, SizeGigabytes: 2.34, Description: "firewall appliance", Tags: []string{"edge"}, Status: "available",
	}, s.ago(20))
}

func (s *sower) volumes() {
	w := s.w
	db := s.named("db-1")
	data := &Volume{
		ID: "506f78a4-e098-11e5-ad9f-000f53306ae1", Name: "db-1-data", Description: "PostgreSQL", SizeGigabytes: 200, CreatedAt: s.ago(400),
		DropletIDs: []int{db.real.ID}, Tags: []string{"db"}, Region: db.real.Region, FilesystemType: "ext4", FilesystemLabel: "data",
	}
	data.snapshots = []Snapshot{{
		"82a48a18-873f-11e6-96bf-000f53315a41", "db-1-data-weekly", s.ago(4), []string{"nyc3"}, 200, 61.5, data.ID, "volume", []string{},
	}}
	spare := &Volume{
		ID: "7724db7c-e098-11e5-b522-000f53304e51", Name: "spare", SizeGigabytes: 50, CreatedAt: s.ago(15),
		DropletIDs: []int{}, Tags: []string{}, Region: db.real.Region, FilesystemType: "ext4", FilesystemLabel: "",
	}
	w.volumes = append(w.volumes, data, spare)
	db.change(func(r *Droplet) { r.VolumeIDs = []string{data.ID} })
}

// history is what was done in the last weeks, so that there is a usual time to show. Its durations
// scatter around the usual ones, scaled by the Server's speed as those to come are.
func (s *sower) history() {
	w := s.w
	kinds := []string{"reboot", "reboot", "reboot", "power_cycle", "shutdown", "power_on", "snapshot", "power_off", "power_on", "password_reset"}
	day := 30
	for _, name := range []string{"web-1", "web-2", "web-3", "db-1", "bastion", "gpu-train-1"} {
		d := s.named(name)
		for i, kind := range kinds {
			start := s.ago(day).Add(time.Duration(i)*17*time.Hour + time.Duration(w.rand.IntN(3600))*time.Second)
			a := w.addAction(Action{Status: "completed", Type: kind, StartedAt: start, ResourceID: d.real.ID, ResourceType: "droplet", RegionSlug: d.real.Region.Slug}, start)
			end := second(start.Add(time.Second + time.Duration(float64(w.duration(kind))*(0.8+0.4*w.rand.Float64()))))
			a.CompletedAt = &end
			if name == "web-3" && i == 2 {
				a.Status = "errored"
			}
		}
		day -= 2
	}
	a := w.addAction(Action{Status: "completed", Type: "attach_volume", StartedAt: s.ago(4), ResourceID: 9338, ResourceType: "volume", RegionSlug: "nyc3"}, s.ago(4))
	end := s.ago(4).Add(6 * time.Second)
	a.CompletedAt = &end
}

// number gives the actions their IDs in the order in which they started, as DigitalOcean counts.
func (s *sower) number() {
	actions := s.w.actions
	slices.SortStableFunc(actions, func(a, b *action) int { return a.StartedAt.Compare(b.StartedAt) })
	first := s.w.nextAction - len(actions)
	for i, a := range actions {
		a.ID = first + i
	}
}
