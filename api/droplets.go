package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/digitalocean/godo"
)

var readScopes = []string{"droplet:read"}

// Droplet reads one Droplet by its ID, fresh and from no list.
func (c *Client) Droplet(ctx context.Context, id int) (Droplet, error) {
	what := fmt.Sprintf("read Droplet %d", id)
	d, resp, err := read(ctx, c, what, command, readScopes, func(ctx context.Context) (*godo.Droplet, *godo.Response, error) {
		return c.godo.Droplets.Get(ctx, id)
	})
	if err != nil {
		return Droplet{}, err
	}
	if d == nil || d.ID != id {
		return Droplet{}, empty(what, resp)
	}
	return dropletOf(*d), nil
}

const allDroplets = "droplets"

// Droplets lists all Droplets by name, GPU ones included, from the cache.
func (c *Client) Droplets(ctx context.Context) ([]Droplet, error) {
	out, err := cached(ctx, c, allDroplets, "list the Droplets", c.cacheFor, c.listDroplets)
	return slices.Clone(out), err
}

// refreshed lists all Droplets as they are, and fills the cache with them.
func (c *Client) refreshed(ctx context.Context) ([]Droplet, error) {
	c.cache.Delete(allDroplets)
	return c.Droplets(ctx)
}

// listDroplets asks twice: DigitalOcean leaves GPU Droplets out of its list
// unless they are asked for, and then leaves out the others.
func (c *Client) listDroplets(ctx context.Context) ([]Droplet, error) {
	usual, err := pages(ctx, c, "list the Droplets", readScopes, c.godo.Droplets.List)
	if err != nil {
		return nil, err
	}
	gpus, err := pages(ctx, c, "list the GPU Droplets", readScopes, c.godo.Droplets.ListWithGPUs)
	if err != nil {
		return nil, err
	}
	return dropletsOf(usual, gpus), nil
}

// Found is what Find found.
type Found struct {
	Droplets []Droplet // of exactly that name, in any case; several if the name is ambiguous
	Nearest  []string  // up to 3 nearest names, if there is none
}

// Find looks Droplets up by their exact name, in any case, in DigitalOcean's lists, which
// trail by up to half a minute: read what it finds by ID before anything rests on it.
// Nothing is called a miss before all Droplets have been listed afresh.
func (c *Client) Find(ctx context.Context, words string) (Found, error) {
	words = strings.TrimSpace(words)
	if words == "" || len(words) > maxValue {
		return Found{}, nil
	}
	var found []Droplet
	if slug(words) { // a name that DigitalOcean could give
		named, err := c.named(ctx, words)
		if err != nil {
			return Found{}, err
		}
		found = merge(found, named)
	}
	if len(found) > 0 {
		return Found{Droplets: found}, nil
	}
	all, err := c.refreshed(ctx)
	if err != nil {
		return Found{}, err
	}
	for _, d := range all {
		if strings.EqualFold(d.Name, words) {
			found = append(found, d)
		}
	}
	if len(found) > 0 {
		return Found{Droplets: found}, nil
	}
	return Found{Nearest: nearest(words, all)}, nil
}

// named looks for the Droplets of a name, GPU ones included; concurrent look-ups of
// a name share one.
func (c *Client) named(ctx context.Context, name string) ([]Droplet, error) {
	if c.pressed() {
		all, err := c.gathered(ctx)
		return slices.DeleteFunc(slices.Clone(all), func(d Droplet) bool { return !strings.EqualFold(d.Name, name) }), err
	}
	return once(ctx, c, "named/"+strings.ToLower(name), "look the Droplet up by its name", func(ctx context.Context) ([]Droplet, error) {
		return c.byName(ctx, name)
	})
}

// byName asks DigitalOcean for the Droplets of a name. godo can't ask for both
// kinds, and would put the name into the URL as it is.
func (c *Client) byName(ctx context.Context, name string) ([]Droplet, error) {
	var out [][]godo.Droplet
	for _, kind := range []string{"droplets", "gpus"} {
		page, err := pages(ctx, c, "look the Droplet up by its name", readScopes, func(ctx context.Context, o *godo.ListOptions) ([]godo.Droplet, *godo.Response, error) {
			q := url.Values{"name": {name}, "type": {kind}, "page": {strconv.Itoa(o.Page)}, "per_page": {strconv.Itoa(o.PerPage)}}
			var root struct {
				Droplets []godo.Droplet `json:"droplets"`
				Links    *godo.Links    `json:"links"`
				Meta     *godo.Meta     `json:"meta"`
			}
			resp, err := c.get(ctx, "v2/droplets?"+q.Encode(), &root)
			if err != nil {
				return nil, resp, err
			}
			resp.Links, resp.Meta = root.Links, root.Meta
			return root.Droplets, resp, nil
		})
		if err != nil {
			return nil, err
		}
		out = append(out, slices.DeleteFunc(page, func(d godo.Droplet) bool { return !strings.EqualFold(d.Name, name) }))
	}
	return dropletsOf(out...), nil
}

