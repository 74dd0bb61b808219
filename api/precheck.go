package api

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A pre-check says no only where DigitalOcean certainly would: a wrong no keeps
// someone from their Droplet at three in the morning, a missing one costs an
// error message. So a field that is empty or zero is taken as unknown, and
// passes.

type preCheck = func(Droplet, Args, *Image) string

// first answers the first objection of several checks.
func first(checks ...preCheck) preCheck {
	return func(d Droplet, a Args, img *Image) string {
		for _, check := range checks {
			if why := check(d, a, img); why != "" {
				return why
			}
		}
		return ""
	}
}

// ready objects to a Droplet that takes no actions at all.
func ready(d Droplet, _ Args, _ *Image) string {
	switch d.Status {
	case "new":
		return d.label() + " is still being created. Ask again once it is active."
	case "archive":
		return d.label() + " is archived, and DigitalOcean runs no action on an archived Droplet."
	}
	return ""
}

// when objects to a Droplet in a status, in words that follow its name.
func when(status, words string) preCheck {
	return func(d Droplet, _ Args, _ *Image) string {
		return iff(d.Status == status, d.label()+" "+words)
	}
}

// ipv6NeedsOff objects to a Droplet that is on, which DigitalOcean refuses to enable IPv6 on.
func ipv6NeedsOff(d Droplet, _ Args, _ *Image) string {
	return iff(d.Status == "active" && d.PublicIP6 == "",
		d.label()+" is on, and DigitalOcean enables IPv6 only on one that is off. Use stop first, and power-on afterwards.")
}

// resizesNothing lets the same size pass with --disk: after a resize of CPU and
// memory alone the disk can still be grown to what the size offers.
func resizesNothing(d Droplet, a Args, _ *Image) string {
	return iff(d.Size != "" && d.Size == a["size"] && a["disk"] != "true",
		d.label()+" has the size "+a["size"]+" already.")
}

func renamesNothing(d Droplet, a Args, _ *Image) string {
	return iff(d.Name != "" && d.Name == a["name"], "It is called "+a["name"]+" already.")
}

func changesNoKernel(d Droplet, a Args, _ *Image) string {
	return iff(d.KernelID != 0 && d.KernelID == number(a["kernel"]),
		d.label()+" has kernel "+a["kernel"]+" already.")
}

// backupsAlready objects if backups are on (or off) already. A Droplet without a
// status is one of which too little is known.
func backupsAlready(on bool, words string) preCheck {
	return func(d Droplet, _ Args, _ *Image) string {
		return iff(d.Status != "" && d.Backups == on, d.label()+" "+words)
	}
}

func isBackup(_ Droplet, _ Args, img *Image) string {
	if img == nil || img.Kind == "" || img.Kind == "backup" {
		return ""
	}
	return fmt.Sprintf("%s is not a backup but a %s image. Restore takes a backup of the same Droplet; rebuild takes other images.", img.or(""), img.Kind)
}

// unusable objects to an image that DigitalOcean makes nothing of, now or any more.
func unusable(_ Droplet, _ Args, img *Image) string {
	if img == nil {
		return ""
	}
	switch img.Status {
	case "new", "pending":
		return img.or("") + " is not ready yet: DigitalOcean is still making it. Ask again once it is available."
	case "retired":
		return img.or("") + " is retired: DigitalOcean does not offer it any more. Choose another image."
	case "deleted":
		return img.or("") + " was deleted. Choose another image."
	}
	return ""
}

// fedoraPassword warns that a password reset may not work: DigitalOcean resets it at the
// next boot, by an agent inside the operating system that Fedora's images do not run.
func fedoraPassword(d Droplet, _ Args, _ Around) string {
	return iff(strings.EqualFold(d.Distro, "Fedora"), d.label()+" runs Fedora, where DigitalOcean's password reset is not known to work: "+
		"the old password may go on to be the one that works. The recovery console and the SSH keys remain.")
}

func imageFits(d Droplet, a Args, img *Image) string {
	switch why := unusable(d, a, img); {
	case img == nil:
		return ""
	case why != "":
		return why
	case img.MinDisk > 0 && d.DiskGB > 0 && img.MinDisk > d.DiskGB:
		return fmt.Sprintf("%s needs a disk of %d GB, and %s has %d GB.", img.or(""), img.MinDisk, d.label(), d.DiskGB)
	case len(img.Regions) > 0 && d.Region != "" && !slices.Contains(img.Regions, d.Region):
		return fmt.Sprintf("%s is not available in %s, where %s is.", img.or(""), d.Region, d.label())
	}
	return ""
}

// number reads an argument that Complete has found to be a number.
func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}
