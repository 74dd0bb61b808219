package digitalocean_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/digitalocean/godo"

	simdo "dropletops/internal/sim/digitalocean"
)

func TestCreateOne(t *testing.T) {
	s, c, clk := start(t, simdo.Options{})
	hour := 12
	d, resp, err := c.Droplets.Create(ctx(t), &godo.DropletCreateRequest{
		Name: "new-1.example.com", Region: "nyc3", Size: "s-1vcpu-2gb", Image: godo.DropletCreateImage{Slug: "debian-12-x64"},
		SSHKeys: []godo.DropletCreateSSHKey{{ID: 512189}, {Fingerprint: "f5:d1:78:ed:28:72:5f:e1:ac:94:fd:1f:e0:a3:48:6d"}},
		Backups: true, BackupPolicy: &godo.DropletBackupPolicyRequest{Plan: "weekly", Weekday: "TUE", Hour: &hour},
		IPv6: true, Monitoring: true, UserData: "#cloud-config", Tags: []string{"web", "fresh"}, WithDropletAgent: godo.PtrTo(true),
	})
	if err != nil {
		t.Fatal(err)
	}
	if d.Status != "new" || len(resp.Links.Actions) != 1 || resp.Links.Actions[0].Rel != "create" || resp.StatusCode != 202 {
		t.Errorf("%v %+v", d, resp.Links)
	}
	if !strings.HasPrefix(resp.Links.Actions[0].HREF, s.URL()) {
		t.Errorf("href %s", resp.Links.Actions[0].HREF)
	}
	clk.advance(simdo.UsualDuration("create"))
	a := must[*godo.Action](t)(c.DropletActions.GetByURI(ctx(t), resp.Links.Actions[0].HREF))
	d = must[*godo.Droplet](t)(c.Droplets.Get(ctx(t), d.ID))
	public, _ := d.PublicIPv4()
	v6, _ := d.PublicIPv6()
	if a.Status != "completed" || d.Status != "active" || public == "" || v6 == "" || d.NextBackupWindow == nil {
		t.Errorf("%v %v", a, d)
	}
	if len(must[[]godo.Droplet](t)(c.Droplets.ListByTag(ctx(t), "fresh", nil))) != 1 {
		t.Error("the new tag is not there")
	}
}

func TestCreateMany(t *testing.T) {
	s, c, clk := start(t, simdo.Options{})
	list, resp, err := c.Droplets.CreateMultiple(ctx(t), &godo.DropletMultiCreateRequest{
		Names: []string{"a-1", "a-2", "a-3"}, Region: "fra1", Size: "s-1vcpu-1gb", Image: godo.DropletCreateImage{ID: 139648795},
		SSHKeys: []godo.DropletCreateSSHKey{}, // godo sends null for nil, which the OpenAPI document does not have
	})
	if err != nil || len(list) != 3 || len(resp.Links.Actions) != 3 {
		t.Fatalf("%v %v", list, err)
	}
	clk.advance(time.Minute)
	if s.DropletNamed("a-3").Status != "active" {
		t.Error("not active after a minute")
	}
	if posts := s.Posts(list[1].ID); len(posts) != 1 || posts[0].Type != "create" {
		t.Errorf("%+v", posts)
	}
}

