package policy

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"dropletops/api"
)

// rules wraps a rule's when in a file whose line 5 it stands in, at column 11.
func ruleWhen(when string) string {
	return "version: 1\ngroups: {dba: {users: [U0ALICE, U0BOB, U0CAROL]}}\nrules:\n  - name: r\n    when: " + when + "\n    deny: No.\n"
}

func TestProblems(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"empty":                 {"", `p:1:1: The file is empty. (policy.example.yml is one to begin with)`},
		"comment alone":         {"# nothing\n", `p:1:1: The file is empty. (policy.example.yml is one to begin with)`},
		"no mapping":            {"- a\n", `p:1:1: The policy must be a mapping, not a list. (write key: value lines under it)`},
		"no YAML":               {"version: 1\nrules: [\n", `p:2:8: This is not YAML: sequence end token ']' not found.`},
		"no version":            {"rules: []\n", `p:1:1: The policy has no version. (begin it with version: 1)`},
		"another version":       {"version: 2\nrules: []\n", `p:1:1: The version must be 1, not "2".`},
		"no rules":              {"version: 1\n", `p:1:1: The policy has no rules. (without any, rules: [] leaves everything to the built-in policy)`},
		"two documents":         {"version: 1\nrules: []\n---\nversion: 1\n", `p:4:1: A policy is one YAML document. (remove the ---)`},
		"unknown key":           {"version: 1\nruels: []\nrules: []\n", `p:2:1: The policy has no key "ruels". (did you mean rules?)`},
		"key twice":             {"version: 1\nrules: []\nrules: []\n", `p:3:1: This is not YAML: mapping key "rules" already defined at [2:1].`},
		"alias":                 {"version: 1\nrules: &a []\ntests: *a\n", "p:2:1: rules must be a list, not an anchor, alias or tag, which a policy has not. (write it as [a, b] or in lines that begin with -)\np:3:1: tests must be a list, not an anchor, alias or tag, which a policy has not. (write it as [a, b] or in lines that begin with -)"},
		"time zone":             {"version: 1\ntimezone: Europe/Berln\nrules: []\n", `p:2:1: There is no time zone "Europe/Berln". (a name such as Europe/Berlin, America/New_York or UTC)`},
		"Local":                 {"version: 1\ntimezone: Local\nrules: []\n", `p:2:1: There is no time zone "Local". (a name such as Europe/Berlin, America/New_York or UTC)`},
		"empty group":           {"version: 1\ngroups: {dba: {}}\nrules: []\n", `p:2:10: The group dba has no members. (give it users, user_groups or channels)`},
		"group of names":        {"version: 1\ngroups: {dba: {users: [alice]}}\nrules: []\n", `p:2:24: "alice" is not the ID of a user. (it begins with U or W: in Slack, a profile's menu, Copy member ID)`},
		"group's key":           {"version: 1\ngroups:\n  dba:\n    usergroups: [S0SRE]\nrules: []\n", `p:4:5: The group dba has no key "usergroups". (did you mean user_groups?)`},
		"shared channel":        {"version: 1\nshared_channels: [\"#partners\"]\nrules: []\n", `p:2:19: "#partners" is not the ID of a channel. (it begins with C or G: in Slack, at the end of the channel's details)`},
		"quiet":                 {"version: 1\nquiet: {from: \"25:00\", to: \"07:00\"}\nrules: []\n", `p:2:9: from must be a time of day, not "25:00". (in quotes, such as "07:00")`},
		"quiet always":          {"version: 1\nquiet: {from: \"07:00\", to: \"07:00\"}\nrules: []\n", `p:2:1: quiet begins when it ends, so it is either never or always. (remind: false in a rule turns its reminders off)`},
		"no name":               {"version: 1\nrules:\n  - when: \"true\"\n    deny: No.\n", `p:3:5: Rule 1 has no name. (people and the audit log call it by that)`},
		"no when":               {"version: 1\nrules:\n  - name: a\n    deny: No.\n", `p:3:5: Rule 1 has no when. (when: "true" is always)`},
		"no outcome":            {"version: 1\nrules:\n  - {name: a, when: \"true\"}\n", `p:3:5: Rule 1 must have exactly one outcome, and has none. (one of allow, confirm, approve, deny)`},
		"two outcomes":          {"version: 1\nrules:\n  - {name: a, when: \"true\", deny: No., allow: true}\n", `p:3:5: Rule 1 must have exactly one outcome, and has allow and deny. (one of allow, confirm, approve, deny)`},
		"a name twice":          {"version: 1\nrules:\n  - {name: a, when: targets == 1, deny: No.}\n  - {name: a, when: targets == 2, deny: No.}\n", `p:4:5: There are two rules "a". (the other is in line 3)`},
		"ours":                  {"version: 1\nrules:\n  - {name: \"built-in: x\", when: targets == 1, deny: No.}\n", `p:3:6: A rule's name can't begin with built-in.`},
		"not allowed":           {"version: 1\nrules:\n  - {name: a, when: targets == 1, allow: false}\n", `p:3:35: allow can't be false: a rule says what is done, not what is not. (use deny, or another outcome)`},
		"deny true":             {"version: 1\nrules:\n  - {name: a, when: targets == 1, deny: true}\n", `p:3:35: deny is the sentence that people are told, not true or false. (such as deny: "Production is frozen until Monday.")`},
		"approve true":          {"version: 1\nrules:\n  - {name: a, when: targets == 1, approve: true}\n", `p:3:35: approve must be a mapping, not "true". (write key: value lines under it)`},
		"unknown group":         {"version: 1\ngroups: {dba: {users: [U0A0, U0B0]}}\nrules:\n  - {name: a, when: targets == 1, approve: {from: [dbas]}}\n", `p:4:52: There is no group "dbas". (did you mean dba?)`},
		"more than there are":   {"version: 1\ngroups: {dba: {users: [U0A0, U0B0]}}\nrules:\n  - {name: a, when: targets == 1, approve: {count: 3, from: [dba]}}\n", `p:4:45: 3 people can't approve: there are only 2 in dba.`},
		"all that there are":    {"version: 1\ngroups: {dba: {users: [U0A0, U0B0]}}\nrules:\n  - {name: a, when: targets == 1, approve: {count: 2, from: [dba]}}\n", `p:4:45: warning: All 2 in dba must approve, so what one of them asks for can never be approved. (the requester never counts: name one more, or lower the count)`},
		"within":                {"version: 1\nrules:\n  - {name: a, when: targets == 1, approve: {within: 30s}}\n", `p:3:45: within must be from 1m to 7d, not 30s.`},
		"within for ever":       {"version: 1\nrules:\n  - {name: a, when: targets == 1, confirm: {within: 8d}}\n", `p:3:45: within must be from 1m to 7d, not 8d.`},
		"within what":           {"version: 1\nrules:\n  - {name: a, when: targets == 1, approve: {within: soon}}\n", `p:3:45: within must be a duration, not "soon". (such as 30m, 2h or 1d)`},
		"nobody is told":        {"version: 1\ngroups: {dba: {user_groups: [S0SRE]}}\nrules:\n  - {name: a, when: targets == 1, approve: {break_glass: [dba]}}\n", `p:4:45: break_glass needs a channel that is told when someone does. (give the policy announce: with the ID of a channel)`},
		"allow has no within":   {"version: 1\nrules:\n  - {name: a, when: targets == 1, allow: {within: 1h}}\n", `p:3:43: allow has no key "within". (there is: reason)`},
		"a test of nothing":     {"version: 1\nrules: []\ntests: [{name: t, given: {action: reboot}, expect: {}}]\n", `p:3:44: expect expects nothing. (such as expect: {outcome: approve})`},
		"a test of what is not": {"version: 1\nrules: []\ntests: [{name: t, given: {action: rebot}, expect: {outcome: allow}}]\n", `p:3:27: This can't be asked for: there is no action "rebot" (did you mean reboot?).`},

		// Conditions, in every style that YAML has.
		"plain":            {ruleWhen(`action.tpye == "a"`), `p:5:17: action has no field "tpye". (did you mean type?)`},
		"single quotes":    {ruleWhen(`'action.danger == ''x'' || droplet.nam == ''a'''`), `p:5:45: droplet has no field "nam". (did you mean name?)`},
		"double quotes":    {ruleWhen(`"channel == \"\u0043\" || droplet.nam == 'a'"`), `p:5:44: droplet has no field "nam". (did you mean name?)`},
		"literal":          {ruleWhen("|\n      targets == 1 &&\n        droplet.nam == 'a'"), `p:7:16: droplet has no field "nam". (did you mean name?)`},
		"literal, kept":    {ruleWhen("|+\n\n      targets == 1 &&\n      droplet.nam == 'a'\n\n"), `p:8:14: droplet has no field "nam". (did you mean name?)`},
		"folded":           {ruleWhen(">-\n      targets == 1 &&\n      droplet.nam == 'a'"), `p:7:14: droplet has no field "nam". (did you mean name?)`},
		"plain, two lines": {ruleWhen("targets == 1 &&\n      droplet.nam == 'a'"), `p:6:14: droplet has no field "nam". (did you mean name?)`},
		"on the next line": {ruleWhen("\n      droplet.nam == 'a'"), `p:6:14: droplet has no field "nam". (did you mean name?)`},
		"not ASCII":        {ruleWhen(`channel == "ü€" || droplet.nam == "a"`), `p:5:37: droplet has no field "nam". (did you mean name?)`},

		"unknown variable":         {ruleWhen(`dorplet.name == "a"`), `p:5:11: There is no "dorplet". (did you mean droplet?)`},
		"no quotes":                {ruleWhen(`action.type == rebuild`), `p:5:26: There is no "rebuild". (there is: action, droplet, targets, requester, channel, shared, now; a text stands in quotes)`},
		"unknown function":         {ruleWhen(`globb(droplet.name, "a")`), `p:5:16: There is no "globb". (did you mean glob?)`},
		"number and text":          {ruleWhen(`droplet.id == "1"`), `p:5:22: == can't be used between a number and a text. (a text stands in quotes, a number does not)`},
		"list and text":            {ruleWhen(`droplet.tags == "production"`), `p:5:24: == can't be used between a list of texts and a text. (for a list write "production" in droplet.tags)`},
		"in a text":                {ruleWhen(`'"a" in droplet.name'`), `p:5:16: in can't be used between a text and a text. (it is written "production" in droplet.tags)`},
		"and a text":               {ruleWhen(`shared && channel`), `p:5:21: Here must be true or false, and this is a text.`},
		"a number":                 {ruleWhen(`targets + 1`), `p:5:11: when must be true or false, and this is a number. (compare it with something)`},
		"a wrong argument":         {ruleWhen(`droplet.name.startsWith(1)`), `p:5:34: startsWith of a text does not take (int).`},
		"no end":                   {ruleWhen(`targets == `), `p:5:21: This is no expression: unexpected the end. (docs/POLICY.md has examples)`},
		"one =":                    {ruleWhen(`targets = 1`), `p:5:19: This is no expression: unexpected '= '. (docs/POLICY.md has examples)`},
		"pattern":                  {ruleWhen(`droplet.name.matches("[")`), "p:5:32: This is no regular expression. (RE2's: https://github.com/google/re2/wiki/Syntax)"},
		"glob":                     {ruleWhen(`glob(droplet.name, "web-[1")`), `p:5:30: "web-[1" is no pattern. (a [ needs its ], as in web-[1-3])`},
		"zone":                     {ruleWhen(`now.getHours("Europe/Berln") == 1`), `p:5:24: There is no time zone "Europe/Berln". (a name such as Europe/Berlin, America/New_York or UTC)`},
		"loop in a loop in a loop": {ruleWhen(`droplet.tags.exists(a, droplet.tags.exists(b, droplet.tags.exists(c, a + b == c)))`), `p:5:11: This could take too long to work out. (no loop within a loop over tags, groups or arguments)`},
		"group in a condition":     {ruleWhen(`'"dab" in requester.groups'`), `p:5:12: There is no group "dab". (did you mean dba?)`},

		"never a type":       {ruleWhen(`action.type == "power-cycle"`), `p:5:26: warning: action.type is never "power-cycle". (did you mean power_cycle?)`},
		"never one of these": {ruleWhen(`action.type in ["rebuild", "restor"]`), `p:5:38: warning: action.type is never "restor". (did you mean restore?)`},
		"never a danger":     {ruleWhen(`'"destructiv" == action.danger'`), `p:5:12: warning: action.danger is never "destructiv". (did you mean destructive?)`},
		"argument":           {ruleWhen(`action.args.disk == "true"`), `p:5:22: warning: An action without the argument "disk" makes this rule fail, which denies. (write "disk" in action.args && … before it)`},
		"unknown argument":   {ruleWhen(`'"dsik" in action.args'`), `p:5:12: warning: No action has an argument "dsik". (did you mean disk?)`},
		"guarded":            {ruleWhen(`'"disk" in action.args && action.args.disk == "true"'`), ``},
		"guarded by has":     {ruleWhen(`has(action.args.disk) && action.args["disk"] == "true"`), ``},
		"guarded by type":    {ruleWhen(`action.type == "resize" && action.args.size == "s-1vcpu-1gb"`), ``},
		"optional":           {ruleWhen(`action.args[?"disk"].orValue("") == "true"`), ``},
		"never":              {ruleWhen(`1 == 2`), `p:4:5: warning: The rule "r" never applies: its condition is always false.`},
		"unreachable":        {"version: 1\nrules:\n  - {name: a, when: \"true\", approve: {}}\n  - {name: b, when: targets == 1, deny: No.}\n", `p:4:5: warning: The rule "b" is never reached. (the rule "a" in line 3 always applies)`},
		"mild":               {"version: 1\nrules:\n  - {name: a, when: droplet.name == \"x\", allow: true}\n", `p:3:5: warning: The rule "a" may let ` + destroyers() + ` happen without anyone's approval. (that is destructive; if it is not meant, add action.danger != "destructive")`},
		"mild, but for one":  {"version: 1\nrules:\n  - {name: z, when: action.type != \"rebuild\" && action.danger == \"destructive\", deny: No.}\n  - {name: a, when: droplet.name == \"x\", allow: true}\n", `p:4:5: warning: The rule "a" may let rebuild happen without anyone's approval. (that is destructive; if it is not meant, add action.danger != "destructive")`},
		"meant":              {"version: 1\nrules:\n  - {name: a, when: action.type == \"rebuild\", allow: true}\n", ``},
		"CRLF and a mark":    {"\ufeffversion: 1\r\nrules:\r\n  - name: a\r\n    when: targets == 1\r\n    deny: No.\r\n", ``},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Parse("p", []byte(c.text))
			got := ""
			if err == nil {
				got = p.Warnings().Error()
			} else {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("%s\ngot:\n%s\nwant:\n%s", c.text, got, c.want)
			}
		})
	}
}

