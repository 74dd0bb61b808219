package main

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"

	simdo "dropletops/internal/sim/digitalocean"
	simslack "dropletops/internal/sim/slack"
)

// slackFails has calls of Slack's Web API go wrong.
func (w *torture) slackFails(ctx context.Context, rng *rand.Rand) {
	for pause(ctx, between(rng, 300*time.Millisecond, 4*time.Second)) {
		f := oneOf(rng,
			simslack.Fault{RetryAfter: time.Duration(1+rng.IntN(3)) * time.Second}, simslack.Fault{Status: http.StatusInternalServerError},
			simslack.Fault{Status: http.StatusServiceUnavailable}, simslack.Fault{Error: "internal_error"}, simslack.Fault{Error: "fatal_error"},
			simslack.Fault{DropBefore: true}, simslack.Fault{DropAfter: true}, simslack.Fault{DropAfter: true},
			simslack.Fault{BadJSON: true}, simslack.Fault{EmptyBody: true},
			simslack.Fault{Delay: between(rng, 100*time.Millisecond, 4*time.Second)}, simslack.Fault{Hang: true})
		f.Method = oneOf(rng, "chat.postMessage", "chat.postMessage", "chat.update", "chat.update", "chat.postEphemeral", "response_url",
			"users.info", "users.info", "apps.connections.open", "auth.test")
		f.Times = oneOf(rng, 1, 1, 2, 3)
		h := w.slack.AddFault(f)
		if chance(rng, 3) { // away as a whole
			h.Remove()
			h = w.slack.AddFault(simslack.Fault{Method: "*", Times: -1, Status: http.StatusServiceUnavailable})
		}
		pause(ctx, between(rng, 500*time.Millisecond, 6*time.Second))
		h.Release()
		h.Remove()
		w.figures.add(&w.figures.faults, h.Hits())
	}
}

// slackDrops has Slack end connections in each of its ways.
func (w *torture) slackDrops(ctx context.Context, rng *rand.Rand) {
	reasons := []string{simslack.Warning, simslack.RefreshRequested, simslack.LinkDisabled, simslack.TooManyWebsockets}
	for pause(ctx, between(rng, 5*time.Second, 20*time.Second)) {
		w.slack.SetRedelivery(oneOf(rng, simslack.RedeliverNewEnvelope, simslack.RedeliverNewEnvelope, simslack.RedeliverSameEnvelope, simslack.RedeliverNever))
		var open []string
		for _, c := range w.slack.Snapshot().Connections {
			if c.Ready {
				open = append(open, c.ID)
			}
		}
		var some []string
		if len(open) > 0 && chance(rng, 70) {
			some = []string{oneOf(rng, open...)}
		}
		n := 0
		switch rng.IntN(10) {
		case 0:
			w.slack.RefuseConnections(true)
			n = w.slack.DropSockets()
			pause(ctx, between(rng, time.Second, 8*time.Second))
			w.slack.RefuseConnections(false)
		case 1:
			w.slack.DisconnectOnConnect(oneOf(rng, reasons...), 1+rng.IntN(2))
		case 2, 3, 4:
			n = w.slack.DropSockets(some...)
		default:
			n = w.slack.Disconnect(oneOf(rng, reasons...), some...)
		}
		w.figures.add(&w.figures.disconnects, n)
	}
}

