package digitalocean

import (
	"slices"
	"time"
)

// actionType is what one type of action needs, refuses and does.
type actionType struct {
	usual  time.Duration
	byTag  bool
	scopes []string // besides droplet:update
	read   func(o object, r *actionRequest) *refusal
	admit  func(w *world, d *droplet, r *actionRequest) *refusal
	effect func(w *world, d *droplet, r *actionRequest, at time.Time)
}

// actionTypes are those of the OpenAPI document and enable_private_networking, which godo still
// sends. The usual durations are of small Droplets; DigitalOcean gives about a minute per used GB
// for what copies a disk.
var actionTypes = map[string]*actionType{
	"reboot":         {usual: 30 * time.Second, admit: mustBeOn},
	"power_cycle":    {usual: 25 * time.Second, byTag: true, admit: mustBeOn},
	"shutdown":       {usual: 15 * time.Second, byTag: true, admit: mustBeOn, effect: shutDown},
	"power_off":      {usual: 10 * time.Second, byTag: true, admit: mustNotBeOff, effect: becomes("off")},
	"power_on":       {usual: 15 * time.Second, byTag: true, admit: mustNotBeOn, effect: becomes("active")},
	"password_reset": {usual: 20 * time.Second, scopes: []string{"droplet:admin"}, effect: becomes("active")},
	"rename":         {usual: 3 * time.Second, read: readName, effect: rename},
	"resize":         {usual: 90 * time.Second, scopes: []string{"droplet:create"}, read: readResize, admit: mayResize, effect: resize},
	"rebuild":        {usual: time.Minute, scopes: []string{"droplet:admin"}, read: readRebuild, admit: mayRebuild, effect: reimage},
	"restore":        {usual: 2 * time.Minute, scopes: []string{"droplet:admin"}, read: readRestore, admit: mayRestore, effect: reimage},
	"snapshot":       {usual: 150 * time.Second, byTag: true, scopes: []string{"image:create"}, read: readSnapshotName, effect: snapshot},
	"change_kernel":  {usual: 5 * time.Second, read: readKernel, admit: mayChangeKernel, effect: changeKernel},

	"enable_ipv6":               {usual: 10 * time.Second, byTag: true, admit: mayEnableIPv6, effect: enableIPv6},
	"enable_private_networking": {usual: 10 * time.Second, byTag: true, admit: lacks("private_networking", "Private networking"), effect: enablePrivateNetworking},

	"enable_backups":       {usual: 5 * time.Second, byTag: true, read: readOptionalPolicy, admit: mayEnableBackups, effect: enableBackups},
	"disable_backups":      {usual: 5 * time.Second, byTag: true, admit: mayDisableBackups, effect: disableBackups},
	"change_backup_policy": {usual: 4 * time.Second, read: readPolicy, admit: mayChangePolicy, effect: changePolicy},
}

// createDuration is what a new Droplet takes to become active.
const createDuration = 45 * time.Second

// UsualDuration is how long an action of a type takes at speed 1; 0 for an unknown type.
func UsualDuration(kind string) time.Duration {
	if kind == "create" {
		return createDuration
	}
	if t := actionTypes[kind]; t != nil {
		return t.usual
	}
	return 0
}

// ActionTypes are all types that can be posted, sorted.
func ActionTypes() []string {
	var out []string
	for name := range actionTypes {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func mustBeOn(_ *world, d *droplet, _ *actionRequest) *refusal {
	if d.real.Status == "off" {
		return unprocessable("Droplet is currently off. Please turn it on to run this event.") // wording ours
	}
	return nil
}

func mustNotBeOff(_ *world, d *droplet, _ *actionRequest) *refusal {
	if d.real.Status == "off" {
		return unprocessable("Droplet is already powered off")
	}
	return nil
}

func mustNotBeOn(_ *world, d *droplet, _ *actionRequest) *refusal {
	if d.real.Status == "active" {
		return unprocessable("Droplet is already powered on")
	}
	return nil
}

func becomes(status string) func(*world, *droplet, *actionRequest, time.Time) {
	return func(w *world, d *droplet, _ *actionRequest, at time.Time) {
		w.changeLate(d, at, func(r *Droplet) { r.Status = status })
	}
}

// shutDown asks the Droplet's system by ACPI; one that does not listen stays on, and the action is
// completed all the same.
func shutDown(w *world, d *droplet, _ *actionRequest, at time.Time) {
	if !d.ignoresACPI {
		w.changeLate(d, at, func(r *Droplet) { r.Status = "off" })
	}
}

func rename(w *world, d *droplet, r *actionRequest, at time.Time) {
	w.changeLate(d, at, func(real *Droplet) { real.Name = r.Name })
}

func lacks(feature, name string) func(*world, *droplet, *actionRequest) *refusal {
	return func(_ *world, d *droplet, _ *actionRequest) *refusal {
		if d.has(feature) {
			return unprocessable("%s is already enabled on this Droplet.", name) // wording ours
		}
		if !slices.Contains(d.real.Region.Features, feature) {
			return unprocessable("%s is not available in this region.", name) // wording ours
		}
		return nil
	}
}

// mayEnableIPv6: of one that is on DigitalOcean refuses it, as people report.
func mayEnableIPv6(w *world, d *droplet, r *actionRequest) *refusal {
	if d.real.Status == "active" {
		return unprocessable("Droplet is currently on. Please power it off to run this event.")
	}
	return lacks("ipv6", "IPv6")(w, d, r)
}

func enableIPv6(w *world, d *droplet, _ *actionRequest, at time.Time) {
	v6 := w.newIPv6(d.real.Region.Slug)
	w.changeLate(d, at, func(r *Droplet) {
		r.Features = append(r.Features, "ipv6")
		r.Networks.V6 = append(r.Networks.V6, v6)
	})
}

func enablePrivateNetworking(w *world, d *droplet, _ *actionRequest, at time.Time) {
	v4 := w.newPrivateIPv4()
	w.changeLate(d, at, func(r *Droplet) {
		r.Features = append(r.Features, "private_networking")
		r.Networks.V4 = append(r.Networks.V4, v4)
		r.VPCUUID = w.defaultVPC(r.Region.Slug)
	})
}

func mayChangeKernel(_ *world, d *droplet, r *actionRequest) *refusal {
	if !slices.ContainsFunc(d.kernels, func(k Kernel) bool { return k.ID == r.Kernel }) {
		return unprocessable("You specified an invalid kernel for this Droplet.") // wording ours
	}
	return nil
}

func changeKernel(w *world, d *droplet, r *actionRequest, at time.Time) {
	i := slices.IndexFunc(d.kernels, func(k Kernel) bool { return k.ID == r.Kernel })
	w.changeLate(d, at, func(real *Droplet) { real.Kernel = &d.kernels[i] })
}
