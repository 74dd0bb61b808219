package digitalocean

import (
	"slices"
	"time"
)

// Lag is how far what the API shows trails the truth. Each change draws its own lag from the Range of
// each view, by the seed and on the Server's clock. A view is consistent: it shows changes in their
// order and never returns to an earlier state. What is requested (actions, creates, deletes) is
// refused or accepted by the truth, whatever the views show. The zero value is NoLag.
type Lag struct {
	// New is how long a new Droplet, action or image is a 404 by its ID.
	New Range
	// Destroyed is how long a destroyed Droplet is still a 200 by its ID.
	Destroyed Range
	// Lists is how long lists of Droplets (all of them, by name, by tag: each has a lag of its own), of
	// neighbors, tags' counts and actions trail what a GET by ID shows.
	Lists Range
	// Policy is how long backup policies, and a Droplet's features and next_backup_window, trail.
	Policy Range
	// Images is how long lists of images, snapshots and backups, and a Droplet's snapshot_ids and
	// backup_ids, trail.
	Images Range
	// Address is how long a Droplet's networks trail: a new Droplet is active before it has an address.
	Address Range
}

// Range is from Min to Max, both included; the zero value is no lag.
type Range struct{ Min, Max time.Duration }

// NoLag shows every change at once.
var NoLag = Lag{}

// DefaultLag is what users of the real API report (terraform-provider-digitalocean's and doctl's issues).
func DefaultLag() Lag {
	return Lag{
		New:       Range{time.Second, 2 * time.Second},
		Destroyed: Range{time.Second, 5 * time.Second},
		Lists:     Range{2 * time.Second, 30 * time.Second},
		Policy:    Range{2 * time.Second, 8 * time.Second},
		Images:    Range{2 * time.Second, 8 * time.Second},
		Address:   Range{2 * time.Second, 6 * time.Second},
	}
}

// Faster is the same lag in a world that runs so many times faster.
func (l Lag) Faster(times float64) Lag {
	for _, r := range []*Range{&l.New, &l.Destroyed, &l.Lists, &l.Policy, &l.Images, &l.Address} {
		r.Min, r.Max = time.Duration(float64(r.Min)/times), time.Duration(float64(r.Max)/times)
	}
	return l
}

// on reports whether there is any lag.
func (r Range) on() bool { return r.Max > 0 }

// SetLag changes the lag of what changes from now on. A view whose lag is turned off shows the truth
// at once; others show what has already changed when they would have.
func (s *Server) SetLag(l Lag) { s.look(func(time.Time) { s.w.lag = l }) }

// Lag is the present one, for a test that changes one Range of it.
func (s *Server) Lag() (l Lag) {
	s.look(func(time.Time) { l = s.w.lag })
	return l
}

// after is a moment of the range after t.
func (w *world) after(t time.Time, r Range) time.Time {
	if !r.on() {
		return t
	}
	return t.Add(r.Min + time.Duration(w.lagRand.Int64N(int64(max(r.Max-r.Min, 0))+1)))
}

// hidden reports whether what became visible by its ID at a time is not visible yet.
func (w *world) hidden(until time.Time) bool { return w.lag.New.on() && until.After(w.now) }

// trail is what a view still shows of something that has changed: earlier values, each until a
// moment of its own, and the truth after the last.
type trail[T any] []earlier[T]

type earlier[T any] struct {
	value T
	until time.Time
}

// keep has a view show the value until a time, or until the one before it where that is later. It
// returns the moment at which the view will be up to date.
func (t *trail[T]) keep(value T, until time.Time) time.Time {
	if n := len(*t); n > 0 && (*t)[n-1].until.After(until) {
		until = (*t)[n-1].until
	}
	*t = append(*t, earlier[T]{value, until})
	return until
}

// at is what a view with a lag of r shows now.
func (t *trail[T]) at(now time.Time, r Range, truth T) T {
	for len(*t) > 0 && (!r.on() || !(*t)[0].until.After(now)) {
		*t = (*t)[1:]
	}
	if len(*t) == 0 {
		return truth
	}
	return (*t)[0].value
}

// trails are those of one Droplet.
type trails struct {
	hidden  time.Time // a 404 by its ID until then
	lingers time.Time // once destroyed, a 200 by its ID until then

	lists    [3]trail[*Droplet] // by dropletList; nil is for not in it
	backups  trail[backupFields]
	images   trail[imageFields]
	networks trail[Networks]
	policy   trail[dropletPolicy]
}

// dropletList is a list of Droplets that trails by itself.
type dropletList int

const (
	allDroplets dropletList = iota
	dropletsByName
	dropletsByTag
)

// backupFields and imageFields are the fields of a Droplet that trail together.
type (
	backupFields struct {
		features []string
		window   *BackupWindow
	}
	imageFields struct{ backups, snapshots []int }
)

// appears has a Droplet that was made at a time become visible, first by its ID and then in lists.
func (d *droplet) appears(at time.Time) {
	d.trails.hidden = d.w.after(at, d.w.lag.New)
	if !d.w.lag.Lists.on() {
		return
	}
	for i := range d.trails.lists {
		d.trails.lists[i].keep(nil, d.w.after(d.trails.hidden, d.w.lag.Lists))
	}
}

