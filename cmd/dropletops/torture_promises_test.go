package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"dropletops/approvals"
	simslack "dropletops/internal/sim/slack"
)

// check holds everything that happened against CONTRACT §6.
func (w *torture) check() {
	all := w.requests()
	w.figures.requests = len(all)
	for _, r := range all {
		w.figures.ends[string(r.State)]++
	}
	w.leftovers(all)
	for _, p := range w.replica {
		p.end(syscall.SIGTERM)
	}
	s := w.slack.Snapshot()
	lines := w.exported()
	w.onceEach(all, lines)
	w.nothingLost(s, all)
	w.cardsTell(s, all)
	w.auditTells(all, lines)
	for _, v := range s.Violations {
		if v.Kind != "missing_pong" { // a frozen process answers no ping
			w.t.Errorf("violation of Slack's protocol: %s", v)
		}
	}
}

// onceEach: every change that DigitalOcean accepted is exactly one target's, and
// no target has two (promise 1).
func (w *torture) onceEach(all []*kept, lines []approvals.Line) {
	type place struct {
		r *kept
		t approvals.Target
	}
	owner := map[int]place{}
	var unknown []place
	for _, r := range all {
		for _, t := range r.Targets {
			for _, a := range actionsOf(t) {
				if other, twice := owner[a.ID]; twice {
					w.t.Errorf("action %d is both %s's and %s's", a.ID, other.r.ID, r.ID)
				}
				owner[a.ID] = place{r, t}
			}
			if t.State == approvals.TargetUnknown && t.Action == nil {
				unknown = append(unknown, place{r, t})
			}
		}
	}
	sent := map[int]bool{}
	for _, p := range w.posts() {
		w.figures.posts++
		sent[p.ActionID] = true
		if o, ok := owner[p.ActionID]; ok {
			if o.t.Droplet.ID != p.DropletID || !does(o.r, p.Type) {
				w.t.Errorf("request %s (%s of Droplet %d) has action %d, which is %s of Droplet %d", o.r.ID, o.r.Action.Type, o.t.Droplet.ID, p.ActionID, p.Type, p.DropletID)
			}
			continue
		}
		// Nobody's: then some target must have ended unknown because of it.
		i := slices.IndexFunc(unknown, func(u place) bool {
			since := p.Time.Sub(u.t.DispatchedAt)
			return u.t.Droplet.ID == p.DropletID && does(u.r, p.Type) && since > -time.Second && since < time.Duration(w.fast)*time.Minute
		})
		if i < 0 {
			w.figures.duplicates++
			w.t.Errorf("DigitalOcean accepted %s of Droplet %d as action %d, and it is no request's", p.Type, p.DropletID, p.ActionID)
			continue
		}
		unknown = slices.Delete(unknown, i, i+1)
		w.figures.untold++
	}
	for id, o := range owner {
		if !sent[id] {
			w.t.Errorf("request %s claims action %d of Droplet %d, which we never sent", o.r.ID, id, o.t.Droplet.ID)
		}
	}
	// By the audit log: of each request and Droplet at most one intent was not taken back.
	net := map[string]int{}
	for _, l := range lines {
		switch key := fmt.Sprint(l.RequestID, " on ", l.DropletID); l.What {
		case "dispatching":
			net[key]++
		case "not accepted", "next step":
			net[key]--
		}
	}
	for key, n := range net {
		if n > 1 {
			w.figures.duplicates++
			w.t.Errorf("%d intents to act stand at once for request %s", n, key)
		}
	}
	byTag := map[string]int{}
	for _, r := range all {
		if r.RetryOf == "" && r.Reason != "" {
			if byTag[r.Reason]++; byTag[r.Reason] == 2 {
				w.figures.duplicates++
				w.t.Errorf("the command %s made more than one request", r.Reason)
			}
		}
	}
}

// actionsOf are the actions of a target: of a composite verb one for each step.
func actionsOf(t approvals.Target) []approvals.ActionRef {
	all := slices.Clone(t.Past)
	if t.Action != nil {
		all = append(all, *t.Action)
	}
	return all
}

// does says whether a request may be behind an action of a type.
func does(r *kept, typ string) bool {
	if r.Action.Type == "stop" {
		return typ == "shutdown" || typ == "power_off"
	}
	return r.Action.Type == typ
}

// nothingLost: each command or click that was acknowledged came to a request, a
// decision, or an answer for whoever it was (promise 2).
func (w *torture) nothingLost(s *simslack.Snapshot, all []*kept) {
	made := map[string]bool{}
	got := map[string]int{} // by person and channel: what came of what they did
	cell := func(user, channel string) string {
		if u, ok := s.User(user); ok {
			user = u.ID
		}
		return user + " in " + channel
	}
	for _, r := range all {
		made[r.Reason] = true
		got[cell(r.Requester.UserID, r.Origin.ChannelID)]++
		for _, d := range r.Decisions {
			got[cell(d.By.UserID, r.Origin.ChannelID)]++
		}
	}
	told := map[string]int{}
	for _, m := range s.Ephemerals {
		told[cell(m.EphemeralTo, m.Channel)]++
		got[cell(m.EphemeralTo, m.Channel)]++
	}
	did := map[string][]string{}
	for _, c := range w.ledger.typed {
		if !c.Result().Acked {
			w.figures.unacked++
			continue
		}
		at := cell(c.user, c.channel)
		did[at] = append(did[at], c.tag+" "+c.words)
		if c.makes && !made[c.tag] && told[at] == 0 {
			w.figures.losses++
			w.t.Errorf("%s was acknowledged, and neither a request nor an answer came of it: %s", c.tag, c.words)
		}
	}
	for _, k := range w.ledger.clicks {
		if !k.Result().Acked {
			w.figures.unacked++
			continue
		}
		at := cell(k.user, k.channel)
		did[at] = append(did[at], k.action+" of "+k.request)
	}
	for at, what := range did {
		if missing := len(what) - got[at]; missing > 0 {
			w.figures.losses += missing
			w.t.Errorf("%s: %d things were acknowledged, and only %d came of them:\n%s", at, len(what), got[at], strings.Join(what, "\n"))
		}
	}
}

