package card

import (
	"fmt"
	"strings"
	"time"

	"dropletops/api"
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
		parts = append(parts, created(img.Created))
		out[i] = "*" + saved(img) + "* · " + age(img.Created, now) + "\n" + strings.Join(parts, " · ")
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

// PolicyWords says when backups are taken, in one line.
func PolicyWords(p api.BackupPolicy) string { return escaped(p.Words(), maxName) }

// NextBackup says when the next backup is taken; empty if that is not known.
func NextBackup(w api.Window) string {
	if w.Start.IsZero() {
		return ""
	}
	return "between " + dated(w.Start) + " and " + clock(w.End)
}
