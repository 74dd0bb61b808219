package approvals_test

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"iter"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"dropletops/approvals"
	"dropletops/internal/store"

	"pgregory.net/rapid"
)

// leastSteps is how many random steps are held against the model in one run of the tests.
const leastSteps = 10_000

// TestConsentAgainstAModel runs random clicks, retractions, expiries, restarts,
// policy reloads, drifts and people who come and go through the service, and holds
// what becomes of each against a model that is written differently: it knows sets
// of people and rules, and nothing of rounds, needs or the store.
func TestConsentAgainstAModel(t *testing.T) {
	steps := 0
	for steps < leastSteps && !t.Failed() {
		before := steps
		rapid.Check(t, func(rt *rapid.T) { run(rt, &steps, newMemory()) })
		if steps == before {
			t.Fatal("no step was made")
		}
	}
	t.Logf("%d steps", steps)
}

// TestConsentAgainstAModelOnDisk is the same on a database that is closed and
// opened again.
func TestConsentAgainstAModelOnDisk(t *testing.T) {
	steps, d := 0, newDisk(t)
	rapid.Check(t, func(rt *rapid.T) {
		if steps < 1000 {
			run(rt, &steps, d)
		}
	})
	t.Logf("%d steps", steps)
}

// keeper is a store that can be restarted.
type keeper interface {
	approvals.Store
	place(id string) error // of the card
	restart() error
}

// rule is a policy in the model: who suffices, told by trying.
type rule struct {
	name string
	v    approvals.Verdict
	// enough says whether these people suffice; nil where nobody has to approve.
	enough func(by []string, in func(who, group string) bool) bool
	// may says whether someone is one who may approve at all.
	may func(who string, in func(who, group string) bool) bool
	// each are the sets of groups of which it takes someone.
	each [][]string
}

func count(by []string, ok func(string) bool) int {
	n := 0
	for _, b := range by {
		if ok(b) {
			n++
		}
	}
	return n
}

// rules are the policies between which the reloads change.
var rules = []rule{
	{"one", approvals.Verdict{Outcome: approvals.Approve, Count: 1},
		func(by []string, _ func(string, string) bool) bool { return len(by) >= 1 },
		func(string, func(string, string) bool) bool { return true }, nil},
	{"one, by a rule", approvals.Verdict{Outcome: approvals.Approve, Count: 1, Needs: []approvals.Need{{Rule: "one, by a rule", Count: 1}}},
		func(by []string, _ func(string, string) bool) bool { return len(by) >= 1 },
		func(string, func(string, string) bool) bool { return true }, nil},
	{"two", approvals.Verdict{Outcome: approvals.Approve, Count: 2},
		func(by []string, _ func(string, string) bool) bool { return len(by) >= 2 },
		func(string, func(string, string) bool) bool { return true }, nil},
	{"two dba", approvals.Verdict{Outcome: approvals.Approve, Count: 2, BreakGlass: []string{"oncall"},
		Needs: []approvals.Need{{Rule: "two dba", Count: 2, From: []string{"dba"}}}},
		func(by []string, in func(string, string) bool) bool {
			return count(by, func(b string) bool { return in(b, "dba") }) >= 2
		},
		func(w string, in func(string, string) bool) bool { return in(w, "dba") }, [][]string{{"dba"}}},
	{"one dba or sre, factor", approvals.Verdict{Outcome: approvals.Approve, Count: 1, Factor: true, BreakGlass: []string{"oncall"},
		Needs: []approvals.Need{{Rule: "one dba or sre, factor", Count: 1, From: []string{"dba", "sre"}}}},
		func(by []string, in func(string, string) bool) bool {
			return count(by, func(b string) bool { return in(b, "dba") || in(b, "sre") }) >= 1
		},
		func(w string, in func(string, string) bool) bool { return in(w, "dba") || in(w, "sre") }, [][]string{{"dba", "sre"}}},
	{"dba and sre", approvals.Verdict{Outcome: approvals.Approve, Count: 1,
		Needs: []approvals.Need{{Rule: "a", Count: 1, From: []string{"dba"}}, {Rule: "b", Count: 1, From: []string{"sre"}}}},
		func(by []string, in func(string, string) bool) bool {
			return count(by, func(b string) bool { return in(b, "dba") }) >= 1 && count(by, func(b string) bool { return in(b, "sre") }) >= 1
		},
		func(w string, in func(string, string) bool) bool { return in(w, "dba") || in(w, "sre") }, [][]string{{"dba"}, {"sre"}}},
	{"confirm", approvals.Verdict{Outcome: approvals.Confirm}, nil, nil, nil},
	{"allow", approvals.Verdict{Outcome: approvals.Allow}, nil, nil, nil},
	{"deny", approvals.Verdict{Outcome: approvals.Deny, Message: "No."}, nil, nil, nil},
}

