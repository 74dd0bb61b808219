package runner_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"dropletops/api"
	"dropletops/approvals"
	simdo "dropletops/internal/sim/digitalocean"
)

// answerAlways has every request of a path answered so.
func (w *world) answerAlways(method, path string, a *simdo.Answer) {
	w.do.Inject(simdo.Fault{Match: simdo.Match{Method: method, Path: path}, Times: simdo.Always, Answer: a})
}

// The answer to the switch-on of a resize is lost and nothing shows that it was taken: it
// is sent again, which does nothing to a Droplet that is on, and none is left off.
func TestASwitchOnThatIsLost(t *testing.T) {
	for name, tt := range map[string]struct {
		fault simdo.Fault
		hide  bool // the Droplet's actions are not listed
	}{
		"not taken":            {fault: simdo.Fault{Drop: true, Times: 2}},
		"taken, not listed":    {fault: simdo.Fault{Drop: true, After: true}, hide: true},
		"answered with 500":    {fault: simdo.Fault{Answer: simdo.ServerError(500)}},
		"taken, answered 500s": {fault: simdo.Fault{Answer: simdo.ServerError(500), After: true}, hide: true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.fault("power_on", tt.fault)
			id := w.ask("resize", larger, approvals.Allow, "web-1")
			w.carry(id, func(r *approvals.Request) bool { return r.Targets[0].Sends == "power_on" })
			if tt.hide {
				w.answerAlways(http.MethodGet, "/v2/droplets/*/actions", &simdo.Answer{Status: 200, Body: `{"actions":[],"links":{},"meta":{"total":0}}`})
			}
			r := w.carry(id, nil)
			want(t, r, approvals.Completed, "")
			if d := w.do.DropletNamed("web-1"); d.Status != "active" || w.sent() != "shutdown resize power_on" {
				t.Errorf("web-1 is %s, sent %s", d.Status, w.sent())
			}
		})
	}
}

// A Droplet that was switched off for a resize does not wait for a list of sizes that
// can't be read.
func TestResizeWithoutAPreCheck(t *testing.T) {
	w := newWorld(t)
	id := w.ask("resize", larger, approvals.Allow, "web-1")
	w.carry(id, func(r *approvals.Request) bool { return r.Targets[0].Step > 0 })
	w.answerAlways(http.MethodGet, "/v2/sizes", simdo.Refuse(403, "forbidden", "You are not authorized to perform this operation"))
	want(t, w.carry(id, nil), approvals.Completed, "")
	if d := w.do.DropletNamed("web-1"); d.Status != "active" {
		t.Errorf("web-1 is %s", d.Status)
	}
}

// Features that leave backups out do not make backups turned off: the policy decides.
func TestDisableBackupsWithoutTheFeature(t *testing.T) {
	w := newWorld(t)
	id := w.ask("disable_backups", api.Args{api.SnapshotFirst: "true"}, approvals.Approve, "db-1")
	d := w.do.DropletNamed("db-1")
	w.carry(id, func(r *approvals.Request) bool { return r.Targets[0].Step == 1 })
	without := fmt.Sprintf(`{"droplet":{"id":%d,"name":"db-1","status":"active","features":[],"size_slug":%q,"region":{"slug":%q},"image":{"id":%d}}}`,
		d.ID, d.SizeSlug, d.Region.Slug, d.Image.ID)
	w.answerAlways(http.MethodGet, fmt.Sprint("/v2/droplets/", d.ID), &simdo.Answer{Status: 200, Body: without})
	want(t, w.carry(id, nil), approvals.Completed, "")
	if w.sent() != "snapshot disable_backups" {
		t.Errorf("sent: %s", w.sent())
	}
}

// What a decision was for and a list leaves out once is still there.
func TestAListThatIsEmptyOnce(t *testing.T) {
	empty := &simdo.Answer{Status: 200, Body: `{"backups":[],"volumes":[],"snapshots":[],"volume_snapshots":[],"reserved_ips":[],"links":{},"meta":{"total":0}}`}
	for name, tt := range map[string]struct {
		ask  func(*world) string
		path string
		nth  int
	}{
		"the backups, of a restore": {func(w *world) string {
			backups, err := w.client.Backups(w.t.Context(), w.do.DropletNamed("db-1").ID)
			if err != nil {
				w.t.Fatal(err)
			}
			return w.ask("restore", api.Args{"image": fmt.Sprint(backups[0].ID)}, approvals.Approve, "db-1")
		}, "/v2/droplets/*/backups", 1},
		"what goes with a Droplet": {func(w *world) string { return w.askWith("volumes") }, "/v2/droplets/*/destroy_with_associated_resources", 1},
		"what stays of a Droplet": {func(w *world) string {
			id := w.ask("destroy", nil, approvals.Approve, "db-1")
			items, err := w.client.Leftovers(w.t.Context(), []api.Droplet{{ID: w.do.DropletNamed("db-1").ID}})
			if err != nil {
				w.t.Fatal(err)
			}
			w.try(id, func(r *approvals.Request) (approvals.Change, error) {
				r.Leaves = &approvals.Leaves{Known: true, Items: items}
				return approvals.Change{}, nil
			})
			return id
		}, "/v2/droplets/*/destroy_with_associated_resources", 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			id := tt.ask(w)
			w.do.Inject(simdo.Fault{Match: simdo.Match{Method: http.MethodGet, Path: tt.path}, Nth: tt.nth, Answer: empty})
			want(t, w.carry(id, nil), approvals.Completed, "")
		})
	}
}

