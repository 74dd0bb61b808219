package handlers

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/card"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"
	"pgregory.net/rapid"
)

// shown is the modal as it was drawn last.
func (b *bench) shown() slack.ModalViewRequest {
	b.t.Helper()
	if len(b.views.updated) == 0 {
		b.t.Fatal("no modal was drawn")
	}
	return b.views.updated[len(b.views.updated)-1]
}

// inputs are a modal's inputs by their action_id.
func inputs(t testing.TB, v slack.ModalViewRequest) map[string]*slack.InputBlock {
	t.Helper()
	out := map[string]*slack.InputBlock{}
	for _, block := range v.Blocks.BlockSet {
		in, ok := block.(*slack.InputBlock)
		if !ok {
			continue
		}
		wire, err := json.Marshal(in.Element)
		var e struct {
			ActionID string `json:"action_id"`
		}
		if err != nil || json.Unmarshal(wire, &e) != nil || e.ActionID == "" {
			t.Fatalf("an input without an action_id: %s, %v", wire, err)
		}
		out[e.ActionID] = in
	}
	return out
}

// fields are the action_ids of a modal's inputs, in their order.
func fields(t testing.TB, v slack.ModalViewRequest) string {
	var out []string
	by := inputs(t, v)
	for _, block := range v.Blocks.BlockSet {
		for id, in := range by {
			if block == slack.Block(in) {
				out = append(out, id)
			}
		}
	}
	return strings.Join(out, " ")
}

// filled is the modal that was drawn last with values in its fields: of a menu the
// value of an option, of a switch "true". What it was drawn with stays.
func (b *bench) filled(kind, user string, fill map[string]string, action string) approvals.Envelope {
	b.t.Helper()
	v := b.shown()
	state := object{}
	for id, in := range inputs(b.t, v) {
		wire, err := json.Marshal(in.Element)
		var e struct {
			Type           string
			InitialOption  object   `json:"initial_option"`
			InitialOptions []object `json:"initial_options"`
			InitialValue   string   `json:"initial_value"`
		}
		if err != nil || json.Unmarshal(wire, &e) != nil {
			b.t.Fatal(err)
		}
		val := object{"type": e.Type, "value": nil, "selected_option": nil}
		switch {
		case e.InitialOption != nil:
			val["selected_option"] = e.InitialOption
		case len(e.InitialOptions) > 0:
			val["selected_options"] = e.InitialOptions
		case e.InitialValue != "":
			val["value"] = e.InitialValue
		}
		if put, ok := fill[id]; ok {
			o := object{"value": put, "text": object{"type": "plain_text", "text": put}}
			switch e.Type {
			case "plain_text_input":
				val["value"] = put
			case "checkboxes":
				val["selected_options"] = []object{o}
			case "multi_external_select", "multi_static_select":
				var all []object
				for one := range strings.SplitSeq(put, ",") {
					all = append(all, object{"value": one, "text": object{"type": "plain_text", "text": one}})
				}
				val["selected_options"] = all
			default:
				val["selected_option"] = o
			}
		}
		state[in.BlockID] = object{id: val}
	}
	for id := range fill {
		if inputs(b.t, v)[id] == nil {
			b.t.Fatalf("the modal has no field %s: %s", id, fields(b.t, v))
		}
	}
	payload := object{"type": kind, "user": object{"id": user, "team_id": "T1"}, "trigger_id": "9.9",
		"view": object{"id": "V1", "hash": "h1", "callback_id": v.CallbackID, "private_metadata": v.PrivateMetadata, "state": object{"values": state}}}
	if action != "" {
		payload["actions"] = []object{{"action_id": action, "block_id": inputs(b.t, v)[action].BlockID}}
	}
	return b.take("interactive", payload)
}

// puts fills fields in, the last of which the modal follows.
func (b *bench) puts(user, action string, fill map[string]string) {
	b.t.Helper()
	if r := b.do(b.filled("block_actions", user, fill, action)); r.Message.Text != "" {
		b.t.Fatalf("said %q", r.Message.Text)
	}
}

