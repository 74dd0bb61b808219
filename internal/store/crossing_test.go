package store_test

import (
	"errors"
	"testing"

	"dropletops/approvals"
)

// A commit that fails before it was made has no effect; one whose answer is lost has it, and fails all the same.
func TestACommitThatFails(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		lost := errors.New("lost")
		fails := ""
		b.OnCrossing(func(point string) error {
			if point == fails {
				return lost
			}
			return nil
		})
		for i, when := range []string{"before", "after"} {
			fails = "database: create, " + when + " its commit"
			r := request("r-"+when, "env-"+when, b.clock.now())
			if err := b.Create(t.Context(), r, approvals.Change{Advance: r.ExpiresAt, Envelope: r.Origin.Envelope}); !errors.Is(err, lost) {
				t.Errorf("%s: %v, want the error", when, err)
			}
			if _, err := b.Request(t.Context(), r.ID); (err == nil) != (i == 1) {
				t.Errorf("%s the commit: the request is looked up with %v", when, err)
			}
		}
	})
}
