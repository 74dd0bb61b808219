package coverage

// act is an action of DigitalOcean's, by its type, and the command of the same name.
func act(operation, typ, godo, python, dots string, commands ...string) Row {
	r := Row{Operation: operation, API: []string{postAction + typ}, Commands: commands, Tests: []string{everyVerb, "api.TestEveryAction"}}
	for of, method := range map[*[]string]string{&r.Godo: godo, &r.Python: python, &r.Dots: dots} {
		if method != "" {
			*of = []string{method}
		}
	}
	return r
}

func acts() []Row {
	backups := act("enable backups", "enable_backups", "DropletActions.EnableBackups", "Droplet.enable_backups", "droplet.enableDropletBackups",
		"enable-backups web-1", "enable-backups web-1 --plan weekly --weekday SUN --hour 4")
	backups.Godo = append(backups.Godo, "DropletActions.EnableBackupsWithPolicy")
	rebuild := act("rebuild", "rebuild", "DropletActions.RebuildByImageID", "Droplet.rebuild", "droplet.rebuildDroplet",
		"rebuild web-1 ubuntu-24-04-x64", "rebuild web-1 139648795")
	rebuild.Godo = append(rebuild.Godo, "DropletActions.RebuildByImageSlug")
	rebuild.Note = "A slug is pinned to the image's ID when it is asked for, and that is sent."
	private := act("enable private networking", "enable_private_networking", "DropletActions.EnablePrivateNetworking", "Droplet.enable_private_networking",
		"droplet.enableDropletPrivateNetworking", "enable-private-networking web-1")
	private.Note = "DigitalOcean's OpenAPI document has it no more; DigitalOcean and the libraries have."
	return []Row{
		act("reboot", "reboot", "DropletActions.Reboot", "Droplet.reboot", "droplet.rebootDroplet", "reboot web-1"),
		act("power cycle", "power_cycle", "DropletActions.PowerCycle", "Droplet.power_cycle", "droplet.powerCycleDroplet", "power-cycle web-1"),
		act("shutdown", "shutdown", "DropletActions.Shutdown", "Droplet.shutdown", "droplet.shutdownDroplet", "shutdown web-1"),
		act("power off", "power_off", "DropletActions.PowerOff", "Droplet.power_off", "droplet.powerOffDroplet", "power-off web-1"),
		act("power on", "power_on", "DropletActions.PowerOn", "Droplet.power_on", "droplet.powerOnDroplet", "power-on web-1"),
		act("password reset", "password_reset", "DropletActions.PasswordReset", "Droplet.reset_root_password", "droplet.resetDropletPassword", "password-reset web-1"),
		act("resize", "resize", "DropletActions.Resize", "Droplet.resize", "droplet.resizeDroplet", "resize web-1 s-2vcpu-4gb", "resize web-1 s-2vcpu-4gb --disk"),
		rebuild,
		act("restore", "restore", "DropletActions.Restore", "Droplet.restore", "droplet.restoreDroplet", "restore db-1 901"),
		act("rename", "rename", "DropletActions.Rename", "Droplet.rename", "droplet.renameDroplet", "rename web-1 web-9"),
		act("snapshot", "snapshot", "DropletActions.Snapshot", "Droplet.take_snapshot", "droplet.snapshotDroplet", "snapshot web-1 before-upgrade", "snapshot web-1"),
		backups,
		act("change the backup policy", "change_backup_policy", "DropletActions.ChangeBackupPolicy", "", "", "change-backup-policy web-1 --plan daily --hour 4"),
		act("disable backups", "disable_backups", "DropletActions.DisableBackups", "Droplet.disable_backups", "droplet.disableDropletBackups", "disable-backups web-1"),
		act("change kernel", "change_kernel", "DropletActions.ChangeKernel", "Droplet.change_kernel", "droplet.changeDropletKernel", "change-kernel legacy-1 3124"),
		act("enable IPv6", "enable_ipv6", "DropletActions.EnableIPv6", "Droplet.enable_ipv6", "droplet.enableDropletIpv6", "enable-ipv6 web-1"),
		private,
		{Operation: "shut down, and cut the power if that does not help", API: []string{postAction + "shutdown", postAction + "power_off"},
			Commands: []string{"stop web-1 --timeout 2m"}, Tests: []string{everyVerb, "cmd/dropletops.TestStopThatIsNotHeeded"},
			Note: "Ours: the way that DigitalOcean's documentation advises."},
		{Operation: "resize one that runs: off, resize, on, and on again where the resize fails", API: []string{postAction + "power_off", postAction + "resize", postAction + "power_on"},
			Commands: []string{"resize web-1 s-2vcpu-4gb"}, Tests: []string{"cmd/dropletops.TestResizeOfARunningDroplet", "cmd/dropletops.TestAResizeThatFailsIsSwitchedOnAgain"},
			Note: "Ours."},
		{Operation: "a snapshot before it", API: []string{postAction + "snapshot"},
			Commands: []string{"rebuild web-1 ubuntu-24-04-x64 --snapshot-first"}, Tests: []string{"cmd/dropletops.TestSnapshotFirst", "internal/runner.TestSnapshotFirst"},
			Note: "Ours, of what a snapshot can bring back."},
	}
}

// perID is why no operation by tag is sent: a Droplet that was tagged after the
// decision would be acted on too.
const perID = "Deliberately per ID: the Droplets of the tag are shown, decided on, and acted on each by its ID, so that one that is tagged later is never touched."

func byTag() []Row {
	tests := []string{"cmd/dropletops.TestEveryVerbByTag", "cmd/dropletops.TestBulkByTagIsConfirmed"}
	row := func(typ, godo, command string) Row {
		return Row{Operation: "by tag: " + typ, API: []string{postByTag + typ}, Godo: []string{"DropletActions." + godo},
			Commands: []string{command}, Tests: tests, Note: perID}
	}
	return []Row{
		row("power_cycle", "PowerCycleByTag", "power-cycle tag:web"),
		row("power_on", "PowerOnByTag", "power-on tag:web"),
		row("power_off", "PowerOffByTag", "power-off tag:web"),
		row("shutdown", "ShutdownByTag", "shutdown tag:web"),
		row("enable_ipv6", "EnableIPv6ByTag", "enable-ipv6 tag:web"),
		row("enable_backups", "EnableBackupsByTag", "enable-backups tag:web"),
		row("disable_backups", "DisableBackupsByTag", "disable-backups tag:web"),
		row("snapshot", "SnapshotByTag", "snapshot tag:web"),
		{Operation: "by tag: enable_private_networking", Godo: []string{"DropletActions.EnablePrivateNetworkingByTag"},
			Commands: []string{"enable-private-networking tag:web"}, Tests: tests, Note: perID},
		{Operation: "by tag: all other changing verbs that make sense of several Droplets, which DigitalOcean does not offer by tag", Dots: []string{"droplet.doActionByDropletTag"},
			Commands: []string{"reboot tag:web", "stop tag:web", "resize tag:web s-2vcpu-4gb", "rebuild tag:web ubuntu-24-04-x64", "password-reset tag:web", "change-backup-policy tag:web --plan daily --hour 4"}, Tests: tests, Note: perID},
		{Operation: "several named Droplets", Commands: []string{"reboot web-1,web-2"}, Tests: []string{"cmd/dropletops.TestSeveralNamedTargets"}},
	}
}
