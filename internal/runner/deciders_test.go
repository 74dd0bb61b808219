package runner_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"dropletops/api"
	"dropletops/approvals"
)

// deciders are people who are all full members, under the built-in policy.
func deciders(store approvals.Store, now func() time.Time) *approvals.Service {
	return &approvals.Service{Store: store, Directory: members{}, Policy: approvals.BuiltIn{}, Now: now}
}

type members struct{}

func (members) Person(_ context.Context, who approvals.Who, _ bool) (approvals.Person, error) {
	return approvals.Person{Who: who, Standing: approvals.Member}, nil
}

func (members) Shared(context.Context, string) (bool, error) { return false, nil }

// workspace is what Slack says right before acting.
type workspace struct {
	members
	standing approvals.Standing
	silent   error
}

func (s workspace) Person(_ context.Context, who approvals.Who, _ bool) (approvals.Person, error) {
	return approvals.Person{Who: who, Standing: s.standing}, s.silent
}

// Right before acting it is asked once more who let it go ahead: while Slack does not
// say, it waits visibly, and for who has left nothing is sent.
func TestWhoLetItGoAheadIsAskedBeforeActing(t *testing.T) {
	w := newWorld(t)
	id := w.ask("rebuild", api.Args{"image": "ubuntu-24-04-x64"}, approvals.Allow, "web-1")
	says := func(s workspace) {
		w.runner.Deciders = &approvals.Service{Store: w.store, Directory: s, Policy: approvals.BuiltIn{}, Now: w.clock}
	}
	says(workspace{silent: errors.New("Slack is silent")})
	for range 3 {
		w.once(id)
		w.forward(time.Second)
	}
	if r := w.get(id); r.State != approvals.Running || r.Targets[0].Wait != approvals.WaitPeople || w.posts() != 0 {
		t.Errorf("%s, waits for %q, %d POSTs", r.State, r.Targets[0].Wait, w.posts())
	}
	says(workspace{standing: approvals.Deactivated})
	want(t, w.carry(id, nil), approvals.Failed, "")
	if w.posts() != 0 {
		t.Errorf("%d POSTs for someone who has left", w.posts())
	}
}

// What may go ahead only since it was changed may have waited: the policy is asked
// once more, of the Droplet as it is.
func TestWhatWasChangedIsJudgedBeforeActing(t *testing.T) {
	w := newWorld(t)
	id := w.ask("reboot", nil, approvals.Allow, "web-1")
	w.try(id, func(r *approvals.Request) (approvals.Change, error) {
		r.Round = 1
		return approvals.Change{}, nil
	})
	w.runner.Deciders = refusing{"The policy does not allow this any more."}
	want(t, w.carry(id, nil), approvals.Failed, "does not allow this any more")
	if w.posts() != 0 {
		t.Errorf("%d POSTs", w.posts())
	}
}

// refusing are people who may not let it go ahead any more.
type refusing struct{ why string }

func (r refusing) Reconsider(context.Context, *approvals.Request, []approvals.Droplet, bool) (approvals.Reconsidered, error) {
	return approvals.Reconsidered{Refused: r.why}, nil
}

func (refusing) Remind(context.Context, string) error { return nil }

// stricter is a policy that asks for more by now than was decided.
type stricter struct{ refusing }

func (stricter) Reconsider(context.Context, *approvals.Request, []approvals.Droplet, bool) (approvals.Reconsidered, error) {
	return approvals.Reconsidered{Differences: []approvals.Difference{{What: approvals.OfPolicy, Was: "approve by 1", Is: "approve by 2"}}}, nil
}
