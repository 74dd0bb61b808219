package approvals

import (
	"testing"
	"time"
)

// Whoever asked adds a snapshot, nobody else, once, while it waits; and what was
// approved before counts no more.
func TestAddSnapshot(t *testing.T) {
	verdict := Verdict{Outcome: Approve, Count: 2, Within: time.Hour}
	fresh := func() *Request {
		r := pending(Droplet{ID: 1, Name: "web-1"})
		r.Verdict = verdict
		return r
	}
	r := fresh()
	shown, args := r.Shown(), r.Action.Args
	if _, err := r.Decide(ToApprove, member("U2"), t0); err != nil {
		t.Fatal(err)
	}
	if _, err := r.AddSnapshot(member("U2"), verdict, time.Minute, t0); err == nil || r.TakesSnapshotFirst() {
		t.Errorf("another one adds it: %v", err)
	}
	usual, later := r.Usual, t0.Add(10*time.Minute)
	c, err := r.AddSnapshot(member("U1"), verdict, time.Minute, later)
	if err != nil {
		t.Fatal(err)
	}
	if r.State != Pending || r.Shown() == shown || len(r.Approvals()) != 0 || !r.ExpiresAt.Equal(later.Add(time.Hour)) || r.Usual != usual+time.Minute {
		t.Errorf("%s, %d approvals, until %v, usually %v", r.State, len(r.Approvals()), r.ExpiresAt, r.Usual)
	}
	if args[SnapshotFirst] != "" {
		t.Error("what was shown before has changed with it")
	}
	if len(c.Audit) != 1 || len(c.Notes) != 1 || c.Notes[0].Detail != Void || c.Audit[0].Detail["digest"] != r.Digest() {
		t.Errorf("change %+v", c)
	}
	if _, err := r.AddSnapshot(member("U1"), verdict, 0, later); err == nil {
		t.Error("it is added twice")
	}
	r = fresh()
	if _, err := r.AddSnapshot(member("U1"), Verdict{Outcome: Allow}, 0, t0); err != nil || r.State != Running || r.Sent() {
		t.Errorf("where the policy lets it run with a snapshot: %s, %v", r.State, err)
	}
	if _, err := r.AddSnapshot(member("U1"), verdict, 0, t0); err == nil {
		t.Error("it is added to what runs")
	}
}
