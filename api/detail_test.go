package api_test

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"dropletops/api"
	simdo "dropletops/internal/sim/digitalocean"
)

func TestDetail(t *testing.T) {
	s, c := world(t, simdo.Options{})
	d, err := c.Detail(t.Context(), s.DropletNamed("db-1").ID)
	if err != nil {
		t.Fatal(err)
	}
	if d.Name != "db-1" || d.RegionName == "" || d.Hourly == 0 || d.TransferTB == 0 || d.Base.Slug != "debian-12-x64" || d.Kernel != nil ||
		!slices.Contains(d.Features, "backups") || d.NextBackup.Start.IsZero() || d.VPC == "" || d.VPCName == "" {
		t.Errorf("%+v", d)
	}
	if len(d.Volumes) != 1 || d.Volumes[0] != (api.Volume{ID: "506f78a4-e098-11e5-ad9f-000f53306ae1", Name: "db-1-data", SizeGB: 200, System: "ext4"}) {
		t.Errorf("volumes %+v", d.Volumes)
	}
	if len(d.Networks) < 2 || d.Networks[0].Version != 4 || d.Networks[0].Address == "" || d.Networks[0].Gateway == "" {
		t.Errorf("networks %+v", d.Networks)
	}
	gpu, err := c.Detail(t.Context(), s.DropletNamed("gpu-train-1").ID)
	if err != nil || !strings.Contains(gpu.Chips, "×") {
		t.Errorf("%q, %v", gpu.Chips, err)
	}
	old, err := c.Detail(t.Context(), s.DropletNamed("legacy-1").ID)
	if err != nil || old.Kernel == nil || old.Kernel.Name == "" {
		t.Errorf("%+v, %v", old.Kernel, err)
	}
	if _, err := c.Detail(t.Context(), 1); api.KindOf(err) != api.NotFound {
		t.Error(err)
	}
}

