package web

import (
	"strconv"
	"time"

	simdo "dropletops/internal/sim/digitalocean"
)

type droplet struct {
	ID     int      `json:"id"`
	Name   string   `json:"name"`
	Status string   `json:"status"`
	Region string   `json:"region"`
	Size   string   `json:"size"`
	Image  string   `json:"image"`
	IP     string   `json:"ip"`
	Tags   []string `json:"tags"`
	Action *action  `json:"action,omitempty"`
	Order  int      `json:"order"`
}

type action struct {
	ID          int        `json:"id"`
	Type        string     `json:"type"`
	Status      string     `json:"status"`
	StartedAt   time.Time  `json:"started_at"`
	CompletedAt *time.Time `json:"completed_at,omitempty"`
	Usual       float64    `json:"usual,omitempty"` // seconds
}

// droplets are all of them, each with what is under way on it or has just ended.
func (s *Server) droplets() []part {
	latest := map[int]simdo.Action{}
	for _, a := range s.do.Actions() {
		if a.ResourceType == "droplet" {
			latest[a.ResourceID] = a
		}
	}
	var out []part
	for i, d := range s.do.Droplets() {
		v := droplet{
			ID: d.ID, Name: d.Name, Status: d.Status, Region: d.Region.Slug, Size: d.SizeSlug, Image: image(d.Image),
			IP: address(d), Tags: append([]string{}, d.Tags...), Order: i,
		}
		if a, ok := latest[d.ID]; ok && s.shown(a) {
			v.Action = &action{ID: a.ID, Type: a.Type, Status: a.Status, StartedAt: a.StartedAt, CompletedAt: a.CompletedAt, Usual: s.usual(a.Type)}
		}
		out = append(out, part{key: "droplets/" + strconv.Itoa(d.ID), value: v})
	}
	return out
}

// shown tells an action that is under way or has just ended.
func (s *Server) shown(a simdo.Action) bool {
	if a.Status == "in-progress" {
		return true
	}
	return a.CompletedAt != nil && s.slack.Snapshot().At.Sub(*a.CompletedAt) < recent
}

func (s *Server) usual(kind string) float64 {
	return simdo.UsualDuration(kind).Seconds() / s.opts.Speed
}

func image(i simdo.Image) string {
	if i.Slug != nil && *i.Slug != "" {
		return *i.Slug
	}
	return i.Distribution + " " + i.Name
}

func address(d simdo.Droplet) string {
	if ip := d.PublicIPv4(); ip != "" {
		return ip
	}
	for _, n := range d.Networks.V6 {
		return n.IPAddress
	}
	return ""
}
