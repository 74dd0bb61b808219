package digitalocean

// Region is a data centre.
type Region struct {
	Name      string   `json:"name"`
	Slug      string   `json:"slug"`
	Features  []string `json:"features"`
	Available bool     `json:"available"`
	Sizes     []string `json:"sizes"`
}

func (w *world) listRegions(c *call) (answer, *refusal) { return page(c, "regions", w.regions) }
