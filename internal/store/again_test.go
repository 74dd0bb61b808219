package store_test

import (
	"errors"
	"testing"

	"dropletops/approvals"
)

// A click that counts is not told that it came too late, by itself: not when it is
// handled once more, since nobody heard that it was written down, and not when Slack
// delivers it in another envelope. Another click of the same person is.
func TestAClickThatCountsIsNotTooLate(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		r := create(t, b, "r-1")
		card := approvals.MessageRef{ChannelID: "C1", TS: "1.1"}
		if err := b.Published(ctx, "r-1", card, 1); err != nil {
			t.Fatal(err)
		}
		s := &approvals.Service{Store: b.Store, Directory: crew{}, Policy: crew{}, Now: b.clock.now}
		click := func(envelope, mark string) error {
			_, err := s.Decide(ctx, approvals.Click{Kind: approvals.ToApprove, RequestID: "r-1", Who: bob.Who, Message: card,
				Shown: r.Shown(), Envelope: envelope, Mark: mark})
			return err
		}
		if err := click("e-1", "7.7"); err != nil {
			t.Fatal(err)
		}
		lines := auditLines(t, b)
		for envelope, mark := range map[string]string{"e-1": "7.7", "e-2": "7.7"} {
			if err := click(envelope, mark); !errors.Is(err, approvals.ErrHandled) {
				t.Errorf("again in %s: %v", envelope, err)
			}
		}
		if got := auditLines(t, b); got != lines {
			t.Errorf("%d lines were added to the audit log", got-lines)
		}
		var no *approvals.Refusal
		if err := click("e-3", "8.8"); !errors.As(err, &no) {
			t.Errorf("another click: %v", err)
		}
		got, err := b.Request(ctx, "r-1")
		if err != nil || len(got.Approvals()) != 1 {
			t.Errorf("%+v, %v", got, err)
		}
	})
}
