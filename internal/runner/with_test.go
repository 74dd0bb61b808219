package runner_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"dropletops/api"
	"dropletops/approvals"
	simdo "dropletops/internal/sim/digitalocean"
)

// askWith asks for db-1 to be destroyed with what belongs to it, as it is now.
func (w *world) askWith(kinds string) string {
	w.t.Helper()
	id := w.ask("destroy", api.Args{"with": kinds}, approvals.Approve, "db-1")
	all, err := w.client.Associated(w.t.Context(), w.do.DropletNamed("db-1").ID)
	if err != nil {
		w.t.Fatal(err)
	}
	goes, stays := api.Divide(all, kinds)
	w.try(id, func(r *approvals.Request) (approvals.Change, error) {
		r.Leaves = &approvals.Leaves{Known: true, Items: stays}
		for _, x := range goes {
			r.Leaves.Goes = append(r.Leaves.Goes, approvals.Going(x))
		}
		return approvals.Change{}, nil
	})
	return id
}

// sentWith are the bodies of the DELETEs.
func (w *world) sentWith() (out []string) {
	for _, r := range w.do.Requests(func(r simdo.Request) bool { return r.Method == http.MethodDelete }) {
		out = append(out, r.Path[strings.LastIndex(r.Path, "/")+1:]+" "+strings.TrimSpace(string(r.Body)))
	}
	return out
}

const volume = "506f78a4-e098-11e5-ad9f-000f53306ae1" // of db-1

func TestWhatWasShownGoesWithTheDroplet(t *testing.T) {
	w := lagging(t, 20*time.Second)
	r := w.carry(w.askWith("volumes"), nil)
	want(t, r, approvals.Completed, "")
	if got := strings.Join(w.sentWith(), "; "); got != `selective {"volumes":["`+volume+`"]}` {
		t.Errorf("sent %s", got)
	}
	if w.do.DropletNamed("db-1").ID != 0 || !strings.Contains(r.Targets[0].Result, "gone, too") {
		t.Errorf("%+v", r.Targets[0])
	}
}

// A snapshot that is taken first is none of those that go.
func TestTheSnapshotTakenFirstStays(t *testing.T) {
	w := lagging(t, 0)
	id := w.askWith("snapshots")
	w.try(id, func(r *approvals.Request) (approvals.Change, error) {
		r.Action.Args[api.SnapshotFirst] = "true"
		return approvals.Change{}, nil
	})
	want(t, w.carry(id, nil), approvals.Completed, "")
	if kept := w.sentWith(); len(kept) != 1 || !strings.Contains(kept[0], `selective {"snapshots":["`) || strings.Contains(kept[0], ",") || w.do.DropletNamed("db-1").ID != 0 {
		t.Errorf("sent %q", kept)
	}
}

// What appeared after the decision does not go: the decision begins anew. What went
// away meanwhile makes it, too.
func TestWhatGoesWithItDrifts(t *testing.T) {
	w := lagging(t, 0)
	id := w.askWith("snapshots")
	fresh := w.do.AddSnapshot(w.do.DropletNamed("db-1").ID, "fresh", time.Minute)
	before := w.get(id).Digest()
	r := w.carry(id, nil)
	if r.State != approvals.Pending || w.destroys() != 0 || r.Digest() == before || len(r.Leaves.Goes) != 2 ||
		!strings.Contains(r.Drift[0].String(), "what would go with it: not there → snapshot fresh") {
		t.Fatalf("%s, %d DELETEs, %+v", r.State, w.destroys(), r.Drift)
	}
	id = w.askWith("snapshots")
	if err := w.do.DeleteImage(fresh); err != nil {
		t.Fatal(err)
	}
	r = w.carry(id, nil)
	if r.State != approvals.Pending || w.destroys() != 0 || !strings.Contains(r.Drift[0].String(), "snapshot fresh, ") || !strings.Contains(r.Drift[0].String(), "no longer there") {
		t.Fatalf("%s, %d DELETEs, %+v", r.State, w.destroys(), r.Drift)
	}
}

// What can't be destroyed is told with DigitalOcean's reason.
func TestWhatCannotGo(t *testing.T) {
	w := lagging(t, 0)
	w.do.Stick(volume, "the volume is being resized")
	want(t, w.carry(w.askWith("volumes,snapshots"), nil), approvals.Failed, "volume db-1-data ("+volume+"): the volume is being resized")
	if w.destroys() != 1 {
		t.Errorf("%d DELETEs", w.destroys())
	}
}

// Whatever becomes of the one DELETE, there is no second one.
func TestTheAnswerToADestroyWithIsLost(t *testing.T) {
	for name, tt := range map[string]struct {
		fault simdo.Fault
		state approvals.State
		says  string
	}{
		"accepted, then 500":     {simdo.Fault{After: true, Answer: simdo.ServerError(500)}, approvals.Completed, ""},
		"accepted, then dropped": {simdo.Fault{After: true, Drop: true}, approvals.Completed, ""},
		"502 before":             {simdo.Fault{Answer: simdo.ServerError(502)}, approvals.Unknown, "still there"},
		"refused":                {simdo.Fault{Answer: simdo.Refuse(403, "forbidden", "You are not authorized")}, approvals.Failed, "block_storage:delete"},
	} {
		t.Run(name, func(t *testing.T) {
			w := lagging(t, 5*time.Second)
			tt.fault.Match = simdo.Match{Method: http.MethodDelete}
			w.do.Inject(tt.fault)
			r := w.carry(w.askWith("volumes"), nil)
			want(t, r, tt.state, tt.says)
			if n := w.destroys(); n != 1 {
				t.Errorf("%d DELETEs", n)
			}
		})
	}
}

