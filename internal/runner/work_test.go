package runner_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"dropletops/api"
	"dropletops/approvals"
	simdo "dropletops/internal/sim/digitalocean"
)

// sent are the types of the actions that DigitalOcean accepted, in order.
func (w *world) sent() string {
	var out []string
	for _, p := range w.do.Posts() {
		out = append(out, p.Type)
	}
	return strings.Join(out, " ")
}

func (w *world) fault(action string, f simdo.Fault) {
	f.Match = simdo.Match{Method: http.MethodPost, Action: action}
	w.do.Inject(f)
}

var larger = api.Args{"size": "s-4vcpu-8gb"}

// A Droplet that is on is switched off for a resize and on again, whatever comes of
// the resize.
func TestResizeOfARunningDroplet(t *testing.T) {
	refusal := simdo.Refuse(422, "unprocessable_entity", "No such luck.")
	for name, tt := range map[string]struct {
		prepare func(*world)
		sent    string
		state   approvals.State
		problem string // what it begins with
		more    string // and holds
		status  string
	}{
		"heeded": {func(*world) {}, "shutdown resize power_on", approvals.Completed, "", "", "active"},
		"its shutdown is not heeded": {func(w *world) {
			if err := w.do.IgnoreACPI(w.do.DropletNamed("web-1").ID, true); err != nil {
				w.t.Fatal(err)
			}
		}, "shutdown power_off resize power_on", approvals.Completed, "", "", "active"},
		"its shutdown fails": {func(w *world) { w.fault("shutdown", simdo.Fault{Outcome: simdo.Errors}) },
			"shutdown power_off resize power_on", approvals.Completed, "", "", "active"},
		"it fails": {func(w *world) { w.fault("resize", simdo.Fault{Outcome: simdo.Errors}) },
			"shutdown resize power_on", approvals.Failed, "DigitalOcean reports that the resize (action", "web-1 is on again, with its old size s-2vcpu-4gb.", "active"},
		"it is refused": {func(w *world) { w.fault("resize", simdo.Fault{Answer: refusal}) },
			"shutdown power_on", approvals.Failed, "", "web-1 is on again, with its old size s-2vcpu-4gb.", "active"},
		"it is completed and changes nothing": {func(w *world) { w.fault("resize", simdo.Fault{Outcome: simdo.CompletesIdle}) },
			"shutdown resize power_on", approvals.Unknown, "DigitalOcean reported it completed", "web-1 is on again, with its old size s-2vcpu-4gb.", "active"},
		"its answer is lost, and it was not done": {func(w *world) { w.fault("resize", simdo.Fault{Drop: true}) },
			"shutdown power_on", approvals.Unknown, "DigitalOcean's answer was lost", "web-1 is on again, with its old size s-2vcpu-4gb.", "active"},
		"its answer is lost, and it was done": {func(w *world) { w.fault("resize", simdo.Fault{Drop: true, After: true}) },
			"shutdown resize power_on", approvals.Completed, "", "", "active"},
		"the power-off is refused": {func(w *world) {
			if err := w.do.IgnoreACPI(w.do.DropletNamed("web-1").ID, true); err != nil {
				w.t.Fatal(err)
			}
			w.fault("power_off", simdo.Fault{Answer: refusal})
		}, "shutdown", approvals.Failed, "", "web-1 is on again, with its old size", "active"},
		"the shutdown is lost for good": {func(w *world) { w.fault("shutdown", simdo.Fault{Drop: true}) },
			"", approvals.Unknown, "DigitalOcean's answer was lost", "no shutdown showed up", "active"},
		"the shutdown is refused": {func(w *world) { w.fault("shutdown", simdo.Fault{Answer: refusal}) },
			"", approvals.Failed, "", "No such luck", "active"},
		"it can't be switched on again": {func(w *world) { w.fault("power_on", simdo.Fault{Outcome: simdo.Errors}) },
			"shutdown resize power_on", approvals.Failed, "web-1 IS OFF: it could not be switched on again.", "power-on (action", "off"},
		"the switch-on is lost, and it was not done": {func(w *world) { w.fault("power_on", simdo.Fault{Drop: true}) },
			"shutdown resize power_on", approvals.Completed, "", "", "active"},
		"it is not known whether it was switched on again": {func(w *world) { w.fault("power_on", simdo.Fault{Drop: true, Times: simdo.Always}) },
			"shutdown resize", approvals.Unknown, "web-1 MAY BE OFF:", "no power_on showed up", "off"},
		"it fails, and it can't be switched on again": {func(w *world) {
			w.fault("resize", simdo.Fault{Outcome: simdo.Errors})
			w.fault("power_on", simdo.Fault{Answer: refusal, Times: simdo.Always})
		}, "shutdown resize", approvals.Failed, "web-1 IS OFF: it could not be switched on again.", "Before that: DigitalOcean reports that the resize", "off"},
		"it is lost, and it can't be switched on again": {func(w *world) {
			w.fault("resize", simdo.Fault{Drop: true})
			w.fault("power_on", simdo.Fault{Answer: refusal, Times: simdo.Always})
		}, "shutdown", approvals.Unknown, "web-1 IS OFF: it could not be switched on again.", "Before that: DigitalOcean's answer was lost", "off"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			tt.prepare(w)
			r := w.carry(w.ask("resize", larger, approvals.Allow, "web-1"), nil)
			want(t, r, tt.state, tt.more)
			if got := w.sent(); got != tt.sent {
				t.Errorf("sent: %s, want %s", got, tt.sent)
			}
			if tg := r.Targets[0]; !strings.HasPrefix(tg.Problem, tt.problem) || tt.state == approvals.Completed && !strings.Contains(tg.Result, "s-4vcpu-8gb") {
				t.Errorf("problem %q, result %q", tg.Problem, tg.Result)
			}
			d := w.do.DropletNamed("web-1")
			if d.Status != tt.status {
				t.Errorf("web-1 is %s, want %s", d.Status, tt.status)
			}
		})
	}
}

