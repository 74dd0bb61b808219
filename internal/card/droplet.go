package card

import (
	"cmp"
	"fmt"
	"strings"

	"dropletops/api"
	"dropletops/approvals"
)

// Droplets are lines for a list: two for each, short enough for a phone.
func Droplets(ds []api.Droplet) []string {
	out := make([]string, len(ds))
	for i, d := range ds {
		out[i] = titled(d) + purpose(d) + "\n" + facts(d)
	}
	return out
}

// titled is a Droplet's name with its status, by a mark and by its word.
func titled(d api.Droplet) string {
	s := "*" + name(approvals.Droplet(d)) + "* · " + power(d.Status)
	if d.GPU {
		s += " · GPU"
	}
	return s
}

// purpose says where and for what a Droplet is, behind its title.
func purpose(d api.Droplet) string {
	s := ""
	if d.Region != "" {
		s += dot + escaped(d.Region, maxShort)
	}
	if len(d.Tags) > 0 {
		s += dot + some(d.Tags, 5, 40)
	}
	return s
}

// dot parts facts, and stays with what is in front of it where a phone breaks the
// line.
const dot = "\u00a0· "

func power(s string) string {
	mark := "❔"
	switch s {
	case "active":
		mark = "🟢"
	case "off":
		mark = "⚫"
	case "new":
		mark = "🟡"
	case "archive":
		mark = "📦"
	case "":
		s = "status unknown"
	}
	return mark + " " + escaped(s, maxShort)
}

// facts tell a Droplet from others, in one line.
func facts(d api.Droplet) string {
	parts := []string{fmt.Sprintf("`%d`", d.ID)}
	address := cmp.Or(d.PublicIP, d.PublicIP6)
	if address == "" && d.PrivateIP != "" {
		address = d.PrivateIP + " (private)"
	}
	for _, p := range []string{d.Size, address} {
		if p != "" {
			parts = append(parts, escaped(p, 45))
		}
	}
	return strings.Join(parts, dot)
}

// some lists the first n of what comes from outside, each cut, and says how many
// are left.
func some(all []string, n, each int) string {
	var out []string
	for _, s := range all[:min(n, len(all))] {
		out = append(out, escaped(s, each))
	}
	s := strings.Join(out, ", ")
	if more := len(all) - n; more > 0 {
		s += fmt.Sprintf(" and %d more", more)
	}
	return s
}

// Neighbors are lines for groups of Droplets that share hardware. What is not
// among the Droplets is named by its ID.
func Neighbors(groups [][]int, ds []api.Droplet) []string {
	by := map[int]api.Droplet{}
	for _, d := range ds {
		by[d.ID] = d
	}
	out := make([]string, len(groups))
	for i, g := range groups {
		var names []string
		const most = 8
		for _, id := range g[:min(most, len(g))] {
			if d, ok := by[id]; ok {
				names = append(names, fmt.Sprintf("*%s* `%d`", escaped(clean(d.Name), 40), id))
				continue
			}
			names = append(names, fmt.Sprintf("`%d`", id))
		}
		out[i] = fmt.Sprintf("• %d together: %s", len(g), strings.Join(names, ", "))
		if more := len(g) - most; more > 0 {
			out[i] += fmt.Sprintf(" and %d more", more)
		}
	}
	return out
}
