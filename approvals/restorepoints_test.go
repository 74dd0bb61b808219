package approvals

import "testing"

func image(id int, name string) *Image { return &Image{ID: id, Name: name} }

// The digest of a request that an older version made stays what it was, with restore
// points on its card or without; those of a new one are part of it.
func TestDigestHoldsRestorePoints(t *testing.T) {
	r := &Request{Action: Action{Type: "rebuild", Args: map[string]string{"image": "debian-12-x64"}}, Image: image(7, "debian"),
		Targets: []Target{{Droplet: Droplet{ID: 1, Name: "web-1", Status: "active", Size: "s-1vcpu-1gb", Region: "fra1", ImageID: 5}}}}
	const before = "affa68adf6488bad" // stored with decisions, and in the block IDs of cards
	if got := r.Digest(); got != before {
		t.Errorf("without restore points: %s", got)
	}
	r.Rescue = &Rescue{Known: true, Backup: image(21, "b"), Snapshot: image(22, "s")}
	if got := r.Digest(); got != before {
		t.Errorf("of an older version: %s", got)
	}
	seen := map[string]bool{before: true}
	for _, rescue := range []Rescue{*r.Rescue, {Known: true, Backup: image(23, "b"), Snapshot: image(22, "s")}, {Known: true, Backup: image(21, "b")},
		{Known: true, Snapshot: image(22, "s")}} {
		r.Rescue = &rescue
		r.bindRestorePoints()
		if d := r.Digest(); seen[d] {
			t.Errorf("%+v: another's digest", r.RestorePoints)
		} else {
			seen[d] = true
		}
	}
	for _, none := range []*Rescue{nil, {}, {Known: true}} {
		r.Rescue = none
		r.bindRestorePoints()
		if got := r.Digest(); got != before || r.RestorePoints != nil {
			t.Errorf("%+v binds %+v", none, r.RestorePoints)
		}
	}
}

func TestRestoreDifferences(t *testing.T) {
	was := Rescue{Known: true, Backup: image(1, "monday"), Snapshot: image(2, "before")}
	for name, c := range map[string]struct {
		action string
		now    Rescue
		want   []string
	}{
		"the same":             {"rebuild", was, nil},
		"another backup":       {"rebuild", Rescue{Known: true, Backup: image(3, "tuesday"), Snapshot: image(2, "before")}, []string{"latest backup: monday (1) → tuesday (3)"}},
		"no snapshot":          {"rebuild", Rescue{Known: true, Backup: image(1, "monday")}, []string{"latest snapshot: before (2) → none"}},
		"not readable":         {"rebuild", Rescue{}, []string{"latest backup: monday (1) → not known: DigitalOcean does not let it be read", "latest snapshot: before (2) → not known: DigitalOcean does not let it be read"}},
		"deleted with it":      {"destroy", Rescue{Known: true, Backup: image(3, "tuesday"), Snapshot: image(2, "before")}, nil},
		"of a destroy":         {"destroy", Rescue{Known: true}, []string{"latest snapshot: before (2) → none"}},
		"backups switched off": {"disable_backups", Rescue{Known: true, Snapshot: image(2, "before")}, nil},
	} {
		r := &Request{Action: Action{Type: c.action}, Targets: make([]Target, 1), Rescue: &was}
		r.bindRestorePoints()
		var got []string
		for _, d := range r.RestoreDifferences(c.now) {
			got = append(got, d.String())
		}
		if len(got) != len(c.want) || len(got) > 0 && (got[0] != c.want[0] || got[len(got)-1] != c.want[len(got)-1]) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
