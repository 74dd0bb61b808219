package handlers

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"dropletops/api"
	"dropletops/approvals"
)

const ofAKind = " --region nyc3 --size s-1vcpu-1gb --image debian-12-x64"

func makingBench(t *testing.T) *bench {
	b := newBench(t)
	b.account.plans = []api.Plan{{Slug: "s-1vcpu-1gb", VCPUs: 1, MemoryMB: 1024, DiskGB: 25, Monthly: 6}}
	b.account.assets = map[api.Kind][]api.Asset{
		api.Keys: {{ID: "11", Name: "alice@laptop", Also: "aa:bb", Note: "aa:bb"}, {ID: "12", Name: "bob", Also: "cc:dd", Note: "cc:dd"},
			{ID: "13", Name: "shared", Also: "ee:13", Note: "ee:13"}, {ID: "14", Name: "shared", Also: "ee:14", Note: "ee:14"}},
		api.VPC: {{ID: net(1), Name: "prod", Region: "nyc3", Note: "10.1.0.0/20"}, {ID: net(2), Name: "far", Region: "fra1", Note: "10.2.0.0/20"}},
		api.Volumes: {{ID: net(3), Name: "data", Region: "nyc3", Note: "10 GB"}, {ID: net(4), Name: "data", Region: "fra1", Note: "10 GB"},
			{ID: net(5), Name: "used", Region: "nyc3", Note: "10 GB", On: 101}, {ID: net(6), Name: "Logs", Region: "nyc3", Note: "5 GB"}},
	}
	return b
}

// net is the ID of a VPC or a volume.
func net(n int) string { return fmt.Sprintf("760e09ef-dc84-11e8-981e-3cfdfeaae%03d", n) }

func called(ds []approvals.Target) (out []string) {
	for _, t := range ds {
		out = append(out, t.Droplet.Name)
	}
	return out
}

// What is typed becomes a request for Droplets that are not there yet.
func TestCreateBecomesARequest(t *testing.T) {
	b := makingBench(t)
	r := b.asks(b.slash("UALICE", "create new-1"+ofAKind+" --tags web,fresh --ssh-keys bob,11 --reason more"))
	d := r.Targets[0].Droplet
	if r.State != approvals.Running || r.Action.Type != "create" || r.Image == nil || r.Image.ID != 1 || r.Plan == nil || r.Reason != "more" ||
		d.ID != 0 || d.Name != "new-1" || d.Region != "nyc3" || d.Size != "s-1vcpu-1gb" || d.Monthly != 6 || d.DiskGB != 25 || !slices.Equal(d.Tags, []string{"web", "fresh"}) {
		t.Errorf("%+v", r)
	}
	if r.Action.Args["ssh-keys"] != "12,11" || !maps.Equal(r.Action.Called, map[string]string{"11": "alice@laptop", "12": "bob"}) || r.Action.Args["image"] != "debian-12-x64" || r.Usual == 0 || r.Heed != "" {
		t.Errorf("%+v", r.Action)
	}
	r = b.asks(b.slash("UALICE", "create new-1"+ofAKind+" --user-data “#cloud-config\nruncmd:\n  - [touch, &quot;/x&quot;]” --agent=off"))
	if got := r.Action.Args["user-data"]; got != "#cloud-config\nruncmd:\n  - [touch, &quot;/x&quot;]" || r.Action.Args["agent"] != "off" {
		t.Errorf("%q", got)
	}
	r = b.asks(b.slash("UALICE", "create new-1, new-2 new-3"+ofAKind+" --ssh-keys ALL"))
	if r.State != approvals.Pending || r.Verdict.Outcome != approvals.Confirm || !slices.Equal(called(r.Targets), []string{"new-1", "new-2", "new-3"}) || r.Action.Args["ssh-keys"] != "11,12,13,14" {
		t.Errorf("%+v", r)
	}
	one := r.Digest()
	r.Targets[1].Droplet.Name = "new-9"
	if r.Digest() == one {
		t.Error("a decision does not bind the names")
	}
}

