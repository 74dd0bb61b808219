package card

import (
	"fmt"
	"strings"
	"time"

	"dropletops/api"
	"dropletops/approvals"
)

// Saved are lines for a list of backups or snapshots. use answers what to type
// to go back to one.
func Saved(images []api.Image, use func(id int) string, now time.Time) []string {
	out := make([]string, len(images))
	for i, img := range images {
		parts := []string{code(use(img.ID))}
		if img.SizeGB > 0 {
			parts = append(parts, gigabytes(img.SizeGB))
		}
		head := "*" + saved(img) + "*"
		if img.Created != "" {
			parts, head = append(parts, created(img.Created)), head+" · "+age(img.Created, now)
		}
		out[i] = head + "\n" + strings.Join(parts, " · ")
	}
	return out
}

func saved(img api.Image) string {
	if clean(img.Name) == "" {
		return fmt.Sprintf("%d", img.ID)
	}
	return escaped(img.Name, 120)
}

func gigabytes(gb float64) string { return fmt.Sprintf("%.2f GB", gb) }

// created is a time of DigitalOcean's, in each reader's own time zone.
func created(s string) string {
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return "at an unknown time"
	}
	return dated(at)
}

// createdAgo is such a time with how long ago that is.
func createdAgo(s string, now time.Time) string {
	if _, err := time.Parse(time.RFC3339, s); err != nil {
		return created(s)
	}
	return created(s) + ", " + age(s, now)
}

// PolicyWords says when backups are taken, in one line.
func PolicyWords(p api.BackupPolicy) string { return escaped(p.Words(), maxName) }

// Policies are lines on when Droplets' backups are taken.
func Policies(ds []api.Droplet, policies map[int]api.BackupPolicy) []string {
	out := make([]string, len(ds))
	for i, d := range ds {
		p, told := policies[d.ID]
		s := "⚠️ off"
		switch next := NextBackup(p.Next); {
		case !told:
			s = "⚠️ DigitalOcean tells of none"
		case p.Enabled && next != "":
			s = PolicyWords(p) + "; the next one " + next
		case p.Enabled:
			s = PolicyWords(p)
		}
		out[i] = "*" + name(approvals.Droplet(d)) + "*" + dot + fmt.Sprintf("`%d`", d.ID) + "\n" + s
	}
	return out
}

// Plans are lines on the policies that there can be.
func Plans(plans []api.BackupPlan) []string {
	out := make([]string, len(plans))
	for i, p := range plans {
		out[i] = "*Can be:* " + escaped(p.Words(), maxName)
	}
	return out
}

// NextBackup says when the next backup is taken; empty if that is not known.
func NextBackup(w api.Window) string {
	if w.Start.IsZero() {
		return ""
	}
	return "between " + dated(w.Start) + " and " + clock(w.End)
}
