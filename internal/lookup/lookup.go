// Package lookup reads Droplets so that a conclusion may rest on the answer: by their IDs
// and not from lists, which trail by up to half a minute; with those that requests of ours
// have created, renamed or destroyed lately, whatever a list shows; and without taking one
// 404 for absence. It sends nothing and knows no request but those.
package lookup

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"dropletops/api"
	"dropletops/approvals"
)

// Droplets reads a Droplet by its ID.
type Droplets interface {
	Droplet(ctx context.Context, id int) (api.Droplet, error)
}

// Names lists the Droplets of a name, in any case, as DigitalOcean's list shows them.
type Names interface {
	Named(ctx context.Context, name string) ([]api.Droplet, error)
}

// Recent lists the Droplets that requests of ours created, renamed or destroyed and that
// are running or ended since then.
type Recent interface {
	RecentDroplets(ctx context.Context, since time.Time) ([]approvals.RecentDroplet, error)
}

// Reader reads Droplets. Its fields are set once.
type Reader struct {
	Droplets Droplets
	Names    Names
	Recent   Recent
	Absences *api.Absences
	Now      func() time.Time
	// Short reports whether requests are short, so that look-ups of many share one list. Then
	// what is listed need not be read by its ID to be found: whatever acts on it reads it so
	// anyway. It may be nil.
	Short func() bool
}

// Droplet reads a Droplet that has been seen before. It fails with [api.NotFound] only
// once a 404 has persisted, longer for one that a request of ours has created lately, and
// with [api.NotVisible] until then.
func (r Reader) Droplet(ctx context.Context, id int) (api.Droplet, error) {
	return r.read(ctx, id, api.SeenBefore)
}

// Created reads a Droplet whose POST was sent by us at a time.
func (r Reader) Created(ctx context.Context, id int, at time.Time) (api.Droplet, error) {
	return r.read(ctx, id, api.RuleFor(at, r.Now()))
}

// Destroyed reads a Droplet that DigitalOcean has accepted to destroy.
func (r Reader) Destroyed(ctx context.Context, id int) (api.Droplet, error) {
	d, err := r.Droplets.Droplet(ctx, id)
	return d, r.check(id, api.Destroying, err)
}

// Typed reads a Droplet by an ID that someone typed: one that was never seen is absent at
// the first 404, one that a request of ours has created lately is not.
func (r Reader) Typed(ctx context.Context, id int) (api.Droplet, error) {
	return r.read(ctx, id, api.AbsenceRule{Reads: 1})
}

// read reads a Droplet by a rule, or by the one for what was just created if a request of
// ours did that. Only a 404 costs the look at what ours did.
func (r Reader) read(ctx context.Context, id int, rule api.AbsenceRule) (api.Droplet, error) {
	d, err := r.Droplets.Droplet(ctx, id)
	if api.KindOf(err) != api.NotFound {
		return d, r.check(id, rule, err)
	}
	recent, failed := r.recent(ctx)
	if failed != nil {
		return d, failed
	}
	for _, known := range recent {
		switch {
		case known.ID != id:
		case r.Now().Sub(known.CreatedAt) < api.RecentlyCreated:
			rule = api.JustCreated
		}
	}
	if destroyed(recent, id) {
		rule = api.AbsenceRule{Reads: 1} // its absence has been concluded already
	}
	return d, r.check(id, rule, err)
}

// destroyed reports whether a request of ours has destroyed a Droplet: no ID is used twice.
func destroyed(recent []approvals.RecentDroplet, id int) bool {
	return slices.ContainsFunc(recent, func(k approvals.RecentDroplet) bool { return k.ID == id && k.Destroyed })
}

func (r Reader) check(id int, rule api.AbsenceRule, err error) error {
	return r.Absences.Check(fmt.Sprint("droplet/", id), rule, err, r.Now())
}

