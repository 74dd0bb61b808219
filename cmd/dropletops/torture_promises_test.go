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

	"dropletops/api"
	"dropletops/approvals"
	simdo "dropletops/internal/sim/digitalocean"
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
	w.nothingLost(s, all, lines)
	w.cardsTell(s, all)
	w.auditTells(all, lines)
	w.nobodyLeftOff(all)
	w.createdOnce()
	w.nobodyBlamed()
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
	owner := map[string]place{}
	var unknown []place
	for _, r := range all {
		for _, t := range r.Targets {
			for _, key := range changesOf(t) {
				if other, twice := owner[key]; twice && !strings.HasPrefix(key, "destroy") { // of two, one may find that it is gone
					w.t.Errorf("%s is both %s's and %s's", key, other.r.ID, r.ID)
				}
				owner[key] = place{r, t}
			}
			if t.State == approvals.TargetUnknown && t.Action == nil {
				unknown = append(unknown, place{r, t})
			}
		}
	}
	for _, r := range all {
		if r.Sent() && !decidedOn(r) {
			w.t.Errorf("request %s (%s) was sent, and nobody decided on it as it should be: %+v", r.ID, r.Verdict.Outcome, r.Decisions)
		}
	}
	sent := map[string]bool{}
	for _, p := range w.posts() {
		w.figures.posts++
		switch p.Type {
		case "create":
			w.figures.created++
		case "destroy":
			w.figures.destroyed++
		}
		key := changeBy(p)
		if sent[key] {
			w.t.Errorf("DigitalOcean accepted %s twice", key)
		}
		sent[key] = true
		if o, ok := owner[key]; ok {
			if o.t.DropletID() != p.DropletID || !does(o.r, p.Type) {
				w.t.Errorf("request %s (%s of Droplet %d) has %s, which is %s of Droplet %d", o.r.ID, o.r.Action.Type, o.t.DropletID(), key, p.Type, p.DropletID)
			}
			continue
		}
		// Nobody's: then some target must have ended unknown because of it.
		i := slices.IndexFunc(unknown, func(u place) bool {
			since := p.Time.Sub(u.t.DispatchedAt)
			return aimedAt(u.t, p) && does(u.r, p.Type) && since > -time.Second && since < time.Duration(w.fast)*time.Minute
		})
		if i < 0 {
			w.figures.duplicates++
			w.t.Errorf("DigitalOcean accepted %s of Droplet %d (%s), and it is no request's", p.Type, p.DropletID, key)
			continue
		}
		unknown = slices.Delete(unknown, i, i+1)
		w.figures.untold++
	}
	for key, o := range owner {
		if !sent[key] && !strings.HasPrefix(key, "destroy") { // which others did, while the answer was lost
			w.t.Errorf("request %s claims %s of Droplet %d, which we never sent", o.r.ID, key, o.t.DropletID())
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

// decidedOn says whether a request was approved by another person, or confirmed by
// its own, where that must be.
func decidedOn(r *kept) bool {
	if r.Verdict.Outcome == approvals.Allow {
		return true
	}
	return slices.ContainsFunc(r.Decisions, func(d approvals.Decision) bool {
		mine := d.By.UserID == r.Requester.UserID
		return d.Round == r.Round && (d.Kind == approvals.ToApprove && r.Verdict.Outcome == approvals.Approve && !mine ||
			d.Kind == approvals.ToConfirm && r.Verdict.Outcome == approvals.Confirm && mine)
	})
}

// changesOf names the changes that a target claims: its actions, of a composite verb
// one for each step; the Droplet that it made; or that it destroyed one, of which
// DigitalOcean makes no action.
func changesOf(t approvals.Target) (out []string) {
	for _, a := range t.Past {
		out = append(out, fmt.Sprint("action ", a.ID))
	}
	switch {
	case t.Made != 0:
		out = append(out, fmt.Sprint("create of ", t.Made))
	case t.Action == nil:
	case t.Action.ID != 0:
		out = append(out, fmt.Sprint("action ", t.Action.ID))
	default:
		out = append(out, fmt.Sprint("destroy of ", t.Droplet.ID))
	}
	return out
}

// changeBy names a change that DigitalOcean accepted, as changesOf does.
func changeBy(p simdo.Post) string {
	if p.Type == "create" || p.Type == "destroy" {
		return fmt.Sprint(p.Type, " of ", p.DropletID)
	}
	return fmt.Sprint("action ", p.ActionID)
}

// aimedAt says whether a target is about what was changed: that Droplet, or one of
// the name that was made.
func aimedAt(t approvals.Target, p simdo.Post) bool {
	if p.Type != "create" {
		return t.Droplet.ID == p.DropletID
	}
	var made struct{ Name string }
	return json.Unmarshal(p.Body, &made) == nil && made.Name == t.Droplet.Name
}

// actionsOf are the actions of a target that have an ID.
func actionsOf(t approvals.Target) []approvals.ActionRef {
	all := slices.Clone(t.Past)
	if t.Action != nil && t.Action.ID != 0 {
		all = append(all, *t.Action)
	}
	return all
}

// does says whether a request may be behind an action of a type.
func does(r *kept, typ string) bool {
	a, ok := api.Lookup(r.Action.Type)
	if !ok {
		return false
	}
	for _, status := range []string{"active", "off"} { // what it was like is told by what was sent
		for _, p := range a.Parts(api.Droplet{Status: status}, r.Action.Args, r.CreatedAt) {
			if p.Type == typ {
				return true
			}
		}
	}
	return false
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
	for _, r := range all {
		want := map[string]int{r.ID + " requested " + r.Requester.UserID: 1}
		for _, d := range r.Decisions {
			want[r.ID+" "+decides[string(d.Kind)]+" "+d.By.UserID]++
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
