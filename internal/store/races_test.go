package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"dropletops/approvals"
	"dropletops/internal/store"
)

// races is how often people click at the same moment in TestRaces, on each database.
const races = 1000

// crew are full members, of whom those of oncall may go ahead alone.
type crew struct{ approvals.BuiltIn }

func (crew) Person(_ context.Context, who approvals.Who, _ bool) (approvals.Person, error) {
	return approvals.Person{Who: who, Standing: approvals.Member}, nil
}

func (crew) Shared(context.Context, string) (bool, error) { return false, nil }

func (crew) Judge(context.Context, approvals.Case) (approvals.Verdict, error) {
	return approvals.Verdict{Outcome: approvals.Approve, Count: 1, Within: time.Hour, BreakGlass: []string{"oncall"}}, nil
}

func (crew) In(_ context.Context, who approvals.Who, groups []string, _ bool) ([]string, approvals.Seen, error) {
	if who.UserID == "U5" {
		return groups, approvals.Seen{Now: true}, nil
	}
	return nil, approvals.Seen{Now: true}, nil
}

// In each of a thousand races people approve, take back, deny, cancel and go
// ahead alone at the same moment, through two processes where the database has
// room for two. Each has exactly one outcome: what the decisions that were
// recorded, one after the other, come to.
func TestRaces(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		stores := []*store.Store{b.Store}
		if !b.Exclusive() {
			other, err := store.Open(t.Context(), b.url, "process-2", b.clock.now)
			if err != nil {
				t.Fatal(err)
			}
			other.SetWaker(b.wakes)
			t.Cleanup(func() {
				if err := other.Close(); err != nil {
					t.Error(err)
				}
			})
			stores = append(stores, other)
		}
		var outcomes [5]atomic.Int64
		g, ctx := errgroup.WithContext(t.Context())
		g.SetLimit(8)
		for i := range races {
			g.Go(func() error { return race(ctx, b, stores, i, &outcomes) })
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		t.Logf("of %d races: %d by approval, %d alone, %d denied, %d canceled, %d still wait", races,
			outcomes[0].Load(), outcomes[1].Load(), outcomes[2].Load(), outcomes[3].Load(), outcomes[4].Load())
		for i := range outcomes[:4] {
			if outcomes[i].Load() == 0 {
				t.Error("one of the outcomes never came about: the races are none")
			}
		}
	})
}

func race(ctx context.Context, b *bench, stores []*store.Store, i int, outcomes *[5]atomic.Int64) error {
	id := fmt.Sprint("r-race-", i)
	r := request(id, "env-"+id, b.clock.now())
	r.Verdict.Count, r.Verdict.BreakGlass = 1+i%2, []string{"oncall"}
	if err := b.Create(ctx, r, approvals.Change{}); err != nil {
		return err
	}
	card := approvals.MessageRef{ChannelID: "C1", TS: id}
	if err := errors.Join(b.Posting(ctx, id, "process-1", ""), b.Published(ctx, id, card, 1)); err != nil {
		return err
	}
	type attempt struct {
		kind approvals.DecisionKind
		who  string
	}
	clicks := []attempt{{approvals.ToApprove, "U2"}, {approvals.ToApprove, "U2"}, {approvals.ToApprove, "U3"}, {approvals.ToRetract, "U2"}}
	switch i % 5 { // who asked may call off what was let go, too, so they would win them all
	case 0:
		clicks = append(clicks, attempt{approvals.ToCancel, "U1"})
	case 1, 2:
		clicks = append(clicks, attempt{approvals.ToDeny, "U4"})
	case 3:
		clicks = append(clicks, attempt{approvals.ToBreakGlass, "U5"})
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var faults []error
	won, start := 0, make(chan struct{})
	for n := range clicks {
		k := clicks[(n+i/5)%len(clicks)] // each is the first to be let go in some: one core would not mix them
		wg.Go(func() {
			s := &approvals.Service{Store: stores[n%len(stores)], Directory: crew{}, Policy: crew{}, Now: b.clock.now}
			<-start
			_, err := s.Decide(ctx, approvals.Click{Kind: k.kind, RequestID: id, Who: approvals.Who{UserID: k.who}, Message: card,
				Shown: r.Shown(), Envelope: fmt.Sprint(id, "-", n), Reason: "fire"})
			mu.Lock()
			defer mu.Unlock()
			var no *approvals.Refusal
			switch {
			case err == nil:
				won++
			case !errors.As(err, &no):
				faults = append(faults, err)
			}
		})
	}
	close(start)
	wg.Wait()
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("race %d: a click ended in a fault: %w", i, err)
	}
	got, err := b.Request(ctx, id)
	if err != nil {
		return err
	}
	want, which := fold(got)
	outcomes[which].Add(1)
	if got.State != want || won != len(got.Decisions) {
		return fmt.Errorf("race %d: it is %s, what was decided comes to %s; %d clicks were done, %d decisions stand: %+v", i, got.State, want, won, len(got.Decisions), got.Decisions)
	}
	return nil
}

// fold says what decisions come to, one after the other, and which outcome that
// is. One that stands behind the end is an outcome too many.
func fold(r *approvals.Request) (approvals.State, int) {
	by := map[string]bool{}
	for i, d := range r.Decisions {
		last := i == len(r.Decisions)-1
		ended, state, which := true, approvals.Running, 0
		switch d.Kind {
		case approvals.ToApprove:
			by[d.By.UserID] = true
			ended = len(by) == r.Verdict.Count
		case approvals.ToRetract:
			delete(by, d.By.UserID)
			ended = false
		case approvals.ToBreakGlass:
			which = 1
		case approvals.ToDeny:
			state, which = approvals.Denied, 2
		case approvals.ToCancel:
			state, which = approvals.Canceled, 3
		}
		switch {
		case ended && last:
			return state, which
		case ended && state == approvals.Running && i == len(r.Decisions)-2 && r.Decisions[i+1].Kind == approvals.ToCancel:
			return approvals.Canceled, 3 // called off before anything was sent
		case ended:
			return "decided twice", which
		}
	}
	return approvals.Pending, 4
}
