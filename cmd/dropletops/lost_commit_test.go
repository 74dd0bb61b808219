package main

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"dropletops/internal/scratch"
)

// TestCommitsWhoseAnswerIsLost: at each commit in turn the database does what it was asked,
// and its answer is lost. A person sees nothing of it: what they asked for is done, once, and
// nobody is told otherwise.
func TestCommitsWhoseAnswerIsLost(t *testing.T) {
	for name, postgres := range map[string]bool{"SQLite": false, "PostgreSQL": true} {
		t.Run(name, func(t *testing.T) {
			for _, s := range scenarios {
				if s.name != "at once" && s.name != "approved" || postgres && s.name == "approved" && !thorough() {
					continue
				}
				t.Run(s.name, func(t *testing.T) {
					for _, p := range commits(t, s) {
						t.Run(p, func(t *testing.T) { loseAt(t, s, p, postgres) })
					}
				})
			}
		})
	}
}

// commits carries a scenario out, and returns the points right after its commits that
// belong to it, each as often as it comes by.
func commits(t *testing.T, s scenario) []string {
	seen := map[string]bool{}
	for _, p := range newRig(t).pointsOf(s) {
		for _, of := range []string{"create", "update", "posting", "published", "told", "handled"} {
			if strings.HasPrefix(p, "database: "+of+", after its commit#") {
				seen[p] = true
			}
		}
	}
	if len(seen) < 6 {
		t.Fatalf("only %d commits were found: %v", len(seen), seen)
	}
	return slices.Sorted(maps.Keys(seen))
}

func loseAt(t *testing.T, s scenario, point string, postgres bool) {
	r := newRig(t)
	if postgres {
		r.env["DATABASE_URL"] = scratch.PostgreSQL(t)
	}
	r.env["DROPLETOPS_TEST_LOSE"] = point
	r.start()
	s.do(r)
	card := r.card("completed")
	for _, user := range []string{"alice", "bob"} {
		for _, m := range r.slack.Snapshot().EphemeralsFor(user) {
			if !strings.Contains(m.Words(), "its card waits for its turn") {
				t.Errorf("%s is told: %s", user, m.Words())
			}
		}
	}
	for _, m := range r.slack.Snapshot().Thread(card.Channel, card.TS) {
		if strings.Contains(m.Text, "was lost") {
			t.Errorf("the thread says: %s", m.Text)
		}
	}
	r.onePost()
	r.stop()
	r.promises()
}
