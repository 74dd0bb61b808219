package digitalocean

import (
	"regexp"
	"strconv"
	"strings"
)

// tagPattern and its 255 characters are the OpenAPI document's.
var tagPattern = regexp.MustCompile(`^[a-zA-Z0-9_\-:]{1,255}$`)

// tagged is a tag with what bears it.
type tagged struct {
	Name      string `json:"name"`
	Resources struct {
		tagUse
		Droplets tagUse `json:"droplets"`
	} `json:"resources"`
}

type tagUse struct {
	Count         int    `json:"count"`
	LastTaggedURI string `json:"last_tagged_uri,omitempty"`
}

func (w *world) tagged(c *call, name string) tagged {
	t := tagged{Name: name}
	for _, d := range w.listed(dropletsByTag) {
		if d.hasTag(name) {
			t.Resources.Droplets.Count++
			t.Resources.Droplets.LastTaggedURI = c.base + "/v2/droplets/" + strconv.Itoa(d.ID)
		}
	}
	t.Resources.tagUse = t.Resources.Droplets
	return t
}

func (w *world) listTags(c *call) (answer, *refusal) {
	from, to, l, refused := c.window(len(w.tags))
	if refused != nil {
		return answer{}, refused
	}
	out := []tagged{}
	for _, name := range w.tags[from:to] {
		out = append(out, w.tagged(c, name))
	}
	return answer{200, map[string]any{"tags": out, "links": l, "meta": meta{len(w.tags)}}}, nil
}

func (w *world) getTag(c *call) (answer, *refusal) {
	for _, name := range w.tags {
		if strings.EqualFold(name, c.vars["tag_id"]) {
			return answer{200, map[string]any{"tag": w.tagged(c, name)}}, nil
		}
	}
	return answer{}, notFound()
}
