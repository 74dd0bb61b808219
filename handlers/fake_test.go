package handlers

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/card"
)

// account is a DigitalOcean account.
type account struct {
	buggy        bool // looking at firewalls is a panic
	droplets     []api.Droplet
	images       []api.Image
	backups      map[int][]api.Image
	snapshots    map[int][]api.Image
	history      map[int][]api.Record
	records      map[int]api.Record
	doings       map[int]approvals.Doing
	details      map[int]api.Detail
	policies     map[int]api.BackupPolicy
	backupPlans  []api.BackupPlan
	walls        map[int][]api.Firewall
	belongs      map[int][]api.Associated
	kernels      map[int][]api.KernelVersion
	groups       [][]int
	plans        []api.Plan
	assets       map[api.Kind][]api.Asset
	tags         []string
	places       []api.Region
	known        []api.Droplet
	recent       []approvals.RecentDroplet // that requests of ours created, renamed or destroyed
	strays       map[int]int               // how many more reads of a Droplet by its ID are a 404
	unlisted     map[int]bool              // Droplets that lists do not show yet
	listedAs     map[int]string            // names that lists show, in place of the present ones
	listedStatus map[int]string            // statuses likewise
	mu           sync.Mutex
	asked        int // how often it was asked for anything
	down         map[string]*api.Error
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
		images:    []api.Image{{ID: 1, Slug: "debian-12-x64", Kind: "base"}, {ID: 2, Slug: "ubuntu-24-04-x64", Kind: "base", Regions: []string{"nyc3"}}, {ID: 7, Name: "golden", Kind: "snapshot"}},
		kernels:   map[int][]api.KernelVersion{101: {{ID: 990, Name: "old"}, {ID: 991, Name: "new"}}},
		backups:   map[int][]api.Image{101: {{ID: 902, Name: "b2", Kind: "backup", Created: "2026-11-15T01:00:00Z"}, {ID: 901, Name: "b1", Kind: "backup", Created: "2026-11-08T01:00:00Z"}}},
		snapshots: map[int][]api.Image{101: {{ID: 903, Name: "s1", Kind: "snapshot", Created: "2026-10-01T01:00:00Z"}}},
		history:   map[int][]api.Record{},
		down:      map[string]*api.Error{},
	}
}

func (a *account) ask(what string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
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
			if a.strays[id] > 0 {
				a.strays[id]--
				break
			}
			return d, nil
		}
	}
	return api.Droplet{}, &api.Error{Kind: api.NotFound, What: fmt.Sprintf("read Droplet %d", id)}
}

