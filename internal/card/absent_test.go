package card_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/card"
)

// flaws are marks of a value that was not there, or of a sentence said twice.
var flaws = regexp.MustCompile(`<nil>|%!|: :|:: |:\s*,|, ,|,,|\(\)|\[\]| {2,}|\.\.(?:[^.]|$)|\. \.|\*\*|` + "``" + `|· ·|· *(?:\n|$)|(?:^|\n) *·|:\* *(?:\n|$)|(?:^|[^\d])0 (?:vCPU|GB|MB)|unknown.*unknown|, *(?:\n|$)`)

// flawOf is what is wrong with a text; empty if nothing is.
func flawOf(text string) string {
	if at := flaws.FindString(text); at != "" {
		return at
	}
	said := map[string]bool{}
	for _, s := range regexp.MustCompile(`[.!?](?:\s|$)|\n`).Split(text, -1) {
		s = strings.TrimSpace(s)
		if len(s) > 20 && said[s] {
			return s
		}
		said[s] = true
	}
	return ""
}

// each calls f with every field of a value emptied in turn, and with none and all of them.
func each[T any](v T, f func(without string, v T)) {
	f("nothing", v)
	var visit func(path string, at func(reflect.Value) reflect.Value, typ reflect.Type)
	visit = func(path string, at func(reflect.Value) reflect.Value, typ reflect.Type) {
		for i := range typ.NumField() {
			field := typ.Field(i)
			if !field.IsExported() {
				continue
			}
			inner := func(root reflect.Value) reflect.Value { return at(root).Field(i) }
			clone := reflect.New(reflect.TypeFor[T]()).Elem()
			clone.Set(reflect.ValueOf(v))
			if cell := inner(clone); !cell.IsZero() {
				cell.SetZero()
				f(path+field.Name, clone.Interface().(T))
			}
			if field.Type.Kind() == reflect.Struct && field.Type != reflect.TypeFor[time.Time]() {
				visit(path+field.Name+".", inner, field.Type)
			}
		}
	}
	visit("", func(root reflect.Value) reflect.Value { return root }, reflect.TypeFor[T]())
}