// A name that is borne is pointed out, or left out.
func TestCreateOfWhatIsThere(t *testing.T) {
	b := makingBench(t)
	r := b.asks(b.slash("UALICE", "create WEB-1 new-1"+ofAKind))
	if len(r.Targets) != 2 || !strings.Contains(r.Heed, "WEB-1 is there already (Droplet 101 in nyc3)") {
		t.Errorf("%v, %q", called(r.Targets), r.Heed)
	}
	r = b.asks(b.slash("UALICE", "create WEB-1 new-1 twin"+ofAKind+" --unless-present"))
	if !slices.Equal(called(r.Targets), []string{"new-1"}) || r.Heed != "" || len(r.LeftOut) != 2 || r.LeftOut[1] != "twin is there already (Droplet 104 in nyc3, 105 in nyc3)." {
		t.Errorf("%v, %q, %q", called(r.Targets), r.Heed, r.LeftOut)
	}
	b.refused(b.slash("UALICE", "create web-1 web-2"+ofAKind+" --unless-present"),
		"Nothing is to be created.\n• web-1 is there already (Droplet 101 in nyc3).\n• web-2 is there already (Droplet 102 in nyc3).")
}

func TestCreateIsAnswered(t *testing.T) {
	for text, want := range map[string]string{
		"create": "`create` lacks the name and `--region` and `--size` and `--image`. Usage: `/droplet create &lt;name&gt;… --region &lt;region&gt; --size &lt;size&gt; --image &lt;image&gt; [options]`. " +
			"For example: `/droplet create web-1 --region nyc3 --size s-1vcpu-1gb --image ubuntu-24-04-x64`.",
		"create a_b" + ofAKind:                                                             "No Droplet can be called `a_b`: a Droplet's name has letters, digits, . and - only, such as web-2.example.com.",
		"create new-1 NEW-1" + ofAKind:                                                     "The name `NEW-1` is given twice: each makes one Droplet.",
		"create a b c d e f g h i j k" + ofAKind:                                           "These are 11 names; 10 are the most that one command creates.",
		"create new-1" + ofAKind + ` --tags "a b"`:                                         "--tags cannot be \"a b\": a tag has letters, digits, colons, underscores and hyphens only.",
		"create new-1" + ofAKind + " --ssh-keys carol":                                     "The account has no SSH key `carol`. It has `alice@laptop`, `bob`, `shared`, `shared`.",
		"create new-1" + ofAKind + " --ssh-keys bob,shared":                                "2 have the name `shared`: say which by its ID: `13 (ee:13)`, `14 (ee:14)`.",
		"create new-1" + ofAKind + " --vpc far":                                            "The VPC `far` is in `fra1`, and what is created would be in `nyc3`.",
		"create new-1" + ofAKind + " --vpc prdo":                                           "The account has no VPC `prdo`. Did you mean `prod`?",
		"create new-1" + ofAKind + " --volumes used":                                       "The volume `used` is attached to Droplet `101`: it must be free.",
		"create new-1" + ofAKind + " --volumes zzzzzz":                                     "The account has no volume `zzzzzz`. It has `data`, `Logs`.",
		"create new-1 new-2" + ofAKind + " --volumes 7724db7c-e098-11e5-b522-000f53304e51": "A volume is attached to one Droplet: leave `--volumes` out, or create the Droplets one by one.",
		"create new-1 --region fra1 --size s-1vcpu-1gb --image 2":                          "ubuntu-24-04-x64 (image 2) is not available in fra1, only in nyc3.",
		"create new-1 --region nyc3 --size s-1vcpu-1gb --image ubunto":                     "There is no image `ubunto`. Did you mean `ubuntu-24-04-x64`? An image goes by its slug or its ID: `/droplet images`.",
	} {
		b := makingBench(t)
		b.views.err = approvals.Refuse("no window")
		b.refused(b.slash("UALICE", text), want)
	}
}

// What has a name goes by it: the request holds the ID of what is meant there, and
// what that is called.
func TestCreateGoesByNames(t *testing.T) {
	b := makingBench(t)
	r := b.asks(b.slash("UALICE", "create new-1"+ofAKind+" --vpc Prod --volumes data,LOGS,"+net(3)+" --ssh-keys AA:BB"))
	want := api.Args{"vpc": net(1), "volumes": net(3) + "," + net(6), "ssh-keys": "11"}
	for name, value := range want {
		if r.Action.Args[name] != value {
			t.Errorf("%s is %q, want %q", name, r.Action.Args[name], value)
		}
	}
	if want := map[string]string{net(1): "prod", net(3): "data", net(6): "Logs", "11": "alice@laptop"}; !maps.Equal(r.Action.Called, want) {
		t.Errorf("called %v, want %v", r.Action.Called, want)
	}
	r = b.asks(b.slash("UALICE", "create new-1 --region fra1 --size s-1vcpu-1gb --image debian-12-x64 --volumes data"))
	if got := r.Action.Args["volumes"]; got != net(4) {
		t.Errorf("the volume of the other region: %q", got)
	}
}

