package approvals

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

var t0 = time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)

func member(id string) Person {
	return Person{Who: Who{UserID: id, TeamID: "T1"}, Standing: Member}
}

// pending is a request for a rebuild of the Droplets, asked by U1.
func pending(droplets ...Droplet) *Request {
	r := &Request{ID: "r-1", Version: 1, State: Pending, Action: Action{Type: "rebuild", Danger: Destructive},
		Requester: member("U1"), Verdict: Verdict{Outcome: Approve, Count: 1, Within: 30 * time.Minute},
		CreatedAt: t0, ExpiresAt: t0.Add(30 * time.Minute), Card: MessageRef{"C1", "1.1"}}
	if len(droplets) == 0 {
		droplets = []Droplet{{ID: 7, Name: "web-1", Status: "active"}}
	}
	for i, d := range droplets {
		r.Targets = append(r.Targets, Target{Ordinal: i, Droplet: d, State: Queued})
	}
	return r
}

func running(droplets ...Droplet) *Request {
	r := pending(droplets...)
	r.State, r.ExpiresAt = Running, time.Time{}
	return r
}

func TestWhoMayDecide(t *testing.T) {
	confirm := func() *Request {
		r := pending()
		r.Verdict = Verdict{Outcome: Confirm, Within: time.Minute}
		return r
	}
	state := func(s State) func() *Request {
		return func() *Request { r := pending(); r.State = s; return r }
	}
	person := func(s Standing) Person { return Person{Who: Who{UserID: "U9"}, Standing: s} }
	for _, tt := range []struct {
		name    string
		request func() *Request
		kind    DecisionKind
		by      Person
		says    string // part of the refusal; empty if it is allowed
	}{
		{"another member approves", func() *Request { return pending() }, ToApprove, member("U2"), ""},
		{"another member denies", func() *Request { return pending() }, ToDeny, member("U2"), ""},
		{"the requester approves", func() *Request { return pending() }, ToApprove, member("U1"), "can't approve"},
		{"the requester denies", func() *Request { return pending() }, ToDeny, member("U1"), "use Cancel"},
		{"the requester cancels", func() *Request { return pending() }, ToCancel, member("U1"), ""},
		{"another cancels", func() *Request { return pending() }, ToCancel, member("U2"), "Only <@U1>"},
		{"the requester confirms", confirm, ToConfirm, member("U1"), ""},
		{"another confirms", confirm, ToConfirm, member("U2"), "Only <@U1>"},
		{"someone approves what waits for confirmation", confirm, ToApprove, member("U2"), "needs no approval"},
		{"the requester confirms what waits for approval", func() *Request { return pending() }, ToConfirm, member("U1"), "waits for approval"},
		{"a guest", func() *Request { return pending() }, ToApprove, person(Guest), "guest"},
		{"a bot", func() *Request { return pending() }, ToApprove, person(Bot), "Bots"},
		{"a deactivated account", func() *Request { return pending() }, ToApprove, person(Deactivated), "deactivated"},
		{"another workspace", func() *Request { return pending() }, ToApprove, person(Foreign), "another workspace"},
		{"an unknown standing", func() *Request { return pending() }, ToApprove, person(""), "could not be established"},
		{"a guest cancels", func() *Request { return pending() }, ToCancel, person(Guest), "guest"},
		{"too late: denied", state(Denied), ToApprove, member("U2"), "denied"},
		{"too late: expired", state(Expired), ToApprove, member("U2"), "expired"},
		{"too late: canceled", state(Canceled), ToDeny, member("U2"), "canceled"},
		{"too late: completed", state(Completed), ToCancel, member("U1"), "completed"},
		{"a decision there is not", func() *Request { return pending() }, "obliterate", member("U2"), "no decision"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.request().Decide(tt.kind, tt.by, t0)
			var no *Refusal
			switch {
			case tt.says == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tt.says != "" && (!errors.As(err, &no) || !strings.Contains(no.Sentence, tt.says)):
				t.Errorf("got %v, want a refusal with %q", err, tt.says)
			}
		})
	}
}

