package main

import (
	"net/http"
	"testing"

	"dropletops/internal/scratch"
	simdo "dropletops/internal/sim/digitalocean"
)

// TestOnPostgreSQL is the whole way once more on the other database: a reboot, a
// rebuild with its approval, and a kill -9 in the middle.
func TestOnPostgreSQL(t *testing.T) {
	r := newRig(t)
	r.env["DATABASE_URL"] = scratch.PostgreSQL(t)
	r.start()
	r.slash("alice", "#ops", "/droplet reboot web-1")
	r.nthCard(0, "completed")
	r.slash("alice", "#incidents", "/droplet rebuild web-2 ubuntu-24-04-x64")
	card := r.nthCard(1, "pending")
	r.placed(card)
	r.do.HoldActions()
	r.kill()
	r.start()
	r.click("bob", card, "approve")
	r.threadSays(r.nthCard(1, "running"), "DigitalOcean has begun")
	r.kill()
	r.goesOn("the action to be looked at again", simdo.Match{Method: http.MethodGet, Path: "/v2/actions/**"})
	r.do.ReleaseActions()
	r.nthCard(1, "completed")
	r.cardCount(2)
	if posts := r.posts(); len(posts) != 2 {
		t.Errorf("%d actions were accepted, want 2: %+v", len(posts), posts)
	}
	if res := r.run("audit", "verify"); res.code != exitDone {
		t.Errorf("audit verify: exit code %d: %s%s", res.code, res.stdout, res.stderr)
	}
	if res := r.run("check"); res.code != exitDone {
		t.Errorf("check: exit code %d: %s%s", res.code, res.stdout, res.stderr)
	}
	r.stopped()
}
