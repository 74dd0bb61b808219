package card_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/card"

	"github.com/slack-go/slack"
)

// nasty is what a name from outside may try.
const nasty = "<!channel> *bold* `code` :boom: \u202etxt.exe\n&amp;"

var (
	started = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	records = []api.Record{
		{ID: 2300000003, Type: "reboot", Status: "in-progress", StartedAt: noon.Add(-42 * time.Second), ResourceID: 3164494, ResourceType: "droplet", Region: "fra1"},
		{ID: 2300000002, Type: "power_cycle", Status: "errored", StartedAt: started, CompletedAt: started.Add(75 * time.Second), ResourceID: 3164494, ResourceType: "droplet"},
		{ID: 2300000001, Type: nasty, Status: "completed", StartedAt: started.AddDate(0, -1, 0)},
	}
	doings = map[int]approvals.Doing{
		2300000003: {RequestID: "r-0h7k2mzq9x4c", Requester: alice},
		2300000002: {RequestID: "r-5y8w1n3t6v0b", Requester: alice, Approvers: []approvals.Person{bob}, Reason: nasty},
	}
	gone = api.Image{}
	base = api.Image(noble)
)

func detail() api.Detail {
	return api.Detail{
		Droplet: api.Droplet(web1), RegionName: "Frankfurt 1", Hourly: 0.00893, TransferTB: 1, Features: []string{"backups", "ipv6", "monitoring"},
		Base: base, Networks: []api.Network{
			{Version: 4, Type: "public", Address: "203.0.113.17", Mask: "255.255.255.0", Gateway: "203.0.113.1"},
			{Version: 4, Type: "private", Address: "10.114.0.2", Mask: "255.255.240.0"},
			{Version: 6, Type: "public", Address: "2001:db8::17", Mask: "64", Gateway: "2001:db8::1"},
		},
		Volumes:    []api.Volume{{ID: "506f78a4-e098-11e5-ad9f-000f53306ae1", Name: "web-1-data", SizeGB: 200, System: "ext4"}, {ID: "7724db7c-e098-11e5-b522-000f53304e51"}},
		NextBackup: api.Window{Start: noon.Add(20 * time.Hour), End: noon.Add(24 * time.Hour)},
	}
}

