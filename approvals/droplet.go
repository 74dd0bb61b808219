package approvals

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Droplet is what is known of a Droplet when a card shows it. Its fields are
// those of api.Droplet, one by one and of plain types, so that one converts
// into the other and neither room imports the other.
type Droplet struct {
	ID        int      `json:"id"`
	Name      string   `json:"name"`
	Status    string   `json:"status"` // new, active, off, archive
	Region    string   `json:"region"` // slug
	Size      string   `json:"size"`   // slug
	ImageID   int      `json:"image_id"`
	Image     string   `json:"image"` // slug, or the name where it has none
	PublicIP  string   `json:"public_ip,omitempty"`
	PrivateIP string   `json:"private_ip,omitempty"`
	PublicIP6 string   `json:"public_ip6,omitempty"`
	Tags      []string `json:"tags,omitempty"`
	VCPUs     int      `json:"vcpus,omitempty"`
	MemoryMB  int      `json:"memory_mb,omitempty"`
	DiskGB    int      `json:"disk_gb,omitempty"`
	Monthly   float64  `json:"monthly,omitempty"` // US dollars
	Backups   bool     `json:"backups,omitempty"` // automatic backups are on
	GPU       bool     `json:"gpu,omitempty"`
	KernelID  int      `json:"kernel_id,omitempty"`
	Created   string   `json:"created,omitempty"` // RFC 3339
	VPC       string   `json:"vpc,omitempty"`
	Distro    string   `json:"distro,omitempty"` // of the image
	Locked    bool     `json:"locked,omitempty"` // by an administrator of DigitalOcean's
	// Unreadable names the fields that the token may not read: image, tags. They are
	// unknown, not empty.
	Unreadable []string `json:"unreadable,omitempty"`
}

// CanRead reports whether a field that a token may lack the scope for is known.
func (d Droplet) CanRead(field string) bool { return !slices.Contains(d.Unreadable, field) }

// Image is the image, backup or snapshot that a request will use, pinned to its
// ID when the request is made. Its fields are those of api.Image.
type Image struct {
	ID      int      `json:"id"`
	Slug    string   `json:"slug,omitempty"`
	Name    string   `json:"name"`
	Distro  string   `json:"distro,omitempty"`
	Kind    string   `json:"kind"` // base, snapshot, backup, custom
	Created string   `json:"created,omitempty"`
	MinDisk int      `json:"min_disk,omitempty"` // GB
	SizeGB  float64  `json:"size_gb,omitempty"`
	Regions []string `json:"regions,omitempty"`
	Status  string   `json:"status,omitempty"` // available, new, pending, retired, deleted
}

// Label is what people call an image: its slug, else its name.
func (i Image) Label() string {
	if i.Slug != "" {
		return i.Slug
	}
	return i.Name
}

// Plan is the size that a request will give a Droplet, as it was looked up when
// the request was made. Its fields are those of api.Plan.
type Plan struct {
	Slug        string   `json:"slug"`
	Description string   `json:"description,omitempty"`
	VCPUs       int      `json:"vcpus,omitempty"`
	MemoryMB    int      `json:"memory_mb,omitempty"`
	DiskGB      int      `json:"disk_gb,omitempty"`
	Monthly     float64  `json:"monthly,omitempty"` // US dollars
	Regions     []string `json:"regions,omitempty"`
	Available   bool     `json:"available,omitempty"`
	GPU         bool     `json:"gpu,omitempty"`
}

// Rescue is what one could go back to if a destructive action goes wrong.
type Rescue struct {
	// Known is false when DigitalOcean could not be asked: the card then says
	// so, instead of claiming that there is none.
	Known    bool   `json:"known"`
	Backup   *Image `json:"backup,omitempty"`
	Snapshot *Image `json:"snapshot,omitempty"`
}

