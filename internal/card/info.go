package card

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"dropletops/api"
	"dropletops/approvals"
)

// Inside is all that is known of a Droplet. What could not be read is nil.
type Inside struct {
	Detail    api.Detail
	Policy    *api.BackupPolicy
	Backups   []api.Image // newest first
	Snapshots []api.Image // newest first
	Firewalls []api.Firewall
	Lacks     []string // the token's missing scopes without which the firewalls can't be read
	Past      []api.Record
	Doings    map[int]approvals.Doing
}

// unread stands for what could not be read, so that nobody takes it for none.
const unread = "⚠️ could not be read now"

// notReadable stands for what DigitalOcean leaves out for a token that may not read it.
const notReadable = "⚠️ not readable with this token"

// readable is what a field is shown as, unless the token may not read it.
func readable(d api.Droplet, field, shown string) string {
	if slices.Contains(d.Unreadable, field) {
		return notReadable
	}
	return shown
}

// Info draws all that is known of a Droplet; quiet as in [History].
func Info(in Inside, quiet bool, now time.Time) (head string, lines []string) {
	d := in.Detail
	head = titled(d.Droplet) + fmt.Sprintf(" · `%d`", d.ID)
	add := func(what, value string) {
		if value != "" {
			lines = append(lines, "*"+what+":* "+value)
		}
	}
	if now := busy(in, quiet, now); now != "" {
		add("Under way", now)
	}
	if d.Locked {
		add("Locked", "🔒 by DigitalOcean, so that it takes no action: contact its support, unless something is under way")
	}
	add("Region", place(d))
	add("Size", size(d))
	if d.Monthly > 0 {
		add("Cost", fmt.Sprintf("%s a month (%s an hour), also while off; backups, snapshots and volumes come on top", Money(d.Monthly), hourly(d.Hourly)))
	}
	add("GPU", escaped(d.Chips, maxShort))
	add("Image", madeFrom(d))
	if d.Kernel != nil {
		version := escaped(d.Kernel.Version, maxShort)
		if version != "" {
			version = "version " + version
		}
		add("Kernel", strings.Join(nonEmpty(strings.Join(nonEmpty(escaped(d.Kernel.Name, 100), version), ", "), fmt.Sprintf("`%d`", d.Kernel.ID)), " · "))
	}
	for _, n := range d.Networks {
		add(strings.Join(nonEmpty(capital(escaped(n.Type, 20)), fmt.Sprintf("IPv%d", n.Version)), " "), network(n))
	}
	if len(d.Networks) == 0 {
		add("Networks", "none yet")
	}
	add("VPC", vpc(d))
	add("Firewalls", firewalls(in))
	add("Volumes", volumes(d.Volumes))
	add("Features", orNone(some(d.Features, 12, 30)))
	add("Tags", readable(d.Droplet, api.UnreadableTags, orNone(some(d.Tags, 12, 40))))
	add("Created", createdAgo(d.Created, now))
	add("Backups", policy(in))
	add("Latest backup", latest(in.Backups, "backup", now))
	add("Latest snapshot", latest(in.Snapshots, "snapshot", now))
	if in.Backups != nil && in.Snapshots != nil && len(in.Backups)+len(in.Snapshots) == 0 {
		lines = append(lines, "⚠️ There is no way back: it has no backup and no snapshot.")
	}
	if in.Past == nil {
		add("Last action", unread)
	} else if len(in.Past) > 0 && in.Past[0].Ended() {
		r := in.Past[0]
		last := acted(r) + " · " + lasted(r, now)
		if !r.StartedAt.IsZero() {
			last += " · " + dated(r.StartedAt)
		}
		if who, ours := in.Doings[r.ID]; ours {
			last += " · " + whose(who, quiet)
		}
		add("Last action", last)
	}
	return head, lines
}

// busy says what is under way on a Droplet, empty if nothing is.
func busy(in Inside, quiet bool, now time.Time) string {
	for _, r := range in.Past {
		if r.Ended() {
			continue
		}
		s := fmt.Sprintf("🔄 *%s* for %s, since %s (action `%d`)", escaped(strings.ReplaceAll(r.Type, "_", "-"), maxShort),
			span(now.Sub(r.StartedAt)), precise(r.StartedAt), r.ID)
		if who, ours := in.Doings[r.ID]; ours {
			s += ", " + whose(who, quiet)
		}
		return s
	}
	return ""
}

func place(d api.Detail) string {
	if d.RegionName == "" || d.Region == "" {
		return escaped(cmp.Or(d.RegionName, d.Region), maxShort)
	}
	return escaped(d.RegionName, maxShort) + " (" + escaped(d.Region, maxShort) + ")"
}

