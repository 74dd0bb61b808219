package approvals

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestStateMachine runs random transitions, the wrong ones too, and holds the
// request against what must always be true of one.
func TestStateMachine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 3).Draw(t, "droplets")
		var ds []Droplet
		for i := range n {
			ds = append(ds, Droplet{ID: i + 1, Name: fmt.Sprint("web-", i+1), Status: "active"})
		}
		r := pending(ds...)
		r.Verdict.Outcome = rapid.SampledFrom([]Outcome{Approve, Confirm}).Draw(t, "outcome")
		r.Verdict.Count = rapid.IntRange(1, 3).Draw(t, "count")
		now := t0
		posts := map[int]int{} // by Droplet: how often it may have been sent
		people := []Person{member("U1"), member("U2"), member("U3"), member("U4"), {Who: Who{UserID: "UG"}, Standing: Guest}}
		target := func(t *rapid.T) int { return rapid.IntRange(0, len(r.Targets)-1).Draw(t, "target") }
		action := 100
		t.Repeat(map[string]func(*rapid.T){
			"decide": func(t *rapid.T) {
				kind := rapid.SampledFrom([]DecisionKind{ToApprove, ToDeny, ToConfirm, ToCancel}).Draw(t, "kind")
				by := rapid.SampledFrom(people).Draw(t, "by")
				before := *r
				_, err := r.Decide(kind, by, now)
				if err == nil && kind == ToApprove && (by.UserID == "U1" || by.Standing != Member) {
					t.Fatalf("%s approved", by.UserID)
				}
				if err != nil && (before.State != r.State || len(before.Decisions) != len(r.Decisions)) {
					t.Fatalf("a refused click changed the request")
				}
			},
			"time": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(1, 20).Draw(t, "minutes")) * time.Minute)
				_, _ = r.Expire(now)
			},
			"dispatch": func(t *rapid.T) {
				i := target(t)
				if _, err := r.Dispatch(i, "me", r.Action.Type, 0, now); err == nil {
					posts[r.Targets[i].Droplet.ID]++
				}
			},
			"refused for now": func(t *rapid.T) {
				i := target(t)
				was := r.Targets[i].State
				if _, err := r.PutBack(i, WaitPendingEvent, Answer{}, now); err == nil && was == Dispatching {
					posts[r.Targets[i].Droplet.ID]--
				}
			},
			"accepted": func(t *rapid.T) {
				action++
				i := target(t)
				was := r.Targets[i]
				_, err := r.Accepted(i, ActionRef{ID: action}, rapid.Bool().Draw(t, "found"), now)
				switch got := r.Targets[i]; {
				case err == nil && was.State == Dispatching && got.State == Following:
				case err == nil && was.State == TargetUnknown && got.State == was.State && was.Action == nil && !was.LostAt.IsZero():
				case err == nil:
					t.Fatalf("accepted from %s", was.State)
				case got.State != was.State || got.Action != was.Action:
					t.Fatal("a refused answer changed the target")
				}
			},
			"next": func(t *rapid.T) {
				i := target(t)
				was := r.Targets[i]
				o := Onward{To: was.Step + rapid.IntRange(0, 2).Draw(t, "further"), Sends: "power_off"}
				switch rapid.IntRange(0, 3).Draw(t, "how") {
				case 0:
					o.Why = "not heeded"
				case 1:
					o.Fault = &Fault{State: TargetErrored, Problem: "no"}
				case 2:
					o.Fault = &Fault{State: TargetUnknown, Problem: "lost"}
				}
				_, err := r.Next(i, o, now)
				got := r.Targets[i]
				switch {
				case err != nil && (got.Step != was.Step || got.State != was.State || got.Fault != was.Fault):
					t.Fatal("a refused step changed the target")
				case err != nil:
				case got.Step <= was.Step, was.Fault != nil && got.Fault != was.Fault:
					t.Fatalf("from step %d to %d, from fault %v to %v", was.Step, got.Step, was.Fault, got.Fault)
				case was.State == Queued && was.Step == 0:
					t.Fatal("it goes on from a step that was never taken")
				case was.State == Dispatching && was.LostAt.IsZero() && o.Why == "" && (o.Fault == nil || o.Fault.State == TargetUnknown):
					t.Fatal("it goes on while its POST may still be under way")
				case was.State == Dispatching && !was.LostAt.IsZero() && (o.Fault == nil || o.Fault.State != TargetUnknown):
					t.Fatal("a lost answer is taken for nothing")
				case was.State != Queued:
					posts[got.Droplet.ID]-- // the next action may be sent once, too
				}
			},
			"doubt": func(t *rapid.T) {
				i := target(t)
				was := r.Targets[i].State
				if _, err := r.Doubt(i, "a restored backup", now); err == nil && was != Queued {
					t.Fatalf("in doubt from %s", was)
				}
			},
			"lost": func(t *rapid.T) { _, _ = r.Lost(target(t), "cut", Answer{}, now) },
			"end": func(t *rapid.T) {
				s := rapid.SampledFrom([]TargetState{TargetDone, TargetErrored, TargetUnknown}).Draw(t, "state")
				i := target(t)
				was := r.Targets[i].State
				_, err := r.End(i, Ending{State: s}, now)
				if err == nil && s == TargetDone && was != Following && r.Targets[i].Step == 0 {
					t.Fatalf("done from %s", was)
				}
				if f := r.Targets[i].Fault; err == nil && f != nil && (s == TargetDone || s == TargetErrored && f.State == TargetUnknown) {
					t.Fatalf("%s, though one of its actions is %s", s, f.State)
				}
			},
			"drift": func(t *rapid.T) {
				sent := r.Sent()
				fresh := map[int]Droplet{}
				for _, tg := range r.Targets {
					if rapid.Bool().Draw(t, "there") {
						d := tg.Droplet
						d.Status = rapid.SampledFrom([]string{"active", "off"}).Draw(t, "status")
						fresh[d.ID] = d
					}
				}
				if _, err := r.Drifted(nil, fresh, nil, now); err == nil && sent {
					t.Fatal("it began anew after something was sent")
				}
			},
			"stop the rest": func(t *rapid.T) {
				was := slices.Clone(r.Targets)
				_, err := r.StopUnsent(Reconsidered{Refused: "No."}, now)
				for i, tg := range r.Targets {
					switch stopped := was[i].State == Queued && was[i].Step == 0; {
					case err != nil && tg.State != was[i].State, err == nil && !stopped && tg.State != was[i].State:
						t.Fatalf("target %d went from %s to %s (%v)", i, was[i].State, tg.State, err)
					case err == nil && stopped && (tg.State != TargetErrored || tg.Problem == ""):
						t.Fatalf("target %d is %s: %s", i, tg.State, tg.Problem)
					}
				}
			},
			"": func(t *rapid.T) { invariants(t, r, posts) },
		})
	})
}

