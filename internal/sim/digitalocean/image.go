package digitalocean

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Image is a distribution, an application, a snapshot, a backup or a custom image.
type Image struct {
	ID            int       `json:"id"`
	Name          string    `json:"name"`
	Type          string    `json:"type"` // base, snapshot, backup, custom
	Distribution  string    `json:"distribution"`
	Slug          *string   `json:"slug"` // of public images
	Public        bool      `json:"public"`
	Regions       []string  `json:"regions"`
	CreatedAt     time.Time `json:"created_at"`
	MinDiskSize   int       `json:"min_disk_size"` // GiB
	SizeGigabytes float64   `json:"size_gigabytes"`
	Description   string    `json:"description"`
	Tags          []string  `json:"tags"`
	Status        string    `json:"status"`

	application bool // a one-click application
	of          int  // the Droplet that a snapshot or backup was taken of

	hidden time.Time // a 404 by its ID until then
	listed trail[bool]
}

// DropletID is the Droplet that a snapshot or backup was taken of, 0 for other images.
func (im Image) DropletID() int { return im.of }

// listImages has the filters of the OpenAPI document: type, private, tag_name.
func (w *world) listImages(c *call) (answer, *refusal) {
	kind, private, tag := c.query.Get("type"), c.query.Get("private"), c.query.Get("tag_name")
	if kind != "" && kind != "distribution" && kind != "application" {
		return answer{}, badRequest("type must be one of application, distribution.") // wording ours
	}
	if private != "" {
		if _, err := strconv.ParseBool(private); err != nil {
			return answer{}, badRequest("private must be a boolean.") // wording ours
		}
	}
	onlyPrivate, _ := strconv.ParseBool(private) // checked above; empty is false
	out := []*Image{}
	for _, im := range w.listedImages() {
		switch {
		case kind == "distribution" && (!im.Public || im.application),
			kind == "application" && !im.application,
			onlyPrivate && im.Public,
			tag != "" && !slices.ContainsFunc(im.Tags, func(t string) bool { return strings.EqualFold(t, tag) }):
			continue
		}
		out = append(out, im)
	}
	return page(c, "images", out)
}

// findImage is by ID, or by slug for public images.
func (w *world) findImage(ref string) *Image {
	if id, err := strconv.Atoi(ref); err == nil {
		return w.image(id)
	}
	return w.imageBySlug(ref)
}

func (w *world) getImage(c *call) (answer, *refusal) {
	im := w.findImage(c.vars["image_id"])
	if im == nil || w.hidden(im.hidden) {
		return answer{}, notFound()
	}
	return answer{200, map[string]any{"image": im}}, nil
}

func (w *world) deleteImage(c *call) (answer, *refusal) {
	id, refused := c.pathID("image_id")
	if refused != nil {
		return answer{}, refused
	}
	im := w.image(id)
	if im == nil || im.Public { // a public image is not the account's to delete
		return answer{}, notFound()
	}
	w.removeImage(im.ID)
	return answer{204, nil}, nil
}
