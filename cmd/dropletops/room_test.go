package main

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"dropletops/approvals"
	simdo "dropletops/internal/sim/digitalocean"
	simslack "dropletops/internal/sim/slack"
)

// room is a channel of its own in a rig, so that several requests can go on side
// by side: Slack takes one message a second in each channel.
type room struct {
	*rig
	id string
}

// room makes a channel with all members and the bot in it, and more people.
func (r *rig) room(name string, more ...string) room {
	r.t.Helper()
	people := append([]string{"alice", "bob", "carol", "deploybot", "dropletops"}, more...)
	if err := r.slack.AddChannel(simslack.Channel{Name: name, Members: people}); err != nil {
		r.t.Fatal(err)
	}
	return r.channel(name)
}

// channel is one that is there already.
func (r *rig) channel(name string) room {
	r.t.Helper()
	id, err := r.slack.ChannelID(name)
	if err != nil {
		r.t.Fatal(err)
	}
	return room{rig: r, id: id}
}

func (o room) slash(user, words string) { o.t.Helper(); o.rig.slash(user, o.id, "/droplet "+words) }

// cards are the room's, oldest first.
func (o room) cards(s *simslack.Snapshot) []*simslack.Message {
	return slices.DeleteFunc(cards(s), func(m *simslack.Message) bool { return m.Channel != o.id })
}

// card waits until the room's newest card is in a state.
func (o room) card(state string) *simslack.Message { o.t.Helper(); return o.cardThat(state, "") }

// cardThat waits until the room's newest card is in a state and says something.
func (o room) cardThat(state, says string) *simslack.Message {
	o.t.Helper()
	newest := func(s *simslack.Snapshot) *simslack.Message {
		if all := o.cards(s); len(all) > 0 {
			return all[len(all)-1]
		}
		return nil
	}
	s := o.wait("a card that is "+state+" and says "+says, func(s *simslack.Snapshot) bool {
		m := newest(s)
		return m != nil && stateOf(m) == state && strings.Contains(m.Words(), says)
	})
	return newest(s)
}

// ephemerals are what one person was told in the room, oldest first.
func (o room) ephemerals(s *simslack.Snapshot, user string) []*simslack.Message {
	return slices.DeleteFunc(s.EphemeralsFor(user), func(m *simslack.Message) bool { return m.Channel != o.id })
}

// answer does something, and waits for what its doer is told then.
func (o room) answer(user string, do func()) *simslack.Message {
	o.t.Helper()
	before := len(o.ephemerals(o.rig.slack.Snapshot(), user))
	do()
	s := o.wait(user+" to be told something", func(s *simslack.Snapshot) bool { return len(o.ephemerals(s, user)) > before })
	return o.ephemerals(s, user)[before]
}

// refused does something and checks that the person is told no, and why.
func (o room) refused(user, part string, do func()) {
	o.t.Helper()
	if m := o.answer(user, do); !strings.Contains(m.Words(), part) {
		o.t.Errorf("%s was told %q, want something with %q", user, m.Words(), part)
	}
}

// force clicks as a stale client does: what is not on the message (any more).
func (o room) force(user string, m *simslack.Message, action, block, value string) {
	o.t.Helper()
	d, err := o.rig.slack.Click(simslack.Click{User: user, Channel: m.Channel, TS: m.TS, ActionID: action, BlockID: block, Force: true, Value: value})
	if err != nil {
		o.t.Fatal(err)
	}
	o.acked(d)
}

// notes waits until a note with each of the parts stands in a card's thread.
func (o room) notes(card *simslack.Message, parts ...string) {
	o.t.Helper()
	thread := card.TS
	if card.ThreadTS != "" {
		thread = card.ThreadTS
	}
	for _, part := range parts {
		o.wait("a note with "+part, func(s *simslack.Snapshot) bool {
			return slices.ContainsFunc(s.Thread(card.Channel, thread), func(m *simslack.Message) bool {
				return m.TS != card.TS && strings.Contains(m.Words(), part)
			})
		})
	}
}

