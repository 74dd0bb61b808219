package digitalocean

import (
	"slices"
	"strconv"
	"time"
)

// BackupPolicy says when backups are made.
type BackupPolicy struct {
	Plan                string `json:"plan"` // daily or weekly
	Weekday             string `json:"weekday,omitempty"`
	Hour                int    `json:"hour"`
	WindowLengthHours   int    `json:"window_length_hours"`
	RetentionPeriodDays int    `json:"retention_period_days"`
}

// BackupWindow is when the next backup will be made.
type BackupWindow struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// A backup window is 4 hours; weekly backups are kept 28 days and daily ones 7, as
// /v2/droplets/backups/supported_policies has it in the OpenAPI document.
const (
	backupWindowHours   = 4
	weeklyRetentionDays = 28
	dailyRetentionDays  = 7
)

var (
	weekdays    = []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}
	windowHours = []int{0, 4, 8, 12, 16, 20}
)

func newPolicy(plan, weekday string, hour int) *BackupPolicy {
	p := &BackupPolicy{Plan: plan, Hour: hour, WindowLengthHours: backupWindowHours, RetentionPeriodDays: dailyRetentionDays}
	if plan == "weekly" {
		p.Weekday, p.RetentionPeriodDays = weekday, weeklyRetentionDays
		if weekday == "" {
			p.Weekday = weekdays[0]
		}
	}
	return p
}

// next is the first window that starts after now.
func (p *BackupPolicy) next(now time.Time) *BackupWindow {
	start := time.Date(now.Year(), now.Month(), now.Day(), p.Hour, 0, 0, 0, time.UTC)
	for !start.After(now) || p.Plan == "weekly" && weekdays[start.Weekday()] != p.Weekday {
		start = start.AddDate(0, 0, 1)
	}
	return &BackupWindow{start, start.Add(backupWindowHours * time.Hour)}
}

// takePolicy reads "backup_policy"; nil where it is absent. An empty weekday counts as absent, since
// godo sends one with every policy.
func (o object) takePolicy() (*BackupPolicy, *refusal) {
	var fields object
	present, refused := o.take("backup_policy", &fields)
	if refused != nil || !present {
		return nil, refused
	}
	plan, weekday, hour := "", "", 0
	for name, v := range map[string]any{"plan": &plan, "weekday": &weekday, "hour": &hour} {
		if _, refused := fields.take(name, v); refused != nil {
			return nil, unprocessable("backup_policy.%s is invalid.", name) // wording ours
		}
	}
	switch {
	case plan != "daily" && plan != "weekly":
		return nil, unprocessable("backup_policy.plan must be one of daily, weekly.") // wording ours
	case weekday != "" && !slices.Contains(weekdays, weekday):
		return nil, unprocessable("backup_policy.weekday must be one of SUN, MON, TUE, WED, THU, FRI, SAT.") // wording ours
	case !slices.Contains(windowHours, hour):
		return nil, unprocessable("backup_policy.hour must be one of 0, 4, 8, 12, 16, 20.") // wording ours
	}
	return newPolicy(plan, weekday, hour), nil
}

func mayEnableBackups(_ *world, d *droplet, _ *actionRequest) *refusal {
	if d.policy != nil {
		return unprocessable("Backups have already been enabled on this Droplet.") // after the wording of disable_backups
	}
	return nil
}

func mayDisableBackups(_ *world, d *droplet, _ *actionRequest) *refusal {
	if d.policy == nil {
		return unprocessable("Backups have already been disabled on this Droplet.")
	}
	return nil
}

func mayChangePolicy(_ *world, d *droplet, _ *actionRequest) *refusal {
	if d.policy == nil {
		return unprocessable("Backups are not enabled on this Droplet.") // wording ours
	}
	return nil
}

func enableBackups(w *world, d *droplet, r *actionRequest, at time.Time) {
	policy := r.Policy
	if policy == nil {
		policy = newPolicy("weekly", "", 0)
	}
	d.trailPolicy(at)
	d.policy = policy
	w.changeLate(d, at, func(real *Droplet) {
		real.Features = append(real.Features, "backups")
		real.NextBackupWindow = policy.next(at)
	})
}

// disableBackups keeps the backups that there are.
func disableBackups(w *world, d *droplet, _ *actionRequest, at time.Time) {
	d.trailPolicy(at)
	d.policy = nil
	for _, im := range w.imagesOf(d.real.ID, "backup") { // docs: products/images/backups/how-to/disable
		w.removeImage(im.ID)
	}
	w.changeLate(d, at, func(real *Droplet) {
		real.Features = without(real.Features, "backups")
		real.NextBackupWindow = nil
	})
}

func changePolicy(w *world, d *droplet, r *actionRequest, at time.Time) {
	d.trailPolicy(at)
	d.policy = r.Policy
	w.changeLate(d, at, func(real *Droplet) { real.NextBackupWindow = r.Policy.next(at) })
}

func (w *world) listBackups(c *call) (answer, *refusal) {
	return w.dropletImages(c, "backups", "backup")
}

// dropletPolicy is the policy record of a Droplet.
type dropletPolicy struct {
	DropletID        int           `json:"droplet_id"`
	BackupEnabled    bool          `json:"backup_enabled"`
	BackupPolicy     *BackupPolicy `json:"backup_policy,omitempty"`
	NextBackupWindow *BackupWindow `json:"next_backup_window,omitempty"`
}

func (d *droplet) policyRecord() dropletPolicy {
	return dropletPolicy{d.real.ID, d.policy != nil, d.policy, d.real.NextBackupWindow}
}

// listedPolicy is what the API shows of the record.
func (d *droplet) listedPolicy() dropletPolicy {
	return d.trails.policy.at(d.w.now, d.w.lag.Policy, d.policyRecord())
}

func (w *world) getBackupPolicy(c *call) (answer, *refusal) {
	d, refused := w.findVisible(c)
	if refused != nil {
		return answer{}, refused
	}
	return answer{200, map[string]any{"policy": d.listedPolicy()}}, nil
}

// listBackupPolicies has a record of each Droplet, with backups or without, as the OpenAPI document's
// example has.
func (w *world) listBackupPolicies(c *call) (answer, *refusal) {
	visible := slices.DeleteFunc(slices.Clone(w.droplets), func(d *droplet) bool { return w.hidden(d.trails.hidden) })
	from, to, l, refused := c.window(len(visible))
	if refused != nil {
		return answer{}, refused
	}
	policies := map[string]dropletPolicy{}
	for _, d := range visible[from:to] {
		policies[strconv.Itoa(d.real.ID)] = d.listedPolicy()
	}
	return answer{200, map[string]any{"policies": policies, "links": l, "meta": meta{len(visible)}}}, nil
}

func (w *world) listSupportedPolicies(*call) (answer, *refusal) {
	return answer{200, map[string]any{"supported_policies": []map[string]any{
		{"name": "weekly", "possible_window_starts": windowHours, "window_length_hours": backupWindowHours,
			"retention_period_days": weeklyRetentionDays, "possible_days": weekdays},
		{"name": "daily", "possible_window_starts": windowHours, "window_length_hours": backupWindowHours,
			"retention_period_days": dailyRetentionDays, "possible_days": []string{}},
	}}}, nil
}
