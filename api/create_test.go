package api_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"dropletops/api"
	simdo "dropletops/internal/sim/digitalocean"

	"github.com/google/go-cmp/cmp"
)

// creations are the JSON bodies that DigitalOcean must get. It takes volumes as
// godo sends them, though its OpenAPI document has their bare IDs.
var creations = []struct {
	args api.Args
	img  *api.Image
	want string
}{
	{args: api.Args{"region": "NYC3", "size": "s-1vcpu-1gb", "image": "debian-12-x64"}, img: &api.Image{ID: 123},
		want: `{"name":"web-9","region":"nyc3","size":"s-1vcpu-1gb","image":123,"ssh_keys":[],"backups":false,"ipv6":false,"private_networking":false,"monitoring":false,"tags":[]}`},
	{args: api.Args{"region": "nyc3", "size": "s-1vcpu-1gb", "image": "debian-12-x64", "ssh-keys": "512189, aa:bb ,512189", "plan": "weekly", "hour": "4",
		"ipv6": "true", "monitoring": "true", "vpc": "760e09ef-dc84-11e8-981e-3cfdfeaae000", "user-data": "#cloud-config\r\nruncmd:\n\t- touch /x", "tags": "web,env:prod",
		"agent": "off", "public-networking": "on"},
		want: `{"name":"web-9","region":"nyc3","size":"s-1vcpu-1gb","image":"debian-12-x64","ssh_keys":[512189,"aa:bb"],"backups":true,"backup_policy":{"plan":"weekly","weekday":"SUN","hour":4},
			"ipv6":true,"private_networking":false,"monitoring":true,"vpc_uuid":"760e09ef-dc84-11e8-981e-3cfdfeaae000","user_data":"#cloud-config\nruncmd:\n\t- touch /x","tags":["web","env:prod"],
			"with_droplet_agent":false,"public_networking":true}`},
	{args: api.Args{"region": "nyc3", "size": "s-1vcpu-1gb", "image": "7", "backups": "true", "public-networking": "off", "agent": "on", "volumes": "7724db7c-e098-11e5-b522-000f53304e51"},
		want: `{"name":"web-9","region":"nyc3","size":"s-1vcpu-1gb","image":7,"ssh_keys":[],"backups":true,"ipv6":false,"private_networking":false,"monitoring":false,"tags":[],
			"volumes":["7724db7c-e098-11e5-b522-000f53304e51"],"with_droplet_agent":true,"public_networking":false}`},
}

func TestCreateBodies(t *testing.T) {
	doc := openAPI(t)
	var got []byte
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != "POST" || r.URL.Path != "/v2/droplets" {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		got, _ = io.ReadAll(r.Body)
		w.Header().Set("X-Request-Id", "req-1")
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, `{"droplet":{"id":77,"name":"web-9","created_at":"2026-11-21T10:04:31Z"},"links":{"actions":[{"id":42,"rel":"create","href":"x"}]}}`)
	}))
	defer srv.Close()
	c := client(t, srv.URL)
	a, _ := api.Lookup("create")
	for _, b := range creations {
		args, err := a.Complete(b.args, api.Droplet{}, at)
		if err != nil {
			t.Fatal(err)
		}
		r, err := c.Create(t.Context(), a, "web-9", args, b.img)
		if err != nil || r.ID != 42 || r.ResourceID != 77 || r.RequestID != "req-1" || r.StartedAt.IsZero() || r.Ended() {
			t.Errorf("%+v, %v", r, err)
		}
		if diff := cmp.Diff(decoded(t, []byte(b.want)), decoded(t, got)); diff != "" {
			t.Errorf("body (-want +got)\n%s", diff)
		}
		if doc == nil {
			continue
		}
		err = doc.Paths.Value("/v2/droplets").Post.RequestBody.Value.Content["application/json"].Schema.Value.VisitJSON(decoded(t, got))
		if err != nil {
			t.Errorf("DigitalOcean's document on %s: %v", got, err)
		}
	}
}

func TestOptionsOfACreate(t *testing.T) {
	a, _ := api.Lookup("create")
	base := func(k, v string) api.Args {
		return api.Args{"region": "nyc3", "size": "s-1vcpu-1gb", "image": "debian-12-x64", k: v}
	}
	for k, v := range map[string]string{"volumes": "a\x00b", "vpc": strings.Repeat("x", 300), "tags": "a b", "agent": "maybe", "region": "new york", "user-data": "a\x00b",
		"ssh-keys": strings.Repeat("x", 300)} {
		if _, err := a.Complete(base(k, v), api.Droplet{}, at); err == nil {
			t.Errorf("--%s %.20q is taken", k, v)
		}
	}
	none := base("public-networking", "off")
	none["ipv6"] = "true"
	if _, err := a.Complete(none, api.Droplet{}, at); err == nil {
		t.Error("IPv6 without public networking is taken")
	}
	if got, err := a.Complete(base("hour", "8"), api.Droplet{}, at); err != nil || got["backups"] != "true" || got["plan"] != "daily" {
		t.Errorf("--hour alone: %v, %v", got, err)
	}
	for _, name := range []string{"", "a_b", "-", "web-", "a b", strings.Repeat("a", 256), "tag:web"} {
		if api.WrongName(name) == "" {
			t.Errorf("a Droplet can be called %.20q", name)
		}
	}
}

