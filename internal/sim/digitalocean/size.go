package digitalocean

// Size is what a Droplet may have, and its price in US dollars.
type Size struct {
	Slug         string     `json:"slug"`
	Memory       int        `json:"memory"` // MiB
	Vcpus        int        `json:"vcpus"`
	Disk         int        `json:"disk"`     // GiB
	Transfer     float64    `json:"transfer"` // TB a month
	PriceMonthly float64    `json:"price_monthly"`
	PriceHourly  float64    `json:"price_hourly"`
	Regions      []string   `json:"regions"`
	Available    bool       `json:"available"`
	Description  string     `json:"description"`
	DiskInfo     []DiskInfo `json:"disk_info"`
	GPUInfo      *GPUInfo   `json:"gpu_info,omitempty"`
}

// DiskInfo is one disk of a size.
type DiskInfo struct {
	Type string `json:"type"` // local, boot or scratch
	Size Amount `json:"size"`
}

// Amount of a unit, such as 25 "gib".
type Amount struct {
	Amount int    `json:"amount"`
	Unit   string `json:"unit"`
}

// GPUInfo is what makes a GPU Droplet.
type GPUInfo struct {
	Count int    `json:"count"`
	Model string `json:"model"`
	VRAM  Amount `json:"vram"`
}

func (w *world) listSizes(c *call) (answer, *refusal) { return page(c, "sizes", w.sizes) }
