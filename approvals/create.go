package approvals

import "time"

// DropletID is the Droplet that a target is about: the one that was made, where it
// makes one, and 0 as long as that is not there.
func (t *Target) DropletID() int {
	if t.Made != 0 {
		return t.Made
	}
	return t.Droplet.ID
}

// Creating marks the intent to create a target's Droplet, as [Request.Dispatch] does.
// bore are those that bear its name already.
func (r *Request) Creating(i int, by string, bore []int, now time.Time) (Change, error) {
	c, err := r.Dispatch(i, by, r.Action.Type, 0, now)
	if err == nil {
		r.Targets[i].Bore = bore
	}
	return c, err
}

// Created records that DigitalOcean has accepted a create, and which Droplet it
// makes, as [Request.Accepted] does.
func (r *Request) Created(i, droplet int, a ActionRef, found bool, now time.Time) (Change, error) {
	if i < len(r.Targets) && r.Targets[i].Made != 0 {
		return Change{}, ErrNoChange // the other one of two who learnt it was first
	}
	if i < len(r.Targets) {
		r.Targets[i].Made = droplet // nothing is written if it is not accepted
	}
	return r.Accepted(i, a, found, now)
}