// A rule that asks for less than the built-in policy is told to whoever checks the file,
// also where it is meant; one that is told of already, or never applies to that, is not.
func TestLowered(t *testing.T) {
	const interrupters = "power_cycle, shutdown, power_off, stop"
	lowers := func(line int, name, what string) string {
		return fmt.Sprintf("p:%d:5: warning: The rule %q lowers the built-in protection: %s.", line, name, what)
	}
	const toOne = " (targets == 1 in its condition leaves several to the rules below it)"
	for name, c := range map[string]struct{ rules, want string }{
		"approval":              {`[{name: a, when: "true", approve: {}}]`, ""},
		"a denial":              {`[{name: a, when: "true", deny: No.}]`, ""},
		"safe":                  {`[{name: a, when: 'action.danger in ["safe"]', allow: true}]`, ""},
		"allowed, by type":      {"\n  - {name: a, when: action.type == \"rebuild\", allow: true}", lowers(3, "a", "rebuild without another person's approval")},
		"confirmed, by type":    {"\n  - {name: a, when: 'action.type in [\"restore\", \"reboot\"]', confirm: true}", lowers(3, "a", "restore with a confirmation in place of another person's approval")},
		"told of already":       {"\n  - {name: a, when: droplet.name == \"x\" && targets == 1, allow: true}", ""},
		"several":               {"\n  - {name: a, when: action.danger == \"disruptive\", allow: true}", lowers(3, "a", interrupters+" on several Droplets without another person's approval") + toOne},
		"up to five":            {"\n  - {name: a, when: action.danger == \"disruptive\" && targets <= 5, confirm: true}", lowers(3, "a", interrupters+" on several Droplets with a confirmation in place of another person's approval") + toOne},
		"a hundred":             {"\n  - {name: a, when: action.type == \"stop\" && targets > 100, allow: true}", lowers(3, "a", "stop on several Droplets without another person's approval") + toOne},
		"one":                   {"\n  - {name: a, when: action.danger == \"disruptive\" && targets == 1, allow: true}", ""},
		"behind one that is so": {"\n  - {name: z, when: targets > 1, approve: {}}\n  - {name: a, when: action.danger == \"disruptive\", allow: true}", ""},
		"behind one that is not": {"\n  - {name: z, when: targets > 1 && droplet.name == \"x\", approve: {}}\n  - {name: a, when: action.type == \"power_off\", allow: true}",
			lowers(4, "a", "power_off on several Droplets without another person's approval") + toOne},
	} {
		p, err := Parse("p", []byte("version: 1\nrules: "+c.rules+"\n"))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := p.Lowered().Error(); got != c.want {
			t.Errorf("%s\ngot:\n%s\nwant:\n%s", name, got, c.want)
		}
	}
}

