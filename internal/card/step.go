package card

import (
	"fmt"
	"strings"

	"dropletops/api"
	"dropletops/approvals"
)

// stepOf says which of several actions a target is at; empty where there is one.
func stepOf(r *approvals.Request, t approvals.Target) string {
	a, ok := api.Lookup(r.Action.Type)
	if !ok {
		return ""
	}
	parts := a.Parts(api.Droplet(t.Droplet), r.Action.Args, r.CreatedAt)
	if len(parts) < 2 || t.Step >= len(parts) {
		return ""
	}
	out := fmt.Sprintf("*Step %d of %d, %s.* ", t.Step+1, len(parts), typed(parts[t.Step].Type))
	if t.Fault != nil {
		out = "⚠️ *It did not work; what was done before is put right.* " + out
	}
	return out
}

// typed is an action's type as people type it.
func typed(typ string) string { return escaped(strings.ReplaceAll(typ, "_", "-"), maxShort) }

// part names what a note is about: the action, and where it is one of several that
// a verb takes, for which.
func part(r *approvals.Request, n approvals.Note, on string) string {
	if n.Sends == "" || n.Sends == r.Action.Type {
		return verb(r) + " of " + on
	}
	return typed(n.Sends) + " of " + on + ", for " + verb(r)
}

// snapshotFirst says what snapshot is taken before anything else is done.
func snapshotFirst(r *approvals.Request) string {
	a, ok := api.Lookup(r.Action.Type)
	if !ok {
		return ""
	}
	on := make([]api.Droplet, len(r.Targets))
	for i, t := range r.Targets {
		on[i] = api.Droplet(t.Droplet)
		on[i].Name = cut(on[i].Name, maxName)
	}
	return escaped(a.SnapshotWords(on, r.Action.Args, r.CreatedAt), maxProse)
}

// interrupts says whether a Droplet of the request is cut off from whom it serves.
func interrupts(r *approvals.Request) bool {
	a, ok := api.Lookup(r.Action.Type)
	if !ok {
		return false
	}
	for _, t := range r.Targets {
		if a.Interrupts(api.Droplet(t.Droplet), r.Action.Args) {
			return true
		}
	}
	return false
}
