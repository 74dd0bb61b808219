package handlers

import (
	"slices"
	"strings"
	"testing"

	"dropletops/api"
	"dropletops/approvals"

	"github.com/google/go-cmp/cmp"
)

// What is typed becomes a request, and its card is the only answer.
func TestCommandBecomesARequest(t *testing.T) {
	type want struct {
		Type    string
		Args    map[string]string
		Danger  approvals.Danger
		Targets []int
		State   approvals.State
		Image   int
		Tag     string
		Reason  string
		Rescue  *approvals.Rescue
	}
	backup := &approvals.Image{ID: 902, Name: "b2", Kind: "backup", Created: "2026-11-15T01:00:00Z"}
	snapshot := &approvals.Image{ID: 903, Name: "s1", Kind: "snapshot", Created: "2026-10-01T01:00:00Z"}
	rescue := &approvals.Rescue{Known: true, Backup: backup, Snapshot: snapshot}
	for _, tc := range []struct {
		text string
		want want
	}{
		{"reboot web-1", want{Type: "reboot", Danger: approvals.Safe, Targets: []int{101}, State: approvals.Running}},
		{"REBOOT Web-1 —reason “it hangs”", want{Type: "reboot", Danger: approvals.Safe, Targets: []int{101}, State: approvals.Running, Reason: "it hangs"}},
		{"power_cycle 101", want{Type: "power_cycle", Danger: approvals.Disruptive, Targets: []int{101}, State: approvals.Running}},
		{"reboot <http://db-1.example.com|db-1.example.com>", want{Type: "reboot", Danger: approvals.Safe, Targets: []int{106}, State: approvals.Running}},
		{"reboot 108", want{Type: "reboot", Danger: approvals.Safe, Targets: []int{108}, State: approvals.Running}},
		{"rebuild web-1 ubuntu-24-04-x64", want{Type: "rebuild", Args: map[string]string{"image": "ubuntu-24-04-x64"}, Danger: approvals.Destructive,
			Targets: []int{101}, State: approvals.Pending, Image: 2, Rescue: rescue}},
		{"rebuild web-2 1", want{Type: "rebuild", Args: map[string]string{"image": "1"}, Danger: approvals.Destructive,
			Targets: []int{102}, State: approvals.Pending, Image: 1, Rescue: &approvals.Rescue{Known: true}}},
		{"restore web-1 901", want{Type: "restore", Args: map[string]string{"image": "901"}, Danger: approvals.Destructive,
			Targets: []int{101}, State: approvals.Pending, Image: 901, Rescue: rescue}},
		{"enable-ipv6 web-3", want{Type: "enable_ipv6", Danger: approvals.Irreversible, Targets: []int{103}, State: approvals.Pending}},
		{"resize web-3 s-2vcpu-4gb --disk", want{Type: "resize", Args: map[string]string{"size": "s-2vcpu-4gb", "disk": "true"}, Danger: approvals.Destructive,
			Targets: []int{103}, State: approvals.Pending, Rescue: &approvals.Rescue{Known: true}}},
		{"reboot tag:web", want{Type: "reboot", Danger: approvals.Safe, Targets: []int{101, 102}, State: approvals.Pending, Tag: "web"}},
		{"power-off tag:web", want{Type: "power_off", Danger: approvals.Disruptive, Targets: []int{101, 102}, State: approvals.Pending, Tag: "web"}},
		{"rebuild tag:web debian-12-x64", want{Type: "rebuild", Args: map[string]string{"image": "debian-12-x64"}, Danger: approvals.Destructive,
			Targets: []int{101, 102}, State: approvals.Pending, Image: 1, Tag: "web"}},
		{"power-on tag:single", want{Type: "power_on", Danger: approvals.Safe, Targets: []int{103}, State: approvals.Running, Tag: "single"}},
		{"snapshot tag:web nightly", want{Type: "snapshot", Args: map[string]string{"name": "nightly"}, Danger: approvals.Safe,
			Targets: []int{101, 102}, State: approvals.Pending, Tag: "web"}},
		{"snapshot tag:web", want{Type: "snapshot", Danger: approvals.Safe, Targets: []int{101, 102}, State: approvals.Pending, Tag: "web"}}, // each after itself
	} {
		t.Run(tc.text, func(t *testing.T) {
			b := newBench(t)
			e := b.slash("UALICE", tc.text)
			r := b.asks(e)
			got := want{Type: r.Action.Type, Args: r.Action.Args, Danger: r.Action.Danger, State: r.State, Tag: r.Tag, Reason: r.Reason, Rescue: r.Rescue}
			for _, target := range r.Targets {
				got.Targets = append(got.Targets, target.Droplet.ID)
			}
			if r.Image != nil {
				got.Image = r.Image.ID
			}
			if len(got.Args) == 0 {
				got.Args = nil
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			if r.Usual == 0 {
				t.Error("nobody is told how long it takes")
			}
			origin := approvals.Origin{TeamID: "T1", ChannelID: "C1", ResponseURL: "http://slack/r/UALICE", Envelope: e.Key, AskedAt: e.ReceivedAt, Words: "/droplet " + typed(tc.text)}
			if diff := cmp.Diff(origin, r.Origin); diff != "" {
				t.Error(diff)
			}
			// Delivered again, or handled again after a crash, it does nothing.
			if again := b.do(e); again.Message.Text != "" || len(b.store.order) != 1 {
				t.Errorf("handled twice, it made %d requests and said %q", len(b.store.order), again.Message.Text)
			}
		})
	}
}

func TestCommandIsAnswered(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"rebot web-1", "There is no verb `rebot`. Did you mean `reboot`? All verbs: `/droplet help`."},
		{"reboot wbe-1", "No Droplet is called `wbe-1`: did you mean `web-1` or `web-2`?"},
		{"reboot nobody", "No Droplet is called `nobody`. A Droplet goes by its exact name, its ID, or `tag:` and a tag."},
		{"reboot 999", "No Droplet has the ID `999`. A Droplet goes by its exact name, its ID, or `tag:` and a tag."},
		{"reboot tag:none", "No Droplet bears the tag `none`."},
		{"reboot a&amp;b", "No Droplet can be called `a&amp;b`: a name has letters, digits, `.` and `-`. A Droplet goes by its name, its ID, or `tag:` and a tag."},
		{"rebuild web-1 ubunto", "There is no image `ubunto`. Did you mean `ubuntu-24-04-x64`? An image goes by its slug or its ID: `/droplet images`."},
		{"rebuild web-1 Golden", "An image goes by its ID; `golden` is `7`."},
		{"restore web-1 903", "`903` is no backup of `web-1`. It has these:\n• 6 days old: `/droplet restore web-1 902`\n• 13 days old: `/droplet restore web-1 901`"},
		{"restore web-1", "`restore` needs the ID of a backup of `web-1`. It has these:\n• 6 days old: `/droplet restore web-1 902`\n• 13 days old: `/droplet restore web-1 901`"},
		{"restore web-1 latest", "`latest` is no backup of `web-1`. It has these:\n• 6 days old: `/droplet restore web-1 902`\n• 13 days old: `/droplet restore web-1 901`"},
		{"restore web-2", "`restore` needs the ID of a backup of `web-2`, which has none."},
		{"restore tag:web", "A backup belongs to one Droplet: `restore` takes one at a time."},
		{"change-kernel web-1", "`change-kernel` needs the ID of a kernel of `web-1`. It has these:\n• old: `/droplet change-kernel web-1 990`\n• new: `/droplet change-kernel web-1 991`"},
		{"change-kernel web-1 5", "`5` is no kernel of `web-1`. It has these:\n• old: `/droplet change-kernel web-1 990`\n• new: `/droplet change-kernel web-1 991`"},
		{"change-kernel web-2", "`change-kernel` needs the ID of a kernel of `web-2`, which has its kernel inside its operating system: DigitalOcean has none to give it."},
		{"enable-ipv6 web-1", "web-1 is on, and DigitalOcean enables IPv6 only on one that is off. Use stop first, and power-on afterwards."},
		{"power-off tag:single", "web-3 is off already."},
		{"power-on tag:web", "There is nothing to do for any of the 2 Droplets.\n• web-1 is on already.\n• web-2 is on already."},
		{"restore web-2 901", "`901` is no backup of `web-2`, which has none."},
		{"restore tag:web 901", "A backup belongs to one Droplet: `restore` takes one at a time."},
		{"rename tag:web same", "Several Droplets can't be given one name: rename them one by one."},
	} {
		t.Run(tc.text, func(t *testing.T) {
			b := newBench(t)
			b.views.err = approvals.Refuse("no window")
			b.refused(b.slash("UALICE", tc.text), tc.want)
		})
	}
}

