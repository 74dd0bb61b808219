package runner_test

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/runner"
	simdo "dropletops/internal/sim/digitalocean"
)

// slow is a store of one request, whose commit of an intent takes as long as a
// process was frozen in it, or its machine was suspended: then only the wall clock
// shows it.
type slow struct {
	r         *approvals.Request
	frozen    time.Duration
	suspended time.Duration
	slept     time.Duration
}

func (s *slow) clock() time.Time { return time.Now().Add(s.slept) }

func (s *slow) Request(context.Context, string) (*approvals.Request, error) {
	r := *s.r
	r.Targets = append([]approvals.Target(nil), s.r.Targets...)
	return &r, nil
}

func (s *slow) Update(_ context.Context, _ string, f func(*approvals.Request) (approvals.Change, error)) (*approvals.Request, error) {
	_, err := f(s.r)
	if s.r.Targets[0].State == approvals.Dispatching {
		time.Sleep(s.frozen) // by the bubble's clock
		s.slept = s.suspended
	}
	return s.r, err
}

func (s *slow) CurrentWake(context.Context, string) (int64, error)          { return 1, nil }
func (s *slow) ActionTaken(context.Context, int, int, string) (bool, error) { return false, nil }
func (s *slow) Intents(context.Context, int, string) ([]approvals.Intent, error) {
	return nil, nil
}

func (s *slow) Others(context.Context, int, string) ([]*approvals.Request, error) { return nil, nil }
func (s *slow) DropletMade(context.Context, int) (bool, error)                    { return false, nil }
func (s *slow) RecentDroplets(context.Context, time.Time) ([]approvals.RecentDroplet, error) {
	return nil, nil
}
func (s *slow) Exclusive() bool { return false }

// calm is a DigitalOcean that counts what is sent to it.
type calm struct{ sent int }

func (c *calm) Droplet(_ context.Context, id int) (api.Droplet, error) {
	return api.Droplet{ID: id, Name: "web-1", Status: "active"}, nil
}
func (c *calm) Image(context.Context, string) (api.Image, error)    { return api.Image{}, nil }
func (c *calm) History(context.Context, int) ([]api.Record, error)  { return nil, nil }
func (c *calm) Backups(context.Context, int) ([]api.Image, error)   { return nil, nil }
func (c *calm) Snapshots(context.Context, int) ([]api.Image, error) { return nil, nil }
func (c *calm) Look(context.Context, int) (api.Record, error)       { return api.Record{}, nil }
func (c *calm) PreCheck(context.Context, *api.Action, api.Droplet, api.Args, *api.Image) (string, error) {
	return "", nil
}
func (c *calm) Send(context.Context, *api.Action, int, api.Args, *api.Image) (api.Record, error) {
	c.sent++
	return api.Record{ID: 7, Status: "in-progress", Type: "reboot"}, nil
}
func (*calm) Made(context.Context, *api.Action, api.Droplet, api.Droplet, api.Args, api.Record) (string, error) {
	return "", nil
}

// A replica that was frozen between the intent and the POST does not send when it
// wakes up: by then others may have given it up. What it did not send may be sent
// later.
func TestAFrozenIntentIsNotSent(t *testing.T) {
	for name, tt := range map[string]struct {
		frozen    time.Duration
		suspended time.Duration
		sent      int
		state     approvals.TargetState
	}{
		"awake":     {0, 0, 1, approvals.Following},
		"frozen":    {6 * time.Second, 0, 0, approvals.Queued},
		"suspended": {0, 6 * time.Second, 0, approvals.Queued},
		"set back":  {0, -time.Hour, 1, approvals.Following},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &slow{frozen: tt.frozen, suspended: tt.suspended, r: &approvals.Request{
					ID: "r-1", State: approvals.Running, StartedAt: time.Now(), Action: approvals.Action{Type: "reboot"},
					Verdict: approvals.Verdict{Outcome: approvals.Allow}, Card: approvals.MessageRef{ChannelID: "C1", TS: "1.1"},
					Targets: []approvals.Target{{Droplet: approvals.Droplet{ID: 5, Name: "web-1", Status: "active"}, State: approvals.Queued}},
				}}
				do := &calm{}
				r := &runner.Runner{Requests: s, Intents: s, Droplets: do, Actions: do, Deciders: deciders(nil, time.Now), Instance: "p", Absences: &api.Absences{}, Now: s.clock, Log: slog.New(slog.DiscardHandler)}
				if _, err := r.Advance(t.Context(), "r-1", 1); err != nil {
					t.Fatal(err)
				}
				if got := s.r.Targets[0].State; do.sent != tt.sent || got != tt.state {
					t.Errorf("sent %d times and %s, want %d and %s", do.sent, got, tt.sent, tt.state)
				}
			})
		})
	}
}

// What was done by hand right before ours was sent is not the action that was
// lost, however close the two are.
func TestLostIsNotWhatWasDoneByHandBefore(t *testing.T) {
	w := newWorld(t)
	w.byHand("reboot")
	w.do.Inject(simdo.Fault{Match: simdo.Match{Method: "POST", Action: "reboot"}, Drop: true})
	want(t, w.carry(w.ask("reboot", nil, approvals.Allow, "web-1"), nil), approvals.Unknown, "lost")
}
