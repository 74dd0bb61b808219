package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"dropletops/internal/task"
)

// grace is how long an answer is still waited for after the caller's context has
// ended. It is shorter than the 10 s in which the process stops (CONTRACT §2),
// and usually enough: an answer that was waited for need not be looked for.
const grace = 4 * time.Second

// Send sends an action to a Droplet: at most one POST, of which at most one is
// accepted. It never sends it again, whatever comes of it. The error's kind says
// what did: after [Lost] it may have been accepted, after any other it was not.
//
// Until its turn comes the POST ends with ctx, as [NotSent]: also when this
// process was frozen meanwhile and wakes up after ctx's deadline, when others may
// have given the POST up and a person may have asked again. From then on the
// answer is waited for, at most 4 s beyond the end of ctx. If its turn is further
// away than 3 s, it is [RateLimited].
func (c *Client) Send(ctx context.Context, a *Action, droplet int, args Args, img *Image) (Record, error) {
	at := attempt{what: fmt.Sprintf("%s Droplet %d", a.Verb(), droplet), scopes: a.Scopes, mutation: true, x: &exchange{mutation: true}}
	if args[Taking] != "" {
		at.scopes = slices.Concat(at.scopes, withScopes)
	}
	if a.Call == nil {
		return Record{}, &Error{Kind: Invalid, What: at.what, Message: "it is not one action of DigitalOcean's"}
	}
	r, err := c.mutate(ctx, at, func(ctx context.Context) (Record, error) {
		action, _, err := a.Call(ctx, c.godo, droplet, args, img)
		switch {
		case err != nil:
			return Record{}, err
		case a.Destroys:
			return c.destroying(droplet, a), nil
		case action == nil || action.ID == 0:
			return Record{}, errEmpty
		}
		return recordOf(*action), nil
	})
	if e, ok := err.(*Error); ok && e.Status == http.StatusConflict { // it is refused for now, like a 422 for a pending event
		e.Kind = PendingEvent
	}
	return r, err
}

// mutate sends one mutation as [Client.Send] says, and judges what came of it.
func (c *Client) mutate(ctx context.Context, at attempt, do func(context.Context) (Record, error)) (Record, error) {
	at.x.before, _ = ctx.Deadline()
	at.x.now, at.x.until = c.now, c.now().Round(0).Add(time.Until(at.x.before))
	if err := c.budget.wait(ctx, acting, sendPatience); err != nil {
		return Record{}, unsent(at, err, NotSent)
	}
	ctx, cancel := c.outlive(ctx)
	defer cancel()
	r, err := do(at.x.with(ctx))
	if err != nil {
		return Record{}, at.judge(err, c.now())
	}
	_, r.RequestID = at.x.answer()
	return r, nil
}

// outlive answers a context that ends with the time-out of a mutation, or a
// grace after ctx, whichever comes first.
func (c *Client) outlive(ctx context.Context) (context.Context, context.CancelFunc) {
	out, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.timeout)
	stop := context.AfterFunc(ctx, task.Log(c.panicked, func() {
		t := time.NewTimer(grace)
		defer t.Stop()
		select {
		case <-t.C:
			cancel()
		case <-out.Done():
		}
	}))
	return out, func() { stop(); cancel() }
}

// PreCheck answers a sentence on why DigitalOcean would refuse an action or why
// it would do harm: what the action's own declaration says, and what can be looked
// up of its arguments. Empty if nothing is in the way. An error says that it
// could not be looked up.
func (c *Client) PreCheck(ctx context.Context, a *Action, d Droplet, args Args, img *Image) (string, error) {
	for _, p := range a.Params { // a place that there is not would be said to lack the image
		if v := args[p.Name]; p.Kind == Place && v != "" {
			if why, err := c.checkPlace(ctx, d, v); why != "" || err != nil {
				return why, err
			}
		}
	}
	why := ""
	switch on, told := c.backupsOn(ctx, a, d); {
	case told: // the features may lack them where backups are billed by use
		d.Backups = on
		why = a.InTheWay(d, args, img)
	default: // only what is in the way whether they are on or not
		other := d
		other.Backups = !d.Backups
		if why = a.InTheWay(d, args, img); why != "" && a.InTheWay(other, args, img) == "" {
			why = ""
		}
	}
	if why != "" {
		return why, nil
	}
	if why, err := c.checkLocked(ctx, d); why != "" || err != nil {
		return why, err
	}
	for _, p := range a.Params {
		v := args[p.Name]
		if v == "" {
			continue
		}
		var why string
		var err error
		switch p.Kind {
		case Size:
			why, err = c.checkSize(ctx, d, v)
		case Backup:
			why, err = c.checkBackup(ctx, d, v)
		case Kernel:
			why, err = c.checkKernel(ctx, d, v)
		}
		if why != "" || err != nil {
			return why, err
		}
	}
	return "", nil
}

