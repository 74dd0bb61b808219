package digitalocean_test

import (
	"context"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/digitalocean/godo"

	simdo "dropletops/internal/sim/digitalocean"
)

// Every read that godo has, on the seeded account: what comes back has content, and conforms to the
// OpenAPI document on the way.
func TestReads(t *testing.T) {
	s, c, _ := start(t, simdo.Options{})
	db, web, legacy := s.DropletNamed("db-1"), s.DropletNamed("web-1"), s.DropletNamed("legacy-1")
	for _, tt := range []struct {
		name string
		read func(ctx context.Context) (any, *godo.Response, error)
		want int // entries of a list
	}{
		{"account", func(ctx context.Context) (any, *godo.Response, error) { return c.Account.Get(ctx) }, 0},
		{"keys", func(ctx context.Context) (any, *godo.Response, error) { return c.Keys.List(ctx, nil) }, 2},
		{"droplets, GPU Droplets left out", func(ctx context.Context) (any, *godo.Response, error) { return c.Droplets.List(ctx, nil) }, 12},
		{"droplets with GPUs", func(ctx context.Context) (any, *godo.Response, error) { return c.Droplets.ListWithGPUs(ctx, nil) }, 1},
		{"droplets by name, whatever the case", func(ctx context.Context) (any, *godo.Response, error) {
			return c.Droplets.ListByName(ctx, "CACHE-1", nil)
		}, 2},
		{"droplets by a part of a name", func(ctx context.Context) (any, *godo.Response, error) {
			return c.Droplets.ListByName(ctx, "cache", nil)
		}, 0},
		{"droplets by tag", func(ctx context.Context) (any, *godo.Response, error) { return c.Droplets.ListByTag(ctx, "web", nil) }, 3},
		{"a GPU Droplet's tag", func(ctx context.Context) (any, *godo.Response, error) { return c.Droplets.ListByTag(ctx, "ml", nil) }, 0},
		{"droplet", func(ctx context.Context) (any, *godo.Response, error) { return c.Droplets.Get(ctx, web.ID) }, 0},
		{"GPU droplet", func(ctx context.Context) (any, *godo.Response, error) {
			return c.Droplets.Get(ctx, s.DropletNamed("gpu-train-1").ID)
		}, 0},
		{"kernels", func(ctx context.Context) (any, *godo.Response, error) { return c.Droplets.Kernels(ctx, legacy.ID, nil) }, 5},
		{"backups", func(ctx context.Context) (any, *godo.Response, error) { return c.Droplets.Backups(ctx, db.ID, nil) }, 6},
		{"snapshots of a Droplet", func(ctx context.Context) (any, *godo.Response, error) { return c.Droplets.Snapshots(ctx, web.ID, nil) }, 2},
		{"actions of a Droplet", func(ctx context.Context) (any, *godo.Response, error) { return c.Droplets.Actions(ctx, web.ID, nil) }, 11},
		{"neighbors", func(ctx context.Context) (any, *godo.Response, error) { return c.Droplets.Neighbors(ctx, web.ID) }, 1},
		{"backup policy", func(ctx context.Context) (any, *godo.Response, error) { return c.Droplets.GetBackupPolicy(ctx, db.ID) }, 0},
		{"firewalls by tag", func(ctx context.Context) (any, *godo.Response, error) {
			return c.Firewalls.ListByDroplet(ctx, web.ID, nil)
		}, 1},
		{"firewalls by ID", func(ctx context.Context) (any, *godo.Response, error) {
			return c.Firewalls.ListByDroplet(ctx, db.ID, nil)
		}, 1},
		{"no firewall", func(ctx context.Context) (any, *godo.Response, error) {
			return c.Firewalls.ListByDroplet(ctx, legacy.ID, nil)
		}, 0},
		{"no backup policy", func(ctx context.Context) (any, *godo.Response, error) { return c.Droplets.GetBackupPolicy(ctx, web.ID) }, 0},
		{"backup policies", func(ctx context.Context) (any, *godo.Response, error) { return c.Droplets.ListBackupPolicies(ctx, nil) }, 13},
		{"supported policies", func(ctx context.Context) (any, *godo.Response, error) {
			return c.Droplets.ListSupportedBackupPolicies(ctx)
		}, 2},
		{"associated resources", func(ctx context.Context) (any, *godo.Response, error) {
			return c.Droplets.ListAssociatedResourcesForDeletion(ctx, db.ID)
		}, 0},
		{"all actions", func(ctx context.Context) (any, *godo.Response, error) {
			return c.Actions.List(ctx, &godo.ListOptions{PerPage: 200})
		}, 74},
		{"images", func(ctx context.Context) (any, *godo.Response, error) {
			return c.Images.List(ctx, &godo.ListOptions{PerPage: 200})
		}, 23},
		{"distributions", func(ctx context.Context) (any, *godo.Response, error) { return c.Images.ListDistribution(ctx, nil) }, 8},
		{"applications", func(ctx context.Context) (any, *godo.Response, error) { return c.Images.ListApplication(ctx, nil) }, 4},
		{"one's own images", func(ctx context.Context) (any, *godo.Response, error) { return c.Images.ListUser(ctx, nil) }, 11},
		{"image by slug", func(ctx context.Context) (any, *godo.Response, error) {
			return c.Images.GetBySlug(ctx, "ubuntu-24-04-x64")
		}, 0},
		{"image by ID", func(ctx context.Context) (any, *godo.Response, error) { return c.Images.GetByID(ctx, db.BackupIDs[0]) }, 0},
		{"sizes", func(ctx context.Context) (any, *godo.Response, error) {
			return c.Sizes.List(ctx, &godo.ListOptions{PerPage: 200})
		}, 17},
		{"regions", func(ctx context.Context) (any, *godo.Response, error) { return c.Regions.List(ctx, nil) }, 11},
		{"snapshots", func(ctx context.Context) (any, *godo.Response, error) { return c.Snapshots.List(ctx, nil) }, 4},
		{"snapshots of Droplets", func(ctx context.Context) (any, *godo.Response, error) { return c.Snapshots.ListDroplet(ctx, nil) }, 3},
		{"snapshot", func(ctx context.Context) (any, *godo.Response, error) {
			return c.Snapshots.Get(ctx, strconv.Itoa(web.SnapshotIDs[0]))
		}, 0},
		{"volumes", func(ctx context.Context) (any, *godo.Response, error) {
			return c.Storage.ListVolumes(ctx, &godo.ListVolumeParams{})
		}, 2},
		{"volume", func(ctx context.Context) (any, *godo.Response, error) {
			return c.Storage.GetVolume(ctx, s.DropletNamed("db-1").VolumeIDs[0])
		}, 0},
		{"VPCs", func(ctx context.Context) (any, *godo.Response, error) { return c.VPCs.List(ctx, nil) }, 11},
		{"VPC", func(ctx context.Context) (any, *godo.Response, error) { return c.VPCs.Get(ctx, web.VPCUUID) }, 0},
		{"tags", func(ctx context.Context) (any, *godo.Response, error) { return c.Tags.List(ctx, nil) }, 10},
		{"tag", func(ctx context.Context) (any, *godo.Response, error) { return c.Tags.Get(ctx, "web") }, 0},
		{"neighbors of all", func(ctx context.Context) (any, *godo.Response, error) {
			var report struct {
				IDs [][]int `json:"neighbor_ids"`
			}
			req, err := c.NewRequest(ctx, "GET", "v2/reports/droplet_neighbors_ids", nil)
			if err != nil {
				return nil, nil, err
			}
			resp, err := c.Do(ctx, req, &report)
			return report.IDs, resp, err
		}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, _, err := tt.read(ctx(t))
			if err != nil {
				t.Fatal(err)
			}
			v := reflect.ValueOf(got)
			switch v.Kind() {
			case reflect.Slice, reflect.Map:
				if v.Len() != tt.want {
					t.Errorf("%d entries, want %d: %v", v.Len(), tt.want, got)
				}
			default:
				if v.IsNil() {
					t.Error("nothing came back")
				}
			}
		})
	}
}