// digitalOceanFails has requests to DigitalOcean go wrong, before or after they
// had their effect.
func (w *torture) digitalOceanFails(ctx context.Context, rng *rand.Rand) {
	var held []int // actions that end only when they are told to
	for pause(ctx, between(rng, 300*time.Millisecond, 4*time.Second)) {
		f := oneOf(rng,
			simdo.Fault{Answer: simdo.Burst429(time.Duration(1+rng.IntN(3)) * time.Second)},
			simdo.Fault{Answer: simdo.Hourly429(w.clock().Add(time.Duration(w.fast) * 3 * time.Second))},
			simdo.Fault{Answer: simdo.ServerError(oneOf(rng, 500, 502, 503))}, simdo.Fault{Answer: simdo.ServerError(500), After: true},
			simdo.Fault{Drop: true}, simdo.Fault{Drop: true, After: true}, simdo.Fault{Drop: true, After: true},
			simdo.Fault{Hang: true}, simdo.Fault{Hang: true, After: true},
			simdo.Fault{Answer: simdo.EmptyObject(), After: true}, simdo.Fault{Answer: simdo.EmptyBody(), After: true},
			simdo.Fault{Answer: simdo.BadJSON(), After: true}, simdo.Fault{Answer: simdo.Truncated(), After: true},
			simdo.Fault{Answer: simdo.BadJSON()}, simdo.Fault{Delay: time.Duration(w.fast) * 2 * time.Second})
		f.Match = oneOf(rng, simdo.Match{Method: http.MethodPost}, simdo.Match{Method: http.MethodPost}, simdo.Match{Method: http.MethodGet},
			simdo.Match{Method: http.MethodGet, Path: "/v2/actions/**"}, simdo.Match{Method: http.MethodGet, Path: "/v2/droplets/*"})
		if f.Method == http.MethodPost && chance(rng, 25) {
			f = simdo.Fault{Match: f.Match, Outcome: oneOf(rng, simdo.Errors, simdo.NeverEnds, simdo.NullCompletedAt, simdo.CompletesIdle)}
		}
		f.Times = oneOf(rng, 1, 1, 2, 3)
		in := w.do.Inject(f)
		if chance(rng, 3) { // away as a whole
			in.Remove()
			in = w.do.Inject(simdo.Fault{Drop: true, Times: simdo.Always})
		}
		if chance(rng, 5) {
			w.do.HoldActions()
		}
		most := 5 * time.Second
		if f.Hang && chance(rng, 15) {
			most = 40 * time.Second // until the client gives up
		}
		pause(ctx, between(rng, 300*time.Millisecond, most))
		w.do.ReleaseActions()
		in.Remove()
		w.figures.add(&w.figures.faults, in.Hits())
		if held = w.underWay(); len(held) > 0 && chance(rng, 50) {
			_ = w.do.FinishAction(oneOf(rng, held...), oneOf(rng, "completed", "completed", "errored")) // it may have ended
		}
	}
}

func (w *torture) clock() time.Time { return fastClock(w.since, w.fast)() }

// underWay are the actions that have gone on for longer than any takes by itself.
func (w *torture) underWay() (ids []int) {
	for _, a := range w.do.Actions() {
		if a.Status == "in-progress" && w.clock().Sub(a.StartedAt) > time.Duration(w.fast)*8*time.Second {
			ids = append(ids, a.ID)
		}
	}
	return ids
}

// drifting has others do things at DigitalOcean behind our back.
func (w *torture) drifting(ctx context.Context, rng *rand.Rand) {
	for pause(ctx, between(rng, 500*time.Millisecond, 5*time.Second)) {
		ours := w.ours()
		d := oneOf(rng, ours...)
		var err error
		switch rng.IntN(11) {
		case 10:
			err = w.do.IgnoreACPI(d.ID, chance(rng, 70))
		case 0:
			err = w.do.Rename(d.ID, d.Name+"x")
		case 1:
			status := oneOf(rng, "active", "off")
			w.meddlings.add(meddling{w.clock(), d.ID, status}) // before it is seen
			err = w.do.SetStatus(d.ID, status)
		case 2:
			if err = w.do.Destroy(d.ID); err == nil {
				w.meddlings.add(meddling{w.clock(), d.ID, "destroyed"})
				w.newDroplet(len(ours) + rng.IntN(1_000_000))
			}
		case 3:
			err = w.do.SetTags(d.ID, "grp-"+oneOf(rng, "0", "1", "2", "3"))
		case 4, 5, 6:
			for _, d := range ours { // those that were switched off come back
				if d.Status == "off" && chance(rng, 60) {
					err = w.do.SetStatus(d.ID, "active")
				}
			}
		default: // an event of DigitalOcean's own; refused where one is under way
			_, _ = w.do.StartAction(d.ID, "backup")
		}
		if err != nil {
			continue // it has just gone
		}
		w.figures.count(&w.figures.drifts)
	}
}

// heal ends everything that goes wrong.
func (w *torture) heal() {
	w.do.ClearFaults()
	w.do.SetLag(simdo.DefaultLag())
	w.do.ReleaseActions()
	for _, a := range w.do.Actions() {
		if a.Status == "in-progress" {
			_ = w.do.FinishAction(a.ID, "completed") // it may have ended
		}
	}
	w.slack.RefuseConnections(false)
	w.slack.DisconnectOnConnect("", 0)
	w.slack.SetRedelivery(simslack.RedeliverNewEnvelope)
	for _, p := range w.replica {
		p.heal()
	}
}
