package handlers

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"dropletops/api"
	"dropletops/approvals"

	"github.com/slack-go/slack"
)

// menu is where an ephemeral menu stands; the bot knows it by nothing else.
var menu = approvals.MessageRef{ChannelID: "C1", TS: "9.000001"}

func chosen(blockID, id string) object {
	return object{"type": "static_select", "action_id": "pick", "block_id": blockID, "selected_option": object{"value": id}}
}

// blockID finds the menu in a reply.
func blockID(t testing.TB, r Reply) string {
	t.Helper()
	for _, block := range r.Message.Blocks {
		if a, ok := block.(*slack.ActionBlock); ok {
			return a.BlockID
		}
	}
	t.Fatalf("there is no menu in %q", r.Message.Text)
	return ""
}

func TestAmbiguousNameIsPicked(t *testing.T) {
	b := newBench(t)
	e := b.slash("UALICE", `reboot TWIN --reason "stuck"`)
	r := b.do(e)
	if !strings.HasPrefix(r.Message.Text, "2 Droplets are called `TWIN`. Which one do you want to reboot?") || r.Replace {
		t.Fatalf("said %q", r.Message.Text)
	}
	id := blockID(t, r)
	if id != "pick:"+e.Key {
		t.Errorf("the menu is %q", id)
	}
	b.refused(b.click("UBOB", menu, chosen(id, "104")), "This menu is for whoever typed the command. Type your own.")

	pick := b.click("UALICE", menu, chosen(id, "104"))
	made := b.asks(pick)
	if made.Targets[0].Droplet.ID != 104 || made.Reason != "stuck" || made.Origin.Envelope != pick.Key ||
		made.Origin.ResponseURL != "http://slack/r/click" || made.Origin.Words != `/droplet reboot TWIN --reason "stuck"` {
		t.Errorf("asked for %+v", made)
	}
	again := b.do(pick)
	if want := "You chose Droplet `104` for `/droplet reboot TWIN --reason \"stuck\"`."; !again.Replace || again.Message.Text != want {
		t.Errorf("handled twice, it said %q", again.Message.Text)
	}
	if again.To != (Address{ResponseURL: "http://slack/r/click", ChannelID: "C1", UserID: "UALICE"}) {
		t.Errorf("said to %+v", again.To)
	}
	if len(b.store.order) != 1 {
		t.Errorf("%d requests were made", len(b.store.order))
	}
}

func TestMissingTargetIsSearched(t *testing.T) {
	b := newBench(t)
	b.views.err = approvals.Refuse("no window")
	for _, e := range []approvals.Envelope{
		b.slash("UALICE", "power-cycle"),
		b.mention(object{"text": "<@UDROPLETOPS> power-cycle", "thread_ts": "1.5"}),
	} {
		r := b.do(e)
		if want := "Which Droplet do you want to power cycle? Choose below."; r.Message.Text != want {
			t.Fatalf("said %q", r.Message.Text)
		}
		pick := b.click("UALICE", menu, chosen(blockID(t, r), "101"))
		made := b.asks(pick)
		if made.Action.Type != "power_cycle" || made.Targets[0].Droplet.ID != 101 {
			t.Errorf("asked for %+v", made)
		}
		if e.Type == eventsAPI && made.Origin.ThreadTS != "1.5" {
			t.Errorf("it left its thread: %+v", made.Origin)
		}
	}
}

// A choice whose words can't be carried out replaces the menu with why not.
func TestPicksThatDoNothing(t *testing.T) {
	b := newBench(t)
	words := pickOf(b.slash("UALICE", "reboot").Key)
	guests := pickOf(b.slash("UGUEST", "reboot").Key)
	aside := pickOf(b.mention(object{"text": "hello <@UDROPLETOPS> reboot"}).Key)
	click := pickOf(b.click("UALICE", menu, object{}).Key)
	const old = "This menu is too old: type the command again."
	for _, tc := range []struct{ user, block, value, want string }{
		{"UALICE", words, "107", "The Droplet with the ID `107` is gone: DigitalOcean knows none by it any more."},
		{"UGUEST", guests, "101", "You are a guest in this workspace. Only full members of this workspace may use Dropletops."},
		{"UBOB", words, "101", "This menu is for whoever typed the command. Type your own."},
		{"UALICE", "pick:e99", "101", old},
		{"UALICE", "pick:", "101", old},
		{"UALICE", "", "101", old},
		{"UALICE", aside, "101", old},
		{"UALICE", click, "101", old},
		{"UALICE", words, "", ""},
		{"UALICE", words, "-1", ""},
		{"UALICE", words, "web-1", ""},
		{"UALICE", words, "99999999999999999999", ""},
	} {
		b.refused(b.click(tc.user, menu, chosen(tc.block, tc.value)), tc.want)
	}
}

