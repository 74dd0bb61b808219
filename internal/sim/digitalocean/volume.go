package digitalocean

import "time"

// Volume is block storage.
type Volume struct {
	ID              string    `json:"id"`
	Name            string    `json:"name"`
	Description     string    `json:"description"`
	SizeGigabytes   int       `json:"size_gigabytes"`
	CreatedAt       time.Time `json:"created_at"`
	DropletIDs      []int     `json:"droplet_ids"`
	Tags            []string  `json:"tags"`
	Region          Region    `json:"region"`
	FilesystemType  string    `json:"filesystem_type"`
	FilesystemLabel string    `json:"filesystem_label"`

	snapshots []Snapshot
}

func (w *world) volume(id string) *Volume {
	for _, v := range w.volumes {
		if v.ID == id {
			return v
		}
	}
	return nil
}

func (w *world) listVolumes(c *call) (answer, *refusal) {
	name, region := c.query.Get("name"), c.query.Get("region")
	out := []*Volume{}
	for _, v := range w.volumes {
		if (name == "" || v.Name == name) && (region == "" || v.Region.Slug == region) {
			out = append(out, v)
		}
	}
	return page(c, "volumes", out)
}

func (w *world) getVolume(c *call) (answer, *refusal) {
	v := w.volume(c.vars["volume_id"])
	if v == nil {
		return answer{}, notFound()
	}
	return answer{200, map[string]any{"volume": v}}, nil
}
