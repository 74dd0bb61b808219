package runner_test

import (
	"context"
	"strings"
	"testing"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/runner"
)

// repointed has a slug mean another image than when it was approved.
type repointed struct {
	runner.Droplets
	slug string
	id   int
}

func (d repointed) Image(ctx context.Context, idOrSlug string) (api.Image, error) {
	i, err := d.Droplets.Image(ctx, idOrSlug)
	if idOrSlug == d.slug {
		i.ID = d.id
	}
	return i, err
}

// What was approved is an image, and not whatever its slug means by the time it is used.
func TestASlugThatMeansAnotherImage(t *testing.T) {
	w := newWorld(t)
	id := w.ask("rebuild", api.Args{"image": "debian-12-x64"}, approvals.Approve, "web-1")
	shown := w.get(id).Shown()
	w.runner.Droplets = repointed{w.client, "debian-12-x64", 666}
	w.once(id)
	r := w.get(id)
	if r.State != approvals.Pending || w.posts() != 0 || r.Image.ID != 666 || r.Shown() == shown {
		t.Errorf("%s, %d POSTs, image %d, shown %s", r.State, w.posts(), r.Image.ID, r.Shown())
	}
	if len(r.Drift) != 1 || !strings.Contains(r.Drift[0].String(), "image to be used") {
		t.Errorf("the card shows %v", r.Drift)
	}
}