// Where the token may not list what has names, IDs are taken as they are typed.
func TestAssetsThatCantBeListed(t *testing.T) {
	b := makingBench(t)
	for kind, scope := range map[api.Kind]string{api.Keys: "ssh_key:read", api.VPC: "vpc:read", api.Volumes: "block_storage:read"} {
		b.account.down[string(kind)] = &api.Error{Kind: api.Forbidden, What: "list them", Scopes: []string{scope}}
	}
	r := b.asks(b.slash("UALICE", "create new-1"+ofAKind+" --ssh-keys aa:bb,12 --vpc "+net(1)+" --volumes "+net(3)))
	if a := r.Action.Args; a["ssh-keys"] != "aa:bb,12" || a["vpc"] != net(1) || a["volumes"] != net(3) || len(r.Action.Called) != 0 {
		t.Errorf("%+v", r.Action)
	}
	for words, scope := range map[string]string{" --ssh-keys all": "ssh_key:read", " --ssh-keys 12,bob": "ssh_key:read", " --vpc prod": "vpc:read", " --volumes " + net(3) + ",data": "block_storage:read"} {
		if got := b.do(b.slash("UALICE", "create new-1"+ofAKind+words)).Message.Text; !strings.Contains(got, scope) {
			t.Errorf("%s: says %q", words, got)
		}
	}
}

// A retry makes what failed, alone, and nothing that may be there already.
func TestRetryOfACreate(t *testing.T) {
	b := makingBench(t)
	r := b.ended("create new-1 new-2 new-3"+ofAKind, approvals.TargetDone, approvals.TargetErrored, approvals.TargetErrored)
	again := b.asks(b.retries("UBOB", r))
	if again.RetryOf != r.ID || !slices.Equal(called(again.Targets), []string{"new-2", "new-3"}) || again.Image == nil || again.Image.ID != 1 || again.Targets[0].Made != 0 {
		t.Errorf("%+v", again)
	}
	r = b.ended("create new-4"+ofAKind, approvals.TargetUnknown)
	b.account.droplets = append(b.account.droplets, api.Droplet{ID: 777, Name: "new-4", Region: "nyc3", Created: noon.Add(time.Second).Format(time.RFC3339)})
	if got := b.do(b.retries("UBOB", r)).Message.Text; !strings.Contains(got, "ID `777`") {
		t.Errorf("says %q", got)
	}
}

// What a modal could not hold whole is not put into one: a script without its end
// would be run.
func TestWhatAModalCannotHold(t *testing.T) {
	b := makingBench(t)
	script := "#!/bin/sh\n" + strings.Repeat("echo start\n", 140) + "rm -rf /tmp/x"
	for name, tc := range map[string]struct {
		words string
		holds bool
	}{
		"a short script":      {"create new-1 --user-data \"" + script[:1400] + "\"", true},
		"a long one":          {"create new-1 --user-data \"" + script + "\"", false},
		"of astral letters":   {"create new-1 --user-data \"" + strings.Repeat("🐧", 800) + "\"", false},
		"a long list of tags": {"create new-1 --tags " + strings.Repeat("a-tag,", 260) + "z", false},
		"a long region":       {"create new-1 --region " + strings.Repeat("n", 200), false},
		"long names":          {"create " + strings.Repeat(strings.Repeat("n", 60)+",", 9) + "z", true},
	} {
		t.Run(name, func(t *testing.T) {
			b.views.updated = nil
			said := b.do(b.slash("UALICE", tc.words)).Message.Text
			if opened := len(b.views.updated) > 0; opened != tc.holds || opened == strings.Contains(said, "`create` lacks") {
				t.Fatalf("opened %t: %s", opened, said)
			}
			if !tc.holds {
				return
			}
			wire, _ := json.Marshal(b.shown())
			if strings.Contains(string(wire), "…\",\"max_length\"") || strings.Contains(string(wire), "n…\"") {
				t.Errorf("cut: %s", wire)
			}
		})
	}
}

