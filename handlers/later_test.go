package handlers

import (
	"errors"
	"strings"
	"testing"
	"time"

	"dropletops/api"
)

// A look-up that has to wait for its turn says so once, comes again without a limit
// on attempts, and ends after minutes in a sentence.
func TestWaitingForItsTurn(t *testing.T) {
	b := newBench(t)
	e := b.slash("UALICE", "reboot web-1")
	b.account.down["find"] = &api.Error{Kind: api.RateLimited, RetryAfter: 42 * time.Second, What: "look"}
	for attempt := range 5 {
		e.Attempt = attempt + 1
		_, err := b.Handle(t.Context(), e)
		var later *Later
		if !errors.As(err, &later) || later.After <= 0 || later.After > pollInterval {
			t.Fatalf("attempt %d: %v", e.Attempt, err)
		}
	}
	if n := len(b.channel.told); n != 1 || !strings.Contains(b.channel.told[0].Message.Text, "about 42 s") {
		t.Errorf("told %d times: %+v", n, b.channel.told)
	}
	e.ReceivedAt = e.ReceivedAt.Add(-maxWait)
	r, err := b.Handle(t.Context(), e)
	if err != nil || !strings.HasPrefix(r.Message.Text, "Nothing was started: more is being asked of DigitalOcean") {
		t.Errorf("after %s: %q, %v", maxWait, r.Message.Text, err)
	}
	delete(b.account.down, "find")
	b.asks(b.slash("UALICE", "reboot web-1"))
}
