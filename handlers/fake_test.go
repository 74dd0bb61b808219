package handlers

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"dropletops/api"
)

// account is a DigitalOcean account.
type account struct {
	droplets  []api.Droplet
	images    []api.Image
	backups   map[int][]api.Image
	snapshots map[int][]api.Image
	history   map[int][]api.Record
	asked     int // how often it was asked for anything
	down      map[string]*api.Error
}

func newAccount() *account {
	d := func(id int, name, status string, tags ...string) api.Droplet {
		return api.Droplet{ID: id, Name: name, Status: status, Region: "nyc3", Size: "s-1vcpu-1gb", ImageID: 1, Image: "debian-12-x64", Tags: tags, DiskGB: 25}
	}
	return &account{
		droplets: []api.Droplet{
			d(101, "web-1", "active", "web"), d(102, "web-2", "active", "web"), d(103, "web-3", "off", "half", "single"),
			d(104, "twin", "active"), d(105, "twin", "off"), d(106, "db-1.example.com", "active", "half"),
			d(107, "gone", "active"), d(108, "<!channel>", "active", "loud"),
		},
		images:    []api.Image{{ID: 1, Slug: "debian-12-x64", Kind: "base"}, {ID: 2, Slug: "ubuntu-24-04-x64", Kind: "base", Regions: []string{"nyc3"}}},
		backups:   map[int][]api.Image{101: {{ID: 902, Name: "b2", Kind: "backup", Created: "2026-11-15T01:00:00Z"}, {ID: 901, Name: "b1", Kind: "backup", Created: "2026-11-08T01:00:00Z"}}},
		snapshots: map[int][]api.Image{101: {{ID: 903, Name: "s1", Kind: "snapshot", Created: "2026-10-01T01:00:00Z"}}},
		history:   map[int][]api.Record{},
		down:      map[string]*api.Error{},
	}
}

func (a *account) ask(what string) error {
	a.asked++
	if err := a.down[what]; err != nil {
		return err
	}
	return nil // not the nil pointer
}

func (a *account) Droplet(_ context.Context, id int) (api.Droplet, error) {
	if err := a.ask("droplet"); err != nil {
		return api.Droplet{}, err
	}
	for _, d := range a.droplets {
		if d.ID == id && d.Name != "gone" {
			return d, nil
		}
	}
	return api.Droplet{}, &api.Error{Kind: api.NotFound, What: fmt.Sprintf("read Droplet %d", id)}
}

func (a *account) Droplets(context.Context) ([]api.Droplet, error) {
	return a.droplets, a.ask("droplets")
}

func (a *account) Find(_ context.Context, words string) (api.Found, error) {
	if err := a.ask("find"); err != nil {
		return api.Found{}, err
	}
	var f api.Found
	for _, d := range a.droplets {
		if d.Name != "gone" && strings.EqualFold(d.Name, words) || strconv.Itoa(d.ID) == words {
			f.Droplets = append(f.Droplets, d)
		}
	}
	if len(f.Droplets) == 0 && words == "wbe-1" {
		f.Nearest = []string{"web-1", "web-2"}
	}
	return f, nil
}

func (a *account) Tagged(_ context.Context, tag string) (out []api.Droplet, err error) {
	for _, d := range a.droplets {
		if slices.Contains(d.Tags, tag) {
			out = append(out, d)
		}
	}
	return out, a.ask("tagged")
}

func (a *account) Image(_ context.Context, idOrSlug string) (api.Image, error) {
	if err := a.ask("image"); err != nil {
		return api.Image{}, err
	}
	for _, i := range a.images {
		if i.Slug == idOrSlug || strconv.Itoa(i.ID) == idOrSlug {
			return i, nil
		}
	}
	return api.Image{}, &api.Error{Kind: api.NotFound, What: "read image " + idOrSlug}
}

func (a *account) Backups(_ context.Context, id int) ([]api.Image, error) {
	return a.backups[id], a.ask("backups")
}

func (a *account) Snapshots(_ context.Context, id int) ([]api.Image, error) {
	return a.snapshots[id], a.ask("snapshots")
}

func (a *account) History(_ context.Context, id int) ([]api.Record, error) {
	return a.history[id], a.ask("history")
}

func (a *account) Usual(_ context.Context, _ int, action *api.Action) time.Duration {
	return action.Usual + time.Second
}

func (a *account) PreCheck(_ context.Context, action *api.Action, d api.Droplet, args api.Args, img *api.Image) (string, error) {
	return action.PreCheck(d, args, img), a.ask("precheck")
}