// Assets are listed as they are, and a menu offers those that a new Droplet can be
// given in its region.
func TestAssets(t *testing.T) {
	s, c := world(t, simdo.Options{})
	offered := func(k api.Kind, region string) string {
		all, err := c.Options(t.Context(), k, api.Droplet{Region: region})
		if err != nil {
			t.Fatal(err)
		}
		out := ""
		for _, o := range all {
			out += o.Name + " (" + o.Note + "); "
		}
		return out
	}
	for _, tc := range []struct {
		kind         api.Kind
		region, want string
	}{
		{api.Keys, "nyc3", "all (each of the account's 2); ana (3b:16:bf:e4:8b:00:8b:b8:59:8c:a9:d3:f0:19:45:fa); ben (f5:d1:78:ed:28:72:5f:e1:ac:94:fd:1f:e0:a3:48:6d); "},
		{api.VPC, "fra1", "default-fra1 (10.104.0.0/20, the region's default, fra1); "},
		{api.Volumes, "nyc3", "spare (50 GB, nyc3); "},
		{api.Volumes, "fra1", ""},
		{api.Volumes, "", "spare (50 GB, nyc3); "},
	} {
		if got := offered(tc.kind, tc.region); got != tc.want {
			t.Errorf("%s in %q: %s, want %s", tc.kind, tc.region, got, tc.want)
		}
	}
	spare := func() api.Asset {
		all, err := c.Assets(t.Context(), api.Volumes)
		i := slices.IndexFunc(all, func(a api.Asset) bool { return a.Name == "spare" })
		if err != nil || i < 0 || !api.IsAssetID(api.Volumes, all[i].ID) {
			t.Fatalf("%+v, %v", all, err)
		}
		return all[i]
	}
	d := s.Droplets()[0]
	if err := s.AttachVolume(spare().ID, d.ID); err != nil {
		t.Fatal(err)
	}
	if got := spare().On; got != d.ID {
		t.Errorf("a volume that was attached since is on %d, want %d", got, d.ID)
	}
	if got := offered(api.Volumes, "nyc3"); got != "" {
		t.Errorf("a menu offers what is attached: %s", got)
	}
}

