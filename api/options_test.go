package api_test

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"dropletops/api"
	simdo "dropletops/internal/sim/digitalocean"
)

func values(all []api.Option) []string {
	var out []string
	for _, o := range all {
		out = append(out, o.Value)
	}
	return out
}

// A menu offers what DigitalOcean would take: for every Droplet of the built-in
// world, each size and image that is offered passes its checks.
func TestOptionsFit(t *testing.T) {
	s, c := world(t, simdo.Options{})
	ds, err := c.Recent(t.Context())
	if err != nil || len(ds) != len(s.Droplets()) {
		t.Fatalf("%d of %d Droplets, %v", len(ds), len(s.Droplets()), err)
	}
	plans, err := c.Sizes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	offered := 0
	for _, d := range ds {
		sizes, err := c.Options(t.Context(), api.Size, d)
		if err != nil || len(sizes) == 0 && !d.GPU {
			t.Fatalf("%s has no sizes: %v", d.Name, err)
		}
		for _, o := range sizes {
			p := plans[slices.IndexFunc(plans, func(p api.Plan) bool { return p.Slug == o.Value })]
			if p.DiskGB < d.DiskGB || !slices.Contains(p.Regions, d.Region) || !p.Available {
				t.Errorf("%s of %d GB in %s is offered %+v", d.Name, d.DiskGB, d.Region, p)
			}
		}
		images, err := c.Options(t.Context(), api.Base, d)
		if err != nil || len(images) == 0 {
			t.Fatalf("%s has no images: %v", d.Name, err)
		}
		rebuild, _ := api.Lookup("rebuild")
		for _, o := range images {
			img, err := c.Image(t.Context(), o.Value)
			if err != nil {
				t.Fatal(err)
			}
			if why := rebuild.PreCheck(d, api.Args{"image": o.Value}, &img); why != "" && d.Status != "new" && d.Status != "archive" {
				t.Errorf("%s is offered %s: %s", d.Name, o.Value, why)
			}
			offered++
		}
		backups, err := c.Options(t.Context(), api.Backup, d)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, b := range s.Backups(d.ID) {
			want = append(want, strconv.Itoa(b.ID))
		}
		got := values(backups)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("backups of %s: %v, want %v", d.Name, got, want)
		}
	}
	if offered == 0 {
		t.Error("nothing was offered")
	}
	legacy := ds[slices.IndexFunc(ds, func(d api.Droplet) bool { return d.Name == "legacy-1" })]
	if ks, err := c.Options(t.Context(), api.Kernel, legacy); err != nil || len(ks) == 0 {
		t.Errorf("kernels of legacy-1: %v, %v", ks, err)
	}
	if ks, err := c.Options(t.Context(), api.Kernel, api.Droplet{}); err != nil || len(ks) != 0 {
		t.Errorf("kernels of no Droplet: %v, %v", ks, err)
	}
}