func size(d api.Detail) string {
	parts := hardware(d.VCPUs, d.MemoryMB, d.DiskGB)
	if d.TransferTB > 0 {
		parts = append(parts, fmt.Sprintf("%g TB transfer", d.TransferTB))
	}
	return strings.Join(nonEmpty(escaped(d.Size, maxShort), strings.Join(parts, ", ")), ": ")
}

// hardware names what is known of CPUs, memory and disk.
func hardware(cpus, mb, gb int) (parts []string) {
	if cpus > 0 {
		parts = append(parts, fmt.Sprintf("%d %s", cpus, plural(cpus, "vCPU", "vCPUs")))
	}
	if mb > 0 {
		parts = append(parts, memory(mb)+" memory")
	}
	if gb > 0 {
		parts = append(parts, fmt.Sprintf("%d GB disk", gb))
	}
	return parts
}

// nonEmpty returns those parts that are not empty.
func nonEmpty(parts ...string) []string {
	return slices.DeleteFunc(parts, func(s string) bool { return strings.TrimSpace(s) == "" })
}

func hourly(d float64) string { return fmt.Sprintf("$%.5g", d) }

func madeFrom(d api.Detail) string {
	if d.Base.ID == 0 {
		return notReadable
	}
	slug := ""
	if d.Base.Slug != "" {
		slug = Code(d.Base.Slug)
	}
	return strings.Join(nonEmpty(escaped(strings.TrimSpace(d.Base.Distro+" "+d.Base.Name), 120), slug, fmt.Sprintf("`%d`", d.Base.ID)), " · ")
}

func network(n api.Network) string {
	if n.Address == "" {
		return "not told"
	}
	s := Code(n.Address)
	switch {
	case n.Version == 6 && n.Mask != "":
		s = Code(n.Address + "/" + n.Mask)
	case n.Mask != "":
		s += ", mask " + escaped(n.Mask, 45)
	}
	if n.Gateway != "" {
		s += ", gateway " + escaped(n.Gateway, 45)
	}
	return s
}

func vpc(d api.Detail) string {
	if d.VPC == "" {
		return "none"
	}
	if d.VPCName == "" {
		return Code(d.VPC)
	}
	return escaped(d.VPCName, 80) + " (" + Code(d.VPC) + ")"
}

// firewalls names them with what they let in. A token without the scope for them is
// told apart from an outage: waiting would not help.
func firewalls(in Inside) string {
	switch {
	case in.Firewalls == nil && len(in.Lacks) > 0:
		return "⚠️ the token may not read them; it takes " + Code(strings.Join(in.Lacks, ", "))
	case in.Firewalls == nil:
		return unread
	case len(in.Firewalls) == 0:
		return "none in front of it"
	}
	var out []string
	const most = 4
	for _, f := range in.Firewalls[:min(most, len(in.Firewalls))] {
		s := cmp.Or(escaped(f.Name, 40), "one without a name")
		if f.Pending || f.Status != "succeeded" {
			s += " (⚠️ not in force yet)"
		}
		if len(f.In) == 0 {
			s += ", lets nothing in"
		} else {
			s += ", lets in " + some(f.In, 6, 30)
		}
		out = append(out, s)
	}
	s := strings.Join(out, " · ")
	if more := len(in.Firewalls) - most; more > 0 {
		s += fmt.Sprintf(" and %d more", more)
	}
	return s
}

func volumes(vs []api.Volume) string {
	var out []string
	const most = 6
	for _, v := range vs[:min(most, len(vs))] {
		if v.Name == "" {
			out = append(out, Code(v.ID))
			continue
		}
		s := escaped(v.Name, 40)
		if v.SizeGB > 0 {
			s += fmt.Sprintf(", %d GB", v.SizeGB)
		}
		if v.System != "" {
			s += " " + escaped(v.System, 10)
		}
		out = append(out, s)
	}
	s := strings.Join(out, " · ")
	if more := len(vs) - most; more > 0 {
		s += fmt.Sprintf(" and %d more", more)
	}
	return orNone(s)
}

// policy says when the backups are taken, and when the next one is.
func policy(in Inside) string {
	if in.Policy == nil {
		return unread
	}
	s := PolicyWords(*in.Policy)
	next := in.Policy.Next
	if next.Start.IsZero() {
		next = in.Detail.NextBackup
	}
	if when := NextBackup(next); when != "" && in.Policy.Enabled {
		s += "; the next one " + when
	}
	return s
}

func latest(images []api.Image, what string, now time.Time) string {
	switch {
	case images == nil:
		return unread
	case len(images) == 0:
		return "none"
	}
	img := images[0]
	s := fmt.Sprintf("%s (`%d`), %s", saved(img), img.ID, age(img.Created, now))
	if img.SizeGB > 0 {
		s += ", " + gigabytes(img.SizeGB)
	}
	return s + fmt.Sprintf("; %d %s in all", len(images), plural(len(images), what, what+"s"))
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
