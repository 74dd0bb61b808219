package main

import (
	"net/http"
	"strings"
	"testing"

	"dropletops/internal/scratch"
	simslack "dropletops/internal/sim/slack"
)

// Replicas know how many they are, and of one that ended.
func TestReplicasShareThePace(t *testing.T) {
	url := scratch.PostgreSQL(t)
	r := newRig(t)
	r.env["DATABASE_URL"] = url
	r.start()
	one := r.proc
	are := func(n string) func(int, string) bool {
		return func(code int, body string) bool {
			return code == http.StatusOK && strings.Contains(body, "\ndropletops_replicas "+n+"\n")
		}
	}
	r.answers("/metrics", are("1"))
	two := r.launch("serve")
	r.wait("the sockets of both", func(s *simslack.Snapshot) bool { return s.ReadySockets() == 4 })
	r.answers("/metrics", are("2"))
	r.proc = one
	r.answers("/metrics", are("2"))
	r.proc = two
	if code := r.stop(); code != 0 {
		t.Errorf("the second one ended with %d", code)
	}
	r.proc = one
	r.answers("/metrics", are("1"))
	r.slash("alice", "#ops", "/droplet reboot web-1")
	r.card("completed")
}
