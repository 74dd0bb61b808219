package runner_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"dropletops/api"
	"dropletops/approvals"
	simdo "dropletops/internal/sim/digitalocean"
)

var ofAKind = api.Args{"region": "nyc3", "size": "s-1vcpu-1gb", "image": "debian-12-x64"}

// make asks for new Droplets.
func (w *world) make(outcome approvals.Outcome, more api.Args, names ...string) string {
	w.t.Helper()
	w.n++
	args := map[string]string{}
	for _, from := range []api.Args{ofAKind, more} {
		for k, v := range from {
			args[k] = v
		}
	}
	r := &approvals.Request{ID: fmt.Sprint("r-", w.n), Version: 1, State: approvals.Running,
		Action:    approvals.Action{Type: "create", Args: args, Danger: approvals.Safe},
		Requester: approvals.Person{Who: approvals.Who{UserID: "U1"}, Standing: approvals.Member},
		Origin:    approvals.Origin{ChannelID: "C1", Envelope: fmt.Sprint("e-", w.n)},
		Verdict:   approvals.Verdict{Outcome: outcome, Count: 1, Within: 30 * time.Minute},
		CreatedAt: w.clock(), StartedAt: w.clock()}
	for i, name := range names {
		r.Targets = append(r.Targets, approvals.Target{Ordinal: i, State: approvals.Queued,
			Droplet: approvals.Droplet{Name: name, Region: args["region"], Size: args["size"], DiskGB: 25}})
	}
	img, err := w.client.Image(w.t.Context(), args["image"])
	if err != nil {
		w.t.Fatal(err)
	}
	pinned := approvals.Image(img)
	r.Image = &pinned
	return w.stands(r)
}

var creating = simdo.Match{Method: http.MethodPost, Path: "/v2/droplets"}

// creates are the POSTs that reached DigitalOcean, accepted or not.
func (w *world) creates() int { return len(w.do.Requests(simdo.Matching(creating))) }

func (w *world) named(name string) (ids []int) {
	for _, d := range w.do.Droplets() {
		if d.Name == name {
			ids = append(ids, d.ID)
		}
	}
	return ids
}

func TestCreateToItsEnd(t *testing.T) {
	w := newWorld(t)
	r := w.carry(w.make(approvals.Confirm, nil, "new-1", "new-2"), nil)
	want(t, r, approvals.Completed, "")
	for _, tg := range r.Targets {
		ids := w.named(tg.Droplet.Name)
		if len(ids) != 1 || tg.Made != ids[0] || tg.Droplet.ID != 0 || tg.Action == nil || tg.Action.ID == 0 || tg.After == nil || tg.After.Status != "active" {
			t.Errorf("%v, %+v", ids, tg)
		}
		if !strings.Contains(tg.Result, fmt.Sprint("Its ID is ", tg.Made)) || !strings.Contains(tg.Result, tg.After.PublicIP) {
			t.Errorf("says %q", tg.Result)
		}
	}
	if w.creates() != 2 {
		t.Errorf("%d POSTs", w.creates())
	}
}

// Whatever becomes of the one POST, there is no second one.
func TestTheAnswerToACreateIsLost(t *testing.T) {
	for name, tt := range map[string]struct {
		fault simdo.Fault
		state approvals.State
		says  string
		made  int
	}{
		"accepted, then 500":     {simdo.Fault{After: true, Answer: simdo.ServerError(500)}, approvals.Completed, "", 1},
		"accepted, then dropped": {simdo.Fault{After: true, Drop: true}, approvals.Completed, "", 1},
		"an empty answer":        {simdo.Fault{After: true, Answer: simdo.EmptyObject()}, approvals.Completed, "", 1},
		"502 before":             {simdo.Fault{Answer: simdo.ServerError(502)}, approvals.Unknown, "may or may not", 0},
		"dropped before":         {simdo.Fault{Drop: true}, approvals.Unknown, "may or may not", 0},
		"refused":                {simdo.Fault{Answer: simdo.Refuse(422, "unprocessable_entity", "creating this/these droplet(s) will exceed your droplet limit")}, approvals.Failed, "ask DigitalOcean for a higher limit", 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			tt.fault.Match = creating
			w.do.Inject(tt.fault)
			r := w.carry(w.make(approvals.Allow, nil, "new-1"), nil)
			want(t, r, tt.state, tt.says)
			if ids := w.named("new-1"); w.creates() != 1 || len(ids) != tt.made || tt.made == 1 && r.Targets[0].Made != ids[0] {
				t.Errorf("%d POSTs, made %v, %+v", w.creates(), ids, r.Targets[0])
			}
		})
	}
}

