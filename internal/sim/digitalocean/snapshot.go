package digitalocean

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Snapshot as /v2/snapshots shows it. A Droplet's is the image with the same number as its ID.
type Snapshot struct {
	ID            string    `json:"id"`
	Name          string    `json:"name"`
	CreatedAt     time.Time `json:"created_at"`
	Regions       []string  `json:"regions"`
	MinDiskSize   int       `json:"min_disk_size"`
	SizeGigabytes float64   `json:"size_gigabytes"`
	ResourceID    string    `json:"resource_id"`
	ResourceType  string    `json:"resource_type"`
	Tags          []string  `json:"tags"`
}

// dropletImage is a backup or snapshot as a Droplet's own lists show it.
type dropletImage struct {
	ID            int       `json:"id"`
	Name          string    `json:"name"`
	CreatedAt     time.Time `json:"created_at"`
	Regions       []string  `json:"regions"`
	MinDiskSize   int       `json:"min_disk_size"`
	SizeGigabytes float64   `json:"size_gigabytes"`
	Type          string    `json:"type"`
}

func (w *world) dropletImages(c *call, key, kind string) (answer, *refusal) {
	d, refused := w.findVisible(c)
	if refused != nil {
		return answer{}, refused
	}
	var out []dropletImage
	for _, im := range imagesOf(w.listedImages(), d.real.ID, kind) {
		out = append(out, dropletImage{im.ID, im.Name, im.CreatedAt, im.Regions, im.MinDiskSize, im.SizeGigabytes, im.Type})
	}
	return page(c, key, out)
}

func (w *world) listDropletSnapshots(c *call) (answer, *refusal) {
	return w.dropletImages(c, "snapshots", "snapshot")
}

// snapshots are those of Droplets among the images, and those of volumes.
func (w *world) snapshots(images []*Image) []Snapshot {
	var out []Snapshot
	for _, im := range images {
		if im.Type == "snapshot" && im.of != 0 {
			out = append(out, Snapshot{
				strconv.Itoa(im.ID), im.Name, im.CreatedAt, im.Regions, im.MinDiskSize, im.SizeGigabytes,
				strconv.Itoa(im.of), "droplet", im.Tags,
			})
		}
	}
	for _, v := range w.volumes {
		out = append(out, v.snapshots...)
	}
	return out
}

func (w *world) listSnapshots(c *call) (answer, *refusal) {
	kind := c.query.Get("resource_type")
	if kind != "" && kind != "droplet" && kind != "volume" {
		return answer{}, badRequest("resource_type must be one of droplet, volume.") // wording ours
	}
	out := []Snapshot{}
	for _, s := range w.snapshots(w.listedImages()) {
		if kind == "" || s.ResourceType == kind {
			out = append(out, s)
		}
	}
	return page(c, "snapshots", out)
}

func (w *world) findSnapshot(c *call) (Snapshot, *refusal) {
	for _, s := range w.snapshots(w.images) {
		if s.ID == c.vars["snapshot_id"] {
			return s, nil
		}
	}
	return Snapshot{}, notFound()
}

func (w *world) getSnapshot(c *call) (answer, *refusal) {
	s, refused := w.findSnapshot(c)
	if refused != nil {
		return answer{}, refused
	}
	if im := w.findImage(s.ID); im != nil && w.hidden(im.hidden) {
		return answer{}, notFound()
	}
	return answer{200, map[string]any{"snapshot": s}}, nil
}

func (w *world) deleteSnapshot(c *call) (answer, *refusal) {
	s, refused := w.findSnapshot(c)
	if refused != nil {
		return answer{}, refused
	}
	w.dropSnapshot(s)
	return answer{204, nil}, nil
}

func (w *world) dropSnapshot(s Snapshot) {
	if s.ResourceType == "droplet" {
		id, _ := strconv.Atoi(s.ID) // made from a number
		w.removeImage(id)
		return
	}
	for _, v := range w.volumes {
		v.snapshots = slices.DeleteFunc(v.snapshots, func(x Snapshot) bool { return strings.EqualFold(x.ID, s.ID) })
	}
}
