package digitalocean

import (
	"slices"
	"time"
)

// Firewall is one of DigitalOcean's cloud firewalls. It applies to the Droplets that it names, and to
// those that bear one of its tags.
type Firewall struct {
	ID             string          `json:"id"`
	Name           string          `json:"name"`
	Status         string          `json:"status"` // waiting, succeeded, failed
	InboundRules   []InboundRule   `json:"inbound_rules"`
	OutboundRules  []OutboundRule  `json:"outbound_rules"`
	CreatedAt      time.Time       `json:"created_at"`
	DropletIDs     []int           `json:"droplet_ids"`
	Tags           []string        `json:"tags"`
	PendingChanges []PendingChange `json:"pending_changes"`
}

// InboundRule lets traffic in, OutboundRule out. Ports are one, a range, or "0" for all.
type (
	InboundRule struct {
		Protocol string      `json:"protocol"` // tcp, udp, icmp
		Ports    string      `json:"ports"`
		Sources  FirewallEnd `json:"sources"`
	}
	OutboundRule struct {
		Protocol     string      `json:"protocol"`
		Ports        string      `json:"ports"`
		Destinations FirewallEnd `json:"destinations"`
	}
)

// FirewallEnd is whence or where to a rule lets traffic pass.
type FirewallEnd struct {
	Addresses  []string `json:"addresses,omitempty"`
	DropletIDs []int    `json:"droplet_ids,omitempty"`
	Tags       []string `json:"tags,omitempty"`
}

// PendingChange is a Droplet on which a firewall is not yet as it should be.
type PendingChange struct {
	DropletID int    `json:"droplet_id"`
	Removing  bool   `json:"removing"`
	Status    string `json:"status"`
}

func (f *Firewall) appliesTo(d *droplet) bool {
	return slices.Contains(f.DropletIDs, d.real.ID) || slices.ContainsFunc(f.Tags, d.real.hasTag)
}

func (w *world) listFirewalls(c *call) (answer, *refusal) {
	d, refused := w.findVisible(c)
	if refused != nil {
		return answer{}, refused
	}
	var on []*Firewall
	for _, f := range w.firewalls {
		if f.appliesTo(d) {
			on = append(on, f)
		}
	}
	return page(c, "firewalls", on)
}

// anywhere is every address.
var anywhere = FirewallEnd{Addresses: []string{"0.0.0.0/0", "::/0"}}

// newFirewall lets SSH and HTTPS in, and everything out.
func newFirewall(id, name string, at time.Time, tags []string, droplets []int) *Firewall {
	f := &Firewall{ID: id, Name: name, Status: "succeeded", CreatedAt: at, Tags: append([]string{}, tags...),
		DropletIDs: append([]int{}, droplets...), PendingChanges: []PendingChange{}}
	for _, ports := range []string{"22", "443"} {
		f.InboundRules = append(f.InboundRules, InboundRule{"tcp", ports, anywhere})
	}
	for _, protocol := range []string{"tcp", "udp", "icmp"} {
		f.OutboundRules = append(f.OutboundRules, OutboundRule{protocol, "0", anywhere})
	}
	return f
}

// firewalls seeds one by tag and one by ID.
func (s *sower) firewalls() {
	s.w.firewalls = append(s.w.firewalls,
		newFirewall("bb4b2611-3d72-467b-8602-280330ecd65c", "web-public", s.ago(209), []string{"web"}, nil),
		newFirewall("0d8a6c05-4d1f-4d2e-9d21-6a3f0f1f6c11", "ssh-only", s.ago(300), nil, []int{s.named("bastion").real.ID, s.named("db-1").real.ID}))
	only := s.w.firewalls[1]
	only.InboundRules = only.InboundRules[:1]
}
