package card

import (
	"fmt"
	"strings"
	"time"

	"dropletops/approvals"
)

// maxRows is up to how many Droplets each has a line of its own. Beyond, only
// those that need a look have one, and the others stand in lists by what became
// of them: nobody reads 300 lines on a phone.
const maxRows = 30

// footing is kept free for what stands below the rows.
const footing = 1500

// groups are the words for targets that stand in a list, in the order in which
// they are told.
var groups = []struct {
	state approvals.TargetState
	mark  string
	words string
}{
	{approvals.TargetUnknown, "❓", "Unknown"},
	{approvals.TargetErrored, "❌", "Failed"},
	{approvals.Following, "🔄", "Under way"},
	{approvals.Dispatching, "🔄", "Being sent"},
	{approvals.Queued, "⏳", "Waiting"},
	{approvals.TargetDone, "✅", "Done"},
	{approvals.TargetSkipped, "⚪", "Canceled, nothing was sent"},
}

// tally counts the Droplets of a request by what became of them: "2 done, 1
// failed, 5 waiting."
func tally(r *approvals.Request) string {
	n := map[approvals.TargetState]int{}
	for _, t := range r.Targets {
		n[t.State]++
	}
	var parts []string
	for _, w := range []struct {
		state approvals.TargetState
		words string
	}{
		{approvals.TargetDone, "done"},
		{approvals.TargetErrored, "failed"},
		{approvals.TargetUnknown, "unknown"},
		{approvals.Following, "under way"},
		{approvals.Dispatching, "being sent"},
		{approvals.Queued, "waiting"},
		{approvals.TargetSkipped, "canceled"},
	} {
		if n[w.state] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[w.state], w.words))
		}
	}
	if len(parts) == 0 {
		return "No Droplets."
	}
	return "*" + strings.Join(parts, ", ") + ".*"
}

// rows adds what became of each Droplet: a line each as long as they fit, then
// lists of names, then a count of what is not named. Nothing is dropped in
// silence.
func rows(s *sheet, r *approvals.Request, now time.Time) {
	decided := r.State != approvals.Pending && r.State != approvals.Denied &&
		r.State != approvals.Expired && r.State != approvals.Canceled
	budget := s.left() - footing
	var lines []string
	listed := make([]bool, len(r.Targets))
	bear := map[string]int{} // how many Droplets bear a name
	for _, t := range r.Targets {
		bear[t.Droplet.Name]++
	}
	for i, t := range r.Targets {
		if len(r.Targets) > maxRows && (!decided || !noteworthy(t)) || len(lines) == maxRows {
			continue
		}
		line := row(t, decided, now)
		// What can't have a line must still find its place in a list.
		if n := length(line) + 1; n <= budget-budget/3 {
			budget -= n
			lines = append(lines, line)
			listed[i] = true
		}
	}
	for _, g := range groups {
		var left []approvals.Target
		for i, t := range r.Targets {
			if !listed[i] && t.State == g.state {
				left = append(left, t)
			}
		}
		if len(left) == 0 {
			continue
		}
		head := fmt.Sprintf("%s *%s (%d):* ", g.mark, g.words, len(left))
		if !decided {
			head = fmt.Sprintf("*%s (%d):* ", "Droplets", len(left))
		}
		line := list(head, left, budget, func(d approvals.Droplet) bool { return !decided || bear[d.Name] > 1 })
		budget -= length(line) + 1
		lines = append(lines, line)
	}
	paragraphs(s, lines)
}

// noteworthy tells targets that someone must look at.
func noteworthy(t approvals.Target) bool {
	return t.State == approvals.TargetErrored || t.State == approvals.TargetUnknown ||
		t.State == approvals.Following && t.Slow || !t.LostAt.IsZero() && !t.State.Ended()
}

