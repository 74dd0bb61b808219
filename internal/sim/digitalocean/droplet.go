package digitalocean

import (
	"slices"
	"strings"
	"time"
)

// Droplet as the API shows it.
type Droplet struct {
	ID               int           `json:"id"`
	Name             string        `json:"name"`
	Memory           int           `json:"memory"` // MiB
	Vcpus            int           `json:"vcpus"`
	Disk             int           `json:"disk"` // GiB
	DiskInfo         []DiskInfo    `json:"disk_info"`
	Locked           bool          `json:"locked"`
	Status           string        `json:"status"` // new, active, off, archive
	Kernel           *Kernel       `json:"kernel"`
	CreatedAt        time.Time     `json:"created_at"`
	Features         []string      `json:"features"`
	BackupIDs        []int         `json:"backup_ids"`
	NextBackupWindow *BackupWindow `json:"next_backup_window"`
	SnapshotIDs      []int         `json:"snapshot_ids"`
	Image            Image         `json:"image"`
	VolumeIDs        []string      `json:"volume_ids"`
	Size             Size          `json:"size"`
	SizeSlug         string        `json:"size_slug"`
	Networks         Networks      `json:"networks"`
	Region           Region        `json:"region"`
	Tags             []string      `json:"tags"`
	VPCUUID          string        `json:"vpc_uuid,omitempty"`
	GPUInfo          *GPUInfo      `json:"gpu_info,omitempty"`
}

// Networks of a Droplet.
type Networks struct {
	V4 []NetworkV4 `json:"v4"`
	V6 []NetworkV6 `json:"v6"`
}

// NetworkV4 is one IPv4 interface.
type NetworkV4 struct {
	IPAddress string `json:"ip_address"`
	Netmask   string `json:"netmask"`
	Gateway   string `json:"gateway"`
	Type      string `json:"type"` // public or private
}

// NetworkV6 is one IPv6 interface; DigitalOcean has public ones only.
type NetworkV6 struct {
	IPAddress string `json:"ip_address"`
	Netmask   int    `json:"netmask"`
	Gateway   string `json:"gateway"`
	Type      string `json:"type"`
}

// PublicIPv4 is the first public address, empty while there is none.
func (d Droplet) PublicIPv4() string {
	for _, n := range d.Networks.V4 {
		if n.Type == "public" {
			return n.IPAddress
		}
	}
	return ""
}

// droplet is a Droplet as it is and as the API shows it, which trails by the status lag.
type droplet struct {
	w      *world
	trails trails
	real   Droplet
	shown  Droplet
	// rev counts the changes of real; shownRev is the one that shown is at, so that a late view
	// never covers a newer one.
	rev, shownRev int

	ignoresACPI bool
	locked      bool
	gone        bool // destroyed, and only shown for the rest of the destroy lag
	kernels     []Kernel
	policy      *BackupPolicy // nil without backups
	pending     *action
}

// change alters the Droplet as it is and as it is shown, at once.
func (d *droplet) change(f func(r *Droplet)) { d.changeAt(d.w.now, f) }

// changeAt is change for what was done at a time in the past.
func (d *droplet) changeAt(at time.Time, f func(r *Droplet)) {
	f(&d.real)
	d.rev++
	d.show(d.real.clone(), d.rev, at)
}

func (d *droplet) show(v Droplet, rev int, at time.Time) {
	before := d.shown
	d.shown, d.shownRev = v, rev
	if before.ID != 0 { // the first is when it is made
		d.trail(before, v, at)
	}
}

// changeLate alters the Droplet as it is now, and as it is shown after the status lag.
func (w *world) changeLate(d *droplet, at time.Time, f func(r *Droplet)) {
	f(&d.real)
	d.rev++
	rev, view := d.rev, d.real.clone()
	show := func(at time.Time) {
		if rev > d.shownRev {
			d.show(view, rev, at)
		}
	}
	if w.statusLag <= 0 {
		show(at)
		return
	}
	w.schedule(at.Add(w.statusLag), show)
}

// clone shares no slice that the world changes; sizes and regions never change.
func (d Droplet) clone() Droplet {
	d.Features = slices.Clone(d.Features)
	d.BackupIDs = slices.Clone(d.BackupIDs)
	d.SnapshotIDs = slices.Clone(d.SnapshotIDs)
	d.VolumeIDs = slices.Clone(d.VolumeIDs)
	d.Networks.V4 = slices.Clone(d.Networks.V4)
	d.Networks.V6 = slices.Clone(d.Networks.V6)
	d.Tags = slices.Clone(d.Tags)
	return d
}

// isGPU reports whether it is a GPU Droplet.
func (d Droplet) isGPU() bool { return d.Size.GPUInfo != nil }

func (d *droplet) has(feature string) bool { return slices.Contains(d.real.Features, feature) }

// hasTag compares as DigitalOcean does: tags keep their case but are one whatever it is.
func (d Droplet) hasTag(tag string) bool {
	return slices.ContainsFunc(d.Tags, func(t string) bool { return strings.EqualFold(t, tag) })
}

// view is what the API shows of it, but for the Lag.
func (d *droplet) view() Droplet {
	v := d.shown
	v.Locked = d.locked
	return v
}

func (w *world) find(c *call) (*droplet, *refusal) {
	id, refused := c.pathID("droplet_id")
	if refused != nil {
		return nil, refused
	}
	d := w.byID[id]
	if d == nil {
		return nil, notFound()
	}
	return d, nil
}

func (w *world) getDroplet(c *call) (answer, *refusal) {
	d, refused := w.findVisible(c)
	if refused != nil {
		return answer{}, refused
	}
	return answer{200, map[string]any{"droplet": d.byID()}}, nil
}

// listDroplets leaves GPU Droplets out unless type=gpus asks for them, as DigitalOcean does; by name
// and by tag too.
func (w *world) listDroplets(c *call) (answer, *refusal) {
	kind, tag, name := c.query.Get("type"), c.query.Get("tag_name"), c.query.Get("name")
	if kind != "" && kind != "droplets" && kind != "gpus" {
		return answer{}, badRequest("type must be one of droplets, gpus.") // wording ours
	}
	if tag != "" && (name != "" || kind != "") {
		// "It cannot be combined with name or type", says the OpenAPI document; wording ours.
		return answer{}, badRequest("tag_name cannot be combined with name or type.")
	}
	list := allDroplets
	switch {
	case name != "":
		list = dropletsByName
	case tag != "":
		list = dropletsByTag
	}
	var matching []Droplet
	for _, d := range w.listed(list) {
		if d.isGPU() == (kind == "gpus") && (tag == "" || d.hasTag(tag)) && (name == "" || strings.EqualFold(d.Name, name)) {
			matching = append(matching, d)
		}
	}
	return page(c, "droplets", matching)
}
