package api

import (
	"context"
	"slices"
)

// Listing lists all Droplets by name, GPU ones included, as they are now, and
// fills the cache with them, so that who pages through them goes on in the same list.
func (c *Client) Listing(ctx context.Context) ([]Droplet, error) { return c.refreshed(ctx) }

// Known answers the Droplets of the last list, as long as it is kept; none
// otherwise. It asks nothing of DigitalOcean: it is for examples and suggestions.
func (c *Client) Known() []Droplet {
	all, _ := c.cache.Get(allDroplets)
	ds, _ := all.([]Droplet)
	return slices.Clone(ds)
}
