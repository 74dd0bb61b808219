package api

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
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

// TouchesBackups reports whether an action turns backups on or off, or changes when they
// are taken. Of such a Droplet the policy's endpoint says whether they are on.
func (a *Action) TouchesBackups() bool {
	switch a.Type {
	case "enable_backups", "disable_backups", "change_backup_policy":
		return true
	}
	return false
}

// TakesPlan reports whether an action takes the flags of a backup policy.
func (a *Action) TakesPlan() bool {
	return slices.ContainsFunc(a.Params, func(p Param) bool { return p.Name == "weekday" })
}

// WithPlans is the action with the backup policies that DigitalOcean has in the place of
// those that were known when this was written: menus and typed words go by them.
func (a *Action) WithPlans(plans []BackupPlan) *Action {
	if !a.TakesPlan() || len(plans) == 0 {
		return a
	}
	var names, days, hours []string
	add := func(to *[]string, v string) {
		if !slices.Contains(*to, v) {
			*to = append(*to, v)
		}
	}
	for _, p := range plans {
		add(&names, p.Name)
		for _, d := range p.Days {
			add(&days, d)
		}
		for _, h := range p.Hours {
			add(&hours, strconv.Itoa(h))
		}
	}
	live := *a
	live.Params = slices.Clone(a.Params)
	for i := range live.Params {
		p := &live.Params[i]
		for name, choices := range map[string][]string{"plan": names, "weekday": days, "hour": hours} {
			if p.Name != name || len(choices) == 0 {
				continue
			}
			if p.Choices = choices; !slices.Contains(choices, p.Example) {
				p.Example = choices[0]
			}
		}
	}
	live.Fit = func(args Args) error {
		if a.Fit != nil {
			if err := a.Fit(args); err != nil {
				return err
			}
		}
		return fitPlans(args, plans)
	}
	return &live
}

// fitPlans holds a plan's day and hour against what that plan has.
func fitPlans(a Args, plans []BackupPlan) error {
	i := slices.IndexFunc(plans, func(p BackupPlan) bool { return p.Name == a["plan"] })
	if i < 0 {
		if a["plan"] == "" {
			return nil
		}
		var names []string
		for _, p := range plans {
			names = append(names, p.Name)
		}
		return &ArgError{"plan", "DigitalOcean has no plan " + a["plan"] + " at present, only " + either(names) + "."}
	}
	p := plans[i]
	switch {
	case a["weekday"] != "" && len(p.Days) == 0:
		return &ArgError{"weekday", fmt.Sprintf("A %s backup has no weekday: leave --weekday out.", p.Name)}
	case a["weekday"] != "" && !slices.Contains(p.Days, a["weekday"]):
		return &ArgError{"weekday", fmt.Sprintf("A %s backup can't be taken on %s, only on %s.", p.Name, a["weekday"], either(p.Days))}
	case a["hour"] != "" && len(p.Hours) > 0 && !slices.Contains(p.Hours, number(a["hour"])):
		return &ArgError{"hour", fmt.Sprintf("A %s backup can't begin at %s o'clock UTC: %s.", p.Name, a["hour"], p.Words())}
	}
	return nil
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
