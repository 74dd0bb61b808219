package handlers

import (
	"slices"
	"strings"
	"testing"

	"dropletops/api"
)

// What most Droplets are made of is not behind pages of backups.
func TestImagesBeginWithDistributions(t *testing.T) {
	b := newBench(t)
	b.account.images = []api.Image{{ID: 8, Name: "web-1 2026-11-20", Kind: "backup"}, {ID: 7, Name: "golden", Kind: "snapshot"}, {ID: 1, Slug: "debian-12-x64", Kind: "base"}}
	said := b.do(b.slash("UALICE", "images")).Message.Text
	at := []int{strings.Index(said, "debian-12-x64"), strings.Index(said, "golden"), strings.Index(said, "web-1 2026-11-20")}
	if slices.Contains(at, -1) || !slices.IsSorted(at) {
		t.Errorf("%v in %s", at, said)
	}
}
