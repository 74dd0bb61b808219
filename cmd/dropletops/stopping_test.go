package main

import (
	"net/http"
	"testing"
	"time"

	simdo "dropletops/internal/sim/digitalocean"
)

// TestStopsSoon: only a POST whose answer is on its way is worth waiting for at the
// end. All else is in the database, and the next start goes on with it.
func TestStopsSoon(t *testing.T) {
	soon := func(t *testing.T, name string, f func(r *rig)) {
		in(t, name, func(r *rig) {
			r.env["DROPLETOPS_TEST_DRAIN"] = (10 * time.Minute).String() // which would be waited for
			f(r)
		})
	}
	soon(t, "idle", func(r *rig) { r.start().stopped() })
	soon(t, "an action is followed", func(r *rig) {
		r.do.Inject(simdo.Fault{Match: posting("reboot"), Outcome: simdo.NeverEnds})
		r.start()
		r.slash("alice", "#ops", "/droplet reboot web-1")
		r.threadSays(r.card("running"), "has begun")
		r.stopped()
	})
	soon(t, "a look at an action hangs", func(r *rig) {
		f := r.do.Inject(simdo.Fault{Match: simdo.Match{Method: http.MethodGet, Path: "/v2/actions/*"}, Hang: true, Times: simdo.Always})
		r.start()
		r.slash("alice", "#ops", "/droplet reboot web-1")
		r.struck(f)
		r.stopped()
		f.Remove()
		r.start()
		r.card("completed")
		r.onePost()
	})
	soon(t, "the recheck hangs", func(r *rig) {
		r.start()
		r.slash("alice", "#ops", "/droplet password-reset web-1")
		card := r.card("pending")
		r.placed(card)
		f := r.do.Inject(simdo.Fault{Match: simdo.Match{Method: http.MethodGet}, Hang: true, Times: simdo.Always})
		r.click("bob", card, "approve")
		r.struck(f)
		r.stopped()
		f.Remove()
		r.start()
		r.card("completed")
		r.onePost()
	})
	in(t, "a POST hangs", func(r *rig) {
		r.start()
		f := r.do.Inject(simdo.Fault{Match: posting("reboot"), Hang: true, After: true})
		r.slash("alice", "#ops", "/droplet reboot web-1")
		r.struck(f)
		r.stopped()
		r.start()
		r.threadSays(r.card("completed"), "was lost")
		r.onePost()
	})
}
