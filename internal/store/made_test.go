package store_test

import (
	"testing"

	"dropletops/approvals"
)

// A create is an intent by its name until it is known what it made, and several of
// them have no Droplet and no action of their own meanwhile.
func TestWhatACreateMade(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		for _, id := range []string{"r-1", "r-2"} {
			r := request(id, "e-"+id, b.clock.now())
			r.Action = approvals.Action{Type: "create"}
			for i := range r.Targets {
				r.Targets[i].Droplet = approvals.Droplet{Name: "new-1", Size: "s-1", Region: "nyc3"}
			}
			if err := b.Create(ctx, r, approvals.Change{}); err != nil {
				t.Fatal(err)
			}
			if err := b.Published(ctx, id, approvals.MessageRef{ChannelID: "C1", TS: id}, 1); err != nil {
				t.Fatal(err)
			}
			if _, err := b.Update(ctx, id, func(q *approvals.Request) (approvals.Change, error) {
				q.State = approvals.Running
				return q.Creating(0, "p", []int{5}, b.clock.now())
			}); err != nil {
				t.Fatal(err)
			}
		}
		intents, err := b.Intents(ctx, 0, "r-1")
		if err != nil || len(intents) != 1 || intents[0].RequestID != "r-2" || !intents[0].Open || intents[0].Droplet.Name != "new-1" || len(intents[0].Bore) != 1 {
			t.Errorf("%+v, %v", intents, err)
		}
		// DigitalOcean named the action of neither: two without one stand side by side.
		for i, id := range []string{"r-1", "r-2"} {
			if _, err := b.Update(ctx, id, func(q *approvals.Request) (approvals.Change, error) {
				return q.Created(0, 700+i, approvals.ActionRef{Status: "in-progress"}, false, b.clock.now())
			}); err != nil {
				t.Fatal(err)
			}
		}
		for droplet, want := range map[int]bool{700: true, 701: true, 5: false, 0: false} {
			if got, err := b.DropletMade(ctx, droplet); err != nil || got != want {
				t.Errorf("Droplet %d made: %v, %v", droplet, got, err)
			}
		}
		if intents, err := b.Intents(ctx, 0, "r-1"); err != nil || len(intents) != 0 {
			t.Errorf("still open: %+v, %v", intents, err)
		}
	})
}

// What has begun on a Droplet, or waits in line for it, is told to the others until it is
// over there, and what is not tried yet is not.
func TestWhatHasBegunOnADroplet(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		change := func(id string, f func(*approvals.Request) (approvals.Change, error)) {
			t.Helper()
			if _, err := b.Update(ctx, id, f); err != nil {
				t.Fatal(err)
			}
		}
		var droplet int
		typ := ""
		for _, id := range []string{"r-1", "r-2"} {
			r := request(id, "e-"+id, b.clock.now())
			r.Targets, r.State = r.Targets[:1], approvals.Running
			droplet, typ = r.Targets[0].Droplet.ID, r.Action.Type
			if err := b.Create(ctx, r, approvals.Change{}); err != nil {
				t.Fatal(err)
			}
			if err := b.Published(ctx, id, approvals.MessageRef{ChannelID: "C1", TS: id}, 1); err != nil {
				t.Fatal(err)
			}
		}
		begun := func() (ids string) {
			t.Helper()
			all, err := b.Others(ctx, droplet, "r-2")
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range all {
				ids += r.ID + " " + r.Action.Type + " " + string(r.Targets[0].State)
			}
			return ids
		}
		if got := begun(); got != "" {
			t.Errorf("what is not tried yet is told: %s", got)
		}
		change("r-1", func(q *approvals.Request) (approvals.Change, error) {
			return q.PutBack(0, approvals.WaitPendingEvent, approvals.Answer{}, b.clock.now())
		})
		if got, want := begun(), "r-1 "+typ+" queued"; got != want {
			t.Errorf("in line %q, want %q", got, want)
		}
		change("r-1", func(q *approvals.Request) (approvals.Change, error) {
			return q.Dispatch(0, "p", "shutdown", 0, b.clock.now())
		})
		if got, want := begun(), "r-1 "+typ+" dispatching"; got != want {
			t.Errorf("%q, want %q", got, want)
		}
		change("r-1", func(q *approvals.Request) (approvals.Change, error) {
			return q.Accepted(0, approvals.ActionRef{ID: 7, Status: "in-progress"}, false, b.clock.now())
		})
		change("r-1", func(q *approvals.Request) (approvals.Change, error) {
			return q.Next(0, approvals.Onward{To: 1, Sends: "resize"}, b.clock.now())
		})
		if got, want := begun(), "r-1 "+typ+" queued"; got != want {
			t.Errorf("between two steps %q, want %q", got, want)
		}
		change("r-1", func(q *approvals.Request) (approvals.Change, error) {
			return q.End(0, approvals.Ending{State: approvals.TargetErrored}, b.clock.now())
		})
		if got := begun(); got != "" {
			t.Errorf("what is over has begun: %s", got)
		}
	})
}