// found are the answers of the verbs that only look.
func found() map[string]card.Message {
	out := map[string]card.Message{}
	asker := card.Showing{BlockID: "answer:e1", Place: card.Place{Page: 1}}
	channel := card.Showing{By: "U0ALICE", Words: "/droplet list web-*", Place: card.Place{Page: 1}}
	var ds []api.Droplet
	for i, d := range fleet(500) {
		d := api.Droplet(d)
		d.Status, d.GPU = []string{"active", "active", "off", "new", "archive"}[i%5], i%7 == 6
		ds = append(ds, d)
	}
	list := func(n int) card.Answer {
		return card.Answer{Head: "*Droplets* · name `web-*`", Items: card.Droplets(ds[:n]), Each: "Droplets",
			Foot: "Together " + card.Money(float64(6*n)) + " a month. More on one: " + card.Typed("/droplet info web-1")}
	}
	out["list"] = card.Draw(list(3), asker)
	out["list_500"] = card.Draw(list(500), asker)
	out["list_500_page_2"] = card.Draw(list(500), card.Showing{BlockID: "answer:e1", Place: card.Place{Page: 2, Droplet: 0}})
	out["list_500_last_page"] = card.Draw(list(500), card.Showing{BlockID: "answer:e1", Place: card.Place{Page: 99}})
	out["list_shared"] = card.Draw(list(3), channel)
	after := asker
	after.Shown = true
	out["list_after_sharing"] = card.Draw(list(3), after)
	out["list_none"] = card.Draw(card.Answer{Head: "No Droplet fits · name `x`.", Foot: "There are 13 in all: `/droplet list`"}, asker)
	out["list_hostile"] = card.Draw(card.Answer{Head: "*Droplets* · name " + card.Code(nasty), Each: "Droplets", Items: card.Droplets([]api.Droplet{
		{ID: 1, Name: nasty, Status: nasty, Region: nasty, Size: nasty, PublicIP: nasty, Tags: []string{nasty, nasty, nasty, nasty, nasty, nasty, nasty}},
		{ID: 2, Name: strings.Repeat("x", 255), Tags: strings.Split(strings.Repeat(strings.Repeat("y", 255)+" ", 50), " ")},
		{},
	})}, card.Showing{By: "U0ALICE", Words: nasty})

	in := card.Inside{Detail: detail(), Policy: &api.BackupPolicy{Enabled: true, Plan: "weekly", Weekday: "SUN", Hour: 4, WindowHours: 4, KeptDays: 28},
		Backups: []api.Image{api.Image(backup)}, Snapshots: []api.Image{api.Image(snapshot)}, Past: records[1:], Doings: doings,
		Firewalls: []api.Firewall{{Name: "web-public", Status: "succeeded", In: []string{"tcp 22 from some", "tcp 443"}}, {Name: "closed", Status: "waiting"}}}
	info := func(name string, in card.Inside, quiet bool, show card.Showing) {
		head, lines := card.Info(in, quiet, noon)
		out[name] = card.Draw(card.Answer{Head: head, Items: lines, Foot: "More: `/droplet actions web-1`"}, show)
	}
	info("info", in, false, asker)
	info("info_shared", in, true, channel)
	in.Past, in.Detail.Locked = records, true
	info("info_under_way", in, false, asker)
	in.Detail.Kernel = &api.KernelVersion{ID: 7515, Name: "DigitalOcean GrubLoader v0.2", Version: "20160714"}
	in.Detail.Chips, in.Detail.VPC, in.Detail.VPCName = "1 × nvidia_h100, 80 gib", "5a4981aa-9653-4bd1-bef5-d6bff52042e4", "default-fra1"
	in.Policy, in.Backups, in.Snapshots, in.Past, in.Firewalls = nil, nil, nil, nil, nil
	info("info_unread", in, false, asker)
	in.Lacks = []string{"firewall:read"}
	info("info_lacking", in, false, asker)
	info("info_bare", card.Inside{Firewalls: []api.Firewall{}, Detail: api.Detail{Droplet: api.Droplet{ID: 7, Name: "new-1", Status: "new"}, Base: gone},
		Policy: &api.BackupPolicy{}, Backups: []api.Image{}, Snapshots: []api.Image{}, Past: []api.Record{}}, false, asker)
	many := detail()
	for i := range 15 {
		many.Volumes = append(many.Volumes, api.Volume{ID: fmt.Sprint(i), Name: nasty, SizeGB: i, System: nasty})
		many.Networks = append(many.Networks, api.Network{Version: 4, Type: nasty, Address: nasty, Mask: nasty, Gateway: nasty})
		many.Tags, many.Features = append(many.Tags, nasty), append(many.Features, nasty)
	}
	var walls []api.Firewall
	for range 9 {
		walls = append(walls, api.Firewall{Name: nasty, Status: nasty, In: []string{nasty, nasty, nasty, nasty, nasty, nasty, nasty, nasty}})
	}
	many.Name, many.RegionName, many.Size, many.VPC, many.VPCName, many.Chips = nasty, nasty, nasty, nasty, nasty, nasty
	many.Kernel = &api.KernelVersion{ID: 1, Name: nasty, Version: nasty}
	info("info_hostile", card.Inside{Detail: many, Firewalls: walls, Policy: &api.BackupPolicy{Enabled: true, Plan: nasty, Weekday: nasty},
		Backups: []api.Image{{ID: 1, Name: nasty, Created: nasty}}, Past: records[2:]}, false, asker)

	out["actions"] = card.Draw(card.Answer{Head: "*Actions* on `web-1`", Each: "actions", Items: card.History(records, doings, false, noon)}, asker)
	out["actions_shared"] = card.Draw(card.Answer{Head: "*Actions* on `web-1`", Each: "actions", Items: card.History(records, doings, true, noon)}, channel)
	out["actions_of_all"] = card.Draw(card.Answer{Head: "*Actions* of this account", Each: "actions", Items: card.Newest(append([]api.Record{{ID: 5, Type: "attach_volume", Status: "completed", ResourceType: nasty, ResourceID: 3164494}}, records...),
		[]api.Droplet{{ID: 3164494, Name: nasty}}, doings, false, noon)}, asker)
	out["action"] = card.Draw(card.Answer{Head: "*Action* `2300000002`", Items: card.OneAction(records[1], "Droplet `web-1`", doings, false, noon)}, asker)
	out["action_not_ours"] = card.Draw(card.Answer{Head: "*Action* `2300000001`", Items: card.OneAction(records[2], "volume `9338`", doings, false, noon)}, asker)

	use := func(id int) string { return fmt.Sprintf("/droplet restore web-1 %d", id) }
	big := api.Image(backup)
	big.SizeGB = 2.34
	out["backups"] = card.Draw(card.Answer{Head: "*Backups* of `web-1`", Each: "backups", Items: card.Saved([]api.Image{big, {ID: 5, Name: nasty, Created: nasty}, {ID: 6}}, use, noon)}, asker)
	out["backup_policies"] = card.Draw(card.Answer{Head: "*Backups* are *on* for 1 of 3", Each: "Droplets", Items: card.Policies([]api.Droplet{{ID: 1, Name: "web-1"}, {ID: 2, Name: nasty}, {ID: 3, Name: "db-1"}},
		map[int]api.BackupPolicy{1: {}, 3: {Enabled: true, Plan: nasty, Hour: 4, WindowHours: 4, KeptDays: 7, Next: api.Window{Start: noon, End: noon.Add(4 * time.Hour)}}})}, asker)
	out["backup_plans"] = card.Draw(card.Answer{Head: "*Backups* of `web-1` are *off*.", Items: card.Plans([]api.BackupPlan{{Name: "daily", Hours: []int{0, 20}, KeptDays: 7}, {Name: nasty, Days: []string{nasty}}})}, asker)
	out["kernels"] = card.Draw(card.Answer{Head: "*Kernels* for `web-1`", Each: "kernels",
		Items: card.Kernels([]api.KernelVersion{{ID: 1, Name: "Ubuntu vmlinuz-3.13", Version: "3.13"}, {ID: 2, Name: nasty, Version: nasty}}, 1, use)}, asker)
	out["neighbors"] = card.Draw(card.Answer{Head: "*Droplets that share hardware*", Each: "groups",
		Items: card.Neighbors([][]int{{3164000, 3164001}, {3164002, 99, 1, 2, 3, 4, 5, 6, 7, 8, 9}}, ds)}, asker)
	out["sizes"] = card.Draw(card.Answer{Head: "*Sizes*", Each: "sizes", Items: card.Sizes([]api.Plan{
		{Slug: "s-1vcpu-512mb-10gb", Description: "Basic", VCPUs: 1, MemoryMB: 512, DiskGB: 10, Monthly: 4, Available: true, Regions: []string{"nyc3", "fra1"}},
		{Slug: "s-2vcpu-4gb", VCPUs: 2, MemoryMB: 4096, DiskGB: 80, Monthly: 24},
		{Slug: nasty, Description: nasty, VCPUs: 2, MemoryMB: 4096, DiskGB: 80, Monthly: 24, Available: true},
	})}, asker)
	out["images"] = card.Draw(card.Answer{Head: "*Images*", Each: "images", Items: card.Images([]api.Image{
		{ID: 155133621, Slug: "ubuntu-24-04-x64", Name: "24.04 (LTS) x64", Distro: "Ubuntu", Kind: "base", MinDisk: 7, Regions: []string{"nyc3", "fra1"}},
		{ID: 8802, Name: "before-upgrade", Distro: "Ubuntu", Kind: "snapshot", MinDisk: 25, Regions: []string{"fra1"}},
		{ID: 3, Name: nasty, Distro: nasty, Kind: nasty, Regions: []string{nasty}},
		{ID: 4},
	})}, asker)
	out["regions"] = card.Draw(card.Answer{Head: "*Regions*", Each: "regions", Items: card.Regions([]api.Region{
		{Slug: "nyc3", Name: "New York 3", Available: true, Sizes: []string{"a", "b"}, Features: []string{"backups", "ipv6"}},
		{Slug: "nyc2", Name: nasty, Sizes: []string{"a"}},
	})}, asker)
	return out
}