// What is off stays off.
func TestResizeOfADropletThatIsOff(t *testing.T) {
	w := newWorld(t)
	r := w.carry(w.ask("resize", larger, approvals.Allow, "staging-1"), nil)
	want(t, r, approvals.Completed, "")
	if w.sent() != "resize" || w.do.DropletNamed("staging-1").Status != "off" {
		t.Errorf("sent %s, it is %s", w.sent(), w.do.DropletNamed("staging-1").Status)
	}
}

// A process that dies after each step goes on with the next, and sends none twice.
func TestResizeGoesOnAfterADeath(t *testing.T) {
	for step := range 4 {
		for _, state := range []approvals.TargetState{approvals.Queued, approvals.Following} {
			t.Run(fmt.Sprint(step, state), func(t *testing.T) {
				w := newWorld(t)
				w.fault("resize", simdo.Fault{Outcome: simdo.Errors})
				if err := w.do.IgnoreACPI(w.do.DropletNamed("web-1").ID, true); err != nil {
					t.Fatal(err)
				}
				id := w.ask("resize", larger, approvals.Allow, "web-1")
				w.carry(id, func(r *approvals.Request) bool {
					return r.Targets[0].Step == step && r.Targets[0].State == state
				})
				w.restart()
				r := w.carry(id, nil)
				want(t, r, approvals.Failed, "is on again")
				if got := w.sent(); got != "shutdown power_off resize power_on" {
					t.Errorf("sent: %s", got)
				}
			})
		}
	}
}

// Someone switches it while the request is on its way: what the card did not say is
// not done.
func TestResizeOfOneThatWasSwitched(t *testing.T) {
	for name, tt := range map[string]struct {
		droplet, is string
		outcome     approvals.Outcome
		sent        string
		state       approvals.State
		problem     string
	}{
		"off since":                   {"web-1", "off", approvals.Allow, "resize", approvals.Completed, ""},
		"on since":                    {"staging-1", "active", approvals.Allow, "", approvals.Failed, "was off when this was asked for and is active now"},
		"off since, and it was shown": {"web-1", "off", approvals.Confirm, "", approvals.Pending, ""},
		"on since, and it was shown":  {"staging-1", "active", approvals.Confirm, "", approvals.Pending, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			id := w.ask("resize", larger, tt.outcome, tt.droplet)
			if err := w.do.SetStatus(w.do.DropletNamed(tt.droplet).ID, tt.is); err != nil {
				t.Fatal(err)
			}
			want(t, w.carry(id, func(r *approvals.Request) bool { return r.State == approvals.Pending }), tt.state, tt.problem)
			if d := w.do.DropletNamed(tt.droplet); w.sent() != tt.sent || d.Status != tt.is {
				t.Errorf("sent %s, it is %s", w.sent(), d.Status)
			}
		})
	}
}

