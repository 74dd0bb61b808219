package api

import (
	"context"
	"fmt"

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