func TestPagesLeaveNothingOut(t *testing.T) {
	items := card.Droplets(func() []api.Droplet {
		var ds []api.Droplet
		for _, d := range fleet(500) {
			d.Tags = []string{strings.Repeat("t", 200), strings.Repeat("u", 200)}
			ds = append(ds, api.Droplet(d))
		}
		return ds
	}())
	a := card.Answer{Head: "*Droplets*", Items: items, Each: "Droplets"}
	seen := map[string]int{}
	place := card.Place{Page: 1, Droplet: 7}
	for pages := 1; ; pages++ {
		m := card.Draw(a, card.Showing{BlockID: "answer:e1", Place: place})
		if err := validate(m); err != nil {
			t.Fatalf("page %d: %v", place.Page, err)
		}
		next := ""
		for _, b := range m.Blocks {
			switch b := b.(type) {
			case *slack.SectionBlock:
				for line := range strings.Lines(b.Text.Text) {
					if strings.HasPrefix(line, "*web-") {
						seen[strings.TrimSpace(line)]++
					}
				}
			case *slack.ActionBlock:
				for _, e := range b.Elements.ElementSet {
					if e := e.(*slack.ButtonBlockElement); e.ActionID == "page" {
						next = e.Value
					}
				}
			}
		}
		if next == "" {
			if pages != 34 {
				t.Errorf("%d pages", pages)
			}
			break
		}
		to, ok := card.PlaceFrom(next)
		if !ok || to.Page != place.Page+1 || to.Droplet != 7 {
			t.Fatalf("the next page is %q", next)
		}
		place = to
	}
	if len(seen) != 500 {
		t.Errorf("%d of 500 are seen", len(seen))
	}
}

func TestPlaceFrom(t *testing.T) {
	for value, want := range map[string]bool{"1 0": true, "34 3164494": true, "0 0": false, "-1 0": false, "1": false, "": false, "1 -1": false, "a b": false, "1 0 0": false, "99999999999999999999 0": false} {
		p, ok := card.PlaceFrom(value)
		if ok != want || ok && p.String() != value {
			t.Errorf("PlaceFrom(%q) = %v, %v", value, p, ok)
		}
	}
}

func TestCode(t *testing.T) {
	for s, want := range map[string]string{
		"web-1": "`web-1`", "a`b": "`a'b`", "": "“”", " \n ": "“”", "<!channel> & co": "`&lt;!channel&gt; &amp; co`",
		"a\nb": "`a b`", "\u202ex": "`\ufffdx`", strings.Repeat("é", 90): "`" + strings.Repeat("é", 80) + "…`",
	} {
		if got := card.Code(s); got != want {
			t.Errorf("Code(%q) = %q, want %q", s, got, want)
		}
	}
}