// Whatever DigitalOcean leaves out, no answer and no card has a hole where it would stand.
func TestNothingIsShownOfWhatIsNotThere(t *testing.T) {
	n := 0
	hold := func(what, without string, lines ...string) {
		t.Helper()
		n++
		for _, text := range lines {
			if flaw := flawOf(text); flaw != "" {
				t.Errorf("%s without %s: %q in\n%s", what, without, flaw, text)
			}
		}
	}
	use := func(id int) string { return fmt.Sprintf("/droplet restore web-1 %d", id) }
	d := detail()
	d.Kernel = &api.KernelVersion{ID: 7515, Name: "GrubLoader", Version: "2016"}
	in := card.Inside{Detail: d, Policy: &api.BackupPolicy{Enabled: true, Plan: "weekly", Weekday: "SUN", Hour: 4, WindowHours: 4, KeptDays: 28},
		Backups: []api.Image{api.Image(backup)}, Snapshots: []api.Image{api.Image(snapshot)}, Past: []api.Record{}, Firewalls: []api.Firewall{}}
	info := func(without string, in card.Inside) {
		head, lines := card.Info(in, false, noon)
		hold("info", without, append([]string{head}, lines...)...)
	}
	each(in, info)
	each(*d.Kernel, func(without string, k api.KernelVersion) {
		in.Detail.Kernel = &k
		info("kernel "+without, in)
		hold("kernels", without, card.Kernels([]api.KernelVersion{k}, 1, use)...)
	})
	each(*in.Policy, func(without string, p api.BackupPolicy) {
		in.Policy = &p
		info("policy "+without, in)
		hold("policies", without, card.Policies([]api.Droplet{d.Droplet}, map[int]api.BackupPolicy{d.ID: p})...)
	})
	each(api.Network{Version: 4, Type: "public", Address: "203.0.113.17", Mask: "255.255.240.0", Gateway: "203.0.112.1"}, func(without string, v api.Network) {
		in.Detail.Networks = []api.Network{v}
		info("network "+without, in)
	})
	each(api.Volume{ID: "7724", Name: "data", SizeGB: 20, System: "ext4"}, func(without string, v api.Volume) {
		in.Detail.Volumes = []api.Volume{v}
		info("volume "+without, in)
	})
	each(api.Firewall{Name: "web", Status: "succeeded", In: []string{"tcp 443"}}, func(without string, v api.Firewall) {
		in.Firewalls = []api.Firewall{v}
		info("firewall "+without, in)
	})
	each(api.Record{ID: 5, Type: "reboot", Status: "completed", StartedAt: noon.Add(-time.Hour), CompletedAt: noon, ResourceID: 7, ResourceType: "droplet", Region: "nyc3"}, func(without string, r api.Record) {
		in.Past = []api.Record{r}
		info("action "+without, in)
		hold("actions", without, card.History([]api.Record{r}, nil, false, noon)...)
		hold("actions of all", without, card.Newest([]api.Record{r}, nil, nil, false, noon)...)
		hold("action", without, card.OneAction(r, "Droplet `web-1`", nil, false, noon)...)
	})
	each(api.Droplet(web1), func(without string, d api.Droplet) {
		hold("list", without, card.Droplets([]api.Droplet{d})...)
		hold("menu", without, card.Pick("pick:e1", "Which?", []api.Droplet{d}).Text)
	})
	private := api.Droplet(web1)
	private.PublicIP, private.PublicIP6 = "", ""
	if lines := card.Droplets([]api.Droplet{private}); !strings.Contains(lines[0], private.PrivateIP+" (private)") {
		t.Errorf("a list has no address of what has a private one alone: %s", lines[0])
	}
	each(api.Plan(larger), func(without string, p api.Plan) { hold("sizes", without, card.Sizes([]api.Plan{p})...) })
	each(api.Image{ID: 7, Slug: "x-1", Name: "24.04", Distro: "Ubuntu", Kind: "base", MinDisk: 7, Regions: []string{"nyc3"}, Created: "2026-01-02T03:04:05Z", SizeGB: 2}, func(without string, i api.Image) {
		hold("images", without, card.Images([]api.Image{i})...)
		hold("backups", without, card.Saved([]api.Image{i}, use, noon)...)
	})
	each(api.Region{Slug: "nyc3", Name: "New York 3", Available: true, Sizes: []string{"s-1"}, Features: []string{"ipv6"}}, func(without string, r api.Region) {
		hold("regions", without, card.Regions([]api.Region{r})...)
	})
	for typ, args := range map[string]map[string]string{"rebuild": {"image": "ubuntu-24-04-x64"}, "resize": {"size": "s-2vcpu-4gb", "disk": "true"}, "snapshot": {"name": "x"}, "destroy": nil, "reboot": nil,
		"enable_backups": {"plan": "weekly", "weekday": "SUN", "hour": "4"}, "change_kernel": {"kernel": "991"}, "rename": {"name": "x"}, "password_reset": nil} {
		a, _ := api.Lookup(typ)
		each(web1, func(without string, d approvals.Droplet) {
			r := ask(t, typ, args, d)
			r.Rescue = &rescue
			switch typ {
			case "rebuild":
				each(noble, func(image string, i approvals.Image) {
					r.Image = &i
					hold(typ, without+", image "+image, shown(t, card.Request(r, noon))...)
				})
			case "resize":
				each(larger, func(size string, p approvals.Plan) {
					r.Plan = &p
					hold(typ, without+", size "+size, shown(t, card.Request(r, noon))...)
				})
			}
			hold(typ, without, shown(t, card.Request(r, noon))...)
			hold("naming for "+typ, without, fmt.Sprint(card.Naming(api.Droplet(d), a, "").Title.Text))
		})
	}
	if n < 300 {
		t.Errorf("only %d were drawn", n)
	}
}

// shown are the texts of a message's blocks, one by one.
func shown(t *testing.T, m card.Message) (out []string) {
	t.Helper()
	wire, err := json.Marshal(m.Blocks)
	var blocks any
	if err != nil || json.Unmarshal(wire, &blocks) != nil {
		t.Fatal(err)
	}
	var look func(v any)
	look = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if s, ok := v["text"].(string); ok {
				out = append(out, s)
			}
			for _, x := range v {
				look(x)
			}
		case []any:
			for _, x := range v {
				look(x)
			}
		}
	}
	look(blocks)
	return out
}
