package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"dropletops/approvals"
)

// A panic in what a transaction is for must not take the transaction's
// connection with it: SQLite has one, and PostgreSQL's pool four.
func TestAPanicEndsItsTransaction(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		if err := b.Create(t.Context(), request("r-1", "e-1", b.clock.now()), approvals.Change{}); err != nil {
			t.Fatal(err)
		}
		for range 10 {
			func() {
				defer func() {
					if recover() == nil {
						t.Error("the panic was swallowed")
					}
				}()
				_, _ = b.Update(t.Context(), "r-1", func(*approvals.Request) (approvals.Change, error) { panic("a fault of ours") })
			}()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		if err := b.Record(ctx, approvals.Line{What: "still here"}); err != nil {
			t.Errorf("after a panic: %v", err)
		}
	})
}

// Two replicas have both posted a card, since one was slow: the first that is
// written down counts, and the other learns it.
func TestTheFirstCardWrittenDownStands(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		if err := b.Create(ctx, request("r-1", "e-1", b.clock.now()), approvals.Change{}); err != nil {
			t.Fatal(err)
		}
		first, second := approvals.MessageRef{ChannelID: "C1", TS: "1.1"}, approvals.MessageRef{ChannelID: "C1", TS: "2.2"}
		if err := b.Published(ctx, "r-1", first, 1); err != nil {
			t.Fatal(err)
		}
		if err := b.Published(ctx, "r-1", second, 1); !errors.Is(err, approvals.ErrConflict) {
			t.Errorf("a second card: %v", err)
		}
		r, err := b.Request(ctx, "r-1")
		if err != nil || r.Card != first {
			t.Errorf("the card stands at %v, %v", r.Card, err)
		}
	})
}

// An edit that another one has overtaken may have put the older state on the
// card: it is due again.
func TestAnEditThatWasOvertakenIsDueAgain(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		if err := b.Create(ctx, request("r-1", "e-1", b.clock.now()), approvals.Change{}); err != nil {
			t.Fatal(err)
		}
		ref := approvals.MessageRef{ChannelID: "C1", TS: "1.1"}
		if err := b.Published(ctx, "r-1", ref, 1); err != nil {
			t.Fatal(err)
		}
		r, err := b.Update(ctx, "r-1", func(r *approvals.Request) (approvals.Change, error) {
			return r.Decide(approvals.ToDeny, bob, b.clock.now())
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range []int64{r.Version, 1} { // the older edit came to its end last
			if err := b.Published(ctx, "r-1", ref, v); err != nil {
				t.Fatal(err)
			}
		}
		p, err := b.Publication(ctx, "r-1")
		if err != nil || p.Version >= r.Version {
			t.Errorf("the card counts as showing version %d of %d, %v", p.Version, r.Version, err)
		}
	})
}

// The process that set out to replace a card that is gone may do so.
func TestAReplacedCardStands(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		if err := b.Create(ctx, request("r-1", "e-1", b.clock.now()), approvals.Change{}); err != nil {
			t.Fatal(err)
		}
		if err := b.Published(ctx, "r-1", approvals.MessageRef{ChannelID: "C1", TS: "1.1"}, 1); err != nil {
			t.Fatal(err)
		}
		if err := b.Posting(ctx, "r-1", "process-1", "1.1"); err != nil {
			t.Fatal(err)
		}
		next := approvals.MessageRef{ChannelID: "C1", TS: "2.2"}
		if err := b.Published(ctx, "r-1", next, 1); err != nil {
			t.Fatal(err)
		}
		if r, err := b.Request(ctx, "r-1"); err != nil || r.Card != next {
			t.Errorf("the card stands at %v, %v", r.Card, err)
		}
	})
}