// The process dies between the intent and the POST, or after it.
func TestAProcessDiesOverACreate(t *testing.T) {
	for name, made := range map[string]bool{"before the POST": false, "after it": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			old := w.do.AddDroplet("new-1", "", "", "") // it bore the name before
			id := w.make(approvals.Allow, nil, "new-1")
			if made {
				w.do.Inject(simdo.Fault{Match: creating, After: true, Drop: true})
				w.carry(id, func(r *approvals.Request) bool { return r.Targets[0].State == approvals.Dispatching })
				w.restart()
			} else {
				w.try(id, func(r *approvals.Request) (approvals.Change, error) {
					return r.Creating(0, w.runner.Instance, []int{old}, w.clock())
				})
				w.restart()
			}
			r := w.carry(id, nil)
			state, n := approvals.Unknown, 0
			if made {
				state, n = approvals.Completed, 1
			}
			want(t, r, state, "")
			if w.creates() != n || len(w.named("new-1")) != 1+n || r.Targets[0].Made == old {
				t.Errorf("%d POSTs, %v, made %d", w.creates(), w.named("new-1"), r.Targets[0].Made)
			}
		})
	}
}

// Two requests create the same name at once: each makes one, and each knows its own.
func TestTwoCreateTheSameName(t *testing.T) {
	for name, lost := range map[string]int{"all answers come": 0, "the first is lost": 1, "both are lost": 2} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if lost > 0 {
				w.do.Inject(simdo.Fault{Match: creating, After: true, Drop: true, Times: lost})
			}
			ids := []string{w.make(approvals.Allow, nil, "new-1"), w.make(approvals.Allow, nil, "new-1")}
			for range 200 {
				for _, id := range ids {
					w.once(id)
				}
				w.forward(time.Second)
			}
			var made []int
			for _, id := range ids {
				r := w.get(id)
				want(t, r, approvals.Completed, "")
				made = append(made, r.Targets[0].Made)
			}
			slices.Sort(made)
			if got := w.named("new-1"); w.creates() != 2 || !slices.Equal(got, made) {
				t.Errorf("%d POSTs made %v, known are %v", w.creates(), got, made)
			}
		})
	}
}

// Where two replicas were so fast that both intents are open, nothing is taken that
// may be the other's.
func TestWhatMayBeAnothersIsNotTaken(t *testing.T) {
	w := newWorld(t)
	one, two := w.make(approvals.Allow, nil, "new-1"), w.make(approvals.Allow, nil, "new-1")
	for _, id := range []string{one, two} {
		w.try(id, func(r *approvals.Request) (approvals.Change, error) { return r.Creating(0, "dead", nil, w.clock()) })
	}
	w.do.AddDroplet("new-1", "nyc3", "s-1vcpu-1gb", "debian-12-x64") // 30 days old: nobody's
	fresh := w.bornNow("new-1")
	want(t, w.carry(one, nil), approvals.Unknown, "")
	want(t, w.carry(two, nil), approvals.Unknown, "")
	// One whose rival asked for another kind takes what is of its own.
	three := w.make(approvals.Allow, nil, "new-2")
	four := w.make(approvals.Allow, api.Args{"size": "s-1vcpu-2gb"}, "new-2")
	for _, id := range []string{three, four} {
		w.try(id, func(r *approvals.Request) (approvals.Change, error) { return r.Creating(0, "dead", nil, w.clock()) })
	}
	kind := w.bornNow("new-2")
	r := w.carry(three, nil)
	want(t, r, approvals.Completed, "")
	if r.Targets[0].Made != kind {
		t.Errorf("it took %d for its own, want %d (not %d)", r.Targets[0].Made, kind, fresh)
	}
	want(t, w.carry(four, nil), approvals.Unknown, "")
}