// Leaves is what stays of Droplets that are to be destroyed, and goes on costing.
type Leaves struct {
	// Known is false when DigitalOcean could not be asked, or of too many Droplets.
	Known bool `json:"known"`
	// Items name what stays, one each: "volume db-1-data, $20.00 a month". Plain text.
	Items []string `json:"items,omitempty"`
	// Goes is what does not stay, since it is to be destroyed with them: all of it
	// stands on the card.
	Goes []Going `json:"goes,omitempty"`
}

// Going is one thing that is destroyed with its Droplet, by its ID.
type Going struct {
	Kind  string `json:"kind"`
	ID    string `json:"id"`
	Words string `json:"words"` // "volume db-1-data, $20.00 a month"
}

// Differences lists what stays now and did not in l, and the other way round.
func (l *Leaves) Differences(now *Leaves) []Difference {
	if l == nil || now == nil || !l.Known || !now.Known {
		return nil // what was not shown was not decided on
	}
	var out []Difference
	for _, was := range l.Items {
		if !slices.Contains(now.Items, was) {
			out = append(out, Difference{What: OfLeaves, Was: was, Is: "stays no longer"})
		}
	}
	for _, is := range now.Items {
		if !slices.Contains(l.Items, is) {
			out = append(out, Difference{What: OfLeaves, Was: "not there", Is: is})
		}
	}
	for _, was := range l.Goes {
		if !slices.Contains(now.Goes, was) {
			out = append(out, Difference{What: OfGoes, Was: was.Words, Is: "no longer there"})
		}
	}
	for _, is := range now.Goes {
		if !slices.Contains(l.Goes, is) {
			out = append(out, Difference{What: OfGoes, Was: "not there", Is: is.Words})
		}
	}
	return out
}

// Difference is one property that is not what the card showed.
type Difference struct {
	DropletID int    `json:"droplet_id,omitempty"`
	What      string `json:"what"` // name, status, image, size, region
	Was       string `json:"was"`
	Is        string `json:"is"`
}

func (d Difference) String() string { return fmt.Sprintf("%s: %s → %s", d.What, d.Was, d.Is) }

// Differences lists which of the properties an approval binds (CONTRACT §5:
// name, status, image, size, region) are not in now what they were in d.
func (d Droplet) Differences(now Droplet) []Difference {
	var out []Difference
	add := func(what, was, is string) {
		if was != is {
			out = append(out, Difference{DropletID: d.ID, What: what, Was: was, Is: is})
		}
	}
	add("name", d.Name, now.Name)
	add("status", d.Status, now.Status)
	if d.ImageID != now.ImageID && d.CanRead("image") && now.CanRead("image") { // what can't be read is no difference
		add("image", fmt.Sprintf("%s (%d)", d.Image, d.ImageID), fmt.Sprintf("%s (%d)", now.Image, now.ImageID))
	}
	add("size", d.Size, now.Size)
	add("region", d.Region, now.Region)
	return out
}

// ActionRef is DigitalOcean's record of an action that was accepted. Its ID is 0 of
// what DigitalOcean makes no action of.
type ActionRef struct {
	ID        int       `json:"id"`
	Status    string    `json:"status"` // in-progress, completed, errored
	StartedAt time.Time `json:"started_at,omitzero"`
	EndedAt   time.Time `json:"ended_at,omitzero"`
	RequestID string    `json:"request_id,omitempty"` // DigitalOcean's, for its support
}

// number is its ID for the audit log; empty where DigitalOcean makes no action of
// what it accepted, as of a destroy.
func (a ActionRef) number() string {
	if a.ID == 0 {
		return ""
	}
	return strconv.Itoa(a.ID)
}

// Answer is by what DigitalOcean's answer to a call is found again: its HTTP
// status, 0 without an answer, and its ID for DigitalOcean's support.
type Answer struct {
	Status    int
	RequestID string
}

// detail adds an answer to the detail of a line of the audit log.
func (a Answer) detail(pairs ...string) []string {
	if a.Status != 0 {
		pairs = append(pairs, "status", strconv.Itoa(a.Status))
	}
	return append(pairs, "request_id", a.RequestID)
}
