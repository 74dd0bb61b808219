package api

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/digitalocean/godo"
)

// Firewall is a cloud firewall in front of a Droplet.
type Firewall struct {
	Name    string
	Status  string   // waiting, succeeded or failed
	In      []string // what it lets in: "tcp 22", "tcp 5432 from some"
	Pending bool     // it is not yet on this Droplet as it should be
}

// Firewalls lists the firewalls in front of a Droplet, by name, fresh. It takes a
// scope that not every token has.
func (c *Client) Firewalls(ctx context.Context, droplet int) ([]Firewall, error) {
	all, err := pages(ctx, c, fmt.Sprintf("list the firewalls of Droplet %d", droplet), []string{"firewall:read"},
		func(ctx context.Context, o *godo.ListOptions) ([]godo.Firewall, *godo.Response, error) {
			return c.godo.Firewalls.ListByDroplet(ctx, droplet, o)
		})
	if err != nil {
		return nil, err
	}
	out := make([]Firewall, len(all))
	for i, f := range all {
		out[i] = Firewall{Name: f.Name, Status: f.Status,
			Pending: slices.ContainsFunc(f.PendingChanges, func(p godo.PendingChange) bool { return p.DropletID == droplet })}
		for _, r := range f.InboundRules {
			out[i].In = append(out[i].In, lets(r))
		}
	}
	slices.SortStableFunc(out, func(a, b Firewall) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

// lets says what an inbound rule lets in. DigitalOcean writes "0" for all ports.
func lets(r godo.InboundRule) string {
	s := r.Protocol
	switch {
	case r.Protocol == "icmp":
	case r.PortRange == "0" || r.PortRange == "":
		s += " all ports"
	default:
		s += " " + r.PortRange
	}
	if r.Sources == nil || !slices.ContainsFunc(r.Sources.Addresses, func(a string) bool { return strings.HasSuffix(a, "/0") }) {
		s += " from some"
	}
	return s
}
