package api

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/digitalocean/godo"
	"golang.org/x/sync/errgroup"

	"dropletops/internal/task"
)

// Detail is all that DigitalOcean tells of one Droplet.
type Detail struct {
	Droplet
	RegionName string
	Hourly     float64 // US dollars
	TransferTB float64 // a month, included in the price
	Chips      string  // of a GPU Droplet: "1 × nvidia_h100, 80 gib"
	Locked     bool
	Features   []string
	Base       Image          // the image it was made from; zero if that is gone
	Kernel     *KernelVersion // nil where the kernel is the Droplet's own affair
	Networks   []Network
	Volumes    []Volume
	VPCName    string // empty where it can't be read
	NextBackup Window
}

// Network is one interface of a Droplet.
type Network struct {
	Version int    // 4 or 6
	Type    string // public or private
	Address string
	Mask    string // "255.255.240.0", or the length of the prefix
	Gateway string
}

// Volume is a volume that is attached to a Droplet. Where the token may not read
// volumes, its ID is all that is known of it.
type Volume struct {
	ID     string
	Name   string
	SizeGB int
	System string // the file system, such as ext4
}

// Window is a span of time, zero if there is none.
type Window struct{ Start, End time.Time }

// Detail reads all there is to know of a Droplet, fresh. What its volumes and
// its VPC are called takes scopes that not every token has: where they can't be
// read, their IDs stand for them.
func (c *Client) Detail(ctx context.Context, id int) (Detail, error) {
	what := fmt.Sprintf("read Droplet %d", id)
	d, resp, err := read(ctx, c, what, command, readScopes, func(ctx context.Context) (*godo.Droplet, *godo.Response, error) {
		return c.godo.Droplets.Get(ctx, id)
	})
	if err != nil {
		return Detail{}, err
	}
	if d == nil || d.ID != id {
		return Detail{}, empty(what, resp)
	}
	out := detailOf(*d)
	var g errgroup.Group
	g.SetLimit(4) // of up to 15 volumes that a Droplet can have
	for i := range out.Volumes {
		g.Go(task.Err(func() error { out.Volumes[i] = c.volume(ctx, out.Volumes[i].ID); return nil }))
	}
	if out.VPC != "" {
		g.Go(task.Err(func() error { out.VPCName = c.vpcName(ctx, out.VPC); return nil }))
	}
	return out, g.Wait()
}

func detailOf(d godo.Droplet) Detail {
	out := Detail{Droplet: dropletOf(d), Locked: d.Locked, Features: d.Features}
	if d.Region != nil {
		out.RegionName = d.Region.Name
	}
	if d.Image != nil {
		out.Base = imageOf(*d.Image)
	}
	if d.Kernel != nil {
		k := KernelVersion(*d.Kernel)
		out.Kernel = &k
	}
	if s := d.Size; s != nil {
		out.Hourly, out.TransferTB = s.PriceHourly, s.Transfer
		if g := s.GPUInfo; g != nil {
			out.Chips = fmt.Sprintf("%d × %s", g.Count, g.Model)
			if g.VRAM != nil {
				out.Chips += fmt.Sprintf(", %d %s", g.VRAM.Amount, g.VRAM.Unit)
			}
		}
	}
	if n := d.Networks; n != nil {
		for _, v := range n.V4 {
			out.Networks = append(out.Networks, Network{4, v.Type, known(v.IPAddress), known(v.Netmask), known(v.Gateway)})
		}
		for _, v := range n.V6 {
			out.Networks = append(out.Networks, Network{6, v.Type, known(v.IPAddress), prefix(v.Netmask), known(v.Gateway)})
		}
	}
	for _, id := range d.VolumeIDs {
		out.Volumes = append(out.Volumes, Volume{ID: id})
	}
	out.NextBackup = windowOf(d.NextBackupWindow)
	return out
}

// known is a value of DigitalOcean's, empty where it stands for none: some answers hold
// the string "<nil>" for a gateway.
func known(s string) string {
	switch s = strings.TrimSpace(s); strings.ToLower(s) {
	case "<nil>", "nil", "null", "none", "undefined":
		return ""
	}
	return s
}

func prefix(bits int) string {
	if bits == 0 {
		return ""
	}
	return strconv.Itoa(bits)
}

func windowOf(w *godo.BackupWindow) Window {
	if w == nil || w.Start == nil || w.End == nil {
		return Window{}
	}
	return Window{w.Start.Time, w.End.Time}
}

// volume reads what a volume is called, and answers its ID alone if that fails.
func (c *Client) volume(ctx context.Context, id string) Volume {
	if !slug(id) {
		return Volume{ID: id}
	}
	v, _, err := read(ctx, c, "read volume "+id, command, []string{"block_storage:read"}, func(ctx context.Context) (*godo.Volume, *godo.Response, error) {
		return c.godo.Storage.GetVolume(ctx, id)
	})
	if err != nil || v == nil {
		c.log.DebugContext(ctx, "what a volume is called could not be read", "volume", id, "error", err)
		return Volume{ID: id}
	}
	return Volume{ID: id, Name: v.Name, SizeGB: int(v.SizeGigaBytes), System: v.FilesystemType}
}

func (c *Client) vpcName(ctx context.Context, id string) string {
	if !slug(id) {
		return ""
	}
	name, err := cached(ctx, c, "vpc/"+id, "read VPC "+id, rarely*c.cacheFor, func(ctx context.Context) (string, error) {
		v, resp, err := read(ctx, c, "read VPC "+id, command, []string{"vpc:read"}, func(ctx context.Context) (*godo.VPC, *godo.Response, error) {
			return c.godo.VPCs.Get(ctx, id)
		})
		if err != nil {
			return "", err
		}
		if v == nil {
			return "", empty("read VPC "+id, resp)
		}
		return v.Name, nil
	})
	if err != nil {
		c.log.DebugContext(ctx, "what a VPC is called could not be read", "vpc", id, "error", err)
	}
	return name
}