// Nor does a volume cease to belong to its Droplet by one list, once the snapshot is taken.
func TestAListThatIsEmptyOnceAfterTheSnapshot(t *testing.T) {
	w := newWorld(t)
	id := w.askWith("volumes")
	w.try(id, func(r *approvals.Request) (approvals.Change, error) {
		r.Action.Args[api.SnapshotFirst] = "true"
		return approvals.Change{}, nil
	})
	w.carry(id, func(r *approvals.Request) bool { return r.Targets[0].Step == 1 })
	w.do.Inject(simdo.Fault{Match: simdo.Match{Method: http.MethodGet, Path: "/v2/droplets/*/destroy_with_associated_resources"},
		Answer: &simdo.Answer{Status: 200, Body: `{"volumes":[],"snapshots":[],"volume_snapshots":[],"reserved_ips":[]}`}})
	want(t, w.carry(id, nil), approvals.Completed, "")
}

// A process that comes back after minutes takes one read in vain for no end.
func TestWhatIsNotSeenOnceAfterAPause(t *testing.T) {
	w := newWorldWith(t, simdo.Options{Lag: simdo.Lag{Images: simdo.Range{Min: 5 * time.Second, Max: 8 * time.Second}}})
	id := w.ask("snapshot", api.Args{"name": "x"}, approvals.Allow, "web-1")
	w.carry(id, func(r *approvals.Request) bool { return !r.Targets[0].SettlingAt.IsZero() })
	w.forward(10 * time.Minute)
	w.restart()
	w.stray404("/v2/droplets/*/snapshots", 1, 1)
	want(t, w.carry(id, nil), approvals.Completed, "")
}

// A create of which DigitalOcean names no action ends, too, if what was asked for never shows.
func TestACreateWithoutAnActionEnds(t *testing.T) {
	w := newWorld(t)
	id := w.make(approvals.Allow, api.Args{"ipv6": "true"}, "new-1")
	w.do.Inject(simdo.Fault{Match: creating, Drop: true, After: true})
	w.answerAlways(http.MethodGet, "/v2/droplets/*/actions", &simdo.Answer{Status: 200, Body: `{"actions":[],"links":{},"meta":{"total":0}}`})
	r := w.carry(id, func(r *approvals.Request) bool { return r.Targets[0].State == approvals.Following })
	body := fmt.Sprintf(`{"droplet":{"id":%d,"name":"new-1","status":"active","size_slug":%q,"region":{"slug":%q}}}`, r.Targets[0].Made, ofAKind["size"], ofAKind["region"])
	w.answerAlways(http.MethodGet, fmt.Sprint("/v2/droplets/", r.Targets[0].Made), &simdo.Answer{Status: 200, Body: body})
	want(t, w.carry(id, nil), approvals.Unknown, "can't be seen: a public address, an IPv6 address")
	if w.creates() != 1 {
		t.Errorf("%d POSTs", w.creates())
	}
}

// Processes that live for ten seconds each come to an end of what was lost.
func TestALostAnswerAndManyRestarts(t *testing.T) {
	w := newWorld(t)
	w.fault("reboot", simdo.Fault{Drop: true})
	id := w.ask("reboot", nil, approvals.Allow, "web-1")
	w.carry(id, func(r *approvals.Request) bool { return !r.Targets[0].LostAt.IsZero() })
	born := w.clock()
	r := w.carry(id, func(r *approvals.Request) bool {
		if w.clock().Sub(born) >= 10*time.Second {
			w.restart()
			born = w.clock()
		}
		return r.State != approvals.Running
	})
	want(t, r, approvals.Unknown, "answer was lost")
}

