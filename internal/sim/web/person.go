package web

import (
	"slices"

	simslack "dropletops/internal/sim/slack"
)

// person is somebody whom the page can be used as.
type person struct {
	Name     string `json:"name"`
	RealName string `json:"real_name"`
	Role     string `json:"role"`
	Order    int    `json:"order"`
}

// people are those who can sign in to Slack: neither bots nor who has left.
func people(snap *simslack.Snapshot) []person {
	var out []person
	for _, u := range snap.Users {
		if canSignIn(u) {
			out = append(out, person{Name: u.Name, RealName: u.RealName, Role: role(u), Order: len(out)})
		}
	}
	return out
}

func canSignIn(u simslack.User) bool { return !u.IsBot && !u.Deleted }

func role(u simslack.User) string {
	switch {
	case u.IsStranger:
		return "other workspace"
	case u.IsUltraRestricted:
		return "guest of one channel"
	case u.IsRestricted:
		return "guest"
	case u.IsAdmin:
		return "admin"
	}
	return "member"
}

// who finds somebody to be, by name; the first there is where nobody has that name.
func who(snap *simslack.Snapshot, name string) (simslack.User, bool) {
	i := slices.IndexFunc(snap.Users, func(u simslack.User) bool { return u.Name == name && canSignIn(u) })
	if i < 0 {
		i = slices.IndexFunc(snap.Users, canSignIn)
	}
	if i < 0 {
		return simslack.User{}, false
	}
	return snap.Users[i], true
}

// author is somebody as messages show them.
type author struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	RealName    string `json:"real_name"`
	DisplayName string `json:"display_name"`
	IsBot       bool   `json:"is_bot"`
	IsApp       bool   `json:"is_app"`
	Badge       string `json:"badge,omitempty"`
}

func authorOf(u simslack.User) author {
	a := author{ID: u.ID, Name: u.Name, RealName: u.RealName, DisplayName: u.DisplayName, IsBot: u.IsBot, IsApp: u.IsAppUser}
	switch {
	case u.Deleted:
		a.Badge = "DEACTIVATED"
	case u.IsStranger:
		a.Badge = "EXTERNAL"
	case u.IsRestricted:
		a.Badge = "GUEST"
	}
	return a
}

// slackbot tells people what Slack itself has to say; it is no user of the workspace.
func slackbot() author {
	return author{ID: "USLACKBOT", Name: "slackbot", RealName: "Slackbot", DisplayName: "Slackbot"}
}
