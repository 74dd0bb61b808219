package main

import (
	"strconv"
	"strings"
	"testing"
	"time"

	simslack "dropletops/internal/sim/slack"
)

// TestWordsThatAreRefused: what is wrong with the words is said to whoever typed
// them, and what is wrong whatever the Droplet is, before DigitalOcean is asked.
func TestWordsThatAreRefused(t *testing.T) {
	r := newRig(t).start()
	o := r.channel("#ops")
	for _, tt := range []struct {
		words, says string
		asks        bool // whether DigitalOcean has to be asked to know
	}{
		{"rebot web-1", "There is no verb `rebot`. Did you mean `reboot`", false},
		{"powercycle web-1", "Did you mean `power-cycle`", false},
		{"frobnicate web-1", "There is no verb `frobnicate`. All verbs", false},
		{"web-1 reboot", "The verb comes first", false},
		{"reboot wbe-1", "No Droplet is called `wbe-1`: did you mean `web-1`", true},
		{"reboot 424242", "No Droplet has the ID `424242`", true},
		{"reboot zzzzzzzz", "No Droplet is called `zzzzzzzz`. A Droplet goes by its exact name", true},
		{"reboot tag:nosuch", "No Droplet bears the tag `nosuch`", true},
		{"reboot tag:web&tag_name=db", "No tag can be called `web&amp;tag_name=db`", false},
		{"reboot tag:web#x", "No tag can be called", false},
		{"reboot tag:", "No tag can be called", false},
		{`reboot "tag:web production"`, "No tag can be called", false},
		{"reboot ../../account", "No Droplet can be called", false},
		{"reboot <!channel>", "No Droplet can be called", false},
		{"reboot web-1 now", "not all of these words name a Droplet", true},
		{"rename web-1 web-2 now", "This is more than `rename` takes", false},
		{"reboot web-1 --force", "`reboot` has no flag `--force`", false},
		{"reboot web-1 --reasn x", "Did you mean `--reason`", false},
		{"reboot web-1 --reason disk is full", "belongs in quotes", false},
		{`reboot web-1 --reason "it hangs`, "is not closed", false},
		{"enable-backups web-1 --hour 5", "it is one of 0, 4, 8, 12, 16, 20", true}, // which plans there are comes from the list
		{"rebuild web-1 no-such-image", "There is no image `no-such-image`", true},
		{"restore db-1 12345", "`12345` is no backup of `db-1`. It has", true},
		{"resize web-1 s-2vcpu-4gb", "has the size s-2vcpu-4gb already", true},
		{"power-on web-1", "is on already", true},
		{"reboot attic-2019", "archived", true},
	} {
		r.do.ForgetRequests()
		o.refused("alice", tt.says, func() { o.slash("alice", tt.words) })
		if asked := len(r.do.Requests()) > 0; asked != tt.asks {
			t.Errorf("%q: DigitalOcean was asked: %v", tt.words, asked)
		}
	}
	// Where there is no trigger to open a modal with, what is missing is named.
	for words, says := range map[string]string{
		"rebuild web-1": "`rebuild` lacks the image", "resize": "`resize` lacks the Droplet and the size", "change-backup-policy web-1": "lacks `--plan`",
	} {
		o.refused("alice", says, func() { o.mention("alice", "", words) })
	}
	if s := r.slack.Snapshot(); len(cards(s)) > 0 {
		t.Errorf("%d cards were posted", len(cards(s)))
	}
	r.honest()
}

// TestWordsAsClientsSendThem: macOS and iOS turn quotes and dashes into others,
// and Slack escapes and links.
func TestWordsAsClientsSendThem(t *testing.T) {
	r := newRig(t).start()
	gpu := r.do.DropletNamed("gpu-train-1").ID
	dotted, hostile := r.droplet("web-7.example.com"), r.droplet("<!channel> *x* <@U0BOB>")
	id := r.droplet("box-1")
	for i, tt := range []struct {
		words string
		id    int
		sent  string
		says  string
	}{
		{"reboot box-1 —reason “it’s stuck”", id, "reboot", "it’s stuck"},
		{"Power_Cycle BOX-1 –reason ‘disk is full’", id, "power_cycle", "disk is full"},
		{"reboot `box-1` --reason=\"‘quoted’ <!here> & *bold*\"", id, "reboot", "‘quoted’ &lt;!here&gt; &amp; ∗bold∗"},
		{"reboot web-7.example.com", dotted, "reboot", "web-7.example.com"},
		{"reboot gpu-train-1", gpu, "reboot", "gpu-train-1"},
		{"reboot " + strconv.Itoa(hostile), hostile, "reboot", "&lt;!channel&gt; ∗x∗ &lt;@U0BOB&gt;"},
	} {
		o := r.room("room-" + strconv.Itoa(i))
		o.slash("alice", tt.words)
		card := o.cardThat("completed", tt.says)
		for _, m := range append(r.slack.Snapshot().Thread(card.Channel, card.TS), card) {
			for _, markup := range []string{"<!channel>", "<!here>", "<@U0BOB>"} {
				if strings.Contains(m.Words(), markup) {
					t.Errorf("%q: markup got through: %s", tt.words, m.Words())
				}
			}
		}
		posts := r.do.Posts(tt.id)
		if len(posts) == 0 || posts[len(posts)-1].Type != tt.sent {
			t.Errorf("%q: DigitalOcean got %+v", tt.words, posts)
		}
	}
	if n := len(r.do.Posts()); n != 6 {
		t.Errorf("%d actions were sent, want 6", n)
	}
	r.honest()
}

