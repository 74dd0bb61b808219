package main

import (
	"net/http"
	"testing"
	"time"

	simdo "dropletops/internal/sim/digitalocean"
)

// endsWithin stops the program with SIGTERM, and checks how long that takes.
func (r *rig) endsWithin(most time.Duration) {
	r.t.Helper()
	began := time.Now()
	if code := r.stop(); code != exitDone {
		r.t.Errorf("exit code %d after SIGTERM", code)
	}
	took := time.Since(began)
	r.t.Logf("ended %s after SIGTERM", took.Round(time.Millisecond))
	if took > most {
		r.t.Errorf("it took %s to end after SIGTERM; %s are allowed here", took, most)
	}
}

// endsSoon is how long an end may take of which nothing is at stake. Most of it is
// room for a busy machine.
const endsSoon = time.Second

// TestStopsSoon: only a POST whose answer is on its way is worth waiting for at the
// end. All else is in the database, and the next start goes on with it.
func TestStopsSoon(t *testing.T) {
	in(t, "idle", func(r *rig) { r.start().endsWithin(endsSoon) })
	in(t, "an action is followed", func(r *rig) {
		r.do.Inject(simdo.Fault{Match: posting("reboot"), Outcome: simdo.NeverEnds})
		r.start()
		r.slash("alice", "#ops", "/droplet reboot web-1")
		r.threadSays(r.card("running"), "has begun")
		r.endsWithin(endsSoon)
	})
	in(t, "a look at an action hangs", func(r *rig) {
		f := r.do.Inject(simdo.Fault{Match: simdo.Match{Method: http.MethodGet, Path: "/v2/actions/*"}, Hang: true, Times: simdo.Always})
		r.start()
		r.slash("alice", "#ops", "/droplet reboot web-1")
		r.struck(f)
		r.endsWithin(endsSoon)
		f.Remove()
		r.start()
		r.card("completed")
		r.onePost()
	})
	in(t, "the recheck hangs", func(r *rig) {
		r.start()
		r.slash("alice", "#ops", "/droplet password-reset web-1")
		card := r.card("pending")
		r.placed(card)
		f := r.do.Inject(simdo.Fault{Match: simdo.Match{Method: http.MethodGet}, Hang: true, Times: simdo.Always})
		r.click("bob", card, "approve")
		r.struck(f)
		r.endsWithin(endsSoon)
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
		r.endsWithin(10 * time.Second)
		r.start()
		r.threadSays(r.card("completed"), "was lost")
		r.onePost()
	})
}