// Switched on by someone while it is resized: it is not switched on once more.
func TestResizeOfOneThatIsSwitchedOnMeanwhile(t *testing.T) {
	w := newWorld(t)
	id := w.ask("resize", larger, approvals.Allow, "web-1")
	w.carry(id, func(r *approvals.Request) bool { return r.Targets[0].Step == 3 })
	if err := w.do.SetStatus(w.do.DropletNamed("web-1").ID, "active"); err != nil {
		t.Fatal(err)
	}
	r := w.carry(id, nil)
	want(t, r, approvals.Completed, "")
	if w.sent() != "shutdown resize" || !strings.Contains(r.Targets[0].Result, "s-4vcpu-8gb") {
		t.Errorf("sent %s, result %q", w.sent(), r.Targets[0].Result)
	}
}

// The same while a snapshot is taken first, which takes minutes.
func TestResizeOfOneThatWasSwitchedDuringItsSnapshot(t *testing.T) {
	for name, tt := range map[string]struct {
		droplet, is, sent string
		state             approvals.State
		problem           string
	}{
		"off since": {"web-1", "off", "snapshot resize", approvals.Completed, ""},
		"on since":  {"staging-1", "active", "snapshot", approvals.Failed, "Ask again if that is wanted. Nothing was done but to take the snapshot."},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			id := w.ask("resize", api.Args{"size": "s-4vcpu-8gb", api.SnapshotFirst: "true"}, approvals.Allow, tt.droplet)
			w.carry(id, func(r *approvals.Request) bool { return r.Targets[0].State == approvals.Following })
			if err := w.do.SetStatus(w.do.DropletNamed(tt.droplet).ID, tt.is); err != nil {
				t.Fatal(err)
			}
			w.restart()
			want(t, w.carry(id, nil), tt.state, tt.problem)
			if d := w.do.DropletNamed(tt.droplet); w.sent() != tt.sent || d.Status != tt.is {
				t.Errorf("sent %s, it is %s", w.sent(), d.Status)
			}
		})
	}
}

// A snapshot is taken first, and what destroys goes ahead only once it is there.
func TestSnapshotFirst(t *testing.T) {
	rebuild := api.Args{"image": "debian-12-x64", "snapshot_first": "true"}
	name := "web-1 before rebuild 2026-11-21-0300"
	for label, tt := range map[string]struct {
		typ     string
		args    api.Args
		prepare func(w *world)
		between func(w *world)
		sent    string
		state   approvals.State
		problem string
		result  string
	}{
		"rebuild": {typ: "rebuild", args: rebuild, sent: "snapshot rebuild", state: approvals.Completed, result: "The new snapshot is " + name + ", ID "},
		"destroy": {typ: "destroy", args: api.Args{"snapshot_first": "true"}, sent: "snapshot destroy", state: approvals.Completed,
			result: "The new snapshot is web-1 before destroy 2026-11-21-0300, ID "},
		"resize": {typ: "resize", args: api.Args{"size": "s-4vcpu-8gb", "disk": "true", "snapshot_first": "true"},
			sent: "snapshot shutdown resize power_on", state: approvals.Completed, result: "The new snapshot is web-1 before resize"},
		"the snapshot fails": {typ: "rebuild", args: rebuild, prepare: func(w *world) { w.fault("snapshot", simdo.Fault{Outcome: simdo.Errors}) },
			sent: "snapshot", state: approvals.Failed, problem: "Nothing else was done, since there is no snapshot."},
		"the snapshot is refused": {typ: "rebuild", args: rebuild, prepare: func(w *world) {
			w.fault("snapshot", simdo.Fault{Answer: simdo.Refuse(403, "forbidden", "You are not authorized to perform this operation")})
		}, state: approvals.Failed, problem: "Nothing else was done, since there is no snapshot."},
		"the snapshot is lost": {typ: "rebuild", args: rebuild, prepare: func(w *world) { w.fault("snapshot", simdo.Fault{Drop: true}) },
			state: approvals.Unknown, problem: "Nothing else was done, since it is not certain that there is a snapshot."},
		"it is completed, and there is none": {typ: "rebuild", args: rebuild, prepare: func(w *world) { w.fault("snapshot", simdo.Fault{Outcome: simdo.CompletesIdle}) },
			sent: "snapshot", state: approvals.Unknown, problem: "Look at web-1. Nothing else was done, since it is not certain that there is a snapshot."},
		"the Droplet is another meanwhile": {typ: "rebuild", args: rebuild, between: func(w *world) {
			if err := w.do.Rename(w.do.DropletNamed("web-1").ID, "web-one"); err != nil {
				w.t.Fatal(err)
			}
		}, sent: "snapshot", state: approvals.Failed, problem: "name: web-1 → web-one). Nothing was done but to take the snapshot.", result: "The new snapshot is " + name},
		"who decided is gone meanwhile": {typ: "rebuild", args: rebuild, between: func(w *world) {
			w.runner.Deciders = refusing{"U2 is no longer a full member."}
		}, sent: "snapshot", state: approvals.Failed, problem: "U2 is no longer a full member. Nothing was done but to take the snapshot.", result: "The new snapshot is " + name},
		"who asked is gone meanwhile": {typ: "rebuild", args: rebuild, between: func(w *world) {
			w.runner.Deciders = &approvals.Service{Store: w.store, Directory: workspace{standing: approvals.Deactivated}, Policy: approvals.BuiltIn{}, Now: w.clock}
		}, sent: "snapshot", state: approvals.Failed, problem: "of this workspace (deactivated). Nothing was done but to take the snapshot.", result: "The new snapshot is " + name},
		"more is asked for meanwhile": {typ: "rebuild", args: rebuild, between: func(w *world) {
			w.runner.Deciders = stricter{}
		}, sent: "snapshot", state: approvals.Failed, problem: "This needs a fresh decision by now (policy: approve by 1 → approve by 2). Ask again if it is still wanted. Nothing was done but to take the snapshot.", result: "The new snapshot is " + name},
		"a process died meanwhile": {typ: "rebuild", args: rebuild, between: func(w *world) { w.restart() },
			sent: "snapshot rebuild", state: approvals.Completed, result: "The new snapshot is " + name},
	} {
		t.Run(label, func(t *testing.T) {
			w := newWorld(t)
			if tt.prepare != nil {
				tt.prepare(w)
			}
			id := w.ask(tt.typ, tt.args, approvals.Approve, "web-1")
			if tt.between != nil {
				w.carry(id, func(r *approvals.Request) bool { return r.Targets[0].State == approvals.Following })
				tt.between(w)
			}
			r := w.carry(id, nil)
			want(t, r, tt.state, tt.problem)
			if got := w.sent(); got != tt.sent || !strings.Contains(r.Targets[0].Result, tt.result) {
				t.Errorf("sent %q, result %q", got, r.Targets[0].Result)
			}
			if destroys := tt.typ == "destroy"; destroys != (w.do.DropletNamed("web-1").ID == 0 && w.do.DropletNamed("web-one").ID == 0) {
				t.Error("the Droplet is not what it should be")
			}
		})
	}
}