// A token that lacks a scope is told apart, for each kind.
func TestAssetsWithoutTheirScope(t *testing.T) {
	for kind, scope := range map[api.Kind]string{api.Keys: "ssh_key:read", api.VPC: "vpc:read", api.Volumes: "block_storage:read"} {
		_, c := world(t, simdo.Options{Scopes: []string{"droplet:read"}})
		_, err := c.Assets(t.Context(), kind)
		if api.KindOf(err) != api.Forbidden || !strings.Contains(err.Error(), scope) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestCreateThroughTheClient(t *testing.T) {
	s, c := world(t, simdo.Options{})
	a, _ := api.Lookup("create")
	if _, err := c.Droplets(t.Context()); err != nil {
		t.Fatal(err)
	}
	keys, err := c.Assets(t.Context(), api.Keys)
	if err != nil || len(keys) == 0 || !api.IsAssetID(api.Keys, keys[0].ID) || !api.IsAssetID(api.Keys, keys[0].Also) {
		t.Fatalf("%+v, %v", keys, err)
	}
	args, err := a.Complete(api.Args{"region": "nyc3", "size": "s-1vcpu-1gb", "image": "debian-12-x64", "ssh-keys": keys[0].ID, "ipv6": "true", "tags": "fresh"}, api.Droplet{}, at)
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.Create(t.Context(), a, "web-9", args, nil)
	if err != nil || r.ID == 0 || time.Since(r.StartedAt) > time.Minute {
		t.Fatalf("%+v, %v", r, err)
	}
	if len(c.Known()) != 0 {
		t.Error("the list from before it was made is still there")
	}
	named, err := c.Named(t.Context(), "WEB-9")
	if err != nil || len(named) != 1 || named[0].ID != r.ResourceID || !a.PostCheck(api.Droplet{}, named[0], args, nil) {
		t.Fatalf("%+v, %v", named, err)
	}
	if said := api.Outcome(a, api.Droplet{}, named[0], args); !strings.Contains(said, s2(r.ResourceID)) || !strings.Contains(said, named[0].PublicIP) || !strings.Contains(said, named[0].PublicIP6) {
		t.Errorf("says %q", said)
	}
	if tags, err := c.Tags(t.Context()); err != nil || !slices.Contains(tags, "fresh") || !slices.Contains(tags, "production") {
		t.Errorf("tags %v, %v", tags, err)
	}
	// DigitalOcean lets a name begin so, and one that is there is found.
	for _, name := range []string{".edge", "-edge"} {
		r, err := c.Create(t.Context(), a, name, args, nil)
		if named, also := c.Named(t.Context(), name); err != nil || also != nil || len(named) != 1 || named[0].ID != r.ResourceID {
			t.Errorf("%s: %v, %+v, %v", name, err, named, also)
		}
	}
	for fault, want := range map[*simdo.Answer]string{
		simdo.Refuse(422, "unprocessable_entity", "creating this/these droplet(s) will exceed your droplet limit"): "ask DigitalOcean for a higher limit",
		simdo.Refuse(422, "unprocessable_entity", "512 are invalid key identifiers for Droplet creation."):         "Name SSH keys by the ID",
		simdo.Refuse(422, "unprocessable_entity", "Size is not available in this region."):                         "sizes --region lists",
		simdo.Refuse(403, "forbidden", "You are not authorized"):                                                   "droplet:create",
	} {
		s.Inject(simdo.Fault{Match: simdo.Match{Method: "POST"}, Answer: fault})
		_, err := c.Create(t.Context(), a, "web-9", args, nil)
		if e, ok := err.(*api.Error); !ok || !strings.Contains(e.Sentence(), want) {
			t.Errorf("says %v, want %q", err, want)
		}
	}
	if len(s.Posts(r.ResourceID)) != 1 {
		t.Errorf("%+v", s.Posts())
	}
}

// A region that there is not is what is wrong, not an image that it does not have.
func TestARegionThatIsNotComesFirst(t *testing.T) {
	_, c := world(t, simdo.Options{})
	a, _ := api.Lookup("create")
	img, err := c.Image(t.Context(), "ubuntu-24-04-x64")
	if err != nil {
		t.Fatal(err)
	}
	why, err := c.PreCheck(t.Context(), a, api.Droplet{Name: "web-9", Region: "nyc9", Size: "s-1vcpu-1gb"}, api.Args{"region": "nyc9", "size": "s-1vcpu-1gb"}, &img)
	if err != nil || why != "DigitalOcean has no region nyc9. Did you mean nyc1, nyc2 or nyc3?" {
		t.Errorf("%q, %v", why, err)
	}
}

// No create is refused beforehand that DigitalOcean would have taken, and what it
// would refuse of region, size and image is said before.
func TestNoWrongNoToACreate(t *testing.T) {
	s, c := world(t, simdo.Options{})
	a, _ := api.Lookup("create")
	refused, taken := 0, 0
	try := func(region, size string, img api.Image) {
		d := api.Droplet{Name: "web-9", Region: region, Size: size}
		if plan, ok, err := c.Plan(t.Context(), size); err == nil && ok {
			d.DiskGB = plan.DiskGB
		}
		args := api.Args{"region": region, "size": size, "image": s2(img.ID)}
		why, err := c.PreCheck(t.Context(), a, d, args, &img)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Create(t.Context(), a, "web-9", args, &img)
		switch {
		case why != "" && api.KindOf(err) != api.Invalid:
			t.Errorf("%v: we say %q, DigitalOcean %v", args, why, err)
		case why == "" && err != nil && !strings.Contains(err.Error(), "droplet limit"):
			t.Errorf("%v: we say nothing, DigitalOcean %v", args, err)
		case why != "":
			refused++
			if !strings.HasSuffix(why, ".") && !strings.HasSuffix(why, "?") {
				t.Errorf("%q", why)
			}
		default:
			taken++
		}
	}
	images, err := c.Images(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	image := map[string]api.Image{}
	for _, i := range images {
		image[i.Label()] = i
	}
	for _, r := range append(s.Regions(), simdo.Region{Slug: "nyc9"}) {
		for _, size := range []string{"s-1vcpu-512mb-10gb", "s-1vcpu-1gb", "gpu-l40sx1-48gb", "s-none"} {
			for _, label := range []string{"debian-12-x64", "docker-20-04", "appliance.qcow2"} {
				try(r.Slug, size, image[label])
			}
		}
	}
	if refused < 20 || taken < 5 {
		t.Errorf("only %d refused, %d taken: this shows little", refused, taken)
	}
}

// A refusal for want of scopes names those that the options take.
func TestCreateNamesItsScopes(t *testing.T) {
	_, c := world(t, simdo.Options{Scopes: []string{"droplet:read", "droplet:create"}})
	a, _ := api.Lookup("create")
	_, err := c.Create(t.Context(), a, "web-9", api.Args{"region": "nyc3", "size": "s-1vcpu-1gb", "image": "debian-12-x64", "tags": "fresh", "ssh-keys": "512189"}, nil)
	if e, ok := err.(*api.Error); !ok || e.Kind != api.Forbidden || !strings.Contains(e.Sentence(), "droplet:create, ssh_key:read, tag:create.") {
		t.Errorf("says %v", err)
	}
	if len(a.Scopes) != 1 {
		t.Errorf("%v", a.Scopes)
	}
}