const within = 30 * time.Minute

// world is what the people and the policy are at the moment.
type world struct {
	now      time.Time
	rule     int
	standing map[string]approvals.Standing
	groups   map[string]map[string]bool // by name: who
}

var crowd = []string{"U1", "U2", "U3", "U4", "U5"}

func (w *world) in(who, group string) bool { return w.groups[group][who] }

func (w *world) Person(_ context.Context, who approvals.Who, _ bool) (approvals.Person, error) {
	return approvals.Person{Who: who, Standing: w.standing[who.UserID]}, nil
}
func (w *world) Shared(context.Context, string) (bool, error) { return false, nil }
func (w *world) Judge(context.Context, approvals.Case) (approvals.Verdict, error) {
	v := rules[w.rule].v
	v.Rule, v.Within = rules[w.rule].name, within
	return v, nil
}
func (w *world) In(_ context.Context, who approvals.Who, groups []string, _ bool) ([]string, approvals.Seen, error) {
	return slices.DeleteFunc(slices.Clone(groups), func(g string) bool { return !w.in(who.UserID, g) }), approvals.Seen{Now: true}, nil
}
func (w *world) Digest() string { return "" }

func (w *world) Group(name string) (approvals.Group, bool) {
	return approvals.Group{Name: name}, w.groups[name] != nil
}
func (w *world) Verify(_ context.Context, _, code, _ string, _ time.Time) error {
	if code != "right" {
		return approvals.Refuse("wrong")
	}
	return nil
}
func (w *world) Precheck(context.Context, string, string, string, time.Time) error { return nil }
func (w *world) Enrolled(context.Context, string) (bool, error)                    { return true, nil }

// model is what should have become of the request.
type model struct {
	w        *world
	state    approvals.State
	rule     int                 // the policy that it was last shown with
	by       map[string][]string // who approved, of which groups at that time
	broke    string              // who went ahead alone
	reviewed bool
	expires  time.Time
	started  time.Time // when it was let go
	anew     int       // how often the decision began anew
	drifted  bool      // the Droplet was switched off behind our back, and not shown so
	sent     bool
}

// covers tries everybody: whatever sufficed for had suffices for now, too.
func covers(had, now rule) bool {
	order := map[approvals.Outcome]int{approvals.Allow: 0, approvals.Confirm: 1, approvals.Approve: 2, approvals.Deny: 3}
	if order[now.v.Outcome] > order[had.v.Outcome] {
		return false
	}
	if now.enough == nil {
		return true
	}
	if now.v.Factor && !had.v.Factor {
		return false
	}
	// Two people of each kind there can be: in no group, in one, in the other, in both.
	kinds := []string{"n1", "n2", "d1", "d2", "s1", "s2", "b1", "b2"}
	in := func(who, group string) bool {
		return who[0] == 'b' || who[0] == 'd' && group == "dba" || who[0] == 's' && group == "sre"
	}
	for set := range 1 << len(kinds) {
		var by []string
		for i, k := range kinds {
			if set&(1<<i) != 0 {
				by = append(by, k)
			}
		}
		if had.enough(by, in) && !now.enough(by, in) {
			return false
		}
	}
	return true
}

func (m *model) had() rule { return rules[m.rule] }

