package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	simdo "dropletops/internal/sim/digitalocean"
	simslack "dropletops/internal/sim/slack"
)

// nthCard waits until the card with that index, the oldest being 0, is in a state.
func (o room) nthCard(n int, state string) *simslack.Message {
	o.t.Helper()
	s := o.wait(fmt.Sprint("card ", n, " to be ", state), func(s *simslack.Snapshot) bool {
		all := o.cards(s)
		return len(all) > n && stateOf(all[n]) == state
	})
	return o.cards(s)[n]
}

// Every kind of verb ends as completed, and only once what was asked for can be seen, on a
// DigitalOcean whose lists, policies and new things trail.
func TestVerbsWhileDigitalOceanTrails(t *testing.T) {
	r := laggingRig(t, 1)
	r.start()
	o := r.channel("#ops")
	for i, tt := range []struct{ text, says string }{
		{"snapshot web-1 nightly", "The new snapshot is nightly, ID "},
		{"enable-backups web-2 --plan daily --hour 4", "Backups are now taken daily, 04:00"},
		{"change-backup-policy web-2 --plan weekly --weekday TUE --hour 12", "Backups are now taken weekly on TUE, 12:00"},
		{"create new-1" + ofAKind, "its address "},
		{"rename web-3 web-30", "web-3 is now web-30"},
	} {
		o.slash("alice", tt.text)
		card := o.nthCard(i, "completed")
		if !strings.Contains(card.Words(), tt.says) {
			t.Errorf("%s: the card lacks %q: %s", tt.text, tt.says, card.Words())
		}
	}
	r.honest()
}

// What a request of ours has just created or renamed is found by its name at once, and
// not created a second time.
func TestWhatWeCreatedIsKnown(t *testing.T) {
	r := laggingRig(t, 1)
	lag := simdo.DefaultLag()
	lag.Lists = simdo.Range{Min: 24 * time.Hour, Max: 24 * time.Hour} // for as long as the test takes
	r.do.SetLag(lag)
	r.start()
	o := r.channel("#ops")
	o.slash("alice", "create new-1"+ofAKind+" --unless-present")
	o.nthCard(0, "completed")
	asks := func(text, says string) { o.refused("alice", says, func() { o.slash("alice", text) }) }
	asks("info new-1", "new-1")
	asks("list new", "new-1")
	asks("create new-1"+ofAKind+" --unless-present", "new-1 is there already")
	o.slash("alice", "rename new-1 new-2")
	o.nthCard(1, "completed")
	asks("info new-2", "new-2")
	asks("info new-1", "No Droplet is called `new-1`")
	if n := len(r.creates()); n != 1 {
		t.Errorf("%d POSTs", n)
	}
}

// One stray 404, of the action or of the Droplet, at any read of a resize, a reboot, or an
// approved rebuild: it ends as completed, and no Droplet is left off.
func TestStray404s(t *testing.T) {
	for name, tt := range map[string]struct {
		text    string
		approve bool
		path    string
		nth     int
	}{
		"resize, the shutdown":       {"resize web-2 s-4vcpu-8gb", false, "/v2/actions/*", 1},
		"resize, the first read":     {"resize web-2 s-4vcpu-8gb", false, "/v2/droplets/*", 1},
		"resize, the second read":    {"resize web-2 s-4vcpu-8gb", false, "/v2/droplets/*", 2},
		"resize, the fourth read":    {"resize web-2 s-4vcpu-8gb", false, "/v2/droplets/*", 4},
		"reboot, its action":         {"reboot web-2", false, "/v2/actions/*", 1},
		"reboot, once completed":     {"reboot web-2", false, "/v2/droplets/*", 3},
		"rebuild, before it is sent": {"rebuild web-2 debian-12-x64", true, "/v2/droplets/*", 2},
		"destroy":                    {"destroy web-2", true, "/v2/droplets/*", 3},
	} {
		t.Run(name, func(t *testing.T) {
			r := newFastRig(t, simdo.Options{StatusLag: 2 * time.Second})
			r.do.Inject(simdo.StrayNotFound(simdo.Match{Path: tt.path}, tt.nth-1, 1))
			r.start()
			o := r.channel("#ops")
			o.slash("alice", tt.text)
			if tt.approve {
				o.click("bob", o.card("pending"), "approve")
			}
			card := o.card("completed")
			if d := r.do.DropletNamed("web-2"); !strings.HasPrefix(tt.text, "destroy") && d.Status != "active" {
				t.Errorf("web-2 is %q: %s", d.Status, card.Words())
			}
			r.honest()
		})
	}
}

// A DELETE was answered with 204, and one 404 follows; the Droplet is there: not completed.
func TestADestroyIsNotConcludedFromOneRead(t *testing.T) {
	r := newFastRig(t, simdo.Options{DestroyLag: 24 * time.Hour})
	id := r.do.DropletNamed("web-2").ID
	r.start()
	o := r.channel("#ops")
	o.slash("alice", "destroy web-2")
	card := o.card("pending")
	r.do.Inject(simdo.StrayNotFound(simdo.Match{Path: fmt.Sprint("/v2/droplets/", id)}, 2, 2))
	o.click("bob", card, "approve")
	r.wait("reads after the 404s", func(*simslack.Snapshot) bool {
		return len(r.do.Requests(simdo.Matching(simdo.Match{Method: http.MethodGet, Path: fmt.Sprint("/v2/droplets/", id)}))) >= 8
	})
	if got := stateOf(o.card("running")); got != "running" {
		t.Errorf("the card is %s", got)
	}
}