// wrongAt submits, and answers what is shown at which field.
func (b *bench) wrongAt(user string, fill map[string]string) map[string]string {
	b.t.Helper()
	e := b.filled("view_submission", user, fill, "")
	payload, ok, err := b.Respond(b.t.Context(), e)
	if err != nil {
		b.t.Fatal(err)
	}
	if !ok {
		return nil
	}
	by := inputs(b.t, b.shown())
	out := map[string]string{}
	answer := payload.(*slack.ViewSubmissionResponse)
	if answer.ResponseAction == slack.RAUpdate {
		b.views.updated = append(b.views.updated, *answer.View)
		return map[string]string{"": "drawn again"}
	}
	for block, text := range answer.Errors {
		for field, in := range by {
			if in.BlockID == block {
				out[field] = text
			}
		}
	}
	if len(out) != len(answer.Errors) {
		b.t.Fatalf("errors at what is no input: %v", answer.Errors)
	}
	return out
}

func TestModalForWhatIsMissing(t *testing.T) {
	for text, tc := range map[string]struct{ fields, words string }{
		"":                       {"verb target reason", ""},
		"rebuild":                {"verb target arg.image arg.snapshot_first reason", ""},
		"rebuild web-1":          {"verb target arg.image arg.snapshot_first reason", "web-1"},
		"restore web-1":          {"verb target arg.image arg.snapshot_first reason", "Would be lost"},
		"reboot":                 {"verb target reason", ""},
		"resize --disk":          {"verb target arg.size arg.disk arg.snapshot_first reason", ""},
		"resize web-1 --disk":    {"verb target arg.size arg.disk arg.snapshot_first reason", "Would be lost"},
		"change-kernel web-1":    {"verb target arg.kernel reason", ""},
		"restore web-2":          {"verb target arg.image arg.snapshot_first reason", "There is no backup for `web-2`."},
		"rebuild wbe-1":          {"verb target arg.image arg.snapshot_first reason", "did you mean `web-1`"},
		"rebuild twin":           {"verb target arg.image arg.snapshot_first reason", "2 Droplets are called `twin`. Choose one below."},
		"rebuild tag:web":        {"verb target arg.image arg.snapshot_first reason", "tag:web"},
		"rename":                 {"verb target arg.name reason", ""},
		"change-backup-policy":   {"verb target arg.plan arg.weekday arg.hour reason", ""},
		`reboot --reason "slow"`: {"verb target reason", "slow"},
	} {
		t.Run(text, func(t *testing.T) {
			b := newBench(t)
			e := b.slash("UALICE", text)
			b.refused(e, "")
			if len(b.views.opened) != 1 || b.views.opened[0].Submit != nil || b.views.opened[0].ExternalID != e.Key {
				t.Fatalf("opened %+v", b.views.opened)
			}
			if b.views.which[0].External != e.Key {
				t.Errorf("changed %+v", b.views.which)
			}
			v := b.shown()
			if got := fields(t, v); got != tc.fields {
				t.Errorf("fields %q, want %q", got, tc.fields)
			}
			wire, _ := json.Marshal(v)
			if !strings.Contains(string(wire), tc.words) {
				t.Errorf("%q is not in %s", tc.words, wire)
			}
		})
	}
}

func TestNoModalFor(t *testing.T) {
	b := newBench(t)
	b.refused(b.slash("UGUEST", "rebuild"), "You are a guest in this workspace. Only full members of this workspace may use Dropletops.")
	b.do(b.slash("UGUEST", ""))
	b.do(b.slash("UFOREIGN", ""))
	b.do(b.slash("UALICE", "help"))
	b.do(b.slash("UALICE", "rebuild web-1 nosuchimage"))
	b.do(b.slash("UALICE", "enable-backups --plan hourly"))
	b.do(b.mention(object{"text": "<@UDROPLETOPS> rebuild web-1"}))
	b.do(b.take("interactive", object{"type": "message_action", "callback_id": "operate", "trigger_id": "1", "user": object{"id": "UGUEST", "team_id": "T1"}, "channel": object{"id": "C1"}}))
	if len(b.views.opened) != 0 {
		t.Errorf("opened %+v", b.views.opened)
	}
	// Where Slack opens none, the help is answered as ever.
	b.views.err = approvals.Refuse("expired")
	if r := b.do(b.slash("UALICE", "")); !strings.Contains(r.Message.Text, "/droplet") {
		t.Errorf("said %q", r.Message.Text)
	}
}

// A modal that was closed while it was being looked up for is nobody's fault.
func TestClosedWhileLoading(t *testing.T) {
	b := newBench(t)
	b.views.gone = true
	b.refused(b.slash("UALICE", "rebuild web-1"), "")
}

