package api

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/digitalocean/godo"
)

// Catalogue lists every action, in the order of the help: DigitalOcean's 16
// action types, enable_private_networking, which its OpenAPI document has
// dropped and its API still takes, and what is no action of DigitalOcean's: stop,
// create and destroy.
//
// The usual times are of a small Droplet and hold only until its own history
// tells better; DigitalOcean gives about a minute per used GB for what copies a
// disk. The scopes are those of the table at POST /v2/droplets/{id}/actions.
func Catalogue() []*Action {
	return []*Action{
		{
			Type: "reboot", Title: "Reboot", Usual: 30 * time.Second, Scopes: scopes(),
			Summary:   "restart the operating system gracefully",
			Danger:    always(Safe),
			Effect:    says("Restarts the operating system[|s] of {name}, the way [its|their] own reboot command does. [It does not answer while it starts|They do not answer while they start]."),
			Loses:     nothing,
			Past:      "rebooted",
			PreCheck:  first(ready, when("off", "is off, so there is nothing to reboot. Use power-on.")),
			PostCheck: becomes("active"),
			Call:      plain(godo.DropletActionsService.Reboot),
		}, {
			Type: "power_cycle", Title: "Power cycle", Usual: 30 * time.Second, Scopes: scopes(), ByTag: true,
			Summary:   "cut the power and switch on again, for one that hangs",
			Danger:    always(Disruptive),
			Effect:    says("Cuts the power of {name} and switches [it|them] on again, like a reset button. Use reboot if [it still listens|they still listen]."),
			Loses:     says("What [its|their] programs have not written to disk yet."),
			Past:      "power-cycled",
			PreCheck:  first(ready, when("off", "is off, so there is no power to cut. Use power-on.")),
			PostCheck: becomes("active"),
			Call:      plain(godo.DropletActionsService.PowerCycle),
		}, {
			Type: "shutdown", Title: "Shut down", Usual: 20 * time.Second, Scopes: scopes(), ByTag: true,
			Summary:   "ask the operating system to shut down",
			Danger:    always(Disruptive),
			Effect:    says("Asks the operating system[|s] of {name} to shut down. [It|They] may not listen; power-off does not ask. Off, [it still costs|together they still cost] {price}."),
			Loses:     nothing,
			Past:      "shut down",
			Already:   when("off", "is off already."),
			PreCheck:  ready,
			PostCheck: becomes("off"),
			Unshown: func(_, d Droplet, _ Args) string {
				return fmt.Sprintf("Its operating system may not have listened. To cut the power: power-off %s.", d.Name)
			},
			Call: plain(godo.DropletActionsService.Shutdown),
		}, {
			Type: "power_off", Title: "Power off", Usual: 15 * time.Second, Scopes: scopes(), ByTag: true,
			Summary:   "cut the power, if shutdown does not help",
			Danger:    always(Disruptive),
			Effect:    says("Cuts the power of {name}, like pulling the plug. [It stays off until someone powers it on, and still costs|They stay off until someone powers them on, and together they still cost] {price}."),
			Loses:     says("What [its|their] programs have not written to disk yet."),
			Past:      "powered off",
			Already:   when("off", "is off already."),
			PreCheck:  ready,
			PostCheck: becomes("off"),
			Call:      plain(godo.DropletActionsService.PowerOff),
		}, {
			Type: "stop", Title: "Stop", Usual: 40 * time.Second, Scopes: scopes(),
			Summary: "shut down, and cut the power if that does not help",
			Params: []Param{{Name: "timeout", Kind: Text, Flag: true, Doc: "how long the shutdown may take before the power is cut, in seconds or such as 2m; 60s if left out",
				Example: "90s", Default: func(Droplet, time.Time) string { return "60s" }, Check: checkTimeout}},
			Danger: always(Disruptive),
			Effect: func(on []Droplet, a Args, _ Pins) string {
				return tell(on, "Asks the operating system[|s] of {name} to shut down. What is still on after {timeout} has its power cut. Off, [it still costs|together they still cost] {price}.",
					"{timeout}", span(timeout(a)))
			},
			Loses:     says("If the power has to be cut: what [its|their] programs have not written to disk yet."),
			Past:      "stopped",
			Already:   when("off", "is off already."),
			PreCheck:  ready,
			PostCheck: becomes("off"),
			Steps:     func(Droplet) []Step { return []Step{{Type: "shutdown", Within: timeout}, {Type: "power_off"}} },
		}, {
			Type: "power_on", Title: "Power on", Usual: 20 * time.Second, Scopes: scopes(), ByTag: true,
			Summary:   "switch it on",
			Danger:    always(Safe),
			Effect:    says("Switches {name} on."),
			Loses:     nothing,
			Past:      "switched on",
			Already:   when("active", "is on already."),
			PreCheck:  ready,
			PostCheck: becomes("active"),
			Call:      plain(godo.DropletActionsService.PowerOn),
		}, {
			Type: "password_reset", Title: "Reset the root password", Object: true, Usual: 45 * time.Second, Scopes: scopes("droplet:admin"),
			Summary:   "set a new root password, which DigitalOcean mails",
			Danger:    always(Destructive),
			Effect:    says("Sets a new root password on [|each of ]{name}, which DigitalOcean mails to the owner of the account. It must be changed at the first login."),
			Loses:     says("The present root password[|s]: whoever and whatever logs in with [it|them] is locked out."),
			Past:      "given a new root password",
			Question:  says("Reset the root password[|s] of {name}?"),
			Yes:       "reset the password",
			Heed:      fedoraPassword,
			PreCheck:  ready,
			PostCheck: settled,
			Result: func(_, _ Droplet, _ Args) string {
				return "DigitalOcean has mailed the new root password to the account's owner; it must be changed at the first login."
			},
			Call: plain(godo.DropletActionsService.PasswordReset),
		}, {
			Type: "resize", Title: "Resize", Usual: 2 * time.Minute, Scopes: scopes("droplet:create"),
			Summary: "change CPU and memory, and with --disk the disk; one that is on is switched off and on again",
			Params: []Param{
				{Name: "size", Kind: Size, Required: true, Doc: "the new size's slug", Example: "s-2vcpu-4gb"},
				{Name: "disk", Kind: Switch, Flag: true, Doc: "grow the disk too; this cannot be undone", Example: "true"},
				snapshotFirst(),
			},
			Danger: func(a Args) Danger {
				if a["disk"] == "true" {
					return Destructive
				}
				return Safe
			},
			Effect: resizes,
			Loses: func(on []Droplet, a Args, p Pins) string {
				switch {
				case a["disk"] != "true":
					return ""
				case p.Plan.told() && !slices.ContainsFunc(on, p.Plan.grows):
					return tell(on, "Nothing: [its disk stays as it is|their disks stay as they are].")
				}
				return tell(on, "The way back: a disk cannot be made smaller again, nor can [the Droplet|a Droplet] go to a size with a smaller one.")
			},
			Past: "resized",
			Question: func(on []Droplet, a Args, _ Pins) string {
				return tell(on, "Resize {name} to {size}, growing the disk[|s]?", "{size}", a["size"])
			},
			Yes:      "grow the disk",
			Already:  resizesNothing,
			PreCheck: ready,
			PostCheck: func(_, after Droplet, a Args, _ *Image) bool {
				return after.Size == a["size"]
			},
			Made:  grownDisk,
			Steps: resizeSteps,
			Result: func(before, after Droplet, _ Args) string {
				return fmt.Sprintf("From %s%s to %s%s.", before.Size, before.disk(" (%d GB disk)"), after.Size, after.disk(" (%d GB disk)"))
			},
			Call: func(ctx context.Context, c *godo.Client, id int, a Args, _ *Image) (*godo.Action, *godo.Response, error) {
				return c.DropletActions.Resize(ctx, id, a["size"], a["disk"] == "true")
			},
		}, {
			Type: "rebuild", Title: "Rebuild", Usual: 90 * time.Second, Scopes: scopes("droplet:admin"),
			Summary: "wipe the disk and install an image",
			Params:  []Param{{Name: "image", Kind: Base, Required: true, Doc: "the image's slug or ID", Example: "ubuntu-24-04-x64"}, snapshotFirst()},
			Danger:  always(Destructive),
			Effect: func(on []Droplet, a Args, p Pins) string {
				return tell(on, "Wipes the disk[|s] of {name} and installs {image} on [it. Its|each. Their] IP addresses stay.", "{image}", p.Image.or(a["image"]))
			},
			Loses: says("Everything on [its {disk}disk|the disks of {name}{disk}] that is in no backup or snapshot."),
			Past:  "rebuilt",
			Question: func(on []Droplet, a Args, p Pins) string {
				return tell(on, "Rebuild {name} with {image}?", "{image}", p.Image.short(a["image"]))
			},
			Yes:      "wipe and rebuild",
			Wipes:    true,
			PreCheck: first(ready, imageFits),
			PostCheck: func(_, after Droplet, a Args, img *Image) bool {
				if img != nil {
					return after.ImageID == img.ID
				}
				return after.Image == a["image"]
			},
			Result: func(before, after Droplet, _ Args) string {
				return fmt.Sprintf("From %s to %s.", before.Image, after.Image)
			},
			Call: callRebuild,
		}, {
			Type: "restore", Title: "Restore", Usual: 3 * time.Minute, Scopes: scopes("droplet:admin"),
			Summary: "put a backup of it in place of its disk",
			Params:  []Param{{Name: "image", Kind: Backup, Required: true, Doc: "the ID of one of its backups", Example: "12389723"}, snapshotFirst()},
			Danger:  always(Destructive),
			Effect: func(on []Droplet, a Args, p Pins) string {
				return tell(on, "Replaces the disk[|s] of {name} with [its|the] backup {image}{from}.", "{image}", p.Image.or(a["image"]), "{from}", p.Image.from())
			},
			Loses: says("Everything written to [its {disk}disk|the disks of {name}{disk}] since that backup was taken."),
			Past:  "restored",
			Question: func(on []Droplet, a Args, p Pins) string {
				return tell(on, "Restore {name} from the backup {image}?", "{image}", p.Image.short(a["image"]))
			},
			Yes:       "restore the backup",
			Wipes:     true,
			PreCheck:  first(ready, isBackup, imageFits),
			PostCheck: settled,
			Call:      callRestore,
		}, {
			Type: "rename", Title: "Rename", Usual: 5 * time.Second, Scopes: scopes(),
			Summary: "give it another name",
			Params:  []Param{{Name: "name", Kind: Text, Required: true, Doc: "the new name: letters, digits, . and -", Example: "web-2.example.com", Check: checkHostname}},
			Danger:  always(Safe),
			Effect: func(on []Droplet, a Args, _ Pins) string {
				return tell(on, "Renames {name} to {new}, and with it the reverse DNS name of its address. The hostname inside does not change.", "{new}", a["name"])
			},
			Loses: nothing,
			Heed:  sharesName,
			Past:  "renamed",
			Becomes: func(d Droplet, a Args) Droplet {
				d.Name = a["name"]
				return d
			},
			Already:  renamesNothing,
			PreCheck: ready,
			PostCheck: func(_, after Droplet, a Args, _ *Image) bool {
				return after.Name == a["name"]
			},
			Result: func(before, after Droplet, _ Args) string {
				return fmt.Sprintf("%s is now %s.", before.Name, after.Name)
			},
			Call: func(ctx context.Context, c *godo.Client, id int, a Args, _ *Image) (*godo.Action, *godo.Response, error) {
				return c.DropletActions.Rename(ctx, id, a["name"])
			},
		}, {
			Type: "snapshot", Title: "Take a snapshot", Object: true, Usual: 3 * time.Minute, Scopes: scopes("image:create"), ByTag: true,
			Summary: "take an image of its disk",
			Params: []Param{{Name: "name", Kind: Text, Doc: "the snapshot's name; the Droplet's with date and time if left out",
				Example: "before-upgrade", Default: snapshotName}},
			Danger: always(Safe),
			Effect: func(on []Droplet, a Args, _ Pins) string {
				called := " named {new}"
				if a["name"] == "" {
					called = ", named after it with date and time"
				}
				s := "Takes a snapshot of [|each of ]{name}" + called + ", which DigitalOcean bills by its size."
				if slices.ContainsFunc(on, func(d Droplet) bool { return d.Status == "active" }) {
					s += " [It stays|What is on stays] on meanwhile; what [its|their] programs have not written to disk yet is not in it."
				}
				return tell(on, s, "{new}", a["name"])
			},
			Loses:     nothing,
			Past:      "saved in a snapshot each",
			PreCheck:  ready,
			PostCheck: there,
			Made:      madeSnapshot,
			Call: func(ctx context.Context, c *godo.Client, id int, a Args, _ *Image) (*godo.Action, *godo.Response, error) {
				return c.DropletActions.Snapshot(ctx, id, a["name"])
			},
		}, {
			Type: "enable_backups", Title: "Enable backups", Object: true, Usual: 10 * time.Second, Scopes: scopes(), ByTag: true,
			Summary: "turn automatic backups on",
			Params:  policyParams(false),
			Danger:  always(Safe),
			Fit:     fitPolicy,
			Effect: func(on []Droplet, a Args, _ Pins) string {
				return tell(on, "Turns automatic backups of {name} on{when}. DigitalOcean bills them on top of the Droplet[|s].", "{when}", policyWords(a))
			},
			Loses:     nothing,
			Past:      "given automatic backups",
			Already:   backupsAlready(true, "has automatic backups already. To change when they are taken, use change-backup-policy."),
			PreCheck:  ready,
			PostCheck: there,
			Made:      madePolicy,
			Call:      callEnableBackups,
		}, {
			Type: "change_backup_policy", Title: "Change the backup policy", Object: true, Usual: 10 * time.Second, Scopes: scopes(),
			Summary: "change when automatic backups are taken",
			Params:  policyParams(true),
			Danger:  always(Safe),
			Fit:     fitPolicy,
			Effect: func(on []Droplet, a Args, _ Pins) string {
				return tell(on, "Changes when automatic backups of {name} are taken:{when}.", "{when}", strings.TrimPrefix(policyWords(a), ","))
			},
			Loses:     nothing,
			Past:      "given the new backup policy",
			Backups:   true,
			Heed:      backsUpLess,
			PreCheck:  first(ready, backupsAlready(false, "has no automatic backups. To turn them on, use enable-backups with the same flags.")),
			PostCheck: there,
			Made:      madePolicy,
			Call: func(ctx context.Context, c *godo.Client, id int, a Args, _ *Image) (*godo.Action, *godo.Response, error) {
				return postPolicy(ctx, c, id, "change_backup_policy", policyOf(a))
			},
		}, {
			Type: "disable_backups", Title: "Disable backups", Object: true, Usual: 10 * time.Second, Scopes: scopes(), ByTag: true,
			// docs.digitalocean.com/products/images/backups/how-to/disable: it "stops
			// automatic backups and deletes any existing backup images".
			Summary:   "turn automatic backups off, and delete those there are",
			Params:    []Param{snapshotFirst()},
			Danger:    always(Destructive),
			Effect:    says("Turns automatic backups of {name} off. DigitalOcean deletes the backups there are."),
			Loses:     says("All of [its|their] backups, and [its|their] safety net: from now on none is taken that one could go back to."),
			Past:      "left without automatic backups",
			Backups:   true,
			Question:  says("Turn automatic backups of {name} off, and delete those there are?"),
			Yes:       "turn backups off",
			Already:   backupsAlready(false, "has no automatic backups to turn off."),
			PreCheck:  ready,
			PostCheck: there,
			Made:      noPolicy,
			Call:      plain(godo.DropletActionsService.DisableBackups),
		}, {
			Type: "change_kernel", Title: "Change the kernel", Object: true, Usual: 10 * time.Second, Scopes: scopes(),
			Summary: "set another of its kernels, for one whose kernel DigitalOcean keeps",
			Params:  []Param{{Name: "kernel", Kind: Kernel, Required: true, Doc: "the kernel's ID", Example: "991"}},
			Danger:  always(Safe),
			Effect: func(on []Droplet, a Args, _ Pins) string {
				return tell(on, "Sets kernel {kernel} for {name}. [It runs it once it has|They run it once they have] been powered off and on.", "{kernel}", a["kernel"])
			},
			Loses:    nothing,
			Past:     "given the new kernel",
			Already:  changesNoKernel,
			PreCheck: ready,
			PostCheck: func(_, after Droplet, a Args, _ *Image) bool {
				return after.KernelID == number(a["kernel"])
			},
			Call: func(ctx context.Context, c *godo.Client, id int, a Args, _ *Image) (*godo.Action, *godo.Response, error) {
				return c.DropletActions.ChangeKernel(ctx, id, number(a["kernel"]))
			},
		}, {
			Type: "enable_ipv6", Title: "Enable IPv6", Object: true, Usual: 20 * time.Second, Scopes: scopes(), ByTag: true,
			Summary: "give it a public IPv6 address, for good",
			Danger:  always(Irreversible),
			Effect:  says("Gives [|each of ]{name} a public IPv6 address, which cannot be taken away again. [Its operating system|Their operating systems] must be set up for it by hand."),
			Loses:   nothing,
			Past:    "given IPv6 addresses",
			Already: func(d Droplet, _ Args, _ *Image) string {
				return iff(d.PublicIP6 != "", d.label()+" has IPv6 already: "+d.PublicIP6)
			},
			PreCheck:  first(ready, ipv6NeedsOff),
			PostCheck: func(_, after Droplet, _ Args, _ *Image) bool { return after.PublicIP6 != "" },
			Result: func(_, after Droplet, _ Args) string {
				return "Its IPv6 address is " + after.PublicIP6 + "; set it up in its operating system."
			},
			Call: plain(godo.DropletActionsService.EnableIPv6),
		}, {
			Type: "enable_private_networking", Title: "Enable private networking", Object: true, Usual: 20 * time.Second, Scopes: scopes(),
			Summary: "give it a private address in its region's network",
			Danger:  always(Safe),
			Effect:  says("Gives [|each of ]{name} a private IPv4 address in [its|their] region's default VPC network."),
			Loses:   nothing,
			Past:    "given private addresses",
			Already: func(d Droplet, _ Args, _ *Image) string {
				return iff(d.PrivateIP != "", d.label()+" has a private address already: "+d.PrivateIP)
			},
			PreCheck:  ready,
			PostCheck: func(_, after Droplet, _ Args, _ *Image) bool { return after.PrivateIP != "" },
			Result: func(_, after Droplet, _ Args) string {
				return "Its private address is " + after.PrivateIP + "; set it up in its operating system."
			},
			Call: plain(godo.DropletActionsService.EnablePrivateNetworking),
		}, {
			Type: "create", Title: "Create", Usual: time.Minute, Scopes: []string{"droplet:create"},
			Summary:   "make new ones: up to 10 names, of one kind",
			Params:    createParams(),
			Fit:       fitCreate,
			Danger:    always(Safe),
			Effect:    creates,
			Loses:     nothing,
			Past:      "created",
			PreCheck:  canBeMade,
			PostCheck: func(_, after Droplet, a Args, img *Image) bool { return len(unmetOptions(after, a, img)) == 0 },
			Unshown: func(_, after Droplet, a Args) string {
				return iff(after.Status != "", "What can't be seen: "+strings.Join(unmetOptions(after, a, nil), ", ")+".")
			},
			Result: made,
			Made:   madeOptions,
			Make:   makeDroplet,
		}, {
			Type: "destroy", Title: "Destroy", Usual: 15 * time.Second, Scopes: []string{"droplet:delete"},
			Summary: "destroy it for good, with its disk and its backups",
			Params: []Param{{Name: "with", Kind: List, Flag: true, Choices: kindsOfAssociated, Example: "volumes,snapshots",
				Doc: "what of its own is destroyed with it, one or more, as in volumes,snapshots"}, snapshotFirst()},
			Fit:      fitAssociated,
			Danger:   always(Destructive),
			Effect:   says("Destroys {name} for good: [its {disk}disk, its addresses and its backups go with it, and nothing brings it|their disks{disk}, their addresses and their backups go with them, and nothing brings them] back. [It no longer costs|Together they no longer cost] {price}."),
			Loses:    losesAll,
			Past:     "destroyed",
			Question: says("Destroy {name} for good?"),
			Yes:      "destroy it",
			Wipes:    true,
			// One that is archived or off can be destroyed, so only this much is certain.
			PreCheck:  when("new", "is still being created. Ask again once it is active."),
			PostCheck: func(_, _ Droplet, _ Args, _ *Image) bool { return false }, // as long as it can be looked at, it is there
			Destroys:  true,
			Call:      callDestroy,
		},
	}
}

// Lookup finds an action by its type or by its verb, in any case.
func Lookup(typ string) (*Action, bool) {
	typ = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(typ)), "-", "_")
	for _, a := range Catalogue() {
		if a.Type == typ {
			return a, true
		}
	}
	return nil, false
}
