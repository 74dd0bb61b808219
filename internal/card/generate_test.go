package card_test

import (
	"fmt"
	"strings"
	"time"

	"dropletops/api"
	"dropletops/approvals"

	"pgregory.net/rapid"
)

// hostileText is what could stand in a name or a reason, and worse.
var hostileText = rapid.OneOf(
	rapid.String(),
	rapid.StringMatching(`[a-z]{1,10}-[0-9]{1,3}`),
	rapid.SampledFrom([]string{
		"", " ", "<!channel>", "<@U0EVIL>", "*x*", "`", "```", "a\nb", "\u202eevil", "שלום", ":fire:", "&lt;", "\x00", "\xff",
		strings.Repeat("n", 200), strings.Repeat("&", 400), strings.Repeat("<", 3000), strings.Repeat("🔥", 1600), strings.Repeat("word ", 600),
	}),
)

func anyDroplet() *rapid.Generator[approvals.Droplet] {
	return rapid.Custom(func(t *rapid.T) approvals.Droplet {
		return approvals.Droplet{
			ID: rapid.Int().Draw(t, "id"), Name: hostileText.Draw(t, "name"), Status: hostileText.Draw(t, "status"),
			Region: hostileText.Draw(t, "region"), Size: hostileText.Draw(t, "size"), Image: hostileText.Draw(t, "image"),
			PublicIP: hostileText.Draw(t, "ip"), Tags: []string{hostileText.Draw(t, "tag")}, DiskGB: 25, VCPUs: 1, MemoryMB: 512,
		}
	})
}

// anyRequest is a request in any state, also in those no transition leads to.
func anyRequest() *rapid.Generator[*approvals.Request] {
	return rapid.Custom(func(t *rapid.T) *approvals.Request {
		text := func(what string) string { return hostileText.Draw(t, what) }
		types := []string{"stop", "new_type", ""}
		for _, a := range api.Catalogue() {
			types = append(types, a.Type)
		}
		r := &approvals.Request{
			ID: "r-0h7k2mzq9x4c", Requester: alice, CreatedAt: noon, StartedAt: noon, EndedAt: at(time.Hour),
			State: rapid.SampledFrom([]approvals.State{
				approvals.Pending, approvals.Running, approvals.Completed, approvals.Failed,
				approvals.Denied, approvals.Expired, approvals.Canceled, approvals.Unknown,
			}).Draw(t, "state"),
			Action: approvals.Action{
				Type:   rapid.SampledFrom(types).Draw(t, "type"),
				Args:   map[string]string{"size": text("arg"), "name": text("arg"), text("param"): text("arg")},
				Danger: rapid.SampledFrom([]approvals.Danger{approvals.Safe, approvals.Disruptive, approvals.Irreversible, approvals.Destructive}).Draw(t, "danger"),
			},
			Reason: text("reason"), Tag: text("tag"), Note: text("note"), RetryOf: text("retry of"),
			Usual: time.Duration(rapid.Int64Range(0, 1e13).Draw(t, "usual")),
			Verdict: approvals.Verdict{
				Outcome: rapid.SampledFrom([]approvals.Outcome{approvals.Allow, approvals.Confirm, approvals.Approve}).Draw(t, "outcome"),
				Count:   rapid.IntRange(0, 40).Draw(t, "count"), Within: 30 * time.Minute,
			},
		}
		if rapid.Bool().Draw(t, "with an image") {
			i := approvals.Image{ID: 7, Name: text("image"), Kind: rapid.SampledFrom([]string{"base", "backup", "snapshot"}).Draw(t, "image kind"), Created: text("created")}
			r.Image, r.Rescue = &i, &approvals.Rescue{Known: rapid.Bool().Draw(t, "known"), Backup: &i}
		}
		for i := range rapid.IntRange(0, 30).Draw(t, "decisions") {
			r.Decisions = append(r.Decisions, approvals.Decision{By: person(fmt.Sprintf("U%d", i)), Kind: rapid.SampledFrom([]approvals.DecisionKind{
				approvals.ToApprove, approvals.ToDeny, approvals.ToConfirm, approvals.ToCancel}).Draw(t, "decision")})
		}
		for range rapid.SampledFrom([]int{0, 1, 20}).Draw(t, "drift") {
			r.Drift = append(r.Drift, approvals.Difference{DropletID: 1, What: text("what"), Was: text("was"), Is: text("is")})
		}
		ds := rapid.SliceOfN(anyDroplet(), 1, 3).Draw(t, "droplets")
		for i := range rapid.SampledFrom([]int{0, 1, 1, 1, 2, 3, 31, 100, 500}).Draw(t, "targets") {
			g := approvals.Target{Ordinal: i, Droplet: ds[i%len(ds)], EndedAt: at(time.Hour), State: rapid.SampledFrom([]approvals.TargetState{
				approvals.Queued, approvals.Dispatching, approvals.Following, approvals.TargetDone,
				approvals.TargetErrored, approvals.TargetUnknown, approvals.TargetSkipped,
			}).Draw(t, "target")}
			if g.State != approvals.Queued {
				g.DispatchedAt, g.Problem, g.Result = noon, ds[0].Name, ds[0].Region
			}
			if g.State == approvals.TargetDone || g.State == approvals.Following {
				g.Action, g.After = &approvals.ActionRef{ID: i}, &ds[0]
			}
			r.Targets = append(r.Targets, g)
		}
		return r
	})
}
