package api

import "fmt"

// resizeSteps switch off what is on, and on again in any case: DigitalOcean resizes
// only what is off.
func resizeSteps(d Droplet) []Step {
	resize := Step{Type: "resize", Check: when("active", "is on, and DigitalOcean resizes only what is off. Shut it down first, or ask again while it is on: then it is switched off and on again.")}
	if d.Status != "active" {
		return []Step{resize}
	}
	resize.Back = true
	return []Step{
		{Type: "shutdown", Within: aMinute, Back: true},
		{Type: "power_off", Back: true},
		resize,
		{Type: "power_on", Right: "is on again", Wrong: "IS OFF: it could not be switched on again.",
			Doubt: "MAY BE OFF: whether it was switched on again is not known."},
	}
}

// switched says what a resize does to Droplets that are on. How long that takes
// are the times of the steps: up to a minute for the shutdown, some two for the
// rest, and with the disk DigitalOcean's minute per used GB.
func switched(on []Droplet, disk bool) string {
	n := 0
	for _, d := range on {
		if d.Status == "active" {
			n++
		}
	}
	away := "about 3 minutes"
	if disk {
		away += ", and a minute more per used GB"
	}
	switch {
	case n == 0:
		return ""
	case len(on) == 1:
		return " It is switched off for this (shut down, and after a minute its power is cut) and on again, also if the resize fails: it is away for " + away + "."
	case n == len(on):
		return " They are switched off for this (shut down, and after a minute their power is cut) and on again, also where the resize fails: each is away for " + away + "."
	}
	return fmt.Sprintf(" The %d of them that are on are switched off for this (shut down, and after a minute their power is cut) and on again, also where the resize fails: each is away for %s. The others stay off.", n, away)
}

// resizes says what a resize does to disk, CPU and memory, and to the price. A
// disk is what can't be taken back, so it is told first.
func resizes(on []Droplet, a Args, p Pins) string {
	return changesSize(on, a, p) + switched(on, a["disk"] == "true")
}

func changesSize(on []Droplet, a Args, p Pins) string {
	disk := a["disk"] == "true"
	if !p.Plan.told() {
		p.Plan = nil
	}
	switch {
	case p.Plan == nil && disk:
		return tell(on, "Changes {name} to the size {size} with its disk, for good.", "{size}", a["size"])
	case p.Plan == nil:
		return tell(on, "Changes the CPU and memory of {name} to those of {size}. The disk[ stays as it is|s stay as they are], so this can be undone.", "{size}", a["size"])
	case len(on) != 1:
		return p.Plan.ofAll(on, disk)
	}
	d, s := on[0], ""
	same := d.Size == p.Plan.Slug
	switch {
	case disk && p.Plan.grows(d) && same:
		s = "Grows the disk of {name}{from} to {disk}, for good. Its CPU and memory stay as they are."
	case disk && p.Plan.grows(d):
		s = "Grows the disk of {name}{from} to {disk}, for good, and changes its CPU and memory{cpu}."
	case disk && same:
		s = "Changes nothing: {name} has the size {size} with its disk of {disk} already."
	case disk:
		s = "Changes the CPU and memory of {name}{cpu}. Its disk stays at {disk}, which is what {size} has."
	default:
		s = "Changes the CPU and memory of {name}{cpu}. Its disk stays as it is{at}, so this can be undone."
	}
	return tell(on, s+p.Plan.costs(on), "{disk}", fmt.Sprintf("%d GB", p.Plan.DiskGB), "{from}", d.disk(" from %d GB"), "{at}", d.disk(" (%d GB)"),
		"{cpu}", from(d)+" to "+machine(p.Plan.VCPUs, p.Plan.MemoryMB), "{size}", p.Plan.Slug)
}

// ofAll is what a resize of several comes to.
func (p *Plan) ofAll(on []Droplet, disk bool) string {
	s := "Changes the CPU and memory of {name} to {machine} each. Their disks stay as they are, so this can be undone."
	if disk {
		s = "Grows the disks of {name}{disk} to {new} each, for good, and changes their CPU and memory to {machine} each."
	}
	return tell(on, s+p.costs(on), "{machine}", machine(p.VCPUs, p.MemoryMB), "{new}", fmt.Sprintf("%d GB", p.DiskGB))
}

// told reports whether it is known what a size holds.
func (p *Plan) told() bool { return p != nil && p.VCPUs > 0 && p.MemoryMB > 0 && p.DiskGB > 0 }

// grows says whether a Droplet's disk is smaller than the size's, as far as known.
func (p *Plan) grows(d Droplet) bool { return d.DiskGB == 0 || d.DiskGB < p.DiskGB }

// costs says what Droplets of this size cost, and how that compares.
func (p *Plan) costs(on []Droplet) string {
	if p.Monthly == 0 {
		return ""
	}
	before, after := 0.0, p.Monthly*float64(len(on))
	for _, d := range on {
		if d.Monthly == 0 {
			return tell(on, " [It then costs|Together they then cost] "+dollars(after)+".")
		}
		before += d.Monthly
	}
	by := ", as now."
	switch more := after - before; {
	case more >= 0.005:
		by = fmt.Sprintf(", $%.2f more than now.", more)
	case more <= -0.005:
		by = fmt.Sprintf(", $%.2f less than now.", -more)
	}
	return tell(on, " [It then costs|Together they then cost] "+dollars(after)+by)
}

// from says what a Droplet's CPU and memory are, if that is known.
func from(d Droplet) string {
	if d.VCPUs == 0 || d.MemoryMB == 0 {
		return ""
	}
	return " from " + machine(d.VCPUs, d.MemoryMB)
}

func machine(cpus, mb int) string {
	if mb%1024 != 0 {
		return fmt.Sprintf("%d vCPU and %d MB", cpus, mb)
	}
	return fmt.Sprintf("%d vCPU and %d GB", cpus, mb/1024)
}
