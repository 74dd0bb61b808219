package card

import (
	"strings"

	"dropletops/approvals"
)

// Why explains a request: which rule has a say in it, who may decide now, and who
// is missing. quiet leaves out what is for the asker alone, and mentions nobody.
func Why(w approvals.Why, quiet bool) (head string, lines []string) {
	r := w.Request
	v := r.Verdict
	head = "*Why* " + phrase(r) + " " + standing(r) + " (request " + escaped(r.ID, maxShort) + ")"
	rule := "*Rule:* " + escaped(v.Rule, maxName)
	if v.Policy != "" {
		rule += ", of the policy " + escaped(v.Policy, maxShort)
	}
	lines = append(lines, rule+". It says: *"+Escape(string(v.Outcome))+"*"+asks(v)+"."+spaced(prose(v.Because)))
	for _, d := range r.Decisions {
		line := "*" + capital(strings.ReplaceAll(string(d.Kind), "_", " ")) + ":* " + called(d.By, quiet) + ", " + dated(d.At)
		if d.Round != r.Round {
			line += ", void since what it was for has changed"
		}
		if len(d.By.Groups) > 0 {
			line += ", of " + Escape(strings.Join(d.By.Groups, ", "))
		}
		if d.By.Proved {
			line += ", with a second factor"
		}
		if d.Reason != "" {
			line += ": " + escaped(clean(d.Reason), maxShort)
		}
		lines = append(lines, line)
	}
	if len(w.Missing) > 0 {
		lines = append(lines, "*Missing:* approval by "+Escape(approvals.Whom(w.Missing))+", not counting "+called(r.Requester, quiet)+", until "+clock(r.ExpiresAt)+".")
	}
	for _, g := range w.Groups {
		lines = append(lines, "*"+escaped(g.Name, maxShort)+":* "+members(g, quiet))
	}
	for _, g := range w.Unknown {
		lines = append(lines, "*"+escaped(g, maxShort)+":* the policy knows this group no longer, so nobody is in it")
	}
	if len(w.Missing) > 0 && !quiet {
		you := "*You* may approve it."
		if w.You != "" {
			you = "*You* can't approve it: " + w.You
		}
		lines = append(lines, you)
	}
	if rv := strings.TrimSpace(broken(r)); rv != "" {
		lines = append(lines, rv)
	}
	return head, lines
}

// standing goes behind a request's phrase.
func standing(r *approvals.Request) string {
	switch r.State {
	case approvals.Pending:
		return "waits"
	case approvals.Denied, approvals.Canceled:
		return "was " + string(r.State)
	case approvals.Unknown:
		return "has an unknown outcome"
	case approvals.Failed, approvals.Expired, approvals.Completed:
		return "has " + string(r.State)
	}
	return "is " + string(r.State)
}

// asks says what a verdict takes.
func asks(v approvals.Verdict) string {
	var out []string
	if v.Outcome == approvals.Approve {
		out = append(out, "by "+Escape(approvals.Whom(v.Requires())))
	}
	if v.Within > 0 {
		out = append(out, "within "+span(v.Within))
	}
	if v.Reason {
		out = append(out, "with a reason")
	}
	if v.Factor {
		out = append(out, "with a second factor")
	}
	if len(v.BreakGlass) > 0 {
		out = append(out, "in an emergency by "+Escape(strings.Join(v.BreakGlass, " or "))+" alone")
	}
	if len(out) == 0 {
		return ""
	}
	return ", " + strings.Join(out, ", ")
}

// members lists a group's, as the policy names them.
func members(g approvals.Group, quiet bool) string {
	var out []string
	for _, u := range g.Users {
		out = append(out, person(u, quiet))
	}
	for _, s := range g.UserGroups {
		if quiet {
			out = append(out, "user group "+Code(s))
		} else {
			out = append(out, "<!subteam^"+Escape(s)+">")
		}
	}
	for _, c := range g.Channels {
		out = append(out, "whoever is in <#"+Escape(c)+">")
	}
	return enumerate(out)
}

// person mentions someone, or names them by ID where nobody is to be notified.
func person(id string, quiet bool) string {
	if quiet {
		return Code(id)
	}
	return mention(id)
}