func TestTwoOfThree(t *testing.T) {
	r := pending()
	r.Verdict.Count = 2
	if c, err := r.Decide(ToApprove, member("U2"), t0); err != nil || r.State != Pending || !c.Advance.IsZero() {
		t.Fatalf("the first of two: %s, %v", r.State, err)
	}
	if _, err := r.Decide(ToApprove, member("U2"), t0); err == nil {
		t.Error("one person counted twice")
	}
	if c, err := r.Decide(ToApprove, member("U3"), t0); err != nil || r.State != Running || c.Advance != t0 {
		t.Errorf("the second of two: %s, %v", r.State, err)
	}
}

func TestDriftVoidsDecisions(t *testing.T) {
	r := pending()
	r.Verdict.Count = 1
	if _, err := r.Decide(ToApprove, member("U2"), t0); err != nil {
		t.Fatal(err)
	}
	shown := r.Shown()
	changed := r.Targets[0].Droplet
	changed.Name = "db-1"
	diffs := r.Targets[0].Droplet.Differences(changed)
	later := t0.Add(time.Hour)
	if _, err := r.Drifted(diffs, map[int]Droplet{7: changed}, nil, later); err != nil {
		t.Fatal(err)
	}
	if r.State != Pending || len(r.Approvals()) != 0 || r.Shown() == shown || r.Targets[0].Droplet.Name != "db-1" || !r.ExpiresAt.Equal(later.Add(30*time.Minute)) {
		t.Errorf("after a drift: %+v", r)
	}
	if _, err := r.Decide(ToApprove, member("U2"), later); err != nil {
		t.Errorf("who approved before may approve anew: %v", err)
	}
}

func TestDriftOfWhatIsGone(t *testing.T) {
	single := running()
	if _, err := single.Drifted(nil, nil, nil, t0); err != nil || single.State != Failed || single.Note == "" {
		t.Errorf("a single Droplet that is gone: %s, %v", single.State, err)
	}
	a, b := Droplet{ID: 1, Name: "a"}, Droplet{ID: 2, Name: "b"}
	bulk := running(a, b)
	if _, err := bulk.Drifted(nil, map[int]Droplet{2: b}, nil, t0); err != nil || bulk.State != Pending ||
		len(bulk.Targets) != 1 || bulk.Targets[0].Droplet.ID != 2 || bulk.Targets[0].Ordinal != 0 {
		t.Errorf("one of two that is gone: %+v, %v", bulk, err)
	}
	sent := running(a, b)
	sent.Targets[0].State = Following
	if _, err := sent.Drifted(nil, nil, nil, t0); !errors.Is(err, ErrConflict) {
		t.Errorf("a request of which something was sent began anew: %v", err)
	}
}

func TestExpiry(t *testing.T) {
	r := pending()
	if _, err := r.Expire(r.ExpiresAt.Add(-1)); !errors.Is(err, ErrNoChange) {
		t.Errorf("before its time: %v", err)
	}
	if _, err := r.Expire(r.ExpiresAt); err != nil || r.State != Expired {
		t.Errorf("at its time: %s, %v", r.State, err)
	}
}

func TestDigestBindsWhatWasShown(t *testing.T) {
	base := func() *Request {
		r := pending(Droplet{ID: 7, Name: "web-1", Status: "active", Size: "s-1vcpu-1gb", Region: "fra1", ImageID: 5})
		r.Action.Args = map[string]string{"image": "101", "x": "y"}
		r.Image = &Image{ID: 101}
		return r
	}
	for what, change := range map[string]func(*Request){
		"action":   func(r *Request) { r.Action.Type = "restore" },
		"argument": func(r *Request) { r.Action.Args["image"] = "102" },
		"image":    func(r *Request) { r.Image.ID = 102 },
		"Droplet":  func(r *Request) { r.Targets[0].Droplet.ID = 8 },
		"name":     func(r *Request) { r.Targets[0].Droplet.Name = "web-2" },
		"status":   func(r *Request) { r.Targets[0].Droplet.Status = "off" },
		"size":     func(r *Request) { r.Targets[0].Droplet.Size = "s-2vcpu-2gb" },
		"region":   func(r *Request) { r.Targets[0].Droplet.Region = "nyc3" },
		"current":  func(r *Request) { r.Targets[0].Droplet.ImageID = 6 },
		"targets":  func(r *Request) { r.Targets = append(r.Targets, Target{Droplet: Droplet{ID: 9}}) },
	} {
		r := base()
		change(r)
		if r.Digest() == base().Digest() {
			t.Errorf("another %s has the same digest", what)
		}
	}
	r := base()
	r.Targets[0].Droplet.PublicIP = "203.0.113.9"
	if r.Digest() != base().Digest() {
		t.Error("what an approval does not bind changes the digest")
	}
}

