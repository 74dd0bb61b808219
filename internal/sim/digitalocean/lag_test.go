package digitalocean_test

import (
	"math"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/digitalocean/godo"

	simdo "dropletops/internal/sim/digitalocean"
)

// fixedLag has one lag per kind, so that each instant is known.
var fixedLag = simdo.Lag{
	New: fixed(2 * time.Second), Destroyed: fixed(3 * time.Second), Lists: fixed(10 * time.Second),
	Policy: fixed(5 * time.Second), Images: fixed(6 * time.Second), Address: fixed(4 * time.Second),
}

func fixed(d time.Duration) simdo.Range { return simdo.Range{Min: d, Max: d} }

// isNotFound checks that a call answered 404.
func isNotFound(t *testing.T, what string, r *godo.Response, err error) {
	t.Helper()
	if r == nil || r.StatusCode != http.StatusNotFound {
		t.Fatalf("%s: %v, want a 404", what, err)
	}
}

func names(list []godo.Droplet) (out []string) {
	for _, d := range list {
		out = append(out, d.Name)
	}
	return out
}

func createRequest(name string) *godo.DropletCreateRequest {
	return &godo.DropletCreateRequest{Name: name, Region: "nyc3", Size: "s-1vcpu-1gb", Image: godo.DropletCreateImage{Slug: "debian-12-x64"},
		SSHKeys: []godo.DropletCreateSSHKey{}, Tags: []string{"web"}}
}

// What is new is a 404 by its ID first, then missing in lists, and has no address at first; what is
// posted to it is judged by the truth meanwhile.
func TestWhatIsNewAppearsLate(t *testing.T) {
	s, client, clk := start(t, simdo.Options{Speed: 45, Lag: fixedLag}) // a create takes 1 s
	made, r, err := client.Droplets.Create(ctx(t), createRequest("late-1"))
	if err != nil {
		t.Fatal(err)
	}
	id, actionID := made.ID, r.Links.Actions[0].ID
	_, r, err = client.Droplets.Get(ctx(t), id)
	isNotFound(t, "the new Droplet", r, err)
	_, r, err = client.Actions.Get(ctx(t), actionID)
	isNotFound(t, "its create", r, err)
	_, r, err = client.Droplets.Actions(ctx(t), id, nil)
	isNotFound(t, "its actions", r, err)
	_, r, err = client.Droplets.GetBackupPolicy(ctx(t), id)
	isNotFound(t, "its backup policy", r, err)
	if _, r, _ = client.DropletActions.PowerOff(ctx(t), id); r.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an action on what is not seen yet: %d, want 422 as its create is pending", r.StatusCode)
	}

	clk.advance(2 * time.Second) // active for one, visible
	d := must[*godo.Droplet](t)(client.Droplets.Get(ctx(t), id))
	if ip, _ := d.PublicIPv4(); d.Status != "active" || ip != "" {
		t.Errorf("after 2 s: %s with address %q, want active without one", d.Status, ip)
	}
	if a := must[*godo.Action](t)(client.Actions.Get(ctx(t), actionID)); a.Status != "completed" {
		t.Errorf("the create is %s", a.Status)
	}
	if list := must[[]godo.Droplet](t)(client.Droplets.ListByName(ctx(t), "late-1", nil)); len(list) != 0 {
		t.Errorf("listed by name already: %v", names(list))
	}
	if actions := must[[]godo.Action](t)(client.Droplets.Actions(ctx(t), id, nil)); len(actions) != 0 {
		t.Errorf("its actions are listed already: %+v", actions)
	}
	clk.advance(3 * time.Second) // 4 s after the boot
	if d := must[*godo.Droplet](t)(client.Droplets.Get(ctx(t), id)); len(d.Networks.V4) != 2 {
		t.Errorf("after 5 s without addresses: %+v", d.Networks)
	}
	clk.advance(6 * time.Second) // 9 s after it was visible
	if list := must[[]godo.Droplet](t)(client.Droplets.ListByTag(ctx(t), "web", nil)); slices.Contains(names(list), "late-1") {
		t.Error("listed by tag before its time")
	}
	clk.advance(time.Second)
	for what, list := range map[string][]godo.Droplet{
		"all":     must[[]godo.Droplet](t)(client.Droplets.List(ctx(t), &godo.ListOptions{PerPage: 200})),
		"by name": must[[]godo.Droplet](t)(client.Droplets.ListByName(ctx(t), "late-1", nil)),
		"by tag":  must[[]godo.Droplet](t)(client.Droplets.ListByTag(ctx(t), "web", nil)),
	} {
		i := slices.IndexFunc(list, func(d godo.Droplet) bool { return d.ID == id })
		if i < 0 || list[i].Status != "new" {
			t.Errorf("%s after 12 s: %v, want it listed as new", what, names(list))
		}
	}
	if actions := must[[]godo.Action](t)(client.Droplets.Actions(ctx(t), id, nil)); len(actions) != 1 {
		t.Errorf("its actions after 12 s: %+v", actions)
	}
	if _, ok := s.Droplet(id); !ok {
		t.Error("the world itself does not have it")
	}
}

