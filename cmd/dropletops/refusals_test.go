package main

import (
	"strconv"
	"testing"

	simslack "dropletops/internal/sim/slack"
)

// TestRepeatedRefusalsAreBounded: who goes on clicking a button that is not theirs does
// not fill the audit log, and how often they did is in it; the decision is, too.
func TestRepeatedRefusalsAreBounded(t *testing.T) {
	r := newRig(t).start()
	o := r.channel("#ops")
	o.slash("alice", "rebuild web-1 ubuntu-24-04-x64")
	card := o.card("pending")
	const clicks = 60
	for range clicks {
		o.force("guest", card, "approve", "", idOf(card))
	}
	r.wait("the guest to be told of each", func(s *simslack.Snapshot) bool { return len(s.EphemeralsFor("guest")) >= clicks })
	r.counts(`dropletops_refusals_total{by="click",what="approve"} 3`)
	o.click("bob", card, "approve")
	o.card("completed")
	lines, stand, approved := 0, 0, 0
	for _, l := range r.audit() {
		switch l.What {
		case "refused":
			lines++
			n, err := strconv.Atoi(l.Detail["repeated"])
			if err != nil {
				n = 1
			}
			stand += n
		case "approved":
			approved++
		}
	}
	if lines > 6 || stand != clicks || approved != 1 {
		t.Errorf("%d lines for %d of %d refusals, and %d approvals", lines, stand, clicks, approved)
	}
}