func TestBuiltInPolicy(t *testing.T) {
	one, two := []Droplet{{ID: 1}}, []Droplet{{ID: 1}, {ID: 2}}
	for _, tt := range []struct {
		danger  Danger
		targets []Droplet
		want    Outcome
	}{
		{Safe, one, Allow}, {Disruptive, one, Allow}, {Irreversible, one, Confirm}, {Destructive, one, Approve},
		{Safe, two, Confirm}, {Disruptive, two, Approve}, {Irreversible, two, Confirm}, {Destructive, two, Approve},
	} {
		got := BuiltIn{}.Verdict(Case{Action: Action{Danger: tt.danger}, Targets: tt.targets})
		if got.Outcome != tt.want || got.Outcome != Allow && got.Within != 30*time.Minute || got.Outcome == Approve && got.Count != 1 {
			t.Errorf("%s on %d: %+v, want %s", tt.danger, len(tt.targets), got, tt.want)
		}
	}
}

func TestOutcomeOfBulk(t *testing.T) {
	for _, tt := range []struct {
		ends []TargetState
		want State
	}{
		{[]TargetState{TargetDone, TargetDone}, Completed},
		{[]TargetState{TargetDone, TargetErrored}, Failed},
		{[]TargetState{TargetErrored, TargetUnknown}, Unknown},
		{[]TargetState{TargetDone, TargetSkipped}, Failed},
		{[]TargetState{TargetSkipped, TargetSkipped}, Canceled},
		{[]TargetState{TargetDone, Following}, Running},
	} {
		r := running(Droplet{ID: 1}, Droplet{ID: 2})
		for i, s := range tt.ends {
			r.Targets[i].State = s
		}
		r.settle(t0)
		if r.State != tt.want {
			t.Errorf("%v: %s, want %s", tt.ends, r.State, tt.want)
		}
	}
}

func TestNothingIsSentWithoutACard(t *testing.T) {
	r := running()
	r.Card = MessageRef{}
	if _, err := r.Dispatch(0, "me", r.Action.Type, 0, t0); !errors.Is(err, ErrConflict) {
		t.Errorf("dispatched without a card: %v", err)
	}
}

func TestCancelWhileOthersRun(t *testing.T) {
	r := running(Droplet{ID: 1}, Droplet{ID: 2})
	if _, err := r.Dispatch(0, "me", r.Action.Type, 0, t0); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Decide(ToCancel, member("U1"), t0); err != nil {
		t.Fatal(err)
	}
	if r.State != Running || r.Targets[0].State != Dispatching || r.Targets[1].State != TargetSkipped {
		t.Errorf("%s: %s, %s", r.State, r.Targets[0].State, r.Targets[1].State)
	}
	if _, err := r.Decide(ToCancel, member("U1"), t0); err == nil || !strings.Contains(err.Error(), "too late") {
		t.Errorf("a second cancel: %v", err)
	}
}

func TestNewIDs(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := NewID()
		if len(id) != 14 || seen[id] {
			t.Fatalf("ID %q", id)
		}
		seen[id] = true
	}
}

// keepAll is a store that takes everything and keeps nothing.
type keepAll struct{ lines []Line }

func (k *keepAll) Create(context.Context, *Request, Change) error    { return nil }
func (k *keepAll) Request(context.Context, string) (*Request, error) { return nil, ErrNotFound }
func (k *keepAll) Update(context.Context, string, func(*Request) (Change, error)) (*Request, error) {
	return nil, ErrNotFound
}
func (k *keepAll) MoveChannel(context.Context, string, string, Line) error { return nil }

func (k *keepAll) Unreviewed(context.Context) ([]*Request, error) { return nil, nil }
func (k *keepAll) Record(_ context.Context, lines ...Line) error {
	k.lines = append(k.lines, lines...)
	return nil
}

