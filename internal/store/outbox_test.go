package store_test

import (
	"dropletops/approvals"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestPublishing(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		create(t, b, "r-1")
		due := func() string {
			t.Helper()
			ids, err := b.Unpublished(ctx, approvals.Due{}, 10)
			if err != nil {
				t.Fatal(err)
			}
			return listed(ids)
		}
		if due() != "r-1" {
			t.Errorf("due: %q", due())
		}
		if err := b.Posting(ctx, "r-1", "me", ""); err != nil {
			t.Fatal(err)
		}
		err := b.Posting(ctx, "r-1", "another", "")
		if b.Exclusive() && err != nil || !b.Exclusive() && !errors.Is(err, approvals.ErrConflict) {
			t.Errorf("another sets out to post: %v", err) // on SQLite it is the same machine's next process
		}
		b.clock.forward(time.Minute)
		if err := b.Posting(ctx, "r-1", "another", ""); err != nil {
			t.Errorf("another after a minute: %v", err)
		}
		p, err := b.Publication(ctx, "r-1")
		if err != nil || p.PostingBy != "another" || p.Version != 0 ||
			!p.PostingAt.Equal(b.clock.now()) || !p.PostingSince.Equal(b.clock.now().Add(-time.Minute)) {
			t.Errorf("%+v, %v", p, err)
		}
		ref := approvals.MessageRef{ChannelID: "C1", TS: "1.2"}
		if err := b.Published(ctx, "r-1", ref, 1); err != nil {
			t.Fatal(err)
		}
		if due() != "" {
			t.Errorf("due after it was posted: %q", due())
		}
		if err := b.Posting(ctx, "r-1", "me", ""); !errors.Is(err, approvals.ErrConflict) {
			t.Errorf("posting a card that stands: %v", err)
		}
		if err := b.Posting(ctx, "r-1", "me", "1.2"); err != nil {
			t.Errorf("posting a card in place of one that is gone: %v", err)
		}
		if p, err := b.Publication(ctx, "r-1"); err != nil || !p.PostingSince.Equal(b.clock.now()) {
			t.Errorf("since %v, %v: the first attempt was over once the card stood", p.PostingSince, err)
		}
		if err := b.Published(ctx, "r-1", ref, 1); err != nil {
			t.Fatal(err)
		}
		b.wakes.take()
		r, err := b.Update(ctx, "r-1", func(r *approvals.Request) (approvals.Change, error) {
			return r.Decide(approvals.ToApprove, bob, b.clock.now())
		})
		if err != nil || r.Card != ref {
			t.Fatalf("%+v, %v", r.Card, err)
		}
		if advance, _ := b.wakes.take(); len(advance) != 1 {
			t.Errorf("an approval woke up %v", advance)
		}
		if p, err = b.Publication(ctx, "r-1"); err != nil || len(p.Notes) != 1 || p.Notes[0].Kind != approvals.NoteApproved {
			t.Fatalf("%+v, %v", p, err)
		}
		if err := b.Published(ctx, "r-1", ref, r.Version); err != nil {
			t.Fatal(err)
		}
		if due() != "r-1" {
			t.Error("a note is left, and it is not due")
		}
		if err := b.Told(ctx, "1.3", p.Notes[0].Seq); err != nil {
			t.Fatal(err)
		}
		if due() != "" {
			t.Errorf("due at the end: %q", due())
		}
	})
}

// A request that may run is woken up when its card stands, not before.
func TestCardLetsItRun(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		r := request("r-1", "e1", b.clock.now())
		r.State, r.ExpiresAt = approvals.Running, time.Time{}
		if err := b.Create(t.Context(), r, approvals.Change{}); err != nil {
			t.Fatal(err)
		}
		if advance, _ := b.wakes.take(); len(advance) != 0 {
			t.Errorf("woken up before its card stands: %v", advance)
		}
		for range 2 {
			if err := b.Published(t.Context(), "r-1", approvals.MessageRef{ChannelID: "C1", TS: "1.2"}, 1); err != nil {
				t.Fatal(err)
			}
		}
		if advance, _ := b.wakes.take(); len(advance) != 1 {
			t.Errorf("woken up: %v", advance)
		}
		if n, err := b.Reawaken(t.Context()); err != nil || n != 1 {
			t.Errorf("reawakened %d, %v", n, err)
		}
		seq, err := b.CurrentWake(t.Context(), "r-1")
		if advance, _ := b.wakes.take(); err != nil || len(advance) != 1 || advance[0] != fmt.Sprint("r-1 ", seq) {
			t.Errorf("woken up %v, current %d, %v", advance, seq, err)
		}
	})
}

func TestANoteThatWasGivenUpIsNotDue(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		create(t, b, "r-1")
		r, err := b.Update(ctx, "r-1", func(r *approvals.Request) (approvals.Change, error) {
			return r.Decide(approvals.ToDeny, bob, b.clock.now())
		})
		if err != nil {
			t.Fatal(err)
		}
		p, err := b.Publication(ctx, "r-1")
		if err != nil || len(p.Notes) != 1 {
			t.Fatalf("%+v, %v", p, err)
		}
		if err := b.Published(ctx, "r-1", approvals.MessageRef{ChannelID: "C1", TS: "1.2"}, r.Version); err != nil {
			t.Fatal(err)
		}
		if err := b.Told(ctx, "", p.Notes[0].Seq); err != nil {
			t.Fatal(err)
		}
		if ids, err := b.Unpublished(ctx, approvals.Due{}, 10); err != nil || len(ids) != 0 {
			t.Errorf("due: %v, %v", ids, err)
		}
	})
}

func listed(due []approvals.Due) string {
	var ids []string
	for _, d := range due {
		ids = append(ids, d.ID)
	}
	return strings.Join(ids, " ")
}

// What lags behind is read a page at a time, all of it, each once: also where
// many were asked for at the same moment.
func TestUnpublishedIsReadToItsEnd(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		var want []string
		for i := range 25 {
			if i%10 == 0 {
				b.clock.forward(time.Second)
			}
			create(t, b, fmt.Sprintf("r-%02d", i))
			want = append(want, fmt.Sprintf("r-%02d", i))
		}
		var got []string
		for after := (approvals.Due{}); ; {
			page, err := b.Unpublished(t.Context(), after, 7)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			got = append(got, strings.Fields(listed(page))...)
			after = page[len(page)-1]
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("read %v", got)
		}
	})
}
