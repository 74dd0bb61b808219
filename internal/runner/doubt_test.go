package runner_test

import (
	"strings"
	"testing"
	"time"

	"dropletops/approvals"
)

// A database that was put back to an earlier state holds as queued what has been
// carried out since. It is not sent again, and a person is asked.
func TestARestoredBackupSendsNothingTwice(t *testing.T) {
	for name, tt := range map[string]struct {
		// meanwhile is what was done since the request was made, as the database has it.
		meanwhile func(w *world, id string)
		restarted bool
		state     approvals.State
		posts     int
	}{
		"it was carried out":                 {func(w *world, _ string) { w.byHand("reboot") }, true, approvals.Unknown, 0},
		"something else was":                 {func(w *world, _ string) { w.byHand("shutdown") }, true, approvals.Completed, 1},
		"nothing was":                        {func(*world, string) {}, true, approvals.Completed, 1},
		"this very process made the request": {func(w *world, _ string) { w.byHand("reboot") }, false, approvals.Completed, 1},
		"it was another request's": {func(w *world, _ string) {
			w.carry(w.ask("reboot", nil, approvals.Allow, "web-1"), nil)
		}, true, approvals.Completed, 2},
		"it was put back, and carried out then": {func(w *world, id string) {
			w.try(id, func(r *approvals.Request) (approvals.Change, error) {
				return r.Dispatch(0, "before", r.Action.Type, 0, w.clock())
			})
			w.try(id, func(r *approvals.Request) (approvals.Change, error) {
				return r.PutBack(0, approvals.WaitRateLimit, approvals.Answer{}, w.clock())
			})
			w.byHand("reboot")
		}, true, approvals.Unknown, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			id := w.ask("reboot", nil, approvals.Allow, "web-1")
			w.forward(time.Second)
			tt.meanwhile(w, id)
			w.forward(10 * time.Minute)
			if tt.restarted {
				w.restart()
			}
			want(t, w.carry(id, nil), tt.state, "")
			if w.posts() != tt.posts {
				t.Errorf("%d POSTs, want %d", w.posts(), tt.posts)
			}
			if said := w.get(id).Targets[0].Problem; tt.state == approvals.Unknown && !strings.Contains(said, "then retry if it was not done") {
				t.Errorf("said %q", said)
			}
		})
	}
}

// What was done by hand before a command was typed says nothing about it, but for
// the skew of two clocks. What was done between an envelope and its request does.
func TestDoubtBeginsWhenItWasAsked(t *testing.T) {
	for name, tt := range map[string]struct {
		asked time.Duration // before the request was made
		state approvals.State
	}{
		"done before it was asked":            {0, approvals.Completed},
		"asked long before it was written in": {10 * time.Minute, approvals.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.byHand("reboot")
			w.forward(5 * time.Minute)
			if tt.asked == 0 {
				id := w.ask("reboot", nil, approvals.Allow, "web-1")
				w.forward(time.Second)
				w.restart()
				want(t, w.carry(id, nil), tt.state, "")
				return
			}
			w.restart() // the envelope was found unhandled by this process
			id := w.ask("reboot", nil, approvals.Allow, "web-1")
			w.try(id, func(r *approvals.Request) (approvals.Change, error) {
				r.Origin.AskedAt = w.clock().Add(-tt.asked)
				return approvals.Change{}, nil
			})
			want(t, w.carry(id, nil), tt.state, "")
		})
	}
}

// A composite verb that a backup holds between its two actions: the second was sent
// since, and the Droplet has been switched on again.
func TestARestoredBackupBetweenTwoActions(t *testing.T) {
	w := newWorld(t)
	if err := w.do.IgnoreACPI(w.do.DropletNamed("web-1").ID, true); err != nil {
		t.Fatal(err)
	}
	id := w.ask("stop", map[string]string{"timeout": "60s"}, approvals.Allow, "web-1")
	w.carry(id, func(r *approvals.Request) bool { return r.Targets[0].State == approvals.Following })
	w.try(id, func(r *approvals.Request) (approvals.Change, error) {
		return r.Next(0, approvals.Onward{To: 1, Sends: "power_off", Why: "it is still on"}, w.clock())
	})
	if err := w.do.FinishAction(w.get(id).Targets[0].Past[0].ID, "completed"); err != nil {
		t.Fatal(err)
	}
	w.byHand("power_off")
	w.forward(10 * time.Second)
	w.byHand("power_on")
	w.forward(10 * time.Minute)
	w.restart()
	want(t, w.carry(id, nil), approvals.Unknown, "power_off")
	if w.posts() != 1 {
		t.Errorf("%d POSTs", w.posts())
	}
}
