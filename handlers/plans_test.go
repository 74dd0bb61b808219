package handlers

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"dropletops/api"
	"dropletops/approvals"

	"github.com/slack-go/slack"
)

// What a backup policy can be comes from DigitalOcean's list, in menus and for typed words;
// from what was known before only where that can't be read, which is said.
func TestBackupPlansComeFromTheList(t *testing.T) {
	monthly := []api.BackupPlan{{Name: "daily", Hours: []int{2, 6}}, {Name: "monthly", Hours: []int{3}, Days: []string{"SUN", "WED"}}}
	b := newBench(t)
	b.account.backupPlans = monthly
	b.views.err = approvals.Refuse("no window")
	if r := b.asks(b.slash("UALICE", "enable-backups web-3 --plan monthly --weekday wed --hour 3")); r.Action.Args["plan"] != "monthly" || r.Action.Args["hour"] != "3" || r.Action.Args["weekday"] != "WED" {
		t.Errorf("%+v", r.Action)
	}
	for text, want := range map[string]string{
		"enable-backups web-3 --plan weekly":               "it is one of daily, monthly.",
		"enable-backups web-3 --plan daily --hour 3":       "A daily backup can't begin at 3 o'clock UTC",
		"enable-backups web-3 --plan monthly --hour 4":     "it is one of 2, 6, 3.",
		"enable-backups web-3 --plan daily --weekday WED":  "A daily backup has no weekday",
		"enable-backups web-3 --plan monthly --weekday MO": "it is one of SUN, WED.",
	} {
		if said := b.do(b.slash("UALICE", text)).Message.Text; !strings.Contains(said, want) {
			t.Errorf("%s: %q", text, said)
		}
	}
	b.account.down["plans"] = &api.Error{Kind: api.Unavailable, What: "list the plans"}
	const unread = "DigitalOcean's list of backup plans could not be read now"
	if said := b.do(b.slash("UALICE", "enable-backups web-3 --plan monthly")).Message.Text; !strings.Contains(said, "it is one of daily, weekly.") || !strings.Contains(said, unread) {
		t.Errorf("while it can't be read: %q", said)
	}
	if r := b.asks(b.slash("UALICE", "enable-backups web-3 --plan weekly")); !strings.Contains(r.Heed, unread) {
		t.Errorf("the card says %q", r.Heed)
	}
}

func TestTheMenuOfPlansComesFromTheList(t *testing.T) {
	b := newBench(t)
	b.account.backupPlans = []api.BackupPlan{{Name: "daily", Hours: []int{2, 6}}, {Name: "monthly", Hours: []int{3}, Days: []string{"SUN"}}}
	b.do(b.slash("UALICE", "change-backup-policy web-1"))
	var menu struct {
		Options []slack.OptionBlockObject `json:"options"`
	}
	wire, err := json.Marshal(inputs(t, b.shown())["arg.plan"].Element)
	if err != nil || json.Unmarshal(wire, &menu) != nil {
		t.Fatalf("%s: %v", wire, err)
	}
	var offered []string
	for _, o := range menu.Options {
		offered = append(offered, o.Value)
	}
	if !slices.Equal(offered, []string{"daily", "monthly"}) {
		t.Errorf("offered: %v", offered)
	}
}

// Whether backups are on is what the policy's endpoint says, whatever the features lack.
func TestThePolicyDecidesWhetherBackupsAreOn(t *testing.T) {
	b := newBench(t)
	b.account.policies = map[int]api.BackupPolicy{101: {Enabled: true, Plan: "daily"}, 102: {Enabled: true, Plan: "daily"}}
	for text, want := range map[string][]int{"change-backup-policy web-1 --plan weekly": {101}, "disable-backups web-1": {101}, "disable-backups tag:web": {101, 102}} {
		r := b.asks(b.slash("UALICE", text))
		var ids []int
		for _, target := range r.Targets {
			ids = append(ids, target.Droplet.ID)
			if !target.Droplet.Backups {
				t.Errorf("%s: the card says that %s has none", text, target.Droplet.Name)
			}
		}
		if !slices.Equal(ids, want) {
			t.Errorf("%s: %v", text, ids)
		}
	}
	if said := b.do(b.slash("UALICE", "enable-backups tag:web")).Message.Text; !strings.Contains(said, "nothing to do") {
		t.Errorf("enabled again: %q", said)
	}
}
