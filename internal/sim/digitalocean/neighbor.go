package digitalocean

import "slices"

// listNeighbors are the account's other Droplets on the same hardware. It is not paged.
func (w *world) listNeighbors(c *call) (answer, *refusal) {
	d, refused := w.find(c)
	if refused != nil {
		return answer{}, refused
	}
	var out []*droplet
	for _, other := range w.droplets {
		if other != d && other.host == d.host {
			out = append(out, other)
		}
	}
	return answer{200, map[string]any{"droplets": views(out)}}, nil
}

// reportNeighbors groups the account's Droplets that share hardware.
func (w *world) reportNeighbors(*call) (answer, *refusal) {
	var hosts []string
	on := map[string][]int{}
	for _, d := range w.droplets {
		if !slices.Contains(hosts, d.host) {
			hosts = append(hosts, d.host)
		}
		on[d.host] = append(on[d.host], d.real.ID)
	}
	groups := [][]int{}
	for _, h := range hosts {
		if len(on[h]) > 1 {
			groups = append(groups, on[h])
		}
	}
	return answer{200, map[string]any{"neighbor_ids": groups}}, nil
}