func (a *account) RecentDroplets(context.Context, time.Time) ([]approvals.RecentDroplet, error) {
	return a.recent, nil
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
		if as := a.listedAs[d.ID]; as != "" && strings.EqualFold(as, words) {
			d.Name = as
			f.Droplets = append(f.Droplets, d)
			continue
		}
		if d.Name != "gone" && !a.unlisted[d.ID] && strings.EqualFold(d.Name, words) {
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
			d.Status = cmp.Or(a.listedStatus[d.ID], d.Status)
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
	return action.InTheWay(d, args, img), a.ask("precheck")
}

func (a *account) Past(_ context.Context, id int) ([]api.Record, error) {
	return a.history[id], a.ask("past")
}

func (a *account) Newest(context.Context) ([]api.Record, error) {
	return append(slices.Clone(a.history[101]), a.records[77]), a.ask("newest")
}

func (a *account) Action(_ context.Context, id int) (api.Record, error) {
	if err := a.ask("action"); err != nil {
		return api.Record{}, err
	}
	if r, ok := a.records[id]; ok {
		return r, nil
	}
	return api.Record{}, &api.Error{Kind: api.NotFound, What: fmt.Sprintf("read action %d", id)}
}

func (a *account) Listing(context.Context) ([]api.Droplet, error) {
	return a.droplets, a.ask("listing")
}

func (a *account) Recent(context.Context) ([]api.Droplet, error) {
	if err := a.ask("recent"); err != nil {
		return nil, err
	}
	return slices.Clone(a.droplets), nil
}

func (a *account) Options(_ context.Context, k api.Kind, d api.Droplet) ([]api.Option, error) {
	out := []api.Option{}
	switch k {
	case api.Base:
		for _, i := range a.images {
			out = append(out, api.Option{Value: cmp.Or(i.Slug, strconv.Itoa(i.ID)), Name: i.Label()})
		}
	case api.Backup:
		for _, i := range a.backups[d.ID] {
			out = append(out, api.Option{Value: strconv.Itoa(i.ID), Name: i.Created, Note: i.Name})
		}
	case api.Kernel:
		for _, i := range a.kernels[d.ID] {
			out = append(out, api.Option{Value: strconv.Itoa(i.ID), Name: i.Name})
		}
	case api.Keys, api.VPC, api.Volumes:
		if k == api.Keys {
			out = append(out, api.Option{Value: api.AllKeys, Name: api.AllKeys})
		}
		for _, v := range a.assets[k] {
			if v.On == 0 && (d.Region == "" || v.Region == "" || v.Region == d.Region) {
				out = append(out, api.Option{Value: v.ID, Name: v.Name})
			}
		}
		return out, cmp.Or(a.ask("options"), a.ask(string(k)))
	}
	return out, a.ask("options")
}

func (a *account) Known() []api.Droplet { return a.known }

func (a *account) Sizes(context.Context) ([]api.Plan, error) {
	return slices.Clone(a.plans), a.ask("sizes")
}

func (a *account) Images(context.Context) ([]api.Image, error) {
	return slices.Clone(a.images), a.ask("images")
}

func (a *account) Regions(context.Context) ([]api.Region, error) {
	return slices.Clone(a.places), a.ask("regions")
}

func (a *account) Detail(ctx context.Context, id int) (api.Detail, error) {
	if err := a.down["detail"]; err != nil {
		return api.Detail{}, err
	}
	return a.details[id], nil
}

func (a *account) BackupPolicy(_ context.Context, id int) (api.BackupPolicy, error) {
	if err := a.down["policy"]; err != nil {
		return api.BackupPolicy{}, err
	}
	return a.policies[id], nil
}

func (a *account) Firewalls(_ context.Context, id int) ([]api.Firewall, error) {
	if a.buggy {
		panic("a bug")
	}
	if err := a.down["firewalls"]; err != nil {
		return nil, err
	}
	return a.walls[id], nil
}

func (a *account) BackupPolicies(context.Context) (map[int]api.BackupPolicy, error) {
	return a.policies, a.ask("policies")
}

func (a *account) BackupPlans(context.Context) ([]api.BackupPlan, error) {
	if err := a.down["plans"]; err != nil {
		return nil, err
	}
	if a.backupPlans != nil {
		return a.backupPlans, nil
	}
	hours := []int{0, 4, 8, 12, 16, 20}
	return []api.BackupPlan{{Name: "daily", Hours: hours, KeptDays: 7}, {Name: "weekly", Hours: hours, Days: []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}, KeptDays: 28}}, nil
}

func (a *account) Kernels(_ context.Context, id int) ([]api.KernelVersion, error) {
	return a.kernels[id], a.ask("kernels")
}

func (a *account) Neighbors(_ context.Context, id int) ([]api.Droplet, error) {
	var out []api.Droplet
	for _, g := range a.groups {
		for _, other := range g {
			if d, err := a.Droplet(context.Background(), other); slices.Contains(g, id) && other != id && err == nil {
				out = append(out, d)
			}
		}
	}
	return out, a.ask("neighbors")
}

func (a *account) NeighborReport(context.Context) ([][]int, error) { return a.groups, a.ask("report") }

func (a *account) Associated(_ context.Context, id int) ([]api.Associated, error) {
	return a.belongs[id], a.ask("associated")
}

func (a *account) Leftovers(_ context.Context, on []api.Droplet) (out []string, err error) {
	for _, d := range on {
		out = append(out, "volume of "+d.Name)
	}
	return out, a.ask("leftovers")
}

func (a *account) Named(_ context.Context, name string) (out []api.Droplet, err error) {
	for _, d := range a.droplets {
		if strings.EqualFold(d.Name, name) && !a.unlisted[d.ID] {
			out = append(out, d)
		}
	}
	return out, a.ask("named")
}

func (a *account) Assets(_ context.Context, k api.Kind) ([]api.Asset, error) {
	return slices.Clone(a.assets[k]), a.ask(string(k))
}

func (a *account) Tags(context.Context) ([]string, error) {
	return slices.Clone(a.tags), a.ask("tags")
}

func (a *account) Doings(context.Context, []int) (map[int]approvals.Doing, error) {
	return a.doings, a.ask("doings")
}

// channel keeps what is shown to everyone.
type channel struct {
	shown   []card.Message
	where   []string // channel and thread
	refusal error
	told    []Reply
}

func (c *channel) Tell(_ context.Context, r Reply) error {
	c.told = append(c.told, r)
	return nil
}

func (c *channel) Show(_ context.Context, where approvals.Origin, m card.Message) error {
	if c.refusal != nil {
		return c.refusal
	}
	c.shown, c.where = append(c.shown, m), append(c.where, where.ChannelID+" "+where.ThreadTS)
	return nil
}