// backupsOn reports whether a Droplet's backups are on, where an action asks: by the
// policy's endpoint, or by the features where the token may not read that. It returns told
// false where it could not be read.
func (c *Client) backupsOn(ctx context.Context, a *Action, d Droplet) (on, told bool) {
	if !a.TouchesBackups() || d.ID == 0 {
		return d.Backups, true
	}
	p, err := c.BackupPolicy(ctx, d.ID)
	if err == nil {
		return p.Enabled, true
	}
	c.log.WarnContext(ctx, "read of a backup policy failed", "droplet_id", d.ID, "error", err)
	kind := KindOf(err)
	return d.Backups, kind == Forbidden || kind == Unauthorized
}

// checkLocked objects to a Droplet that an administrator of DigitalOcean's has locked. One
// that works on something may be shown as locked as well: that passes.
func (c *Client) checkLocked(ctx context.Context, d Droplet) (string, error) {
	if !d.Locked || d.ID == 0 {
		return "", nil
	}
	records, err := c.History(ctx, d.ID)
	if err != nil || slices.ContainsFunc(records, func(r Record) bool { return !r.Ended() }) {
		return "", err
	}
	return d.label() + " is locked by DigitalOcean, so that it takes no action. Contact DigitalOcean's support.", nil
}

func (c *Client) checkSize(ctx context.Context, d Droplet, slug string) (string, error) {
	plan, ok, err := c.Plan(ctx, slug)
	if err != nil {
		return "", err
	}
	if !ok {
		plans, err := c.Sizes(ctx)
		var slugs []string
		for _, p := range plans {
			slugs = append(slugs, p.Slug)
		}
		return fmt.Sprintf("DigitalOcean has no size %s.%s", slug, didYouMean(Nearest(slug, slugs))), err
	}
	return plan.unfit(d), nil
}

// unfit objects to a size that a Droplet can't have: what is typed and what a menu offers
// go by this alike. DigitalOcean says so only once the Droplet is off: one that is on would
// be switched off for nothing.
func (p Plan) unfit(d Droplet) string {
	switch {
	case p.Slug == d.Size: // it has it
		return ""
	case p.DiskGB > 0 && d.DiskGB > p.DiskGB:
		return fmt.Sprintf("%s has a disk of %d GB, and %s only one of %d GB. A disk cannot be made smaller.", d.label(), d.DiskGB, p.Slug, p.DiskGB)
	case !p.Available || len(p.Regions) == 0:
		return fmt.Sprintf("DigitalOcean gives no Droplet the size %s at present.", p.Slug)
	case d.Region != "" && !slices.Contains(p.Regions, d.Region):
		return fmt.Sprintf("The size %s is not to be had in %s, where %s is, only in %s.", p.Slug, d.Region, d.label(), either(p.Regions))
	case d.ID != 0 && p.GPU && !d.GPU:
		return fmt.Sprintf("%s is a size with a GPU, and %s has none: a Droplet can't be given one. Create a new one of that size.", p.Slug, d.label())
	case d.ID != 0 && !p.GPU && d.GPU:
		return fmt.Sprintf("%s has a GPU, and the size %s has none: a GPU Droplet can't be made one without. Create a new one of that size.", d.label(), p.Slug)
	}
	return ""
}

func (c *Client) checkBackup(ctx context.Context, d Droplet, id string) (string, error) {
	backups, err := c.Backups(ctx, d.ID)
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(backups, func(b Image) bool { return b.ID == number(id) }) {
		return "", nil
	}
	img, err := c.Image(ctx, id) // the list may trail: what can be read by its ID is there
	switch kind := KindOf(err); {
	case err == nil && img.Kind == "backup":
		return "", nil
	case err != nil && kind != NotFound && kind != Forbidden:
		return "", err
	case len(backups) == 0:
		return d.label() + " has no backups to restore.", nil
	}
	return fmt.Sprintf("%s has no backup %s. Its newest one is %d%s.", d.label(), id, backups[0].ID, backups[0].from()), nil
}

func (c *Client) checkKernel(ctx context.Context, d Droplet, id string) (string, error) {
	kernels, err := c.Kernels(ctx, d.ID)
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(kernels, func(k KernelVersion) bool { return k.ID == number(id) }) {
		return "", nil
	}
	if len(kernels) == 0 {
		return d.label() + " keeps its kernel itself, inside its operating system: DigitalOcean has none to set for it.", nil
	}
	return fmt.Sprintf("DigitalOcean has no kernel %s for %s.", id, d.label()), nil
}

func didYouMean(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return " Did you mean " + either(names) + "?"
}