func TestPutTogetherInAModal(t *testing.T) {
	b := newBench(t)
	b.do(b.slash("UALICE", ""))
	b.puts("UALICE", "verb", map[string]string{"verb": "rebuild"})
	b.puts("UALICE", "target", map[string]string{"target": "102"})
	if got := fields(t, b.shown()); got != "verb target arg.image arg.snapshot_first confirm reason" {
		t.Fatalf("fields %q", got)
	}
	if w := b.views.which[len(b.views.which)-1]; w != (ViewRef{ID: "V1", Hash: "h1"}) {
		t.Errorf("changed %+v", w)
	}
	fill := map[string]string{"arg.image": "debian-12-x64", "confirm": "web-2", "reason": `it's "broken" \ again`}
	if wrong := b.wrongAt("UALICE", fill); wrong != nil {
		t.Fatalf("wrong: %v", wrong)
	}
	r := b.asks(b.filled("view_submission", "UALICE", fill, ""))
	typed := b.asks(b.slash("UALICE", `rebuild 102 debian-12-x64 --reason 'it\'s "broken" \ again'`))
	if r.Reason != fill["reason"] || r.Origin.ChannelID != "C1" || r.Origin.ResponseURL != "http://slack/r/UALICE" || r.Origin.ThreadTS != "" {
		t.Errorf("%+v, reason %q", r.Origin, r.Reason)
	}
	if diff := cmp.Diff(typed.Action, r.Action); diff != "" || r.Digest() != typed.Digest() || r.State != typed.State || r.Verdict.Rule != typed.Verdict.Rule {
		t.Errorf("typed, it would be another request: %s", diff)
	}
	if want := `/droplet rebuild 102 debian-12-x64 --reason "it\'s \"broken\" \\ again"`; r.Origin.Words != want {
		t.Errorf("words %s\nwant  %s", r.Origin.Words, want)
	}
}

func TestErrorsAreShownAtTheirFields(t *testing.T) {
	for name, tc := range map[string]struct {
		typed string
		fill  map[string]string
		want  map[string]string
	}{
		"image":   {"rebuild web-1", map[string]string{"arg.image": "nosuch"}, map[string]string{"arg.image": "There is no image nosuch. An image goes by its slug or its ID: /droplet images."}},
		"backup":  {"restore web-1", map[string]string{"arg.image": "999"}, map[string]string{"arg.image": "999 is no backup of web-1. It has these:\n• 6 days old: /droplet restore 101 902\n• 13 days old: /droplet restore 101 901"}},
		"kernel":  {"change-kernel web-1", map[string]string{"arg.kernel": "5"}, map[string]string{"arg.kernel": "5 is no kernel of web-1. It has these:\n• old: /droplet change-kernel 101 990\n• new: /droplet change-kernel 101 991"}},
		"name":    {"rename web-1", map[string]string{"arg.name": "a_b"}, map[string]string{"arg.name": "The name cannot be \"a_b\": a Droplet's name has letters, digits, . and - only, such as web-2.example.com."}},
		"droplet": {"reboot", map[string]string{"target": "103"}, map[string]string{"target": "web-3 is off, so there is nothing to reboot. Use power-on."}},
		"one 404": {"reboot", map[string]string{"target": "107"}, nil}, // it may be there: it is read again after the acknowledgement
		"control": {"rename web-1", map[string]string{"arg.name": "web\x00"}, map[string]string{"arg.name": "There is a control character in this. Type it again rather than pasting it."}},
		"policy":  {"change-backup-policy db-1.example.com", map[string]string{"arg.plan": "daily", "arg.weekday": "SUN"}, map[string]string{"arg.weekday": "A daily backup has no weekday. Leave --weekday SUN out, or use --plan weekly."}},
		"fine":    {"rebuild web-1", map[string]string{"arg.image": "debian-12-x64"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.do(b.slash("UALICE", tc.typed))
			got := b.wrongAt("UALICE", tc.fill)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			if len(b.store.order) != 0 {
				t.Error("a request was made while it was checked")
			}
		})
	}
}

