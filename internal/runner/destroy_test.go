package runner_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"dropletops/approvals"
	simdo "dropletops/internal/sim/digitalocean"
)

// lagging is a world in which a destroyed Droplet is still there for a while.
func lagging(t *testing.T, lag time.Duration) *world {
	w := newWorld(t)
	w.do.Close()
	w.do = simdo.New(simdo.Options{Now: w.clock, DestroyLag: lag})
	if err := w.do.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.do.Close)
	w.restart()
	return w
}

// destroys are the DELETEs that reached DigitalOcean, accepted or not.
func (w *world) destroys() int {
	return len(w.do.Requests(func(r simdo.Request) bool { return r.Method == http.MethodDelete }))
}

func TestDestroyIsFollowedUntilTheDropletIsGone(t *testing.T) {
	w := lagging(t, 40*time.Second)
	id := w.ask("destroy", nil, approvals.Approve, "web-1")
	r := w.carry(id, func(r *approvals.Request) bool { return r.Targets[0].State == approvals.Following })
	if r.State != approvals.Running || w.do.DropletNamed("web-1").ID == 0 {
		t.Fatalf("right after the 204 it is %s", r.State)
	}
	r = w.carry(id, nil)
	want(t, r, approvals.Completed, "")
	if a := r.Targets[0].After; w.destroys() != 1 || w.posts() != 1 || a == nil || a.Status != "gone" || w.do.DropletNamed("web-1").ID != 0 {
		t.Errorf("%d DELETEs, %+v", w.destroys(), r.Targets[0])
	}
	if got := w.notes(id); got != "started ended" {
		t.Errorf("notes: %s", got)
	}
}

// It may take longer than it should, and is watched until it is over.
func TestADestroyThatTakesLong(t *testing.T) {
	w := lagging(t, 4*time.Minute)
	id := w.ask("destroy", nil, approvals.Approve, "web-1")
	want(t, w.carry(id, nil), approvals.Completed, "")
	if got := w.notes(id); got != "started slow ended" {
		t.Errorf("notes: %s", got)
	}
}

// Whatever becomes of the one DELETE, there is no second one.
func TestTheAnswerToADestroyIsLost(t *testing.T) {
	for name, tt := range map[string]struct {
		fault simdo.Fault
		lag   time.Duration
		state approvals.State
		says  string
	}{
		"accepted, then 500":       {simdo.Fault{After: true, Answer: simdo.ServerError(500)}, 10 * time.Second, approvals.Completed, ""},
		"accepted, then dropped":   {simdo.Fault{After: true, Drop: true}, 0, approvals.Completed, ""},
		"502 before":               {simdo.Fault{Answer: simdo.ServerError(502)}, 0, approvals.Unknown, "still there"},
		"dropped before":           {simdo.Fault{Drop: true}, 0, approvals.Unknown, "still there"},
		"accepted, gone very late": {simdo.Fault{After: true, Drop: true}, 5 * time.Minute, approvals.Unknown, "may yet go"},
		"refused":                  {simdo.Fault{Answer: simdo.Refuse(403, "forbidden", "You are not authorized")}, 0, approvals.Failed, "droplet:delete"},
	} {
		t.Run(name, func(t *testing.T) {
			w := lagging(t, tt.lag)
			tt.fault.Match = simdo.Match{Method: http.MethodDelete}
			w.do.Inject(tt.fault)
			want(t, w.carry(w.ask("destroy", nil, approvals.Approve, "web-1"), nil), tt.state, tt.says)
			if n := w.destroys(); n != 1 {
				t.Errorf("%d DELETEs", n)
			}
		})
	}
}

// A 429 is tried again, and a Droplet with an action under way waits in line.
func TestADestroyThatIsRefusedForNow(t *testing.T) {
	w := lagging(t, 0)
	w.do.Inject(simdo.Fault{Match: simdo.Match{Method: http.MethodDelete}, Answer: simdo.Burst429(7 * time.Second)})
	a, err := w.do.StartAction(w.do.DropletNamed("web-1").ID, "snapshot")
	if err != nil {
		t.Fatal(err)
	}
	id := w.ask("destroy", nil, approvals.Approve, "web-1")
	w.carry(id, func(r *approvals.Request) bool { return r.Targets[0].Wait == approvals.WaitPendingEvent })
	if err := w.do.FinishAction(a.ID, "completed"); err != nil {
		t.Fatal(err)
	}
	want(t, w.carry(id, nil), approvals.Completed, "")
	if w.posts() != 1 {
		t.Errorf("%d were accepted", w.posts())
	}
}

