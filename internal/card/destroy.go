package card

import (
	"fmt"
	"slices"
	"strings"

	"dropletops/api"
	"dropletops/approvals"
)

// destroys says whether a request ends its Droplets for good.
func destroys(r *approvals.Request) bool {
	a, ok := api.Lookup(r.Action.Type)
	return ok && a.Destroys
}

// mostStaying is how many things that stay are named.
const mostStaying = 15

// stays says what outlives Droplets that are destroyed: it goes on costing, and
// nobody sees it beside a Droplet any more.
func stays(r *approvals.Request) []string {
	switch r.State {
	case approvals.Denied, approvals.Expired, approvals.Canceled, approvals.Failed:
		return nil
	}
	var out []string
	head := "*Stays, and goes on costing:*"
	if !r.State.Open() {
		head = "*Left behind, and goes on costing:*"
	}
	switch {
	case r.Leaves == nil:
		return nil
	case !r.Leaves.Known && r.Bulk():
		return []string{"*Stays:* not looked up for each of so many Droplets. Their volumes, snapshots and reserved addresses stay, and go on costing."}
	case !r.Leaves.Known:
		return []string{"*Stays:* not known. DigitalOcean could not be asked for its volumes, snapshots and reserved addresses, which stay and go on costing."}
	case len(r.Leaves.Items) == 0:
		return []string{"*Stays:* nothing, as far as the token may see."}
	}
	out = append(out, head)
	for _, item := range r.Leaves.Items[:min(mostStaying, len(r.Leaves.Items))] {
		out = append(out, "• "+escaped(clean(item), maxName))
	}
	if more := len(r.Leaves.Items) - mostStaying; more > 0 {
		out = append(out, fmt.Sprintf("• and %d more", more))
	}
	return out
}

// maxGoing is how much is told of each thing that goes with a Droplet besides its ID:
// so much that [api.MostGoing] of them fit on any card.
const maxGoing = 80

// goes names all that is destroyed with a Droplet, each by its ID. Nobody approves
// what does not stand there, so none of it is cut away.
func goes(r *approvals.Request) []string {
	switch r.State {
	case approvals.Denied, approvals.Expired, approvals.Canceled, approvals.Failed:
		return nil
	}
	if r.Leaves == nil || len(r.Leaves.Goes) == 0 {
		return nil
	}
	out := []string{"*Destroyed with it, for good:*"}
	for _, x := range r.Leaves.Goes {
		out = append(out, "• "+escaped(clean(x.Words), maxGoing)+" ("+Code(x.ID)+")")
	}
	return out
}

// spokenStays is the same in a sentence.
func spokenStays(r *approvals.Request) string {
	if r.Leaves == nil {
		return ""
	}
	const most = 3
	s := ""
	if n := len(r.Leaves.Goes); n > 0 {
		var words []string
		for _, x := range r.Leaves.Goes {
			words = append(words, x.Words)
		}
		s = " Destroyed with it: " + strings.TrimRight(some(words, most, maxShort), ".") + "."
	}
	if len(r.Leaves.Items) == 0 {
		return s
	}
	s += " What stays, and goes on costing: " + some(r.Leaves.Items, most, maxShort)
	return strings.TrimRight(s, ".") + "."
}

// onlySnapshots says what one could go back to once a Droplet is destroyed, with its
// backups: only a snapshot.
func onlySnapshots(r *approvals.Request, snapshot string) []string {
	backups := ""
	if r.Rescue.Backup != nil {
		backups = " Its backups go with it."
	}
	if r.Leaves != nil && slices.ContainsFunc(r.Leaves.Goes, func(x approvals.Going) bool { return x.Kind == "snapshots" }) {
		return []string{"⚠️ *No way back:* its snapshots are destroyed with it." + backups}
	}
	if r.Rescue.Snapshot == nil {
		return []string{"⚠️ *No way back:* this Droplet has no snapshot." + backups}
	}
	return []string{snapshot + "." + withoutVolumes(r) + backups}
}

// withoutVolumes says that a Droplet's snapshot does not hold the volumes that go with it.
func withoutVolumes(r *approvals.Request) string {
	if r.Leaves != nil && slices.ContainsFunc(r.Leaves.Goes, func(x approvals.Going) bool { return x.Kind == "volumes" }) {
		return " Its volumes are not in it."
	}
	return ""
}

// sought says where what came of a lost answer is looked for.
func sought(r *approvals.Request, on string) string {
	switch {
	case destroys(r):
		return "Looking whether " + on + " is still there, for up to a minute. It is not sent twice."
	case creates(r):
		return "Looking for a new Droplet of that name, for up to a minute. It is not sent twice."
	}
	return "Looking for the action among those of " + on + ", for up to a minute. It is not sent twice."
}
