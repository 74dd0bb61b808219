package card

import (
	"strings"

	"dropletops/approvals"
)

// approvers mentions those whose approval counts in the current round.
func approvers(r *approvals.Request) string {
	var who []string
	for _, d := range r.Approvals() {
		who = append(who, mention(d.By.UserID))
	}
	return enumerate(who)
}

// because says why a decision was made, where whoever made it said so.
func because(r *approvals.Request, kind approvals.DecisionKind) string {
	for i := len(r.Decisions) - 1; i >= 0; i-- {
		if d := r.Decisions[i]; d.Kind == kind && d.Reason != "" {
			return "*Why:* " + escaped(clean(d.Reason), maxReason)
		}
	}
	return ""
}

// lacking says whose approval is missing, in how many more people where there are
// some already.
func lacking(r *approvals.Request) string {
	missing := r.Missing()
	whom := approvals.Whom(missing)
	if len(r.Approvals()) > 0 && len(missing) == 1 {
		n, rest, _ := strings.Cut(whom, " ")
		whom = n + " more " + rest
	}
	return Escape(whom)
}

// factor says that approving takes a second factor.
func factor(r *approvals.Request) string {
	if !r.Verdict.Factor {
		return ""
	}
	return " It takes a second factor."
}

// glass says who may go ahead alone.
func glass(r *approvals.Request) string {
	if len(r.Verdict.BreakGlass) == 0 {
		return ""
	}
	return "*In an emergency* members of " + Escape(strings.Join(r.Verdict.BreakGlass, " or ")) +
		" may go ahead alone, with a reason. It is announced, and reviewed afterwards."
}

// broken says who went ahead alone and why, and whether that was reviewed.
func broken(r *approvals.Request) string {
	v := r.Review
	if v == nil {
		return ""
	}
	out := "\n🚨 *Went ahead alone:* " + mention(v.By) + ", " + dated(v.At) + "\n*Why:* " + escaped(clean(v.Reason), maxReason)
	if v.Open() {
		return out + "\n*Review:* open, until another person has looked at it"
	}
	return out + "\n*Review:* closed by " + mention(v.ClosedBy) + ", " + dated(v.ClosedAt)
}

// alone mentions who went ahead alone.
func alone(r *approvals.Request) string {
	if r.Review == nil {
		return "someone"
	}
	return mention(r.Review.By)
}

// summoned mentions groups, so that those in them are notified.
func summoned(groups []approvals.Group) string {
	var who []string
	for _, g := range groups {
		for _, u := range g.Users {
			who = append(who, mention(u))
		}
		for _, u := range g.UserGroups {
			who = append(who, "<!subteam^"+Escape(u)+">")
		}
		for _, c := range g.Channels {
			who = append(who, "<#"+Escape(c)+">")
		}
	}
	if len(who) == 0 {
		return ""
	}
	return enumerate(who) + " can approve it. "
}

// elsewhere says where the request's card is, in a note for another channel.
func elsewhere(r *approvals.Request, n approvals.Note) string {
	if n.Channel == "" {
		return ""
	}
	return " in <#" + Escape(r.Origin.ChannelID) + "> (request " + escaped(r.ID, maxShort) + ")"
}

// Unannounced says in a request's thread that an announcement was not to be
// posted in its channel.
func Unannounced(n approvals.Note) Message {
	return Reply("⚠️ This could not be announced in <#" + Escape(n.Channel) + ">: Slack does not let me post there. Someone has to tell them, and to invite me.")
}