// Someone else destroys the Droplet alone between the last read and the DELETE.
func TestSomeoneElseIsFasterThanADestroyWith(t *testing.T) {
	w := lagging(t, 0)
	id := w.askWith("volumes")
	w.do.Inject(simdo.Fault{Match: simdo.Match{Method: http.MethodDelete}, Answer: simdo.Refuse(404, "not_found", "no")})
	w.carry(id, func(r *approvals.Request) bool { return r.Targets[0].Wait == approvals.WaitNotVisible })
	if err := w.do.Destroy(w.get(id).Targets[0].Droplet.ID); err != nil {
		t.Fatal(err)
	}
	r := w.carry(id, nil)
	want(t, r, approvals.Completed, "")
	if !strings.Contains(r.Targets[0].Result, "left alone") || w.destroys() != 1 {
		t.Errorf("%d DELETEs, says %q", w.destroys(), r.Targets[0].Result)
	}
}

// The process dies over it, and someone else destroys the Droplet alone: nobody can
// tell what became of the rest, and that is what is said.
func TestAProcessDiesOverADestroyWith(t *testing.T) {
	w := lagging(t, 0)
	id := w.askWith("volumes")
	w.dying(id)
	if err := w.do.Destroy(w.do.DropletNamed("db-1").ID); err != nil {
		t.Fatal(err)
	}
	want(t, w.carry(id, nil), approvals.Unknown, "what was to go with it")
	if w.destroys() != 0 {
		t.Errorf("%d DELETEs", w.destroys())
	}
}

// In the minutes that a snapshot takes, a volume may become another Droplet's: what
// was shown is not what would be destroyed then.
func TestWhatGoesIsLookedAtAgainAfterTheSnapshot(t *testing.T) {
	w := lagging(t, 0)
	id := w.askWith("volumes")
	w.try(id, func(r *approvals.Request) (approvals.Change, error) {
		r.Action.Args[api.SnapshotFirst] = "true"
		return approvals.Change{}, nil
	})
	w.carry(id, func(r *approvals.Request) bool { return r.Targets[0].State == approvals.Following })
	if err := w.do.AttachVolume(volume, w.do.DropletNamed("web-1").ID); err != nil {
		t.Fatal(err)
	}
	want(t, w.carry(id, nil), approvals.Failed, "ceased to belong to it")
	if w.destroys() != 0 || w.do.DropletNamed("db-1").ID == 0 {
		t.Errorf("sent %q", w.sentWith())
	}
}

// More than a card names can't be decided on.
func TestMoreGoesThanACardNames(t *testing.T) {
	w := lagging(t, 0)
	id := w.askWith("snapshots")
	for i := range api.MostGoing {
		w.do.AddSnapshot(w.do.DropletNamed("db-1").ID, fmt.Sprint("fresh-", i), time.Minute)
	}
	want(t, w.carry(id, nil), approvals.Failed, "21 things would go with it by now")
	if w.destroys() != 0 {
		t.Errorf("sent %q", w.sentWith())
	}
}

// Nothing is called gone of which DigitalOcean tells nothing, and a Droplet that it
// can't destroy is not waited for.
func TestWhatDigitalOceanSaysOfADestroyWith(t *testing.T) {
	w := lagging(t, 0)
	w.do.Inject(simdo.Fault{Match: simdo.Match{Method: http.MethodGet, Path: "/v2/droplets/*/destroy_with_associated_resources/status"}, Answer: &simdo.Answer{Body: `{"droplet":{"id":"1","name":"db-1"},"resources":{"volumes":[]},"completed_at":"2026-11-21T03:00:00Z","failures":0}`}})
	want(t, w.carry(w.askWith("volumes"), nil), approvals.Unknown, "tells nothing of what was to go with it: volume db-1-data")
	w = lagging(t, 0)
	w.do.Stick(strconv.Itoa(w.do.DropletNamed("db-1").ID), "it is protected")
	want(t, w.carry(w.askWith("volumes"), nil), approvals.Failed, "the Droplet itself: it is protected")
}

// What DigitalOcean took and then knows nothing of is not waited for without end.
func TestADestroyWithThatIsForgotten(t *testing.T) {
	w := lagging(t, time.Hour)
	w.do.Inject(simdo.Fault{Match: simdo.Match{Method: http.MethodGet, Path: "/v2/droplets/*/destroy_with_associated_resources/status"}, Times: simdo.Always,
		Answer: simdo.Refuse(404, "not_found", "no")})
	id := w.askWith("volumes")
	r := w.carry(id, func(r *approvals.Request) bool { return w.clock().Sub(r.StartedAt) > 10*time.Minute })
	want(t, r, approvals.Unknown, "knows of no such destruction")
	if w.destroys() != 1 {
		t.Errorf("%d DELETEs", w.destroys())
	}
}
