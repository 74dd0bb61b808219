package api

import (
	"context"
	"fmt"
	"strings"

	"github.com/digitalocean/godo"
)

// BackupPolicy says when a Droplet's backups are taken, and how long each is
// kept. The zero one is of a Droplet without backups.
type BackupPolicy struct {
	Enabled     bool
	Plan        string // daily or weekly; empty where DigitalOcean does not say
	Weekday     string // SUN … SAT, of a weekly one
	Hour        int    // UTC, at which the window opens
	WindowHours int
	KeptDays    int
	Next        Window
}

// Words say when backups are taken and how long each is kept, in plain text.
func (p BackupPolicy) Words() string {
	if !p.Enabled {
		return "off"
	}
	s := "on"
	if p.Plan != "" {
		s = p.Plan
		if p.Weekday != "" {
			s += " on " + p.Weekday
		}
		s += fmt.Sprintf(", %02d:00", p.Hour)
		if p.WindowHours > 0 {
			s += fmt.Sprintf("–%02d:00", (p.Hour+p.WindowHours)%24)
		}
		s += " UTC"
	}
	if p.KeptDays > 0 {
		s += fmt.Sprintf(", each kept %d days", p.KeptDays)
	}
	return s
}

// madePolicy says what a Droplet's backup policy has become, as DigitalOcean
// tells it: what was left out it chooses itself.
func madePolicy(ctx context.Context, c *Client, d Droplet, _ Args, _ Record) (string, error) {
	p, err := c.BackupPolicy(ctx, d.ID)
	if err == nil && (!p.Enabled || p.Plan == "") {
		err = fmt.Errorf("DigitalOcean tells no backup policy of Droplet %d", d.ID)
	}
	if err != nil {
		return "", err
	}
	return "Backups are now taken " + p.Words() + ".", nil
}

// policySet says what a backup policy was set to, where it can't be read.
func policySet(_, _ Droplet, a Args) string {
	if a["plan"] == "" {
		return "Backups are on now, taken when DigitalOcean chooses."
	}
	return "Backups are now taken" + strings.TrimPrefix(policyWords(a), ",") + "."
}

// BackupPolicy reads when a Droplet's backups are taken, fresh.
func (c *Client) BackupPolicy(ctx context.Context, droplet int) (BackupPolicy, error) {
	what := fmt.Sprintf("read the backup policy of Droplet %d", droplet)
	p, resp, err := read(ctx, c, what, command, readScopes, func(ctx context.Context) (*godo.DropletBackupPolicy, *godo.Response, error) {
		return c.godo.Droplets.GetBackupPolicy(ctx, droplet)
	})
	if err != nil {
		return BackupPolicy{}, err
	}
	if p == nil || p.DropletID != droplet {
		return BackupPolicy{}, empty(what, resp)
	}
	out := BackupPolicy{Enabled: p.BackupEnabled, Next: windowOf(p.NextBackupWindow)}
	if q := p.BackupPolicy; q != nil {
		out.Plan, out.Weekday, out.Hour = q.Plan, q.Weekday, q.Hour
		out.WindowHours, out.KeptDays = q.WindowLengthHours, q.RetentionPeriodDays
	}
	return out, nil
}