// All pages together are the list, each Droplet once, however many there are on one.
func TestPages(t *testing.T) {
	s, c, _ := start(t, simdo.Options{Empty: true})
	s.AddDroplets(450, "many")
	for _, perPage := range []int{0, 7, 200} {
		seen, requests := map[int]bool{}, 0
		opt := &godo.ListOptions{PerPage: perPage}
		for {
			list, resp, err := c.Droplets.List(ctx(t), opt)
			if err != nil {
				t.Fatal(err)
			}
			requests++
			for _, d := range list {
				seen[d.ID] = true
			}
			if resp.Meta.Total != 450 {
				t.Fatalf("total %d", resp.Meta.Total)
			}
			if resp.Links.IsLastPage() {
				break
			}
			at, err := resp.Links.CurrentPage()
			if err != nil {
				t.Fatal(err)
			}
			opt.Page = at + 1
		}
		if want := (450 + max(perPage, 20) - 1) / max(perPage, 20); perPage != 7 && requests != want || len(seen) != 450 {
			t.Errorf("per_page %d: %d Droplets in %d requests", perPage, len(seen), requests)
		}
	}
}

// The seeded account is the same for the same seed and clock.
// The backups of the seeded world are as old as its backup policy makes them: one a day,
// in the four hours of it, and none of today is missing once they are over.
func TestSeededBackupsKeepToTheirPolicy(t *testing.T) {
	for hour := range 24 {
		now := time.Date(2026, 11, 21, hour, 30, 0, 0, time.UTC)
		s := simdo.New(simdo.Options{Now: func() time.Time { return now }})
		backups := s.Backups(s.DropletNamed("db-1").ID)
		if len(backups) != 6 {
			t.Fatalf("%d backups", len(backups))
		}
		var newest time.Time
		for _, b := range backups {
			if at := b.CreatedAt.UTC(); at.Hour() < 4 || at.Hour() >= 8 || at.After(now) {
				t.Errorf("at %s there is one of %s", now, at)
			} else if at.After(newest) {
				newest = at
			}
		}
		if now.Sub(newest) > 28*time.Hour || hour >= 8 && newest.Day() != now.Day() {
			t.Errorf("at %s the newest is of %s", now, newest)
		}
	}
}

