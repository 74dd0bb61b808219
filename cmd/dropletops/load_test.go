package main

import (
	"strings"
	"testing"
	"time"

	simdo "dropletops/internal/sim/digitalocean"
	simslack "dropletops/internal/sim/slack"
)

// many makes Droplets, and answers their names.
func (r *rig) many(n int) []string {
	r.t.Helper()
	var names []string
	for _, id := range r.do.AddDroplets(n, "load") {
		d, ok := r.do.Droplet(id)
		if !ok {
			r.t.Fatalf("Droplet %d is not there", id)
		}
		names = append(names, d.Name)
	}
	return names
}

// busiest is how many requests DigitalOcean got in its busiest minute.
func (r *rig) busiest() int {
	all := r.do.Requests()
	most, first := 0, 0
	for i := range all {
		for all[i].Time.Sub(all[first].Time) >= time.Minute {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// faultless checks that nobody was answered with a reference.
func (r *rig) faultless(s *simslack.Snapshot) {
	r.t.Helper()
	for _, m := range s.Ephemerals {
		if strings.Contains(m.Text, "f-") && strings.Contains(strings.ToLower(m.Text), "reference") || strings.Contains(m.Text, "Nothing was started") {
			r.t.Errorf("someone was told %q", m.Text)
		}
	}
}

// carriedOut waits until DigitalOcean has accepted so many actions. Their ends and
// cards are not waited for: those follow at Slack's pace, which is slower.
func (r *rig) carriedOut(n int, most time.Duration) {
	r.t.Helper()
	for deadline := time.Now().Add(most); len(r.posts()) < n; time.Sleep(100 * time.Millisecond) { // nothing tells of it
		if time.Now().After(deadline) {
			r.t.Fatalf("%d of %d actions were accepted after %s", len(r.posts()), n, most)
		}
	}
}

// load types so many commands, one each pause, and checks what became of them.
func (r *rig) load(commands int, pause, most time.Duration) {
	r.t.Helper()
	names := r.many(commands)
	r.start()
	began := time.Now()
	tick := time.NewTicker(max(pause, time.Millisecond))
	defer tick.Stop()
	for i, name := range names {
		r.slash([]string{"alice", "bob", "carol"}[i%3], []string{"#ops", "#incidents"}[i%2], "/droplet reboot "+name)
		<-tick.C
	}
	typed := time.Now()
	r.carriedOut(commands, most)
	kinds := map[string]int{}
	for _, q := range r.do.Requests() {
		kinds[q.Method+" "+ids.ReplaceAllString(q.Path, "/N")]++
	}
	r.t.Logf("%d commands, typed in %s, were sent %s later; %d requests: %v, %d in the busiest minute", commands,
		typed.Sub(began).Round(time.Second), time.Since(typed).Round(time.Second), len(r.do.Requests()), kinds, r.busiest())
	r.faultless(r.slack.Snapshot())
	if n := len(r.posts()); n != commands {
		r.t.Errorf("%d actions were accepted, want %d", n, commands)
	}
	if n := r.busiest(); n > 250 {
		r.t.Errorf("%d requests in a minute", n)
	}
}

// TestFlood: more is asked for at once than DigitalOcean takes in a minute. It waits,
// and everything is carried out.
func TestFlood(t *testing.T) {
	newRigOn(t, simdo.Options{Speed: speed, StatusLag: 200 * time.Millisecond}).load(100, 0, 4*patience)
}

// TestSixtyCommandsAMinute: all are sent, and none ends in a fault, though each takes
// several requests of the 250 a minute. How soon is in the log of the test: that
// depends on the machine.
func TestSixtyCommandsAMinute(t *testing.T) {
	newRigOn(t, simdo.Options{Speed: speed, StatusLag: 200 * time.Millisecond}).load(90, time.Second, 4*patience)
}
