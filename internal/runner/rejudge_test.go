package runner_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"dropletops/api"
	"dropletops/approvals"
	simdo "dropletops/internal/sim/digitalocean"
	"dropletops/internal/store"
)

// rules are a policy and people that a test changes while a request waits.
type rules struct {
	approvals.BuiltIn
	verdict  approvals.Verdict
	denied   func(approvals.Case) bool // nil: nothing
	standing approvals.Standing
	silent   error
	lookUps  int // of people in Slack, not in a cache
}

func (p *rules) Judge(_ context.Context, c approvals.Case) (approvals.Verdict, error) {
	if p.denied != nil && p.denied(c) {
		return approvals.Verdict{Outcome: approvals.Deny, Rule: "freeze", Message: "Changes are frozen."}, nil
	}
	return p.verdict, nil
}

func (p *rules) Person(_ context.Context, who approvals.Who, fresh bool) (approvals.Person, error) {
	if fresh {
		p.lookUps++
	}
	return approvals.Person{Who: who, Standing: p.standing}, p.silent
}

func (*rules) Shared(context.Context, string) (bool, error) { return false, nil }

// under has a world's requests judged by rules that let everything through at first.
func (w *world) under(outcome approvals.Outcome) *rules {
	p := &rules{verdict: approvals.Verdict{Outcome: outcome, Rule: "mild", Count: 1, Within: 30 * time.Minute}, standing: approvals.Member}
	w.runner.Deciders = &approvals.Service{Store: w.store, Directory: p, Policy: p, Now: w.clock}
	return p
}

// busy has a Droplet busy with someone else's snapshot until the returned function is called.
func (w *world) busy(name string) (free func()) {
	w.t.Helper()
	other, err := w.do.StartAction(w.do.DropletNamed(name).ID, "snapshot")
	if err != nil {
		w.t.Fatal(err)
	}
	return func() {
		if err := w.do.FinishAction(other.ID, "completed"); err != nil {
			w.t.Fatal(err)
		}
	}
}

// inLine advances a request until its first target waits in line.
func (w *world) inLine(id string) {
	w.t.Helper()
	w.carry(id, func(r *approvals.Request) bool { return r.Targets[0].Wait == approvals.WaitPendingEvent })
}

// audited is what the audit log says of a request.
func (w *world) audited(id string) string {
	w.t.Helper()
	var out []string
	if err := w.store.Audit(w.t.Context(), func(l store.AuditLine) error {
		if l.Line.RequestID == id {
			out = append(out, l.Line.What+" "+l.Line.Why+" "+fmt.Sprint(l.Line.Detail))
		}
		return nil
	}); err != nil {
		w.t.Fatal(err)
	}
	return strings.Join(out, "\n")
}

// Whatever changes while an action that nobody had to decide waits in line counts when
// its turn comes.
func TestWhatNobodyDecidedIsJudgedWhenItsTurnComes(t *testing.T) {
	for name, tt := range map[string]struct {
		typ    string
		change func(w *world, p *rules)
		state  approvals.State
		says   string // on the card
		logs   string
	}{
		"nothing":              {change: func(*world, *rules) {}, state: approvals.Completed, logs: "accepted"},
		"who asked has left":   {change: func(_ *world, p *rules) { p.standing = approvals.Deactivated }, state: approvals.Failed, says: "no longer a full member of this workspace (deactivated)", logs: "request failed Whoever asked"},
		"who asked is a guest": {change: func(_ *world, p *rules) { p.standing = approvals.Guest }, state: approvals.Failed, says: "(guest)", logs: "request failed"},
		"the policy denies it": {change: func(_ *world, p *rules) { p.denied = func(approvals.Case) bool { return true } },
			state: approvals.Failed, says: "Changes are frozen.", logs: "rule:freeze"},
		"a freeze begins by the clock": {change: func(w *world, p *rules) {
			from := w.clock().Add(2 * time.Second)
			p.denied = func(c approvals.Case) bool { return c.Now.After(from) }
		}, state: approvals.Failed, says: "Changes are frozen.", logs: "rule:freeze"},
		"the policy wants an approval":     {change: func(_ *world, p *rules) { p.verdict.Outcome = approvals.Approve }, state: approvals.Pending, logs: "drifted"},
		"the policy wants a confirmation":  {change: func(_ *world, p *rules) { p.verdict.Outcome = approvals.Confirm }, state: approvals.Pending, logs: "drifted"},
		"the Droplet has another name":     {change: func(w *world, _ *rules) { w.rename("web-1", "db-9") }, state: approvals.Failed, says: "asked for as web-1 is called db-9 now", logs: "errored"},
		"the name differs in case alone":   {change: func(w *world, _ *rules) { w.rename("web-1", "WEB-1") }, state: approvals.Completed, logs: "change_1:name: web-1 → WEB-1"},
		"a tag by which the policy denies": {change: func(w *world, p *rules) { p.tagged(w, "web-1", "frozen") }, state: approvals.Failed, says: "Changes are frozen.", logs: "rule:freeze"},
		"a resize: the policy denies it": {typ: "resize", change: func(_ *world, p *rules) { p.denied = func(approvals.Case) bool { return true } },
			state: approvals.Failed, says: "Changes are frozen.", logs: "rule:freeze"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			p := w.under(approvals.Allow)
			free := w.busy("web-1")
			typ, args := "reboot", api.Args(nil)
			if tt.typ == "resize" {
				typ, args = tt.typ, larger
			}
			id := w.ask(typ, args, approvals.Allow, "web-1")
			w.inLine(id)
			tt.change(w, p)
			w.forward(4 * time.Second)
			free()
			r := w.carry(id, at(approvals.Pending))
			want(t, r, tt.state, tt.says)
			if done := tt.state == approvals.Completed; done != (w.posts() == 1) {
				t.Errorf("%d POSTs", w.posts())
			}
			if tt.state == approvals.Pending && (len(r.Drift) != 1 || r.Verdict.Outcome != p.verdict.Outcome) {
				t.Errorf("drift %v, verdict %+v", r.Drift, r.Verdict)
			}
			if got := w.audited(id); !strings.Contains(got, tt.logs) {
				t.Errorf("the audit log lacks %q:\n%s", tt.logs, got)
			}
		})
	}
}

