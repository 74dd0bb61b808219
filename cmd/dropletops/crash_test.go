package main

import (
	"database/sql"
	"net/http"
	"strings"
	"testing"
	"time"

	"dropletops/internal/scratch"
	simdo "dropletops/internal/sim/digitalocean"
	simslack "dropletops/internal/sim/slack"
)

func TestKilledWhileARequestWaits(t *testing.T) {
	r := newRig(t).start()
	r.slash("alice", "#ops", "/droplet rebuild web-1 ubuntu-24-04-x64")
	card := r.card("pending")
	r.placed(card)
	r.kill()
	r.start()
	if card = r.card("pending"); !hasButtons(card, "approve", "deny", "cancel", "snapshot_first") {
		t.Errorf("buttons after the restart: %v", card.Actions())
	}
	r.click("bob", card, "approve")
	r.card("completed")
	r.onePost()
	r.cardCount(1)
	r.noViolations()
}

func TestKilledWhileAnActionRuns(t *testing.T) {
	r := newRig(t).start()
	r.do.HoldActions()
	r.slash("alice", "#ops", "/droplet reboot web-1")
	card := r.card("running")
	r.threadSays(card, "DigitalOcean has begun")
	r.kill()
	r.goesOn("the action to be looked at again", simdo.Match{Method: http.MethodGet, Path: "/v2/actions/**"})
	r.do.ReleaseActions()
	r.card("completed")
	r.threadSays(card, "is done")
	r.onePost()
	r.cardCount(1)
	if n := r.asked("reboot"); n != 1 {
		t.Errorf("reboot was sent %d times", n)
	}
	ends := 0
	for _, m := range r.slack.Snapshot().Thread(card.Channel, card.TS) {
		if strings.Contains(m.Text, "is done") {
			ends++
		}
	}
	if ends != 1 {
		t.Errorf("the thread tells the end %d times:\n%s", ends, transcript(r.slack.Snapshot()))
	}
}

func TestKilledWhileThePostHangs(t *testing.T) {
	in(t, "accepted", func(r *rig) {
		r.start()
		f := r.do.Inject(simdo.Fault{Match: posting("reboot"), Hang: true, After: true})
		r.slash("alice", "#ops", "/droplet reboot web-1")
		r.struck(f)
		r.kill()
		r.start()
		card := r.card("completed")
		r.threadSays(card, "was lost")
		r.onePost()
		if n := r.asked("reboot"); n != 1 {
			r.t.Errorf("reboot was sent %d times", n)
		}
	})
	in(t, "not accepted", func(r *rig) {
		r.start()
		f := r.do.Inject(simdo.Fault{Match: posting("reboot"), Hang: true})
		r.slash("alice", "#ops", "/droplet reboot web-1")
		r.struck(f)
		r.kill()
		r.start()
		r.threadSays(r.card("running"), "was lost")
		r.unknownAMinuteLater()
	})
}

// unknownAMinuteLater has the search for a lost answer run out, and a person try
// again.
func (r *rig) unknownAMinuteLater() {
	r.t.Helper()
	r.kill()
	r.later(70 * time.Second)
	r.start()
	card := r.card("unknown")
	if len(r.posts()) != 0 {
		r.t.Fatalf("something was accepted: %+v", r.posts())
	}
	if n := r.asked("reboot"); n != 1 {
		r.t.Errorf("reboot was sent %d times", n)
	}
	if !hasButtons(card, "retry") {
		r.t.Errorf("buttons: %v", card.Actions())
	}
	r.do.ClearFaults()
	r.click("alice", card, "retry")
	again := r.nthCard(1, "completed")
	if idOf(again) == idOf(card) {
		r.t.Error("the retry is the same request")
	}
	r.onePost()
	r.stale("alice", card, "retry")
	r.told("alice", "retried already")
	r.onePost()
}

