package digitalocean

import (
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// world is everything the account has. The Server's lock guards it.
type world struct {
	opt  Options
	rand *rand.Rand // of what is made: addresses, hosts, past durations
	ids  *rand.Rand // of request IDs, so that requests do not change what is made

	lag     Lag
	lagRand *rand.Rand
	now     time.Time // of the look that is going on, or of what is due in it

	due    dueQueue
	dueSeq int

	regions       []Region
	sizes         []Size
	images        []*Image // ascending ID
	deletedImages []*Image // that some list still shows
	droplets      []*droplet
	destroyed     []*droplet // that some view still shows
	byID          map[int]*droplet
	hosts         map[int]string // the hardware of each Droplet
	actions       []*action      // ascending ID
	keys          []Key
	volumes       []*Volume
	vpcs          []VPC
	firewalls     []*Firewall
	tags          []string // also those on nothing, in order of making
	account       Account
	destroys      map[int]*destroyStatus
	stuck         map[string]string // why something can not be destroyed, by its ID

	statusLag time.Duration
	holding   bool // every action stays in-progress

	nextDroplet, nextAction, nextImage int
}

func newWorld(opt Options, now time.Time) *world {
	w := &world{
		opt:         opt,
		rand:        rand.New(rand.NewPCG(opt.Seed, 1)),
		ids:         rand.New(rand.NewPCG(opt.Seed, 2)),
		lagRand:     rand.New(rand.NewPCG(opt.Seed, 3)),
		now:         now.UTC(),
		byID:        map[int]*droplet{},
		hosts:       map[int]string{},
		destroys:    map[int]*destroyStatus{},
		stuck:       map[string]string{},
		statusLag:   opt.StatusLag,
		nextDroplet: 412_000_101, nextAction: 2_300_000_001, nextImage: 180_000_001,
		account: Account{
			DropletLimit: 5000, FloatingIPLimit: 5, ReservedIPLimit: 5, VolumeLimit: 100, EmailVerified: true, Status: "active",
			Email: "ops@example.com", Name: "Example Operations", UUID: "b6fr89dbf6d9156cace5f3c78dc9851d957381ef",
			Team: Team{UUID: "5df3e3004a17e242b7c20ca6c9fc25b701a47ece", Name: "Example"},
		},
	}
	w.catalogue(second(now))
	return w
}

// second cuts off what DigitalOcean's timestamps do not have.
func second(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

func (w *world) region(slug string) *Region {
	for i := range w.regions {
		if w.regions[i].Slug == slug {
			return &w.regions[i]
		}
	}
	return nil
}

func (w *world) size(slug string) *Size {
	for i := range w.sizes {
		if w.sizes[i].Slug == slug {
			return &w.sizes[i]
		}
	}
	return nil
}

func (w *world) image(id int) *Image {
	i, ok := slices.BinarySearchFunc(w.images, id, func(im *Image, id int) int { return im.ID - id })
	if !ok {
		return nil
	}
	return w.images[i]
}

func (w *world) imageBySlug(slug string) *Image {
	for _, im := range w.images {
		if im.Slug != nil && *im.Slug == slug {
			return im
		}
	}
	return nil
}

// addImage adds an image that was made at a time.
func (w *world) addImage(im Image, at time.Time) *Image {
	if im.ID == 0 {
		im.ID = w.nextImage
		w.nextImage++
	}
	im.hidden = w.after(at, w.lag.New)
	if w.lag.Images.on() {
		im.listed.keep(false, w.after(at, w.lag.Images))
	}
	w.images = append(w.images, &im)
	slices.SortFunc(w.images, func(a, b *Image) int { return a.ID - b.ID })
	return w.images[slices.IndexFunc(w.images, func(x *Image) bool { return x.ID == im.ID })]
}

func (w *world) removeImage(id int) {
	w.images = slices.DeleteFunc(w.images, func(im *Image) bool {
		if im.ID != id {
			return false
		}
		if w.lag.Images.on() {
			im.listed.keep(true, w.after(w.now, w.lag.Images))
			w.deletedImages = append(w.deletedImages, im)
		}
		return true
	})
	for _, d := range w.droplets {
		if !slices.Contains(d.real.BackupIDs, id) && !slices.Contains(d.real.SnapshotIDs, id) {
			continue
		}
		d.change(func(r *Droplet) {
			r.BackupIDs = without(r.BackupIDs, id)
			r.SnapshotIDs = without(r.SnapshotIDs, id)
		})
	}
}

func without[T comparable](list []T, gone T) []T {
	out := make([]T, 0, len(list))
	for _, x := range list {
		if x != gone {
			out = append(out, x)
		}
	}
	return out
}

// imagesOf are a Droplet's backups or snapshots, newest first.
func (w *world) imagesOf(dropletID int, kind string) []*Image {
	return imagesOf(w.images, dropletID, kind)
}

func imagesOf(images []*Image, dropletID int, kind string) []*Image {
	var out []*Image
	for _, im := range images {
		if im.of == dropletID && im.Type == kind {
			out = append(out, im)
		}
	}
	slices.SortStableFunc(out, func(a, b *Image) int { return b.CreatedAt.Compare(a.CreatedAt) })
	return out
}

// addTags makes the tags that are not there yet, and answers them all in their canonical
// capitalization, each once: that of whoever used a tag first.
func (w *world) addTags(tags []string) []string {
	out := []string{}
	for _, t := range tags {
		i := slices.IndexFunc(w.tags, func(have string) bool { return strings.EqualFold(have, t) })
		if i < 0 {
			i, w.tags = len(w.tags), append(w.tags, t)
		}
		if !slices.Contains(out, w.tags[i]) {
			out = append(out, w.tags[i])
		}
	}
	return out
}