// destroyers are the actions of the catalogue that can destroy, by an account of
// their own: a new action needs no new test here.
func destroyers() string {
	var out []string
	for _, a := range api.Catalogue() {
		if a.Danger(api.Args{}) == api.Destructive || a.Danger(api.Args{"disk": "true"}) == api.Destructive {
			out = append(out, a.Type)
		}
	}
	return strings.Join(out, ", ")
}

func TestLoad(t *testing.T) {
	if _, err := Load("nowhere.yml"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := Load(t.TempDir()); err == nil {
		t.Error("a folder was taken for a policy")
	}
	large := t.TempDir() + "/p.yml"
	if err := os.WriteFile(large, []byte("version: 1\nrules: []\n#"+strings.Repeat("x", maxFile)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(large); err == nil || !strings.Contains(err.Error(), "larger than 256 KiB") {
		t.Errorf("a file that is too large: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	// Short ones: what is found by chance is cut down to its core in time.
	f.Add("version: 1\ntimezone: UTC\ngroups: {a: {users: [U0A0], channels: [C0A0]}}\nannounce: C0A0\nquiet: {from: \"22:00\", to: \"07:00\"}\nrules: []\n")
	f.Add("version: 1\ngroups: {a: {user_groups: [S0A0]}}\nrules:\n- {name: a, when: 'targets == 1', approve: {count: 2, from: [a], within: 1h, reason: true}}\n")
	f.Add("version: 1\nrules:\n- name: a\n  when: \"glob(droplet.name, 'a') || action.args.disk == 'true'\"\n  deny: No.\n")
	f.Add("version: 1\nrules: []\ntests: [{name: a, given: {action: reboot, droplet: {tags: [a]}, now: 2026-01-01}, expect: {outcome: allow}}]\n")
	f.Add(ruleWhen("|\n  targets == 1"))
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse("p", []byte(text))
		var all Problems
		switch {
		case err == nil:
			p.Test(discard{})
			if _, err := p.judge(everyFact(), p.membershipOf(nil)); err != nil {
				t.Errorf("a given membership can't fail: %v", err)
			}
			all = p.Warnings()
		case !errors.As(err, &all) || len(all) == 0:
			t.Errorf("no problems: %v", err)
		}
		for _, q := range all {
			if strings.Contains(q.String(), "\n") || q.Line < 1 || q.Column < 1 {
				t.Errorf("not one line with a place: %q", q.String())
			}
		}
	})
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }
