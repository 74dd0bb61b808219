package runner_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/runner"
	simdo "dropletops/internal/sim/digitalocean"
	"dropletops/internal/store"
)

// faults has commits fail: the next ones at a point, in order, if they are set.
type faults struct {
	mu sync.Mutex
	at []string // "before" or "after" for a commit that fails so, "" for one that does not
}

func (f *faults) cross(point string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !strings.HasPrefix(point, "database: update, ") || len(f.at) == 0 {
		return nil
	}
	if f.at[0] != "" && strings.Contains(point, f.at[0]) {
		f.at = f.at[1:]
		return errors.New("the connection was lost")
	}
	if f.at[0] == "" && strings.Contains(point, "after") || f.at[0] != "" && strings.Contains(point, "after") {
		f.at = f.at[1:]
	}
	return nil
}

// What a process knows of its own intent is not forgotten since the database did not
// answer: one that it never sent goes back into the queue, and a refusal stays one. Nothing
// is looked for in vain, and nothing is unknown.
func TestADatabaseThatDoesNotAnswerIsNoLostAnswer(t *testing.T) {
	for name, tt := range map[string]struct {
		commits []string
		fault   *simdo.Answer
	}{
		"the intent's answer is lost":                     {[]string{"after"}, nil},
		"the intent is not committed":                     {[]string{"before"}, nil},
		"nor can it be taken back for a while":            {[]string{"after", "before", "before", "before", "before"}, nil},
		"it is taken back without an answer":              {[]string{"after", "after"}, nil},
		"what was accepted is committed without one":      {[]string{"", "after"}, nil},
		"what was accepted is not written down at first":  {[]string{"", "before", "before"}, nil},
		"a refusal is not written down for a while":       {[]string{"", "before", "before", "before", "before"}, simdo.Refuse(422, "unprocessable_entity", "Droplet already has a pending event.")},
		"a refusal is committed without an answer":        {[]string{"", "after"}, simdo.Burst429(time.Second)},
		"that it can't be done is not written down first": {[]string{"", "before", "before", "before", "before"}, simdo.Refuse(422, "unprocessable_entity", "No.")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			f := &faults{}
			w.store.OnCrossing(f.cross)
			id := w.ask("reboot", nil, approvals.Allow, "web-1")
			f.mu.Lock()
			f.at = tt.commits
			f.mu.Unlock()
			end := approvals.Completed
			if tt.fault != nil {
				w.do.Inject(simdo.Fault{Match: simdo.Match{Method: "POST", Action: "reboot"}, Answer: tt.fault})
				if strings.Contains(tt.fault.Body, "No.") {
					end = approvals.Failed
				}
			}
			for range 3 { // passes of which the database takes nothing
				seq, err := w.store.CurrentWake(t.Context(), id)
				if err != nil {
					t.Fatal(err)
				}
				wait, _ := w.runner.Advance(t.Context(), id, seq)
				w.forward(max(wait, 0))
			}
			req := w.carry(id, nil)
			if req.State != end {
				t.Errorf("it is %s: %s", req.State, req.Targets[0].Problem)
			}
			if end == approvals.Completed && len(w.do.Posts()) != 1 {
				t.Errorf("%d were accepted", len(w.do.Posts()))
			}
			if err := w.store.Audit(t.Context(), func(l store.AuditLine) error {
				if l.Line.What == "answer lost" || l.Line.What == "found" {
					t.Errorf("the audit log says %s", l.Body)
				}
				return nil
			}); err != nil {
				t.Error(err)
			}
		})
	}
}

// panicky is a DigitalOcean at which one Droplet causes a panic while the POST to another
// is under way.
type panicky struct {
	calm
	underWay chan struct{}
}

func (p *panicky) Droplet(ctx context.Context, id int) (api.Droplet, error) {
	if id == 1 {
		<-p.underWay
		panic("a bug")
	}
	return p.calm.Droplet(ctx, id)
}

func (p *panicky) Send(ctx context.Context, a *api.Action, droplet int, args api.Args, img *api.Image) (api.Record, error) {
	close(p.underWay)
	select {
	case <-ctx.Done():
		return api.Record{}, &api.Error{Kind: api.Lost, Err: ctx.Err()}
	case <-time.After(2 * time.Second): // by the bubble's clock
		return p.calm.Send(ctx, a, droplet, args, img)
	}
}

// An error over one Droplet ends nothing that is under way to another.
func TestAnErrorOverOneDropletCancelsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{r: &approvals.Request{
			ID: "r-1", State: approvals.Running, StartedAt: time.Now(), Action: approvals.Action{Type: "reboot"},
			Verdict: approvals.Verdict{Outcome: approvals.Confirm}, Card: approvals.MessageRef{ChannelID: "C1", TS: "1.1"},
			Targets: []approvals.Target{
				{Ordinal: 0, Droplet: approvals.Droplet{ID: 1, Name: "web-1", Status: "active"}, State: approvals.Queued},
				{Ordinal: 1, Droplet: approvals.Droplet{ID: 2, Name: "web-1", Status: "active"}, State: approvals.Queued},
				{Ordinal: 2, Droplet: approvals.Droplet{ID: 3, Name: "web-1", Status: "active"}, State: approvals.TargetDone}, // so it has begun
			},
		}}
		do := &panicky{underWay: make(chan struct{})}
		r := &runner.Runner{Requests: s, Intents: s, Droplets: do, Actions: do, Deciders: deciders(nil, time.Now), Instance: "p", Absences: &api.Absences{}, Now: s.clock, Log: slog.New(slog.DiscardHandler)}
		_, err := r.Advance(t.Context(), "r-1", 1)
		if err == nil || !strings.Contains(err.Error(), "a panic over Droplet 1") {
			t.Errorf("Advance: %v", err)
		}
		if got := s.r.Targets[1].State; do.sent != 1 || got != approvals.Following {
			t.Errorf("sent %d times, and the other is %s: %v", do.sent, got, err)
		}
	})
}
