package card

import (
	"fmt"
	"strings"
	"time"

	"dropletops/approvals"
)

// spokenCard is a card's top-level text: all that a notification shows and a
// screen reader says. It names the action, the Droplet, the state by its word
// of the contract, and who asked, in a sentence or two.
func spokenCard(r *approvals.Request, now time.Time) string {
	it := fully(r)
	asked := " Asked by " + mention(r.Requester.UserID) + "."
	switch r.State {
	case approvals.Pending:
		return it + " is pending: " + spokenWait(r) + " until " + spoken(r.ExpiresAt) + "." + asked + spokenLoss(r) + spokenStays(r) + spaced(prose(r.Heed))
	case approvals.Running:
		if len(r.Targets) == 1 {
			return it + " is running: " + plainly(progress(r, r.Targets[0], now)) + asked + spaced(prose(r.Heed))
		}
		return it + " is running: " + plainly(tally(r)) + asked
	case approvals.Completed:
		return it + " is completed, after " + took(r) + "." + asked + spaced(result(r)) + spaced(prose(r.Heed))
	case approvals.Failed:
		return it + " has failed: " + spokenProblem(r) + asked
	case approvals.Unknown:
		return it + ": the outcome is unknown, someone must look. " + spokenProblem(r) + asked
	case approvals.Denied:
		return it + " was denied by " + denier(r) + "; nothing was done." + asked
	case approvals.Expired:
		return it + " has expired: nobody decided within " + span(r.Verdict.Within) + "; nothing was done." + asked
	case approvals.Canceled:
		return it + " was canceled; nothing was done." + asked + spaced(prose(r.Note))
	}
	return it + " is " + Escape(string(r.State)) + "." + asked
}

// soFar says how many have approved, where there is more to say than that it waits.
func soFar(r *approvals.Request) string {
	if n := len(r.Approvals()); n > 0 {
		return fmt.Sprintf(", %d so far,", n)
	}
	return ""
}

func spokenWait(r *approvals.Request) string {
	switch {
	case r.Verdict.Outcome == approvals.Confirm:
		return "it waits for " + mention(r.Requester.UserID) + " to confirm"
	case r.Verdict.People() > 1 || len(r.Verdict.Needs) > 0:
		return "it waits for approval by " + lacking(r) + soFar(r)
	case len(r.Drift) > 0:
		return "what it is for has changed, so it waits for a fresh approval"
	}
	return "it waits for approval"
}

func spokenLoss(r *approvals.Request) string {
	lost := told(r, losesOf, maxName, Escape)
	if lost == "" {
		return ""
	}
	return " What is lost: " + lost
}

// spokenProblem says what went wrong with the first Droplet it went wrong with.
func spokenProblem(r *approvals.Request) string {
	if len(r.Targets) > 1 {
		return plainly(tally(r))
	}
	for _, t := range r.Targets {
		if p := problem(t); p != "" {
			return p
		}
	}
	if p := prose(r.Note); p != "" {
		return p
	}
	return "look at the card."
}

func result(r *approvals.Request) string {
	if len(r.Targets) != 1 {
		return ""
	}
	return prose(r.Targets[0].Result)
}

func spaced(s string) string {
	if s == "" {
		return ""
	}
	return " " + s
}

// plainly takes out what only shows on a screen: bold, and Slack's date tokens
// in favour of what they stand for.
func plainly(s string) string {
	for {
		i := strings.Index(s, "<!date^")
		if i < 0 {
			break
		}
		j := strings.IndexByte(s[i:], '>')
		k := strings.IndexByte(s[i:], '|')
		s = s[:i] + s[i+k+1:i+j] + s[i+j+1:]
	}
	return strings.ReplaceAll(s, "*", "")
}