func TestCreateIsStrict(t *testing.T) {
	s, _, _ := start(t, simdo.Options{})
	spare := "7724db7c-e098-11e5-b522-000f53304e51"
	for body, want := range map[string]string{
		`{}`: "Name can't be blank",
		`{"name":"a b","size":"s-1vcpu-1gb","image":"debian-12-x64"}`:                                                 "Only valid hostname characters",
		`{"name":"a","names":["b"],"size":"s-1vcpu-1gb","image":"debian-12-x64"}`:                                     "Only one of",
		`{"names":["a","b","c","d","e","f","g","h","i","j","k"]}`:                                                     "only create 10",
		`{"name":"a","size":"x","image":"debian-12-x64"}`:                                                             "You specified an invalid size for Droplet creation.",
		`{"name":"a","size":"s-1vcpu-1gb"}`:                                                                           "You specified an invalid image for Droplet creation.",
		`{"name":"a","size":"s-1vcpu-1gb","image":"debian-12-x64","region":"moon1"}`:                                  "You specified an invalid region for Droplet creation.",
		`{"name":"a","size":"s-1vcpu-1gb","image":"debian-12-x64","region":"nyc2"}`:                                   "Region is not available",
		`{"name":"a","size":"gpu-l40sx1-48gb","image":"debian-12-x64","region":"fra1"}`:                               "Size is not available in this region.",
		`{"name":"a","size":"s-1vcpu-512mb-10gb","image":"docker-20-04","region":"fra1"}`:                             "at least 25 GB",
		`{"name":"a","size":"s-1vcpu-1gb","image":"debian-12-x64","ssh_keys":[7]}`:                                    "7 are invalid key identifiers",
		`{"name":"a","size":"s-1vcpu-1gb","image":"debian-12-x64","tags":["a&b"]}`:                                    "is invalid",
		`{"name":"a","size":"s-1vcpu-1gb","image":"debian-12-x64","vpc_uuid":"x"}`:                                    "invalid VPC",
		`{"name":"a","size":"s-1vcpu-1gb","image":"debian-12-x64","public_networking":false,"ipv6":true}`:             "without public networking",
		`{"name":"a","size":"s-1vcpu-1gb","image":"debian-12-x64","backups":"yes"}`:                                   "backups is invalid",
		`{"name":"a","size":"s-1vcpu-1gb","image":"debian-12-x64","backup_policy":{"plan":"x"}}`:                      "plan must be",
		`{"name":"a","size":"s-1vcpu-1gb","image":"debian-12-x64","region":"fra1","volumes":["` + spare + `"]}`:       "cannot be attached",
		`{"name":"a","size":"s-1vcpu-1gb","image":"debian-12-x64","user_data":"` + strings.Repeat("x", 65<<10) + `"}`: "too long",
	} {
		status, _, answer := send(t, s, "POST", "v2/droplets", "any", body)
		message, _ := answer["message"].(string)
		if status != 422 || !strings.Contains(message, want) {
			t.Errorf("%.120s: %d %q, want %q", body, status, message, want)
		}
	}
	if got := s.Posts(); len(got) != 0 {
		t.Errorf("accepted %+v", got)
	}
	status, _, _ := send(t, s, "POST", "v2/droplets", "any", `{"name":"a","size":"s-1vcpu-1gb","image":"debian-12-x64","region":"nyc3","volumes":["`+spare+`"],"surprise":1}`)
	log := s.Requests()
	if status != 202 || strings.Join(log[len(log)-1].UnknownFields, " ") != "surprise" {
		t.Errorf("%d %+v", status, log[len(log)-1])
	}
}

func TestDestroy(t *testing.T) {
	s, c, clk := start(t, simdo.Options{DestroyLag: 20 * time.Second})
	db := s.DropletNamed("db-1")
	snapshots := db.SnapshotIDs
	if r, err := c.Droplets.Delete(ctx(t), db.ID); err != nil || r.StatusCode != 204 {
		t.Fatalf("%v", err)
	}
	must[*godo.Droplet](t)(c.Droplets.Get(ctx(t), db.ID)) // still there for a while
	if _, err := c.Droplets.Delete(ctx(t), db.ID); err == nil {
		t.Error("destroyed twice")
	}
	clk.advance(20 * time.Second)
	if _, r, err := c.Droplets.Get(ctx(t), db.ID); err == nil || r.StatusCode != 404 {
		t.Errorf("%v", err)
	}
	if _, _, err := c.Images.GetByID(ctx(t), db.BackupIDs[0]); err == nil {
		t.Error("its backups outlived it")
	}
	must[*godo.Snapshot](t)(c.Snapshots.Get(ctx(t), strconv.Itoa(snapshots[0])))
	if len(s.Actions(db.ID)) == 0 {
		t.Error("its actions did not outlive it")
	}
	if posts := s.Posts(db.ID); len(posts) != 1 || posts[0].Type != "destroy" || posts[0].Method != "DELETE" {
		t.Errorf("%+v", posts)
	}
	if r, err := c.Droplets.DeleteByTag(ctx(t), "web"); err != nil || r.StatusCode != 204 {
		t.Errorf("%v", err)
	}
	clk.advance(20 * time.Second)
	if got := len(s.Droplets()); got != 9 {
		t.Errorf("%d Droplets left", got)
	}
}

func TestDestroyWithAssociatedResources(t *testing.T) {
	s, c, _ := start(t, simdo.Options{})
	db, web := s.DropletNamed("db-1"), s.DropletNamed("web-1")
	with, _, err := c.Droplets.ListAssociatedResourcesForDeletion(ctx(t), db.ID)
	if err != nil || len(with.Volumes) != 1 || len(with.Snapshots) != 1 || len(with.VolumeSnapshots) != 1 {
		t.Fatalf("%v %v", with, err)
	}
	if with.Volumes[0].Cost != "20.00" {
		t.Errorf("200 GB cost %s a month", with.Volumes[0].Cost)
	}
	path := "v2/droplets/{db-1}/destroy_with_associated_resources/"
	if status, _, _ := send(t, s, "DELETE", path+"dangerous", "any", ""); status != 400 {
		t.Errorf("without X-Dangerous: %d", status)
	}
	if status, _, _ := send(t, s, "DELETE", path+"selective", "any", `{"volumes":["`+with.Volumes[0].ID+`"]}`); status != 202 {
		t.Errorf("selective: %d", status)
	}
	status, _, body := send(t, s, "GET", "v2/droplets/"+strconv.Itoa(db.ID)+"/destroy_with_associated_resources/status", "any", "")
	if status != 200 || body["failures"] != 0.0 {
		t.Errorf("%d %v", status, body)
	}
	if _, _, err := c.Storage.GetVolume(ctx(t), with.Volumes[0].ID); err == nil {
		t.Error("the volume is still there")
	}
	must[*godo.Snapshot](t)(c.Snapshots.Get(ctx(t), with.Snapshots[0].ID))

	req, _ := c.NewRequest(ctx(t), "DELETE", "v2/droplets/"+strconv.Itoa(web.ID)+"/destroy_with_associated_resources/dangerous", nil)
	req.Header.Set("X-Dangerous", "true")
	if r, err := c.Do(ctx(t), req, nil); err != nil || r.StatusCode != 202 {
		t.Errorf("dangerous: %v", err)
	}
	if len(s.Snapshots(web.ID)) != 0 {
		t.Error("its snapshots are still there")
	}
}