// While Slack does not say who may decide, what is behind a snapshot waits visibly.
func TestSnapshotFirstWhileSlackIsSilent(t *testing.T) {
	w := newWorld(t)
	id := w.ask("rebuild", api.Args{"image": "debian-12-x64", "snapshot_first": "true"}, approvals.Approve, "web-1")
	w.carry(id, func(r *approvals.Request) bool { return r.Targets[0].State == approvals.Following })
	w.runner.Deciders = &approvals.Service{Store: w.store, Directory: workspace{silent: errors.New("Slack is silent")}, Policy: approvals.BuiltIn{}, Now: w.clock}
	w.carry(id, func(r *approvals.Request) bool { return r.Targets[0].Wait == approvals.WaitPeople })
	if w.sent() != "snapshot" {
		t.Errorf("sent %s", w.sent())
	}
	w.runner.Deciders = deciders(w.store, w.clock)
	want(t, w.carry(id, nil), approvals.Completed, "")
}

// A Droplet that is gone between two of the actions that a verb takes: nobody is told
// that nothing was done to it.
func TestGoneBetweenTwoSteps(t *testing.T) {
	w := newWorld(t)
	id := w.ask("resize", larger, approvals.Allow, "web-1")
	r := w.carry(id, func(r *approvals.Request) bool {
		return r.Targets[0].Step > 0 && r.Targets[0].State == approvals.Queued
	})
	if err := w.do.Destroy(r.Targets[0].Droplet.ID); err != nil {
		t.Fatal(err)
	}
	want(t, w.carry(id, nil), approvals.Failed, "Nothing more was done to it.")
	if w.sent() != "shutdown" {
		t.Errorf("sent %s", w.sent())
	}
}

// Of several Droplets each has a snapshot of its own name, and one that has none is
// left alone.
func TestSnapshotFirstOfSeveral(t *testing.T) {
	w := newWorld(t)
	w.do.Inject(simdo.Fault{Match: simdo.Match{Method: http.MethodPost, Action: "snapshot", DropletID: w.do.DropletNamed("web-2").ID}, Outcome: simdo.Errors})
	r := w.carry(w.ask("rebuild", api.Args{"image": "debian-12-x64", "snapshot_first": "true"}, approvals.Approve, "web-1", "web-2"), nil)
	want(t, r, approvals.Failed, "since there is no snapshot")
	if one, two := r.Targets[0], r.Targets[1]; one.State != approvals.TargetDone || two.State != approvals.TargetErrored ||
		!strings.Contains(one.Result, "web-1 before rebuild") || len(w.do.Posts(two.Droplet.ID)) != 1 {
		t.Errorf("%+v\n%+v", one, two)
	}
}

