package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"dropletops/approvals"
	"dropletops/internal/scratch"
	"dropletops/internal/store"
)

// What a person was told that it was not taken in is never carried out, whichever of
// the two is committed first.
func TestForsakenIsNeverHandled(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		for i := range 100 {
			e := approvals.Envelope{Key: fmt.Sprint("e-", i), Event: fmt.Sprint("v-", i), Type: "slash_commands", Payload: payload, ReceivedAt: b.clock.now()}
			var both sync.WaitGroup
			both.Go(func() {
				if _, err := b.Put(ctx, e); err != nil {
					t.Error(err)
				}
			})
			both.Go(func() {
				if ours, err := b.Forsake(ctx, e, i%2 == 0); err != nil || !ours {
					t.Error(ours, err)
				}
			})
			both.Wait()
			e.Key += "-again" // delivered in another envelope
			if fresh, err := b.Put(ctx, e); err != nil || fresh {
				t.Errorf("delivered again it is fresh: %v, %v", fresh, err)
			}
		}
		b.clock.forward(time.Hour)
		left, err := b.Unhandled(ctx, 200)
		if err != nil || len(left) != 50 {
			t.Errorf("%d are still to be told, %v; want 50", len(left), err)
		}
		for _, e := range left {
			if !e.TurnedAway() {
				t.Errorf("%s would be handled all the same", e.Key)
			}
			id := approvals.NewID()
			if err := b.Create(ctx, request(id, e.Key, b.clock.now()), approvals.Change{Envelope: e.Key}); !errors.Is(err, approvals.ErrHandled) {
				t.Errorf("%s was carried out all the same: %v", e.Key, err)
			}
			if _, err := b.Forsake(ctx, e, true); err != nil {
				t.Error(err)
			}
		}
		if left, err := b.Unhandled(ctx, 200); err != nil || len(left) != 0 {
			t.Errorf("%d would be told once more, %v", len(left), err)
		}
	})
}

// One replica turns an envelope away while another has it in hand, since the first was
// frozen over writing it down. However the other gets on with it, it is not carried out,
// and whoever sent it is told: by the next replica, if the first dies before it could.
func TestForsakenWhileAnotherHasItInHand(t *testing.T) {
	for name, then := range map[string]func(ctx context.Context, b *bench, e approvals.Envelope) error{
		"that one's attempt failed": func(ctx context.Context, b *bench, e approvals.Envelope) error {
			return b.Failed(ctx, e.Key, e.Attempt)
		},
		"that one waits for its turn": func(ctx context.Context, b *bench, e approvals.Envelope) error {
			return b.Failed(ctx, e.Key, e.Attempt-1)
		},
		"that one is through, with nothing": func(ctx context.Context, b *bench, e approvals.Envelope) error { return b.Handled(ctx, e.Key, false) },
	} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, b *bench) {
				ctx := t.Context()
				e := approvals.Envelope{Key: "e-1", Event: "v-1", Type: "slash_commands", Payload: payload, ReceivedAt: b.clock.now(), Attempt: 1}
				if _, err := b.Put(ctx, e); err != nil {
					t.Fatal(err)
				}
				if ours, err := b.Forsake(ctx, e, false); err != nil || !ours {
					t.Fatal(ours, err)
				}
				if err := then(ctx, b, e); err != nil {
					t.Fatal(err)
				}
				id := approvals.NewID()
				if err := b.Create(ctx, request(id, e.Key, b.clock.now()), approvals.Change{Envelope: e.Key}); !errors.Is(err, approvals.ErrHandled) {
					t.Errorf("carried out after its sender was told that nothing was started: %v", err)
				}
				b.clock.forward(time.Minute)
				if left, err := b.Unhandled(ctx, 9); err != nil || len(left) != 1 || !left[0].TurnedAway() {
					t.Errorf("to be told: %+v, %v", left, err)
				}
			})
		})
	}
}

