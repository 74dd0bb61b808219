package approvals_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"dropletops/approvals"
)

// town is a workspace and a policy that change between any two steps of a consent.
type town struct {
	t        *testing.T
	now      time.Time
	verdict  approvals.Verdict
	standing map[string]approvals.Standing // what Slack would say now
	cached   map[string]approvals.Standing // what it said a moment ago
	groups   map[string][]string
	shared   bool
	away     error
	svc      *approvals.Service
}

func newTown(t *testing.T) *town {
	w := &town{t: t, now: time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC), standing: map[string]approvals.Standing{}, cached: map[string]approvals.Standing{},
		groups:  map[string][]string{"dba": {"UBOB", "UCAROL"}, "oncall": {"UDAVE"}},
		verdict: approvals.Verdict{Outcome: approvals.Approve, Count: 1, Within: within, Rule: "data"}}
	w.svc = &approvals.Service{Store: newMemory(), Directory: w, Policy: w, Now: func() time.Time { return w.now }}
	return w
}

func (w *town) Person(_ context.Context, who approvals.Who, fresh bool) (approvals.Person, error) {
	s := approvals.Member
	if is, ok := w.standing[who.UserID]; ok {
		s = is
	}
	if was, ok := w.cached[who.UserID]; ok && !fresh {
		s = was
	}
	return approvals.Person{Who: who, Standing: s}, w.away
}

func (w *town) Shared(context.Context, string) (bool, error) { return w.shared, w.away }

func (w *town) Judge(_ context.Context, c approvals.Case) (approvals.Verdict, error) {
	return w.verdict.NotShared(c), w.away
}

func (w *town) In(_ context.Context, who approvals.Who, groups []string, _ bool) ([]string, approvals.Seen, error) {
	return slices.DeleteFunc(slices.Clone(groups), func(g string) bool { return !slices.Contains(w.groups[g], who.UserID) }), approvals.Seen{Now: true}, w.away
}

func (w *town) Digest() string { return "" }

func (w *town) Group(name string) (approvals.Group, bool) {
	return approvals.Group{Name: name}, w.groups[name] != nil
}

func (w *town) asks(origin approvals.Origin) *approvals.Request {
	w.t.Helper()
	origin.ChannelID, origin.Envelope = "C1", approvals.NewID()
	r, err := w.svc.Submit(w.t.Context(), approvals.Draft{Action: approvals.Action{Type: "rebuild", Danger: approvals.Destructive},
		Targets: []approvals.Droplet{{ID: 7, Name: "db-1", Status: "active"}}, Who: approvals.Who{UserID: "UALICE"}, Origin: origin})
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.svc.Store.(keeper).place(r.ID); err != nil {
		w.t.Fatal(err)
	}
	return w.load(r)
}

