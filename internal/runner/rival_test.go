package runner_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/store"
)

// try changes a request as another process does.
func (w *world) try(id string, f func(*approvals.Request) (approvals.Change, error)) {
	w.t.Helper()
	if _, err := w.store.Update(w.t.Context(), id, f); err != nil {
		w.t.Fatal(err)
	}
}

// lose commits an intent whose answer is lost.
func (w *world) lose(id string) {
	w.t.Helper()
	baseline := 0
	h, err := w.client.History(w.t.Context(), w.do.DropletNamed("web-1").ID)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, a := range h {
		baseline = max(baseline, a.ID)
	}
	w.try(id, func(r *approvals.Request) (approvals.Change, error) {
		return r.Dispatch(0, "another", r.Action.Type, baseline, w.clock())
	})
	w.try(id, func(r *approvals.Request) (approvals.Change, error) {
		return r.Lost(0, "cut", approvals.Answer{}, w.clock())
	})
}

// newest is the newest action on web-1.
func (w *world) newest() int {
	w.t.Helper()
	h, err := w.client.History(w.t.Context(), w.do.DropletNamed("web-1").ID)
	if err != nil || len(h) == 0 {
		w.t.Fatal(h, err)
	}
	return h[0].ID
}

// Of two lost answers to the same action on a Droplet, neither search takes the
// other's action, in whichever order they look.
func TestTwoLostAnswersAreNotSwapped(t *testing.T) {
	for _, first := range []int{0, 1} {
		for name, tt := range map[string]struct {
			do   func(w *world, ids []string) []int // answers the actions that are theirs, 0 for none
			ends []approvals.State
		}{
			"both were accepted, one after the other": {func(w *world, ids []string) []int {
				w.lose(ids[0])
				w.byHand("reboot")
				a := w.newest()
				w.forward(5 * time.Second)
				w.lose(ids[1])
				w.byHand("reboot")
				return []int{a, w.newest()}
			}, []approvals.State{approvals.Completed, approvals.Completed}},
			"both were accepted, and both intents were there before": {func(w *world, ids []string) []int {
				w.lose(ids[0])
				w.forward(time.Second)
				w.lose(ids[1])
				w.byHand("reboot")
				a := w.newest()
				w.forward(5 * time.Second)
				w.byHand("reboot")
				return []int{a, w.newest()}
			}, []approvals.State{approvals.Completed, approvals.Completed}},
			"one was, and it can't be told which": {func(w *world, ids []string) []int {
				w.lose(ids[0])
				w.forward(time.Second)
				w.lose(ids[1])
				w.byHand("reboot")
				return []int{0, 0}
			}, []approvals.State{approvals.Unknown, approvals.Unknown}},
			"the second was, long after the first": {func(w *world, ids []string) []int {
				w.lose(ids[0])
				w.forward(50 * time.Second)
				w.lose(ids[1])
				w.byHand("reboot")
				return []int{0, w.newest()}
			}, []approvals.State{approvals.Unknown, approvals.Completed}},
		} {
			t.Run(name, func(t *testing.T) {
				w := newWorld(t)
				ids := []string{w.ask("reboot", nil, approvals.Allow, "web-1"), w.ask("reboot", nil, approvals.Allow, "web-1")}
				actions := tt.do(w, ids)
				w.carry(ids[first], nil)
				w.carry(ids[1-first], nil)
				for i, id := range ids {
					got := 0
					r := w.get(id)
					if a := r.Targets[0].Action; a != nil {
						got = a.ID
					}
					if got != actions[i] || r.State != tt.ends[i] {
						t.Errorf("request %d, looked for as number %d: action %d and %s, want %d and %s", i, i^first, got, r.State, actions[i], tt.ends[i])
					}
				}
				if w.posts() != 0 {
					t.Errorf("%d POSTs", w.posts())
				}
			})
		}
	}
}

