package digitalocean

import (
	"fmt"
	"time"
)

// AddDroplet makes an active Droplet, 30 days old, and returns its ID. Region, size and image are
// slugs; empty ones are nyc3, s-1vcpu-1gb and debian-12-x64.
func (s *Server) AddDroplet(name, region, size, image string, tags ...string) (id int) {
	s.look(func(now time.Time) {
		id = (&sower{s.w, second(now)}).add(name, or(region, "nyc3"), or(size, "s-1vcpu-1gb"), or(image, "debian-12-x64"), 30, tags...).real.ID
		s.dirty = true
	})
	return id
}

// AddDroplets makes n active Droplets named prefix-1 to prefix-n, spread over regions and sizes.
func (s *Server) AddDroplets(n int, prefix string, tags ...string) (ids []int) {
	s.look(func(now time.Time) {
		sow := &sower{s.w, second(now)}
		regions := []string{"nyc3", "fra1", "sfo3", "ams3", "lon1"}
		sizes := []string{"s-1vcpu-1gb", "s-1vcpu-2gb", "s-2vcpu-4gb", "s-4vcpu-8gb"}
		for i := range n {
			d := sow.add(fmt.Sprintf("%s-%d", prefix, i+1), regions[i%len(regions)], sizes[i%len(sizes)], "debian-12-x64", 1+i%300, tags...)
			ids = append(ids, d.real.ID)
		}
		s.dirty = true
	})
	return ids
}

// AddImages makes n custom images named prefix-1 to prefix-n.
func (s *Server) AddImages(n int, prefix string) (ids []int) {
	s.look(func(now time.Time) {
		for i := range n {
			ids = append(ids, s.w.addImage(Image{
				Name: fmt.Sprintf("%s-%d", prefix, i+1), Type: "custom", Distribution: "Debian", Regions: []string{"nyc3", "fra1"},
				CreatedAt: second(now).AddDate(0, 0, -i%200), MinDiskSize: 10, SizeGigabytes: 1.5, Tags: []string{}, Status: "available",
			}, now.AddDate(0, 0, -i%200)).ID)
		}
		s.dirty = true
	})
	return ids
}

// AddHistory makes n completed actions of a Droplet, a minute apart and up to a day ago, each as
// long as it is said.
func (s *Server) AddHistory(dropletID, n int, kind string, took time.Duration) error {
	return s.alter(dropletID, func(d *droplet) {
		from := second(s.now()).AddDate(0, 0, -1).Add(-time.Duration(n) * time.Minute)
		for i := range n {
			start := from.Add(time.Duration(i) * time.Minute)
			end := second(start.Add(took))
			s.w.addAction(Action{
				Status: "completed", Type: kind, StartedAt: start, CompletedAt: &end, ResourceID: dropletID,
				ResourceType: "droplet", RegionSlug: d.real.Region.Slug,
			}, start)
		}
	})
}

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}