// trail has what changed at a time become visible. A list shows a change after a GET by ID does.
func (d *droplet) trail(before, after Droplet, at time.Time) {
	t, lag := &d.trails, d.w.lag
	seen := at
	note := func(until time.Time) {
		if until.After(seen) {
			seen = until
		}
	}
	if lag.Policy.on() && (!slices.Equal(before.Features, after.Features) || before.NextBackupWindow != after.NextBackupWindow) {
		note(t.backups.keep(backupFields{before.Features, before.NextBackupWindow}, d.w.after(at, lag.Policy)))
	}
	if lag.Images.on() && (!slices.Equal(before.BackupIDs, after.BackupIDs) || !slices.Equal(before.SnapshotIDs, after.SnapshotIDs)) {
		note(t.images.keep(imageFields{before.BackupIDs, before.SnapshotIDs}, d.w.after(at, lag.Images)))
	}
	if lag.Address.on() && (!slices.Equal(before.Networks.V4, after.Networks.V4) || !slices.Equal(before.Networks.V6, after.Networks.V6)) {
		note(t.networks.keep(before.Networks, d.w.after(at, lag.Address)))
	}
	if lag.Lists.on() {
		for i := range t.lists {
			t.lists[i].keep(&before, d.w.after(seen, lag.Lists))
		}
	}
}

// trailPolicy has a change of the backup policy, which is about to be made, become visible.
func (d *droplet) trailPolicy(at time.Time) {
	if r := d.w.lag.Policy; r.on() {
		d.trails.policy.keep(d.policyRecord(), d.w.after(at, r))
	}
}

// vanishes leaves a destroyed Droplet visible for a while.
func (d *droplet) vanishes() {
	w := d.w
	last := d.byID()
	d.trails.lingers = w.after(w.now, w.lag.Destroyed)
	if w.lag.Lists.on() {
		for i := range d.trails.lists {
			d.trails.lists[i].keep(&last, w.after(w.now, w.lag.Lists))
		}
	}
	w.destroyed = slices.DeleteFunc(w.destroyed, func(old *droplet) bool { return !old.visible() })
	if d.visible() {
		w.destroyed = append(w.destroyed, d)
	}
}

// visible reports whether any view still shows a destroyed Droplet.
func (d *droplet) visible() bool {
	until := d.trails.lingers
	for _, list := range d.trails.lists {
		if n := len(list); n > 0 && list[n-1].until.After(until) {
			until = list[n-1].until
		}
	}
	return until.After(d.w.now)
}

// byID is what a GET by ID shows of it.
func (d *droplet) byID() Droplet {
	v, t, w := d.view(), &d.trails, d.w
	b := t.backups.at(w.now, w.lag.Policy, backupFields{v.Features, v.NextBackupWindow})
	v.Features, v.NextBackupWindow = b.features, b.window
	im := t.images.at(w.now, w.lag.Images, imageFields{v.BackupIDs, v.SnapshotIDs})
	v.BackupIDs, v.SnapshotIDs = im.backups, im.snapshots
	v.Networks = t.networks.at(w.now, w.lag.Address, v.Networks)
	return v
}

// listed are the Droplets that a list shows, in the order of their IDs.
func (w *world) listed(list dropletList) []Droplet {
	var out []Droplet
	show := func(d *droplet, truth *Droplet) {
		if v := d.trails.lists[list].at(w.now, w.lag.Lists, truth); v != nil {
			out = append(out, *v)
		}
	}
	for _, d := range w.droplets {
		v := d.byID()
		show(d, &v)
	}
	if len(w.destroyed) > 0 {
		for _, d := range w.destroyed {
			show(d, nil)
		}
		slices.SortFunc(out, func(a, b Droplet) int { return a.ID - b.ID })
	}
	return out
}

// findVisible is the Droplet of a GET; find is that of a change.
func (w *world) findVisible(c *call) (*droplet, *refusal) {
	id, refused := c.pathID("droplet_id")
	if refused != nil {
		return nil, refused
	}
	d := w.byID[id]
	if d == nil && w.lag.Destroyed.on() {
		if i := slices.IndexFunc(w.destroyed, func(d *droplet) bool { return d.real.ID == id }); i >= 0 && w.destroyed[i].trails.lingers.After(w.now) {
			d = w.destroyed[i]
		}
	}
	if d == nil || w.hidden(d.trails.hidden) {
		return nil, notFound()
	}
	return d, nil
}

// listedImages are the images that lists show, ascending by ID.
func (w *world) listedImages() []*Image {
	var out []*Image
	for _, im := range w.images {
		if im.listed.at(w.now, w.lag.Images, true) {
			out = append(out, im)
		}
	}
	if len(w.deletedImages) > 0 {
		w.deletedImages = slices.DeleteFunc(w.deletedImages, func(im *Image) bool {
			if im.listed.at(w.now, w.lag.Images, false) {
				out = append(out, im)
			}
			return len(im.listed) == 0
		})
		slices.SortFunc(out, func(a, b *Image) int { return a.ID - b.ID })
	}
	return out
}
