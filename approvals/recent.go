package approvals

import "time"

// RecentDroplet is a Droplet that a request of ours created, renamed or destroyed lately,
// so that more is known of it than DigitalOcean's lists show yet.
type RecentDroplet struct {
	ID   int
	Name string // the newest one that the request knows of
	// CreatedAt is when the POST that created it was sent; zero if another request or
	// someone else did.
	CreatedAt time.Time
	Destroyed bool
}

// Recent returns what a target's request did to its Droplet that lists may not show yet,
// and whether there is any.
func (t *Target) Recent() (RecentDroplet, bool) {
	d := RecentDroplet{ID: t.DropletID(), Name: t.Droplet.Name}
	if t.Made != 0 {
		d.CreatedAt = t.DispatchedAt
	}
	if t.After != nil && t.After.Name != "" {
		d.Name = t.After.Name
		d.Destroyed = t.State == TargetDone && t.After.Status == "gone"
	}
	return d, d.ID != 0 && (t.Made != 0 || d.Destroyed || d.Name != t.Droplet.Name)
}