func (w *world) rename(from, to string) {
	w.t.Helper()
	if err := w.do.Rename(w.do.DropletNamed(from).ID, to); err != nil {
		w.t.Fatal(err)
	}
}

// tagged tags a Droplet, and denies whatever is asked of those with that tag.
func (p *rules) tagged(w *world, name, tag string) {
	w.t.Helper()
	if err := w.do.SetTags(w.do.DropletNamed(name).ID, tag); err != nil {
		w.t.Fatal(err)
	}
	p.denied = func(c approvals.Case) bool { return len(c.Targets[0].Tags) == 1 && c.Targets[0].Tags[0] == tag }
}

// What was named by its ID or a tag may be called whatever it likes, and other
// differences are told and stop nothing.
func TestOtherDifferencesAreToldAndStopNothing(t *testing.T) {
	w := newWorld(t)
	w.under(approvals.Allow)
	free := w.busy("web-1")
	id := w.ask("power_off", nil, approvals.Allow, "web-1")
	w.try(id, func(r *approvals.Request) (approvals.Change, error) {
		r.Targets[0].Unnamed = true
		return approvals.Change{}, nil
	})
	w.inLine(id)
	w.rename("web-1", "db-9")
	w.forward(4 * time.Second)
	free()
	r := w.carry(id, nil)
	want(t, r, approvals.Completed, "")
	if len(r.Drift) != 1 || !strings.Contains(w.notes(id), "drifted") || !strings.Contains(w.audited(id), "change_1:name: web-1 → db-9") {
		t.Errorf("drift %v, notes %s, audit log:\n%s", r.Drift, w.notes(id), w.audited(id))
	}
}

// What has begun is brought to its end, whatever the policy says by then.
func TestWhatHasBegunIsNotJudgedAgain(t *testing.T) {
	w := newWorld(t)
	p := w.under(approvals.Allow)
	id := w.ask("resize", larger, approvals.Allow, "web-1")
	w.carry(id, func(r *approvals.Request) bool { return r.Targets[0].Step == 1 })
	p.denied = func(approvals.Case) bool { return true }
	p.standing = approvals.Deactivated
	w.forward(time.Minute)
	want(t, w.carry(id, nil), approvals.Completed, "")
	if got := w.sent(); got != "shutdown resize power_on" {
		t.Errorf("sent %s", got)
	}
}

// A create is judged like any other, when its turn comes.
func TestACreateIsJudgedWhenItsTurnComes(t *testing.T) {
	w := newWorld(t)
	p := w.under(approvals.Allow)
	first := w.make(approvals.Allow, nil, "new-1")
	if _, err := w.store.Update(t.Context(), first, func(r *approvals.Request) (approvals.Change, error) {
		return r.Creating(0, w.runner.Instance, nil, w.clock())
	}); err != nil {
		t.Fatal(err)
	}
	id := w.make(approvals.Allow, nil, "new-1")
	w.carry(id, func(r *approvals.Request) bool { return r.Targets[0].Wait == approvals.WaitName })
	p.denied = func(approvals.Case) bool { return true }
	w.carry(first, nil)
	want(t, w.carry(id, nil), approvals.Failed, "Changes are frozen.")
	if n := w.do.DropletNamed("new-1").ID; n != 0 {
		t.Errorf("Droplet %d was created", n)
	}
}

// verdictTTL is for how long the runner takes a judgement for those of the other Droplets.
const verdictTTL = 15 * time.Second

// tries is how often an action was sent to a Droplet, taken or not.
func tries(w *world, name string) int {
	path := fmt.Sprintf("/v2/droplets/%d/actions", w.do.DropletNamed(name).ID)
	return len(w.do.Requests(func(q simdo.Request) bool { return q.Method == "POST" && q.Path == path }))
}

