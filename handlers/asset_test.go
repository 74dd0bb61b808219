package handlers

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"dropletops/api"

	"github.com/slack-go/slack"
)

// stands are the values that stand chosen in a menu of the modal that was drawn last.
func (b *bench) stands(field string) []string {
	b.t.Helper()
	in := inputs(b.t, b.shown())[field]
	if in == nil {
		b.t.Fatalf("the modal has no field %s: %s", field, fields(b.t, b.shown()))
	}
	wire, err := json.Marshal(in.Element)
	var e struct {
		InitialOption  *slack.OptionBlockObject  `json:"initial_option"`
		InitialOptions []slack.OptionBlockObject `json:"initial_options"`
	}
	if err != nil || json.Unmarshal(wire, &e) != nil {
		b.t.Fatalf("%s: %v", wire, err)
	}
	var out []string
	if e.InitialOption != nil {
		out = append(out, e.InitialOption.Value)
	}
	for _, o := range e.InitialOptions {
		out = append(out, o.Value)
	}
	return out
}

func (b *bench) standing(want map[string]string) {
	b.t.Helper()
	for field, want := range want {
		if got := strings.Join(b.stands(field), ","); got != want {
			b.t.Errorf("%s stands at %q, want %q", field, got, want)
		}
	}
}

// However a choice is spelled, it stands chosen in the modal that asks for the rest.
func TestChoicesInAModalHoweverSpelled(t *testing.T) {
	for text, want := range map[string]map[string]string{
		"destroy --with volume-snapshots,VOLUMES":                  {"arg.with": "volumes,volume_snapshots"},
		"change-backup-policy --weekday Monday --hour 04":          {"arg.weekday": "MON", "arg.hour": "4"},
		"create new-1 --agent ON --region NYC3 --size S-1vcpu-1gb": {"arg.agent": "on", "arg.region": "nyc3", "arg.size": "s-1vcpu-1gb"},
	} {
		b := makingBench(t)
		b.do(b.slash("UALICE", text))
		b.standing(want)
	}
}

// What was typed before the region was chosen is still there after it, and means what
// is of that name in that region.
func TestRegionIsChosenLast(t *testing.T) {
	typed := "create new-1 --size s-1vcpu-1gb --image debian-12-x64 --vpc prod --volumes data,Logs --ssh-keys bob"
	args := api.Args{"region": "nyc3", "vpc": net(1), "volumes": net(3) + "," + net(6), "ssh-keys": "12", "size": "s-1vcpu-1gb", "image": "debian-12-x64"}
	same := func(b *bench, fill map[string]string) {
		t.Helper()
		r := b.asks(b.filled("view_submission", "UALICE", fill, ""))
		for name, want := range args {
			if r.Action.Args[name] != want {
				t.Errorf("%s is %q, want %q", name, r.Action.Args[name], want)
			}
		}
	}
	nyc := map[string]string{"arg.region": "nyc3"}
	b := makingBench(t)
	b.do(b.slash("UALICE", typed))
	b.puts("UALICE", "arg.region", nyc)
	b.standing(map[string]string{"arg.size": "s-1vcpu-1gb", "arg.image": "debian-12-x64", "arg.vpc": net(1), "arg.volumes": net(3) + "," + net(6), "arg.ssh-keys": "12"})
	same(b, nil)
	// The same where it is sent before the modal has followed.
	b = makingBench(t)
	b.do(b.slash("UALICE", typed))
	if wrong := b.wrongAt("UALICE", nyc); wrong != nil {
		t.Fatal(wrong)
	}
	same(b, nyc)
}

// What was typed means the same in a modal as in a command: an ID or a fingerprint goes
// before a name, and each stands there once.
func TestWhatIsTypedMeansTheSameInAModal(t *testing.T) {
	b := makingBench(t)
	b.account.assets[api.Keys] = append(b.account.assets[api.Keys], api.Asset{ID: "15", Name: "aa:bb", Also: "ff:15"}, api.Asset{ID: "16", Name: "99", Also: "ff:16"}, api.Asset{ID: "17", Name: "ALL", Also: "ff:17"})
	b.account.assets[api.VPC] = append(b.account.assets[api.VPC], api.Asset{ID: net(9), Name: net(2), Region: "nyc3"})
	fill := map[string]string{"arg.size": "s-1vcpu-1gb", "arg.image": "debian-12-x64"}
	for words, want := range map[string]string{"aa:bb": "11", "99": "16", "bob,12,BOB,bob": "12", "ALL": "11,12,13,14,15,16,17"} {
		b.do(b.slash("UALICE", "create new-1 --region nyc3 --ssh-keys "+words))
		if s := b.stands("arg.ssh-keys"); len(slices.Compact(slices.Sorted(slices.Values(s)))) != len(s) {
			t.Errorf("%s: twice: %v", words, s)
		}
		r := b.asks(b.filled("view_submission", "UALICE", fill, ""))
		typed := b.asks(b.slash("UALICE", "create new-1"+ofAKind+" --ssh-keys "+words))
		if got := r.Action.Args["ssh-keys"]; got != want || typed.Action.Args["ssh-keys"] != want {
			t.Errorf("%s: %q in a modal and %q typed, want %q", words, got, typed.Action.Args["ssh-keys"], want)
		}
	}
	b.do(b.slash("UALICE", "create new-1 --region nyc3 --vpc "+net(2)))
	if got := b.wrongAt("UALICE", fill)["arg.vpc"]; !strings.Contains(got, "is in fra1") {
		t.Errorf("another VPC is called like the ID of one elsewhere: %q", got)
	}
}

// What a newly chosen region takes away is told.
func TestRegionTakesAway(t *testing.T) {
	b := makingBench(t)
	b.do(b.slash("UALICE", "create new-1 --region nyc3 --vpc prod --ssh-keys bob --size s-1vcpu-1gb"))
	b.puts("UALICE", "arg.region", map[string]string{"arg.region": "fra1"})
	b.standing(map[string]string{"arg.vpc": "", "arg.size": "", "arg.ssh-keys": "12"})
	wire, err := json.Marshal(b.shown())
	if want := "No longer chosen, since it was for `nyc3`: `size`, `vpc`."; err != nil || !strings.Contains(string(wire), want) {
		t.Errorf("lacks %q: %s", want, wire)
	}
}
