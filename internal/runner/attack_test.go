package runner_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"dropletops/api"
	"dropletops/approvals"
	simdo "dropletops/internal/sim/digitalocean"
)

// dying commits an intent as a process does that dies right after it.
func (w *world) dying(id string) {
	w.t.Helper()
	if _, err := w.store.Update(w.t.Context(), id, func(r *approvals.Request) (approvals.Change, error) {
		return r.Dispatch(0, w.runner.Instance, r.Action.Type, 0, w.clock())
	}); err != nil {
		w.t.Fatal(err)
	}
	w.restart()
}

// by has someone else start and end an action on web-1.
func (w *world) byHand(kind string) {
	w.t.Helper()
	a, err := w.do.StartAction(w.do.DropletNamed("web-1").ID, kind)
	if err == nil {
		err = w.do.FinishAction(a.ID, "completed")
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// An action that is completed when it is found, and that the Droplet never
// shows, is waited for as long as any other, and not for ever.
func TestFoundCompletedButNeverShown(t *testing.T) {
	w := newWorld(t)
	if err := w.do.IgnoreACPI(w.do.DropletNamed("web-1").ID, true); err != nil {
		t.Fatal(err)
	}
	id := w.ask("shutdown", nil, approvals.Allow, "web-1")
	w.dying(id)
	w.byHand("shutdown")
	want(t, w.carry(id, nil), approvals.Unknown, "does not show it")
}

// What someone did by hand while the bot was away is not the action that was
// lost: no POST of ours can have been taken that late.
func TestLostIsNotWhatWasDoneByHandLater(t *testing.T) {
	w := newWorld(t)
	id := w.ask("reboot", nil, approvals.Allow, "web-1")
	w.dying(id)
	w.forward(30 * time.Minute)
	w.byHand("reboot")
	w.forward(10 * time.Second)
	want(t, w.carry(id, nil), approvals.Unknown, "lost")
}

// behind is a DigitalOcean behind whose look-ups something happens.
type behind struct {
	*api.Client
	history func()
	droplet func(ctx context.Context, id int) error
	send    func()
	look    func() error
}

func (b *behind) History(ctx context.Context, id int) ([]api.Record, error) {
	if b.history != nil {
		b.history()
	}
	return b.Client.History(ctx, id)
}

func (b *behind) Droplet(ctx context.Context, id int) (api.Droplet, error) {
	if b.droplet != nil {
		if err := b.droplet(ctx, id); err != nil {
			return api.Droplet{}, err
		}
	}
	return b.Client.Droplet(ctx, id)
}

func (b *behind) Send(ctx context.Context, a *api.Action, id int, args api.Args, img *api.Image) (api.Record, error) {
	if b.send != nil {
		b.send()
	}
	return b.Client.Send(ctx, a, id, args, img)
}

func (b *behind) Look(ctx context.Context, id int) (api.Record, error) {
	if b.look != nil {
		if err := b.look(); err != nil {
			return api.Record{}, err
		}
	}
	return b.Client.Look(ctx, id)
}

// A replica that was frozen in the middle of a pass wakes up when another has
// found a drift and a person has approved what is there now. What the frozen one
// has in its hands was never approved in that form: it must not be sent.
func TestAFrozenPassSendsNothingOfAnEarlierRound(t *testing.T) {
	w := newWorld(t)
	id := w.ask("rebuild", api.Args{"image": "debian-12-x64"}, approvals.Approve, "web-1", "web-2")
	var once sync.Once
	b := &behind{Client: w.client, history: func() {
		once.Do(func() {
			if _, err := w.store.Update(t.Context(), id, func(r *approvals.Request) (approvals.Change, error) {
				d := r.Targets[1].Droplet
				return r.Drifted(nil, map[int]approvals.Droplet{d.ID: d}, nil, w.clock())
			}); err != nil {
				t.Error(err)
			}
			if _, err := w.store.Update(t.Context(), id, func(r *approvals.Request) (approvals.Change, error) {
				return r.Decide(approvals.ToApprove, approvals.Person{Who: approvals.Who{UserID: "U2"}, Standing: approvals.Member}, w.clock())
			}); err != nil {
				t.Error(err)
			}
		})
	}}
	w.runner.Droplets, w.runner.Actions = b, b
	w.once(id)
	for _, p := range w.do.Posts() {
		t.Errorf("a POST went to Droplet %d in the stale pass", p.DropletID)
	}
	if r := w.get(id); r.Sent() {
		t.Errorf("%+v", r.Targets)
	}
	want(t, w.carry(id, nil), approvals.Completed, "")
	if got := w.do.Posts(w.do.DropletNamed("web-1").ID); len(got) != 0 {
		t.Errorf("web-1 was left out of what was approved, and got %d POSTs", len(got))
	}
}

// A replica that was frozen between its look at the first action of a stop and what
// it makes of it wakes up when another has gone on to the second.
func TestAFrozenPassLeavesTheNextActionAlone(t *testing.T) {
	w := newWorld(t)
	id := w.ask("stop", api.Args{"timeout": "60s"}, approvals.Allow, "web-1")
	w.carry(id, func(r *approvals.Request) bool { return r.Targets[0].State == approvals.Following })
	w.forward(time.Minute)
	const second = 77
	another := func(f func(r *approvals.Request) (approvals.Change, error)) {
		if _, err := w.store.Update(t.Context(), id, f); err != nil {
			t.Error(err)
		}
	}
	var once sync.Once
	b := &behind{Client: w.client, look: func() error {
		once.Do(func() {
			another(func(r *approvals.Request) (approvals.Change, error) {
				return r.Next(0, approvals.Onward{To: 1, Sends: "power_off", Why: "it is still on"}, w.clock())
			})
			another(func(r *approvals.Request) (approvals.Change, error) {
				return r.Dispatch(0, "another", r.Action.Type, 0, w.clock())
			})
			another(func(r *approvals.Request) (approvals.Change, error) {
				return r.Accepted(0, approvals.ActionRef{ID: second, Status: "in-progress"}, false, w.clock())
			})
		})
		return nil
	}}
	w.runner.Droplets, w.runner.Actions = b, b
	w.once(id)
	if got := w.get(id).Targets[0]; got.State != approvals.Following || got.Action.ID != second || got.Step != 1 {
		t.Errorf("the frozen pass made of the next action: %s, %+v, step %d", got.State, got.Action, got.Step)
	}
}

// A panic over one Droplet must not take the process, and every other request,
// down with it, at each start again.
func TestAPanicIsAnError(t *testing.T) {
	w := newWorld(t)
	id := w.ask("reboot", nil, approvals.Allow, "web-1")
	b := &behind{Client: w.client, send: func() { panic("a fault of ours") }}
	w.runner.Droplets, w.runner.Actions = b, b
	seq, err := w.store.CurrentWake(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.runner.Advance(t.Context(), id, seq); err == nil {
		t.Fatal("a panic passed for nothing")
	}
	b.send = nil
	want(t, w.carry(id, nil), approvals.Unknown, "lost")
	if w.posts() != 0 {
		t.Errorf("%d POSTs", w.posts())
	}
}

// People are told that it takes long also when DigitalOcean can't be asked
// whether it does.
func TestSlowIsSaidWhileNothingCanBeSeen(t *testing.T) {
	w := newWorld(t)
	id := w.ask("reboot", nil, approvals.Allow, "web-1")
	b := &behind{Client: w.client, look: func() error { return &api.Error{Kind: api.Unavailable, What: "look"} }}
	w.runner.Droplets, w.runner.Actions = b, b
	for range 200 {
		w.forward(max(w.once(id), time.Second))
	}
	if got := w.notes(id); got != "started slow" {
		t.Errorf("notes: %s", got)
	}
}

// Each try costs three requests of the budget that everyone shares: whoever
// waits long asks more rarely.
func TestWaitingInLineLeavesTheBudgetToOthers(t *testing.T) {
	w := newWorld(t)
	w.do.Inject(simdo.Fault{Match: simdo.Match{Action: "snapshot"}, Outcome: simdo.NeverEnds})
	if _, err := w.do.StartAction(w.do.DropletNamed("web-1").ID, "snapshot"); err != nil {
		t.Fatal(err)
	}
	w.do.HoldActions()
	id := w.ask("reboot", nil, approvals.Allow, "web-1")
	w.do.ForgetRequests()
	for start := w.clock(); w.clock().Sub(start) < 20*time.Minute; {
		w.forward(max(w.once(id), time.Second))
	}
	if n := len(w.do.Requests()); n > 3*60 {
		t.Errorf("%d requests in 20 minutes of waiting for one Droplet", n)
	}
}

// A recheck of more Droplets than one pass has requests for goes on where it
// was, or it would never come to an end.
func TestRecheckGoesOnWhereItWas(t *testing.T) {
	w := newWorld(t)
	var names []string
	for _, id := range w.do.AddDroplets(12, "bulk") {
		d, _ := w.do.Droplet(id)
		names = append(names, d.Name)
	}
	id := w.ask("reboot", nil, approvals.Confirm, names...)
	var mu sync.Mutex
	left := 0
	b := &behind{Client: w.client, droplet: func(context.Context, int) error {
		mu.Lock()
		defer mu.Unlock()
		if left--; left < 0 {
			return &api.Error{Kind: api.RateLimited, RetryAfter: time.Second, What: "look at a Droplet"}
		}
		return nil
	}}
	w.runner.Droplets = b
	for range 200 {
		mu.Lock()
		left = 5
		mu.Unlock()
		w.forward(max(w.once(id), time.Second))
	}
	want(t, w.get(id), approvals.Completed, "")
	if w.posts() != len(names) {
		t.Errorf("%d POSTs", w.posts())
	}
}

// A Droplet of several that goes between the recheck and its turn leaves the
// rest to a fresh decision, as long as nothing was sent.
func TestGoneBetweenRecheckAndTurn(t *testing.T) {
	w := newWorld(t)
	id := w.ask("reboot", nil, approvals.Confirm, "web-1", "web-2")
	gone := w.do.DropletNamed("web-1").ID
	var once sync.Once
	b := &behind{Client: w.client, history: func() { once.Do(func() { t.Error("it came as far as sending") }) }}
	looks := map[int]int{}
	concluded := w.clock().Add(20 * time.Second) // the 404 has persisted by then
	var mu sync.Mutex
	b.droplet = func(_ context.Context, id int) error {
		mu.Lock()
		defer mu.Unlock()
		switch looks[id]++; {
		case looks[id] == 1, w.clock().After(concluded): // the first is the recheck's
			return nil
		case id == gone && looks[id] == 2:
			return errors.Join(w.do.Destroy(gone), &api.Error{Kind: api.NotFound, What: "look at a Droplet"})
		case id == gone:
			return nil
		}
		return &api.Error{Kind: api.Unavailable, What: "look at a Droplet"} // or it would be sent first
	}
	w.runner.Droplets = b
	w.once(id)
	b.history = nil
	r := w.carry(id, at(approvals.Pending))
	if r.State != approvals.Pending || len(r.Targets) != 1 || w.posts() != 0 {
		t.Errorf("%s, %d Droplets, %d posts", r.State, len(r.Targets), w.posts())
	}
}

// Someone who was told that an answer was lost types the command again. The
// action that this one's POST has just made is not taken for the lost one.
func TestLostIsNotAnothersUnderWay(t *testing.T) {
	w := newWorld(t)
	first := w.ask("reboot", nil, approvals.Allow, "web-1")
	w.do.Inject(simdo.Fault{Match: simdo.Match{Method: "POST", Action: "reboot"}, Drop: true})
	w.once(first)
	second := w.ask("reboot", nil, approvals.Allow, "web-1")
	if _, err := w.store.Update(t.Context(), second, func(r *approvals.Request) (approvals.Change, error) {
		return r.Dispatch(0, "process-1", r.Action.Type, 0, w.clock())
	}); err != nil {
		t.Fatal(err)
	}
	a, err := w.do.StartAction(w.do.DropletNamed("web-1").ID, "reboot") // its answer is on its way
	if err != nil {
		t.Fatal(err)
	}
	w.forward(w.once(first))
	w.once(first)
	if got := w.get(first).Targets[0]; got.Action != nil {
		t.Fatalf("the first took the second's action %d", got.Action.ID)
	}
	if _, err := w.store.Update(t.Context(), second, func(r *approvals.Request) (approvals.Change, error) {
		return r.Accepted(0, approvals.ActionRef{ID: a.ID, Status: "in-progress"}, false, w.clock())
	}); err != nil {
		t.Fatal(err)
	}
	if err := w.do.FinishAction(a.ID, "completed"); err != nil {
		t.Fatal(err)
	}
	want(t, w.carry(second, nil), approvals.Completed, "")
	want(t, w.carry(first, nil), approvals.Unknown, "lost")
}