// A --timeout that was typed comes through the modal, which has no field for it.
func TestATimeoutThroughAModal(t *testing.T) {
	b := makingBench(t)
	b.do(b.slash("UALICE", "create new-1 --timeout 10m"))
	b.puts("UALICE", "arg.region", map[string]string{"arg.region": "nyc3"})
	r := b.asks(b.filled("view_submission", "UALICE", map[string]string{"arg.size": "s-1vcpu-1gb", "arg.image": "debian-12-x64"}, ""))
	if r.Patience != 10*time.Minute {
		t.Errorf("it is told after %v", r.Patience)
	}
	b.puts("UALICE", "verb", map[string]string{"verb": "stop"})
	r = b.asks(b.filled("view_submission", "UALICE", map[string]string{"target": "101"}, ""))
	if r.Action.Args["timeout"] != "60s" || r.Patience != 0 {
		t.Errorf("stop has a --timeout of its own: %v, %v", r.Action.Args, r.Patience)
	}
}

// DigitalOcean has a tag once, whatever its capitals: the policy judges, the card shows
// and DigitalOcean gets the one that the account has, so that other capitals are no way
// round a rule.
func TestTagsAreSpelledAsTheAccountDoes(t *testing.T) {
	b := makingBench(t)
	b.account.tags = []string{"PROD", "web"}
	r := b.asks(b.slash("UALICE", "create new-1"+ofAKind+" --tags prod,Web,WEB,Fresh,fresh"))
	if want := []string{"PROD", "web", "Fresh"}; r.Action.Args["tags"] != strings.Join(want, ",") || !slices.Equal(r.Targets[0].Droplet.Tags, want) {
		t.Errorf("%v, %v", r.Action.Args, r.Targets[0].Droplet.Tags)
	}
	b.account.down["tags"] = &api.Error{Kind: api.Forbidden}
	if r := b.asks(b.slash("UALICE", "create new-1"+ofAKind+" --tags prod")); r.Action.Args["tags"] != "prod" {
		t.Errorf("%v", r.Action.Args)
	}
	b.account.down["tags"] = &api.Error{Kind: api.Unavailable}
	if _, err := b.Handle(t.Context(), b.slash("UALICE", "create new-1"+ofAKind+" --tags prod")); err == nil || len(b.store.order) != 2 {
		t.Errorf("while nobody can tell: %v, %d requests", err, len(b.store.order))
	}
}

// What is wrong is said before a modal opens, whose menus would lose it.
func TestWhatIsWrongIsNotLostInAModal(t *testing.T) {
	b := makingBench(t)
	for text, want := range map[string]string{
		"create new-1 --plan weekyl": "it is one of daily, weekly", "create new-1 --agent maybe": "it is one of on, off",
		"create new-1 --public-networking off --ipv6": "Without public networking", "create new-1 --region new.york!": "it is a region's slug",
	} {
		said := b.do(b.slash("UALICE", text)).Message.Text
		if !strings.Contains(said, want) || len(b.views.updated) != 0 {
			t.Errorf("%s: %q, %d modals", text, said, len(b.views.updated))
		}
	}
}

// A comma ties the values of every list together, also with a space beside it: the word
// behind it is no name of a Droplet.
func TestAListGoesOnBehindAComma(t *testing.T) {
	create, _ := api.Lookup("create")
	lists := 0
	for _, p := range create.Params {
		if !p.Kind.Several() {
			continue
		}
		lists++
		flag := "--" + hyphenated(p.Name)
		for _, list := range []string{flag + " a, b", flag + " a ,b", flag + " a , b", flag + "=a, b", flag + " a,b", flag + ` "a, b"`} {
			for _, text := range []string{"create new-1" + ofAKind + " " + list, "create " + list + " new-1" + ofAKind} {
				w, err := slash.parse(text)
				if got := strings.ReplaceAll(w.args[p.Name], " ", ""); err != nil || w.target != "new-1" || got != "a,b" {
					t.Errorf("%q: %q of %q, %v", text, got, w.target, err)
				}
			}
		}
	}
	if lists < 3 {
		t.Errorf("%d lists", lists)
	}
}
