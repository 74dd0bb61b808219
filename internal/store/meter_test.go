package store_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"dropletops/approvals"
)

// count is how many series there are, of these names or of all.
func count(t *testing.T, reg *prometheus.Registry, names ...string) int {
	t.Helper()
	n, err := testutil.GatherAndCount(reg, names...)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// risen are the values of counters and gauges that are not 0, a line each.
func risen(t *testing.T, reg *prometheus.Registry) []string {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range families {
		for _, m := range f.GetMetric() {
			n := m.GetCounter().GetValue() + m.GetGauge().GetValue()
			if n == 0 {
				continue
			}
			line := strings.TrimPrefix(f.GetName(), "dropletops_")
			for _, l := range m.GetLabel() {
				line += " " + l.GetValue()
			}
			out = append(out, line+" "+string(rune('0'+int(n))))
		}
	}
	slices.Sort(out)
	return out
}

// What is counted is what was committed: a change that came to nothing, a clock's
// doing and the bot's own are no decision of anybody's.
func TestDecisionsAndRefusalsAreCounted(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		ctx, reg := t.Context(), prometheus.NewRegistry()
		if err := b.Meter(reg, []string{"rebuild", "list"}); err != nil {
			t.Fatal(err)
		}
		zeros := count(t, reg) // the same number after all that follows: labels are known from the start
		decide := func(id string, kind approvals.DecisionKind, by approvals.Person) {
			t.Helper()
			if _, err := b.Update(ctx, id, func(r *approvals.Request) (approvals.Change, error) { return r.Decide(kind, by, b.clock.now()) }); err != nil {
				t.Fatal(err)
			}
		}
		asker, carol := approvals.Person{Who: approvals.Who{UserID: "U1"}, Standing: approvals.Member}, approvals.Person{Who: approvals.Who{UserID: "U4"}, Standing: approvals.Member}
		for _, id := range []string{"r-1", "r-2", "r-3", "r-4", "r-5", "r-6"} {
			create(t, b, id)
		}
		two := func(r *approvals.Request) (approvals.Change, error) {
			r.Verdict.Count = 2
			return approvals.Change{}, nil
		}
		if _, err := b.Update(ctx, "r-1", two); err != nil {
			t.Fatal(err)
		}
		decide("r-1", approvals.ToApprove, bob)
		decide("r-1", approvals.ToRetract, bob)
		decide("r-1", approvals.ToApprove, bob)
		decide("r-1", approvals.ToApprove, carol)
		decide("r-2", approvals.ToDeny, bob)
		decide("r-3", approvals.ToCancel, asker)
		alone(t, b, "r-4")
		alone(t, b, "r-5")
		decide("r-5", approvals.ToReview, bob)
		b.wakes.fail = errors.New("the disk is full")
		if _, err := b.Update(ctx, "r-6", func(r *approvals.Request) (approvals.Change, error) {
			return r.Decide(approvals.ToApprove, bob, b.clock.now())
		}); err == nil {
			t.Error("it was written down")
		}
		b.wakes.fail = nil
		if _, err := b.Update(ctx, "r-6", func(r *approvals.Request) (approvals.Change, error) {
			return r.Abandon("the channel is gone", b.clock.now())
		}); err != nil {
			t.Fatal(err)
		}
		for _, detail := range []map[string]string{
			{"click": "approve"}, {"click": "explain"}, {"words": "retry r-1"}, {"action": "rebuild", "words": "retry r-1"},
			{"action": "rebuild", "words": "/droplet rebuild web-1"}, {"words": "/droplet list"}, {"words": "@dropletops LIST x"},
			{"words": "/droplet " + strings.Repeat("x", 300)}, {"click": "nonsense"}, {},
		} {
			if err := b.Record(ctx, approvals.Line{At: b.clock.now(), What: "refused", Who: "U1", Detail: detail}); err != nil {
				t.Fatal(err)
			}
		}
		want := []string{
			"decisions_total approve 3", "decisions_total break_glass 2", "decisions_total cancel 1", "decisions_total deny 1",
			"decisions_total retract 1", "decisions_total review 1",
			"refusals_total click approve 1", "refusals_total click explain 1", "refusals_total click retry 2",
			"refusals_total verb list 2", "refusals_total verb other 3", "refusals_total verb rebuild 1",
			"reviews_open 1",
		}
		if got := risen(t, reg); !slices.Equal(got, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if n := count(t, reg); n != zeros+3 { // the verbs
			t.Errorf("%d series, and %d before anything was counted", n, zeros)
		}
	})
}

// Every decision that a person can make has its line, and every button is known.
func TestEveryDecisionIsCounted(t *testing.T) {
	b := &bench{url: "sqlite:" + t.TempDir() + "/test.db", wakes: &wakes{}, clock: &clock{t: time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)}}
	b.open(t)
	defer b.Close()
	reg := prometheus.NewRegistry()
	if err := b.Meter(reg, nil); err != nil {
		t.Fatal(err)
	}
	asker := approvals.Person{Who: approvals.Who{UserID: "U1"}, Standing: approvals.Member}
	create(t, b, "r-1")
	create(t, b, "r-2")
	for id, change := range map[string]func(r *approvals.Request) (approvals.Change, error){
		"r-1": func(r *approvals.Request) (approvals.Change, error) {
			return r.AddSnapshot(asker, r.Verdict, time.Minute, b.clock.now())
		},
		"r-2": func(r *approvals.Request) (approvals.Change, error) {
			r.Verdict.Outcome = approvals.Confirm
			return r.Decide(approvals.ToConfirm, asker, b.clock.now())
		},
	} {
		if _, err := b.Update(t.Context(), id, change); err != nil {
			t.Fatal(err)
		}
	}
	if got := risen(t, reg); !slices.Equal(got, []string{"decisions_total confirm 1", "decisions_total snapshot_first 1"}) {
		t.Errorf("got %v", got)
	}
}

// A database that does not answer leaves the gauge out, and all other metrics in.
func TestMetricsWithoutADatabase(t *testing.T) {
	b := &bench{url: "sqlite:" + t.TempDir() + "/test.db", wakes: &wakes{}, clock: &clock{t: time.Now()}}
	b.open(t)
	reg := prometheus.NewRegistry()
	if err := b.Meter(reg, nil); err != nil {
		t.Fatal(err)
	}
	if n := count(t, reg, "dropletops_reviews_open"); n != 1 {
		t.Errorf("%d gauges", n)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if n := count(t, reg, "dropletops_reviews_open"); n != 0 {
		t.Errorf("%d gauges without a database", n)
	}
	if n := count(t, reg, "dropletops_decisions_total"); n != 8 {
		t.Errorf("%d decisions", n)
	}
}

// The open reviews are those of whom another person owes a look, oldest first.
func TestUnreviewed(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		for _, id := range []string{"r-9", "r-closed", "r-1", "r-denied"} {
			create(t, b, id)
			b.clock.forward(time.Minute)
		}
		for _, id := range []string{"r-1", "r-9", "r-closed"} {
			alone(t, b, id)
		}
		deny(t, b, "r-denied")
		if _, err := b.Update(t.Context(), "r-closed", func(r *approvals.Request) (approvals.Change, error) {
			return r.Decide(approvals.ToReview, bob, b.clock.now())
		}); err != nil {
			t.Fatal(err)
		}
		open, err := b.Unreviewed(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, r := range open {
			ids = append(ids, r.ID)
		}
		n, err := b.OpenReviews(t.Context())
		if !slices.Equal(ids, []string{"r-9", "r-1"}) || n != 2 || err != nil {
			t.Errorf("open: %v; counted: %d, %v", ids, n, err)
		}
	})
}
