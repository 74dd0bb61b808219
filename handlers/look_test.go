package handlers

import (
	"strings"
	"testing"
	"time"

	"dropletops/api"
	"dropletops/approvals"

	"github.com/slack-go/slack"
)

// furnish fills the account with what the verbs that only look show.
func furnish(b *bench) {
	a := b.account
	r := func(id int, typ, status string, ago, took time.Duration) api.Record {
		out := api.Record{ID: id, Type: typ, Status: status, StartedAt: noon.Add(-ago), ResourceID: 101, ResourceType: "droplet", Region: "nyc3"}
		if status != "in-progress" {
			out.CompletedAt = out.StartedAt.Add(took)
		}
		return out
	}
	a.history[101] = []api.Record{r(903, "reboot", "in-progress", 42*time.Second, 0), r(902, "power_cycle", "completed", time.Hour, 30*time.Second), r(901, "create", "completed", 48*time.Hour, time.Minute)}
	a.records = map[int]api.Record{902: a.history[101][1], 77: {ID: 77, Type: "attach_volume", Status: "completed", ResourceType: "volume", ResourceID: 5},
		78: {ID: 78, Type: "destroy", Status: "completed", ResourceType: "droplet", ResourceID: 107}}
	a.doings = map[int]approvals.Doing{902: {RequestID: "r-1", Requester: approvals.Person{Who: approvals.Who{UserID: "UALICE"}, Name: "alice"}, Reason: "stuck"}}
	a.details = map[int]api.Detail{101: {Droplet: a.droplets[0], RegionName: "New York 3", Features: []string{"monitoring"}}}
	a.policies = map[int]api.BackupPolicy{101: {Enabled: true, Plan: "weekly", Weekday: "SUN", Hour: 4, WindowHours: 4, KeptDays: 28}}
	a.policies[102] = api.BackupPolicy{}
	a.walls = map[int][]api.Firewall{101: {{Name: "web-public", Status: "succeeded", In: []string{"tcp 22", "tcp 443"}}}}
	a.kernels = map[int][]api.KernelVersion{101: {{ID: 1, Name: "vmlinuz-1", Version: "1"}}}
	a.groups = [][]int{{101, 102}}
	a.plans = []api.Plan{
		{Slug: "s-1vcpu-1gb", Description: "Basic", VCPUs: 1, MemoryMB: 1024, DiskGB: 25, Monthly: 6, Available: true, Regions: []string{"nyc3"}},
		{Slug: "c-2", Description: "CPU-Optimized", VCPUs: 2, MemoryMB: 4096, DiskGB: 25, Monthly: 42, Available: true, Regions: []string{"fra1"}},
		{Slug: "gpu-1", VCPUs: 20, Monthly: 900, GPU: true, Available: true, Regions: []string{"nyc3"}},
		{Slug: "old-1", Monthly: 5, Regions: []string{"nyc3"}},
	}
	a.images = append(a.images, api.Image{ID: 903, Name: "golden", Distro: "Debian", Kind: "snapshot", Regions: []string{"fra1"}})
	a.places = []api.Region{{Slug: "nyc3", Name: "New York 3", Available: true}, {Slug: "fra1", Name: "Frankfurt 1", Available: true}}
}

// shown is all that is in an answer, without its buttons.
func shown(r Reply) string {
	var s []string
	for _, b := range r.Message.Blocks {
		switch b := b.(type) {
		case *slack.SectionBlock:
			s = append(s, b.Text.Text)
		case *slack.ContextBlock:
			for _, e := range b.ContextElements.Elements {
				s = append(s, e.(*slack.TextBlockObject).Text)
			}
		}
	}
	return strings.Join(s, "\n")
}

