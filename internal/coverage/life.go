package coverage

func life() []Row {
	const associated = "/v2/droplets/{droplet_id}/destroy_with_associated_resources"
	return []Row{
		{Operation: "create", API: []string{"POST /v2/droplets"}, Godo: []string{"Droplets.Create", "Droplets.CreateMultiple"},
			Python: []string{"Droplet.create", "Droplet.create_multiple"}, Dots: []string{"droplet.createDroplet", "droplet.createDroplets"},
			Commands: []string{"create web-4 --region nyc3 --size s-1vcpu-1gb --image debian-12-x64", "create web-4 web-5 --region nyc3 --size s-1vcpu-1gb --image debian-12-x64"},
			Tests:    []string{"cmd/dropletops.TestCreate", "cmd/dropletops.TestCreateSeveral", "api.TestCreateBodies", "internal/runner.TestCreateToItsEnd"},
			Note:     "With every option of the API. Each of several is sent by itself, so that each has an answer of its own."},
		{Operation: "present: create unless it is there", Commands: []string{"create web-4 web-5 --region nyc3 --size s-1vcpu-1gb --image debian-12-x64 --unless-present"},
			Tests: []string{"cmd/dropletops.TestCreateSeveral", "handlers.TestCreateOfWhatIsThere", "internal/runner.TestUnlessPresentIsLookedForOnceMore"}},
		{Operation: "destroy", API: []string{"DELETE /v2/droplets/{droplet_id}"}, Godo: []string{"Droplets.Delete"},
			Python: []string{"Droplet.destroy"}, Dots: []string{"droplet.deleteDroplet"}, Commands: []string{"destroy web-1"},
			Tests: []string{"cmd/dropletops.TestDestroy", "internal/runner.TestDestroyIsFollowedUntilTheDropletIsGone"}},
		{Operation: "destroy by tag", API: []string{"DELETE /v2/droplets"}, Godo: []string{"Droplets.DeleteByTag"}, Dots: []string{"droplet.deleteDropletsByTag"},
			Commands: []string{"destroy tag:staging"}, Tests: []string{"cmd/dropletops.TestDestroyByTag", "internal/runner.TestDestroyInBulk"}, Note: perID},
		{Operation: "what would outlive it", API: []string{"GET " + associated}, Godo: []string{"Droplets.ListAssociatedResourcesForDeletion"},
			Dots: []string{"droplet.listDropletAssociatedResources"}, Commands: []string{"destroy web-1"},
			Tests: []string{"cmd/dropletops.TestDestroy", "cmd/dropletops.TestDestroyOfWhatChanged", "api.TestLeftovers"}, Note: "On the card, before anyone approves."},
		{Operation: "destroy with what belongs to it", API: []string{"DELETE " + associated + "/selective", "GET " + associated + "/status"},
			Dots:     []string{"droplet.destroyDropletAndAssociatedResources", "droplet.getDropletDestroyStatus"},
			Commands: []string{"destroy db-1 --with volumes,snapshots"},
			Tests:    []string{"cmd/dropletops.TestDestroyWithWhatBelongsToIt", "internal/runner.TestWhatGoesWithItDrifts", "internal/runner.TestWhatCannotGo", "api.TestDestroyWith"},
			Note:     "Just what the card showed, by its IDs. What appeared since does not go: the decision begins anew."},
		{Operation: "destroy with all that belongs to it, unseen", API: []string{"DELETE " + associated + "/dangerous"},
			Dots: []string{"droplet.destroyDropletAndAllAssociatedResources"},
			Note: "Deliberately by no command: it takes what nobody has looked at."},
		{Operation: "retry of such a destroy", API: []string{"POST " + associated + "/retry"}, Dots: []string{"droplet.retryDropletDestroy"},
			Note: "Deliberately by no command: what failed is asked for anew, and decided on anew."},
	}
}

func waits() []Row {
	return []Row{
		{Operation: "wait, poll", Python: []string{"Action.wait"}, Commands: []string{"reboot web-1"},
			Tests: []string{"cmd/dropletops.TestRebootRunsToCompletedInItsThread", "internal/runner.TestPowerOffIsDoneWhenItIsOff", "api.TestPollEvery"},
			Note:  "Always, without end, slower as it gets old, until the Droplet itself shows it: nobody has to ask for it."},
		{Operation: "time-out", Commands: []string{"stop web-1 --timeout 2m", "reboot web-1 --timeout 10m"},
			Tests: []string{"cmd/dropletops.TestStopThatIsNotHeeded", "cmd/dropletops.TestPatience", "internal/runner.TestPatience", "internal/runner.TestSlowIsSaidOnce"},
			Note:  "Of `stop`, until the power is cut. All else is never given up: that it takes longer than this, or than is usual, is told once, in its thread."},
	}
}

// plumbing are methods that do nothing to a Droplet.
func plumbing() []Row {
	const inside = "No operation: how the library itself asks, and how long it waits for an answer."
	return []Row{
		{Operation: "the library's own requests", Python: []string{"Droplet.get_data", "Droplet.get_timeout", "Action.get_data", "Action.get_timeout"}, Note: inside},
	}
}
