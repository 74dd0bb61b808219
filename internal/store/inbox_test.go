package store_test

import (
	"dropletops/approvals"
	"dropletops/internal/store"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestInbox(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		put := func(key, event string) bool {
			t.Helper()
			fresh, err := b.Put(ctx, approvals.Envelope{Key: key, Event: event, Type: "slash_commands",
				Payload: []byte(`{"text":"reboot web-1"}`), ReceivedAt: b.clock.now()})
			if err != nil {
				t.Fatal(err)
			}
			b.clock.forward(time.Second)
			return fresh
		}
		if !put("e1", "t1") || !put("e2", "") || !put("e3", "") {
			t.Error("new envelopes were not fresh")
		}
		if put("e1", "t1") || put("e1", "") || put("e4", "t1") {
			t.Error("a redelivered envelope, or the same event in another, was fresh")
		}
		if err := b.Handled(ctx, "e2", false); err != nil {
			t.Fatal(err)
		}
		if err := b.Failed(ctx, "e3", 2); err != nil {
			t.Fatal(err)
		}
		b.reopen(t)
		left, err := b.Unhandled(ctx, 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(left) != 2 || left[0].Key != "e1" || left[1].Key != "e3" || left[0].Attempt != 1 || left[1].Attempt != 3 || string(left[0].Payload) != `{"text":"reboot web-1"}` {
			t.Errorf("unhandled: %+v", left)
		}
		e, err := b.Envelope(ctx, "e2")
		if err != nil || e.Type != "slash_commands" || string(e.Payload) != "{}" {
			t.Errorf("%+v, %v", e, err)
		}
		// What a menu or an answer refers to is kept; what is told that it comes to nothing is not.
		if err := b.Handled(ctx, "e1", true); err != nil {
			t.Fatal(err)
		}
		for _, told := range []bool{false, true} {
			if ours, err := b.Forsake(ctx, left[1], told); err != nil || !ours {
				t.Fatalf("%v, %v", ours, err)
			}
			for key, want := range map[string]bool{"e1": true, "e3": !told} {
				if e, err := b.Envelope(ctx, key); err != nil || (string(e.Payload) != "{}") != want {
					t.Errorf("told %v: %+v, %v", told, e, err)
				}
			}
		}
		if _, err := b.Envelope(ctx, "e9"); !errors.Is(err, approvals.ErrNotFound) {
			t.Errorf("an unknown envelope: %v", err)
		}
	})
}

func TestPutsAtOnceAreAllKept(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		var wg sync.WaitGroup
		for i := range 300 {
			wg.Go(func() {
				fresh, err := b.Put(t.Context(), approvals.Envelope{Key: fmt.Sprint("e", i/2), Type: "events_api", Payload: []byte(`{}`), ReceivedAt: b.clock.now()})
				if err != nil {
					t.Error(err)
				}
				_ = fresh
			})
		}
		wg.Wait()
		left, err := b.Unhandled(t.Context(), 1000)
		if err != nil || len(left) != 150 {
			t.Errorf("%d kept, %v", len(left), err)
		}
	})
}

// What one replica has in hand is not another's, until its claim runs out.
func TestEnvelopesInHandAreClaimed(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		if b.Exclusive() {
			return // one process at a time: what is left is the next one's at once
		}
		ctx := t.Context()
		if _, err := b.Put(ctx, approvals.Envelope{Key: "e1", Type: "slash_commands", Payload: []byte(`{}`), ReceivedAt: b.clock.now()}); err != nil {
			t.Fatal(err)
		}
		other, err := store.Open(ctx, b.url, "process-2", b.clock.now)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := other.Close(); err != nil {
				t.Error(err)
			}
		}()
		if left, err := other.Unhandled(ctx, 10); err != nil || len(left) != 0 {
			t.Errorf("another replica's: %v, %v", left, err)
		}
		if left, err := b.Unhandled(ctx, 10); err != nil || len(left) != 1 {
			t.Errorf("its own: %v, %v", left, err)
		}
		b.clock.forward(time.Minute)
		if left, err := other.Unhandled(ctx, 10); err != nil || len(left) != 1 {
			t.Errorf("after its claim ran out: %v, %v", left, err)
		}
		if left, err := b.Unhandled(ctx, 10); err != nil || len(left) != 0 {
			t.Errorf("taken over by another: %v, %v", left, err)
		}
	})
}

