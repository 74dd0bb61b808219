package api

import (
	"context"
	"fmt"
	"maps"
	"slices"
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

// madePolicy compares a Droplet's backup policy with all that was asked for, and says
// what it is: what was left out DigitalOcean chooses itself. The policy's own endpoint
// decides, since the Droplet's features may leave backups out.
func madePolicy(ctx context.Context, c *Client, before, _ Droplet, a Args, _ Record) (string, error) {
	p, err := c.BackupPolicy(ctx, before.ID)
	if err != nil {
		return "", err
	}
	differs := !p.Enabled || p.Plan == "" || a["plan"] != "" && !strings.EqualFold(p.Plan, a["plan"]) ||
		a["weekday"] != "" && !strings.EqualFold(p.Weekday, a["weekday"]) || a["hour"] != "" && p.Hour != number(a["hour"])
	if differs {
		return "", fmt.Errorf("the backup policy of %s is still %s", before.label(), p.Words())
	}
	return "Backups are now taken " + p.Words() + ".", nil
}

// noPolicy sees that a Droplet has no backup policy any more.
func noPolicy(ctx context.Context, c *Client, before, _ Droplet, _ Args, _ Record) (string, error) {
	p, err := c.BackupPolicy(ctx, before.ID)
	if err != nil {
		return "", err
	}
	if p.Enabled {
		return "", fmt.Errorf("the backup policy of %s is still %s", before.label(), p.Words())
	}
	return "", nil
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
	return policyFrom(p), nil
}

func policyFrom(p *godo.DropletBackupPolicy) BackupPolicy {
	out := BackupPolicy{Enabled: p.BackupEnabled, Next: windowOf(p.NextBackupWindow)}
	if q := p.BackupPolicy; q != nil {
		out.Plan, out.Weekday, out.Hour = q.Plan, q.Weekday, q.Hour
		out.WindowHours, out.KeptDays = q.WindowLengthHours, q.RetentionPeriodDays
	}
	return out
}

// BackupPolicies reads when the backups of all the account's Droplets are taken, by
// their IDs, fresh.
func (c *Client) BackupPolicies(ctx context.Context) (map[int]BackupPolicy, error) {
	all, err := pages(ctx, c, "list the backup policies", readScopes, func(ctx context.Context, o *godo.ListOptions) ([]*godo.DropletBackupPolicy, *godo.Response, error) {
		page, resp, err := c.godo.Droplets.ListBackupPolicies(ctx, o)
		if page == nil { // no list, which is not an empty one
			return nil, resp, err
		}
		return slices.AppendSeq([]*godo.DropletBackupPolicy{}, maps.Values(page)), resp, err
	})
	if err != nil {
		return nil, err
	}
	out := make(map[int]BackupPolicy, len(all))
	for _, p := range all {
		if p != nil {
			out[p.DropletID] = policyFrom(p)
		}
	}
	return out, nil
}

// BackupPlan is one of the policies that DigitalOcean has for backups.
type BackupPlan struct {
	Name     string // daily or weekly
	Hours    []int  // UTC, at which its window may open
	Days     []string
	KeptDays int
}

// Words say when such backups may be taken, in plain text.
func (p BackupPlan) Words() string {
	s := oneLine(p.Name)
	if len(p.Days) > 0 {
		s += " on one of " + oneLine(strings.Join(p.Days, ", "))
	}
	if len(p.Hours) > 0 {
		s += " from " + strings.Trim(strings.ReplaceAll(fmt.Sprint(p.Hours), " ", ", "), "[]") + " o'clock UTC"
	}
	if p.KeptDays > 0 {
		s += fmt.Sprintf(", kept %d days", p.KeptDays)
	}
	return s
}

// BackupPlans lists the policies that DigitalOcean has for backups, from the cache.
func (c *Client) BackupPlans(ctx context.Context) ([]BackupPlan, error) {
	const what = "list the backup policies there can be"
	out, err := cached(ctx, c, "backup plans", what, rarely*c.cacheFor, func(ctx context.Context) ([]BackupPlan, error) {
		all, resp, err := read(ctx, c, what, command, readScopes, c.godo.Droplets.ListSupportedBackupPolicies)
		if err != nil {
			return nil, err
		}
		if len(all) == 0 {
			return nil, empty(what, resp)
		}
		var out []BackupPlan
		for _, p := range all {
			if p != nil {
				out = append(out, BackupPlan{Name: p.Name, Hours: p.PossibleWindowStarts, Days: p.PossibleDays, KeptDays: p.RetentionPeriodDays})
			}
		}
		return out, nil
	})
	return slices.Clone(out), err
}
