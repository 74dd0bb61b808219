package api

import (
	"fmt"
	"strings"
)

// sharesName says who bears a new name already: DigitalOcean does not mind, and
// people then have to tell them apart.
func sharesName(d Droplet, a Args, around Around) string {
	var first *Droplet
	more := 0
	for i, o := range around.Droplets {
		switch {
		case o.ID == d.ID || !strings.EqualFold(o.Name, a["name"]):
		case first == nil:
			first = &around.Droplets[i]
		default:
			more++
		}
	}
	if first == nil {
		return ""
	}
	s := fmt.Sprintf("Droplet %d", first.ID)
	if first.Region != "" {
		s += " in " + first.Region
	}
	if more > 0 {
		return fmt.Sprintf("%s and %d more are called %s too. A command by that name will ask which one is meant.", s, more, first.Name)
	}
	return s + " is called " + first.Name + " too. A command by that name will ask which one is meant."
}

// backsUpLess says what going from daily backups to weekly ones costs.
func backsUpLess(_ Droplet, a Args, around Around) string {
	if around.Backups == nil || around.Backups.Plan != "daily" || a["plan"] != "weekly" {
		return ""
	}
	return "This is less protection: with weekly backups in place of daily ones, up to a week of changes can be lost instead of a day."
}
