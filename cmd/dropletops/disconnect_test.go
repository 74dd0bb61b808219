package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	simslack "dropletops/internal/sim/slack"
)

// inFlight sends commands from several channels, and a mention, and does not
// wait for their acknowledgements. Each is about a Droplet of its own.
func (r *rig) inFlight() (all []*simslack.Delivery, droplets []int) {
	r.t.Helper()
	for i, where := range []string{"#ops", "#incidents", "#security"} {
		name := fmt.Sprintf("node-%d", i+1)
		droplets = append(droplets, r.do.AddDroplet(name, "", "", ""))
		d, err := r.slack.SlashCommand("alice", where, "/droplet reboot "+name)
		if err != nil {
			r.t.Fatal(err)
		}
		all = append(all, d)
	}
	droplets = append(droplets, r.do.AddDroplet("node-4", "", "", ""))
	_, d, err := r.slack.Mention("alice", "#partners", "", "reboot node-4")
	if err != nil {
		r.t.Fatal(err)
	}
	return append(all, d), droplets
}

// allDone checks that each command was done, once, and has one card. A person
// whose command was delivered again may have seen operation_timeout before.
func (r *rig) allDone(all []*simslack.Delivery, droplets []int) {
	r.t.Helper()
	r.wait("all cards to be completed", func(s *simslack.Snapshot) bool {
		done := 0
		for _, c := range cards(s) {
			if stateOf(c) == "completed" {
				done++
			}
		}
		return done >= len(droplets)
	})
	for _, id := range droplets {
		if n := len(r.do.Posts(id)); n != 1 {
			r.t.Errorf("Droplet %d got %d actions, want 1", id, n)
		}
	}
	r.cardCount(len(droplets))
}

func TestDisconnectWithEnvelopesInFlight(t *testing.T) {
	cuts := map[string]func(r *rig){"TCP drop": func(r *rig) { r.slack.DropSockets() }}
	for _, reason := range []string{simslack.Warning, simslack.RefreshRequested, simslack.LinkDisabled, simslack.TooManyWebsockets} {
		cuts[reason] = func(r *rig) { r.slack.Disconnect(reason) }
	}
	for name, cut := range cuts {
		in(t, name, func(r *rig) {
			r.start()
			all, droplets := r.inFlight()
			cut(r)
			r.allDone(all, droplets)
			r.wait("both sockets to be back", func(s *simslack.Snapshot) bool { return s.ReadySockets() >= 2 })
			r.fewOpens()
		})
	}
	// What Slack sends on one socket while the other is told to go.
	in(t, "one of two", func(r *rig) {
		r.start()
		for _, c := range r.slack.Snapshot().Connections {
			if c.Ready {
				r.slack.Disconnect(simslack.RefreshRequested, c.ID)
				break
			}
		}
		all, droplets := r.inFlight()
		r.allDone(all, droplets)
	})
	in(t, "a click", func(r *rig) {
		r.start()
		r.slash("alice", "#ops", "/droplet rebuild web-1 ubuntu-24-04-x64")
		card := r.card("pending")
		r.placed(card)
		if _, err := r.slack.Click(simslack.Click{User: "bob", Channel: card.Channel, TS: card.TS, ActionID: "approve"}); err != nil {
			r.t.Fatal(err)
		}
		r.slack.DropSockets()
		r.card("completed")
		r.onePost()
		r.cardCount(1)
	})
	in(t, "with the same envelope again", func(r *rig) {
		r.slack.SetRedelivery(simslack.RedeliverSameEnvelope)
		r.start()
		all, droplets := r.inFlight()
		r.slack.DropSockets()
		r.allDone(all, droplets)
	})
}

// TestConnectionsAreRefusedForAWhile: what was acknowledged before goes on, and
// afterwards commands get through again.
func TestConnectionsAreRefusedForAWhile(t *testing.T) {
	r := newRig(t).start()
	all, droplets := r.inFlight()
	for _, d := range all {
		r.acked(d)
	}
	r.slack.RefuseConnections(true)
	r.slack.DropSockets()
	r.allDone(all, droplets)
	r.wait("it to try again", func(s *simslack.Snapshot) bool { return len(opens(s)) >= 4 })
	r.slack.RefuseConnections(false)
	r.wait("a socket", func(s *simslack.Snapshot) bool { return s.ReadySockets() > 0 })
	r.becomesReady()
	r.slash("alice", "#ops", "/droplet reboot web-1")
	r.card("completed")
	r.pacedOpens()
}