func TestKilledBetweenAckAndHandling(t *testing.T) {
	commands := map[string]func(r *rig){
		"command": func(r *rig) { r.slash("alice", "#ops", "/droplet reboot web-1") },
		"mention": func(r *rig) {
			_, d, err := r.slack.Mention("alice", "#ops", "", "reboot web-1")
			if err != nil {
				r.t.Fatal(err)
			}
			r.acked(d)
		},
	}
	for name, ask := range commands {
		in(t, name+" while Slack is asked who it is", func(r *rig) {
			r.start()
			f := r.slack.AddFault(simslack.Fault{Method: "users.info", Hang: true, Times: -1})
			ask(r)
			r.slackHit(f, 1)
			r.kill()
			f.Remove()
			r.carriedOutOnce()
		})
		in(t, name+" while DigitalOcean is asked", func(r *rig) {
			r.start()
			f := r.do.Inject(simdo.Fault{Match: simdo.Match{Method: http.MethodGet, Path: "/v2/**"}, Hang: true, Times: simdo.Always})
			ask(r)
			r.struck(f)
			r.kill()
			f.Remove()
			r.carriedOutOnce()
		})
	}
	in(t, "a click", func(r *rig) {
		r.start()
		r.slash("alice", "#ops", "/droplet rebuild web-1 ubuntu-24-04-x64")
		card := r.card("pending")
		r.placed(card)
		f := r.slack.AddFault(simslack.Fault{Method: "users.info", Hang: true, Times: -1})
		r.click("bob", card, "approve")
		r.slackHit(f, 1)
		r.kill()
		f.Remove()
		r.carriedOutOnce()
	})
}

// carriedOutOnce starts the program again, and checks that what was acknowledged
// is done, once.
func (r *rig) carriedOutOnce() {
	r.t.Helper()
	if n := len(r.posts()); n != 0 {
		r.t.Fatalf("%d actions were accepted before the kill", n)
	}
	r.goesOn("the action to be sent", simdo.Match{Method: http.MethodPost})
	r.card("completed")
	r.onePost()
	r.cardCount(1)
	r.noViolations()
}

// TestExpiredWhileAway: the time for a decision ran out while nothing was running.
func TestExpiredWhileAway(t *testing.T) {
	r := newRig(t).start()
	r.slash("alice", "#ops", "/droplet rebuild web-1 ubuntu-24-04-x64")
	card := r.card("pending")
	r.placed(card)
	r.kill()
	r.later(31 * time.Minute)
	r.start()
	if card = r.card("expired"); !hasButtons(card) {
		t.Errorf("buttons are left: %v", card.Actions())
	}
	r.threadSays(card, "expired")
	r.stale("bob", card, "approve")
	r.told("bob", "expired")
	if n := len(r.posts()); n != 0 {
		t.Errorf("%d actions were accepted", n)
	}
	r.cardCount(1)
}

// TestALostWakeUpIsMadeAnew: whatever takes a request's wake-up away, it is carried
// on without a restart.
func TestALostWakeUpIsMadeAnew(t *testing.T) {
	for name, on := range map[string]func(*testing.T) string{"SQLite": nil, "PostgreSQL": scratch.PostgreSQL} {
		in(t, name, func(r *rig) {
			var db *sql.DB
			if on == nil {
				db = r.open("sqlite", "file:"+r.file()+"?_pragma=busy_timeout(60000)")
			} else {
				r.env["DATABASE_URL"] = on(r.t)
				db = r.open("pgx", r.env["DATABASE_URL"])
			}
			r.do.HoldActions()
			r.start()
			r.slash("alice", "#ops", "/droplet reboot web-1")
			r.threadSays(r.card("running"), "has begun")
			r.until("its wake-up to wait, and to be deleted", func() bool {
				res, err := db.ExecContext(r.t.Context(), `DELETE FROM river_job WHERE kind = 'advance' AND state IN ('scheduled', 'available')`)
				if err != nil {
					r.t.Fatal(err)
				}
				n, err := res.RowsAffected()
				return n > 0 && err == nil
			})
			r.do.ReleaseActions()
			r.card("completed")
			r.onePost()
		})
	}
}

// open opens the program's database beside it.
func (r *rig) open(driver, dsn string) *sql.DB {
	r.t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		if err := db.Close(); err != nil {
			r.t.Error(err)
		}
	})
	return db
}
