package api

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/digitalocean/godo"
)

// Asset is what people know by a name and DigitalOcean by an ID, and what a new
// Droplet can be given: an SSH key, a VPC or a volume.
type Asset struct {
	ID     string // of an SSH key a number, of others a UUID
	Name   string // DigitalOcean lets two SSH keys, and volumes of two regions, have one name
	Also   string // of an SSH key its fingerprint, by which it can be named too
	Region string // of a VPC or a volume; empty of an SSH key
	Note   string // what tells it from others
	On     int    // the Droplet that a volume is attached to; 0 if it is free
}

// AllKeys, in the place of an SSH key, names all that the account has.
const AllKeys = "all"

// assetsOf is how the assets of a kind are read: with which scope of the token, and by what.
var assetsOf = map[Kind]struct {
	what, scope string
	list        func(*godo.Client) func(context.Context, *godo.ListOptions) ([]Asset, *godo.Response, error)
}{
	Keys: {"list the SSH keys", "ssh_key:read", func(c *godo.Client) func(context.Context, *godo.ListOptions) ([]Asset, *godo.Response, error) {
		return eachOf(c.Keys.List, func(k godo.Key) Asset {
			return Asset{ID: strconv.Itoa(k.ID), Name: k.Name, Also: k.Fingerprint, Note: k.Fingerprint}
		})
	}},
	VPC: {"list the VPCs", "vpc:read", func(c *godo.Client) func(context.Context, *godo.ListOptions) ([]Asset, *godo.Response, error) {
		return eachOf(c.VPCs.List, func(v *godo.VPC) Asset {
			if v == nil {
				return Asset{}
			}
			a := Asset{ID: strings.ToLower(v.ID), Name: v.Name, Region: v.RegionSlug, Note: v.IPRange}
			if v.Default {
				a.Note += ", the region's default"
			}
			return a
		})
	}},
	Volumes: {"list the volumes", "block_storage:read", func(c *godo.Client) func(context.Context, *godo.ListOptions) ([]Asset, *godo.Response, error) {
		list := func(ctx context.Context, page *godo.ListOptions) ([]godo.Volume, *godo.Response, error) {
			return c.Storage.ListVolumes(ctx, &godo.ListVolumeParams{ListOptions: page})
		}
		return eachOf(list, func(v godo.Volume) Asset {
			a := Asset{ID: strings.ToLower(v.ID), Name: v.Name, Note: fmt.Sprintf("%d GB", v.SizeGigaBytes)}
			if v.Region != nil {
				a.Region = v.Region.Slug
			}
			if len(v.DropletIDs) > 0 {
				a.On = v.DropletIDs[0]
			}
			return a
		})
	}},
}

// eachOf lists what another list has as assets, but for what has no ID; nil stays nil,
// since that tells an answer without a list.
func eachOf[T any](list func(context.Context, *godo.ListOptions) ([]T, *godo.Response, error), asset func(T) Asset) func(context.Context, *godo.ListOptions) ([]Asset, *godo.Response, error) {
	return func(ctx context.Context, page *godo.ListOptions) ([]Asset, *godo.Response, error) {
		all, resp, err := list(ctx, page)
		if all == nil {
			return nil, resp, err
		}
		out := []Asset{}
		for _, v := range all {
			if a := asset(v); a.ID != "" && a.ID != "0" {
				out = append(out, a)
			}
		}
		return out, resp, err
	}
}

// Assets lists what the account has of a kind ([Keys], [VPC] or [Volumes]) by name,
// fresh. It answers [Forbidden] where the token may not read them.
func (c *Client) Assets(ctx context.Context, k Kind) ([]Asset, error) {
	c.cache.Delete(assetsKey(k))
	out, err := cached(ctx, c, assetsKey(k), assetsOf[k].what, c.cacheFor, c.listAssets(k))
	return slices.Clone(out), err
}

func assetsKey(k Kind) string { return "assets/" + string(k) }

func (c *Client) listAssets(k Kind) func(context.Context) ([]Asset, error) {
	return func(ctx context.Context) ([]Asset, error) {
		of := assetsOf[k]
		all, err := pages(ctx, c, of.what, []string{of.scope}, of.list(c.godo))
		slices.SortStableFunc(all, func(a, b Asset) int { return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID)) })
		return all, err
	}
}

// assetsFor are those that a new Droplet can be given in a region: of the region, and
// of volumes those that are free.
func assetsFor(k Kind, all []Asset, region string) []Option {
	out := []Option{}
	if k == Keys && len(all) > 1 {
		out = append(out, Option{Value: AllKeys, Name: AllKeys, Note: fmt.Sprintf("each of the account's %d", len(all))})
	}
	for _, a := range all {
		if a.On != 0 || region != "" && a.Region != "" && a.Region != region {
			continue
		}
		note := a.Note
		if a.Region != "" {
			note += ", " + a.Region
		}
		out = append(out, Option{Value: a.ID, Name: cmp.Or(a.Name, a.ID), Note: strings.TrimPrefix(note, ", ")})
	}
	return out
}