func (b *bench) search(user, team, typed string) approvals.Envelope {
	b.t.Helper()
	return b.take("interactive", object{
		"type": "block_suggestion", "user": object{"id": user, "team_id": team}, "team": object{"id": "T1"},
		"action_id": "pick", "block_id": "pick:e1", "value": typed, "container": object{"type": "message"},
	})
}

func TestRespond(t *testing.T) {
	b := newBench(t)
	for _, tc := range []struct {
		e    approvals.Envelope
		want string
	}{
		{b.search("UALICE", "T1", "WEB"), "101 102 103"},
		{b.search("UALICE", "T1", "-1"), "106 101"},
		{b.search("UALICE", "T1", "10"), "108 106 107 104 105 101 102 103"},
		{b.search("UALICE", "T1", " 105 "), "105"},
		{b.search("UALICE", "T1", "nobody"), ""},
		{b.search("UGUEST", "T1", "web"), ""},
		{b.search("UALICE", "T2", "web"), ""},
		{b.search("USTRANGE", "T1", "web"), ""},
	} {
		payload, ok, err := b.Respond(t.Context(), tc.e)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		wire, err := json.Marshal(payload)
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Options []struct{ Value string }
		}
		if err := json.Unmarshal(wire, &got); err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, o := range got.Options {
			ids = append(ids, o.Value)
		}
		if s := strings.Join(ids, " "); s != tc.want {
			t.Errorf("%s: got %s, want %s", tc.e.Payload, s, tc.want)
		}
		if tc.want == "" && string(wire) != `{"options":[]}` {
			t.Errorf("nothing found is answered with %s", wire)
		}
	}
}

func TestRespondIsBounded(t *testing.T) {
	b := newBench(t)
	for i := range 500 {
		b.account.droplets = append(b.account.droplets,
			api.Droplet{ID: 1000 + i, Name: fmt.Sprintf("many-%d", i)},
			api.Droplet{ID: 5000 + i, Name: fmt.Sprintf("long-%d-%s", i, strings.Repeat("ä&", 100))})
	}
	for typed, most := range map[string]int{"many": mostOptions, "long": mostOptions - 1} {
		payload, _, _ := b.Respond(t.Context(), b.search("UALICE", "T1", typed))
		wire, err := json.Marshal(payload)
		if n := len(payload.(options).Options); err != nil || n > most || n < 40 || len(wire) >= 20_000 {
			t.Errorf("%q: %d options, %d bytes, %v", typed, n, len(wire), err)
		}
	}
	b.account.down["recent"] = &api.Error{Kind: api.Unavailable}
	payload, ok, err := b.Respond(t.Context(), b.search("UALICE", "T1", "web"))
	if wire, _ := json.Marshal(payload); !ok || err != nil || string(wire) != `{"options":[]}` {
		t.Errorf("without DigitalOcean: %s, %v, %v", wire, ok, err)
	}
}

// All else is acknowledged without a payload.
func TestRespondToNothingElse(t *testing.T) {
	b := newBench(t)
	for _, e := range []approvals.Envelope{
		b.slash("UALICE", "reboot web-1"), b.mention(object{"text": "<@UDROPLETOPS> help"}),
		b.click("UALICE", menu, chosen("pick:e1", "101")), {Type: "interactive", Payload: []byte("{")}, {},
	} {
		if payload, ok, err := b.Respond(t.Context(), e); ok || payload != nil || err != nil {
			t.Errorf("%s: %v, %v, %v", e.Payload, payload, ok, err)
		}
	}
}
