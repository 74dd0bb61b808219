package approvals

import "testing"

// In a channel that other workspaces share nothing that destroys or needs approval
// is asked for; what does no harm is, as everywhere.
func TestBuiltInKeepsOutOfSharedChannels(t *testing.T) {
	one, two := []Droplet{{ID: 1}}, []Droplet{{ID: 1}, {ID: 2}}
	for name, c := range map[string]struct {
		danger  Danger
		targets []Droplet
		want    Outcome
	}{
		"reboot": {Safe, one, Allow}, "power-off": {Disruptive, one, Allow}, "several reboots": {Safe, two, Confirm},
		"rebuild": {Destructive, one, Deny}, "several power-offs": {Disruptive, two, Deny},
	} {
		k := Case{Action: Action{Danger: c.danger}, Targets: c.targets, Shared: true}
		v, err := BuiltIn{}.Judge(t.Context(), k)
		if err != nil || v.Outcome != c.want || (v.Outcome == Deny) != (v.Message != "") {
			t.Errorf("%s: %+v, %v; want %s", name, v, err, c.want)
		}
		k.Shared = false
		if v, err := (BuiltIn{}).Judge(t.Context(), k); err != nil || v.Outcome == Deny {
			t.Errorf("%s in a channel of our own: %+v, %v", name, v, err)
		}
	}
	if v := (Verdict{Outcome: Allow}).NotShared(Case{Action: Action{Danger: Destructive}, Shared: true}); v.Outcome != Deny {
		t.Errorf("what destroys, allowed by a rule: %+v", v)
	}
}
