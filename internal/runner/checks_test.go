package runner

import (
	"fmt"
	"testing"
	"time"

	"dropletops/approvals"
)

// What was seen of requests that ended before anything was sent is not kept for ever.
func TestChecksAreForgotten(t *testing.T) {
	var c checks
	now := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	for n := range 1000 {
		c.of(&approvals.Request{ID: fmt.Sprint("r-", n)}, now)
		now = now.Add(time.Minute)
	}
	if len(c.m) > 10 {
		t.Errorf("%d are kept", len(c.m))
	}
}