// get reads what godo has no fitting method for.
func (c *Client) get(ctx context.Context, path string, into any) (*godo.Response, error) {
	req, err := c.godo.NewRequest(ctx, http.MethodGet, path, nil)
	if err != nil {
		return nil, fmt.Errorf("make a request: %w", err)
	}
	return c.godo.Do(ctx, req, into)
}

// tagShape is DigitalOcean's own rule, from its OpenAPI document. Go's $ is the
// end of the text, never the one before a line break.
var tagShape = regexp.MustCompile(`^[a-zA-Z0-9_\-:]{1,255}$`)

// ValidTag says whether a text can be a tag.
func ValidTag(tag string) bool { return tagShape.MatchString(tag) }

// Tagged lists the Droplets that bear a tag, fresh, GPU ones included. What
// cannot be a tag is refused as Invalid before anything is asked: godo puts a
// tag into the URL as it is, where it could become another filter.
func (c *Client) Tagged(ctx context.Context, tag string) ([]Droplet, error) {
	what := "list the Droplets with a tag"
	if !ValidTag(tag) {
		return nil, &Error{Kind: Invalid, What: what, Message: "A tag has letters, digits, colons, underscores and hyphens only, and 255 of them at the most.",
			Err: errors.New("not a tag")}
	}
	scopes := []string{"droplet:read", "tag:read"}
	usual, err := pages(ctx, c, what, scopes, func(ctx context.Context, o *godo.ListOptions) ([]godo.Droplet, *godo.Response, error) {
		return c.godo.Droplets.ListByTag(ctx, tag, o)
	})
	if err != nil {
		return nil, err
	}
	// The filters by tag and by type can't be combined.
	gpus, err := pages(ctx, c, what, scopes, c.godo.Droplets.ListWithGPUs)
	if err != nil {
		return nil, err
	}
	gpus = slices.DeleteFunc(gpus, func(d godo.Droplet) bool {
		return !slices.ContainsFunc(d.Tags, func(t string) bool { return strings.EqualFold(t, tag) })
	})
	return dropletsOf(usual, gpus), nil
}

// dropletsOf makes one list, by name. One that moved from a page to the next
// while they were read is in it once.
func dropletsOf(lists ...[]godo.Droplet) []Droplet {
	out := []Droplet{}
	for _, list := range lists {
		for _, d := range list {
			out = append(out, dropletOf(d))
		}
	}
	return merge(out)
}

func merge(lists ...[]Droplet) []Droplet {
	out := slices.Concat(lists...)
	slices.SortStableFunc(out, func(a, b Droplet) int { return a.ID - b.ID })
	out = slices.CompactFunc(out, func(a, b Droplet) bool { return a.ID == b.ID })
	slices.SortStableFunc(out, func(a, b Droplet) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	return out
}

// dropletOf takes what this program needs. DigitalOcean leaves out what there is
// not: a size or networks of a Droplet being created. It also leaves out what the token
// may not read.
func dropletOf(d godo.Droplet) Droplet {
	out := Droplet{
		ID: d.ID, Name: d.Name, Status: d.Status, Size: d.SizeSlug, Tags: d.Tags, VCPUs: d.Vcpus, MemoryMB: d.Memory,
		DiskGB: d.Disk, Created: d.Created, VPC: d.VPCUUID, Locked: d.Locked,
		Backups: slices.Contains(d.Features, "backups"), GPU: strings.HasPrefix(d.SizeSlug, "gpu-"),
	}
	if d.Region != nil {
		out.Region = d.Region.Slug
	}
	if d.Image != nil {
		out.ImageID, out.Image, out.Distro = d.Image.ID, imageOf(*d.Image).Label(), d.Image.Distribution
	} else {
		out.Unreadable = append(out.Unreadable, UnreadableImage)
	}
	if d.Tags == nil {
		out.Unreadable = append(out.Unreadable, UnreadableTags)
	}
	if d.Size != nil {
		out.Monthly = d.Size.PriceMonthly
		out.GPU = out.GPU || d.Size.GPUInfo != nil
	}
	if d.Kernel != nil {
		out.KernelID = d.Kernel.ID
	}
	if d.Networks != nil {
		for _, n := range d.Networks.V4 {
			switch {
			case n.Type == "public" && out.PublicIP == "":
				out.PublicIP = known(n.IPAddress)
			case n.Type == "private" && out.PrivateIP == "":
				out.PrivateIP = known(n.IPAddress)
			}
		}
		for _, n := range d.Networks.V6 {
			if n.Type == "public" && out.PublicIP6 == "" {
				out.PublicIP6 = known(n.IPAddress)
			}
		}
	}
	return out
}