type everyone struct{}

func (everyone) Person(_ context.Context, who Who, _ bool) (Person, error) {
	return Person{Who: who, Standing: Member}, nil
}

func (everyone) Shared(context.Context, string) (bool, error) { return false, nil }

// What needs another's approval can't be asked for where nobody else sees it.
func TestApprovalsAreNotAskedForInPrivate(t *testing.T) {
	store := &keepAll{}
	s := &Service{Store: store, Directory: everyone{}, Policy: BuiltIn{}, Now: func() time.Time { return t0 }}
	draft := Draft{Action: Action{Type: "rebuild", Danger: Destructive}, Targets: []Droplet{{ID: 1}}, Who: Who{UserID: "U1"},
		Origin: Origin{ChannelID: "D1", Private: true}}
	var no *Refusal
	if _, err := s.Submit(t.Context(), draft); !errors.As(err, &no) || len(store.lines) != 1 || store.lines[0].What != "refused" {
		t.Errorf("in private: %v, %v", err, store.lines)
	}
	draft.Action = Action{Type: "reboot", Danger: Safe}
	if _, err := s.Submit(t.Context(), draft); err != nil {
		t.Errorf("what needs nobody: %v", err)
	}
	draft.Action, draft.Origin.Private = Action{Type: "rebuild", Danger: Destructive}, false
	if _, err := s.Submit(t.Context(), draft); err != nil {
		t.Errorf("in a channel: %v", err)
	}
}

func TestAClickIsForWhatItsCardShowed(t *testing.T) {
	r := pending()
	if !r.showed(r.Shown()) || !r.showed("") || r.showed("0.other") {
		t.Error("before any drift")
	}
	old := r.Shown()
	r.Round = 1
	if r.showed(old) || r.showed("") || !r.showed(r.Shown()) {
		t.Error("after a drift")
	}
}

// How far the approvals have come is told without counting people whom nobody knows:
// one of both groups meets both needs, others meet one each.
func TestProgressOfSeveralNeeds(t *testing.T) {
	of := func(id string, groups ...string) Person {
		p := member(id)
		p.Groups = groups
		return p
	}
	for name, tt := range map[string]struct {
		by    []Person
		notes []string // of all but the last, which lets it go ahead
		last  string   // the progress before that
	}{
		"one of both groups": {[]Person{of("U2", "dba", "sre"), of("U3", "dba")}, []string{"1 approved, missing: 1 member of dba"}, "1 so far, at least 1 more"},
		"one of each": {[]Person{of("U2", "dba"), of("U3", "sre"), of("U4", "dba")},
			[]string{"1 approved, missing: 1 member of dba, and 1 member of sre", "2 approved, missing: 1 member of dba"}, "2 so far, at least 1 more"},
	} {
		r := pending()
		r.Verdict = Verdict{Outcome: Approve, Count: 2, Needs: []Need{{Rule: "a", Count: 2, From: []string{"dba"}}, {Rule: "b", Count: 1, From: []string{"sre"}}}}
		if got := r.Progress(); got != "0 so far, at least 2 more" {
			t.Errorf("%s: at first %q", name, got)
		}
		for i, by := range tt.by {
			if got := r.Progress(); i == len(tt.by)-1 && got != tt.last {
				t.Errorf("%s: %q, want %q", name, got, tt.last)
			}
			c, err := r.Decide(ToApprove, by, t0)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if i < len(tt.notes) && c.Notes[0].Detail != tt.notes[i] {
				t.Errorf("%s: told %q, want %q", name, c.Notes[0].Detail, tt.notes[i])
			}
			if _, err := r.Decide(ToApprove, by, t0); i < len(tt.notes) && (err == nil || !strings.HasPrefix(err.Error(), "You have approved this already: it waits for 1 member of ")) {
				t.Errorf("%s: a second click: %v", name, err)
			}
		}
		if r.State != Running {
			t.Errorf("%s: %s", name, r.State)
		}
	}
	r := pending()
	r.Verdict = Verdict{Outcome: Approve, Count: 3}
	if got := r.Progress(); got != "0 of 3" {
		t.Errorf("anyone: %q", got)
	}
}