// --timeout is when people are told that it takes too long, once, whatever is usual and
// however many actions it takes; and it goes on.
func TestPatience(t *testing.T) {
	for _, typ := range []string{"rebuild", "resize"} {
		w := newWorld(t)
		args := map[string]api.Args{"rebuild": {"image": "debian-12-x64"}, "resize": larger}[typ]
		id := w.ask(typ, args, approvals.Approve, "web-1")
		if _, err := w.store.Update(t.Context(), id, func(r *approvals.Request) (approvals.Change, error) {
			r.Patience = 15 * time.Second
			return approvals.Change{}, nil
		}); err != nil {
			t.Fatal(err)
		}
		r := w.carry(id, func(r *approvals.Request) bool { return r.Targets[0].Slow })
		if late := w.clock().Sub(r.Targets[0].BeganAt); late < 15*time.Second || late > time.Minute {
			t.Errorf("%s: told after %v", typ, late)
		}
		want(t, w.carry(id, nil), approvals.Completed, "")
		if got := w.notes(id); strings.Count(got, "slow") != 1 {
			t.Errorf("%s: notes %s", typ, got)
		}
	}
}

// Also while DigitalOcean calls a step done and the Droplet does not show it: a shutdown
// that nobody listens to is just what one wants to be told of.
func TestPatienceWhileAStepSettles(t *testing.T) {
	w := newWorld(t)
	if err := w.do.IgnoreACPI(w.do.DropletNamed("web-1").ID, true); err != nil {
		t.Fatal(err)
	}
	for typ, args := range map[string]api.Args{"resize": larger, "shutdown": nil} {
		id := w.ask(typ, args, approvals.Allow, "web-1")
		w.try(id, func(r *approvals.Request) (approvals.Change, error) {
			r.Patience = 30 * time.Second
			return approvals.Change{}, nil
		})
		r := w.carry(id, func(r *approvals.Request) bool { return r.Targets[0].Slow })
		if late := w.clock().Sub(r.Targets[0].BeganAt); !r.Targets[0].Slow || late < 30*time.Second || late > 35*time.Second {
			t.Errorf("%s: told %v after %v", typ, r.Targets[0].Slow, late)
		}
		w.carry(id, nil)
		if got := w.notes(id); strings.Count(got, "slow") != 1 {
			t.Errorf("%s: notes %s", typ, got)
		}
	}
}

// What was off when its resize of several was confirmed, and is on now, would be
// switched off for it: that is decided on anew.
func TestAResizeThatBecomesMoreDangerous(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"web-1", "web-2"} {
		if err := w.do.SetStatus(w.do.DropletNamed(name).ID, "off"); err != nil {
			t.Fatal(err)
		}
	}
	id := w.ask("resize", larger, approvals.Confirm, "web-1", "web-2")
	if err := w.do.SetStatus(w.do.DropletNamed("web-2").ID, "active"); err != nil {
		t.Fatal(err)
	}
	r := w.carry(id, func(r *approvals.Request) bool { return r.State == approvals.Pending })
	if r.State != approvals.Pending || r.Action.Danger != approvals.Disruptive || r.Round != 1 || w.posts() != 0 {
		t.Errorf("%s, %s, %s, %d POSTs", r.State, r.Action.Danger, r.Verdict.Outcome, w.posts())
	}
}

// A name that leaves no room for what its snapshot is called is cut.
func TestSnapshotOfALongName(t *testing.T) {
	w := newWorld(t)
	long := strings.Repeat("a-long-name-", 21) + "xyz"
	if err := w.do.Rename(w.do.DropletNamed("web-1").ID, long); err != nil {
		t.Fatal(err)
	}
	r := w.carry(w.ask("destroy", api.Args{api.SnapshotFirst: "true"}, approvals.Approve, long), nil)
	want(t, r, approvals.Completed, "")
	if !strings.Contains(r.Targets[0].Result, "a-long-n before destroy 2026-11-21-0300, ID") {
		t.Errorf("result %q", r.Targets[0].Result)
	}
	snapshot, _ := api.Lookup("snapshot")
	if args, err := snapshot.Complete(nil, api.Droplet{Name: long}, w.clock()); err != nil || len(args["name"]) != 255 {
		t.Errorf("%v, %v", args, err)
	}
}
