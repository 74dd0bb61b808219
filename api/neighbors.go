package api

import (
	"context"
	"fmt"

	"github.com/digitalocean/godo"
)

// Neighbors lists the account's other Droplets on the hardware that one is on,
// by name, fresh. DigitalOcean answers them all at once.
func (c *Client) Neighbors(ctx context.Context, droplet int) ([]Droplet, error) {
	what := fmt.Sprintf("list the neighbors of Droplet %d", droplet)
	ds, resp, err := read(ctx, c, what, command, readScopes, func(ctx context.Context) ([]godo.Droplet, *godo.Response, error) {
		return c.godo.Droplets.Neighbors(ctx, droplet)
	})
	if err != nil {
		return nil, err
	}
	if ds == nil {
		return nil, empty(what, resp)
	}
	return dropletsOf(ds), nil
}

// NeighborReport groups the account's Droplets that share hardware, by ID,
// fresh: an outage of one such piece takes a whole group. godo lacks it.
func (c *Client) NeighborReport(ctx context.Context) ([][]int, error) {
	what := "report which Droplets share hardware"
	groups, resp, err := read(ctx, c, what, command, readScopes, func(ctx context.Context) ([][]int, *godo.Response, error) {
		var root struct {
			Groups [][]int `json:"neighbor_ids"`
		}
		resp, err := c.get(ctx, "v2/reports/droplet_neighbors_ids", &root)
		return root.Groups, resp, err
	})
	if err != nil {
		return nil, err
	}
	if groups == nil {
		return nil, empty(what, resp)
	}
	return groups, nil
}