func (m *model) people() []string { return slices.Sorted(maps.Keys(m.by)) }

// again is the second look: it answers whether all stands.
func (m *model) again() bool {
	now := rules[m.w.rule]
	if m.w.standing["U1"] != approvals.Member || now.v.Outcome == approvals.Deny {
		m.state = map[approvals.State]approvals.State{approvals.Pending: approvals.Denied, approvals.Running: approvals.Failed}[m.state]
		return false
	}
	void := false
	for who := range m.by {
		void = void || m.w.standing[who] != approvals.Member
		for _, of := range m.had().each {
			was := slices.ContainsFunc(of, func(g string) bool { return slices.Contains(m.by[who], g) })
			void = void || was && !slices.ContainsFunc(of, func(g string) bool { return m.w.in(who, g) })
		}
	}
	if m.broke != "" {
		void = void || m.w.standing[m.broke] != approvals.Member || !m.w.in(m.broke, "oncall")
	}
	void = void || m.state == approvals.Running && m.had().v.Outcome != approvals.Allow && m.w.now.Sub(m.started) > 4*time.Hour
	// Whoever could go ahead alone can't any more, and that matters still.
	taken := len(m.had().v.BreakGlass) > 0 && now.v.Outcome == approvals.Approve && len(now.v.BreakGlass) == 0 &&
		(m.state == approvals.Pending || m.broke != "")
	stricter := !covers(m.had(), now) || taken
	if stricter {
		m.rule = m.w.rule
	}
	if void || stricter {
		m.begin()
	}
	return !void && !stricter
}

// begin has the decision begin anew.
func (m *model) begin() {
	m.anew++
	m.by, m.broke = map[string][]string{}, ""
	if m.had().v.Outcome == approvals.Allow {
		m.state = approvals.Running
		return
	}
	m.state, m.expires = approvals.Pending, m.w.now.Add(within)
}

type click struct {
	kind         approvals.DecisionKind
	who          string
	code, reason string
	stale        bool
}

// click says what should become of a click: whether it is done.
func (m *model) click(k click) bool {
	if m.state == approvals.Pending && !m.w.now.Before(m.expires) {
		m.state = approvals.Expired
		return false
	}
	if m.w.standing[k.who] != approvals.Member {
		return false
	}
	pending, mine := m.state == approvals.Pending, k.who == "U1"
	asks := m.had().v.Outcome
	switch k.kind {
	case approvals.ToCancel:
		if !mine || !pending && (m.state != approvals.Running || m.sent) {
			return false
		}
		m.state = approvals.Canceled
		return true
	case approvals.ToReview:
		if m.broke == "" || m.reviewed || k.who == m.broke || mine || !m.had().may(k.who, m.w.in) || pending && k.stale {
			return false
		}
		m.reviewed = true
		return true
	case approvals.ToRetract:
		if !pending || asks != approvals.Approve || mine || m.by[k.who] == nil {
			return false
		}
		delete(m.by, k.who)
		return true
	case approvals.ToConfirm:
		if !pending || asks != approvals.Confirm || !mine || k.stale || !m.again() {
			return false
		}
		m.state, m.started = approvals.Running, m.w.now
		return true
	case approvals.ToBreakGlass:
		if !pending || asks != approvals.Approve || len(m.had().v.BreakGlass) == 0 || !m.w.in(k.who, "oncall") || k.stale || !m.again() {
			return false
		}
		if k.reason == "" || m.had().v.Factor && k.code != "right" {
			return false
		}
		m.state, m.broke, m.reviewed, m.started = approvals.Running, k.who, false, m.w.now
		return true
	}
	if !pending || asks != approvals.Approve || mine || !m.had().may(k.who, m.w.in) {
		return false
	}
	if k.kind == approvals.ToDeny {
		if !k.stale {
			m.state = approvals.Denied
		}
		return !k.stale
	}
	more := append(m.people(), k.who)
	if m.by[k.who] != nil || !m.helps(k.who) || k.stale || !m.again() || m.had().v.Factor && k.code != "right" {
		return false
	}
	m.by[k.who] = m.of(k.who)
	if m.had().enough(more, m.was) {
		m.state, m.started = approvals.Running, m.w.now
	}
	return true
}

