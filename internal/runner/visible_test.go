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

var notFound = simdo.Refuse(404, "not_found", "The resource you requested could not be found.")

// stray404 has the nth GET of a path answered with 404, and so many more after it.
func (w *world) stray404(path string, nth, times int) {
	w.do.Inject(simdo.Fault{Match: simdo.Match{Method: http.MethodGet, Path: path}, Nth: nth, Times: times, Answer: notFound})
}

// One stray 404, whichever read it hits, changes neither what is sent nor how it ends.
func TestStray404(t *testing.T) {
	for name, tt := range map[string]struct {
		verb    string
		args    api.Args
		outcome approvals.Outcome
		sent    string
		status  string // of web-1 at the end; empty if it is gone
	}{
		"reboot":         {"reboot", nil, approvals.Allow, "reboot", "active"},
		"stop":           {"stop", api.Args{"timeout": "60s"}, approvals.Allow, "shutdown", "off"},
		"resize":         {"resize", larger, approvals.Allow, "shutdown resize power_on", "active"},
		"rebuild":        {"rebuild", api.Args{"image": "debian-12-x64"}, approvals.Approve, "rebuild", "active"},
		"snapshot":       {"snapshot", api.Args{"name": "x"}, approvals.Allow, "snapshot", "active"},
		"snapshot first": {"rebuild", api.Args{"image": "debian-12-x64", api.SnapshotFirst: "true"}, approvals.Approve, "snapshot rebuild", "active"},
		"enable-backups": {"enable_backups", api.Args{"plan": "weekly", "weekday": "SUN", "hour": "4"}, approvals.Allow, "enable_backups", "active"},
		"destroy":        {"destroy", nil, approvals.Approve, "destroy", ""},
	} {
		t.Run(name, func(t *testing.T) {
			path := "/v2/**"
			for nth := 1; nth <= 8; nth++ {
				t.Run(fmt.Sprint("read ", nth), func(t *testing.T) {
					w := newWorld(t)
					id := w.ask(tt.verb, tt.args, tt.outcome, "web-1")
					w.stray404(path, nth, 1)
					r := w.carry(id, nil)
					want(t, r, approvals.Completed, "")
					if got := w.sent(); tt.status != "" && got != tt.sent {
						t.Errorf("sent: %s, want %s", got, tt.sent)
					}
					if d := w.do.DropletNamed("web-1"); d.Status != tt.status {
						t.Errorf("web-1 is %q, want %q", d.Status, tt.status)
					}
				})
			}
		})
	}
}

// What is really gone is concluded to be so, after three reads over 15 s.
func TestA404ThatPersistsIsAbsence(t *testing.T) {
	for name, tt := range map[string]struct {
		destroy func(*world, int) error
		outcome approvals.Outcome
	}{
		"before the re-check": {func(w *world, d int) error { return w.do.Destroy(d) }, approvals.Approve},
		"before it is sent":   {func(w *world, d int) error { return w.do.Destroy(d) }, approvals.Allow},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			id := w.ask("power_off", nil, tt.outcome, "web-1")
			began := w.clock()
			if err := tt.destroy(w, w.do.DropletNamed("web-1").ID); err != nil {
				t.Fatal(err)
			}
			r := w.carry(id, func(r *approvals.Request) bool { return r.Targets[0].Wait == approvals.WaitNotVisible })
			if r.State != approvals.Running {
				t.Fatalf("after the first 404 it is %s", r.State)
			}
			want(t, w.carry(id, nil), approvals.Failed, "gone")
			if took := w.clock().Sub(began); took < 15*time.Second || w.posts() != 0 {
				t.Errorf("concluded after %s, %d POSTs", took, w.posts())
			}
		})
	}
}

