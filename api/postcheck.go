package api

// becomes is done when the Droplet has a status.
func becomes(status string) func(before, after Droplet, a Args, img *Image) bool {
	return func(_, after Droplet, _ Args, _ *Image) bool { return after.Status == status }
}

// settled is done when the Droplet is on, or is what it was. It is for actions
// whose effect the API does not show.
func settled(before, after Droplet, _ Args, _ *Image) bool {
	return after.Status == "active" || after.Status != "" && after.Status == before.Status
}

// there is done as soon as the Droplet can be looked at. It is for what changes nothing
// about it, so that whoever switches it meanwhile makes no failure of it.
func there(_, after Droplet, _ Args, _ *Image) bool { return after.Status != "" }
