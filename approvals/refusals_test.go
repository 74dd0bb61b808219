package approvals

import (
	"fmt"
	"strconv"
	"testing"
	"time"
)

// repeated is how many refusals lines stand for.
func repeated(lines []Line) (n int) {
	for _, l := range lines {
		times, err := strconv.Atoi(l.Detail[DetailRepeated])
		if err != nil {
			times = 1
		}
		n += times
	}
	return n
}

// Someone who is refused four times a second for an hour leaves some ten lines, which
// stand for every one of the refusals.
func TestRepeatedRefusalsAreCountedTogether(t *testing.T) {
	var f refusals
	now := time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)
	var lines []Line
	click := func(who, request, button string) {
		l := Line{At: now, What: "refused", Who: who, RequestID: request, Why: "You may not.", Detail: map[string]string{"click": button}}
		lines = append(lines, f.add(l)...)
	}
	const clicks = 4 * 3600
	for range clicks {
		now = now.Add(250 * time.Millisecond)
		click("U1", "r-1", "approve")
		lines = append(lines, f.due(now, false)...)
	}
	if len(lines) > 15 {
		t.Errorf("%d lines in an hour", len(lines))
	}
	if lines = append(lines, f.due(now, true)...); repeated(lines) != clicks {
		t.Errorf("the lines stand for %d refusals, want %d", repeated(lines), clicks)
	}
	last := lines[len(lines)-1]
	if last.Who != "U1" || last.RequestID != "r-1" || last.Detail["click"] != "approve" || last.Why != "You may not." || last.Detail[DetailSince] == "" {
		t.Errorf("the last line is %+v", last)
	}
	// Another button, request or person has lines of its own, and so has the same after a pause.
	lines = nil
	now = now.Add(time.Hour)
	lines = append(lines, f.due(now, false)...)
	for _, k := range [][3]string{{"U1", "r-1", "approve"}, {"U1", "r-1", "deny"}, {"U1", "r-2", "approve"}, {"U2", "r-1", "approve"}} {
		click(k[0], k[1], k[2])
	}
	if len(lines) != 4 || repeated(lines) != 4 {
		t.Errorf("%d lines for 4 different refusals", len(lines))
	}
	// However many things somebody finds to be refused.
	lines = nil
	for i := range 10_000 {
		click("U3", fmt.Sprintf("r-%d", i), "approve")
	}
	if len(lines) > maxRefusalKeys+maxRefusalLines {
		t.Errorf("%d lines for 10,000 requests", len(lines))
	}
	if lines = append(lines, f.due(now, true)...); repeated(lines) != 10_000 {
		t.Errorf("the lines stand for %d refusals", repeated(lines))
	}
	f.due(now.Add(time.Hour), false)
	f.due(now.Add(2*time.Hour), false)
	if len(f.runs) != 0 || len(f.keys) != 0 {
		t.Errorf("%d runs of %d people are kept for ever", len(f.runs), len(f.keys))
	}
}