// cardsTell: each request ended in a state that its card shows (promise 3), and
// has one card that works (promise 2).
func (w *torture) cardsTell(s *simslack.Snapshot, all []*kept) {
	count := map[string]int{}
	for _, c := range cards(s) {
		count[idOf(c)]++
	}
	for _, r := range all {
		if !slices.Contains(terminal, string(r.State)) {
			w.t.Errorf("request %s is still %s", r.ID, r.State)
		}
		for _, t := range r.Targets {
			if !t.State.Ended() && r.State != approvals.Denied && r.State != approvals.Expired && r.State != approvals.Canceled {
				w.t.Errorf("request %s is %s, and its Droplet %d is %s", r.ID, r.State, t.Droplet.ID, t.State)
			}
		}
		if r.card.TS == "" {
			if r.State != approvals.Canceled {
				w.t.Errorf("request %s is %s and has no card", r.ID, r.State)
			}
			continue
		}
		m := s.Message(r.card.ChannelID, r.card.TS)
		if m == nil {
			w.t.Errorf("the card of request %s does not stand where it should", r.ID)
			continue
		}
		if idOf(m) != r.ID || stateOf(m) != string(r.State) {
			w.t.Errorf("request %s is %s, and its card shows %s of %s", r.ID, r.State, stateOf(m), idOf(m))
		}
		if got, ok := strings.Join(sorted(m.Actions()), " "), buttonsOf[string(r.State)]; !slices.Contains(ok, got) {
			w.t.Errorf("the card of request %s, which is %s, has the buttons %q", r.ID, r.State, got)
		}
		w.figures.moreCards += count[r.ID] - 1
	}
}

func sorted(of []string) []string { of = slices.Clone(of); slices.Sort(of); return of }

// leftovers clicks the buttons of cards that are not their request's own: each
// must say so, and do nothing.
func (w *torture) leftovers(all []*kept) {
	own := map[string]approvals.MessageRef{}
	for _, r := range all {
		own[r.ID] = r.card
	}
	tried := 0
	for _, c := range cards(w.slack.Snapshot()) {
		at := approvals.MessageRef{ChannelID: c.Channel, TS: c.TS}
		if own[idOf(c)] == at || len(c.Actions()) == 0 || tried == 20 {
			continue
		}
		tried++
		o := room{rig: w.rig, id: c.Channel}
		action := c.Actions()[0]
		user := oneOf(w.rng(999), w.members...)
		before := len(o.ephemerals(w.slack.Snapshot(), user))
		o.force(user, c, action, "", idOf(c))
		said := false
		for deadline := time.Now().Add(patience); !said && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) { // it comes when it comes
			for _, m := range o.ephemerals(w.slack.Snapshot(), user)[before:] {
				said = said || strings.Contains(m.Words(), "does not belong")
			}
		}
		if !said {
			w.t.Errorf("%s on a card of %s that is not its own does not say so", action, idOf(c))
		}
	}
	w.figures.leftovers = tried
}

// exported is the audit log, once `audit verify` has found its chain unbroken.
func (w *torture) exported() []approvals.Line {
	if res := w.rig.run("audit", "verify"); res.code != exitDone {
		w.t.Errorf("audit verify: exit code %d: %s%s", res.code, res.stdout, res.stderr)
	}
	res := w.rig.run("audit", "export")
	if res.code != exitDone {
		w.t.Errorf("audit export: exit code %d: %s", res.code, res.stderr)
	}
	var lines []approvals.Line
	for d := json.NewDecoder(bytes.NewReader([]byte(res.stdout))); d.More(); {
		var l struct{ Line approvals.Line }
		w.must(d.Decode(&l))
		lines = append(lines, l.Line)
	}
	w.figures.audit = len(lines)
	return lines
}

// auditTells: every request, decision and action is in the audit log (promise 4).
func (w *torture) auditTells(all []*kept, lines []approvals.Line) {
	count := map[string]int{}
	for _, l := range lines {
		count[l.RequestID+" "+l.What+" "+l.Who]++
		if l.What == "accepted" || l.What == "found" {
			count[l.RequestID+" action "+l.Detail["action_id"]]++
		}
	}
	said := map[approvals.DecisionKind]string{approvals.ToApprove: "approved", approvals.ToDeny: "denied", approvals.ToConfirm: "confirmed", approvals.ToCancel: "canceled"}
	for _, r := range all {
		want := map[string]int{r.ID + " requested " + r.Requester.UserID: 1}
		for _, d := range r.Decisions {
			want[r.ID+" "+said[d.Kind]+" "+d.By.UserID]++
		}
		for _, t := range r.Targets {
			for _, a := range actionsOf(t) {
				want[r.ID+" action "+strconv.Itoa(a.ID)]++
			}
		}
		for what, n := range want {
			if count[what] != n {
				w.t.Errorf("the audit log says %d times %q, want %d", count[what], what, n)
			}
		}
	}
}