func invariants(t *rapid.T, r *Request, posts map[int]int) {
	for id, n := range posts {
		if n > 1 {
			t.Fatalf("Droplet %d may have been sent to %d times", id, n)
		}
	}
	ended := 0
	for _, tg := range r.Targets {
		if tg.State.Ended() {
			ended++
		}
	}
	switch r.State {
	case Pending:
		if r.Sent() || r.ExpiresAt.IsZero() {
			t.Fatalf("pending, sent %v, expires %v", r.Sent(), r.ExpiresAt)
		}
		if len(r.Approvals()) >= r.Verdict.Count && r.Verdict.Outcome == Approve {
			t.Fatal("pending with all its approvals")
		}
	case Running:
		if ended == len(r.Targets) {
			t.Fatal("running with nothing left to do")
		}
	case Completed, Failed, Unknown:
		if ended != len(r.Targets) {
			t.Fatalf("%s with %d of %d targets ended", r.State, ended, len(r.Targets))
		}
	case Denied, Expired:
		if r.Sent() {
			t.Fatalf("%s, and something was sent", r.State)
		}
	}
	if r.Sent() && r.Verdict.Outcome == Approve && len(r.Approvals()) < r.Verdict.Count {
		t.Fatal("sent without its approvals")
	}
	who := map[string]bool{}
	for _, d := range r.Approvals() {
		if who[d.By.UserID] {
			t.Fatalf("%s counted twice", d.By.UserID)
		}
		who[d.By.UserID] = true
	}
	if (r.EndedAt.IsZero()) == !r.State.Open() {
		t.Fatalf("%s, ended at %v", r.State, r.EndedAt)
	}
}
