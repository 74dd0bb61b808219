package api

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/digitalocean/godo"
)

// Image reads one image by its ID or its slug, fresh.
func (c *Client) Image(ctx context.Context, idOrSlug string) (Image, error) {
	idOrSlug = strings.ToLower(strings.TrimSpace(idOrSlug))
	what := "read the image " + quoted(idOrSlug)
	if !slug(idOrSlug) || len(idOrSlug) > maxValue {
		return Image{}, &Error{Kind: Invalid, What: what, Message: "An image is named by its ID or its slug, such as ubuntu-24-04-x64.",
			Err: errors.New("not an image's ID or slug")}
	}
	img, resp, err := read(ctx, c, what, command, []string{"image:read"}, func(ctx context.Context) (*godo.Image, *godo.Response, error) {
		if digits(idOrSlug) {
			return c.godo.Images.GetByID(ctx, number(idOrSlug))
		}
		return c.godo.Images.GetBySlug(ctx, idOrSlug)
	})
	if err != nil {
		return Image{}, err
	}
	if img == nil || img.ID == 0 {
		return Image{}, empty(what, resp)
	}
	return imageOf(*img), nil
}

// Backups lists the backups of a Droplet, newest first, fresh.
func (c *Client) Backups(ctx context.Context, droplet int) ([]Image, error) {
	return c.imagesOf(ctx, fmt.Sprintf("list the backups of Droplet %d", droplet), droplet, c.godo.Droplets.Backups)
}

// Snapshots lists the snapshots of a Droplet, newest first, fresh.
func (c *Client) Snapshots(ctx context.Context, droplet int) ([]Image, error) {
	return c.imagesOf(ctx, fmt.Sprintf("list the snapshots of Droplet %d", droplet), droplet, c.godo.Droplets.Snapshots)
}

func (c *Client) imagesOf(ctx context.Context, what string, droplet int,
	list func(context.Context, int, *godo.ListOptions) ([]godo.Image, *godo.Response, error)) ([]Image, error) {
	images, err := pages(ctx, c, what, readScopes, func(ctx context.Context, o *godo.ListOptions) ([]godo.Image, *godo.Response, error) {
		return list(ctx, droplet, o)
	})
	if err != nil {
		return nil, err
	}
	return imagesFrom(images), nil
}

// Images lists all images that can be used, public and own ones, newest first,
// from the cache.
func (c *Client) Images(ctx context.Context) ([]Image, error) {
	out, err := cached(ctx, c, allImages, "list the images", c.cacheFor, c.listImages)
	return slices.Clone(out), err
}

const allImages = "images"

func (c *Client) listImages(ctx context.Context) ([]Image, error) {
	images, err := pages(ctx, c, "list the images", []string{"image:read"}, c.godo.Images.List)
	return imagesFrom(images), err
}

func imagesFrom(images []godo.Image) []Image {
	out := []Image{}
	for _, i := range images {
		out = append(out, imageOf(i))
	}
	slices.SortStableFunc(out, func(a, b Image) int { return strings.Compare(b.Created, a.Created) })
	return out
}

func imageOf(i godo.Image) Image {
	return Image{ID: i.ID, Slug: i.Slug, Name: i.Name, Distro: i.Distribution, Kind: i.Type, Created: i.Created,
		MinDisk: i.MinDiskSize, SizeGB: i.SizeGigaBytes, Regions: i.Regions, Status: strings.ToLower(i.Status)}
}

// KernelVersion is a kernel that a Droplet can be given.
type KernelVersion struct {
	ID      int
	Name    string
	Version string
}

// Kernels lists the kernels that a Droplet can be given, fresh. A Droplet whose
// kernel is its own affair, as all since March 2017, has none.
//
// It does not go through godo's method, which panics on an answer of which only
// the links can be read.
func (c *Client) Kernels(ctx context.Context, droplet int) ([]KernelVersion, error) {
	kernels, err := pages(ctx, c, fmt.Sprintf("list the kernels of Droplet %d", droplet), readScopes,
		func(ctx context.Context, o *godo.ListOptions) ([]godo.Kernel, *godo.Response, error) {
			var root struct {
				Kernels []godo.Kernel `json:"kernels"`
				Links   *godo.Links   `json:"links"`
				Meta    *godo.Meta    `json:"meta"`
			}
			resp, err := c.get(ctx, fmt.Sprintf("v2/droplets/%d/kernels?page=%d&per_page=%d", droplet, o.Page, o.PerPage), &root)
			if err != nil {
				return nil, resp, err
			}
			resp.Links, resp.Meta = root.Links, root.Meta
			return root.Kernels, resp, nil
		})
	if err != nil {
		return nil, err
	}
	out := []KernelVersion{}
	for _, k := range kernels {
		out = append(out, KernelVersion(k))
	}
	return out, nil
}
