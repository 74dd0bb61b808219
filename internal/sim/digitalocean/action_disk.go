package digitalocean

import (
	"slices"
	"time"
)

// What works on a Droplet's disk: resize, rebuild, restore, snapshot.

// mayResize: the Droplet must be off, and its disk can grow but never shrink, whether or not the
// disk is to be resized.
func mayResize(w *world, d *droplet, r *actionRequest) *refusal {
	size := w.size(r.Size)
	switch {
	case size == nil:
		return unprocessable("You specified an invalid size for Droplet resize.") // wording ours
	case d.real.Status != "off":
		return unprocessable("Droplet is currently on. Please power it off to run this event.")
	case !size.Available || !slices.Contains(size.Regions, d.real.Region.Slug):
		return unprocessable("Size is not available in this region.")
	case (size.GPUInfo == nil) != (d.real.GPUInfo == nil):
		return unprocessable("You specified an invalid size for Droplet resize.") // wording ours
	case size.Slug == d.real.SizeSlug && (!r.Disk || size.Disk == d.real.Disk):
		return unprocessable("The droplet is already set to this size.")
	case size.Disk < d.real.Disk:
		return unprocessable("Size can not decrease size of Droplet's disk image")
	}
	return nil
}

func resize(w *world, d *droplet, r *actionRequest, at time.Time) {
	size := w.size(r.Size)
	w.changeLate(d, at, func(real *Droplet) {
		real.Size, real.SizeSlug, real.Vcpus, real.Memory, real.GPUInfo = *size, size.Slug, size.Vcpus, size.Memory, size.GPUInfo
		if r.Disk {
			real.Disk = size.Disk
			real.DiskInfo = size.DiskInfo
		}
	})
}

func mayRebuild(w *world, d *droplet, r *actionRequest) *refusal {
	im := w.imageAt(r.Image)
	switch {
	case im == nil || im.Status != "available":
		return unprocessable("You specified an invalid image for Droplet rebuild.") // wording ours
	case !slices.Contains(im.Regions, d.real.Region.Slug):
		return unprocessable("Image is not available in the Droplet's region.") // wording ours
	case im.MinDiskSize > d.real.Disk:
		return unprocessable("Image is too large for the Droplet's disk.") // wording ours
	}
	r.image = *im
	return nil
}

// mayRestore: "The ID of a backup of the current Droplet instance to restore from" (OpenAPI document).
func mayRestore(w *world, d *droplet, r *actionRequest) *refusal {
	im := w.image(r.Image.ID)
	if im == nil || im.Type != "backup" || im.of != d.real.ID {
		return unprocessable("You specified an invalid image for Droplet restore.") // wording ours
	}
	r.image = *im
	return nil
}

// reimage is what rebuild and restore do: the disk is written anew and the Droplet booted. The image
// is the one that was asked for, also where it was deleted meanwhile.
func reimage(w *world, d *droplet, r *actionRequest, at time.Time) {
	w.changeLate(d, at, func(real *Droplet) {
		real.Image = r.image
		real.Status = "active"
	})
}

// snapshot makes the image when the action completes; the action does not name it.
func snapshot(w *world, d *droplet, r *actionRequest, at time.Time) {
	name := r.Name
	if name == "" {
		name = d.real.Name + "-" + at.UTC().Format("20060102150405")
	}
	im := w.addImage(w.imageFrom(d, "snapshot", name, second(at)), at)
	w.changeLate(d, at, func(real *Droplet) { real.SnapshotIDs = append(real.SnapshotIDs, im.ID) })
}

// imageFrom is an image of a Droplet's disk, of which about a tenth is used.
func (w *world) imageFrom(d *droplet, kind, name string, at time.Time) Image {
	return Image{
		Name: name, Type: kind, Distribution: d.real.Image.Distribution, Regions: []string{d.real.Region.Slug},
		CreatedAt: at, MinDiskSize: d.real.Disk, SizeGigabytes: float64(d.real.Disk*10+37) / 100, Tags: []string{},
		Status: "available", of: d.real.ID,
	}
}
