package main

import (
	"net/http"
	"testing"

	simdo "dropletops/internal/sim/digitalocean"
	simslack "dropletops/internal/sim/slack"
)

func TestStopWhenIdle(t *testing.T) {
	r := newRig(t).start()
	r.stopped()
	r.wait("the sockets to be gone", func(s *simslack.Snapshot) bool { return s.ReadySockets() == 0 })
	r.noViolations()
	r.start()
	r.slash("alice", "#ops", "/droplet reboot web-1")
	r.card("completed")
}

func TestStopWithACommandInHand(t *testing.T) {
	r := newRig(t).start()
	f := r.do.Inject(simdo.Fault{Match: simdo.Match{Method: http.MethodGet, Path: "/v2/**"}, Hang: true, Times: simdo.Always})
	r.slash("alice", "#ops", "/droplet reboot web-1")
	r.struck(f)
	r.stopped()
	f.Remove()
	r.carriedOutOnce()
}

func TestStopWhileAnActionRuns(t *testing.T) {
	r := newRig(t).start()
	r.do.HoldActions()
	r.slash("alice", "#ops", "/droplet reboot web-1")
	r.threadSays(r.card("running"), "DigitalOcean has begun")
	r.stopped()
	r.goesOn("the action to be looked at again", simdo.Match{Method: http.MethodGet, Path: "/v2/actions/**"})
	r.do.ReleaseActions()
	r.card("completed")
	r.onePost()
	r.cardCount(1)
}

func TestStopWhileThePostHangs(t *testing.T) {
	in(t, "accepted", func(r *rig) {
		r.start()
		f := r.do.Inject(simdo.Fault{Match: posting("reboot"), Hang: true, After: true})
		r.slash("alice", "#ops", "/droplet reboot web-1")
		r.struck(f)
		r.stopped()
		r.start()
		r.card("completed")
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
		r.stopped()
		r.start()
		r.threadSays(r.card("running"), "was lost")
		r.unknownAMinuteLater()
	})
	in(t, "answered meanwhile", func(r *rig) {
		r.start()
		f := r.do.Inject(simdo.Fault{Match: posting("reboot"), Hang: true})
		r.slash("alice", "#ops", "/droplet reboot web-1")
		r.struck(f)
		done := make(chan struct{})
		go func() { // while it is stopping
			defer close(done)
			_, _ = r.slack.WaitFor(r.t.Context(), func(s *simslack.Snapshot) bool { return s.ReadySockets() == 0 })
			f.Release()
		}()
		r.stopped()
		<-done
		r.start()
		r.card("completed")
		if n := r.asked("reboot"); n != 1 {
			r.t.Errorf("reboot was sent %d times", n)
		}
	})
}
