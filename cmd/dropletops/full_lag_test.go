package main

import (
	"strings"
	"testing"
	"time"

	simdo "dropletops/internal/sim/digitalocean"
)

// laggingRig has a DigitalOcean whose reads trail the truth as the real one's do.
func laggingRig(t *testing.T, seed uint64) *rig {
	t.Helper()
	return newFastRig(t, simdo.Options{StatusLag: time.Second, Seed: seed, Lag: simdo.DefaultLag()})
}

// Every kind of action completes while DigitalOcean's reads trail the truth, and when its
// card says so the truth is what was asked for.
func TestEveryActionUnderFullLag(t *testing.T) {
	for seed, tt := range []struct {
		words, decides string
		is             func(r *rig) bool
	}{
		{"reboot web-1", "", func(r *rig) bool { return r.do.DropletNamed("web-1").Status == "active" }},
		{"stop web-1", "", func(r *rig) bool { return r.do.DropletNamed("web-1").Status == "off" }},
		{"resize web-2 s-4vcpu-8gb", "", func(r *rig) bool {
			d := r.do.DropletNamed("web-2")
			return d.Status == "active" && d.SizeSlug == "s-4vcpu-8gb"
		}},
		{"create late-1 --region nyc3 --size s-1vcpu-1gb --image debian-12-x64 --tags web", "", func(r *rig) bool { return r.do.DropletNamed("late-1").PublicIPv4() != "" }},
		{"rename web-3 web-9", "", func(r *rig) bool { return r.do.DropletNamed("web-9").ID != 0 }},
		{"snapshot web-1 fresh", "", func(r *rig) bool { return r.do.Snapshots(r.do.DropletNamed("web-1").ID)[0].Name == "fresh" }},
		{"enable-backups web-1 --plan weekly --weekday SUN --hour 4", "", func(r *rig) bool { return r.do.DropletNamed("web-1").NextBackupWindow != nil }},
		{"change-backup-policy db-1 --plan weekly --weekday SUN --hour 8", "", func(r *rig) bool {
			w := r.do.DropletNamed("db-1").NextBackupWindow
			return w.Start.Weekday() == time.Sunday && w.Start.Hour() == 8
		}},
		{"rebuild web-1 debian-12-x64", "bob", func(r *rig) bool { return *r.do.DropletNamed("web-1").Image.Slug == "debian-12-x64" }},
		{"disable-backups db-1", "bob", func(r *rig) bool { return r.do.DropletNamed("db-1").NextBackupWindow == nil }},
		{"destroy web-3", "bob", func(r *rig) bool { return r.do.DropletNamed("web-3").ID == 0 }},
	} {
		verb, _, _ := strings.Cut(tt.words, " ")
		t.Run(verb, func(t *testing.T) {
			r := laggingRig(t, uint64(seed)).start()
			r.slash("alice", "#ops", "/droplet "+tt.words)
			if tt.decides != "" {
				card := r.card("pending")
				r.placed(card)
				r.click(tt.decides, card, "approve")
			}
			r.ended()
			all := cards(r.slack.Snapshot())
			if card := all[len(all)-1]; stateOf(card) != "completed" || !tt.is(r) {
				t.Errorf("it ended %s (%q), and the truth is as asked for: %t", stateOf(card), card.Text, tt.is(r))
			}
		})
	}
}