// What the catalogue's checks say is passed on, of each Droplet that is meant.
func TestPreChecksAreSaid(t *testing.T) {
	b := newBench(t)
	r := b.do(b.slash("UALICE", "power-off web-3"))
	if !strings.Contains(r.Message.Text, "web-3") || !strings.Contains(r.Message.Text, "off already") {
		t.Errorf("said %q", r.Message.Text)
	}
	r = b.do(b.slash("UALICE", "power-cycle tag:half"))
	if !strings.HasPrefix(r.Message.Text, "Nothing was done: of the 2 Droplets, 1 can't be acted on.\n• web-3 is off") {
		t.Errorf("said %q", r.Message.Text)
	}
	if len(b.store.order) != 0 {
		t.Error("a request was made")
	}
}

// A Droplet with the tag that is already what is asked for is left out, and that
// is part of what is decided on.
func TestWhatIsSoAlreadyIsLeftOut(t *testing.T) {
	b := newBench(t)
	r := b.asks(b.slash("UALICE", "power-off tag:half"))
	if len(r.Targets) != 1 || r.Targets[0].Droplet.ID != 106 || !slices.Equal(r.LeftOut, []string{"web-3 is off already."}) {
		t.Errorf("acts on %+v, left out %q", r.Targets, r.LeftOut)
	}
}