// Backups of which the features say nothing, and whose policy can't be read once, are not
// "not on".
func TestAPolicyThatCannotBeReadOnce(t *testing.T) {
	w := newWorld(t)
	id := w.ask("change_backup_policy", api.Args{"plan": "daily", "hour": "0"}, approvals.Allow, "db-1")
	d := w.do.DropletNamed("db-1")
	without := fmt.Sprintf(`{"droplet":{"id":%d,"name":"db-1","status":"active","features":[],"tags":["db","production"],"size_slug":%q,"region":{"slug":%q},"image":{"id":%d}}}`,
		d.ID, d.SizeSlug, d.Region.Slug, d.Image.ID)
	w.answerAlways(http.MethodGet, fmt.Sprint("/v2/droplets/", d.ID), &simdo.Answer{Status: 200, Body: without})
	w.stray404("/v2/droplets/*/backups/policy", 1, 1)
	r := w.carry(id, nil)
	want(t, r, approvals.Completed, "")
	if !strings.Contains(r.Targets[0].Result, "daily, 00:00") {
		t.Errorf("result %q", r.Targets[0].Result)
	}
}

// Nothing that a create was asked for is taken as given: what does not show is told.
func TestWhatACreateDoesNotShow(t *testing.T) {
	const spare = "7724db7c-e098-11e5-b522-000f53304e51"
	all := api.Args{"volumes": spare, "tags": "web", "monitoring": "true"}
	for name, tt := range map[string]struct{ shown, problem string }{
		"tags":         {`"tags":[],"volume_ids":["` + spare + `"],"features":["monitoring"]`, "the tag web"},
		"volumes":      {`"tags":["web"],"volume_ids":[],"features":["monitoring"]`, "The volume " + spare + " is not attached to new-1."},
		"monitoring":   {`"tags":["web"],"volume_ids":["` + spare + `"],"features":[]`, "monitoring"},
		"all is there": {`"tags":["web"],"volume_ids":["` + spare + `"],"features":["monitoring"]`, ""},
		"no tag:read":  {`"volume_ids":["` + spare + `"],"features":["monitoring"]`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			id := w.make(approvals.Allow, all, "new-1")
			made := w.carry(id, func(r *approvals.Request) bool { return r.Targets[0].Made != 0 }).Targets[0].Made
			w.answerAlways(http.MethodGet, fmt.Sprint("/v2/droplets/", made), &simdo.Answer{Status: 200, Body: fmt.Sprintf(
				`{"droplet":{"id":%d,"name":"new-1","status":"active","size_slug":"s-1vcpu-1gb","region":{"slug":"nyc3"},"networks":{"v4":[{"ip_address":"203.0.113.9","type":"public"}],"v6":[]},%s}}`, made, tt.shown)})
			state := approvals.Unknown
			if tt.problem == "" {
				state = approvals.Completed
			}
			want(t, w.carry(id, nil), state, tt.problem)
		})
	}
}

// Nor does it stay off because its history can't be read.
func TestSwitchedOnAgainWithoutAHistory(t *testing.T) {
	w := newWorld(t)
	id := w.ask("resize", larger, approvals.Allow, "web-1")
	w.carry(id, func(r *approvals.Request) bool { return r.Targets[0].Sends == "power_on" })
	w.answerAlways(http.MethodGet, "/v2/droplets/*/actions", simdo.Refuse(403, "forbidden", "You are not authorized to perform this operation"))
	want(t, w.carry(id, nil), approvals.Completed, "")
	if d := w.do.DropletNamed("web-1"); d.Status != "active" || w.sent() != "shutdown resize power_on" {
		t.Errorf("web-1 is %s, sent %s", d.Status, w.sent())
	}
}

// Processes that live for ten seconds each conclude that a Droplet is gone, and none that
// is there after a 404 of an earlier one.
func TestA404AndManyRestarts(t *testing.T) {
	for name, tt := range map[string]struct {
		following, destroyed bool
	}{"before it is sent": {false, true}, "after it was sent": {true, true}, "and it is there": {true, false}} {
		t.Run(name, func(t *testing.T) {
			w := newWorldWith(t, simdo.Options{StatusLag: 40 * time.Second})
			id := w.ask("power_off", nil, approvals.Allow, "web-1")
			if tt.following {
				w.carry(id, func(r *approvals.Request) bool { return !r.Targets[0].SettlingAt.IsZero() })
			}
			d := w.do.DropletNamed("web-1").ID
			if tt.destroyed {
				if err := w.do.Destroy(d); err != nil {
					t.Fatal(err)
				}
			} else {
				w.stray404(fmt.Sprint("/v2/droplets/", d), 1, 2)
			}
			born := w.clock()
			r := w.carry(id, func(r *approvals.Request) bool {
				if w.clock().Sub(born) >= 10*time.Second {
					w.restart()
					born = w.clock()
				}
				return r.State != approvals.Running
			})
			if tt.destroyed {
				want(t, r, approvals.Failed, "gone")
				return
			}
			want(t, r, approvals.Completed, "")
		})
	}
}