// An envelope is written down ahead of whatever else waits to be: Slack gives it
// 3 s, and nothing else that long.
func TestEnvelopesGoAheadOfWork(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		if !b.Exclusive() {
			return // PostgreSQL has many writers
		}
		create(t, b, "r-1")
		begun, goOn := make(chan struct{}), make(chan struct{})
		var done atomic.Int32
		var wg sync.WaitGroup
		touch := func(f func()) {
			_, err := b.Update(t.Context(), "r-1", func(*approvals.Request) (approvals.Change, error) {
				f()
				return approvals.Change{}, nil
			})
			if err != nil {
				t.Error(err)
			}
			done.Add(1)
		}
		wg.Go(func() { touch(func() { close(begun); <-goOn }) })
		<-begun
		const waiting = 40
		queued := make(chan struct{})
		for range waiting {
			wg.Go(func() { queued <- struct{}{}; touch(func() {}) })
		}
		for range waiting {
			<-queued
		}
		before := b.Waited()
		ahead := make(chan int32, 1)
		wg.Go(func() {
			if _, err := b.Put(t.Context(), approvals.Envelope{Key: "e1", Type: "slash_commands", Payload: []byte(`{}`), ReceivedAt: b.clock.now()}); err != nil {
				t.Error(err)
			}
			ahead <- done.Load()
		})
		for b.Waited() == before { // until the envelope waits for the connection, too
			runtime.Gosched()
		}
		close(goOn)
		if n := <-ahead; n > waiting/4 {
			t.Errorf("%d of %d went ahead of the envelope", n, waiting)
		}
		wg.Wait()
	})
}

// What a crash would mean is kept until it is taken back; it is another replica's to say
// once that has claimed the envelope, and nobody's once its sender was told.
func TestCrashesAreCounted(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		e := approvals.Envelope{Key: "e1", Type: "slash_commands", Payload: []byte(`{}`), ReceivedAt: b.clock.now()}
		if _, err := b.Put(ctx, e); err != nil {
			t.Fatal(err)
		}
		count := func(s *store.Store, c approvals.Crashes, want bool) {
			t.Helper()
			if ours, err := s.CountCrashes(ctx, e.Key, c); err != nil || ours != want {
				t.Errorf("ours: %t, %v", ours, err)
			}
		}
		died := approvals.Crashes{Shared: 1, Alone: 2}
		count(b.Store, died, true)
		if b.Exclusive() {
			b.reopen(t)
		} else {
			other, err := store.Open(ctx, b.url, "process-2", b.clock.now)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := other.Close(); err != nil {
					t.Error(err)
				}
			}()
			count(other, approvals.Crashes{}, false) // not claimed by it
			b.clock.forward(time.Minute)
			if left, err := other.Unhandled(ctx, 10); err != nil || len(left) != 1 || left[0].Crashes != died {
				t.Errorf("%+v, %v", left, err)
			}
			count(b.Store, approvals.Crashes{}, false) // taken over meanwhile
			b.clock.forward(time.Minute)
		}
		left, err := b.Unhandled(ctx, 10)
		if err != nil || len(left) != 1 || left[0].Crashes != died || left[0].Attempt != 1 {
			t.Fatalf("%+v, %v", left, err)
		}
		count(b.Store, approvals.Crashes{Shared: 1, Alone: 1}, true)
		if got, err := b.Envelope(ctx, e.Key); err != nil || got.Crashes != (approvals.Crashes{Shared: 1, Alone: 1}) {
			t.Errorf("%+v, %v", got, err)
		}
		if _, err := b.Forsake(ctx, e, false); err != nil {
			t.Fatal(err)
		}
		count(b.Store, approvals.Crashes{}, false)
	})
}

// One envelope that the database refuses for what is in it is no other's fault: all that
// come with it are kept.
func TestOneRefusedEnvelopeFailsNoOther(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		var wg sync.WaitGroup
		var refused, kept atomic.Int32
		for i := range 60 {
			e := approvals.Envelope{Key: fmt.Sprint("e", i), Type: "events_api", Payload: []byte(`{}`), ReceivedAt: b.clock.now()}
			if i%20 == 7 {
				e.Key += "\x00" // which PostgreSQL does not take
			}
			wg.Go(func() {
				if _, err := b.Put(t.Context(), e); err != nil {
					refused.Add(1)
				} else {
					kept.Add(1)
				}
			})
		}
		wg.Wait()
		want := int32(3)
		if b.Exclusive() {
			want = 0
		}
		if refused.Load() != want || kept.Load() != 60-want {
			t.Errorf("%d were refused, %d kept", refused.Load(), kept.Load())
		}
		if _, err := b.Request(t.Context(), "r-\x00"); !errors.Is(err, approvals.ErrNotFound) {
			t.Errorf("a request by an ID that can't be one: %v", err)
		}
	})
}
