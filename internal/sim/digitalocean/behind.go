package digitalocean

import (
	"fmt"
	"slices"
	"time"
)

// What somebody else does to the account, past the API: in the control panel, or DigitalOcean itself.

// alter changes a Droplet at once, as it is and as it is shown.
func (s *Server) alter(id int, f func(d *droplet)) error {
	err := fmt.Errorf("no Droplet %d in the DigitalOcean stand-in", id)
	s.look(func(time.Time) {
		if d := s.w.byID[id]; d != nil {
			f(d)
			s.dirty, err = true, nil
		}
	})
	return err
}

// SetStatus makes a Droplet new, active, off or archive.
func (s *Server) SetStatus(id int, status string) error {
	return s.alter(id, func(d *droplet) { d.change(func(r *Droplet) { r.Status = status }) })
}

// SetLocked locks a Droplet as an administrator of DigitalOcean's does, or unlocks it.
func (s *Server) SetLocked(id int, locked bool) error {
	return s.alter(id, func(d *droplet) { d.locked = locked })
}

// SetImageStatus gives an image another status, such as retired.
func (s *Server) SetImageStatus(id int, status string) {
	s.look(func(time.Time) {
		if im := s.w.image(id); im != nil {
			im.Status, s.dirty = status, true
		}
	})
}

// Rename gives a Droplet another name.
func (s *Server) Rename(id int, name string) error {
	return s.alter(id, func(d *droplet) { d.change(func(r *Droplet) { r.Name = name }) })
}

// SetTags replaces a Droplet's tags.
func (s *Server) SetTags(id int, tags ...string) error {
	return s.alter(id, func(d *droplet) {
		tags = s.w.addTags(tags)
		d.change(func(r *Droplet) { r.Tags = tags })
	})
}

// Alter changes whatever else of a Droplet as the API shows it.
func (s *Server) Alter(id int, f func(d *Droplet)) error {
	return s.alter(id, func(d *droplet) { d.change(f) })
}

// IgnoreACPI makes a Droplet stay on through completed shutdowns, as hung systems do.
func (s *Server) IgnoreACPI(id int, ignores bool) error {
	return s.alter(id, func(d *droplet) { d.ignoresACPI = ignores })
}

// AttachVolume moves a volume to a Droplet; 0 attaches it to none.
func (s *Server) AttachVolume(id string, dropletID int) error {
	err := fmt.Errorf("no volume %s in the DigitalOcean stand-in", id)
	s.look(func(time.Time) {
		v := s.w.volume(id)
		if v == nil {
			return
		}
		for _, d := range s.w.droplets {
			d.change(func(r *Droplet) {
				r.VolumeIDs = slices.DeleteFunc(slices.Clone(r.VolumeIDs), func(had string) bool { return had == id })
				if d.real.ID == dropletID {
					r.VolumeIDs = append(r.VolumeIDs, id)
				}
			})
		}
		if v.DropletIDs = []int{}; dropletID != 0 {
			v.DropletIDs = []int{dropletID}
		}
		s.dirty, err = true, nil
	})
	return err
}

// AddVolume makes a volume that is attached to none, and answers its ID.
func (s *Server) AddVolume(name, region string, gigabytes int) string {
	var id string
	s.look(func(now time.Time) {
		id = fmt.Sprintf("760e09ef-e098-11e5-ad9f-%012x", len(s.w.volumes))
		s.w.volumes = append(s.w.volumes, &Volume{
			ID: id, Name: name, SizeGigabytes: gigabytes, CreatedAt: now, DropletIDs: []int{}, Tags: []string{}, Region: *s.w.region(region),
		})
		s.dirty = true
	})
	return id
}

// Destroy makes a Droplet vanish at once.
func (s *Server) Destroy(id int) error {
	return s.alter(id, s.w.destroy)
}

// DeleteImage makes an image vanish, also a backup or a public one.
func (s *Server) DeleteImage(id int) error {
	err := fmt.Errorf("no image %d in the DigitalOcean stand-in", id)
	s.look(func(time.Time) {
		if s.w.image(id) != nil {
			s.w.removeImage(id)
			s.dirty, err = true, nil
		}
	})
	return err
}

// AddBackup makes a backup of a Droplet, as old as it is said to be, and returns its image ID; 0
// where there is no such Droplet.
func (s *Server) AddBackup(dropletID int, age time.Duration) int {
	return s.addImageOf(dropletID, "backup", "", age)
}

// AddSnapshot makes a snapshot of a Droplet, as old as it is said to be, and returns its image ID; 0
// where there is no such Droplet.
func (s *Server) AddSnapshot(dropletID int, name string, age time.Duration) int {
	return s.addImageOf(dropletID, "snapshot", name, age)
}

func (s *Server) addImageOf(dropletID int, kind, name string, age time.Duration) (id int) {
	s.look(func(now time.Time) {
		if d := s.w.byID[dropletID]; d != nil {
			id = s.w.addImageOf(d, kind, name, second(now.Add(-age)))
			s.dirty = true
		}
	})
	return id
}

func (w *world) addImageOf(d *droplet, kind, name string, at time.Time) int {
	if name == "" {
		name = d.real.Name + " " + at.Format("2006-01-02")
	}
	im := w.addImage(w.imageFrom(d, kind, name, at), at)
	d.changeAt(at, func(r *Droplet) {
		if kind == "backup" {
			r.BackupIDs = append([]int{im.ID}, r.BackupIDs...)
		} else {
			r.SnapshotIDs = append([]int{im.ID}, r.SnapshotIDs...)
		}
	})
	return im.ID
}

// StartAction starts an action that nobody asked the API for, such as DigitalOcean's own
// maintenance; it has no effect and ends only by FinishAction.
func (s *Server) StartAction(dropletID int, kind string) (out Action, err error) {
	err = s.alter(dropletID, func(d *droplet) { out = s.w.begin(d, kind, s.now(), NeverEnds, nil).Action })
	return out, err
}

// FinishAction ends an action now, as completed (with its effect) or errored.
func (s *Server) FinishAction(id int, status string) error {
	if status != "completed" && status != "errored" {
		return fmt.Errorf("finish action %d: %q is neither completed nor errored", id, status)
	}
	err := fmt.Errorf("no action %d in progress in the DigitalOcean stand-in", id)
	s.look(func(now time.Time) {
		if a := s.w.actionByID(id); a != nil && a.Status == "in-progress" {
			s.w.finish(a, status, now)
			s.dirty, err = true, nil
		}
	})
	return err
}

// HoldActions keeps every action in progress, those to come too, until ReleaseActions or FinishAction.
func (s *Server) HoldActions() { s.look(func(time.Time) { s.w.holding = true }) }

// ReleaseActions ends what HoldActions kept beyond its time.
func (s *Server) ReleaseActions() {
	s.look(func(now time.Time) {
		s.w.holding, s.dirty = false, true
		for _, a := range slices.Clone(s.w.actions) {
			if a.overdue {
				s.w.end(a, now)
			}
		}
	})
}
