package api

import (
	"context"
	"fmt"
	"net/http"
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
		return postPolicy(ctx, c, id, "enable_backups", p)
	}
	return c.DropletActions.EnableBackups(ctx, id)
}

// backupPolicy is a backup policy as DigitalOcean's OpenAPI document has it: godo's sends
// "weekday":"" with a daily plan.
type backupPolicy struct {
	Plan    string `json:"plan"`
	Weekday string `json:"weekday,omitempty"`
	Hour    *int   `json:"hour,omitempty"`
}

// policyOf makes a backup policy of its flags, nil where none is given.
func policyOf(a Args) *backupPolicy {
	if a["plan"] == "" {
		return nil
	}
	p := &backupPolicy{Plan: a["plan"], Weekday: a["weekday"]}
	if a["hour"] != "" {
		hour := number(a["hour"])
		p.Hour = &hour
	}
	return p
}

// postPolicy posts an action that sets a backup policy. It does not go through godo's
// method, for [backupPolicy]'s sake.
func postPolicy(ctx context.Context, c *godo.Client, droplet int, typ string, p *backupPolicy) (*godo.Action, *godo.Response, error) {
	if p == nil {
		return nil, nil, godo.NewArgError("policy", "cannot be empty")
	}
	var root struct {
		Action *godo.Action `json:"action"`
	}
	body := struct {
		Type   string        `json:"type"`
		Policy *backupPolicy `json:"backup_policy"`
	}{typ, p}
	resp, err := post(ctx, c, fmt.Sprintf("v2/droplets/%d/actions", droplet), body, &root)
	return root.Action, resp, err
}

// post sends what godo has no fitting method for.
func post(ctx context.Context, c *godo.Client, path string, body, into any) (*godo.Response, error) {
	req, err := c.NewRequest(ctx, http.MethodPost, path, body)
	if err != nil {
		return nil, err
	}
	return c.Do(ctx, req, into)
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