// While one Droplet of several is not visible, the others go on.
func TestOthersGoOnMeanwhile(t *testing.T) {
	w := newWorld(t)
	id := w.ask("reboot", nil, approvals.Confirm, "web-1", "web-2")
	w.carry(id, func(r *approvals.Request) bool {
		return r.Targets[0].State == approvals.Following && r.Targets[1].State == approvals.Following
	})
	w.stray404("/v2/actions", 1, simdo.Always) // the page that serves both
	w.stray404(fmt.Sprint("/v2/actions/", w.get(id).Targets[0].Action.ID), 1, simdo.Always)
	r := w.carry(id, func(r *approvals.Request) bool { return r.Targets[1].State == approvals.TargetDone })
	if r.State != approvals.Running || r.Targets[0].State != approvals.Following {
		t.Errorf("%s, %+v", r.State, r.Targets[0])
	}
	w.do.ClearFaults()
	want(t, w.carry(id, nil), approvals.Completed, "")
}

// A shutdown of a resize that can't be followed for minutes is still under way: the
// Droplet is not "on again" while it shows on, and is on at the end.
func TestResizeWhoseShutdownVanishes(t *testing.T) {
	for name, ends := range map[string]bool{"and ends": true, "and hangs": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			id := w.ask("resize", larger, approvals.Allow, "web-1")
			w.fault("shutdown", simdo.Fault{Outcome: simdo.NeverEnds})
			r := w.carry(id, func(r *approvals.Request) bool { return r.Targets[0].State == approvals.Following })
			shutdown := r.Targets[0].Action.ID
			w.stray404(fmt.Sprint("/v2/actions/", shutdown), 1, simdo.Always)
			w.stray404("/v2/actions", 1, simdo.Always)
			r = w.carry(id, func(r *approvals.Request) bool {
				return r.Targets[0].Step > 0 && r.Targets[0].Wait == approvals.WaitPendingEvent
			})
			if r.State != approvals.Running {
				t.Fatalf("it is %s while its shutdown is in progress", r.State)
			}
			if ends {
				if err := w.do.FinishAction(shutdown, "completed"); err != nil {
					t.Fatal(err)
				}
				w.do.ClearFaults()
				want(t, w.carry(id, nil), approvals.Completed, "")
				if d := w.do.DropletNamed("web-1"); d.Status != "active" {
					t.Errorf("web-1 is %s", d.Status)
				}
				return
			}
			for range 50 { // it stays open as long as the Droplet may yet be switched off
				w.forward(max(w.once(id), time.Second))
			}
			if r := w.get(id); r.State != approvals.Running {
				t.Errorf("it ended as %s", r.State)
			}
		})
	}
}

// The answer to the shutdown of a resize is lost and its action is listed nowhere: the
// Droplet still shows on while it shuts down, which is not "on again".
func TestResizeWhoseShutdownIsLostAndUnderWay(t *testing.T) {
	w := newWorld(t)
	w.fault("shutdown", simdo.Fault{Drop: true, After: true, Outcome: simdo.NeverEnds})
	w.do.Inject(simdo.Fault{Match: simdo.Match{Method: http.MethodGet, Path: "/v2/droplets/*/actions"}, Times: simdo.Always,
		Answer: &simdo.Answer{Status: 200, Body: `{"actions":[],"links":{},"meta":{"total":0}}`}})
	id := w.ask("resize", larger, approvals.Allow, "web-1")
	r := w.carry(id, func(r *approvals.Request) bool {
		return r.Targets[0].Fault != nil && r.Targets[0].Wait == approvals.WaitPendingEvent
	})
	if r.State != approvals.Running {
		t.Fatalf("it is %s while its shutdown is in progress: %s", r.State, r.Targets[0].Problem)
	}
	if err := w.do.FinishAction(w.do.Posts()[0].ActionID, "completed"); err != nil {
		t.Fatal(err)
	}
	want(t, w.carry(id, nil), approvals.Unknown, "web-1 is on again")
	w.forward(time.Minute)
	if d := w.do.DropletNamed("web-1"); d.Status != "active" {
		t.Errorf("web-1 is %s", d.Status)
	}
}

