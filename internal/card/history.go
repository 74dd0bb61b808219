package card

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"dropletops/api"
	"dropletops/approvals"
)

// History are lines for a list of actions, with whose doing they were as far as
// that is known. quiet names people without notifying them, as befits a channel
// that is shown old news.
func History(records []api.Record, doings map[int]approvals.Doing, quiet bool, now time.Time) []string {
	out := make([]string, len(records))
	for i, r := range records {
		line := fmt.Sprintf("`%d`", r.ID)
		if !r.StartedAt.IsZero() {
			line += " · " + dated(r.StartedAt)
		}
		if d, ours := doings[r.ID]; ours {
			line += " · " + whose(d, quiet)
		}
		out[i] = fmt.Sprintf("%s · %s\n%s", acted(r), lasted(r, now), line)
	}
	return out
}

// Newest are such lines for actions on anything, which say on what. What is not
// among the Droplets is named by its ID, and one whose name another has, or that was
// called something else, by both.
func Newest(records []api.Record, ds []api.Droplet, doings map[int]approvals.Doing, quiet bool, now time.Time) []string {
	by, called, renamed := map[int]api.Droplet{}, map[string]int{}, map[int]bool{}
	for _, d := range ds {
		by[d.ID] = d
		called[d.Name]++
	}
	for _, r := range records {
		renamed[r.ResourceID] = renamed[r.ResourceID] || r.Type == "rename"
	}
	out := History(records, doings, quiet, now)
	for i, r := range records {
		on := strings.TrimSpace(escaped(r.ResourceType, 20) + fmt.Sprintf(" `%d`", r.ResourceID))
		if d, ok := by[r.ResourceID]; ok && r.ResourceType == "droplet" {
			on = "*" + name(approvals.Droplet(d)) + "*"
			if called[d.Name] > 1 || renamed[d.ID] {
				on += fmt.Sprintf(" (`%d`)", d.ID)
			}
		}
		out[i] = strings.Replace(out[i], "\n", " · on "+on+"\n", 1)
	}
	return out
}

// acted is an action with its status, by a mark and by its word.
func acted(r api.Record) string {
	mark := "❔"
	switch r.Status {
	case "completed":
		mark = "✅"
	case "errored":
		mark = "❌"
	case "in-progress":
		mark = "🔄"
	}
	typ := escaped(strings.ReplaceAll(r.Type, "_", "-"), maxShort)
	return fmt.Sprintf("%s *%s* · %s", mark, cmp.Or(typ, "an action"), cmp.Or(escaped(r.Status, maxShort), "status unknown"))
}

// lasted says how long an action took, or has been under way.
func lasted(r api.Record, now time.Time) string {
	switch {
	case !r.Ended() && !r.StartedAt.IsZero():
		return "for " + span(now.Sub(r.StartedAt)) + " so far"
	case r.CompletedAt.IsZero() || r.StartedAt.IsZero():
		return "duration unknown"
	}
	return "took " + span(r.CompletedAt.Sub(r.StartedAt))
}

// whose says who asked for an action, who approved it, and why.
func whose(d approvals.Doing, quiet bool) string {
	s := "asked by " + called(d.Requester, quiet)
	if len(d.Approvers) > 0 {
		var by []string
		for _, p := range d.Approvers[:min(3, len(d.Approvers))] {
			by = append(by, called(p, quiet))
		}
		s += ", approved by " + enumerate(by)
	}
	s += ", request " + Code(d.RequestID)
	if d.Reason != "" {
		s += ": " + escaped(d.Reason, 120)
	}
	return s
}

// called names a person, with their ID where nobody is to be notified: anyone
// can choose a name.
func called(p approvals.Person, quiet bool) string {
	if !quiet {
		return mention(p.UserID)
	}
	if clean(p.Name) == "" {
		return Code(p.UserID)
	}
	return escaped(p.Name, 40) + " (" + Code(p.UserID) + ")"
}

// OneAction is all there is to say about an action.
func OneAction(r api.Record, on string, doings map[int]approvals.Doing, quiet bool, now time.Time) []string {
	lines := []string{
		"*Action:* " + acted(r),
		"*Duration:* " + lasted(r, now),
		"*Started:* " + dated(r.StartedAt),
	}
	if !r.CompletedAt.IsZero() {
		lines = append(lines, "*Ended:* "+dated(r.CompletedAt))
	}
	lines = append(lines, "*On:* "+on)
	if r.Region != "" {
		lines = append(lines, "*Region:* "+escaped(r.Region, maxShort))
	}
	if d, ours := doings[r.ID]; ours {
		return append(lines, "*Who:* "+whose(d, quiet))
	}
	return append(lines, "*Who:* not asked for through Dropletops")
}