func TestDeleteImagesAndSnapshots(t *testing.T) {
	s, c, _ := start(t, simdo.Options{})
	db := s.DropletNamed("db-1")
	if _, err := c.Images.Delete(ctx(t), db.BackupIDs[0]); err != nil {
		t.Error(err)
	}
	if _, err := c.Snapshots.Delete(ctx(t), strconv.Itoa(db.SnapshotIDs[0])); err != nil {
		t.Error(err)
	}
	if _, err := c.Images.Delete(ctx(t), 155133621); err == nil {
		t.Error("deleted a public image")
	}
	after := s.DropletNamed("db-1")
	if len(after.BackupIDs) != 5 || len(after.SnapshotIDs) != 0 {
		t.Errorf("%+v", after)
	}
}

// A token without a scope is refused what takes it, and shown nothing of it.
func TestScopesOfCreateAndDestroy(t *testing.T) {
	few := []string{"droplet:read", "droplet:create", "droplet:delete"}
	one := func(more string) string {
		return `{"name":"new-1","region":"nyc3","size":"s-1vcpu-1gb","image":"debian-12-x64"` + more + `}`
	}
	for _, tt := range []struct{ method, path, body, scope string }{
		{"POST", "v2/droplets", one(`,"ssh_keys":[512189]`), "ssh_key:read"},
		{"POST", "v2/droplets", one(`,"tags":["web"]`), "tag:create"},
		{"POST", "v2/droplets", one(`,"vpc_uuid":"760e09ef-dc84-11e8-981e-3cfdfeaae000"`), "vpc:read"},
		{"POST", "v2/droplets", one(`,"volumes":["7724db7c-e098-11e5-b522-000f53304e51"]`), "block_storage:read"},
		{"DELETE", "v2/droplets?tag_name=web", "", "tag:read"},
		{"DELETE", "v2/droplets/{db-1}/destroy_with_associated_resources/selective", `{}`, "block_storage:delete"},
		{"DELETE", "v2/droplets/{db-1}/destroy_with_associated_resources/dangerous", "", "block_storage:delete"},
		{"POST", "v2/droplets/{db-1}/destroy_with_associated_resources/retry", "", "block_storage:delete"},
	} {
		s, _, _ := start(t, simdo.Options{Scopes: few})
		status, _, body := send(t, s, tt.method, tt.path, "any", tt.body)
		if message, _ := body["message"].(string); status != 403 || !strings.Contains(message, tt.scope) || len(s.Posts()) != 0 {
			t.Errorf("%s %s: %d %v", tt.method, tt.path, status, body)
		}
	}
	s, c, _ := start(t, simdo.Options{Scopes: few})
	with, _, err := c.Droplets.ListAssociatedResourcesForDeletion(ctx(t), s.DropletNamed("db-1").ID)
	if err != nil || len(with.Volumes) != 0 || len(with.VolumeSnapshots) != 0 || len(with.Snapshots) != 1 {
		t.Errorf("%v %v", with, err)
	}
}

// "Tag names are case stable, which means the capitalization you use when you first create a tag is
// canonical."
func TestTagsAreCaseStable(t *testing.T) {
	s, c, _ := start(t, simdo.Options{})
	d, _, err := c.Droplets.Create(ctx(t), &godo.DropletCreateRequest{Name: "new-1", Region: "nyc3", Size: "s-1vcpu-1gb", SSHKeys: []godo.DropletCreateSSHKey{},
		Image: godo.DropletCreateImage{Slug: "debian-12-x64"}, Tags: []string{"WEB", "web", "Fresh"}})
	if err != nil || strings.Join(d.Tags, " ") != "web Fresh" {
		t.Errorf("%v, %v", d, err)
	}
	if err := s.SetTags(d.ID, "PRODUCTION"); err != nil || strings.Join(s.DropletNamed("new-1").Tags, " ") != "production" {
		t.Errorf("%v, %v", s.DropletNamed("new-1").Tags, err)
	}
}