func TestDisconnectOnConnect(t *testing.T) {
	r := newRig(t)
	r.slack.DisconnectOnConnect(simslack.LinkDisabled, 1_000_000)
	r.launch("serve")
	// Without a pace of our own slack-go opens thousands a second.
	r.wait("it to try again", func(s *simslack.Snapshot) bool { return len(opens(s)) >= 4 })
	if code, why := r.get("/readyz"); code != 503 || !strings.Contains(why, "no socket to Slack has had its hello yet") {
		t.Errorf("/readyz answers %d %s", code, why)
	}
	r.slack.DisconnectOnConnect("", 0)
	r.wait("a socket", func(s *simslack.Snapshot) bool { return s.ReadySockets() > 0 })
	r.becomesReady()
	r.slash("alice", "#ops", "/droplet reboot web-1")
	r.card("completed")
	r.pacedOpens()
}

// pacedOpens checks the pace of apps.connections.open: at most 3 at once and one
// every 8 s from then on, which makes 10 in the first minute; 12 are allowed. On a
// busy machine a call may arrive later than its time, and so closer to the next.
func (r *rig) pacedOpens() {
	r.t.Helper()
	const burst, every, jitter = 3, 8 * time.Second, 2 * time.Second
	all := opens(r.slack.Snapshot())
	for i := burst; i < len(all); i++ {
		if d := all[i].At.Sub(all[i-burst].At); d < every-jitter {
			r.t.Errorf("%d calls of apps.connections.open in %s; at that pace a minute has more than 12", burst+1, d)
			return
		}
	}
	r.fewOpens()
}

// TestRedeliveredEnvelopes: the same command again, in the same envelope or in
// another, does nothing more.
func TestRedeliveredEnvelopes(t *testing.T) {
	r := newRig(t).start()
	command, err := r.slack.SlashCommand("alice", "#ops", "/droplet reboot web-1")
	if err != nil {
		t.Fatal(err)
	}
	r.acked(command)
	_, event, err := r.slack.Mention("alice", "#incidents", "", "reboot web-2")
	if err != nil {
		t.Fatal(err)
	}
	r.acked(event)
	r.wait("both to be completed", func(s *simslack.Snapshot) bool {
		cs := cards(s)
		return len(cs) == 2 && stateOf(cs[0]) == "completed" && stateOf(cs[1]) == "completed"
	})
	again := func(d *simslack.Delivery, newEnvelope bool) {
		r.slack.Redeliver(d, newEnvelope)
		r.wait("the redelivery to be acknowledged", func(*simslack.Snapshot) bool {
			as := d.Result().Attempts
			return as[len(as)-1].Acked
		})
	}
	for _, d := range []*simslack.Delivery{command, event} {
		again(d, false)
		again(d, true)
	}
	// And a click.
	r.slash("alice", "#ops", "/droplet rebuild web-3 ubuntu-24-04-x64")
	card := r.nthCard(2, "pending")
	click, err := r.slack.Click(simslack.Click{User: "bob", Channel: card.Channel, TS: card.TS, ActionID: "approve"})
	if err != nil {
		t.Fatal(err)
	}
	r.acked(click)
	r.nthCard(2, "completed")
	again(click, false)
	again(click, true)
	// After a restart it is still known.
	r.kill()
	r.start()
	again(command, true)
	again(event, true)
	again(click, true)
	r.slash("alice", "#ops", "/droplet help")
	r.told("alice", "reboot")
	r.cardCount(3)
	if n := len(r.posts()); n != 3 {
		t.Errorf("%d actions were accepted, want 3: %+v", n, r.posts())
	}
	if said := r.slack.Snapshot().EphemeralsFor("bob"); len(said) != 0 {
		t.Errorf("bob was told %q of a click that was delivered again", said[0].Text)
	}
}
