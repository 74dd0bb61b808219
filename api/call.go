package api

import (
	"context"
	"fmt"
	"time"

	"github.com/digitalocean/godo"
)

// call is what an Action's Call is.
type call = func(ctx context.Context, c *godo.Client, droplet int, a Args, img *Image) (*godo.Action, *godo.Response, error)

// plain calls one of godo's methods that take nothing but the Droplet's ID.
func plain(method func(godo.DropletActionsService, context.Context, int) (*godo.Action, *godo.Response, error)) call {
	return func(ctx context.Context, c *godo.Client, droplet int, _ Args, _ *Image) (*godo.Action, *godo.Response, error) {
		return method(c.DropletActions, ctx, droplet)
	}
}

// scopes are those of any action, and more.
func scopes(more ...string) []string { return append([]string{"droplet:update"}, more...) }

// callRebuild sends the pinned image by its ID, since a slug may mean another
// image by the time it is approved.
func callRebuild(ctx context.Context, c *godo.Client, id int, a Args, img *Image) (*godo.Action, *godo.Response, error) {
	if img != nil && img.ID > 0 {
		return c.DropletActions.RebuildByImageID(ctx, id, img.ID)
	}
	if n := number(a["image"]); n > 0 {
		return c.DropletActions.RebuildByImageID(ctx, id, n)
	}
	if a["image"] == "" {
		return nil, nil, godo.NewArgError("image", "cannot be empty")
	}
	return c.DropletActions.RebuildByImageSlug(ctx, id, a["image"])
}

func callRestore(ctx context.Context, c *godo.Client, id int, a Args, img *Image) (*godo.Action, *godo.Response, error) {
	n := number(a["image"])
	if img != nil && img.ID > 0 {
		n = img.ID
	}
	if n == 0 { // godo would send "image":0
		return nil, nil, godo.NewArgError("image", "must be a backup's ID")
	}
	return c.DropletActions.Restore(ctx, id, n)
}

func callEnableBackups(ctx context.Context, c *godo.Client, id int, a Args, _ *Image) (*godo.Action, *godo.Response, error) {
	if p := policyOf(a); p != nil {
		return c.DropletActions.EnableBackupsWithPolicy(ctx, id, p)
	}
	return c.DropletActions.EnableBackups(ctx, id)
}

// policyOf makes a backup policy of its flags, nil where none is given. godo
// sends "weekday":"" with a daily plan; DigitalOcean takes it, though its
// OpenAPI document does not.
func policyOf(a Args) *godo.DropletBackupPolicyRequest {
	if a["plan"] == "" {
		return nil
	}
	p := &godo.DropletBackupPolicyRequest{Plan: a["plan"], Weekday: a["weekday"]}
	if a["hour"] != "" {
		hour := number(a["hour"])
		p.Hour = &hour
	}
	return p
}

// policyParams are the flags of a backup policy. The values are those of
// GET /v2/droplets/backups/supported_policies and of the OpenAPI document.
func policyParams(planRequired bool) []Param {
	often := "how often a backup is taken"
	if !planRequired {
		often += "; daily if left out, weekly with a weekday"
	}
	return []Param{
		{Name: "plan", Kind: Choice, Flag: true, Required: planRequired, Doc: often, Example: "weekly",
			Choices: []string{"daily", "weekly"}},
		{Name: "weekday", Kind: Choice, Flag: true, Doc: "the day of a weekly backup, SUN if left out", Example: "SUN",
			Choices: []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}},
		{Name: "hour", Kind: Choice, Flag: true, Doc: "the hour (UTC) at which the four hours begin in which it is taken", Example: "4",
			Choices: []string{"0", "4", "8", "12", "16", "20"}},
	}
}

// fitPolicy fills in what one flag of a backup policy implies for the others.
// Without a plan, DigitalOcean's own default is daily.
func fitPolicy(a Args) error {
	weekday, hour := a["weekday"] != "", a["hour"] != ""
	switch {
	case a["plan"] == "" && weekday:
		a["plan"] = "weekly"
	case a["plan"] == "" && hour:
		a["plan"] = "daily"
	case a["plan"] == "weekly" && !weekday:
		a["weekday"] = "SUN"
	case a["plan"] == "daily" && weekday:
		return &ArgError{"weekday", fmt.Sprintf("A daily backup has no weekday. Leave --weekday %s out, or use --plan weekly.", a["weekday"])}
	}
	return nil
}

// snapshotName tells snapshots of a Droplet apart by the minute.
func snapshotName(d Droplet, now time.Time) string {
	return d.begins(now.UTC().Format("-2006-01-02-1504"))
}

// begins puts a Droplet's name in front, as much of it as a name has room for.
func (d Droplet) begins(rest string) string {
	label := []rune(d.label())
	return string(label[:min(len(label), maxValue-len(rest))]) + rest
}
