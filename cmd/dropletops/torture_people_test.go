package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	simdo "dropletops/internal/sim/digitalocean"
	simslack "dropletops/internal/sim/slack"
)

// utterance is one thing that a person typed.
type utterance struct {
	tag, user, channel, words string
	makes                     bool // it asks for a change, so it carries its tag as the reason
	*simslack.Delivery
}

// clicked is one click.
type clicked struct {
	user, channel, request, action string
	*simslack.Delivery
}

// ledger is all that people did.
type ledger struct {
	mu     sync.Mutex
	typed  []utterance
	clicks []clicked
}

func (l *ledger) add(c utterance) { l.mu.Lock(); defer l.mu.Unlock(); l.typed = append(l.typed, c) }
func (l *ledger) click(c clicked) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clicks = append(l.clicks, c)
}

// recent is one of the last deliveries.
func (l *ledger) recent(rng *rand.Rand) *simslack.Delivery {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []*simslack.Delivery
	for _, c := range l.typed[max(0, len(l.typed)-40):] {
		all = append(all, c.Delivery)
	}
	for _, c := range l.clicks[max(0, len(l.clicks)-40):] {
		all = append(all, c.Delivery)
	}
	if len(all) == 0 {
		return nil
	}
	return oneOf(rng, all...)
}

const (
	tortureDroplets = 36
	tortureGroups   = 9 // of four
	tortureChannels = 8
	tortureMembers  = 9
)

// populate makes the channels, the people and the Droplets.
func (w *torture) populate() {
	for i := range tortureMembers {
		name := fmt.Sprintf("member-%d", i)
		w.must(w.slack.AddUser(simslack.User{Name: name, ID: fmt.Sprintf("U0MEMBER%02d", i)}))
		w.members = append(w.members, name)
	}
	for i := range tortureChannels {
		o := w.room(fmt.Sprintf("torture-%d", i), append([]string{"guest"}, w.members...)...)
		w.channels = append(w.channels, o.id)
	}
	for i := range tortureDroplets {
		w.newDroplet(i)
	}
}

func (w *torture) newDroplet(i int) {
	id := w.droplet(fmt.Sprintf("node-%d", i), fmt.Sprintf("grp-%d", i%tortureGroups))
	if w.do.AddBackup(id, 24*time.Hour) == 0 {
		w.t.Errorf("no backup of Droplet %d", id)
	}
}

// ours are the Droplets that the run plays with.
func (w *torture) ours() []simdo.Droplet {
	return slices.DeleteFunc(w.do.Droplets(), func(d simdo.Droplet) bool {
		return !slices.ContainsFunc(d.Tags, func(t string) bool { return strings.HasPrefix(t, "grp-") })
	})
}

// typing types commands, and mentions in threads.
func (w *torture) typing(ctx context.Context, rng *rand.Rand) {
	every := 1500 * time.Millisecond / time.Duration(w.fast)
	for n := 0; pause(ctx, between(rng, every/3, 2*every)); {
		if w.open() >= heldOpen || w.slack.Snapshot().ReadySockets() == 0 && chance(rng, 80) {
			continue
		}
		for range oneOf(rng, 1, 1, 1, 1, 3) {
			n++
			w.typeOne(rng, fmt.Sprintf("t-%06d", n))
		}
	}
}

func (w *torture) typeOne(rng *rand.Rand, tag string) {
	c := utterance{tag: tag, user: oneOf(rng, w.members...), channel: oneOf(rng, w.channels...)}
	c.words, c.makes = w.wording(rng, tag)
	if c.makes {
		c.words += ` --reason "` + tag + `"`
	}
	var err error
	if chance(rng, 25) {
		thread := ""
		if chance(rng, 60) {
			m, _, serr := w.slack.Say(c.user, c.channel, "", "something is on fire")
			if err = serr; err == nil {
				thread = m.TS
			}
		}
		if err == nil {
			_, c.Delivery, err = w.slack.Mention(c.user, c.channel, thread, c.words)
		}
	} else {
		c.Delivery, err = w.slack.SlashCommand(c.user, c.channel, "/droplet "+c.words)
	}
	if err != nil || c.Delivery == nil {
		w.t.Errorf("%s could not be typed: %v", c.words, err)
		return
	}
	w.figures.count(&w.figures.commands)
	w.ledger.add(c)
}

