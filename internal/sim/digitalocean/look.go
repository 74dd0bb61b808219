package digitalocean

import (
	"strings"
	"time"
)

// What there is, seen from outside the API: for tests, and for the demo's page beside the chat.

// Droplets are all of them, GPU Droplets too, as the API shows them now.
func (s *Server) Droplets() []Droplet {
	var out []Droplet
	s.look(func(time.Time) {
		for _, d := range s.w.droplets {
			v := d.view()
			out = append(out, v.clone())
		}
	})
	return out
}

// Droplet is one as the API shows it; false where there is none.
func (s *Server) Droplet(id int) (out Droplet, ok bool) {
	s.look(func(time.Time) {
		if d := s.w.byID[id]; d != nil {
			v := d.view()
			out, ok = v.clone(), true
		}
	})
	return out, ok
}

// DropletNamed is the first of that name, whatever its case. The zero Droplet means there is none.
func (s *Server) DropletNamed(name string) (out Droplet) {
	s.look(func(time.Time) {
		for _, d := range s.w.droplets {
			if strings.EqualFold(d.shown.Name, name) {
				v := d.view()
				out = v.clone()
				return
			}
		}
	})
	return out
}

// Actions are all of the account's, oldest first, or those of the given Droplets.
func (s *Server) Actions(dropletIDs ...int) []Action {
	of := map[int]bool{}
	for _, id := range dropletIDs {
		of[id] = true
	}
	var out []Action
	s.look(func(time.Time) {
		for _, a := range s.w.actions {
			if len(of) == 0 || a.ResourceType == "droplet" && of[a.ResourceID] {
				out = append(out, a.Action)
			}
		}
	})
	return out
}

// Action is one by ID; false where there is none.
func (s *Server) Action(id int) (out Action, ok bool) {
	s.look(func(time.Time) {
		if a := s.w.actionByID(id); a != nil {
			out, ok = a.Action, true
		}
	})
	return out, ok
}

// Images are all of them, public and private.
func (s *Server) Images() []Image {
	var out []Image
	s.look(func(time.Time) {
		for _, im := range s.w.images {
			out = append(out, *im)
		}
	})
	return out
}

// Backups are a Droplet's, newest first.
func (s *Server) Backups(dropletID int) []Image { return s.imagesOf(dropletID, "backup") }

// Snapshots are a Droplet's, newest first.
func (s *Server) Snapshots(dropletID int) []Image { return s.imagesOf(dropletID, "snapshot") }

func (s *Server) imagesOf(dropletID int, kind string) []Image {
	var out []Image
	s.look(func(time.Time) {
		for _, im := range s.w.imagesOf(dropletID, kind) {
			out = append(out, *im)
		}
	})
	return out
}

// Sizes are all of them.
func (s *Server) Sizes() []Size {
	var out []Size
	s.look(func(time.Time) { out = append(out, s.w.sizes...) })
	return out
}

// Regions are all of them.
func (s *Server) Regions() []Region {
	var out []Region
	s.look(func(time.Time) { out = append(out, s.w.regions...) })
	return out
}
