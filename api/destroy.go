package api

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/digitalocean/godo"
	"golang.org/x/sync/errgroup"

	"dropletops/internal/task"
)

// callDestroy destroys one Droplet by its ID. DigitalOcean never uses an ID twice,
// so no DELETE can hit another Droplet than the one that was meant; by tag it could.
// Its backups go with it (docs.digitalocean.com/products/images/backups/support).
//
// What goes with it is named by its IDs, too, of those that people were shown. The
// API's way to take all there is ("dangerous") is never used: it takes what nobody
// has looked at.
func callDestroy(ctx context.Context, c *godo.Client, id int, a Args, _ *Image) (*godo.Action, *godo.Response, error) {
	if a[Taking] != "" {
		resp, err := destroyWith(ctx, c, id, a[Taking])
		return nil, resp, err
	}
	resp, err := c.Droplets.Delete(ctx, id)
	return nil, resp, err
}

// destroying is the record of a DELETE that was accepted. It has no ID, since
// DigitalOcean makes no action of it.
func (c *Client) destroying(droplet int, a *Action) Record {
	c.cache.Delete(allDroplets) // nobody is to be offered a Droplet that goes
	return Record{Type: a.Type, Status: "in-progress", StartedAt: c.now(), ResourceID: droplet, ResourceType: "droplet"}
}

// Leftovers says what would stay of Droplets if they were destroyed, one thing a
// line, in plain text and always in the same order: as far as the token may see it.
// Backups are not in it, since they go.
func (c *Client) Leftovers(ctx context.Context, on []Droplet) ([]string, error) {
	of := make([][]string, len(on))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for i, d := range on {
		g.Go(task.Err(func() error {
			left, err := c.leftBy(ctx, d.ID)
			for _, l := range left {
				if len(on) > 1 {
					l = d.label() + ": " + l
				}
				of[i] = append(of[i], l)
			}
			return err
		}))
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return slices.Concat(of...), nil
}

func (c *Client) leftBy(ctx context.Context, droplet int) ([]string, error) {
	all, err := c.Associated(ctx, droplet)
	if err != nil {
		return nil, err
	}
	_, stays := Divide(all, "")
	return stays, nil
}

// Associated lists what belongs to a Droplet and would outlive it, always in the
// same order, fresh: as far as the token may see it.
func (c *Client) Associated(ctx context.Context, droplet int) ([]Associated, error) {
	what := fmt.Sprintf("list what would outlive Droplet %d", droplet)
	all, resp, err := read(ctx, c, what, command, readScopes, func(ctx context.Context) (*godo.DropletAssociatedResources, *godo.Response, error) {
		return c.godo.Droplets.ListAssociatedResourcesForDeletion(ctx, droplet)
	})
	if err != nil {
		return nil, err
	}
	if all == nil || all.Snapshots == nil && all.Volumes == nil && all.VolumeSnapshots == nil {
		return nil, empty(what, resp)
	}
	out := []Associated{}
	for _, of := range []struct {
		kind, word string
		list       []*godo.DropletAssociatedResource
	}{
		{"volumes", "volume", all.Volumes}, {"volume_snapshots", "volume snapshot", all.VolumeSnapshots}, {"snapshots", "snapshot", all.Snapshots},
		{"reserved_ips", "reserved IP", all.ReservedIPs}, {"reserved_ips", "reserved IP", all.FloatingIPs}, // the same ones by their former name
	} {
		slices.SortFunc(of.list, func(a, b *godo.DropletAssociatedResource) int { return strings.Compare(a.ID, b.ID) })
		for _, r := range of.list {
			x := Associated{Kind: of.kind, ID: r.ID, Words: leftover(of.word, r)}
			if !slices.Contains(out, x) {
				out = append(out, x)
			}
		}
	}
	return out, nil
}

// leftover names one thing: "volume db-1-data, $20.00 a month".
func leftover(kind string, r *godo.DropletAssociatedResource) string {
	s := kind + " " + cmp.Or(oneLine(r.Name), oneLine(r.ID))
	if monthly, err := strconv.ParseFloat(r.Cost, 64); err == nil && monthly > 0 {
		s += ", " + dollars(monthly)
	}
	return s
}