// A Droplet that was chosen and not typed has its name typed before anything is
// lost; one that was typed has not.
func TestNameIsTypedBeforeMuchIsLost(t *testing.T) {
	b := newBench(t)
	b.do(b.slash("UALICE", "rebuild web-1"))
	if got := fields(t, b.shown()); strings.Contains(got, "confirm") {
		t.Fatalf("it was typed: %s", got)
	}
	b.puts("UALICE", "target", map[string]string{"target": "102"})
	for typed, want := range map[string]string{
		"":      "Much would be lost: type web-2 to go on.",
		"web-1": "That is not what it is called: web-2.",
		"WEB-2": "That is not what it is called: web-2.",
	} {
		fill := map[string]string{"arg.image": "debian-12-x64", "confirm": typed}
		if got := b.wrongAt("UALICE", fill)["confirm"]; got != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
		// What could not be checked in time is held against it all the same.
		if r := b.do(b.filled("view_submission", "UALICE", fill, "")); len(b.store.order) != 0 || r.Message.Text == "" || r.To.ResponseURL != "http://slack/r/UALICE" {
			t.Errorf("%q: %d requests, told %+v", typed, len(b.store.order), r)
		}
	}
	// Choosing to destroy asks for it also of what was typed.
	b.do(b.slash("UALICE", "reboot --reason x"))
	b.puts("UALICE", "target", map[string]string{"target": "101"})
	b.puts("UALICE", "verb", map[string]string{"verb": "destroy"})
	if got := fields(t, b.shown()); got != "verb target arg.with arg.snapshot_first confirm reason" {
		t.Errorf("destroy: %s", got)
	}
	// What goes with it is chosen, and what would be lost follows.
	b.puts("UALICE", "arg.with", map[string]string{"arg.with": "snapshots,volumes"})
	wire, err := json.Marshal(b.shown())
	if err != nil || !strings.Contains(string(wire), "its volumes, and its snapshots.") || !strings.Contains(string(wire), `"multi_static_select"`) {
		t.Errorf("destroy with: %s, %v", wire, err)
	}
	// What becomes dangerous by a switch asks for it, too, also when the switch comes
	// with the submission.
	b.do(b.slash("UALICE", "resize"))
	b.account.plans = []api.Plan{{Slug: "s-2vcpu-4gb"}}
	b.puts("UALICE", "target", map[string]string{"target": "103"})
	fill := map[string]string{"arg.size": "s-2vcpu-4gb", "arg.disk": "true"}
	if got := b.wrongAt("UALICE", fill); got[""] != "drawn again" || !strings.Contains(fields(t, b.shown()), "confirm") {
		t.Fatalf("%v, %s", got, fields(t, b.shown()))
	}
	if got := b.wrongAt("UALICE", map[string]string{"confirm": "web-3"}); got != nil {
		t.Errorf("%v", got)
	}
}

// New Droplets are put together in the same modal: by their names, in a region that
// the lists follow.
func TestCreateInAModal(t *testing.T) {
	b := makingBench(t)
	b.do(b.slash("UALICE", "create new-1"))
	if got := fields(t, b.shown()); !strings.HasPrefix(got, "verb names arg.region arg.size arg.image arg.ssh-keys arg.backups ") {
		t.Fatalf("fields %q", got)
	}
	b.puts("UALICE", "arg.region", map[string]string{"arg.region": "nyc3"})
	if !strings.HasSuffix(inputs(t, b.shown())["arg.image"].BlockID, "@nyc3") || !strings.Contains(b.shown().PrivateMetadata, `"region":"nyc3"`) {
		t.Errorf("the lists do not follow the region: %s", b.shown().PrivateMetadata)
	}
	fill := map[string]string{"arg.size": "s-1vcpu-1gb", "arg.image": "ubuntu-24-04-x64", "arg.user-data": "#cloud-config\npackages: [\"a\"]", "arg.tags": "web, db"}
	for names, want := range map[string]string{"a_b": "No Droplet can be called", "new-1,NEW-1": "given twice"} {
		fill["names"] = names
		if got := b.wrongAt("UALICE", fill)["names"]; !strings.Contains(got, want) {
			t.Errorf("%s: %q", names, got)
		}
	}
	fill["names"], fill["arg.ssh-keys"] = "new-1, new-2", "carol"
	if got := b.wrongAt("UALICE", fill)["arg.ssh-keys"]; !strings.Contains(got, "no SSH key carol") {
		t.Errorf("%q", got)
	}
	fill["arg.ssh-keys"] = "11,12"
	if got := b.wrongAt("UALICE", fill); got != nil {
		t.Fatal(got)
	}
	r := b.asks(b.filled("view_submission", "UALICE", fill, ""))
	if got := called(r.Targets); len(got) != 2 || r.Action.Args["ssh-keys"] != "11,12" || got[1] != "new-2" || r.Action.Args["user-data"] != fill["arg.user-data"] || r.Action.Args["region"] != "nyc3" {
		t.Errorf("%v, %v", got, r.Action.Args)
	}
	// Of a verb for a Droplet that is there the names are none.
	b.puts("UALICE", "verb", map[string]string{"verb": "reboot"})
	if got := fields(t, b.shown()); got != "verb target reason" {
		t.Errorf("fields %q", got)
	}
}