// of are someone's groups now; never nil.
func (m *model) of(who string) []string {
	out := []string{}
	for g := range m.w.groups {
		if m.w.in(who, g) {
			out = append(out, g)
		}
	}
	return out
}

// was says whether someone was in a group when they approved, or is if they did not.
func (m *model) was(who, group string) bool {
	if of := m.by[who]; of != nil {
		return slices.Contains(of, group)
	}
	return m.w.in(who, group)
}

// helps tries whether someone's approval brings the end closer: with them, fewer
// others would be needed.
func (m *model) helps(who string) bool {
	need := func(by []string) int {
		for n := range 4 {
			for _, more := range [][]string{{}, {"d1"}, {"s1"}, {"n1"}, {"d1", "s1"}, {"d1", "d2"}, {"n1", "n2"}, {"d1", "d2", "s1"}} {
				in := func(w, g string) bool {
					return slices.Contains(by, w) && m.was(w, g) || w == "d1" && g == "dba" || w == "d2" && g == "dba" || w == "s1" && g == "sre"
				}
				if len(more) == n && m.had().enough(append(slices.Clone(by), more...), in) {
					return n
				}
			}
		}
		return 9
	}
	return need(append(m.people(), who)) < need(m.people())
}

func run(t *rapid.T, steps *int, s keeper) {
	ctx := context.Background()
	w := &world{now: time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC), standing: map[string]approvals.Standing{}, groups: map[string]map[string]bool{}}
	for _, c := range crowd {
		w.standing[c] = approvals.Member
	}
	for _, g := range []string{"dba", "sre", "oncall"} {
		w.groups[g] = map[string]bool{}
		for _, c := range crowd {
			w.groups[g][c] = rapid.Bool().Draw(t, g+" "+c)
		}
	}
	w.rule = rapid.IntRange(0, len(rules)-2).Draw(t, "policy")
	svc := &approvals.Service{Store: s, Directory: w, Policy: w, Factors: w, Now: func() time.Time { return w.now }}
	d := approvals.Droplet{ID: 7, Name: "web-1", Status: "active"}
	r, err := svc.Submit(ctx, approvals.Draft{Action: approvals.Action{Type: "rebuild", Danger: approvals.Destructive},
		Targets: []approvals.Droplet{d}, Who: approvals.Who{UserID: "U1"}, Origin: approvals.Origin{ChannelID: "C1", Envelope: approvals.NewID()}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.place(r.ID); err != nil {
		t.Fatal(err)
	}
	m := &model{w: w, state: r.State, started: w.now, rule: w.rule, by: map[string][]string{}, expires: w.now.Add(within)}
	stale := r.Shown()
	load := func() *approvals.Request {
		r, err := s.Request(ctx, r.ID)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	t.Repeat(map[string]func(*rapid.T){
		"click": func(t *rapid.T) {
			*steps++
			k := click{
				kind: rapid.SampledFrom([]approvals.DecisionKind{approvals.ToApprove, approvals.ToApprove, approvals.ToApprove, approvals.ToRetract, approvals.ToRetract,
					approvals.ToConfirm, approvals.ToBreakGlass, approvals.ToReview, approvals.ToDeny, approvals.ToCancel}).Draw(t, "kind"),
				who:    rapid.SampledFrom(crowd).Draw(t, "who"),
				code:   rapid.SampledFrom([]string{"", "right", "right", "wrong"}).Draw(t, "code"),
				reason: rapid.SampledFrom([]string{"", "fire"}).Draw(t, "reason"),
			}
			if (k.kind == approvals.ToDeny || k.kind == approvals.ToCancel) && rapid.IntRange(0, 3).Draw(t, "often") > 0 {
				k.kind = approvals.ToApprove
			}
			before := load()
			shown := before.Shown()
			if rapid.IntRange(0, 9).Draw(t, "stale") == 0 {
				shown = stale
			}
			k.stale = shown != before.Shown()
			want := m.click(k)
			_, err := svc.Decide(ctx, approvals.Click{Kind: k.kind, RequestID: r.ID, Who: approvals.Who{UserID: k.who}, Message: before.Card,
				Shown: shown, Envelope: approvals.NewID(), Code: k.code, Reason: k.reason})
			var no *approvals.Refusal
			var more *approvals.Asked
			if err != nil && !errors.As(err, &no) && !errors.As(err, &more) {
				t.Fatalf("a fault: %v", err)
			}
			if want != (err == nil) {
				t.Fatalf("%+v by the model %v, and it was %v (verdict %+v)", k, want, err, before.Verdict)
			}
		},
		"before acting": func(t *rapid.T) {
			*steps++
			now := load()
			if now.State != approvals.Running || now.Sent() {
				return
			}
			is := d
			if m.drifted {
				is.Status = "off"
			}
			again, err := svc.Reconsider(ctx, now, []approvals.Droplet{is}, true)
			if err != nil {
				t.Fatal(err)
			}
			diffs := now.Targets[0].Droplet.Differences(is)
			if m.again() {
				if shown := now.Targets[0].Droplet.Status != is.Status; shown && now.Verdict.Outcome != approvals.Allow {
					m.begin()
				} else {
					m.sent = true
				}
			}
			_, err = s.Update(ctx, r.ID, func(q *approvals.Request) (approvals.Change, error) {
				switch {
				case again.Refused != "":
					return q.Reconsidered(again, w.now)
				case again.Stands() && (len(diffs) == 0 || q.Verdict.Outcome == approvals.Allow):
					return q.Dispatch(0, "p", q.Action.Type, 0, w.now)
				}
				if again.Verdict != nil {
					q.Verdict = *again.Verdict
				}
				return q.Drifted(append(diffs, again.Differences...), map[int]approvals.Droplet{7: is}, nil, w.now)
			})
			if err != nil {
				t.Fatal(err)
			}
		},
		"time": func(t *rapid.T) {
			*steps++
			w.now = w.now.Add(time.Duration(rapid.IntRange(1, 9).Draw(t, "minutes")) * time.Minute)
			if err := svc.Remind(ctx, r.ID); err != nil {
				t.Fatal(err)
			}
			if m.state == approvals.Pending && !w.now.Before(m.expires) {
				m.state = approvals.Expired
			}
			if err := svc.Expire(ctx, r.ID); err != nil {
				t.Fatal(err)
			}
		},
		"reload": func(t *rapid.T) {
			*steps++
			w.rule = rapid.IntRange(0, len(rules)-1).Draw(t, "policy")
			if rules[w.rule].name == "deny" && rapid.IntRange(0, 4).Draw(t, "seldom") > 0 {
				w.rule = 0
			}
		},
		"people": func(t *rapid.T) {
			*steps++
			who := rapid.SampledFrom(crowd).Draw(t, "who")
			if rapid.Bool().Draw(t, "standing") && (who != "U1" || rapid.IntRange(0, 4).Draw(t, "seldom") == 0) {
				w.standing[who] = rapid.SampledFrom([]approvals.Standing{approvals.Member, approvals.Member, approvals.Guest, approvals.Deactivated}).Draw(t, "is")
				return
			}
			g := rapid.SampledFrom([]string{"dba", "sre", "oncall"}).Draw(t, "group")
			w.groups[g][who] = !w.groups[g][who]
		},
		"hours in line": func(t *rapid.T) {
			*steps++
			if m.state == approvals.Running {
				w.now = w.now.Add(time.Duration(rapid.IntRange(1, 5).Draw(t, "hours")) * time.Hour)
			}
		},
		"drift": func(*rapid.T) { *steps++; m.drifted = true },
		"restart": func(t *rapid.T) {
			*steps++
			if err := s.restart(); err != nil {
				t.Fatal(err)
			}
		},
		"": func(t *rapid.T) {
			got := load()
			var by []string
			for _, d := range got.Approvals() {
				by = append(by, d.By.UserID)
			}
			slices.Sort(by)
			if got.State != m.state || got.Round != m.anew || !slices.Equal(by, m.people()) || !got.Targets[0].DispatchedAt.IsZero() != m.sent {
				t.Fatalf("it is %s in round %d by %v, sent %v; by the model %s, %d, %v, %v (verdict %+v, note %q)",
					got.State, got.Round, by, got.Sent(), m.state, m.anew, m.people(), m.sent, got.Verdict, got.Note)
			}
			if m.broke != "" && (got.Review.Open() == m.reviewed || got.Review.By != m.broke) {
				t.Fatalf("the review is %+v, by the model of %s, closed %v", got.Review, m.broke, m.reviewed)
			}
		},
	})
}

// memory keeps requests as JSON, as a database does.
type memory struct{ docs map[string][]byte }

type doc struct {
	R       approvals.Request
	Targets []approvals.Target
	Card    approvals.MessageRef
}

func newMemory() *memory { return &memory{docs: map[string][]byte{}} }

func (m *memory) MoveChannel(context.Context, string, string, approvals.Line) error { return nil }

func (m *memory) Unreviewed(ctx context.Context) (out []*approvals.Request, err error) {
	for _, id := range slices.Sorted(maps.Keys(m.docs)) {
		r, err := m.Request(ctx, id)
		if err != nil {
			return nil, err
		}
		if r.Review.Open() {
			out = append(out, r)
		}
	}
	return out, nil
}

func (m *memory) restart() error { return nil }

func (m *memory) write(r *approvals.Request) error {
	b, err := json.Marshal(doc{*r, r.Targets, r.Card})
	m.docs[r.ID] = b
	return err
}

func (m *memory) place(id string) error {
	r, err := m.Request(context.Background(), id)
	r.Card = approvals.MessageRef{ChannelID: "C1", TS: "1.1"}
	return cmp.Or(err, m.write(r))
}

func (m *memory) Create(_ context.Context, r *approvals.Request, _ approvals.Change) error {
	return m.write(r)
}

func (m *memory) Request(_ context.Context, id string) (*approvals.Request, error) {
	var d doc
	err := json.Unmarshal(m.docs[id], &d)
	d.R.Targets, d.R.Card = d.Targets, d.Card
	return &d.R, err
}

func (m *memory) Update(ctx context.Context, id string, f func(*approvals.Request) (approvals.Change, error)) (*approvals.Request, error) {
	r, err := m.Request(ctx, id)
	if err != nil {
		return nil, err
	}
	switch _, err := f(r); {
	case errors.Is(err, approvals.ErrNoChange):
		return r, nil
	case err != nil:
		return r, err
	}
	r.Version++
	return r, m.write(r)
}

func (m *memory) Record(context.Context, ...approvals.Line) error { return nil }

// disk is the real store, opened anew at each restart.
type disk struct {
	*store.Store
	t   *testing.T
	url string
}

func newDisk(t *testing.T) *disk {
	d := &disk{t: t, url: "sqlite:" + filepath.Join(t.TempDir(), "model.db")}
	if err := d.open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Store.Close() })
	return d
}

func (d *disk) open() error {
	s, err := store.Open(context.Background(), d.url, "model", time.Now)
	if err != nil {
		return err
	}
	s.SetWaker(asleep{})
	d.Store = s
	return nil
}

func (d *disk) restart() error { return errors.Join(d.Store.Close(), d.open()) }

func (d *disk) place(id string) error {
	ctx := context.Background()
	return errors.Join(d.Posting(ctx, id, "model", ""), d.Published(ctx, id, approvals.MessageRef{ChannelID: "C1", TS: id}, 1))
}

// asleep makes no wake-ups.
type asleep struct{}

func (asleep) WakeAdvance(context.Context, *sql.Tx, string, int64, time.Time) error { return nil }
func (asleep) WakePublish(context.Context, *sql.Tx, string) error                   { return nil }
func (asleep) Rewake(context.Context, *sql.Tx, iter.Seq2[string, int64]) error      { return nil }