func TestLooksAreAnswered(t *testing.T) {
	b := newBench(t)
	furnish(b)
	for _, tc := range []struct {
		text  string
		has   []string
		lacks []string
	}{
		{"list", []string{"*Droplets* · 8 Droplets", "*web-1*", "*twin*", "&lt;!channel&gt;"}, []string{"<!channel>"}},
		{"list web", []string{"· name `web` · 3 Droplets"}, []string{"twin"}},
		{"list WEB-?", []string{"3 Droplets"}, []string{"twin"}},
		{"list web-[12]", []string{"2 Droplets", "*web-2*"}, []string{"web-3"}},
		{"list *.example.com", []string{"1 Droplet", "db-1.example.com"}, nil},
		{"list --tag HALF --status off", []string{"1 Droplet", "*web-3*", "tag `HALF`", "status `off`"}, []string{"db-1"}},
		{"list tag:web", []string{"2 Droplets"}, []string{"web-3"}},
		{"list --region fra1", []string{"No Droplet fits · region `fra1`.", "There are 8 in all: `/droplet list`"}, nil},
		{"list --gpu", []string{"No Droplet fits with a GPU."}, nil},
		{"list --status Active web*", []string{"2 Droplets"}, []string{"web-3"}},
		{"info web-1", []string{"*web-1* · 🟢 active · `101`", "New York 3 (nyc3)", "*Under way:* 🔄 *reboot* for 42 s", "weekly on SUN, 04:00–08:00 UTC", "*Latest backup:* b2 (`902`)", "*Latest snapshot:* s1 (`903`)", "*Firewalls:* web-public, lets in tcp 22, tcp 443", "`/droplet actions web-1`"}, nil},
		{"info 101", []string{"`/droplet actions 101`"}, nil},
		{"actions web-1", []string{"3 actions", "🔄 *reboot*", "for 42 s so far", "✅ *power-cycle* · completed · took 30 s", "asked by <@UALICE>, request `r-1`: stuck"}, nil},
		{"actions web-2", []string{"Nothing was done to `web-2`"}, nil},
		{"actions", []string{"*Actions* of this account · 4 actions", "✅ *power-cycle* · completed · took 30 s · on *web-1*\n`902`", "on volume `5`", "The newest 4 that DigitalOcean lists"}, nil},
		{"action 902", []string{"*Action* `902`", "power-cycle", "Droplet `web-1` (`101`)", "<@UALICE>"}, nil},
		{"action 77", []string{"volume `5`", "not asked for through Dropletops"}, nil},
		{"action 78", []string{"Droplet `107`, which DigitalOcean does not show"}, nil},
		{"backups web-1", []string{"2 backups", "`/droplet restore web-1 902`", "`/droplet restore web-1 901`"}, nil},
		{"backups web-2", []string{"`web-2` has no backup.", "`/droplet enable-backups web-2`"}, nil},
		{"backup_policy web-1", []string{"are *on*", "weekly on SUN", "`/droplet change-backup-policy web-1"}, nil},
		{"backup-policy web-2", []string{"are *off*", "`/droplet enable-backups web-2 --plan weekly"}, nil},
		{"backup-policy web-3", []string{"*Can be:* daily from 0, 4, 8, 12, 16, 20 o'clock UTC, kept 7 days"}, nil},
		{"backup-policy", []string{"*Backups* are *on* for 1 of 8 · 8 Droplets", "*web-1*\u00a0· `101`\nweekly on SUN", "*web-2*\u00a0· `102`\n⚠️ off", "*twin*\u00a0· `104`\n⚠️ DigitalOcean tells of none", "`/droplet enable-backups web-2 --plan weekly"}, nil},
		{"snapshots web-1", []string{"1 snapshot", "`/droplet rebuild web-1 903`"}, nil},
		{"snapshots 108", []string{"`&lt;!channel&gt;` has no snapshot.", "`/droplet snapshot 108`"}, nil},
		{"kernels web-1", []string{"vmlinuz-1", "`/droplet change-kernel web-1 1`"}, nil},
		{"kernels web-2", []string{"its own affair"}, nil},
		{"neighbors web-1", []string{"*On the same hardware* as `web-1`", "*web-2*"}, nil},
		{"neighbors web-3", []string{"No other Droplet of this account is on the hardware of `web-3`."}, nil},
		{"neighbors", []string{"*Droplets that share hardware*", "*web-1* `101`, *web-2* `102`"}, nil},
		{"sizes", []string{"4 sizes", "`s-1vcpu-1gb` · *$6.00* a month", "not for new Droplets"}, nil},
		{"sizes --region NYC3", []string{"2 sizes", "s-1vcpu-1gb", "gpu-1"}, []string{"c-2", "old-1"}},
		{"sizes optimized", []string{"1 size", "`c-2`"}, nil},
		{"sizes --gpu", []string{"1 size", "`gpu-1`"}, nil},
		{"sizes huge", []string{"No size fits `huge`."}, nil},
		{"images debian", []string{"2 images", "`debian-12-x64`", "`903` · Debian golden"}, nil},
		{"images debian snapshot", []string{"1 image", "golden"}, []string{"debian-12-x64"}},
		{"images --region nyc3", []string{"1 image", "ubuntu-24-04-x64"}, nil},
		{"regions new york", []string{"1 region", "`nyc3` · *New York 3*"}, nil},
		{"regions mars", []string{"No region fits"}, nil},
		{"action 5", []string{"There is no action with the ID `5`."}, nil},
		{"action x", []string{"`x` is no action's ID"}, nil},
		{"info wbe-1", []string{"did you mean `web-1`"}, nil},
		{"info tag:web", []string{"`info` looks at one Droplet. Those that bear the tag: `/droplet list tag:web`."}, nil},
		{"info web-1,web-2", []string{"`info` looks at one Droplet at a time: `/droplet info web-1`."}, nil},
		{"list [", []string{"`[` is no pattern"}, nil},
		{"list --status hot", []string{"active, off, new, archive"}, nil},
		{"list --tag a&amp;b", []string{"a tag has letters"}, nil},
	} {
		t.Run(tc.text, func(t *testing.T) {
			e := b.slash("UALICE", tc.text)
			r := b.do(e)
			got := shown(r)
			for _, part := range tc.has {
				if !strings.Contains(got, part) {
					t.Errorf("lacks %q:\n%s", part, got)
				}
			}
			for _, part := range tc.lacks {
				if strings.Contains(got, part) {
					t.Errorf("has %q:\n%s", part, got)
				}
			}
			if r.Replace || r.To.UserID != "UALICE" {
				t.Errorf("goes to %+v", r)
			}
		})
	}
	if len(b.store.order) != 0 || len(b.channel.shown) != 0 {
		t.Error("something was done or shown")
	}
}

