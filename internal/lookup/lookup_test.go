package lookup_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/lookup"
)

var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

// account is what DigitalOcean answers, and what requests of ours did lately.
type account struct {
	byID   map[int]string // name by ID; what is not in it is a 404
	listed []api.Droplet
	recent []approvals.RecentDroplet
}

func (a *account) Droplet(_ context.Context, id int) (api.Droplet, error) {
	name, ok := a.byID[id]
	if !ok {
		return api.Droplet{}, &api.Error{Kind: api.NotFound}
	}
	return api.Droplet{ID: id, Name: name, Status: "active"}, nil
}
func (a *account) Named(context.Context, string) ([]api.Droplet, error) { return a.listed, nil }
func (a *account) RecentDroplets(context.Context, time.Time) ([]approvals.RecentDroplet, error) {
	return a.recent, nil
}

func ids(ds []api.Droplet) (out []int) {
	for _, d := range ds {
		out = append(out, d.ID)
	}
	return out
}

// A name is what the Droplets read by their IDs bear, whatever a list shows.
func TestConfirmAndExisting(t *testing.T) {
	listed := []api.Droplet{{ID: 1, Name: "web-1"}}
	at := noon.Add(-time.Minute)
	for name, tt := range map[string]struct {
		account  account
		existing []int
		confirm  []int
		hidden   bool // Confirm has to wait
	}{
		"listed and there":           {account{byID: map[int]string{1: "web-1"}, listed: listed}, []int{1}, []int{1}, false},
		"in other capitals":          {account{byID: map[int]string{1: "WEB-1"}, listed: listed}, []int{1}, []int{1}, false},
		"renamed by someone":         {account{byID: map[int]string{1: "web-9"}, listed: listed}, nil, nil, false},
		"destroyed by us":            {account{listed: listed, recent: []approvals.RecentDroplet{{ID: 1, Name: "web-1", Destroyed: true}}}, nil, nil, false},
		"created by us, not listed":  {account{byID: map[int]string{1: "web-1"}, recent: []approvals.RecentDroplet{{ID: 1, Name: "Web-1", CreatedAt: at}}}, []int{1}, []int{1}, false},
		"created by us, not visible": {account{recent: []approvals.RecentDroplet{{ID: 1, Name: "web-1", CreatedAt: at}}}, []int{1}, nil, true},
		"created, then renamed": {account{byID: map[int]string{1: "web-9"}, listed: listed,
			recent: []approvals.RecentDroplet{{ID: 1, Name: "web-1", CreatedAt: at}, {ID: 1, Name: "web-9"}}}, nil, nil, false},
		"created, then destroyed": {account{recent: []approvals.RecentDroplet{{ID: 1, Name: "web-1", CreatedAt: at}, {ID: 1, Name: "web-1", Destroyed: true}}}, nil, nil, false},
		"renamed to it by us":     {account{byID: map[int]string{2: "web-1"}, recent: []approvals.RecentDroplet{{ID: 2, Name: "web-1"}}}, []int{2}, []int{2}, false},
		"two of the name":         {account{byID: map[int]string{1: "web-1", 2: "web-1"}, listed: listed, recent: []approvals.RecentDroplet{{ID: 2, Name: "web-1", CreatedAt: at}}}, []int{1, 2}, []int{1, 2}, false},
	} {
		t.Run(name, func(t *testing.T) {
			reader := func() lookup.Reader {
				return lookup.Reader{Droplets: &tt.account, Names: &tt.account, Recent: &tt.account, Absences: &api.Absences{}, Now: func() time.Time { return noon }}
			}
			got, err := reader().Existing(t.Context(), "web-1")
			if err != nil || !slices.Equal(ids(got), tt.existing) {
				t.Errorf("existing: %v, %v; want %v", ids(got), err, tt.existing)
			}
			got, err = reader().Confirm(t.Context(), "web-1", tt.account.listed)
			if hidden := api.KindOf(err) == api.NotVisible; hidden != tt.hidden || err != nil && !hidden || !slices.Equal(ids(got), tt.confirm) {
				t.Errorf("confirm: %v, %v; want %v", ids(got), err, tt.confirm)
			}
		})
	}
}

// An ID that was typed and never seen is absent at once; one that we created is not.
func TestTyped(t *testing.T) {
	a := &account{recent: []approvals.RecentDroplet{{ID: 1, Name: "new-1", CreatedAt: noon.Add(-time.Second)}}}
	r := lookup.Reader{Droplets: a, Names: a, Recent: a, Absences: &api.Absences{}, Now: func() time.Time { return noon }}
	if _, err := r.Typed(t.Context(), 2); api.KindOf(err) != api.NotFound {
		t.Errorf("never seen: %v", err)
	}
	if _, err := r.Typed(t.Context(), 1); api.KindOf(err) != api.NotVisible {
		t.Errorf("created a second ago: %v", err)
	}
}

// A list is corrected by what requests of ours did lately.
func TestComplete(t *testing.T) {
	a := &account{byID: map[int]string{2: "new-2", 3: "web-9", 5: "other"}, recent: []approvals.RecentDroplet{
		{ID: 1, Name: "web-1", Destroyed: true}, {ID: 2, Name: "new-2", CreatedAt: noon.Add(-time.Second)}, {ID: 3, Name: "web-3"}, {ID: 3, Name: "web-9"},
		{ID: 4, Name: "web-4", CreatedAt: noon.Add(-time.Minute)}, {ID: 5, Name: "other", CreatedAt: noon.Add(-time.Minute)},
	}}
	r := lookup.Reader{Droplets: a, Names: a, Recent: a, Absences: &api.Absences{}, Now: func() time.Time { return noon }}
	listed := []api.Droplet{{ID: 1, Name: "web-1"}, {ID: 3, Name: "web-3"}, {ID: 4, Name: "web-4"}, {ID: 9, Name: "web-8"}}
	got, err := r.Complete(t.Context(), listed, func(d api.Droplet) bool { return d.Name != "other" })
	if err != nil || !slices.Equal(ids(got), []int{2, 4, 9, 3}) || got[3].Name != "web-9" {
		t.Errorf("%+v, %v", got, err)
	}
	delete(a.byID, 2)
	if _, err := r.Complete(t.Context(), listed, func(api.Droplet) bool { return true }); api.KindOf(err) != api.NotVisible {
		t.Errorf("one that is not visible yet: %v", err)
	}
}

// A create of several that is still under way does not bring one back that was destroyed.
func TestDestroyedIsForGood(t *testing.T) {
	a := &account{listed: []api.Droplet{{ID: 1, Name: "new-1"}}, recent: []approvals.RecentDroplet{
		{ID: 1, Name: "new-1", Destroyed: true}, {ID: 1, Name: "new-1", CreatedAt: noon.Add(-time.Minute)},
	}}
	r := lookup.Reader{Droplets: a, Names: a, Recent: a, Absences: &api.Absences{}, Now: func() time.Time { return noon }}
	if got, err := r.Existing(t.Context(), "new-1"); err != nil || len(got) != 0 {
		t.Errorf("existing: %v, %v", ids(got), err)
	}
	if got, err := r.Complete(t.Context(), a.listed, func(api.Droplet) bool { return true }); err != nil || len(got) != 0 {
		t.Errorf("complete: %v, %v", ids(got), err)
	}
	if _, err := r.Typed(t.Context(), 1); api.KindOf(err) != api.NotFound {
		t.Errorf("typed: %v", err)
	}
}