// Of many Droplets those not acted on yet are left alone once the policy denies it; and
// people are not looked up in Slack for each of them.
func TestOfManyTheRestIsLeftAlone(t *testing.T) {
	w := newWorld(t)
	var names []string
	for _, id := range w.do.AddDroplets(40, "many") {
		d, _ := w.do.Droplet(id)
		names = append(names, d.Name)
	}
	p := w.under(approvals.Confirm)
	free := w.busy(names[39])
	id := w.ask("reboot", nil, approvals.Confirm, names...)
	w.carry(id, func(r *approvals.Request) bool {
		done := 0
		for _, tg := range r.Targets {
			if tg.State.Ended() {
				done++
			}
		}
		return done == 39
	})
	took := w.clock().Sub(w.get(id).StartedAt)
	if most := int(took/verdictTTL) + tries(w, names[39]) + 1; p.lookUps > most {
		t.Errorf("%d look-ups of people in %s for 40 Droplets, want %d at the most", p.lookUps, took, most)
	}
	p.denied = func(approvals.Case) bool { return true }
	w.forward(time.Minute)
	free()
	r := w.carry(id, nil)
	want(t, r, approvals.Failed, "Changes are frozen. Nothing was done to it.")
	if w.posts() != 39 || r.Targets[39].State != approvals.TargetErrored {
		t.Errorf("%d POSTs, the last is %s", w.posts(), r.Targets[39].State)
	}
	if got := w.notes(id); !strings.HasSuffix(got, "stopped") {
		t.Errorf("notes: %s", got)
	}
}

// While Slack does not answer, what waited in line for an hour waits on, visibly.
func TestSlackIsSilentAfterAnHourInLine(t *testing.T) {
	w := newWorld(t)
	p := w.under(approvals.Allow)
	free := w.busy("web-1")
	id := w.ask("reboot", nil, approvals.Allow, "web-1")
	w.inLine(id)
	w.forward(time.Hour)
	w.once(id) // still busy
	free()
	p.silent = errors.New("Slack is silent")
	w.forward(time.Minute)
	for range 3 {
		w.forward(w.once(id))
	}
	if r := w.get(id); r.State != approvals.Running || r.Targets[0].Wait != approvals.WaitPeople || w.posts() != 0 {
		t.Errorf("%s, waits for %q, %d POSTs", r.State, r.Targets[0].Wait, w.posts())
	}
	p.silent = &approvals.RateLimited{Method: "users.info", RetryAfter: 30 * time.Second}
	if wait := w.once(id); wait != 30*time.Second {
		t.Errorf("after a 429 with Retry-After 30 it is tried again in %s", wait)
	}
	p.silent = nil
	want(t, w.carry(id, nil), approvals.Completed, "")
}

// A decision counts for four hours, and what nobody had to decide for as long as it takes.
func TestADecisionCountsForFourHours(t *testing.T) {
	for outcome, again := range map[approvals.Outcome]bool{approvals.Approve: true, approvals.Confirm: true, approvals.Allow: false} {
		t.Run(string(outcome), func(t *testing.T) {
			w := newWorld(t)
			w.under(outcome)
			free := w.busy("web-1")
			id := w.ask("reboot", nil, outcome, "web-1")
			w.inLine(id)
			w.forward(4*time.Hour - time.Minute)
			w.once(id)
			if r := w.get(id); r.State != approvals.Running {
				t.Fatalf("after less than four hours it is %s", r.State)
			}
			w.forward(2 * time.Minute)
			free()
			r := w.carry(id, at(approvals.Pending))
			if again != (r.State == approvals.Pending) || again != (w.posts() == 0) {
				t.Errorf("%s, %d POSTs", r.State, w.posts())
			}
			if again && (len(r.Drift) != 1 || r.Drift[0].What != approvals.OfAge) {
				t.Errorf("drift %v", r.Drift)
			}
		})
	}
}

// What nobody had to decide is judged once more behind its snapshot: by then nothing else
// was done, and the snapshot stays.
func TestWhatNobodyDecidedIsJudgedBehindItsSnapshot(t *testing.T) {
	for name, change := range map[string]func(w *world, p *rules){
		"freeze":                    func(_ *world, p *rules) { p.denied = func(approvals.Case) bool { return true } },
		"fresh decision":            func(_ *world, p *rules) { p.verdict.Outcome = approvals.Approve },
		"is called db-9 now":        func(w *world, _ *rules) { w.rename("web-1", "db-9") },
		"full member of this works": func(_ *world, p *rules) { p.standing = approvals.Deactivated },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			p := w.under(approvals.Allow)
			id := w.ask("rebuild", api.Args{"image": "debian-12-x64", "snapshot_first": "true"}, approvals.Allow, "web-1")
			w.carry(id, func(r *approvals.Request) bool { return r.Targets[0].State == approvals.Following })
			change(w, p)
			r := w.carry(id, nil)
			want(t, r, approvals.Failed, name)
			want(t, r, approvals.Failed, "Nothing was done but to take the snapshot.")
			if w.sent() != "snapshot" {
				t.Errorf("sent %s", w.sent())
			}
		})
	}
}