// row is one Droplet's line.
func row(t approvals.Target, decided bool, now time.Time) string {
	d := t.Droplet
	who := "*" + name(d) + "*" + numbered(t)
	if !decided {
		if d.ID == 0 { // its name is all that is decided on
			who = "*" + Escape(bare(d, maxName)) + "*"
		}
		parts := []string{who}
		for _, p := range []string{d.Region, d.Size, d.PublicIP, d.Status} {
			if p != "" {
				parts = append(parts, escaped(p, 40))
			}
		}
		return "• " + strings.Join(parts, ", ")
	}
	mark := "❓"
	for _, g := range groups {
		if g.state == t.State {
			mark = g.mark
		}
	}
	return cut(mark+" "+who+": "+brief(t, now), 400)
}

// brief is what became of a target, in a few words.
func brief(t approvals.Target, now time.Time) string {
	switch t.State {
	case approvals.Queued:
		switch t.Wait {
		case approvals.WaitPendingEvent:
			return "waits in line, another action on it is under way"
		case approvals.WaitName:
			return "waits in line, another request is creating one of that name"
		case approvals.WaitRateLimit:
			return "waits its turn, DigitalOcean takes no more requests just now"
		case approvals.WaitPeople:
			return "waits, Slack does not say who may decide"
		case approvals.WaitNotVisible:
			return "waits, DigitalOcean does not show it at the moment"
		case approvals.WaitUnreachable:
			return "waits, DigitalOcean can't be reached"
		}
		return "waits"
	case approvals.Dispatching:
		if !t.LostAt.IsZero() {
			return "DigitalOcean's answer was lost, looking for the action"
		}
		return "being sent"
	case approvals.Following:
		s := "under way " + since(began(t), now)
		switch {
		case !t.SettlingAt.IsZero():
			s = "called done, waiting until it shows"
		case t.Slow:
			s += ", longer than usual"
		}
		return s
	}
	return ended(t)
}

// ended is how a target ended, in a few words.
func ended(t approvals.Target) string {
	var out string
	switch t.State {
	case approvals.TargetDone:
		out = "done in " + lasting(t)
		if before, after := compare(t); t.Result == "" && t.After != nil && before != after {
			out += ", " + before + " → " + after
		}
		out += ". " + prose(t.Result)
	case approvals.TargetErrored:
		out = "failed. " + problem(t) + spaced(prose(t.Result))
	case approvals.TargetUnknown:
		out = "unknown, look at it. " + problem(t) + spaced(prose(t.Result))
	case approvals.TargetSkipped:
		out = "canceled, nothing was sent."
	}
	return strings.TrimSpace(out)
}

// list names Droplets one after the other in at most n characters, and says how
// many it does not name. Where a decision is made, or a name is not the only
// one, the ID is told too.
func list(head string, ts []approvals.Target, n int, withID func(approvals.Droplet) bool) string {
	const more = 20 // "and 1234 more"
	out := head
	for i, t := range ts {
		next := Escape(bare(t.Droplet, 40))
		if id := t.DropletID(); id != 0 && withID(t.Droplet) {
			next += fmt.Sprintf(" (%d)", id)
		}
		if i > 0 {
			next = ", " + next
		}
		if length(out)+length(next) > n-more {
			return out + fmt.Sprintf(" … and %d more", len(ts)-i)
		}
		out += next
	}
	return out
}

// paragraphs puts lines on a sheet, as many to a section as Slack takes; an empty
// one begins a new section. A list that is longer than a section goes on in the
// next.
func paragraphs(s *sheet, lines []string) {
	var held []string
	size := 0
	flush := func() {
		s.section(held...)
		held, size = nil, 0
	}
	for _, l := range lines {
		if l == "" {
			flush()
			continue
		}
		for length(l) > maxSection {
			flush()
			i := strings.LastIndex(l[:maxSection/2], ", ") + 1 // bytes, fewer than characters allow
			if i == 0 {
				break
			}
			s.section(l[:i])
			l = strings.TrimSpace(l[i:])
		}
		if size+length(l)+1 > maxSection {
			flush()
		}
		held = append(held, l)
		size += length(l) + 1
	}
	flush()
}
