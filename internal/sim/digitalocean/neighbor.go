package digitalocean

import "slices"

// listNeighbors are the account's other Droplets on the same hardware. It is not paged.
func (w *world) listNeighbors(c *call) (answer, *refusal) {
	d, refused := w.findVisible(c)
	if refused != nil {
		return answer{}, refused
	}
	out := []Droplet{}
	for _, other := range w.listed(allDroplets) {
		if other.ID != d.real.ID && w.hosts[other.ID] == w.hosts[d.real.ID] {
			out = append(out, other)
		}
	}
	return answer{200, map[string]any{"droplets": out}}, nil
}

// reportNeighbors groups the account's Droplets that share hardware.
func (w *world) reportNeighbors(*call) (answer, *refusal) {
	var hosts []string
	on := map[string][]int{}
	for _, d := range w.listed(allDroplets) {
		host := w.hosts[d.ID]
		if !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
		on[host] = append(on[host], d.ID)
	}
	groups := [][]int{}
	for _, h := range hosts {
		if len(on[h]) > 1 {
			groups = append(groups, on[h])
		}
	}
	return answer{200, map[string]any{"neighbor_ids": groups}}, nil
}