// What was listed last is answered while it is read anew, at once, however long
// that takes; and what is read then is what the next look is answered.
func TestRecentWhileItIsRefreshed(t *testing.T) {
	s := simdo.New(simdo.Options{})
	if err := s.Start(""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	c, err := api.New(api.Config{Token: "dop_v1_test", BaseURL: s.URL(), CacheFor: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	before, err := c.Recent(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	f := s.Inject(simdo.Fault{Match: simdo.Match{Method: http.MethodGet, Path: "/v2/droplets"}, Hang: true, Times: simdo.Always})
	began := time.Now()
	during, err := c.Recent(t.Context())
	if took := time.Since(began); err != nil || len(during) != len(before) || took > 10*time.Second { // a reading that hangs takes 15 s
		t.Fatalf("while DigitalOcean hangs: %d of %d Droplets after %s, %v", len(during), len(before), took, err)
	}
	during[0].Name = "mine"
	if again, _ := c.Recent(t.Context()); again[0].Name == "mine" {
		t.Error("the caller's list is the cache's own")
	}
	f.Remove()
	id := s.AddDroplet("new-1", "", "", "")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for ctx.Err() == nil { // the reading that hangs ends by its own time-out
		ds, err := c.Recent(ctx)
		if err == nil && slices.ContainsFunc(ds, func(d api.Droplet) bool { return d.ID == id }) {
			return
		}
	}
	t.Error("a Droplet that was made is never offered")
}

// Menus and typed words go by one rule: for every Droplet of the built-in world, what a menu
// leaves out is refused when it is typed, and what it offers is not, but for what it has.
func TestMenusAndTypedWordsGoByOneRule(t *testing.T) {
	s, c := world(t, simdo.Options{})
	ds, err := c.Recent(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, id := range s.AddImages(3, "mine") {
		s.SetImageStatus(id, []string{"available", "pending", "retired"}[i])
	}
	plans, err := c.Sizes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	images, err := c.Images(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	left := map[string]int{}
	hold := func(what, value string, offered bool, a *api.Action, d api.Droplet, args api.Args, img *api.Image) {
		t.Helper()
		why, err := c.PreCheck(t.Context(), a, d, args, img)
		if err != nil {
			t.Fatal(err)
		}
		if offered != (why == "") {
			t.Errorf("%s %s of %s: offered %v, typed %q", what, value, d.Name, offered, why)
		}
		if !offered {
			left[what]++
		}
	}
	resize, _ := api.Lookup("resize")
	rebuild, _ := api.Lookup("rebuild")
	restore, _ := api.Lookup("restore")
	kernel, _ := api.Lookup("change_kernel")
	for _, d := range ds {
		if d.Status == "new" || d.Status == "archive" {
			continue
		}
		options := func(k api.Kind) []string {
			all, err := c.Options(t.Context(), k, d)
			if err != nil {
				t.Fatal(err)
			}
			return values(all)
		}
		sizes, bases, kernels := options(api.Size), options(api.Base), options(api.Kernel)
		for _, p := range plans {
			hold("size", p.Slug, slices.Contains(sizes, p.Slug), resize, d, api.Args{"size": p.Slug, "disk": "true"}, nil)
		}
		for _, i := range images {
			offered := slices.Contains(bases, strconv.Itoa(i.ID)) || i.Slug != "" && slices.Contains(bases, i.Slug)
			hold("image", i.Label(), offered, rebuild, d, api.Args{"image": strconv.Itoa(i.ID)}, &i)
		}
		all, err := c.Kernels(t.Context(), d.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range all {
			hold("kernel", k.Name, slices.Contains(kernels, strconv.Itoa(k.ID)), kernel, d, api.Args{"kernel": strconv.Itoa(k.ID)}, nil)
		}
		backups, err := c.Backups(t.Context(), d.ID)
		if err != nil {
			t.Fatal(err)
		}
		offers := options(api.Backup)
		for _, b := range backups {
			hold("backup", b.Name, slices.Contains(offers, strconv.Itoa(b.ID)), restore, d, api.Args{"image": strconv.Itoa(b.ID)}, &b)
		}
	}
	create, _ := api.Lookup("create")
	regions, err := c.Regions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	offers, err := c.Options(t.Context(), api.Place, api.Droplet{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range regions {
		hold("region", r.Slug, slices.Contains(values(offers), r.Slug), create, api.Droplet{Name: "new-1", Region: r.Slug}, api.Args{"region": r.Slug}, nil)
		made, err := c.Options(t.Context(), api.Size, api.Droplet{Region: r.Slug})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range plans {
			offered := r.Available && slices.Contains(values(made), p.Slug)
			hold("size", p.Slug, offered, create, api.Droplet{Name: "new-1", Region: r.Slug, Size: p.Slug}, api.Args{"region": r.Slug, "size": p.Slug}, nil)
		}
	}
	for what, n := range map[string]int{"size": 20, "image": 10, "region": 1, "kernel": 1} {
		if left[what] < n {
			t.Errorf("only %d of kind %s were left out: this shows little", left[what], what)
		}
	}
}
