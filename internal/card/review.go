package card

import (
	"strings"
	"time"

	"dropletops/approvals"
)

// Reviews are the items of an answer on what someone went ahead with alone and nobody
// has looked at yet. quiet leaves out what is for the asker alone, and mentions nobody.
func Reviews(open []approvals.OpenReview, quiet bool, now time.Time) []string {
	out := make([]string, len(open))
	for i, o := range open {
		r := o.Request
		lines := []string{
			"🚨 *" + capital(phrase(r)) + "* in <#" + Escape(r.Origin.ChannelID) + "> " + standing(r) + " (request " + escaped(r.ID, maxShort) + ")",
			"*Went ahead alone:* " + person(r.Review.By, quiet) + ", " + span(now.Sub(r.Review.At)) + " ago, " + dated(r.Review.At),
			"*May close it:* " + closers(o, quiet),
			"*Why:* " + escaped(clean(r.Review.Reason), maxName), // last, since an item may be cut
		}
		if !quiet && o.You == "" {
			lines[2] += " *You* may."
		}
		out[i] = strings.Join(lines, "\n")
	}
	return out
}

// closers says who may close a review: one of those who could have approved it.
func closers(o approvals.OpenReview, quiet bool) string {
	whom := "any full member of this workspace"
	if len(o.From) > 0 {
		whom = "any member of " + escaped(strings.Join(o.From, " or "), maxName)
	}
	by := person(o.Request.Review.By, quiet)
	if asker := o.Request.Requester.UserID; asker != o.Request.Review.By {
		return whom + ", but neither " + by + " nor " + person(asker, quiet) + ", who asked for it."
	}
	return whom + ", but not " + by + "."
}