// A token that may not read volumes or VPCs still shows the Droplet.
func TestDetailWithFewScopes(t *testing.T) {
	s, c := world(t, simdo.Options{Scopes: []string{"droplet:read"}})
	d, err := c.Detail(t.Context(), s.DropletNamed("db-1").ID)
	if err != nil || len(d.Volumes) != 1 || d.Volumes[0].Name != "" || d.Volumes[0].ID == "" || d.VPC == "" || d.VPCName != "" {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestBackupPolicyIsRead(t *testing.T) {
	s, c := world(t, simdo.Options{})
	p, err := c.BackupPolicy(t.Context(), s.DropletNamed("db-1").ID)
	if err != nil || !p.Enabled || p.Plan != "daily" || p.Hour != 4 || p.WindowHours != 4 || p.KeptDays != 7 || !p.Next.End.After(p.Next.Start) {
		t.Errorf("%+v, %v", p, err)
	}
	if p, err = c.BackupPolicy(t.Context(), s.DropletNamed("web-1").ID); err != nil || p.Enabled {
		t.Errorf("%+v, %v", p, err)
	}
}

// All Droplets' policies, over several pages, and what policies there can be.
func TestBackupPoliciesAreRead(t *testing.T) {
	s, c := world(t, simdo.Options{})
	s.AddDroplets(250, "many")
	all, err := c.BackupPolicies(t.Context())
	if err != nil || len(all) != len(s.Droplets()) {
		t.Fatalf("%d of %d, %v", len(all), len(s.Droplets()), err)
	}
	if p := all[s.DropletNamed("db-1").ID]; !p.Enabled || p.Plan != "daily" || p.Next.Start.IsZero() {
		t.Errorf("%+v", p)
	}
	if p, told := all[s.DropletNamed("web-1").ID]; !told || p.Enabled {
		t.Errorf("%+v, %v", p, told)
	}
	plans, err := c.BackupPlans(t.Context())
	if err != nil || len(plans) != 2 || plans[0].Words() != "weekly on one of SUN, MON, TUE, WED, THU, FRI, SAT from 0, 4, 8, 12, 16, 20 o'clock UTC, kept 28 days" {
		t.Errorf("%+v, %v", plans, err)
	}
	for _, path := range []string{"/v2/droplets/backups/policies", "/v2/droplets/backups/supported_policies"} {
		s, c := world(t, simdo.Options{})
		s.Inject(simdo.Fault{Match: simdo.Match{Path: path}, Answer: &simdo.Answer{Status: 200, Body: "{}"}, Times: 9})
		all, err := c.BackupPolicies(t.Context())
		plans, err2 := c.BackupPlans(t.Context())
		if (all == nil) == (plans == nil) || err == nil && err2 == nil {
			t.Errorf("%s without a list: %v, %v, %v, %v", path, all, err, plans, err2)
		}
	}
}

func TestFirewallsAreRead(t *testing.T) {
	s, c := world(t, simdo.Options{})
	walls, err := c.Firewalls(t.Context(), s.DropletNamed("web-1").ID)
	if err != nil || len(walls) != 1 || walls[0].Name != "web-public" || !slices.Equal(walls[0].In, []string{"tcp 22", "tcp 443"}) || walls[0].Pending {
		t.Errorf("%+v, %v", walls, err)
	}
	if walls, err = c.Firewalls(t.Context(), s.DropletNamed("legacy-1").ID); err != nil || walls == nil || len(walls) != 0 {
		t.Errorf("%+v, %v", walls, err)
	}
	s, c = world(t, simdo.Options{Scopes: []string{"droplet:read"}})
	_, err = c.Firewalls(t.Context(), s.DropletNamed("web-1").ID)
	var failed *api.Error
	if !errors.As(err, &failed) || failed.Kind != api.Forbidden || !slices.Equal(failed.Scopes, []string{"firewall:read"}) {
		t.Errorf("%v", err)
	}
}

func TestNeighborsAreRead(t *testing.T) {
	s, c := world(t, simdo.Options{})
	web1, web2 := s.DropletNamed("web-1").ID, s.DropletNamed("web-2").ID
	ds, err := c.Neighbors(t.Context(), web1)
	if err != nil || len(ds) != 1 || ds[0].ID != web2 {
		t.Errorf("%+v, %v", ds, err)
	}
	if ds, err = c.Neighbors(t.Context(), s.DropletNamed("db-1").ID); err != nil || len(ds) != 0 {
		t.Errorf("%+v, %v", ds, err)
	}
	groups, err := c.NeighborReport(t.Context())
	if err != nil || len(groups) != 1 || !slices.Equal(groups[0], []int{web1, web2}) {
		t.Errorf("%v, %v", groups, err)
	}
}

func TestNewestOfTheAccount(t *testing.T) {
	s, c := world(t, simdo.Options{})
	records, err := c.Newest(t.Context())
	if err != nil || len(records) < 70 || !slices.IsSortedFunc(records, func(a, b api.Record) int { return b.StartedAt.Compare(a.StartedAt) }) ||
		!slices.ContainsFunc(records, func(r api.Record) bool { return r.ResourceType == "volume" }) {
		t.Errorf("%d, %v", len(records), err)
	}
	s.Inject(simdo.Fault{Match: simdo.Match{Path: "/v2/actions"}, Answer: &simdo.Answer{Status: 200, Body: "{}"}, Times: simdo.Always})
	if records, err = c.Newest(t.Context()); err == nil {
		t.Errorf("no list is %d actions", len(records))
	}
}

func TestPastIsWhole(t *testing.T) {
	s, c := world(t, simdo.Options{})
	id := s.DropletNamed("bastion").ID
	if err := s.AddHistory(id, 450, "reboot", 30*time.Second); err != nil {
		t.Fatal(err)
	}
	past, err := c.Past(t.Context(), id)
	if err != nil || len(past) < 450 || !slices.IsSortedFunc(past, func(a, b api.Record) int { return b.StartedAt.Compare(a.StartedAt) }) {
		t.Fatalf("%d actions, %v", len(past), err)
	}
	r, err := c.Action(t.Context(), past[0].ID)
	if err != nil || r.ID != past[0].ID || r.ResourceID != id || r.RequestID == "" {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := c.Action(t.Context(), 1); api.KindOf(err) != api.NotFound {
		t.Error(err)
	}
}

// A listing is what there is now; what is known is that, and costs nothing.
func TestListing(t *testing.T) {
	s, c := world(t, simdo.Options{})
	if len(c.Known()) != 0 || len(s.Requests()) != 0 {
		t.Error("something is known before it was asked for")
	}
	before, err := c.Listing(t.Context())
	if err != nil || len(before) != len(s.Droplets()) {
		t.Fatal(len(before), err)
	}
	s.AddDroplets(450, "many-", "many")
	if len(c.Known()) != len(before) {
		t.Error("what is known is not the last listing")
	}
	after, err := c.Listing(t.Context())
	if err != nil || len(after) != len(before)+450 || len(c.Known()) != len(after) {
		t.Errorf("%d, %d known, %v", len(after), len(c.Known()), err)
	}
}

// An answer without what was asked for is a failure, never "there is none".
func TestEmptyAnswersAreFailures(t *testing.T) {
	c, err := api.New(api.Config{Token: "t", PerMinute: 100_000, Transport: always(`{}`)})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	for what, ask := range map[string]func() error{
		"detail":    func() error { _, err := c.Detail(ctx, 1); return err },
		"policy":    func() error { _, err := c.BackupPolicy(ctx, 1); return err },
		"neighbors": func() error { _, err := c.Neighbors(ctx, 1); return err },
		"report":    func() error { _, err := c.NeighborReport(ctx); return err },
		"past":      func() error { _, err := c.Past(ctx, 1); return err },
		"action":    func() error { _, err := c.Action(ctx, 1); return err },
		"listing":   func() error { _, err := c.Listing(ctx); return err },
	} {
		if err := ask(); api.KindOf(err) != api.Unavailable {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// always is a DigitalOcean that says the same to everything.
type always string

func (a always) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
		Body: io.NopCloser(strings.NewReader(string(a)))}, nil
}
