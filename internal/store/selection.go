package store

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"dropletops/approvals"
)

// Selection says which lines of the audit log are wanted. What is not set does not
// matter.
type Selection struct {
	Since, Until time.Time // from Since on, before Until
	Droplet      int
	// Who did it: a Slack user ID, for which it is also what operators did about that
	// person; dropletops; an operator, or "operator" for any.
	Who     string
	Request string
}

func (s Selection) by(l approvals.Line) bool {
	return l.Who == s.Who || l.Detail["user"] == s.Who || s.Who == "operator" && strings.HasPrefix(l.Who, "operator:")
}

// Picker answers whether a line is wanted; it is to be asked of all lines in order.
// For a Droplet, these are its own lines, and those of a request for it that name
// none: what was asked and decided.
func (s Selection) Picker() func(AuditLine) bool {
	forIt := map[string]bool{} // requests for the Droplet
	return func(a AuditLine) bool {
		l := a.Line
		if s.Droplet != 0 && l.DropletID == 0 && l.RequestID != "" &&
			slices.Contains(strings.Split(l.Detail["droplets"], ","), strconv.Itoa(s.Droplet)) {
			forIt[l.RequestID] = true
		}
		switch {
		case !s.Since.IsZero() && l.At.Before(s.Since),
			!s.Until.IsZero() && !l.At.Before(s.Until),
			s.Who != "" && !s.by(l),
			s.Request != "" && l.RequestID != s.Request,
			s.Droplet != 0 && l.DropletID != s.Droplet && (l.DropletID != 0 || !forIt[l.RequestID]):
			return false
		}
		return true
	}
}
