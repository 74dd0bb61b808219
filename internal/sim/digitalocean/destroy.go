package digitalocean

import (
	"slices"
	"time"
)

func (w *world) destroyDroplet(c *call) (answer, *refusal) {
	d, refused := w.mayDestroy(c)
	if refused != nil {
		return answer{}, refused
	}
	c.accepted(d.real.ID, 0, "destroy")
	w.destroyLate(c, d)
	return answer{204, nil}, nil
}

// mayDestroy: a Droplet with a pending event cannot be destroyed, nor one twice.
func (w *world) mayDestroy(c *call) (*droplet, *refusal) {
	d, refused := w.find(c)
	switch {
	case refused != nil:
		return nil, refused
	case d.gone:
		return nil, notFound()
	case d.locked:
		return nil, unprocessable("Droplet is locked. Please contact support.") // wording ours
	case d.pending != nil:
		return nil, unprocessable("Droplet already has a pending event.")
	}
	return d, nil
}

// destroyByTag destroys what bears the tag; what has a pending event stays.
func (w *world) destroyByTag(c *call) (answer, *refusal) {
	tag := c.query.Get("tag_name")
	if tag == "" {
		return answer{}, badRequest("tag_name is required.") // wording ours
	}
	if refused := c.server.scope("tag:read"); refused != nil {
		return answer{}, refused
	}
	for _, d := range slices.Clone(w.droplets) {
		if d.real.hasTag(tag) && !d.gone && d.pending == nil {
			c.accepted(d.real.ID, 0, "destroy")
			w.destroyLate(c, d)
		}
	}
	return answer{204, nil}, nil
}

// destroyLate leaves the Droplet in sight for the destroy lag, and for good where the call is to have
// no effect.
func (w *world) destroyLate(c *call, d *droplet) {
	if c.outcome == CompletesIdle {
		return
	}
	if w.opt.DestroyLag <= 0 {
		w.destroy(d)
		return
	}
	d.gone = true
	w.schedule(c.now.Add(w.opt.DestroyLag), func(time.Time) { w.destroy(d) })
}

// destroy takes the Droplet and its backups; snapshots and volumes stay, as at DigitalOcean. Its
// actions stay in the account's list.
func (w *world) destroy(d *droplet) {
	id := d.real.ID
	d.vanishes()
	w.droplets = slices.DeleteFunc(w.droplets, func(x *droplet) bool { return x == d })
	delete(w.byID, id)
	for _, im := range w.imagesOf(id, "backup") {
		w.removeImage(im.ID)
	}
	for _, v := range w.volumes {
		v.DropletIDs = without(v.DropletIDs, id)
	}
}
