package handlers

import (
	"errors"
	"fmt"
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
		{"info web-1", []string{"*web-1* · 🟢 active · `101`", "New York 3 (nyc3)", "*Under way:* 🔄 *reboot* for 42 s", "weekly on SUN, 04:00–08:00 UTC", "*Latest backup:* b2 (`902`)", "*Latest snapshot:* s1 (`903`)", "`/droplet actions web-1`"}, nil},
		{"info 101", []string{"`/droplet actions 101`"}, nil},
		{"actions web-1", []string{"3 actions", "🔄 *reboot*", "for 42 s so far", "✅ *power-cycle* · completed · took 30 s", "asked by <@UALICE>, request `r-1`: stuck"}, nil},
		{"actions web-2", []string{"Nothing was done to `web-2`"}, nil},
		{"action 902", []string{"*Action* `902`", "power-cycle", "Droplet `web-1` (`101`)", "<@UALICE>"}, nil},
		{"action 77", []string{"volume `5`", "not asked for through Dropletops"}, nil},
		{"action 78", []string{"Droplet `107`, which is gone"}, nil},
		{"backups web-1", []string{"2 backups", "`/droplet restore web-1 902`", "`/droplet restore web-1 901`"}, nil},
		{"backups web-2", []string{"`web-2` has no backup.", "`/droplet enable-backups web-2`"}, nil},
		{"backup_policy web-1", []string{"are *on*", "weekly on SUN", "`/droplet change-backup-policy web-1"}, nil},
		{"backup-policy web-2", []string{"are *off*", "`/droplet enable-backups web-2 --plan weekly"}, nil},
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
		{"sizes huge", []string{"No size fits · fitting `huge`."}, nil},
		{"images debian", []string{"2 images", "`debian-12-x64`", "`903` · Debian golden"}, nil},
		{"images debian snapshot", []string{"1 image", "golden"}, []string{"debian-12-x64"}},
		{"images --region nyc3", []string{"1 image", "ubuntu-24-04-x64"}, nil},
		{"regions new york", []string{"1 region", "`nyc3` · *New York 3*"}, nil},
		{"regions mars", []string{"No region fits"}, nil},
		{"action 5", []string{"There is no action with the ID `5`."}, nil},
		{"action x", []string{"`x` is no action's ID"}, nil},
		{"info wbe-1", []string{"did you mean `web-1`"}, nil},
		{"info tag:web", []string{"`info` looks at one Droplet. Those that bear the tag: `/droplet list tag:web`."}, nil},
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

// press finds a button of an answer.
func press(t *testing.T, r Reply, actionID string) object {
	t.Helper()
	for _, block := range r.Message.Blocks {
		if a, ok := block.(*slack.ActionBlock); ok {
			for _, e := range a.Elements.ElementSet {
				if e, ok := e.(*slack.ButtonBlockElement); ok && e.ActionID == actionID {
					return object{"type": "button", "action_id": actionID, "block_id": a.BlockID, "value": e.Value}
				}
			}
		}
	}
	return nil
}

func TestListIsPaged(t *testing.T) {
	b := newBench(t)
	b.account.droplets = nil
	for i := range 500 {
		b.account.droplets = append(b.account.droplets, api.Droplet{ID: 1000 + i, Name: fmt.Sprintf("n-%03d", i), Status: "active", Region: "nyc3"})
	}
	r := b.do(b.slash("UALICE", "list n-*"))
	seen := 0
	for page := 1; ; page++ {
		got := shown(r)
		seen += strings.Count(got, "🟢 active")
		if page == 2 && (!strings.Contains(got, "*16–30 of 500*") || press(t, r, "page_back") == nil) {
			t.Errorf("page 2: %s", got)
		}
		next := press(t, r, "page")
		if next == nil {
			break
		}
		r = b.do(b.click("UALICE", menu, next))
		if !r.Replace {
			t.Fatal("a page is not put in the place of the one before")
		}
	}
	if seen != 500 {
		t.Errorf("%d Droplets were listed", seen)
	}
	back := b.do(b.click("UALICE", menu, press(t, r, "page_back")))
	if !strings.Contains(shown(back), "*481–495 of 500*") {
		t.Errorf("back: %s", shown(back))
	}
}

func TestAnswerIsShared(t *testing.T) {
	b := newBench(t)
	furnish(b)
	for _, tc := range []struct {
		e     approvals.Envelope
		where string
	}{
		{b.slash("UALICE", "actions web-1"), "C1 "},
		{b.mention(object{"text": "<@UDROPLETOPS> actions web-1", "thread_ts": "1.5"}), "C1 1.5"},
	} {
		r := b.do(tc.e)
		share := press(t, r, "share")
		if share["block_id"] != "answer:"+tc.e.Key || share["value"] != "1 0" {
			t.Errorf("the button is %v", share)
		}
		b.refused(b.click("UBOB", menu, share), "This answer is for whoever typed the command. Type your own.")
		if len(b.channel.shown) != 0 {
			t.Fatal("another showed it")
		}
		b.channel.refusal = &approvals.Refusal{Sentence: "I am not in this channel."}
		if no := b.do(b.click("UALICE", menu, share)); no.Replace || no.Message.Text != "I am not in this channel." {
			t.Errorf("a refusal: %+v", no)
		}
		b.channel.refusal = errors.New("Slack is away")
		if _, err := b.Handle(t.Context(), b.click("UALICE", menu, share)); err == nil {
			t.Error("a fault was taken for an answer")
		}
		b.channel.refusal = nil
		r = b.do(b.click("UALICE", menu, share))
		if !r.Replace || press(t, r, "share") != nil || !strings.Contains(shown(r), "Shown to the channel.") {
			t.Errorf("afterwards: %s", shown(r))
		}
		if len(b.channel.shown) != 1 || b.channel.where[0] != tc.where {
			t.Fatalf("shown in %q", b.channel.where)
		}
		got := shown(Reply{Message: b.channel.shown[0]})
		if !strings.Contains(got, "Shown by <@UALICE>: `") || !strings.Contains(got, "actions web-1`") || !strings.Contains(got, "asked by alice (`UALICE`)") || strings.Count(got, "<@") != 1 {
			t.Errorf("shown: %s", got)
		}
		if press(t, Reply{Message: b.channel.shown[0]}, "share") != nil {
			t.Error("what everyone sees has a button")
		}
		b.channel.shown, b.channel.where = nil, nil
	}
}

// A name that several Droplets bear is chosen for looking, too, and what comes
// after goes on with the one that was chosen.
func TestLookIsPicked(t *testing.T) {
	b := newBench(t)
	furnish(b)
	b.account.backups[105] = []api.Image{{ID: 55, Name: "b", Kind: "backup", Created: "2026-11-15T01:00:00Z"}}
	r := b.do(b.slash("UALICE", "backups twin"))
	if !strings.HasPrefix(r.Message.Text, "2 Droplets are called `twin`. Which one is to be the target of `backups`?") {
		t.Fatalf("said %q", r.Message.Text)
	}
	r = b.do(b.click("UALICE", menu, chosen(blockID(t, r), "105")))
	if !r.Replace || !strings.Contains(shown(r), "`/droplet restore 105 55`") {
		t.Errorf("chosen: %s", shown(r))
	}
	share := press(t, r, "share")
	if share["value"] != "1 105" {
		t.Errorf("the button is %v", share)
	}
	b.do(b.click("UALICE", menu, share))
	if len(b.channel.shown) != 1 || !strings.Contains(shown(Reply{Message: b.channel.shown[0]}), "restore 105 55") {
		t.Errorf("shown: %+v", b.channel.shown)
	}
	r = b.do(b.slash("UALICE", "info"))
	if want := "Which Droplet is to be the target of `info`? Type a part of its name."; r.Message.Text != want {
		t.Errorf("said %q", r.Message.Text)
	}
}

func TestTurnsThatDoNothing(t *testing.T) {
	b := newBench(t)
	e := b.slash("UALICE", "list")
	b.do(e)
	guests := b.slash("UGUEST", "list")
	turn := func(block, value string) object {
		return object{"type": "button", "action_id": "share", "block_id": block, "value": value}
	}
	for _, tc := range []struct{ user, block, value, want string }{
		{"UALICE", "answer:e99", "1 0", "This answer is too old: type the command again."},
		{"UALICE", "pick:" + e.Key, "1 0", "This answer is too old: type the command again."},
		{"UALICE", "answer:" + e.Key, "x", ""},
		{"UALICE", "answer:" + e.Key, "0 0", ""},
		{"UGUEST", "answer:" + guests.Key, "1 0", "You are a guest in this workspace. Only full members of this workspace may use Dropletops."},
	} {
		b.refused(b.click(tc.user, menu, turn(tc.block, tc.value)), tc.want)
	}
	if len(b.channel.shown) != 0 {
		t.Error("something was shown")
	}
}

// A part that can't be read is said to be that, and the rest is shown.
func TestInfoInParts(t *testing.T) {
	for call, want := range map[string]string{"policy": "*Backups:* ⚠️", "backups": "*Latest backup:* ⚠️", "snapshots": "*Latest snapshot:* ⚠️", "history": "*Last action:* ⚠️"} {
		b := newBench(t)
		furnish(b)
		b.account.down[call] = &api.Error{Kind: api.Unavailable, What: "look"}
		if got := shown(b.do(b.slash("UALICE", "info web-1"))); !strings.Contains(got, want) || strings.Contains(got, "no way back") {
			t.Errorf("%s: %s", call, got)
		}
	}
	b := newBench(t)
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
		if got := b.do(b.slash("UALICE", text)).Message.Text; !strings.Contains(got, want) || strings.Contains(got, "stop`") {
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
