package policy

import (
	"context"
	"strings"
	"testing"

	"dropletops/approvals"
)

// byNames guards databases and gateways by their names.
const byNames = `version: 1
groups: {dba: {users: [U0BOB, U0CAROL]}, oncall: {users: [U0CAROL]}}
announce: C0LOUD
rules:
  - {name: gateways stay, when: 'glob(droplet.name, "gw-*") && action.type == "destroy"', deny: "Gateways are never destroyed."}
  - {name: data, when: 'glob(droplet.name, "db-*") && action.danger == "destructive"', approve: {count: 2, from: [dba], second_factor: true, within: 2h}}
  - {name: replicas, when: 'glob(droplet.name, "ro-*") && action.danger == "destructive"', approve: {count: 2, from: [dba], second_factor: true, break_glass: [oncall]}}
  - {name: careful, when: 'droplet.name.startsWith("db-") && action.type == "power_off"', confirm: {reason: true}}
  - {name: mine, when: 'droplet.name.startsWith("alice-") && requester.id == "U0ALICE"', allow: true}
  - {name: sized, when: 'droplet.name.startsWith("big-") && action.type == "resize" && "disk" in action.args', approve: {count: 3}}
`

// A rename by which any action would take less takes the strictest of what those take now.
func TestARenameTakesWhatItWouldWeaken(t *testing.T) {
	p := mustParse(t, byNames)
	for name, tt := range map[string]struct {
		from, to, by string
		want         string // outcome, rule, people
		because      string
	}{
		"out of two approvals":               {from: "db-1", to: "x-1", want: "approve data 2 [dba] factor", because: "password-reset"},
		"within the rule":                    {from: "db-1", to: "db-2", want: "allow built-in: one Droplet 1 []"},
		"into the rule":                      {from: "x-1", to: "db-1", want: "allow built-in: one Droplet 1 []"},
		"to where someone may go alone":      {from: "db-1", to: "ro-1", want: "approve data 2 [dba] factor"},
		"out of a denial":                    {from: "gw-1", to: "x-1", want: "deny gateways stay"},
		"to what its requester may do alone": {from: "web-1", to: "alice-1", by: "U0ALICE", want: "approve built-in: destructive 1 []", because: "rebuild"},
		"that somebody else may not":         {from: "web-1", to: "alice-1", by: "U0BOB", want: "allow built-in: one Droplet 1 []"},
		"by an argument of the example":      {from: "big-1", to: "x-1", want: "approve sized 3 []", because: "less for resize."},
	} {
		t.Run(name, func(t *testing.T) {
			d := AnyDroplet(1)
			d.Name = tt.from
			by := tt.by
			if by == "" {
				by = "U0BOB"
			}
			v, err := p.Judge(context.Background(), approvals.Case{Action: approvals.Action{Type: "rename", Args: map[string]string{"name": tt.to}, Danger: approvals.Safe},
				Targets: []approvals.Droplet{d}, Requester: approvals.Person{Who: approvals.Who{UserID: by}, Standing: approvals.Member}, Channel: "C0OPS", Now: noon})
			if err != nil {
				t.Fatal(err)
			}
			got := string(v.Outcome) + " " + v.Rule
			if v.Outcome != approvals.Deny {
				got += " " + strings.Join([]string{answerOf("people", v), answerOf("from", v)}, " ")
			}
			if v.Factor {
				got += " factor"
			}
			if got != tt.want || !strings.Contains(v.Because, tt.because) || (v.Because == "") != strings.HasPrefix(tt.want, "allow") {
				t.Errorf("%s (%q), want %s (…%s…)", got, v.Because, tt.want, tt.because)
			}
			if v.Outcome == approvals.Deny && !strings.HasPrefix(v.Message, "As x-1, ") {
				t.Errorf("message %q", v.Message)
			}
			if len(v.BreakGlass) > 0 {
				t.Errorf("%v may go ahead alone", v.BreakGlass)
			}
		})
	}
}

func answerOf(key string, v approvals.Verdict) string {
	if key == "people" {
		return string(rune('0' + v.People()))
	}
	for _, a := range answers {
		if a.key == key {
			return a.of(v)
		}
	}
	return ""
}

// In a channel with people of other workspaces it is as with whatever needs approval.
func TestARenameThatWeakensInASharedChannel(t *testing.T) {
	p := mustParse(t, byNames)
	d := AnyDroplet(1)
	d.Name = "db-1"
	v, err := p.Judge(context.Background(), approvals.Case{Action: approvals.Action{Type: "rename", Args: map[string]string{"name": "x-1"}, Danger: approvals.Safe},
		Targets: []approvals.Droplet{d}, Shared: true, Now: noon})
	if err != nil || v.Outcome != approvals.Deny {
		t.Errorf("%+v, %v", v, err)
	}
}

// Rules that go by a name are named, unless they are about Droplets that are to be made.
func TestRulesThatGoByNames(t *testing.T) {
	p := mustParse(t, `version: 1
rules:
  - {name: tags, when: '"db" in droplet.tags', confirm: true}
  - {name: names, when: 'action.type == "rebuild" && droplet.name.startsWith("db-")', confirm: true}
  - {name: new ones, when: 'action.type == "create" && !droplet.name.matches("^[a-z]+-[0-9]+$")', deny: "Name it like web-1."}
`)
	if got := p.ByName(); len(got) != 1 || !strings.HasPrefix(got[0].String(), `p.yml:4:5: warning: The rule "names" goes by the Droplet's name, which a rename changes.`) {
		t.Errorf("%v", got)
	}
	for _, file := range []string{"../../policy.example.yml"} {
		example, err := Load(file)
		if err != nil || len(example.ByName()) > 0 {
			t.Errorf("%s: %v, %v", file, example.ByName(), err)
		}
	}
}