// Keys, VPCs and volumes are chosen by their names, several where there can be
// several; what was typed by its name stands there chosen, and what can't be listed
// says so at its field.
func TestAssetsInAModal(t *testing.T) {
	b := makingBench(t)
	b.account.down["volume"] = &api.Error{Kind: api.Forbidden, What: "list the volumes", Scopes: []string{"block_storage:read"}}
	b.do(b.slash("UALICE", "create new-1 --region nyc3 --ssh-keys shared"))
	fill := map[string]string{"arg.size": "s-1vcpu-1gb", "arg.image": "ubuntu-24-04-x64"}
	if got := b.wrongAt("UALICE", fill)["arg.ssh-keys"]; !strings.Contains(got, "2 have the name shared") {
		t.Errorf("of two that have the name: %q", got)
	}
	b.do(b.slash("UALICE", "create new-1 --region nyc3 --ssh-keys bob,11 --vpc prod"))
	wire := func(field string) string {
		in := inputs(t, b.shown())[field]
		out, err := json.Marshal(in)
		if in == nil || err != nil {
			t.Fatalf("no field %s: %s", field, fields(t, b.shown()))
		}
		return string(out)
	}
	for field, want := range map[string][]string{
		"arg.ssh-keys": {`"multi_external_select"`, `"initial_options":[{"text":{"type":"plain_text","text":"bob"},"value":"12"},{"text":{"type":"plain_text","text":"alice@laptop"},"value":"11"}]`},
		"arg.vpc":      {`"external_select"`, `"initial_option":{"text":{"type":"plain_text","text":"prod"},"value":"` + net(1) + `"}`},
		"arg.volumes":  {`"multi_external_select"`, "Nothing can be offered"},
	} {
		for _, want := range want {
			if got := strings.ReplaceAll(wire(field), `,"emoji":false`, ""); !strings.Contains(got, want) {
				t.Errorf("%s lacks %s: %s", field, want, got)
			}
		}
	}
	fill["arg.ssh-keys"] = "all"
	r := b.asks(b.filled("view_submission", "UALICE", fill, ""))
	if r.Action.Args["ssh-keys"] != "11,12,13,14" || r.Action.Args["vpc"] != net(1) || r.Action.Called[net(1)] != "prod" {
		t.Errorf("%+v", r.Action)
	}
}

// What can't be checked in time is taken as it is.
func TestCheckedInTime(t *testing.T) {
	b := newBench(t)
	b.do(b.slash("UALICE", "rebuild web-1"))
	b.account.down["droplet"] = &api.Error{Kind: api.Unavailable, Err: context.DeadlineExceeded}
	if got := b.wrongAt("UALICE", map[string]string{"arg.image": "debian-12-x64"}); got != nil {
		t.Errorf("%v", got)
	}
	b.account.down = map[string]*api.Error{}
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	if _, ok, err := b.Respond(ctx, b.filled("view_submission", "UALICE", map[string]string{"arg.image": "debian-12-x64"}, "")); ok || err != nil {
		t.Error(ok, err)
	}
}