// While the answer to one request's POST is looked for, another for the same
// Droplet waits in line, visibly.
func TestALostAnswerHoldsTheNextBack(t *testing.T) {
	w := newWorld(t)
	first, second := w.ask("reboot", nil, approvals.Allow, "web-1"), w.ask("reboot", nil, approvals.Allow, "web-1")
	w.lose(first)
	w.do.ForgetRequests()
	w.once(second)
	if got := w.get(second).Targets[0]; got.State != approvals.Queued || got.Wait != approvals.WaitPendingEvent || w.notes(second) != "waiting" {
		t.Errorf("%s, waits for %q; notes %q", got.State, got.Wait, w.notes(second))
	}
	if w.posts() != 0 {
		t.Errorf("%d POSTs", w.posts())
	}
	want(t, w.carry(first, nil), approvals.Unknown, "lost")
	want(t, w.carry(second, nil), approvals.Completed, "")
	if w.posts() != 1 {
		t.Errorf("%d POSTs", w.posts())
	}
}

// A pass that was frozen after it looked at one intent wakes up when that one was
// refused and another is under way: it touches neither.
func TestAFrozenPassTellsTwoIntentsApart(t *testing.T) {
	w := newWorld(t)
	id := w.ask("reboot", nil, approvals.Allow, "web-1")
	w.try(id, func(r *approvals.Request) (approvals.Change, error) {
		return r.Dispatch(0, "another", r.Action.Type, 0, w.clock())
	})
	w.try(id, func(r *approvals.Request) (approvals.Change, error) {
		return r.Lost(0, "cut", approvals.Answer{}, w.clock())
	})
	w.forward(2 * time.Minute)
	var once sync.Once
	b := &behind{Client: w.client, history: func() {
		once.Do(func() {
			w.try(id, func(r *approvals.Request) (approvals.Change, error) {
				return r.PutBack(0, approvals.WaitRateLimit, approvals.Answer{}, w.clock())
			})
			w.try(id, func(r *approvals.Request) (approvals.Change, error) {
				return r.Dispatch(0, "another", r.Action.Type, 0, w.clock())
			})
		})
	}}
	w.runner.Droplets, w.runner.Actions = b, b
	w.once(id)
	if got := w.get(id).Targets[0]; got.State != approvals.Dispatching || !got.LostAt.IsZero() {
		t.Errorf("the frozen pass made %s of the newer intent (lost at %s)", got.State, got.LostAt)
	}
}

// An answer that comes after its target ended as unknown changes no state, and is
// written down and told.
func TestALateAnswerIsRecorded(t *testing.T) {
	w := newWorld(t)
	id := w.ask("reboot", nil, approvals.Allow, "web-1")
	b := &behind{Client: w.client, send: func() {
		w.try(id, func(r *approvals.Request) (approvals.Change, error) {
			return r.Lost(0, "another took it for lost", approvals.Answer{}, w.clock())
		})
		w.try(id, func(r *approvals.Request) (approvals.Change, error) {
			return r.End(0, approvals.Ending{State: approvals.TargetUnknown, Problem: "not found"}, w.clock())
		})
	}}
	w.runner.Droplets, w.runner.Actions = b, b
	w.once(id)
	r := w.get(id)
	a := w.newest()
	if r.State != approvals.Unknown || r.Targets[0].State != approvals.TargetUnknown || r.Targets[0].Action == nil || r.Targets[0].Action.ID != a {
		t.Errorf("%s, %+v, want action %d", r.State, r.Targets[0], a)
	}
	if got := w.notes(id); got != "lost ended late" {
		t.Errorf("notes: %s", got)
	}
	if taken, err := w.store.ActionTaken(t.Context(), a, r.Targets[0].Droplet.ID, "r-other"); err != nil || !taken {
		t.Errorf("another's search could take the action: %v", err)
	}
	var said []string
	if err := w.store.Audit(t.Context(), func(l store.AuditLine) error { said = append(said, l.Line.What); return nil }); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.Join(said, " "), "accepted late") {
		t.Errorf("the audit log: %v", said)
	}
}

