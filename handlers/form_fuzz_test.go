package handlers

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/card"
)

// Whatever stands in a modal, whatever it was opened for and whatever Slack gives back
// of either, nothing panics or is handled again for ever, what becomes a request is
// what was filled in, by who filled it in, and no field speaks for another.
func FuzzForm(f *testing.F) {
	const meta = `{"id":"e1","call":"/droplet","team":"T1","channel":"C1","verb":"reboot","target":"101"}`
	for _, s := range [][7]string{
		{meta, "reboot", "101", "", "", "", ""},
		{meta, "destroy", "101", "", "volumes", "why", "web-1"},
		{meta, "destroy", "tag:web", "", "", "", "tag:web"},
		{meta, "resize", "101", "", "s-1vcpu-2gb", "--disk", ""},
		{meta, "create", "", "new-1, new-2", "nyc3", "", ""},
		{meta, "create", "", "new-1 --unless-present", "debian-12-x64", "", ""},
		{meta, "rename", "101", "", `web-9" --reason "x`, "", ""},
		{meta, "stop", "101", "", "90", "“", ""},
		{`{"channel":"C1","patience":-1}`, "rebuild", "101,102", "", "tag:x", "\\", "101,102"},
		{`{"channel":"D1","response_url":"x","call":"--x","typed":"101"}`, "power_cycle", "-1", "", "", "", ""},
		{`{"channel":""}`, "", "", "", "", "", ""}, {`[]`, "list", "x", "", "", "", ""},
	} {
		f.Add(s[0], s[1], s[2], s[3], s[4], s[5], s[6])
	}
	f.Fuzz(func(t *testing.T, meta, verb, target, names, v, why, confirm string) {
		b := newBench(t)
		b.account.plans = []api.Plan{{Slug: "s-1vcpu-1gb", DiskGB: 25}}
		a, known := api.Lookup(verb)
		values := object{
			card.VerbField:                   object{card.VerbField: object{"selected_option": object{"value": verb}}},
			card.TargetField:                 object{card.TargetField: object{"selected_option": object{"value": target}}},
			card.NamesField:                  object{card.NamesField: object{"value": names}},
			card.ReasonField:                 object{card.ReasonField: object{"value": why}},
			card.ConfirmField + "@" + target: object{card.ConfirmField: object{"value": confirm}},
		}
		if known {
			of := target
			if a.Make != nil {
				of = v
			}
			for _, p := range a.Params {
				field := object{"value": v, "selected_option": object{"value": v}}
				if p.Kind == api.Switch {
					field = object{"selected_options": []object{{"value": "true"}}}
				}
				values[card.BlockOf(a, p, of)] = object{card.Arg + p.Name: field}
			}
		}
		view := object{"id": "V1", "hash": "1", "callback_id": card.FormModal, "private_metadata": meta, "state": object{"values": values}}
		for _, kind := range []string{"view_submission", "block_actions", "block_suggestion"} {
			e := b.take("interactive", object{"type": kind, "user": object{"id": "UALICE", "team_id": "T1"}, "view": view, "value": v,
				"action_id": card.TargetField, "actions": []object{{"action_id": card.VerbField, "block_id": card.VerbField}}})
			in, err := read[interaction](e)
			if err != nil {
				return // a string that JSON can't hold
			}
			if payload, ok, err := b.Respond(t.Context(), e); err != nil || ok != (payload != nil) {
				t.Fatalf("%s: %v, %v, %v", kind, payload, ok, err)
			}
			before := len(b.store.order)
			if _, err := b.Handle(t.Context(), e); err != nil {
				t.Fatalf("%s: %v", kind, err)
			}
			made := b.store.order[before:]
			switch {
			case len(made) > 1, len(made) == 1 && kind != "view_submission":
				t.Fatalf("%s made %d requests", kind, len(made))
			case len(made) == 1:
				stands(t, in, b.store.requests[made[0]])
			}
			readBack(t, in)
		}
	})
}

// stands holds a request against the form that it was made of.
func stands(t *testing.T, in interaction, r *approvals.Request) {
	t.Helper()
	f, ok := in.form()
	if !ok || f.action == nil || r.Action.Type != f.action.Type || r.Requester.UserID != in.User.ID || r.Origin.ChannelID != f.Channel ||
		r.Origin.ThreadTS != f.Thread || r.Origin.Private != strings.HasPrefix(f.Channel, "D") || r.Reason != strings.TrimSpace(f.reason) {
		t.Fatalf("%+v\nbecame %+v", f, r)
	}
	if a := f.action; a.Danger(api.Args(r.Action.Args)) != api.Danger(r.Action.Danger) || a.Destroys && f.target.Value != "" && f.confirmed == "" {
		t.Fatalf("%+v\nbecame a %s %s", f, r.Action.Danger, r.Action.Type)
	}
	for _, p := range f.action.Params {
		if p.Kind == api.Switch && r.Action.Args[p.Name] == "true" && f.args[p.Name].Value == "" && p.Name != "backups" { // a plan implies them
			t.Fatalf("--%s was not chosen: %v", p.Name, r.Action.Args)
		}
	}
	for _, tg := range r.Targets {
		if f.makes() && !slices.Contains(strings.FieldsFunc(f.target.Value, func(c rune) bool { return c == ' ' || c == ',' }), tg.Droplet.Name) {
			t.Fatalf("%q is none of %q", tg.Droplet.Name, f.target.Value)
		}
	}
}

// readBack holds the words of a form against its fields.
func readBack(t *testing.T, in interaction) {
	t.Helper()
	f, ok := in.form()
	if !ok || f.action == nil || unfit(f.text()) != "" || utf8.RuneCountInString(f.text()) > longestText {
		return
	}
	w, err := parser{catalogue: api.Catalogue(), call: "/droplet"}.parse(f.text())
	if err != nil {
		return // it is said at its field
	}
	if w.action == nil || w.action.Type != f.action.Type || w.reason != strings.TrimSpace(invisible.Replace(f.reason)) {
		t.Fatalf("%s\nread as %s of %q, because %q", f.text(), w.verb, w.target, w.reason)
	}
	for name, got := range w.args {
		if want := invisible.Replace(f.args[name].Value); got != want {
			t.Fatalf("%s\n%s is %q, and %q stands in its field", f.text(), name, got, want)
		}
	}
}