// When backups are taken now is told where that is about to change.
func TestPresentPolicyIsTold(t *testing.T) {
	b := newBench(t)
	b.account.droplets[0].Backups = true
	b.account.policies = map[int]api.BackupPolicy{101: {Enabled: true, Plan: "daily", Hour: 4}}
	if got := b.asks(b.slash("UALICE", "disable-backups web-1")).Present; got != "backups daily, 04:00 UTC" {
		t.Errorf("tells %q", got)
	}
	b.account.down["policy"] = &api.Error{Kind: api.Unavailable}
	if got := b.asks(b.slash("UALICE", "disable-backups web-1")).Present; got != "" {
		t.Errorf("tells %q", got)
	}
}

// What is in nobody's way and worth knowing is told: a name that another bears, and
// backups that become fewer.
func TestWhatIsWorthKnowingIsTold(t *testing.T) {
	b := newBench(t)
	b.account.droplets[0].Backups = true
	b.account.policies = map[int]api.BackupPolicy{101: {Enabled: true, Plan: "daily", Hour: 4}}
	for words, want := range map[string]string{
		"rename web-1 web-2":                       "Droplet 102 in nyc3 is called web-2 too.",
		"rename web-1 WEB-1":                       "",
		"rename web-1 web-77":                      "",
		"change-backup-policy web-1 --plan weekly": "up to a week of changes can be lost instead of a day",
		"change-backup-policy web-1 --plan daily":  "",
		"reboot web-1":                             "",
	} {
		if got := b.asks(b.slash("UALICE", words)).Heed; !strings.Contains(got, want) || (want == "") != (got == "") {
			t.Errorf("%q: tells %q, want %q", words, got, want)
		}
	}
	b.account.policies = map[int]api.BackupPolicy{101: {Enabled: true, Plan: "weekly"}}
	for _, plan := range []string{"daily", "weekly"} {
		if got := b.asks(b.slash("UALICE", "change-backup-policy web-1 --plan "+plan)).Heed; got != "" {
			t.Errorf("tells %q of going from weekly to %s", got, plan)
		}
	}
	b.account.down["policy"] = &api.Error{Kind: api.Unavailable}
	if got := b.asks(b.slash("UALICE", "change-backup-policy web-1 --plan weekly")).Heed; got != "" {
		t.Errorf("tells %q without having read the policy", got)
	}
}

// What the new size holds and costs travels with the request, for the card.
func TestSizeIsLookedUp(t *testing.T) {
	b := newBench(t)
	b.account.plans = []api.Plan{{Slug: "s-2vcpu-4gb", VCPUs: 2, MemoryMB: 4096, DiskGB: 80, Monthly: 24}}
	if p := b.asks(b.slash("UALICE", "resize web-3 s-2vcpu-4gb --disk")).Plan; p == nil || p.DiskGB != 80 || p.Monthly != 24 {
		t.Errorf("the card is told %+v", p)
	}
	b.account.down["sizes"] = &api.Error{Kind: api.Unavailable}
	if b.asks(b.slash("UALICE", "resize web-3 s-2vcpu-4gb")).Plan != nil {
		t.Error("a size that can't be read is told")
	}
}

