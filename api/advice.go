package api

import (
	"net/http"
	"strings"
)

// advice is what to do about a refusal, by a part of DigitalOcean's words, in lower
// case. The first that is found counts. The words are those of its API as people
// have met them (terraform-provider-digitalocean, doctl, packer) and of its
// documentation; where none fits, its own words stand alone.
var advice = []struct{ part, do string }{
	{"droplet limit", "Destroy a Droplet that is not needed any more, or ask DigitalOcean for a higher limit: control panel, Settings, Team."},
	{"already powered off", "There is nothing left to do."},
	{"already powered on", "There is nothing left to do."},
	{"currently off", "Switch it on first: power-on."},
	{"currently on", "Switch it off first: stop."},
	{"must be powered off", "Switch it off first: stop."},
	{"archived", "Ask DigitalOcean's support to bring it back; the control panel says why it was archived."},
	{"decrease size", "A disk can't be made smaller: choose a size whose disk is at least as large, or leave out --disk."},
	{"can not be smaller", "A disk can't be made smaller: choose a size whose disk is at least as large, or leave out --disk."},
	{"already set to this size", "It has that size: there is nothing left to do."},
	{"too large to fit", "The machine it runs on has no room for that size: choose another one, or make a snapshot and create a new Droplet from it."},
	{"currently restricted", "The account may not use that size yet: ask DigitalOcean for it, or choose another one."},
	{"size is not available", "Choose a size that is to be had there: sizes --region lists them."},
	{"invalid size", "Choose one of those that sizes lists."},
	{"transfer it to this region", "Transfer the image to that region in the control panel, or choose one that is there: images --region lists them."},
	{"not available in the droplet's region", "Choose an image that is in its region: images --region lists them."},
	{"too large for the droplet's disk", "Choose a smaller image, or resize the disk first: resize --disk."},
	{"requires a disk", "Choose a larger size, or a smaller image."},
	{"invalid image", "Choose one that is there: images lists them, backups and snapshots those of a Droplet."},
	{"invalid kernel", "Choose one of those that kernels lists."},
	{"region is not available", "Choose another region: regions lists those that take new Droplets."},
	{"invalid region", "Choose one of those that regions lists."},
	{"invalid vpc", "Choose a VPC of that region, or leave it out for the region's own."},
	{"invalid key identifiers", "Name SSH keys by the ID or the fingerprint that the control panel shows: Settings, Security."},
	{"valid hostname characters", "Use letters, digits, dots and dashes."},
	{"already been enabled", "There is nothing left to do."},
	{"already been disabled", "There is nothing left to do."},
	{"backups are not enabled", "Switch them on first: enable-backups."},
	{"locked", "DigitalOcean's support has to unlock it, unless one of its actions is still under way."},
	{"not available in this region", "Choose another size or region: sizes --region lists what is to be had there."},
	{"cannot be attached", "A volume must be free, and in the same region."},
	{"payment", "Someone has to look at the account's billing in the control panel."},
}

// advises says what to do about a refusal, empty if nothing better is known than
// DigitalOcean's words.
func (e *Error) advises() string {
	words := strings.ToLower(e.Message)
	for _, a := range advice {
		if strings.Contains(words, a.part) {
			return a.do
		}
	}
	if e.Status == http.StatusConflict {
		return "Something else is changing it at the moment: look at its actions, and try again when that has ended."
	}
	return ""
}