// bornNow has someone else create a Droplet of the usual kind at this moment.
func (w *world) bornNow(name string) int {
	w.t.Helper()
	a, _ := api.Lookup("create")
	rec, err := w.client.Create(w.t.Context(), a, name, ofAKind, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return rec.ResourceID
}

// What was there before the intent, and what is of another kind, is not what was lost.
func TestALostCreateIsNotWhatWasThere(t *testing.T) {
	w := newWorld(t)
	id := w.make(approvals.Allow, nil, "new-1")
	had := w.bornNow("new-1")
	w.do.Inject(simdo.Fault{Match: creating, Drop: true})
	r := w.carry(id, nil)
	want(t, r, approvals.Unknown, "")
	if !slices.Equal(r.Targets[0].Bore, []int{had}) || r.Targets[0].Made != 0 {
		t.Errorf("%+v", r.Targets[0])
	}
}

// With --unless-present it is looked once more right before the intent.
func TestUnlessPresentIsLookedForOnceMore(t *testing.T) {
	w := newWorld(t)
	id := w.make(approvals.Confirm, api.Args{"unless-present": "true"}, "new-1", "new-2")
	had := w.do.AddDroplet("NEW-1", "fra1", "", "")
	r := w.carry(id, nil)
	want(t, r, approvals.Completed, "")
	if !strings.Contains(r.Targets[0].Result, fmt.Sprint("Droplet ", had, " in fra1")) || r.Targets[0].Made != 0 || w.creates() != 1 || r.Targets[1].Made == 0 {
		t.Errorf("%q, %d POSTs", r.Targets[0].Result, w.creates())
	}
	// Two that ask for the same at once make one.
	one, two := w.make(approvals.Allow, api.Args{"unless-present": "true"}, "new-3"), w.make(approvals.Allow, api.Args{"unless-present": "true"}, "new-3")
	for range 200 {
		w.once(one)
		w.once(two)
		w.forward(time.Second)
	}
	want(t, w.get(one), approvals.Completed, "")
	want(t, w.get(two), approvals.Completed, "")
	if len(w.named("new-3")) != 1 {
		t.Errorf("made %v", w.named("new-3"))
	}
}

// DigitalOcean names no action: the Droplet shows when it is there.
func TestACreateWithoutAnAction(t *testing.T) {
	w := newWorld(t)
	id := w.make(approvals.Allow, nil, "new-1")
	d := w.bornNow("new-1")
	w.try(id, func(r *approvals.Request) (approvals.Change, error) { return r.Creating(0, "dead", nil, w.clock()) })
	w.try(id, func(r *approvals.Request) (approvals.Change, error) {
		return r.Created(0, d, approvals.ActionRef{Status: "in-progress"}, false, w.clock())
	})
	r := w.carry(id, nil)
	want(t, r, approvals.Completed, "")
	if r.Targets[0].After == nil || r.Targets[0].After.Status != "active" {
		t.Errorf("%+v", r.Targets[0])
	}
}

// A database that was put back to an earlier state makes nothing twice.
func TestARestoredBackupCreatesNothingTwice(t *testing.T) {
	w := newWorld(t)
	id := w.make(approvals.Allow, nil, "new-1")
	w.bornNow("new-1")
	w.forward(10 * time.Minute)
	w.restart()
	want(t, w.carry(id, nil), approvals.Unknown, "restored backup")
	if w.creates() != 1 {
		t.Errorf("%d POSTs", w.creates())
	}
}

// What one Droplet of several fails at fails it alone; the slug that means another
// image by then begins a decision anew.
func TestCreateInBulk(t *testing.T) {
	w := newWorld(t)
	w.do.Inject(simdo.Fault{Match: creating, Nth: 2, Answer: simdo.Refuse(422, "unprocessable_entity", "Size is not available in this region.")})
	r := w.carry(w.make(approvals.Confirm, nil, "new-1", "new-2", "new-3"), nil)
	want(t, r, approvals.Failed, "is to be had there")
	done := 0
	for _, tg := range r.Targets {
		if tg.State == approvals.TargetDone {
			done++
		}
	}
	if done != 2 || w.creates() != 3 {
		t.Errorf("%d done, %d POSTs", done, w.creates())
	}
	id := w.make(approvals.Approve, nil, "new-4", "new-5")
	w.try(id, func(r *approvals.Request) (approvals.Change, error) {
		r.Image.ID = 7 // what the slug meant when it was asked for
		return approvals.Change{}, nil
	})
	r = w.carry(id, nil)
	if r.State != approvals.Pending || len(r.Targets) != 2 || r.Targets[0].Droplet.Name != "new-4" || r.Targets[1].Droplet.Name != "new-5" || r.Image.ID == 7 {
		t.Errorf("%s: %+v", r.State, r.Targets)
	}
}

// What another request is known to have made is not taken, however well it fits.
func TestWhatAnotherMadeIsNotTaken(t *testing.T) {
	w := newWorld(t)
	one, two := w.make(approvals.Allow, nil, "new-1"), w.make(approvals.Allow, nil, "new-1")
	for _, id := range []string{one, two} {
		w.try(id, func(r *approvals.Request) (approvals.Change, error) { return r.Creating(0, "dead", nil, w.clock()) })
	}
	theirs := w.bornNow("new-1")
	w.try(two, func(r *approvals.Request) (approvals.Change, error) {
		return r.Created(0, theirs, approvals.ActionRef{Status: "in-progress"}, false, w.clock())
	})
	w.once(one)
	w.once(one)
	if made := w.get(one).Targets[0].Made; made != 0 {
		t.Fatalf("it took %d, which is the other's", made)
	}
	ours := w.bornNow("new-1")
	r := w.carry(one, nil)
	want(t, r, approvals.Completed, "")
	if r.Targets[0].Made != ours {
		t.Errorf("it took %d, want %d", r.Targets[0].Made, ours)
	}
	want(t, w.carry(two, nil), approvals.Completed, "")
}

// A Droplet of the name that is older than the intent, or came long after it, is
// someone else's.
func TestALostCreateIsBornWhenItWasSent(t *testing.T) {
	for name, late := range map[string]bool{"older": false, "later": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			id := w.make(approvals.Allow, nil, "new-1")
			w.try(id, func(r *approvals.Request) (approvals.Change, error) { return r.Creating(0, "dead", nil, w.clock()) })
			if late {
				w.forward(30 * time.Minute)
				w.bornNow("new-1")
			} else {
				w.do.AddDroplet("new-1", "nyc3", "s-1vcpu-1gb", "debian-12-x64")
			}
			want(t, w.carry(id, nil), approvals.Unknown, "")
		})
	}
}

// What was decided on is a Droplet of a name that, as far as the card told, none bears:
// where one was made meanwhile, whoever decided is to know.
func TestANameThatIsTakenBetweenTheDecisionAndTheCreate(t *testing.T) {
	for outcome, state := range map[approvals.Outcome]approvals.State{approvals.Approve: approvals.Failed, approvals.Allow: approvals.Completed} {
		w := newWorld(t)
		id := w.make(outcome, nil, "new-1")
		w.forward(time.Minute)
		twin := w.bornNow("new-1")
		r := w.carry(id, nil)
		want(t, r, state, "")
		if ids := w.named("new-1"); state == approvals.Failed && (len(ids) != 1 || !strings.Contains(r.Targets[0].Problem, fmt.Sprint(twin, " in nyc3"))) || state == approvals.Completed && len(ids) != 2 {
			t.Errorf("%s: %v, %q", outcome, ids, r.Targets[0].Problem)
		}
	}
}
