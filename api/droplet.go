package api

import "time"

// Droplet is a Droplet as this program needs it. Its fields are of plain types
// and those of approvals.Droplet one by one, so that one converts into the other.
type Droplet struct {
	ID        int
	Name      string
	Status    string // new, active, off, archive
	Region    string // slug
	Size      string // slug
	ImageID   int
	Image     string // slug, or the name where it has none
	PublicIP  string
	PrivateIP string
	PublicIP6 string
	Tags      []string
	VCPUs     int
	MemoryMB  int
	DiskGB    int
	Monthly   float64 // US dollars
	Backups   bool    // automatic backups are on
	GPU       bool
	KernelID  int
	Created   string // RFC 3339
	VPC       string
	Distro    string // of the image: "Fedora"
	Locked    bool   // by an administrator of DigitalOcean's
	// Unreadable names the fields that DigitalOcean left out, as it does of what the token
	// may not read: UnreadableImage, UnreadableTags. They are unknown, not empty.
	Unreadable []string
}

// The fields that a token without image:read or tag:read does not get.
const (
	UnreadableImage = "image"
	UnreadableTags  = "tags"
)

// Image is a base image, a snapshot or a backup. Its fields are those of
// approvals.Image.
type Image struct {
	ID      int
	Slug    string
	Name    string
	Distro  string
	Kind    string // base, snapshot, backup, custom
	Created string
	MinDisk int // GB
	SizeGB  float64
	Regions []string
	Status  string // available, and for now or for good not: new, pending, retired, deleted
}

// Newest answers the newest of some images, nil if there is none. Times in RFC
// 3339 of one zone, which DigitalOcean's are, sort as text.
func Newest(images []Image) *Image {
	var out *Image
	for _, i := range images {
		if out == nil || i.Created > out.Created {
			out = &i
		}
	}
	return out
}

// Record is an action as DigitalOcean reports it.
type Record struct {
	ID           int
	Status       string // in-progress, completed, errored
	Type         string
	StartedAt    time.Time
	CompletedAt  time.Time // zero while under way, and sometimes after: judge by Status
	ResourceID   int
	ResourceType string
	Region       string
	RequestID    string // DigitalOcean's ID of the API request that answered it
}