func TestShortcut(t *testing.T) {
	for name, tc := range map[string]struct {
		message object
		thread  string
		spotted string
	}{
		"message":  {object{"ts": "1.5", "text": "alert: <http://db-1.example.com|DB-1.example.com>: disk 97 %"}, "1.5", `"106"`},
		"reply":    {object{"ts": "1.7", "thread_ts": "1.5", "text": "web-1 or web-2?"}, "1.5", ""},
		"sentence": {object{"ts": "1.5", "text": "I think it's `web-1`."}, "1.5", `"101"`},
		"twins":    {object{"ts": "1.5", "text": "twin"}, "1.5", ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			e := b.take("interactive", object{"type": "message_action", "callback_id": OperateShortcut, "trigger_id": "1.1", "response_url": "http://slack/r/m",
				"user": object{"id": "UALICE", "team_id": "T1"}, "channel": object{"id": "C1"}, "message": tc.message})
			b.refused(e, "")
			wire, _ := json.Marshal(inputs(t, b.shown())["target"])
			if strings.Contains(string(wire), "initial_option") != (tc.spotted != "") || !strings.Contains(string(wire), tc.spotted) {
				t.Errorf("spotted: %s", wire)
			}
			b.puts("UALICE", "verb", map[string]string{"verb": "reboot"})
			r := b.asks(b.filled("view_submission", "UALICE", map[string]string{"target": "101"}, ""))
			if r.Origin.ThreadTS != tc.thread || r.Origin.ChannelID != "C1" || r.Origin.ResponseURL != "http://slack/r/m" {
				t.Errorf("%+v", r.Origin)
			}
			b.views.err = approvals.Refuse("expired")
			if said := b.do(e).Message.Text; !strings.Contains(said, "`@dropletops reboot web-1`") {
				t.Errorf("without a modal: %q", said)
			}
		})
	}
}

// wants is a search in a menu of the modal that was drawn last.
func (b *bench) wants(user, field, typed string) []string {
	b.t.Helper()
	v := b.shown()
	e := b.take("interactive", object{"type": "block_suggestion", "user": object{"id": user, "team_id": "T1"}, "value": typed, "action_id": field,
		"block_id": inputs(b.t, v)[field].BlockID, "view": object{"callback_id": v.CallbackID, "private_metadata": v.PrivateMetadata}})
	payload, ok, err := b.Respond(b.t.Context(), e)
	if !ok || err != nil {
		b.t.Fatal(ok, err)
	}
	var out []string
	for _, o := range payload.(options).Options {
		out = append(out, o.Value)
	}
	return out
}

func TestMenusOfTheModal(t *testing.T) {
	b := newBench(t)
	b.do(b.slash("UALICE", "restore web-1"))
	for _, tc := range []struct {
		user, field, typed, want string
	}{
		{"UALICE", "arg.image", "", "902 901"},
		{"UALICE", "arg.image", "b1", "901"},
		{"UALICE", "arg.image", "11-15", "902"},
		{"UALICE", "target", "web", "tag:web 101 102 103"},
		{"UALICE", "target", "tag:", "tag:half tag:loud tag:single tag:web"},
		{"UALICE", "target", "t", "104 105"},
		{"UGUEST", "arg.image", "", ""},
		{"UGUEST", "target", "", ""},
	} {
		if got := strings.Join(b.wants(tc.user, tc.field, tc.typed), " "); got != tc.want {
			t.Errorf("%s %q: %s, want %s", tc.field, tc.typed, got, tc.want)
		}
	}
	b.puts("UALICE", "target", map[string]string{"target": "102"})
	if got := b.wants("UALICE", "arg.image", ""); len(got) != 0 {
		t.Errorf("backups of another Droplet: %v", got)
	}
}

// Whatever stands in the fields is read back as it is.
func TestFieldsBecomeWords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SampledFrom(slices.DeleteFunc(api.Catalogue(), func(a *api.Action) bool { return a.Make != nil })).Draw(t, "action")
		f := form{action: a, target: card.Picked{Value: rapid.SampledFrom([]string{"101", "tag:a:b", "tag:--x", "tag:_"}).Draw(t, "target")}, args: map[string]card.Picked{}}
		want := api.Args{}
		for _, p := range a.Params {
			if !p.Required && rapid.Bool().Draw(t, "left out") {
				continue
			}
			v := rapid.StringMatching("[ -~“”‘’„äß\n—–]{1,30}").Filter(func(s string) bool { return strings.Trim(s, " \n,") != "" }).Draw(t, p.Name)
			if p.Kind == api.Switch {
				v = "true"
			}
			f.args[p.Name], want[p.Name] = card.Picked{Value: v}, v
		}
		f.reason = rapid.StringMatching("[ -~“”‘’„äß\n—–]{0,60}").Draw(t, "reason")
		w, err := parser{catalogue: api.Catalogue(), call: "/droplet"}.parse(f.text())
		if err != nil {
			t.Fatalf("%s: %v", f.text(), err)
		}
		if !maps.Equal(w.args, want) || w.target != f.target.Value || w.reason != strings.TrimSpace(f.reason) || w.action != nil && w.action.Type != a.Type {
			t.Fatalf("%s\nread as %s", f.text(), fmt.Sprint(w.target, w.args, w.reason))
		}
	})
}