// droplet makes one that is active, whose actions are watched every second since
// they usually take no longer.
func (r *rig) droplet(name string, tags ...string) int {
	r.t.Helper()
	id := r.do.AddDroplet(name, "", "", "", tags...)
	if id == 0 {
		r.t.Fatalf("no Droplet %s", name)
	}
	for _, kind := range simdo.ActionTypes() {
		if err := r.do.AddHistory(id, 1, kind, time.Second); err != nil {
			r.t.Fatal(err)
		}
	}
	return id
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// hit waits until a fault has happened.
func (r *rig) hit(in *simdo.Injected) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	if err := r.do.WaitFor(ctx, func() bool { return in.Hits() > 0 }); err != nil {
		r.t.Fatalf("the fault does not happen: %v", err)
	}
}

// sent checks the types of the actions that DigitalOcean accepted for a Droplet.
func (r *rig) sent(id int, want ...string) {
	r.t.Helper()
	var got []string
	for _, p := range r.do.Posts(id) {
		got = append(got, p.Type)
	}
	if !slices.Equal(got, want) {
		r.t.Errorf("Droplet %d got %v, want %v", id, got, want)
	}
}

// audit ends the program, and answers the lines of the audit log as `audit export`
// writes them, once `audit verify` has found the chain unbroken.
func (r *rig) audit() []approvals.Line {
	r.t.Helper()
	if code := r.stop(); code != 0 {
		r.t.Errorf("exit code %d", code)
	}
	run := func(args ...string) []byte {
		c := exec.Command(os.Args[0], args...)
		for k, v := range r.env {
			c.Env = append(c.Env, k+"="+v)
		}
		var stderr bytes.Buffer
		c.Stderr = &stderr
		out, err := c.Output()
		if err != nil {
			r.t.Fatalf("%v: %v\n%s", args, err, stderr.String())
		}
		return out
	}
	run("audit", "verify")
	var lines []approvals.Line
	for d := json.NewDecoder(bytes.NewReader(run("audit", "export"))); d.More(); {
		var l struct{ Line approvals.Line }
		r.must(d.Decode(&l))
		lines = append(lines, l.Line)
	}
	return lines
}

// told is who did what to a request, by the audit log: "approved U0BOB".
func told(lines []approvals.Line, request string) []string {
	var out []string
	for _, l := range lines {
		if l.RequestID == request {
			out = append(out, l.What+" "+l.Who)
		}
	}
	return out
}

// buttonsOf are the sets of buttons that a card may have, by its state (CONTRACT §4).
var buttonsOf = map[string][]string{
	"pending": {"approve cancel deny", "approve cancel deny snapshot_first", "cancel confirm"}, "running": {"", "cancel"}, "completed": {""},
	"failed": {"", "retry"}, "unknown": {"", "retry"}, "denied": {""}, "expired": {""}, "canceled": {""},
}

// honest checks of every card, in each of its versions, what CONTRACT §4 says of
// all cards: the words of its text, and its buttons.
func (r *rig) honest() {
	r.t.Helper()
	r.noViolations()
	for _, c := range cards(r.slack.Snapshot()) {
		versions := []*simslack.Message{c}
		for _, v := range c.Versions {
			versions = append(versions, &simslack.Message{Text: v.Text, Blocks: v.Blocks, Metadata: v.Metadata})
		}
		for _, m := range versions {
			_, meta := m.MetadataOf()
			state := stateOf(m)
			sets, known := buttonsOf[state]
			actions := m.Actions()
			slices.Sort(actions)
			if got := strings.Join(actions, " "); !known || !slices.Contains(sets, got) {
				r.t.Errorf("a card that is %q has the buttons %q", state, got)
			}
			for _, part := range []string{state, strings.ReplaceAll(str(meta["action"]), "_", "-"), "<@U0"} {
				if part == "" || !strings.Contains(m.Text, part) {
					r.t.Errorf("a card's text lacks %q: %s", part, m.Text)
				}
			}
			if want := []string{"action", "request_id", "state"}; !slices.Equal(slices.Sorted(maps.Keys(meta)), want) {
				r.t.Errorf("metadata %v, want %v", meta, want)
			}
		}
	}
}