// A destroyed Droplet is still there by its ID for a moment and in lists for longer, and takes nothing.
func TestADestroyedDropletLingers(t *testing.T) {
	s, client, clk := start(t, simdo.Options{Lag: fixedLag})
	id := s.DropletNamed("web-2").ID
	if _, err := client.Droplets.Delete(ctx(t), id); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Droplet(id); ok {
		t.Error("the world itself still has it")
	}
	must[*godo.Droplet](t)(client.Droplets.Get(ctx(t), id))
	_, r, err := client.DropletActions.Reboot(ctx(t), id)
	isNotFound(t, "an action on it", r, err)
	r, err = client.Droplets.Delete(ctx(t), id)
	isNotFound(t, "destroying it again", r, err)
	clk.advance(3 * time.Second)
	_, r, err = client.Droplets.Get(ctx(t), id)
	isNotFound(t, "the Droplet after 3 s", r, err)
	listed := func() bool {
		return len(must[[]godo.Droplet](t)(client.Droplets.ListByName(ctx(t), "web-2", nil))) > 0
	}
	clk.advance(6 * time.Second)
	if !listed() {
		t.Error("not listed after 9 s")
	}
	clk.advance(time.Second)
	if listed() {
		t.Error("still listed after 10 s")
	}
}

func TestPoliciesAndSnapshotsTrail(t *testing.T) {
	s, client, clk := start(t, simdo.Options{Speed: math.Inf(1), Lag: fixedLag})
	web, db := s.DropletNamed("web-1").ID, s.DropletNamed("db-1").ID
	had := len(s.Snapshots(web))
	must[*godo.Action](t)(client.DropletActions.ChangeBackupPolicy(ctx(t), db, &godo.DropletBackupPolicyRequest{Plan: "weekly", Weekday: "SUN", Hour: godo.PtrTo(8)}))
	must[*godo.Action](t)(client.DropletActions.EnableBackups(ctx(t), web))
	must[*godo.Action](t)(client.DropletActions.Snapshot(ctx(t), s.DropletNamed("web-2").ID, "fresh"))
	must[*godo.Action](t)(client.DropletActions.Snapshot(ctx(t), web, "fresh"))
	if len(s.Snapshots(web)) != had+1 {
		t.Fatal("the snapshot is not taken")
	}
	fresh := s.Snapshots(web)[0].ID
	check := func(policy, backups, snapshot bool) {
		t.Helper()
		if p := must[*godo.DropletBackupPolicy](t)(client.Droplets.GetBackupPolicy(ctx(t), db)); (p.BackupPolicy.Plan == "weekly") != policy {
			t.Errorf("the policy is %+v", p.BackupPolicy)
		}
		d := must[*godo.Droplet](t)(client.Droplets.Get(ctx(t), web))
		if slices.Contains(d.Features, "backups") != backups {
			t.Errorf("the features are %v", d.Features)
		}
		if slices.Contains(d.SnapshotIDs, fresh) != snapshot {
			t.Errorf("the Droplet's snapshots are %v", d.SnapshotIDs)
		}
		list := must[[]godo.Image](t)(client.Droplets.Snapshots(ctx(t), web, nil))
		if slices.ContainsFunc(list, func(im godo.Image) bool { return im.ID == fresh }) != snapshot {
			t.Errorf("the snapshots listed are %+v", list)
		}
		all := must[[]godo.Snapshot](t)(client.Snapshots.ListDroplet(ctx(t), &godo.ListOptions{PerPage: 200}))
		if slices.ContainsFunc(all, func(s godo.Snapshot) bool { return s.ID == strconv.Itoa(fresh) }) != snapshot {
			t.Errorf("all snapshots are %+v", all)
		}
	}
	check(false, false, false)
	_, r, err := client.Images.GetByID(ctx(t), fresh)
	isNotFound(t, "the new image", r, err)
	clk.advance(5 * time.Second)
	must[*godo.Image](t)(client.Images.GetByID(ctx(t), fresh))
	check(true, true, false)
	clk.advance(time.Second)
	check(true, true, true)
}