// A switch-on that is refused while the status trails is tried again: what the Droplet
// shows is not what it is.
func TestSwitchedOnAgainThoughTheStatusTrails(t *testing.T) {
	w := newWorldWith(t, simdo.Options{StatusLag: 20 * time.Second})
	w.fault("resize", simdo.Fault{Answer: simdo.Refuse(422, "unprocessable_entity", "No such luck.")})
	r := w.carry(w.ask("resize", larger, approvals.Allow, "web-1"), nil)
	want(t, r, approvals.Failed, "is on again")
	w.forward(2 * time.Minute)
	if d := w.do.DropletNamed("web-1"); d.Status != "active" {
		t.Errorf("web-1 is %s", d.Status)
	}
}

// A new Droplet that is not visible yet is waited for, and is never created twice.
func TestCreateThatIsNotVisibleYet(t *testing.T) {
	for _, reads := range []int{1, 8} {
		t.Run(fmt.Sprint(reads, " times 404"), func(t *testing.T) {
			w := newWorld(t)
			id := w.make(approvals.Allow, nil, "new-1")
			w.carry(id, func(r *approvals.Request) bool { return r.Targets[0].State == approvals.Following })
			w.stray404(fmt.Sprint("/v2/droplets/", w.get(id).Targets[0].Made), 1, reads)
			r := w.carry(id, nil)
			want(t, r, approvals.Completed, "")
			if w.creates() != 1 || !strings.Contains(r.Targets[0].Result, "its address ") {
				t.Errorf("%d POSTs, %q", w.creates(), r.Targets[0].Result)
			}
		})
	}
}

// What we created ourselves is known by its ID, whatever a list by name shows.
func TestUnlessPresentWhileTheListTrails(t *testing.T) {
	for name, done := range map[string]bool{"the first is done": true, "the first is under way": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			only := api.Args{"unless-present": "true"}
			first := w.make(approvals.Allow, only, "new-1")
			w.carry(first, func(r *approvals.Request) bool { return r.Targets[0].Made != 0 })
			if done {
				want(t, w.carry(first, nil), approvals.Completed, "")
			}
			w.do.Inject(simdo.Fault{Match: simdo.Match{Method: http.MethodGet, Path: "/v2/droplets"}, Times: simdo.Always,
				Answer: &simdo.Answer{Status: 200, Body: `{"droplets":[],"links":{},"meta":{"total":0}}`}})
			r := w.carry(w.make(approvals.Allow, only, "new-1"), nil)
			want(t, r, approvals.Completed, "")
			if w.creates() != 1 || len(w.named("new-1")) != 1 {
				t.Errorf("%d POSTs, %v", w.creates(), w.named("new-1"))
			}
		})
	}
}

// DELETE was answered with 204 and has no effect: a 404 or two do not make it done.
func TestADestroyWithoutEffect(t *testing.T) {
	w := lagging(t, 24*time.Hour)
	id := w.ask("destroy", nil, approvals.Approve, "web-1")
	w.carry(id, func(r *approvals.Request) bool { return r.Targets[0].State == approvals.Following })
	w.stray404("/v2/droplets/*", 2, 2)
	r := w.carry(id, nil)
	want(t, r, approvals.Unknown, "still there")
	if w.do.DropletNamed("web-1").ID == 0 || strings.Contains(r.Targets[0].Problem, "gone") {
		t.Errorf("%+v", r.Targets[0])
	}
}