// What another replica took in, or what has had its effect, is not turned away.
func TestWhatIsTakenIsNotForsaken(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		theirs := approvals.Envelope{Key: "theirs", Event: "v-1", Type: "slash_commands", Payload: payload, ReceivedAt: b.clock.now()}
		if _, err := b.Put(ctx, theirs); err != nil {
			t.Fatal(err)
		}
		mine := theirs
		mine.Key = "mine"
		if ours, err := b.Forsake(ctx, mine, false); err != nil || ours {
			t.Errorf("ours: %v, %v", ours, err)
		}
		id := approvals.NewID()
		if err := b.Create(ctx, request(id, theirs.Key, b.clock.now()), approvals.Change{Envelope: theirs.Key}); err != nil {
			t.Errorf("it can't be carried out any more: %v", err)
		}
		if ours, err := b.Forsake(ctx, theirs, false); err != nil || ours {
			t.Errorf("ours, though it was carried out: %v, %v", ours, err)
		}
	})
}

// A Put that was given up may still be on its way into PostgreSQL when its envelope
// is forsaken, on another connection.
func TestForsakenWhileItIsBeingPut(t *testing.T) {
	b := onPostgres(t)
	ctx := t.Context()
	e := approvals.Envelope{Key: "e-1", Event: "v-1", Type: "slash_commands", Payload: payload, ReceivedAt: b.clock.now()}
	late, err := b.raw(t).BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = late.Rollback() }()
	if _, err := late.ExecContext(ctx, `INSERT INTO inbox (key, event, type, payload, received_at, claimed_by, claimed_until) VALUES ('e-1', 'v-1', 'slash_commands', '{}', 1, 'process-1', 0)`); err != nil {
		t.Fatal(err)
	}
	forsaken := make(chan error, 1)
	go func() {
		_, err := b.Forsake(ctx, e, false)
		forsaken <- err
	}()
	b.waits(t, 1)
	if err := late.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-forsaken; err != nil {
		t.Fatal(err)
	}
	if left, err := b.Unhandled(ctx, 9); err != nil || len(left) != 1 || !left[0].TurnedAway() {
		t.Errorf("it would be handled all the same: %v, %v", left, err)
	}
}

func onPostgres(t *testing.T) *bench {
	t.Helper()
	b := &bench{url: scratch.PostgreSQL(t), wakes: &wakes{}, clock: &clock{t: time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)}}
	b.open(t)
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// waits returns once so many connections to the test's database wait for a lock.
func (b *bench) waits(t *testing.T, n int) {
	t.Helper()
	db := b.raw(t)
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(5 * time.Millisecond) { // nothing tells of it
		var waiting int
		if err := db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting); err != nil {
			t.Fatal(err)
		}
		if waiting >= n {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d wait for a lock, want %d", waiting, n)
		}
	}
}

// frozen is a waker that stops in the middle of a transaction until it is let go.
type frozen struct {
	wakes
	in, out chan struct{}
}

func (f *frozen) WakePublish(_ context.Context, _ *sql.Tx, _ string) error {
	f.in <- struct{}{}
	<-f.out
	return nil
}