// Whatever happens with whatever lag, no view returns to an earlier state, and all of them arrive.
func TestNoViewGoesBack(t *testing.T) {
	s, client, clk := start(t, simdo.Options{Speed: math.Inf(1), Lag: simdo.DefaultLag(), Seed: 7})
	id := s.DropletNamed("web-1").ID
	latest := map[string]int{}
	see := func(view string, list []godo.Droplet) {
		t.Helper()
		for _, d := range list {
			if d.ID != id {
				continue
			}
			n, err := strconv.Atoi(d.Tags[0][1:])
			if err != nil || n < latest[view] {
				t.Fatalf("%s shows %v after v%d", view, d.Tags, latest[view])
			}
			latest[view] = n
		}
	}
	look := func() {
		t.Helper()
		see("by ID", []godo.Droplet{*must[*godo.Droplet](t)(client.Droplets.Get(ctx(t), id))})
		see("all", must[[]godo.Droplet](t)(client.Droplets.List(ctx(t), &godo.ListOptions{PerPage: 200})))
		see("by name", must[[]godo.Droplet](t)(client.Droplets.ListByName(ctx(t), "web-1", nil)))
		see("by tag", must[[]godo.Droplet](t)(client.Droplets.ListByTag(ctx(t), "web", nil)))
	}
	if err := s.SetTags(id, "v0", "web"); err != nil {
		t.Fatal(err)
	}
	clk.advance(time.Minute)
	trailed := false
	for n := 1; n <= 100; n++ {
		if err := s.SetTags(id, "v"+strconv.Itoa(n), "web"); err != nil {
			t.Fatal(err)
		}
		clk.advance(time.Duration(n%7) * time.Second)
		look()
		trailed = trailed || latest["all"] < n
	}
	if !trailed || latest["all"] == 0 {
		t.Errorf("lists never trailed, or never moved: %v", latest)
	}
	clk.advance(30 * time.Second)
	look()
	for view, n := range latest {
		if n != 100 {
			t.Errorf("%s ends at v%d", view, n)
		}
	}
}