func (w *town) load(r *approvals.Request) *approvals.Request {
	w.t.Helper()
	r, err := w.svc.Request(w.t.Context(), r.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// click is answered with what the person is told, empty if it was done.
func (w *town) click(who string, kind approvals.DecisionKind, r *approvals.Request) string {
	w.t.Helper()
	_, err := w.svc.Decide(w.t.Context(), approvals.Click{Kind: kind, RequestID: r.ID, Who: approvals.Who{UserID: who}, Message: r.Card,
		Shown: r.Shown(), Envelope: approvals.NewID(), Reason: "the shop is down"})
	var no *approvals.Refusal
	if err != nil && !errors.As(err, &no) {
		w.t.Fatal(err)
	}
	if err == nil {
		return ""
	}
	return no.Sentence
}

// again is the second look right before acting.
func (w *town) again(r *approvals.Request) approvals.Reconsidered {
	w.t.Helper()
	c, err := w.svc.Reconsider(w.t.Context(), w.load(r), []approvals.Droplet{{ID: 7, Name: "db-1", Status: "active"}}, true)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// A policy that takes the glass away takes it away from what waits, too, and from
// what was let go and not sent yet.
func TestBreakGlassThatThePolicyTookAway(t *testing.T) {
	with := approvals.Verdict{Outcome: approvals.Approve, Count: 1, Within: within, Rule: "data", BreakGlass: []string{"oncall"},
		Needs: []approvals.Need{{Rule: "data", Count: 1, From: []string{"dba"}}}}
	for name, glass := range map[string][]string{"nobody": nil, "others": {"leads"}} {
		w := newTown(t)
		w.verdict = with
		early, late := w.asks(approvals.Origin{}), w.asks(approvals.Origin{})
		if said := w.click("UDAVE", approvals.ToBreakGlass, late); said != "" {
			t.Fatal(said)
		}
		w.verdict.BreakGlass = glass
		if said := w.click("UDAVE", approvals.ToBreakGlass, early); said == "" {
			t.Errorf("%s: who may no longer go ahead alone did, before the click: %s", name, w.load(early).State)
		}
		if w.again(late).Stands() {
			t.Errorf("%s: what was let go by who may no longer goes ahead", name)
		}
	}
}

// Who approved first and has left since does not count when the second one approves,
// whatever was known of them a moment ago.
func TestAnEarlierApproverIsLookedUpAfresh(t *testing.T) {
	for _, gone := range []string{"UBOB", "UALICE"} {
		w := newTown(t)
		w.verdict.Count = 2
		r := w.asks(approvals.Origin{})
		if said := w.click("UBOB", approvals.ToApprove, r); said != "" {
			t.Fatal(said)
		}
		w.cached[gone], w.standing[gone] = approvals.Member, approvals.Deactivated
		if said := w.click("UCAROL", approvals.ToApprove, r); said == "" || w.load(r).State == approvals.Running {
			t.Errorf("%s was deactivated, and it is %s", gone, w.load(r).State)
		}
	}
}

// A channel that other workspaces were let into after something was asked there.
func TestAChannelThatIsSharedMeanwhile(t *testing.T) {
	w := newTown(t)
	r, late := w.asks(approvals.Origin{}), w.asks(approvals.Origin{})
	if said := w.click("UBOB", approvals.ToApprove, late); said != "" {
		t.Fatal(said)
	}
	w.shared = true
	if c := w.again(late); !strings.Contains(c.Refused, "People of other workspaces are in this channel") {
		t.Errorf("before acting: %+v", c)
	}
	if said := w.click("UBOB", approvals.ToApprove, r); !strings.Contains(said, "People of other workspaces are in this channel") || w.load(r).State != approvals.Denied {
		t.Errorf("at the decision: %q, %s", said, w.load(r).State)
	}
	// With a snapshot first it would need nobody else, and is no less visible to them.
	w.shared, w.verdict = false, approvals.Verdict{Outcome: approvals.Approve, Count: 1, Within: within}
	with := w.asks(approvals.Origin{})
	w.shared, w.verdict.Outcome = true, approvals.Allow
	if _, err := w.svc.SnapshotFirst(t.Context(), approvals.Click{RequestID: with.ID, Who: approvals.Who{UserID: "UALICE"}, Message: with.Card, Shown: with.Shown(), Envelope: approvals.NewID()}, 0); err == nil || w.load(with).State != approvals.Pending {
		t.Errorf("with a snapshot first: %v, %s", err, w.load(with).State)
	}
	w.shared = false
	// In a direct message there is nobody else, and nothing to ask Slack.
	w.verdict.Outcome = approvals.Confirm
	private := w.asks(approvals.Origin{Private: true})
	if said := w.click("UALICE", approvals.ToConfirm, private); said != "" {
		t.Errorf("in private: %q", said)
	}
}

// While Slack does not say who someone is, who is in a group or whether a channel is
// shared, nobody asks, decides or is let go ahead.
func TestNothingIsDecidedWhileSlackIsSilent(t *testing.T) {
	w := newTown(t)
	w.verdict.BreakGlass = []string{"oncall"}
	r := w.asks(approvals.Origin{})
	w.away = errors.New("Slack is silent")
	for _, kind := range []approvals.DecisionKind{approvals.ToApprove, approvals.ToDeny, approvals.ToConfirm, approvals.ToCancel, approvals.ToRetract, approvals.ToBreakGlass, approvals.ToReview} {
		for _, who := range []string{"UALICE", "UBOB", "UDAVE"} {
			_, err := w.svc.Decide(t.Context(), approvals.Click{Kind: kind, RequestID: r.ID, Who: approvals.Who{UserID: who}, Message: r.Card, Shown: r.Shown(), Reason: "now"})
			var no *approvals.Refusal
			if err == nil || errors.As(err, &no) {
				t.Errorf("%s by %s: %v", kind, who, err)
			}
		}
	}
	if _, err := w.svc.Reconsider(t.Context(), r, nil, true); err == nil {
		t.Error("it may go ahead")
	}
	if _, err := w.svc.Submit(t.Context(), approvals.Draft{Action: approvals.Action{Type: "reboot"}, Targets: []approvals.Droplet{{ID: 7}}, Who: approvals.Who{UserID: "UALICE"}}); err == nil {
		t.Error("a request was made")
	}
	if got := w.load(r); got.State != approvals.Pending || len(got.Decisions) != 0 {
		t.Errorf("%s, %d decisions", got.State, len(got.Decisions))
	}
}

// What was let go is held against the policy and the clock of the moment in which it
// is acted on, and a decision against that in which it is made.
func TestTimeBetweenAnyTwoSteps(t *testing.T) {
	w := newTown(t)
	r, late := w.asks(approvals.Origin{}), w.asks(approvals.Origin{})
	if said := w.click("UBOB", approvals.ToApprove, r); said != "" {
		t.Fatal(said)
	}
	w.now = w.now.Add(-time.Hour) // set back: nothing is decided anew, nothing comes to life
	if !w.again(r).Stands() {
		t.Error("a clock that was set back takes an approval away")
	}
	w.now = w.now.Add(time.Hour + within)
	if said := w.click("UBOB", approvals.ToApprove, late); !strings.Contains(said, "expired") || w.load(late).State != approvals.Expired {
		t.Errorf("after its time: %q, %s", said, w.load(late).State)
	}
	w.now = w.now.Add(-within)
	if said := w.click("UBOB", approvals.ToApprove, late); !strings.Contains(said, "expired") {
		t.Errorf("with the clock set back: %q", said)
	}
	w.verdict = approvals.Verdict{Outcome: approvals.Deny, Rule: "frozen", Message: "Frozen until Monday."} // a freeze has begun
	if c := w.again(r); !strings.Contains(c.Refused, "Frozen until Monday.") {
		t.Errorf("in a freeze: %+v", c)
	}
}

// Who leaves a group takes their approval along: when another approves, and right
// before acting.
func TestAnApproverWhoLeftTheGroup(t *testing.T) {
	w := newTown(t)
	asked := func(count int) *approvals.Request {
		w.verdict.Count, w.verdict.Needs = count, []approvals.Need{{Rule: "data", Count: count, From: []string{"dba"}}}
		r := w.asks(approvals.Origin{})
		if said := w.click("UBOB", approvals.ToApprove, r); said != "" {
			t.Fatal(said)
		}
		return r
	}
	two, one := asked(2), asked(1) // the last is the policy in force: milder than what the first was asked under
	w.groups["dba"] = []string{"UCAROL"}
	if w.again(one).Stands() {
		t.Error("before acting: the approval of who has left the group counts")
	}
	if said := w.click("UCAROL", approvals.ToApprove, two); said == "" || w.load(two).State != approvals.Pending || len(w.load(two).Approvals()) != 0 {
		t.Errorf("at the next approval: %q, %s", said, w.load(two).State)
	}
}

// Neither who went ahead alone nor who asked for it closes the review.
func TestAReviewIsAnotherPersons(t *testing.T) {
	w := newTown(t)
	w.verdict.BreakGlass = []string{"oncall"}
	r := w.asks(approvals.Origin{})
	if said := w.click("UDAVE", approvals.ToBreakGlass, r); said != "" {
		t.Fatal(said)
	}
	for who, want := range map[string]string{"UDAVE": "You went ahead with this alone", "UALICE": "You asked for this"} {
		if said := w.click(who, approvals.ToReview, r); !strings.Contains(said, want) || !w.load(r).Review.Open() {
			t.Errorf("%s is told %q", who, said)
		}
	}
	if said := w.click("UBOB", approvals.ToReview, r); said != "" || w.load(r).Review.Open() {
		t.Errorf("another person is told %q", said)
	}
}
