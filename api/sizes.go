package api

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/digitalocean/godo"
)

// Plan is a size that a Droplet can have, with what it costs.
type Plan struct {
	Slug        string
	Description string // "Basic", "General Purpose", …
	VCPUs       int
	MemoryMB    int
	DiskGB      int
	Monthly     float64 // US dollars
	Regions     []string
	Available   bool // new Droplets can have it
	GPU         bool
}

// Region is a datacenter region.
type Region struct {
	Slug      string
	Name      string
	Available bool
	Sizes     []string
	Features  []string
}

// rarely is how much longer than other lists those are kept that change with
// DigitalOcean's own offer, not with what people do.
const rarely time.Duration = 10

const allSizes = "sizes"

// Sizes lists all sizes, the cheapest first, from the cache.
func (c *Client) Sizes(ctx context.Context) ([]Plan, error) {
	out, err := cached(ctx, c, allSizes, "list the sizes", rarely*c.cacheFor, c.listSizes)
	return slices.Clone(out), err
}

func (c *Client) listSizes(ctx context.Context) ([]Plan, error) {
	sizes, err := pages(ctx, c, "list the sizes", readScopes, c.godo.Sizes.List)
	if err != nil {
		return nil, err
	}
	plans := []Plan{}
	for _, s := range sizes {
		plans = append(plans, planOf(s))
	}
	slices.SortStableFunc(plans, func(a, b Plan) int {
		switch {
		case a.Monthly < b.Monthly:
			return -1
		case a.Monthly > b.Monthly:
			return 1
		}
		return strings.Compare(a.Slug, b.Slug)
	})
	return plans, nil
}

// Plan finds a size by its slug. A miss in the cache refreshes it before it is
// called a miss.
func (c *Client) Plan(ctx context.Context, slug string) (Plan, bool, error) {
	for range 2 {
		_, kept := c.cache.Get(allSizes)
		plans, err := c.Sizes(ctx)
		if err != nil {
			return Plan{}, false, err
		}
		if i := slices.IndexFunc(plans, func(p Plan) bool { return p.Slug == slug }); i >= 0 {
			return plans[i], true, nil
		}
		if !kept {
			break // that was fresh
		}
		c.cache.Delete(allSizes)
	}
	return Plan{}, false, nil
}

func planOf(s godo.Size) Plan {
	return Plan{Slug: s.Slug, Description: s.Description, VCPUs: s.Vcpus, MemoryMB: s.Memory, DiskGB: s.Disk, Monthly: s.PriceMonthly,
		Regions: s.Regions, Available: s.Available, GPU: s.GPUInfo != nil || strings.HasPrefix(s.Slug, "gpu-")}
}

// Regions lists all regions by slug, from the cache.
func (c *Client) Regions(ctx context.Context) ([]Region, error) {
	out, err := cached(ctx, c, allRegions, "list the regions", rarely*c.cacheFor, c.listRegions)
	return slices.Clone(out), err
}

const allRegions = "regions"

func (c *Client) listRegions(ctx context.Context) ([]Region, error) {
	regions, err := pages(ctx, c, "list the regions", readScopes, c.godo.Regions.List)
	if err != nil {
		return nil, err
	}
	out := []Region{}
	for _, r := range regions {
		out = append(out, Region{Slug: r.Slug, Name: r.Name, Available: r.Available, Sizes: r.Sizes, Features: r.Features})
	}
	slices.SortFunc(out, func(a, b Region) int { return strings.Compare(a.Slug, b.Slug) })
	return out, nil
}