// The process dies between the intent and the DELETE, or after it: it is not sent
// again, and what is gone is done.
func TestAProcessDiesOverADestroy(t *testing.T) {
	for name, gone := range map[string]bool{"before the DELETE": false, "after it": true} {
		t.Run(name, func(t *testing.T) {
			w := lagging(t, 0)
			id := w.ask("destroy", nil, approvals.Approve, "web-1")
			w.dying(id)
			if gone {
				if err := w.do.Destroy(w.do.DropletNamed("web-1").ID); err != nil {
					t.Fatal(err)
				}
			}
			r := w.carry(id, nil)
			state := approvals.Unknown
			if gone {
				state = approvals.Completed
			}
			want(t, r, state, "")
			if w.destroys() != 0 {
				t.Errorf("%d DELETEs after the restart", w.destroys())
			}
		})
	}
}

// Someone else destroys it between the last look and the DELETE.
func TestSomeoneElseDestroysItFirst(t *testing.T) {
	w := lagging(t, 0)
	w.do.Inject(simdo.Fault{Match: simdo.Match{Method: http.MethodDelete}, After: true, Answer: simdo.Refuse(404, "not_found", "The resource you requested could not be found.")})
	r := w.carry(w.ask("destroy", nil, approvals.Approve, "web-1"), nil)
	want(t, r, approvals.Completed, "")
	if !strings.Contains(r.Targets[0].Result, "someone else was faster") {
		t.Errorf("says %q", r.Targets[0].Result)
	}
	// A DELETE that is a 404 for good, while the Droplet is there, has failed.
	w.do.Inject(simdo.Fault{Match: simdo.Match{Method: http.MethodDelete}, Times: simdo.Always, Answer: simdo.Refuse(404, "not_found", "The resource you requested could not be found.")})
	want(t, w.carry(w.ask("destroy", nil, approvals.Approve, "web-3"), nil), approvals.Failed, "no such thing")
	if w.do.DropletNamed("web-3").ID == 0 {
		t.Error("web-3 is gone")
	}
	w.do.ClearFaults()
	// Before anything is sent, one that is gone ends it as failed, as of any action.
	id := w.ask("destroy", nil, approvals.Approve, "web-2")
	if err := w.do.Destroy(w.do.DropletNamed("web-2").ID); err != nil {
		t.Fatal(err)
	}
	want(t, w.carry(id, nil), approvals.Failed, "gone")
}

// Two requests for one Droplet: it is destroyed once, and the other says so.
func TestTwoDestroysOfOneDroplet(t *testing.T) {
	w := lagging(t, 15*time.Second)
	one, two := w.ask("destroy", nil, approvals.Approve, "web-1"), w.ask("destroy", nil, approvals.Approve, "web-1")
	w.carry(one, func(r *approvals.Request) bool { return r.Targets[0].State == approvals.Following })
	want(t, w.carry(two, nil), approvals.Completed, "")
	want(t, w.carry(one, nil), approvals.Completed, "")
	if w.posts() != 1 {
		t.Errorf("%d DELETEs were accepted", w.posts())
	}
}

// What would be left behind is part of what was approved.
func TestWhatIsLeftBehindDrifts(t *testing.T) {
	w := lagging(t, 0)
	id := w.ask("destroy", nil, approvals.Approve, "db-1")
	w.try(id, func(r *approvals.Request) (approvals.Change, error) {
		r.Leaves = &approvals.Leaves{Known: true, Items: []string{"volume db-1-data, $20.00 a month"}}
		return approvals.Change{}, nil
	})
	before := w.get(id).Digest()
	r := w.carry(id, nil)
	if r.State != approvals.Pending || w.destroys() != 0 || r.Digest() == before {
		t.Fatalf("%s, %d DELETEs", r.State, w.destroys())
	}
	said := ""
	for _, d := range r.Drift {
		said += d.String() + "; "
	}
	if !strings.Contains(said, "not there → snapshot db-1-before-upgrade") || !strings.Contains(said, "volume snapshot") || len(r.Leaves.Items) != 3 {
		t.Errorf("says %s, and shows %q", said, r.Leaves.Items)
	}
}

// In bulk each is destroyed by its ID, and those that fail fail alone.
func TestDestroyInBulk(t *testing.T) {
	w := lagging(t, 5*time.Second)
	w.do.Inject(simdo.Fault{Match: simdo.Match{Method: http.MethodDelete, DropletID: w.do.DropletNamed("web-2").ID}, Answer: simdo.Refuse(422, "unprocessable_entity", "Droplet is locked")})
	r := w.carry(w.ask("destroy", nil, approvals.Approve, "web-1", "web-2", "web-3"), nil)
	want(t, r, approvals.Failed, "Droplet is locked")
	for i, state := range []approvals.TargetState{approvals.TargetDone, approvals.TargetErrored, approvals.TargetDone} {
		if r.Targets[i].State != state {
			t.Errorf("%s is %s, want %s", r.Targets[i].Droplet.Name, r.Targets[i].State, state)
		}
	}
	if w.destroys() != 3 || len(w.do.Requests(func(q simdo.Request) bool { return q.Method == http.MethodDelete && q.Path == "/v2/droplets" })) != 0 {
		t.Errorf("%d DELETEs", w.destroys())
	}
}
