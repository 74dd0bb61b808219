package card

import (
	"fmt"
	"strings"

	"dropletops/api"
	"dropletops/approvals"
)

// creates says whether a request makes its Droplets.
func creates(r *approvals.Request) bool {
	a, ok := api.Lookup(r.Action.Type)
	return ok && a.Make != nil
}

// about tells which Droplet a request for one is about.
func about(r *approvals.Request) []string {
	t := r.Targets[0]
	if t.Droplet.ID != 0 {
		return droplet(r)
	}
	out := []string{"*New Droplet:* *" + Escape(bare(t.Droplet, maxName)) + "*" + numbered(t)}
	switch {
	case t.After == nil:
		return out
	case t.Made == 0: // it was there before anything was sent
		out = []string{fmt.Sprintf("*There already:* *%s* (ID %d) in %s", Escape(bare(*t.After, maxName)), t.After.ID, escaped(t.After.Region, maxShort))}
	}
	for _, of := range []struct{ head, is string }{
		{"Address", t.After.PublicIP}, {"IPv6 address", t.After.PublicIP6}, {"Private address", t.After.PrivateIP},
	} {
		if of.is != "" {
			out = append(out, "*"+of.head+":* "+escaped(of.is, maxShort))
		}
	}
	return out
}

// numbered is a Droplet's ID behind its name; empty as long as it has none.
func numbered(t approvals.Target) string {
	if id := t.DropletID(); id != 0 {
		return fmt.Sprintf(" (ID %d)", id)
	}
	return ""
}

// heading is what a parameter is called at the beginning of a line.
func heading(param string) string {
	words := strings.Split(Escape(param), "-")
	for i, w := range words {
		switch w {
		case "ssh", "vpc":
			words[i] = strings.ToUpper(w)
		case "ipv6":
			words[i] = "IPv6"
		}
	}
	return capital(strings.Join(words, " "))
}