// The minute of a search counts from its first read that succeeded: what DigitalOcean did
// not let us read for longer is found after.
func TestASearchWaitsForReadsThatSucceed(t *testing.T) {
	for name, tt := range map[string]struct {
		after bool
		state approvals.State
	}{"it was accepted": {true, approvals.Completed}, "it was not": {false, approvals.Unknown}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.fault("reboot", simdo.Fault{Drop: true, After: tt.after})
			id := w.ask("reboot", nil, approvals.Allow, "web-1")
			w.carry(id, func(r *approvals.Request) bool { return !r.Targets[0].LostAt.IsZero() })
			w.do.Inject(simdo.Fault{Match: simdo.Match{Method: http.MethodGet}, Times: simdo.Always, Answer: simdo.Refuse(401, "unauthorized", "Unable to authenticate you")}) // which no client tries again
			w.carry(id, func(*approvals.Request) bool { return w.clock().Sub(w.get(id).Targets[0].LostAt) > 3*time.Minute })
			if r := w.get(id); r.State != approvals.Running {
				t.Fatalf("it is %s though nothing could be read", r.State)
			}
			w.do.ClearFaults()
			want(t, w.carry(id, nil), tt.state, "")
		})
	}
}

// Under all the lag that the real DigitalOcean has, and with a stray 404 somewhere, every
// verb ends as completed, is accepted once for each of its actions, and leaves the Droplet
// as it should be.
func TestVerbsUnderLag(t *testing.T) {
	for seed := uint64(1); seed <= 2; seed++ {
		for verb, tt := range map[string]struct {
			args    api.Args
			outcome approvals.Outcome
			sent    string
			status  string
		}{
			"reboot":         {nil, approvals.Allow, "reboot", "active"},
			"stop":           {api.Args{"timeout": "60s"}, approvals.Allow, "shutdown", "off"},
			"resize":         {larger, approvals.Allow, "shutdown resize power_on", "active"},
			"rebuild":        {api.Args{"image": "debian-12-x64", api.SnapshotFirst: "true"}, approvals.Approve, "snapshot rebuild", "active"},
			"snapshot":       {api.Args{"name": "x"}, approvals.Allow, "snapshot", "active"},
			"enable_backups": {api.Args{"plan": "weekly", "weekday": "SUN", "hour": "4"}, approvals.Allow, "enable_backups", "active"},
			"rename":         {api.Args{"name": "web-1"}, approvals.Allow, "rename", "active"},
			"destroy":        {nil, approvals.Approve, "destroy", ""},
		} {
			t.Run(fmt.Sprint(verb, " ", seed), func(t *testing.T) {
				w := newWorldWith(t, simdo.Options{StatusLag: 5 * time.Second, DestroyLag: 5 * time.Second, Lag: simdo.DefaultLag(), Seed: seed})
				name := "web-1"
				if verb == "rename" {
					name = "web-2"
				}
				id := w.ask(verb, tt.args, tt.outcome, name)
				droplet := w.get(id).Targets[0].Droplet.ID
				w.stray404("/v2/**", int(seed)*3, 1)
				r := w.carry(id, nil)
				want(t, r, approvals.Completed, "")
				if got := w.sent(); verb != "destroy" && got != tt.sent {
					t.Errorf("sent: %s, want %s", got, tt.sent)
				}
				if d, _ := w.do.Droplet(droplet); d.Status != tt.status {
					t.Errorf("it is %q, want %q", d.Status, tt.status)
				}
			})
		}
	}
}

// Nor does lag make two Droplets of one create, or of two that must not make another.
func TestCreatesUnderLag(t *testing.T) {
	for seed := uint64(1); seed <= 4; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			w := newWorldWith(t, simdo.Options{StatusLag: 5 * time.Second, Lag: simdo.DefaultLag(), Seed: seed})
			if seed%2 == 0 { // its answer is lost
				w.do.Inject(simdo.Fault{Match: creating, Drop: true, After: true})
			}
			only := api.Args{"unless-present": "true"}
			first := w.make(approvals.Allow, only, "new-1")
			r := w.carry(first, nil)
			want(t, r, approvals.Completed, "")
			want(t, w.carry(w.make(approvals.Allow, only, "NEW-1"), nil), approvals.Completed, "")
			if ids := w.named("new-1"); len(ids) != 1 || w.creates() != 1 || !strings.Contains(r.Targets[0].Result, "its address ") {
				t.Errorf("%v, %d POSTs, %q", ids, w.creates(), r.Targets[0].Result)
			}
		})
	}
}