// A replica is frozen in the transaction of a handler, for longer than its claim of
// the envelope lasts, so another one takes that over. Whatever the two do then, the
// envelope comes to one thing: a decision, a request, or nothing at all.
func TestAFrozenReplicaDecidesNothingTwice(t *testing.T) {
	approve := func(ctx context.Context, s *store.Store, at time.Time) error {
		_, err := s.Update(ctx, "r-1", func(r *approvals.Request) (approvals.Change, error) {
			c, err := r.Decide(approvals.ToApprove, bob, at)
			c.Envelope = "click"
			return c, err
		})
		return err
	}
	ask := func(ctx context.Context, s *store.Store, at time.Time) error {
		id := approvals.NewID()
		return s.Create(ctx, request(id, "click", at), approvals.Change{Envelope: "click",
			Audit: []approvals.Line{{At: at, RequestID: id, What: "approved", Who: "U1"}}})
	}
	for _, tc := range []struct {
		name string
		do   func(ctx context.Context, s *store.Store, at time.Time) error
		idle string // how long PostgreSQL lets a transaction stand still
		then func(ctx context.Context, b *bench, other *store.Store, do func(context.Context, *store.Store, time.Time) error) error
		// how often the envelope had its effect, and who had their way
		effects             int
		first, second, last error
	}{
		{name: "a click, woken in time", do: approve, effects: 1, second: errRefused},
		{name: "a command, woken in time", do: ask, effects: 1, second: approvals.ErrHandled},
		{name: "a click, woken too late", do: approve, idle: "5s", effects: 1, first: errAny},
		{name: "a command, woken too late", do: ask, idle: "5s", effects: 1, first: errAny},
		{name: "a click, given up by the other", do: approve, effects: 0, first: approvals.ErrHandled,
			then: func(ctx context.Context, _ *bench, other *store.Store, _ func(context.Context, *store.Store, time.Time) error) error {
				return other.Handled(ctx, "click", false)
			}},
		{name: "a command, given up by the other", do: ask, effects: 0, first: approvals.ErrHandled,
			then: func(ctx context.Context, _ *bench, other *store.Store, _ func(context.Context, *store.Store, time.Time) error) error {
				return other.Handled(ctx, "click", false)
			}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ctx := t.Context()
			b := onPostgres(t)
			create(t, b, "r-1")
			if _, err := b.Put(ctx, approvals.Envelope{Key: "click", Type: "interactive", Payload: payload, ReceivedAt: b.clock.now()}); err != nil {
				t.Fatal(err)
			}
			url := b.url
			if tc.idle != "" {
				url += "&idle_in_transaction_session_timeout=" + tc.idle
			}
			cold := &bench{url: url, wakes: &wakes{}, clock: b.clock}
			cold.open(t)
			stuck := &frozen{in: make(chan struct{}), out: make(chan struct{})}
			cold.SetWaker(stuck)
			defer cold.Close()
			other, err := store.Open(ctx, b.url, "process-2", b.clock.now)
			if err != nil {
				t.Fatal(err)
			}
			defer other.Close()
			other.SetWaker(b.wakes)

			first := make(chan error, 1)
			go func() { first <- tc.do(ctx, cold.Store, b.clock.now()) }()
			<-stuck.in
			b.clock.forward(46 * time.Second)
			if taken, err := other.Unhandled(ctx, 9); err != nil || len(taken) != 1 {
				t.Fatalf("the claim is not taken over: %v, %v", taken, err)
			}
			second := make(chan error, 1)
			go func() {
				if tc.then != nil {
					second <- tc.then(ctx, b, other, tc.do)
				} else {
					second <- tc.do(ctx, other, b.clock.now())
				}
			}()
			var got error
			if tc.then == nil && tc.idle == "" {
				b.waits(t, 1)
				close(stuck.out)
				got = <-second
			} else {
				got = <-second
				close(stuck.out)
			}
			expect(t, "the frozen one", <-first, tc.first)
			expect(t, "the other", got, tc.second)
			effects := 0
			if err := b.Audit(ctx, func(l store.AuditLine) error {
				if l.Line.What == "approved" {
					effects++
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if effects != tc.effects {
				t.Errorf("it had its effect %d times, want %d", effects, tc.effects)
			}
			if left, err := b.Unhandled(ctx, 9); err != nil || len(left) != 0 {
				t.Errorf("left over: %v, %v", left, err)
			}
		})
	}
}

var (
	errAny     = errors.New("any")
	errRefused = errors.New("a refusal")
)

func expect(t *testing.T, who string, got, want error) {
	t.Helper()
	var no *approvals.Refusal
	switch {
	case want == nil && got == nil, want == errAny && got != nil, want == errRefused && errors.As(got, &no):
	case want != nil && errors.Is(got, want):
	default:
		t.Errorf("%s: %v, want %v", who, got, want)
	}
}

// What a frozen replica has locked does not hold up the others for good.
func TestATransactionThatStandsStillIsEnded(t *testing.T) {
	b := onPostgres(t)
	for url, want := range map[string]string{b.url: "10s", b.url + "&idle_in_transaction_session_timeout=1234": "1234ms"} {
		s, err := store.Open(t.Context(), url, "process-2", b.clock.now)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Setting(t.Context(), "idle_in_transaction_session_timeout")
		if err != nil || !strings.EqualFold(got, want) {
			t.Errorf("%s, %v; want %s", got, err, want)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