// wording is what someone types, and whether it asks for a change.
func (w *torture) wording(rng *rand.Rand, tag string) (words string, makes bool) {
	d := oneOf(rng, w.ours()...)
	target := d.Name
	if chance(rng, 40) {
		target = fmt.Sprint(d.ID)
	}
	group := fmt.Sprintf("tag:grp-%d", rng.IntN(tortureGroups))
	switch n := rng.IntN(100); {
	case n < 40: // at once
		return oneOf(rng, "reboot "+target, "power-cycle "+target, "power-on "+target, "reboot "+target, "snapshot "+target+" s-"+tag,
			"rename "+target+" node-"+tag, "enable-backups "+target+" --plan weekly --weekday SUN --hour 4", "power-off "+target, "shutdown "+target,
			"stop "+target+" --timeout 5s", "stop "+target, "resize "+target+" "+oneOf(rng, "s-1vcpu-2gb", "s-2vcpu-4gb", "s-4vcpu-8gb")), true
	case n < 62: // approve
		backup := 0
		for _, b := range w.do.Backups(d.ID) {
			backup = b.ID
		}
		return oneOf(rng, "rebuild "+target+" debian-12-x64", "rebuild "+target+" ubuntu-24-04-x64 --snapshot-first", "password-reset "+target,
			"disable-backups "+target, fmt.Sprintf("restore %s %d", target, backup)), true
	case n < 68: // as many come as go, more or less
		if born := tortureDroplets - len(w.ours()) + rng.IntN(21) - 10; born > 0 {
			return "create made-" + tag + " --region nyc3 --size s-1vcpu-1gb --image debian-12-x64 --tags " + strings.TrimPrefix(group, "tag:"), true
		}
		return oneOf(rng, "destroy ", "destroy ", "destroy --snapshot-first ") + target, true
	case n < 73: // confirm
		return "enable-ipv6 " + target, true
	case n < 84: // in bulk
		return oneOf(rng, "reboot ", "power-on ", "power-off ", "power-cycle ", "snapshot ") + group, true
	case n < 92: // wrong
		// None lacks anything: that opens a modal, which tells of no command whose it is.
		return oneOf(rng, "reboot nosuch-"+tag, "frobnicate "+target, "rebuild "+target+" nosuch-"+tag, "reboot tag:none-"+tag,
			"resize "+target+" bogus-"+tag, "rename "+target+" node_"+tag, "reboot "+target+" --frobnicate"), false
	default: // looks
		return oneOf(rng, "help", "list", "info "+target, "actions "+target, "sizes", "snapshots "+target), false
	}
}

// clicking clicks buttons, as people do: twice, at once, too late, without right.
func (w *torture) clicking(ctx context.Context, rng *rand.Rand) {
	for pause(ctx, between(rng, 200*time.Millisecond, 1500*time.Millisecond)) {
		s := w.slack.Snapshot()
		if s.ReadySockets() == 0 && chance(rng, 80) {
			continue
		}
		cs := cards(s)
		cs = cs[max(0, len(cs)-60):]
		var can []*simslack.Message
		for _, c := range cs {
			switch {
			case stateOf(c) == "pending", hasButtons(c, "cancel") && chance(rng, 20), slices.Contains(c.Actions(), "retry") && chance(rng, 8):
				can = append(can, c)
			}
		}
		if chance(rng, 6) && len(cs) > 0 { // of a client that was not told yet
			w.clickOne(oneOf(rng, w.members...), oneOf(rng, cs...), oneOf(rng, "approve", "deny", "confirm", "cancel", "retry"), true)
		}
		if len(can) == 0 {
			continue
		}
		c := oneOf(rng, can...)
		actions := c.Actions()
		if len(actions) == 0 {
			continue
		}
		action := actions[0] // approve, confirm, cancel or retry
		if chance(rng, 30) {
			action = oneOf(rng, actions...)
		}
		who := oneOf(rng, w.members...)
		if chance(rng, 55) && (action == "confirm" || action == "cancel") {
			who = w.asker(c)
		}
		if chance(rng, 4) {
			who = "guest"
		}
		w.clickOne(who, c, action, false)
		for chance(rng, 35) { // the other half of a double click, or someone else at once
			if chance(rng, 60) {
				who = oneOf(rng, w.members...)
			}
			w.clickOne(who, c, oneOf(rng, action, oneOf(rng, actions...)), true)
		}
	}
}

// asker is who a card mentions first: its requester.
func (w *torture) asker(c *simslack.Message) string {
	_, after, _ := strings.Cut(c.Text, "<@")
	id, _, _ := strings.Cut(after, ">")
	return id
}

func (w *torture) clickOne(who string, c *simslack.Message, action string, force bool) {
	k := clicked{user: who, channel: c.Channel, request: idOf(c), action: action}
	var err error
	k.Delivery, err = w.slack.Click(simslack.Click{User: who, Channel: c.Channel, TS: c.TS, ActionID: action, Force: force, Value: idOf(c)})
	if err != nil {
		return // the button has just gone
	}
	w.figures.count(&w.figures.clicks)
	w.ledger.click(k)
}

// redelivering has Slack deliver again what it has delivered.
func (w *torture) redelivering(ctx context.Context, rng *rand.Rand) {
	for pause(ctx, between(rng, 500*time.Millisecond, 4*time.Second)) {
		d := w.ledger.recent(rng)
		if d == nil || !d.Result().Acked {
			continue
		}
		w.slack.Redeliver(d, chance(rng, 50))
		w.figures.count(&w.figures.redelivered)
	}
}
