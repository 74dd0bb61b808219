package api_test

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"dropletops/api"
	simdo "dropletops/internal/sim/digitalocean"

	"github.com/google/go-cmp/cmp"
)

func world(t *testing.T, opt simdo.Options) (*simdo.Server, *api.Client) {
	t.Helper()
	if opt.Speed == 0 {
		opt.Speed = math.Inf(1)
	}
	s := simdo.New(opt)
	if err := s.Start(""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, client(t, s.URL())
}

// Each action, from what is typed to what the Droplet looks like afterwards.
func TestEveryAction(t *testing.T) {
	for typ, tt := range map[string]struct {
		droplet string
		args    api.Args
		image   func(d simdo.Droplet, s *simdo.Server) string
	}{
		"reboot": {droplet: "web-1"}, "power_cycle": {droplet: "web-1"}, "shutdown": {droplet: "web-1"}, "power_off": {droplet: "web-1"},
		"power_on": {droplet: "staging-1"}, "password_reset": {droplet: "web-1"},
		"resize":  {droplet: "staging-1", args: api.Args{"size": "s-2vcpu-4gb", "disk": "true"}},
		"rebuild": {droplet: "web-1", args: api.Args{"image": "debian-12-x64"}},
		"restore": {droplet: "db-1", image: func(d simdo.Droplet, s *simdo.Server) string { return s2(s.Backups(d.ID)[0].ID) }},
		"rename":  {droplet: "web-1", args: api.Args{"name": "web-9"}}, "snapshot": {droplet: "web-1"},
		"enable_backups":       {droplet: "web-1", args: api.Args{"plan": "weekly", "weekday": "wed"}},
		"change_backup_policy": {droplet: "db-1", args: api.Args{"plan": "daily", "hour": "8"}},
		"disable_backups":      {droplet: "db-1"}, "change_kernel": {droplet: "legacy-1"},
		"enable_ipv6": {droplet: "staging-1"}, "enable_private_networking": {droplet: "legacy-1"},
	} {
		t.Run(typ, func(t *testing.T) {
			t.Parallel()
			s, c := world(t, simdo.Options{})
			a, _ := api.Lookup(typ)
			d := s.DropletNamed(tt.droplet)
			before, err := c.Droplet(t.Context(), d.ID)
			if err != nil {
				t.Fatal(err)
			}
			in := api.Args{}
			for k, v := range tt.args {
				in[k] = v
			}
			if tt.image != nil {
				in["image"] = tt.image(d, s)
			}
			if typ == "change_kernel" {
				kernels, err := c.Kernels(t.Context(), d.ID)
				if err != nil {
					t.Fatal(err)
				}
				i := slices.IndexFunc(kernels, func(k api.KernelVersion) bool { return k.ID != before.KernelID })
				in["kernel"] = s2(kernels[i].ID)
			}
			args, err := a.Complete(in, before, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			var img *api.Image
			if p, ok := a.ImageParam(); ok {
				found, err := c.Image(t.Context(), args[p.Name])
				if err != nil {
					t.Fatal(err)
				}
				img = &found
			}
			if why, err := c.PreCheck(t.Context(), a, before, args, img); why != "" || err != nil {
				t.Fatal(why, err)
			}
			r, err := c.Send(t.Context(), a, d.ID, args, img)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Posts(d.ID); len(got) != 1 || got[0].Type != typ || got[0].ActionID != r.ID {
				t.Errorf("posts %+v", got)
			}
			r, err = c.Look(t.Context(), r.ID)
			if err != nil || r.Status != "completed" || r.Type != typ || r.ResourceID != d.ID || r.RequestID == "" {
				t.Errorf("%+v, %v", r, err)
			}
			after, err := c.Droplet(t.Context(), d.ID)
			if err != nil || !a.PostCheck(before, after, args, img) {
				t.Errorf("not done: %+v, %v", after, err)
			}
			made, err := c.Made(t.Context(), a, before, after, args, r)
			if err != nil || a.Result != nil && made == "" && api.Outcome(a, before, after, args) == "" {
				t.Errorf("made %q, outcome %q, %v", made, api.Outcome(a, before, after, args), err)
			}
		})
	}
}

// No action is refused beforehand that DigitalOcean would have taken: every one
// on every Droplet of the built-in world.
func TestNoWrongNo(t *testing.T) {
	s, c := world(t, simdo.Options{})
	refused := 0
	for _, a := range api.Catalogue() {
		if a.Make != nil {
			continue // TestNoWrongNoToACreate
		}
		for _, d := range s.Droplets() {
			in := api.Args{}
			for _, p := range a.Params {
				if p.Required {
					in[p.Name] = p.Example
				}
			}
			now, err := c.Droplet(t.Context(), d.ID)
			if err != nil {
				t.Fatal(err)
			}
			if a.Type == "resize" {
				in["size"] = now.Size
			}
			args, err := a.Complete(in, now, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			why, err := c.PreCheck(t.Context(), a, now, args, nil)
			if err != nil {
				t.Fatal(err)
			}
			if why == "" {
				continue
			}
			refused++
			if strings.ContainsAny(why, "%\n") || !strings.HasSuffix(why, ".") && !strings.Contains(why, ": ") {
				t.Errorf("%s: %q", a.Type, why)
			}
			if a.Composite() {
				continue // its parts are held on their own
			}
			_, err = c.Send(t.Context(), a, d.ID, args, nil)
			if kind := api.KindOf(err); kind != api.Invalid && kind != api.PendingEvent && !(a.Type == "rename" && err == nil) {
				t.Errorf("%s of %s: we say %q, DigitalOcean %v", a.Type, d.Name, why, err)
			}
		}
	}
	if refused < 30 {
		t.Errorf("only %d were refused: this shows little", refused)
	}
}

// A resize is refused beforehand where DigitalOcean would refuse it, and only there: it
// says so only once the Droplet is off, which is an outage for nothing.
func TestNoWrongNoToAResize(t *testing.T) {
	resize, _ := api.Lookup("resize")
	_, c := world(t, simdo.Options{})
	plans, err := c.Sizes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, p := range plans {
		s, c := world(t, simdo.Options{})
		d, err := c.Droplet(t.Context(), s.DropletNamed("staging-1").ID)
		if err != nil || d.Status != "off" {
			t.Fatal(d.Status, err)
		}
		args := api.Args{"size": p.Slug}
		why, err := c.PreCheck(t.Context(), resize, d, args, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Send(t.Context(), resize, d.ID, args, nil)
		if (why == "") != (err == nil) {
			t.Errorf("%s: we say %q, DigitalOcean %v", p.Slug, why, err)
		}
		said = append(said, why)
	}
	for _, want := range []string{"DigitalOcean gives no Droplet the size s-24vcpu-128gb at present.", "The size gpu-l40sx1-48gb is not to be had in fra1, where staging-1 is, only in tor1."} {
		if !slices.Contains(said, want) {
			t.Errorf("not said: %q", want)
		}
	}
}

func TestFind(t *testing.T) {
	s, c := world(t, simdo.Options{})
	web, gpu := s.DropletNamed("web-1").ID, s.DropletNamed("gpu-train-1").ID
	find := func(words string) ([]int, []string) {
		t.Helper()
		f, err := c.Find(t.Context(), words)
		if err != nil {
			t.Fatal(err)
		}
		var ids []int
		for _, d := range f.Droplets {
			ids = append(ids, d.ID)
		}
		return ids, f.Nearest
	}
	for _, tt := range []struct {
		words   string
		ids     []int
		nearest []string
	}{
		{"web-1", []int{web}, nil}, {" WEB-1 ", []int{web}, nil},
		{"gpu-train-1", []int{gpu}, nil},
		{"wbe-1", nil, []string{"web-1", "web-2", "web-3"}}, {"bastoin", nil, []string{"bastion"}}, {"train", nil, []string{"gpu-train-1"}},
		{"nothing-like-it", nil, nil}, {"", nil, nil}, {"4", nil, nil}, {"99999999999999999999", nil, nil},
		{"web-1&type=gpus", nil, nil}, {"web-1#", nil, []string{"web-1", "web-2", "web-3"}}, {"<!channel>", nil, nil},
	} {
		ids, near := find(tt.words)
		if !slices.Equal(ids, tt.ids) || len(tt.nearest) > 0 && !slices.Equal(near, tt.nearest) {
			t.Errorf("Find(%q) = %v, %v; want %v, %v", tt.words, ids, near, tt.ids, tt.nearest)
		}
	}
	if ids, _ := find("cache-1"); len(ids) != 2 {
		t.Errorf("an ambiguous name: %v", ids)
	}
	// What was listed before does not hide what has changed since.
	if _, err := c.Droplets(t.Context()); err != nil {
		t.Fatal(err)
	}
	twin := s.AddDroplet("web-1", "fra1", "s-1vcpu-1gb", "debian-12-x64")
	fresh := s.AddDroplet("fresh-1", "fra1", "s-1vcpu-1gb", "debian-12-x64")
	if err := s.Rename(gpu, "gpu-other"); err != nil {
		t.Fatal(err)
	}
	if ids, _ := find("web-1"); !slices.Equal(ids, []int{web, twin}) {
		t.Errorf("the new twin: %v", ids)
	}
	if ids, _ := find("fresh-1"); !slices.Equal(ids, []int{fresh}) {
		t.Errorf("the new one: %v", ids)
	}
	if ids, _ := find("gpu-train-1"); ids != nil {
		t.Errorf("the renamed one: %v", ids)
	}
	gpuTwin := s.AddDroplet("bastion", "tor1", "gpu-h100x1-80gb", "gpu-h100x1-base")
	if ids, _ := find("bastion"); len(ids) != 2 || !slices.Contains(ids, gpuTwin) {
		t.Errorf("the GPU twin: %v", ids)
	}
	number := s.AddDroplet(s2(web), "fra1", "s-1vcpu-1gb", "debian-12-x64")
	if ids, _ := find(s2(web)); !slices.Equal(ids, []int{number}) {
		t.Errorf("a name that is another's ID: %v", ids)
	}
}

func TestDropletsOfManyPages(t *testing.T) {
	s, c := world(t, simdo.Options{})
	s.AddDroplets(450, "many-", "many")
	all, err := c.Droplets(t.Context())
	if err != nil || len(all) != len(s.Droplets()) {
		t.Fatalf("%d of %d: %v", len(all), len(s.Droplets()), err)
	}
	if !slices.ContainsFunc(all, func(d api.Droplet) bool { return d.GPU && d.Name == "gpu-train-1" }) {
		t.Error("no GPU Droplet")
	}
	asked := len(s.Requests())
	all[0] = api.Droplet{} // the caller's own
	again, err := c.Droplets(t.Context())
	if err != nil || len(s.Requests()) != asked || again[0].ID == 0 {
		t.Error("not from the cache, or the caller's change is in it", err)
	}
	tagged, err := c.Tagged(t.Context(), "MANY")
	if err != nil || len(tagged) != 450 {
		t.Errorf("%d tagged: %v", len(tagged), err)
	}
	if gpus, err := c.Tagged(t.Context(), "ml"); err != nil || len(gpus) != 1 || gpus[0].Name != "gpu-train-1" {
		t.Errorf("%v, %v", gpus, err)
	}
}

func TestTagsAreCheckedFirst(t *testing.T) {
	s, c := world(t, simdo.Options{})
	for _, tag := range []string{"", "a b", "a&tag_name=c", "x#y", "ü", "a\n", strings.Repeat("a", 256), "../x"} {
		if _, err := c.Tagged(t.Context(), tag); api.KindOf(err) != api.Invalid || !strings.Contains(err.(*api.Error).Sentence(), "letters, digits") {
			t.Errorf("%q: %v", tag, err)
		}
	}
	for _, words := range []string{"", "a/b", "../account", "a?b", "a b", "%2e"} {
		if _, err := c.Image(t.Context(), words); api.KindOf(err) != api.Invalid {
			t.Errorf("image %q: %v", words, err)
		}
	}
	if n := len(s.Requests()); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func TestLookUps(t *testing.T) {
	s, c := world(t, simdo.Options{})
	ctx, web, db := t.Context(), s.DropletNamed("web-1"), s.DropletNamed("db-1")
	if err := c.Check(ctx); err != nil {
		t.Error(err)
	}
	sizes, err := c.Sizes(ctx)
	if err != nil || len(sizes) != len(s.Sizes()) || sizes[0].Monthly > sizes[len(sizes)-1].Monthly {
		t.Error(len(sizes), err)
	}
	if regions, err := c.Regions(ctx); err != nil || len(regions) != len(s.Regions()) {
		t.Error(len(regions), err)
	}
	if images, err := c.Images(ctx); err != nil || len(images) == 0 || images[0].Created < images[len(images)-1].Created {
		t.Error(len(images), err)
	}
	if backups, err := c.Backups(ctx, db.ID); err != nil || len(backups) != len(s.Backups(db.ID)) || backups[0].Kind != "backup" {
		t.Errorf("%+v %v", backups, err)
	}
	if got, err := c.Image(ctx, "Ubuntu-24-04-x64"); err != nil || got.Slug != "ubuntu-24-04-x64" || got.ID == 0 {
		t.Error(got, err)
	}
	if _, ok, err := c.Plan(ctx, "s-none"); ok || err != nil {
		t.Error(ok, err)
	}
	if _, err := c.Droplet(ctx, 1); api.KindOf(err) != api.NotFound {
		t.Error(err)
	}
	if err := s.AddHistory(web.ID, 5, "rename", 40*time.Second); err != nil {
		t.Fatal(err)
	}
	rename, _ := api.Lookup("rename")
	if got := c.Usual(ctx, web.ID, rename); got != 40*time.Second {
		t.Error("usual", got)
	}
	kernel, _ := api.Lookup("change_kernel")
	if got := c.Usual(ctx, web.ID, kernel); got != kernel.Usual {
		t.Error("usual without history", got)
	}
	if err := s.AddHistory(db.ID, 5, "change_kernel", 50*time.Second); err != nil {
		t.Fatal(err)
	}
	fresh := client(t, s.URL()) // one that has read nothing yet
	if got := fresh.Usual(ctx, web.ID, kernel); got != 50*time.Second {
		t.Error("usual on the account", got)
	}
	if got := fresh.Usual(ctx, 0, kernel); got != 50*time.Second {
		t.Error("usual of several", got)
	}
	history, err := c.History(ctx, web.ID)
	if err != nil || !slices.IsSortedFunc(history, func(a, b api.Record) int { return b.StartedAt.Compare(a.StartedAt) }) {
		t.Error(cmp.Diff(nil, history), err)
	}
}

// Whatever is looked for, nothing but a Droplet of that name or ID is found, and
// nothing breaks.
func FuzzFind(f *testing.F) {
	s := simdo.New(simdo.Options{})
	if err := s.Start(""); err != nil {
		f.Fatal(err)
	}
	f.Cleanup(s.Close)
	c, err := api.New(api.Config{Token: "t", BaseURL: s.URL(), PerMinute: 1_000_000})
	if err != nil {
		f.Fatal(err)
	}
	for _, words := range []string{"web-1", "cache-1", "a&name=web-1", "web-1#x", "%77eb-1", "../droplets", "1\x00", "–1", "+7", "٣"} {
		f.Add(words)
	}
	f.Fuzz(func(t *testing.T, words string) {
		found, err := c.Find(t.Context(), words)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range found.Droplets {
			if typed := strings.TrimSpace(words); !strings.EqualFold(d.Name, typed) && s2(d.ID) != strings.TrimLeft(typed, "0") {
				t.Errorf("%q finds %d %s", words, d.ID, d.Name)
			}
		}
		if len(found.Nearest) > 3 || len(found.Nearest) > 0 && len(found.Droplets) > 0 || !utf8.ValidString(strings.Join(found.Nearest, "")) {
			t.Errorf("%q: %+v", words, found)
		}
	})
}

func s2(n int) string { return strconv.Itoa(n) }
