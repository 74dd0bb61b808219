package policy

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"dropletops/approvals"
)

// Slack's IDs, by their first letter.
var (
	userIDs      = regexp.MustCompile(`^[UW][A-Z0-9]{2,20}$`)
	userGroupIDs = regexp.MustCompile(`^S[A-Z0-9]{2,20}$`)
	channelIDs   = regexp.MustCompile(`^[CG][A-Z0-9]{2,20}$`)
	groupNames   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$`)
)

func userID(s string) (sentence, hint string) {
	return id(s, userIDs, "a user", "it begins with U or W: in Slack, a profile's menu, Copy member ID")
}

func userGroupID(s string) (sentence, hint string) {
	return id(s, userGroupIDs, "a user group", "it begins with S: it stands in the address of the group's page in Slack")
}

func channelID(s string) (sentence, hint string) {
	return id(s, channelIDs, "a channel", "it begins with C or G: in Slack, at the end of the channel's details")
}

func id(s string, form *regexp.Regexp, what, hint string) (string, string) {
	if form.MatchString(s) {
		return "", ""
	}
	return fmt.Sprintf("%q is not the ID of %s.", s, what), hint
}

// groups reads the groups by name.
func (r *reader) groups(e entry) map[string]approvals.Group {
	out := map[string]approvals.Group{}
	all, _ := r.entries(e.value, "groups", e.at)
	for _, g := range all {
		out[g.name] = r.group(g)
	}
	return out
}

// group reads one group. One that is wrong is kept all the same: that it is named
// in a rule is no problem of its own.
func (r *reader) group(e entry) approvals.Group {
	what := "The group " + e.name
	if !groupNames.MatchString(e.name) {
		r.wrong(e.at, fmt.Sprintf("%q is no name of a group.", e.name), "letters, digits, _, . and -")
	}
	g := approvals.Group{Name: e.name}
	before := len(r.problems)
	keys := r.mapping(e.value, what, e.at, "users", "user_groups", "channels")
	if keys == nil {
		return g
	}
	if k, ok := keys["users"]; ok {
		g.Users = r.texts(k, "users", userID)
	}
	if k, ok := keys["user_groups"]; ok {
		g.UserGroups = r.texts(k, "user_groups", userGroupID)
	}
	if k, ok := keys["channels"]; ok {
		g.Channels = r.texts(k, "channels", channelID)
	}
	if len(g.Users)+len(g.UserGroups)+len(g.Channels) == 0 && len(r.problems) == before {
		r.wrong(e.at, what+" has no members.", "give it users, user_groups or channels")
	}
	return g
}

// groupsNamed reads a list of the names of groups that there must be.
func (r *reader) groupsNamed(p *Policy, e entry, what string) []string {
	out := r.texts(e, what, func(name string) (string, string) {
		if _, ok := p.groups[name]; ok {
			return "", ""
		}
		return fmt.Sprintf("There is no group %q.", name), didYouMean(name, slices.Sorted(maps.Keys(p.groups)))
	})
	if s, ok := r.isEmptyList(e); ok {
		r.wrong(s, what+" names no group.", "leave it out, or name one")
	}
	return out
}

// known answers how many people are in some groups at the most, if the file tells.
func (p *Policy) known(groups []string) (int, bool) {
	people := map[string]bool{}
	for _, name := range groups {
		g := p.groups[name]
		if len(g.UserGroups)+len(g.Channels) > 0 {
			return 0, false
		}
		for _, u := range g.Users {
			people[u] = true
		}
	}
	return len(people), len(people) > 0
}
