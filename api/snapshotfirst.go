package api

import (
	"fmt"
	"slices"
	"time"
)

// SnapshotFirst is the parameter by which a snapshot is taken, to its end, before
// anything else is done. What can't be brought back by a snapshot, as a password
// can't, does not offer it.
const SnapshotFirst = "snapshot_first"

func snapshotFirst() Param {
	return Param{Name: SnapshotFirst, Kind: Switch, Flag: true, Example: "true",
		Doc: "take a snapshot first, and go on only once it is there; 1 to 3 minutes per used GB"}
}

// CanSnapshotFirst says whether a snapshot can be asked for before it.
func (a *Action) CanSnapshotFirst() bool {
	return slices.ContainsFunc(a.Params, func(p Param) bool { return p.Name == SnapshotFirst })
}

// SnapshotWords says what the snapshot is that is taken before anything else, what
// it costs in time and money, and what if it fails; empty if there is none. Plain
// text. The time is DigitalOcean's own figure; the price is that of 2026-11,
// digitalocean.com/pricing/droplets.
func (a *Action) SnapshotWords(on []Droplet, args Args, asked time.Time) string {
	if args[SnapshotFirst] != "true" || len(on) == 0 {
		return ""
	}
	if len(on) > 1 {
		return fmt.Sprintf("A snapshot of each of the %d Droplets, named such as \"%s\". It takes 1 to 3 minutes per used GB, is billed by its size ($0.06 per GB a month) and stays. "+
			"Where it fails, nothing else is done.", len(on), on[0].snapshotBefore(a, asked))
	}
	return fmt.Sprintf("A snapshot named \"%s\". It takes 1 to 3 minutes per used GB%s, is billed by its size ($0.06 per GB a month) and stays. "+
		"If it fails, nothing else is done.", on[0].snapshotBefore(a, asked), on[0].disk(" of the %d GB disk"))
}

// snapshotBefore names the snapshot that is taken before an action.
func (d Droplet) snapshotBefore(a *Action, asked time.Time) string {
	return d.begins(fmt.Sprintf(" before %s %s", a.Verb(), asked.UTC().Format("2006-01-02-1504")))
}
