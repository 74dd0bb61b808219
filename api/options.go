package api

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Option is one value that an argument can have, as a menu offers it. All of it
// is from outside, and plain text.
type Option struct {
	Value string // as it is typed
	Name  string // what people know it by
	Note  string // what tells it from others; may be empty
}

// Listed says whether what a parameter of this kind can be is known as a list.
func (k Kind) Listed() bool {
	switch k {
	case Size, Place, Base, Backup, Kernel, Keys, VPC, Volumes:
		return true
	}
	return false
}

// Options lists what a parameter of a kind can be for a Droplet: of sizes, those
// that hold its disk and are to be had in its region; of images, those that fit on
// its disk and are in its region; of backups and kernels, its own. What is not
// known of the Droplet, or not decided yet, leaves nothing out. It answers like
// [Client.Recent].
func (c *Client) Options(ctx context.Context, k Kind, d Droplet) ([]Option, error) {
	switch k {
	case Size:
		plans, err := recent(ctx, c, allSizes, "list the sizes", rarely*c.cacheFor, c.listSizes)
		return sizesFor(plans, d), err
	case Base:
		images, err := recent(ctx, c, allImages, "list the images", c.cacheFor, c.listImages)
		return imagesFor(images, d), err
	case Place:
		regions, err := recent(ctx, c, allRegions, "list the regions", rarely*c.cacheFor, c.listRegions)
		return regionsFor(regions), err
	case Keys, VPC, Volumes:
		assets, err := recent(ctx, c, assetsKey(k), assetsOf[k].what, c.cacheFor, c.listAssets(k))
		return assetsFor(k, assets, d.Region), err
	}
	if d.ID == 0 {
		return []Option{}, nil // it is not chosen yet
	}
	switch k {
	case Backup:
		images, err := recent(ctx, c, fmt.Sprintf("backups/%d", d.ID), "list the backups", c.cacheFor, func(ctx context.Context) ([]Image, error) {
			return c.Backups(ctx, d.ID)
		})
		return backupsFor(images, d), err
	case Kernel:
		kernels, err := recent(ctx, c, fmt.Sprintf("kernels/%d", d.ID), "list the kernels", c.cacheFor, func(ctx context.Context) ([]KernelVersion, error) {
			return c.Kernels(ctx, d.ID)
		})
		return kernelsFor(kernels, d), err
	}
	return []Option{}, nil
}

// Recent lists all Droplets by name, for a menu that searches as one types: from
// the cache, and while that is being refreshed for longer than one waits between
// two letters, as they were listed last. It must not be acted on.
func (c *Client) Recent(ctx context.Context) ([]Droplet, error) {
	out, err := recent(ctx, c, allDroplets, "list the Droplets", c.cacheFor, c.listDroplets)
	return slices.Clone(out), err
}

const (
	// typingPause is how long a list that is known is waited for anew: about as long
	// as people pause between two letters before they look at the menu.
	typingPause = 400 * time.Millisecond
	// lastFor is how long what was listed last is kept for menus, while DigitalOcean
	// does not answer.
	lastFor = 24 * time.Hour
	lastOf  = "last/" // in front of a key of the cache
)

// recent answers from the cache, or what was listed last while the list is read
// anew. The reading goes on whoever waits for it.
func recent[T any](ctx context.Context, c *Client, key, what string, keep time.Duration, load func(context.Context) (T, error)) (T, error) {
	last, known := c.cache.Get(lastOf + key)
	if known {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, typingPause)
		defer cancel()
	}
	v, err := cached(ctx, c, key, what, keep, load)
	if err != nil && known {
		return last.(T), nil
	}
	return v, err
}

func sizesFor(plans []Plan, d Droplet) []Option {
	out := []Option{}
	for _, p := range plans {
		if p.unfit(d) != "" {
			continue
		}
		note := fmt.Sprintf("%s, %d GB disk, %s", machine(p.VCPUs, p.MemoryMB), p.DiskGB, dollars(p.Monthly))
		if p.Slug == d.Size {
			note += ", as now"
		}
		out = append(out, Option{Value: p.Slug, Name: p.Slug, Note: note})
	}
	return out
}

func regionsFor(regions []Region) []Option {
	out := []Option{}
	for _, r := range regions {
		if r.Available {
			out = append(out, Option{Value: r.Slug, Name: r.Slug, Note: r.Name})
		}
	}
	return out
}

func imagesFor(images []Image, d Droplet) []Option {
	out := []Option{}
	for _, i := range images {
		if imageFits(d, nil, &i) != "" {
			continue
		}
		ch := Option{Value: cmp.Or(i.Slug, strconv.Itoa(i.ID)), Name: i.Label(), Note: strings.TrimSpace(i.Distro + " " + i.Name)}
		if i.Slug == "" {
			ch.Note = i.Kind + " of " + day(i.Created) + ", " + ch.Value
		}
		out = append(out, ch)
	}
	return out
}

func backupsFor(images []Image, d Droplet) []Option {
	out := []Option{}
	for _, i := range images {
		if imageFits(d, nil, &i) != "" {
			continue
		}
		note := strings.TrimSpace(fmt.Sprintf("%s · %d", i.Name, i.ID))
		if i.SizeGB > 0 {
			note = fmt.Sprintf("%.2f GB · ", i.SizeGB) + note
		}
		out = append(out, Option{Value: strconv.Itoa(i.ID), Name: moment(i.Created), Note: note})
	}
	return out
}

func kernelsFor(kernels []KernelVersion, d Droplet) []Option {
	out := []Option{}
	for _, k := range kernels {
		if k.ID == d.KernelID { // it has it
			continue
		}
		note := strings.TrimPrefix(fmt.Sprintf("%s · %d", k.Version, k.ID), " · ")
		out = append(out, Option{Value: strconv.Itoa(k.ID), Name: k.Name, Note: note})
	}
	return out
}

// moment is a time of DigitalOcean's for people; where it can't be read, as it is.
func moment(rfc3339 string) string { return at(rfc3339, "2 Jan 2006 15:04 MST") }

func day(rfc3339 string) string { return at(rfc3339, "2 Jan 2006") }

func at(rfc3339, layout string) string {
	t, err := time.Parse(time.RFC3339, rfc3339)
	if err != nil {
		return rfc3339
	}
	return t.UTC().Format(layout)
}
