package digitalocean

// Kernel of an old Droplet; today's boot their own and have none to choose from.
type Kernel struct {
	ID      int    `json:"id"`
	Name    string `json:"name"`
	Version string `json:"version"`
}

func (w *world) listKernels(c *call) (answer, *refusal) {
	d, refused := w.findVisible(c)
	if refused != nil {
		return answer{}, refused
	}
	return page(c, "kernels", d.kernels)
}