// Existing returns the Droplets of a name, in any case, each read by its ID. One that was
// created lately and is not visible yet is among them, with its ID, name and creation time
// alone.
func (r Reader) Existing(ctx context.Context, name string) ([]api.Droplet, error) {
	listed, err := r.Names.Named(ctx, name)
	if err != nil {
		return nil, err
	}
	return r.confirm(ctx, name, listed, true)
}

// Confirm reads the Droplets that a list shows for a name by their IDs, and adds those
// that the list does not show yet. It fails with [api.NotVisible] where one exists that
// can't be read yet.
func (r Reader) Confirm(ctx context.Context, name string, listed []api.Droplet) ([]api.Droplet, error) {
	return r.confirm(ctx, name, listed, false)
}

func (r Reader) confirm(ctx context.Context, name string, listed []api.Droplet, unseen bool) ([]api.Droplet, error) {
	recent, err := r.recent(ctx)
	if err != nil {
		return nil, err
	}
	var out []api.Droplet
	add := func(d api.Droplet, err error) error {
		switch {
		case err == nil && strings.EqualFold(d.Name, name):
			out = append(out, d)
		case err != nil && api.KindOf(err) != api.NotFound:
			return err
		}
		return nil
	}
	trusted := !unseen && r.Short != nil && r.Short()
	for _, d := range listed {
		if i := slices.IndexFunc(recent, func(k approvals.RecentDroplet) bool { return k.ID == d.ID }); i >= 0 {
			continue // below
		}
		if trusted {
			if err := add(d, nil); err != nil {
				return nil, err
			}
			continue
		}
		now, err := r.Droplet(ctx, d.ID)
		if err := add(now, err); err != nil {
			return nil, err
		}
	}
	for i, known := range recent {
		later := slices.ContainsFunc(recent[i+1:], func(k approvals.RecentDroplet) bool { return k.ID == known.ID })
		named := strings.EqualFold(known.Name, name) || slices.ContainsFunc(listed, func(d api.Droplet) bool { return d.ID == known.ID })
		if later || destroyed(recent, known.ID) || !named {
			continue
		}
		now, err := r.Droplet(ctx, known.ID)
		if unseen && api.KindOf(err) == api.NotVisible && !known.CreatedAt.IsZero() { // it was created, and will be seen
			now, err = api.Droplet{ID: known.ID, Name: known.Name, Created: known.CreatedAt.UTC().Format(time.RFC3339)}, nil
		}
		if err := add(now, err); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Complete corrects a list of Droplets by what requests of ours did lately: what they have
// destroyed is left out, and what they have created or renamed and the list does not show
// so yet is read by its ID and added by its name if it belongs. It fails with [api.NotVisible] where
// one exists that can't be read yet.
func (r Reader) Complete(ctx context.Context, listed []api.Droplet, belongs func(api.Droplet) bool) ([]api.Droplet, error) {
	recent, err := r.recent(ctx)
	if err != nil {
		return nil, err
	}
	out, added := slices.Clone(listed), false
	for i, known := range recent {
		if slices.ContainsFunc(recent[i+1:], func(k approvals.RecentDroplet) bool { return k.ID == known.ID }) {
			continue // the last counts
		}
		at, gone := slices.IndexFunc(out, func(d api.Droplet) bool { return d.ID == known.ID }), destroyed(recent, known.ID)
		if at >= 0 && !gone && out[at].Name == known.Name {
			continue // it is listed by now
		}
		if at >= 0 {
			out = slices.Delete(out, at, at+1)
		}
		if gone {
			continue
		}
		switch now, err := r.Droplet(ctx, known.ID); {
		case err == nil && belongs(now):
			out, added = append(out, now), true
		case err != nil && api.KindOf(err) != api.NotFound:
			return nil, err
		}
	}
	if added { // lists are by name
		slices.SortStableFunc(out, func(a, b api.Droplet) int {
			return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
		})
	}
	return out, nil
}

func (r Reader) recent(ctx context.Context) ([]approvals.RecentDroplet, error) {
	return r.Recent.RecentDroplets(ctx, r.Now().Add(-api.RecentlyCreated))
}