// choose picks a Droplet from a menu, also from one that is gone by now.
func (o room) choose(user string, menu *simslack.Message, id int) {
	o.t.Helper()
	d, err := o.rig.slack.Click(simslack.Click{User: user, Channel: menu.Channel, TS: menu.TS, ActionID: "pick", Choose: []string{strconv.Itoa(id)}, Force: true})
	if err != nil {
		o.t.Fatal(err)
	}
	o.acked(d)
}

func TestAmbiguousNameIsAskedFor(t *testing.T) {
	r := newRig(t).start()
	o := r.channel("#ops")
	var ids []int
	for _, d := range r.do.Droplets() {
		if d.Name == "cache-1" {
			ids = append(ids, d.ID)
		}
	}
	menu := o.answer("alice", func() { o.slash("alice", `rebuild cache-1 debian-13-x64 --reason "old"`) })
	for _, part := range []string{"2 Droplets are called `cache-1`", strconv.Itoa(ids[0]), strconv.Itoa(ids[1]), "nyc3", "fra1", "active"} {
		if !strings.Contains(menu.Text, part) {
			t.Errorf("the question lacks %q: %s", part, menu.Text)
		}
	}
	o.refused("bob", "for whoever typed the command", func() { o.choose("bob", menu, ids[1]) })
	if n := len(cards(r.slack.Snapshot())); n > 0 {
		t.Errorf("%d cards before a choice", n)
	}
	o.choose("alice", menu, ids[1])
	card := o.cardThat("pending", strconv.Itoa(ids[1]))
	if !strings.Contains(card.Words(), "old") {
		t.Errorf("the reason is lost: %s", card.Words())
	}
	// The menu gives way to what was chosen; a second choice from it is a request of its own kind.
	r.wait("the menu to give way", func(s *simslack.Snapshot) bool {
		all := o.ephemerals(s, "alice")
		return len(all) == 1 && len(all[0].Actions()) == 0 && strings.Contains(all[0].Text, strconv.Itoa(ids[1]))
	})
	o.click("carol", card, "approve")
	o.card("completed")
	r.sent(ids[0])
	r.sent(ids[1], "rebuild")
	r.honest()
}

func TestMissingTargetIsLookedFor(t *testing.T) {
	r := newRig(t).start()
	o, id := r.channel("#ops"), r.do.DropletNamed("gpu-train-1").ID
	menu := o.answer("alice", func() { o.mention("alice", "", "reboot") })
	ask := func(user, typed string) (labels []string) {
		t.Helper()
		d, err := r.slack.Suggest(simslack.Click{User: user, Channel: menu.Channel, TS: menu.TS, ActionID: "pick", Force: true}, typed)
		r.must(err)
		for _, option := range r.acked(d).Options {
			text, _ := option["text"].(map[string]any)
			labels = append(labels, str(text["text"]))
		}
		return labels
	}
	search := func(user, typed string) (labels []string) { // on a busy machine the first list may not be there in time
		t.Helper()
		for deadline := time.Now().Add(patience); len(labels) == 0 && time.Now().Before(deadline); {
			labels = ask(user, typed)
		}
		return labels
	}
	if got := search("alice", "train"); len(got) != 1 || !strings.HasPrefix(got[0], "gpu-train-1 · "+strconv.Itoa(id)) {
		t.Errorf("the menu offers %q for train", got)
	}
	if got := search("alice", "web"); len(got) != 3 {
		t.Errorf("the menu offers %q for web", got)
	}
	if got := search("alice", ""); len(got) != len(r.do.Droplets()) {
		t.Errorf("the menu offers %d of %d Droplets before anything is typed", len(got), len(r.do.Droplets()))
	}
	if got := ask("guest", "web"); len(got) != 0 {
		t.Errorf("a guest is shown %q", got)
	}
	o.choose("alice", menu, id)
	o.cardThat("completed", "gpu-train-1")
	r.sent(id, "reboot")
	r.honest()
}