func TestSeedIsDeterministic(t *testing.T) {
	a, _, _ := start(t, simdo.Options{Seed: 7})
	b, _, _ := start(t, simdo.Options{Seed: 7})
	if !reflect.DeepEqual(a.Droplets(), b.Droplets()) || !reflect.DeepEqual(a.Actions(), b.Actions()) || !reflect.DeepEqual(a.Images(), b.Images()) {
		t.Error("two accounts of the same seed differ")
	}
	names, statuses := map[string]int{}, map[string]int{}
	for _, d := range a.Droplets() {
		names[d.Name]++
		statuses[d.Status]++
	}
	if names["cache-1"] != 2 || statuses["off"] != 1 || statuses["new"] != 1 || statuses["archive"] != 1 {
		t.Errorf("%v %v", names, statuses)
	}
	last := time.Time{}
	for _, act := range a.Actions() {
		if act.StartedAt.Before(last) {
			t.Errorf("action %d started before the one before it", act.ID)
		}
		last = act.StartedAt
	}
}

func TestTagsAndNamesThatGodoDoesNotEscape(t *testing.T) {
	s, c, _ := start(t, simdo.Options{})
	// godo writes the tag into the URL as it is, so a second parameter gets in: the stand-in sees
	// what DigitalOcean would see, and the request log shows it.
	list := must[[]godo.Droplet](t)(c.Droplets.ListByTag(ctx(t), "web&page=9", nil))
	if len(list) != 0 {
		t.Errorf("page 9 has %d Droplets", len(list))
	}
	log := s.Requests(simdo.Matching(simdo.Match{Path: "/v2/droplets"}))
	if len(log) != 1 || !strings.Contains(log[0].Query, "page=9") {
		t.Errorf("%+v", log)
	}
}
