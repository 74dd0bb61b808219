package runner_test

import (
	"fmt"
	"net/http"
	"testing"

	"dropletops/api"
	"dropletops/approvals"
	simdo "dropletops/internal/sim/digitalocean"
)

// answerAlways has every request of a path answered so.
func (w *world) answerAlways(method, path string, a *simdo.Answer) {
	w.do.Inject(simdo.Fault{Match: simdo.Match{Method: method, Path: path}, Times: simdo.Always, Answer: a})
}

// The answer to the switch-on of a resize is lost and nothing shows that it was taken: it
// is sent again, which does nothing to a Droplet that is on, and none is left off.
func TestASwitchOnThatIsLost(t *testing.T) {
	for name, tt := range map[string]struct {
		fault simdo.Fault
		hide  bool // the Droplet's actions are not listed
	}{
		"not taken":            {fault: simdo.Fault{Drop: true, Times: 2}},
		"taken, not listed":    {fault: simdo.Fault{Drop: true, After: true}, hide: true},
		"answered with 500":    {fault: simdo.Fault{Answer: simdo.ServerError(500)}},
		"taken, answered 500s": {fault: simdo.Fault{Answer: simdo.ServerError(500), After: true}, hide: true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.fault("power_on", tt.fault)
			id := w.ask("resize", larger, approvals.Allow, "web-1")
			w.carry(id, func(r *approvals.Request) bool { return r.Targets[0].Sends == "power_on" })
			if tt.hide {
				w.answerAlways(http.MethodGet, "/v2/droplets/*/actions", &simdo.Answer{Status: 200, Body: `{"actions":[],"links":{},"meta":{"total":0}}`})
			}
			r := w.carry(id, nil)
			want(t, r, approvals.Completed, "")
			if d := w.do.DropletNamed("web-1"); d.Status != "active" || w.sent() != "shutdown resize power_on" {
				t.Errorf("web-1 is %s, sent %s", d.Status, w.sent())
			}
		})
	}
}

// A Droplet that was switched off for a resize does not wait for a list of sizes that
// can't be read.
func TestResizeWithoutAPreCheck(t *testing.T) {
	w := newWorld(t)
	id := w.ask("resize", larger, approvals.Allow, "web-1")
	w.carry(id, func(r *approvals.Request) bool { return r.Targets[0].Step > 0 })
	w.answerAlways(http.MethodGet, "/v2/sizes", simdo.Refuse(403, "forbidden", "You are not authorized to perform this operation"))
	want(t, w.carry(id, nil), approvals.Completed, "")
	if d := w.do.DropletNamed("web-1"); d.Status != "active" {
		t.Errorf("web-1 is %s", d.Status)
	}
}

// Features that leave backups out do not make backups turned off: the policy decides.
func TestDisableBackupsWithoutTheFeature(t *testing.T) {
	w := newWorld(t)
	id := w.ask("disable_backups", api.Args{api.SnapshotFirst: "true"}, approvals.Approve, "db-1")
	d := w.do.DropletNamed("db-1")
	w.carry(id, func(r *approvals.Request) bool { return r.Targets[0].Step == 1 })
	without := fmt.Sprintf(`{"droplet":{"id":%d,"name":"db-1","status":"active","features":[],"size_slug":%q,"region":{"slug":%q},"image":{"id":%d}}}`,
		d.ID, d.SizeSlug, d.Region.Slug, d.Image.ID)
	w.answerAlways(http.MethodGet, fmt.Sprint("/v2/droplets/", d.ID), &simdo.Answer{Status: 200, Body: without})
	want(t, w.carry(id, nil), approvals.Completed, "")
	if w.sent() != "snapshot disable_backups" {
		t.Errorf("sent: %s", w.sent())
	}
}