// A part that can't be read is said to be that, and the rest is shown.
func TestInfoInParts(t *testing.T) {
	for call, want := range map[string]string{"policy": "*Backups:* ⚠️", "backups": "*Latest backup:* ⚠️", "snapshots": "*Latest snapshot:* ⚠️", "history": "*Last action:* ⚠️", "firewalls": "*Firewalls:* ⚠️ could not be read now"} {
		b := newBench(t)
		furnish(b)
		b.account.down[call] = &api.Error{Kind: api.Unavailable, What: "look"}
		if got := shown(b.do(b.slash("UALICE", "info web-1"))); !strings.Contains(got, want) || strings.Contains(got, "no way back") {
			t.Errorf("%s: %s", call, got)
		}
	}
	b := newBench(t)
	furnish(b)
	b.account.down["firewalls"] = &api.Error{Kind: api.Forbidden, What: "list the firewalls", Scopes: []string{"firewall:read"}}
	if got := shown(b.do(b.slash("UALICE", "info web-1"))); !strings.Contains(got, "*Firewalls:* ⚠️ the token may not read them; it takes `firewall:read`") {
		t.Errorf("said %s", got)
	}
	b = newBench(t)
	furnish(b)
	b.account.down["doings"] = &api.Error{Kind: api.Unavailable}
	if got := shown(b.do(b.slash("UALICE", "actions web-1"))); !strings.Contains(got, "Who asked for them could not be read now.") {
		t.Errorf("said %s", got)
	}
	failure := &api.Error{Kind: api.Forbidden, What: "read Droplet 101", RequestID: "rq-1"}
	b.account.down["detail"] = failure
	b.refused(b.slash("UALICE", "info web-1"), plain(failure.Sentence()))
	if !strings.Contains(failure.Sentence(), "rq-1") {
		t.Error("DigitalOcean's request_id is not told")
	}
}

func TestHelpTeaches(t *testing.T) {
	b := newBench(t)
	b.account.known = []api.Droplet{{Name: "<!channel>", Region: "fra1", Status: "active"}, {Name: "edge-7", Region: "fra1", Status: "active"}}
	for text, want := range map[string]string{
		"help":           "`backup-policy`",
		"help list":      "*Example:* `/droplet list edge*`",
		"help info":      "*Example:* `/droplet info edge-7`",
		"sizes --help":   "*Example:* `/droplet sizes c- --region fra1`",
		"help power_off": "*Example:* `/droplet power-off edge-7`",
	} {
		if got := b.do(b.slash("UALICE", text)).Message.Text; !strings.Contains(got, want) {
			t.Errorf("%s: %s", text, got)
		}
	}
	if got := b.do(b.slash("UGUEST", "help list")).Message.Text; !strings.Contains(got, "You are a guest") || strings.Contains(got, "`/droplet list") {
		t.Errorf("a guest is told %s", got)
	}
	if got := b.do(b.slash("USTRANGE", "help list")).Message.Text; !strings.Contains(got, "/droplet list") {
		t.Errorf("while Slack does not say who it is: %s", got)
	}
	if b.account.asked != 0 {
		t.Errorf("help asked DigitalOcean %d times", b.account.asked)
	}
}