// The lag is turned off while the world runs, as a whole or one kind of it, and the seed decides it.
func TestLagIsTurnedOffAndSeeded(t *testing.T) {
	s, client, _ := start(t, simdo.Options{Lag: fixedLag})
	id := s.DropletNamed("web-1").ID
	listed := func() string {
		t.Helper()
		for _, d := range must[[]godo.Droplet](t)(client.Droplets.List(ctx(t), &godo.ListOptions{PerPage: 200})) {
			if d.ID == id {
				return d.Name
			}
		}
		return ""
	}
	rename := func(name string) {
		t.Helper()
		if err := s.Rename(id, name); err != nil {
			t.Fatal(err)
		}
	}
	rename("web-9")
	if got := listed(); got != "web-1" {
		t.Errorf("listed as %s", got)
	}
	lag := s.Lag()
	lag.Lists = simdo.Range{}
	s.SetLag(lag)
	if got := listed(); got != "web-9" {
		t.Errorf("without a lag of lists listed as %s", got)
	}
	made := must[*godo.Droplet](t)(client.Droplets.Create(ctx(t), createRequest("late-1")))
	if _, r, err := client.Droplets.Get(ctx(t), made.ID); err == nil {
		t.Errorf("the lag of what is new is off too: %d", r.StatusCode)
	}
	s.SetLag(simdo.NoLag)
	must[*godo.Droplet](t)(client.Droplets.Get(ctx(t), made.ID))

	appears := func(seed uint64) (ticks int) {
		s, client, clk := start(t, simdo.Options{Lag: simdo.DefaultLag(), Seed: seed})
		id := s.DropletNamed("web-1").ID
		if err := s.Rename(id, "web-9"); err != nil {
			t.Fatal(err)
		}
		for len(must[[]godo.Droplet](t)(client.Droplets.ListByName(ctx(t), "web-9", nil))) == 0 {
			clk.advance(100 * time.Millisecond)
			ticks++
		}
		return ticks
	}
	if a, b := appears(3), appears(3); a != b || a < 20 || a > 300 {
		t.Errorf("the same seed lags %d and %d tenths of a second, of 20 to 300", a, b)
	}
	if a, b := appears(3), appears(4); a == b {
		t.Errorf("another seed lags the same %d tenths of a second", a)
	}
	if got, want := simdo.DefaultLag().Faster(10).Lists, (simdo.Range{Min: 200 * time.Millisecond, Max: 3 * time.Second}); got != want {
		t.Errorf("ten times faster, lists trail %v", got)
	}
}

// Stray 404s are for any kind of GET, after as many as are let pass, and for one query.
func TestStrayNotFound(t *testing.T) {
	s, client, _ := start(t, simdo.Options{})
	id, action := s.DropletNamed("web-1").ID, s.Actions()[0].ID
	reads := map[string]struct {
		m    simdo.Match
		read func() (*godo.Response, error)
	}{
		"an action": {simdo.Match{Path: "/v2/actions/*"}, func() (*godo.Response, error) { _, r, err := client.Actions.Get(ctx(t), action); return r, err }},
		"a Droplet": {simdo.Match{Path: "/v2/droplets/*", DropletID: id}, func() (*godo.Response, error) { _, r, err := client.Droplets.Get(ctx(t), id); return r, err }},
		"its policy": {simdo.Match{Path: "/v2/droplets/*/backups/policy"}, func() (*godo.Response, error) {
			_, r, err := client.Droplets.GetBackupPolicy(ctx(t), id)
			return r, err
		}},
		"an image": {simdo.Match{Path: "/v2/images/*"}, func() (*godo.Response, error) {
			_, r, err := client.Images.GetBySlug(ctx(t), "debian-12-x64")
			return r, err
		}},
		"a list by name": {simdo.Match{Path: "/v2/droplets", Query: "name=web-1"}, func() (*godo.Response, error) {
			_, r, err := client.Droplets.ListByName(ctx(t), "web-1", nil)
			return r, err
		}},
	}
	for what, x := range reads {
		x.m.Method = http.MethodGet
		fault := s.Inject(simdo.StrayNotFound(x.m, 1, 2))
		must[[]godo.Droplet](t)(client.Droplets.ListByName(ctx(t), "web-2", nil)) // is another query
		for i, want := range []int{200, 404, 404, 200} {
			if r, _ := x.read(); r == nil || r.StatusCode != want {
				t.Errorf("%s, read %d: %+v, want %d", what, i+1, r, want)
			}
		}
		fault.Remove()
	}
}

// A DELETE may be answered 204 and destroy nothing.
func TestADeleteWithoutEffect(t *testing.T) {
	s, client, _ := start(t, simdo.Options{})
	id := s.DropletNamed("web-1").ID
	s.Inject(simdo.Fault{Match: simdo.Match{Method: http.MethodDelete, DropletID: id}, Outcome: simdo.CompletesIdle})
	if r, err := client.Droplets.Delete(ctx(t), id); err != nil || r.StatusCode != http.StatusNoContent {
		t.Fatal(err)
	}
	must[*godo.Droplet](t)(client.Droplets.Get(ctx(t), id))
	if _, err := client.Droplets.Delete(ctx(t), id); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Droplet(id); ok {
		t.Error("the second DELETE has no effect either")
	}
}