// What is wrong with an argument is said before DigitalOcean is asked anything.
func TestMistakesCostNoLookUp(t *testing.T) {
	b := newBench(t)
	b.views.err = approvals.Refuse("no window")
	for _, text := range []string{
		"rebot web-1", "reboot", "resize web-1", "reboot tag:a&amp;b", "reboot x#y", "enable-backups web-1 --plan hourly", "rename web-1 a_b!",
		"list --tag a&amp;b", "list tag:a#b", "list [", "list --status hot", "info tag:web", "info x#y", "action x", "action 0", "action",
	} {
		if r := b.do(b.slash("UALICE", text)); r.Message.Text == "" {
			t.Errorf("%q is not answered", text)
		}
	}
	if b.account.asked != 0 {
		t.Errorf("DigitalOcean was asked %d times", b.account.asked)
	}
}

// Who may do nothing gets the help, and is told so before anything is looked up.
func TestWhoMayDoNothing(t *testing.T) {
	const may = "Only full members of this workspace may use Dropletops."
	for user, why := range map[string]string{
		"UGUEST":   "You are a guest in this workspace. " + may,
		"UBOT":     "Bots can't do this. " + may,
		"UGONE":    "This account is deactivated. " + may,
		"UFOREIGN": "You belong to another workspace. " + may,
	} {
		b := newBench(t)
		for _, text := range []string{"reboot web-1", "rebot", "reboot", "list", "reboot \x00", "reboot tag:web"} {
			b.refused(b.slash(user, text), why)
		}
		if b.account.asked != 0 {
			t.Errorf("%s: DigitalOcean was asked", user)
		}
		if n := len(b.store.lines); n != 6 || b.store.lines[0].What != "refused" || b.store.lines[0].Detail["words"] != "/droplet reboot web-1" {
			t.Errorf("%s: the audit log has %+v", user, b.store.lines)
		}
		for _, text := range []string{"", "help", "help reboot"} {
			if r := b.do(b.slash(user, text)); !strings.Contains(r.Message.Text, "reboot") {
				t.Errorf("%s gets no help for %q: %q", user, text, r.Message.Text)
			}
		}
	}
}

// What passes is a fault, to be tried again; what does not is told.
func TestLookUpsThatFail(t *testing.T) {
	calls := []struct{ call, text string }{
		{"find", "reboot web-1"}, {"tagged", "reboot tag:web"},
		{"image", "rebuild web-1 debian-12-x64"}, {"backups", "restore web-1 901"}, {"precheck", "reboot web-1"},
	}
	for _, c := range calls {
		for _, kind := range []api.ErrorKind{api.Unavailable, api.RateLimited, api.NotSent} {
			b := newBench(t)
			b.account.down[c.call] = &api.Error{Kind: kind, What: "look"}
			if _, err := b.Handle(t.Context(), b.slash("UALICE", c.text)); api.KindOf(err) != kind {
				t.Errorf("%s, %s: answers %v", c.call, kind, err)
			}
		}
		for _, kind := range []api.ErrorKind{api.Unauthorized, api.Forbidden, api.Invalid} {
			b := newBench(t)
			failure := &api.Error{Kind: kind, What: "look up <x>"}
			b.account.down[c.call] = failure
			b.refused(b.slash("UALICE", c.text), plain(failure.Sentence()))
		}
	}
	for _, c := range calls {
		b := newBench(t)
		failure := &api.Error{Kind: api.Unavailable, What: "look"}
		b.account.down[c.call] = failure
		e := b.slash("UALICE", c.text)
		e.Attempt = approvals.HandleTries
		b.refused(e, "Nothing was started. "+plain(failure.Sentence()))
		e = b.slash("UALICE", "info web-1") // which would have started nothing
		e.Attempt = approvals.HandleTries
		if c.call == "find" {
			b.refused(e, plain(failure.Sentence()))
		}
	}
	b := newBench(t)
	if _, err := b.Handle(t.Context(), b.slash("USTRANGE", "reboot web-1")); err == nil || b.account.asked > 0 {
		t.Errorf("while Slack does not say who it is: error %v, DigitalOcean asked %d times", err, b.account.asked)
	}
}

// That nobody knows what one could go back to is said, and keeps nobody from asking.
func TestRescueUnknown(t *testing.T) {
	for _, call := range []string{"backups", "snapshots"} {
		b := newBench(t)
		b.account.down[call] = &api.Error{Kind: api.Unavailable}
		if r := b.asks(b.slash("UALICE", "rebuild web-1 debian-12-x64")); r.Rescue == nil || *r.Rescue != (approvals.Rescue{}) {
			t.Errorf("%s away: %+v", call, r.Rescue)
		}
	}
}