// Between the actions of a resize that switches a Droplet off and on again nothing else
// is sent to it: a power-on in between would have the resize fail, and a second resize
// would switch off what the first has just switched on.
func TestNothingComesBetweenTheActionsOfAResize(t *testing.T) {
	for typ, then := range map[string]struct {
		args    api.Args
		sent    string
		state   approvals.State
		problem string
	}{
		"power_on": {nil, "shutdown resize power_on", approvals.Failed, "web-1 is on already."},
		"resize":   {api.Args{"size": "s-8vcpu-16gb"}, "shutdown resize power_on shutdown resize power_on", approvals.Completed, ""},
	} {
		t.Run(typ, func(t *testing.T) {
			w := newWorld(t)
			first, second := w.ask("resize", larger, approvals.Allow, "web-1"), w.ask(typ, then.args, approvals.Allow, "web-1")
			w.carry(first, func(r *approvals.Request) bool { return r.Targets[0].Step > 0 })
			w.once(second)
			if got := w.get(second).Targets[0]; got.State != approvals.Queued || got.Wait != approvals.WaitPendingEvent || w.posts() != 1 {
				t.Errorf("%s, waits for %q; %d POSTs", got.State, got.Wait, w.posts())
			}
			want(t, w.carry(first, nil), approvals.Completed, "")
			want(t, w.carry(second, nil), then.state, then.problem)
			if got := w.sent(); got != then.sent {
				t.Errorf("sent %s, want %s", got, then.sent)
			}
		})
	}
}

// Whoever has begun waits for nobody: of two that have, as two replicas may bring about,
// both come to an end.
func TestTwoThatHaveBegunDoNotWaitForEachOther(t *testing.T) {
	w := newWorld(t)
	first, second := w.ask("resize", larger, approvals.Allow, "web-1"), w.ask("resize", larger, approvals.Allow, "web-1")
	w.carry(first, func(r *approvals.Request) bool { return r.Targets[0].Step > 0 })
	w.try(second, func(r *approvals.Request) (approvals.Change, error) {
		return r.Dispatch(0, "another", "shutdown", 0, w.clock())
	})
	w.try(second, func(r *approvals.Request) (approvals.Change, error) {
		return r.Lost(0, "cut", approvals.Answer{}, w.clock())
	})
	for range 500 { // both in turn
		a, b := w.get(first), w.get(second)
		if !a.State.Open() && !b.State.Open() {
			return
		}
		for _, r := range []*approvals.Request{a, b} {
			if r.State.Open() {
				w.once(r.ID)
			}
		}
		w.forward(time.Second)
	}
	t.Errorf("%s and %s", w.get(first).State, w.get(second).State)
}

// Those that wait in line are served in the order in which they were allowed to run,
// whoever looks first: a power-off and a power-on end differently the other way round.
func TestTheLineIsALine(t *testing.T) {
	w := newWorld(t)
	other, err := w.do.StartAction(w.do.DropletNamed("web-1").ID, "reboot")
	if err != nil {
		t.Fatal(err)
	}
	first := w.ask("power_off", nil, approvals.Allow, "web-1")
	w.once(first)
	if got := w.get(first).Targets[0].Wait; got != approvals.WaitPendingEvent {
		t.Fatalf("the first waits for %q", got)
	}
	w.forward(time.Second)
	second := w.ask("power_on", nil, approvals.Allow, "web-1")
	if err := w.do.FinishAction(other.ID, "completed"); err != nil { // and nobody has looked since
		t.Fatal(err)
	}
	before := w.posts()
	w.once(second)
	if got := w.get(second).Targets[0]; got.State != approvals.Queued || got.Wait != approvals.WaitPendingEvent || w.posts() != before {
		t.Errorf("%s, waits for %q; %d POSTs", got.State, got.Wait, w.posts()-before)
	}
	want(t, w.carry(first, nil), approvals.Completed, "")
	if tg := w.get(first).Targets[0]; !tg.BeganAt.Equal(tg.DispatchedAt) {
		t.Errorf("the time in line counts as its own: began at %s, sent at %s", tg.BeganAt, tg.DispatchedAt)
	}
	want(t, w.carry(second, nil), approvals.Completed, "")
	if got := w.sent(); got != "power_off power_on" {
		t.Errorf("sent %s", got)
	}
}
