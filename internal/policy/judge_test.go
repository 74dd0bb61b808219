package policy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/quick"
	"time"

	"dropletops/approvals"

	"github.com/google/go-cmp/cmp"
)

func mustParse(t testing.TB, text string) *Policy {
	t.Helper()
	p, err := Parse("p.yml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func everyFact() approvals.Case {
	d := AnyDroplet(7)
	d.Tags = []string{"production", "web"}
	return approvals.Case{Action: approvals.Action{Type: "resize", Args: map[string]string{"size": "s-2vcpu-4gb"}, Danger: approvals.Safe},
		Targets: []approvals.Droplet{d}, Requester: approvals.Person{Who: approvals.Who{UserID: "U0ALICE"}}, Channel: "C0OPS", Now: noon}
}

// asked is a case of an action on Droplets of these names, each its own tag as well.
func asked(typ string, names ...string) approvals.Case {
	a, err := ActionOf(typ, nil)
	if err != nil {
		panic(err)
	}
	c := approvals.Case{Action: a, Requester: approvals.Person{Who: approvals.Who{UserID: "U0ALICE"}}, Channel: "C0OPS", Now: noon}
	for i, n := range names {
		d := AnyDroplet(i + 1)
		d.Name, d.Tags = n, []string{n}
		c.Targets = append(c.Targets, d)
	}
	return c
}

const bulk = `version: 1
announce: C0LOUD
groups:
  dba: {users: [U0A0, U0B0, U0C0]}
  sre: {users: [U0D0, U0E0]}
  boss: {users: [U0F0]}
shared_channels: [C0SHARED]
quiet: {from: "22:00", to: "07:00"}
rules:
  - {name: deny, when: '"deny" in droplet.tags', deny: "Not this one."}
  - {name: two, when: '"two" in droplet.tags', approve: {count: 2, from: [dba], within: 2h, reason: true, break_glass: [sre, boss], remind: false}}
  - {name: factor, when: '"factor" in droplet.tags', approve: {from: [sre], within: 1h, second_factor: true, break_glass: [boss]}}
  - {name: anyone, when: '"anyone" in droplet.tags', approve: {}}
  - {name: confirm, when: '"confirm" in droplet.tags', confirm: {within: 5m, reason: true}}
  - {name: allow, when: '"allow" in droplet.tags', allow: true}
  - {name: fails, when: '"fails" in droplet.tags && action.args.disk == "true"', allow: true}
  - {name: unreached, when: '"fails" in droplet.tags', allow: true}
`

func TestTheStrictestOfAllTargets(t *testing.T) {
	need := func(rule string, count int, from ...string) approvals.Need {
		return approvals.Need{Rule: rule, Count: count, From: from}
	}
	for name, c := range map[string]struct {
		in   approvals.Case
		want approvals.Verdict
	}{
		"one allowed":  {asked("reboot", "allow"), approvals.Verdict{Outcome: "allow", Rule: "allow"}},
		"one approved": {asked("reboot", "anyone"), approvals.Verdict{Outcome: "approve", Rule: "anyone", Count: 1, Within: 30 * time.Minute, Remind: true, Needs: []approvals.Need{need("anyone", 1)}}},
		"by a rule once": {asked("reboot", "anyone", "anyone"),
			approvals.Verdict{Outcome: "approve", Rule: "anyone", Count: 1, Within: 30 * time.Minute, Remind: true, Needs: []approvals.Need{need("anyone", 1)}}},
		"two rules": {asked("reboot", "factor", "allow", "two"), approvals.Verdict{Outcome: "approve", Rule: "factor, two", Count: 2, Within: time.Hour, Reason: true,
			Factor: true, BreakGlass: []string{"boss"}, Announce: "C0LOUD", Remind: true, Needs: []approvals.Need{need("factor", 1, "sre"), need("two", 2, "dba")}}},
		"no glass that all would break": {asked("reboot", "two", "anyone"), approvals.Verdict{Outcome: "approve", Rule: "two, anyone", Count: 2, Within: 30 * time.Minute,
			Reason: true, Remind: true, Needs: []approvals.Need{need("two", 2, "dba"), need("anyone", 1)}}},
		"a milder rule's reason": {asked("reboot", "anyone", "confirm"), approvals.Verdict{Outcome: "approve", Rule: "anyone", Count: 1, Within: 30 * time.Minute,
			Reason: true, Remind: true, Needs: []approvals.Need{need("anyone", 1)}}},
		"confirm over allow": {asked("reboot", "allow", "confirm"), approvals.Verdict{Outcome: "confirm", Rule: "confirm", Within: 5 * time.Minute, Reason: true}},
		"deny over all":      {asked("reboot", "two", "deny", "allow"), approvals.Verdict{Outcome: "deny", Rule: "deny", Message: "deny: Not this one."}},
		"deny for all":       {asked("reboot", "deny", "deny"), approvals.Verdict{Outcome: "deny", Rule: "deny", Message: "Not this one."}},
		"a rule that fails": {asked("resize", "fails"), approvals.Verdict{Outcome: "deny", Rule: "fails",
			Message: `The policy's rule "fails" can't be worked out for this (no such key: disk), so it is refused. Whoever keeps the policy can mend the rule.`}},
		"none applies":             {asked("reboot", "x"), approvals.Verdict{Outcome: "allow", Rule: "built-in: one Droplet"}},
		"none applies, to several": {asked("reboot", "x", "allow"), approvals.Verdict{Outcome: "confirm", Rule: "built-in: several Droplets", Within: 30 * time.Minute}},
		"none applies to one": {asked("rebuild", "x", "two"), approvals.Verdict{Outcome: "approve", Rule: "two, built-in: destructive", Count: 2, Within: 30 * time.Minute, Reason: true,
			Remind: true, Needs: []approvals.Need{need("two", 2, "dba"), need("built-in: destructive", 1)}}},
	} {
		t.Run(name, func(t *testing.T) {
			p := mustParse(t, bulk)
			got, err := p.Judge(t.Context(), c.in)
			if err != nil {
				t.Fatal(err)
			}
			c.want.Policy = p.Digest()
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// A Droplet's name or an argument pages nobody by way of a denial.
func TestADenialHoldsNoMarkupOfOthers(t *testing.T) {
	c := asked("reboot", "deny", "allow")
	c.Targets[0].Name = "<!channel>\n&amp;"
	if v, err := mustParse(t, bulk).Judge(t.Context(), c); err != nil || v.Message != "‹!channel› ＆amp;: Not this one." {
		t.Errorf("%q, %v", v.Message, err)
	}
	p := mustParse(t, "version: 1\nrules:\n  - {name: r, when: 'droplet.name.matches(droplet.image)', deny: No.}\n")
	c.Targets[0].Image = "[<!channel>"
	if v, err := p.Judge(t.Context(), c); err != nil || v.Outcome != approvals.Deny || strings.ContainsAny(v.Message, "<>&") {
		t.Errorf("%q, %v", v.Message, err)
	}
}

// The order of a bulk request's Droplets changes nothing but the order of the words.
func TestOrderIsNothing(t *testing.T) {
	p := mustParse(t, bulk)
	names := []string{"deny", "two", "factor", "anyone", "confirm", "allow", "x"}
	check := func(pick []uint8) bool {
		var some, back []string
		for _, i := range pick {
			n := names[int(i)%len(names)]
			some, back = append(some, n), append([]string{n}, back...)
		}
		if len(some) == 0 {
			return true
		}
		a, err := p.Judge(context.Background(), asked("shutdown", some...))
		b, err2 := p.Judge(context.Background(), asked("shutdown", back...))
		for _, n := range some { // none is milder than the strictest alone
			one, _ := p.Judge(context.Background(), asked("shutdown", n))
			if n != "x" && one.Outcome.Stricter(a.Outcome) {
				return false
			}
		}
		return err == nil && err2 == nil && a.Outcome == b.Outcome && a.Count == b.Count && a.Within == b.Within && a.Factor == b.Factor &&
			a.Reason == b.Reason && a.Remind == b.Remind && len(a.Needs) == len(b.Needs) && cmp.Equal(a.BreakGlass, b.BreakGlass)
	}
	if err := quick.Check(check, &quick.Config{MaxCount: 500}); err != nil {
		t.Error(err)
	}
}

func TestSharedChannels(t *testing.T) {
	p := mustParse(t, bulk)
	for name, c := range map[string]struct {
		typ, droplet, channel string
		want                  approvals.Outcome
		rule                  string
	}{
		"what needs approval":   {"reboot", "two", "C0OPS", "deny", "built-in: shared channel"},
		"what destroys":         {"rebuild", "allow", "C0OPS", "deny", "built-in: shared channel"},
		"built-in, destroys":    {"rebuild", "x", "C0OPS", "deny", "built-in: shared channel"},
		"the policy's own deny": {"rebuild", "deny", "C0OPS", "deny", "deny"},
		"what does no harm":     {"reboot", "allow", "C0OPS", "allow", "allow"},
		"where it may":          {"rebuild", "two", "C0SHARED", "approve", "two"},
	} {
		k := asked(c.typ, c.droplet)
		k.Channel, k.Shared = c.channel, true
		v, err := p.Judge(t.Context(), k)
		if err != nil || v.Outcome != c.want || v.Rule != c.rule || v.Policy != p.Digest() {
			t.Errorf("%s: %+v, %v", name, v, err)
		}
	}
}

func TestQuietHours(t *testing.T) {
	p := mustParse(t, bulk)
	for now, want := range map[string]bool{
		"2026-01-14T21:44": true,  // half-way is 21:59
		"2026-01-14T21:45": false, // 22:00
		"2026-01-15T06:44": false, // 06:59
		"2026-01-15T06:45": true,  // 07:00
	} {
		c := asked("reboot", "anyone")
		var err error
		if c.Now, err = p.Time(now); err != nil {
			t.Fatal(err)
		}
		if v, err := p.Judge(t.Context(), c); err != nil || v.Remind != want {
			t.Errorf("asked for at %s: remind %v, %v; want %v", now, v.Remind, err, want)
		}
	}
}

// Frozen at 00:00 in Berlin, whatever the clock of this machine is set to.
func TestTimeZones(t *testing.T) {
	for _, when := range []string{`now.getMonth() == 11`, `now.getMonth("Europe/Berlin") == 11`, `now.getMonth("+01:00") == 11`} {
		p := mustParse(t, "version: 1\ntimezone: Europe/Berlin\nrules:\n  - {name: frozen, when: '"+when+"', deny: Frozen.}\n")
		for now, want := range map[string]approvals.Outcome{
			"2026-11-30T22:59:59Z": "allow", "2026-11-30T23:00:00Z": "deny", "2026-12-31T22:59:59Z": "deny", "2026-12-31T23:00:00Z": "allow",
		} {
			c := asked("reboot", "x")
			c.Now, _ = time.Parse(time.RFC3339, now)
			if v, err := p.Judge(t.Context(), c); err != nil || v.Outcome != want {
				t.Errorf("%s at %s: %s, %v; want %s", when, now, v.Outcome, err, want)
			}
		}
	}
}

// Ours and CEL's own count the parts of a time alike.
func TestClockParts(t *testing.T) {
	c := asked("reboot", "x")
	for name := range clockParts {
		// zone() is no constant, so that CEL's own function is used on the right.
		p := mustParse(t, "version: 1\nrules:\n  - {name: same, when: 'now."+name+`("America/New_York") == now.`+name+`(channel)', deny: Same.}`+"\n")
		c.Channel = "America/New_York"
		for _, now := range []string{"2026-03-08T06:59:59.123Z", "2026-03-08T07:00:00Z", "2028-02-29T23:30:00Z", "2027-01-01T04:59:00.999Z"} {
			c.Now, _ = time.Parse(time.RFC3339Nano, now)
			if v, err := p.Judge(t.Context(), c); err != nil || v.Rule != "same" {
				t.Errorf("%s at %s: %+v, %v", name, now, v, err)
			}
		}
	}
}

func TestWhatIsNotKnownDenies(t *testing.T) {
	p := mustParse(t, "version: 1\nrules:\n  - {name: young, when: 'now - droplet.created < duration(\"24h\")', allow: {reason: true}}\n")
	c := asked("reboot", "x")
	c.Targets[0].Created = "2026-01-14T00:00:00Z"
	if v, err := p.Judge(t.Context(), c); err != nil || v.Rule != "young" || v.Outcome != "allow" || !v.Reason {
		t.Errorf("%+v, %v", v, err)
	}
	c.Targets[0].Created = "yesterday"
	if v, err := p.Judge(t.Context(), c); err != nil || v.Outcome != "deny" || !strings.Contains(v.Message, "not known when the Droplet was created") {
		t.Errorf("%+v, %v", v, err)
	}
}

// A Droplet that is to be made has what is known of it: a rule on its age does not
// keep anyone from making one.
func TestADropletThatIsToBeMade(t *testing.T) {
	p := mustParse(t, "version: 1\nrules:\n  - {name: young, when: 'now - droplet.created < duration(\"1h\") && droplet.region == \"nyc3\" && \"web\" in droplet.tags', allow: {reason: true}}\n")
	c := asked("create", "new-1")
	c.Targets[0] = approvals.Droplet{Name: "new-1", Region: "nyc3", Size: "s-1vcpu-1gb", Tags: []string{"web"}}
	if v, err := p.Judge(t.Context(), c); err != nil || v.Rule != "young" || v.Outcome != "allow" {
		t.Errorf("%+v, %v", v, err)
	}
}

// crew is who is where, and what was asked.
type crew struct {
	in    map[string]bool // user/group
	err   error
	asked []string
}

func (c *crew) look(user, id string, f approvals.Freshness) (bool, approvals.Seen, error) {
	said := user + "/" + id
	if f == approvals.Deciding {
		said += "/fresh"
	}
	c.asked = append(c.asked, said)
	return c.in[user+"/"+id], approvals.Seen{Now: true}, c.err
}

func (c *crew) InUserGroup(_ context.Context, user, id string, f approvals.Freshness) (bool, approvals.Seen, error) {
	return c.look(user, id, f)
}

func (c *crew) InChannel(_ context.Context, user, id string, f approvals.Freshness) (bool, approvals.Seen, error) {
	return c.look(user, id, f)
}

const crewed = `version: 1
groups:
  sre: {users: [U0BOB], user_groups: [S0SRE], channels: [C0SRE]}
  dba: {user_groups: [S0DBA]}
rules:
  - {name: sre, when: 'action.type == "reboot" && "sre" in requester.groups', confirm: true}
  - {name: two, when: 'action.type == "shutdown" && size(requester.groups) == 2', confirm: true}
  - {name: or, when: 'action.type == "power_off" && ("dba" in requester.groups || targets == 1)', confirm: true}
  - {name: any, when: 'action.type == "stop" && requester.groups.exists(g, g == "dba")', confirm: true}
`

func TestGroupsAreLookedUpWhenTheyDecide(t *testing.T) {
	for name, c := range map[string]struct {
		typ, user string
		in        []string
		rule      string
		asked     string
	}{
		"not asked about":      {"rename", "U0ALICE", nil, "built-in: one Droplet", ""},
		"named in the file":    {"reboot", "U0BOB", nil, "sre", ""},
		"in the user group":    {"reboot", "U0ALICE", []string{"S0SRE"}, "sre", "U0ALICE/S0SRE"},
		"in the channel":       {"reboot", "U0ALICE", []string{"C0SRE"}, "sre", "U0ALICE/S0SRE U0ALICE/C0SRE"},
		"in neither":           {"reboot", "U0ALICE", nil, "built-in: one Droplet", "U0ALICE/S0SRE U0ALICE/C0SRE"},
		"all groups, in order": {"shutdown", "U0BOB", []string{"S0DBA"}, "two", "U0BOB/S0DBA"},
		"over all groups":      {"stop", "U0ALICE", []string{"S0DBA"}, "any", "U0ALICE/S0DBA U0ALICE/S0SRE U0ALICE/C0SRE"},
	} {
		t.Run(name, func(t *testing.T) {
			m := &crew{in: map[string]bool{}}
			for _, id := range c.in {
				m.in[c.user+"/"+id] = true
			}
			k := asked(c.typ, "x")
			k.Requester.UserID = c.user
			v, err := mustParse(t, crewed).With(m, approvals.BuiltIn{}).Judge(t.Context(), k)
			if err != nil || v.Rule != c.rule || strings.Join(m.asked, " ") != c.asked {
				t.Errorf("%+v, %v; asked %v", v, err, m.asked)
			}
		})
	}
}

// A group that Slack does not know has nobody in it: whoever decides is told so,
// by name, in place of a fault. A rule that asks about one still fails closed.
func TestAGroupThatSlackDoesNotKnowIsEmpty(t *testing.T) {
	gone := fmt.Errorf("look up S0DBA: %w", approvals.ErrNoGroup)
	p := mustParse(t, crewed).With(&crew{err: gone}, approvals.BuiltIn{})
	if in, _, err := p.In(t.Context(), approvals.Who{UserID: "U0BOB"}, []string{"dba", "sre"}, true); err != nil || !slices.Equal(in, []string{"sre"}) {
		t.Errorf("%v, %v", in, err)
	}
	if v, err := p.Judge(t.Context(), asked("stop", "x")); err == nil {
		t.Errorf("judged all the same: %+v", v)
	}
}

func TestNobodyIsLetThroughWhenSlackIsSilent(t *testing.T) {
	silent := errors.New("no answer")
	p := mustParse(t, crewed).With(&crew{err: silent}, approvals.BuiltIn{})
	for _, typ := range []string{"reboot", "shutdown", "power_off", "stop"} { // also where something else would make it true
		if v, err := p.Judge(t.Context(), asked(typ, "x")); !errors.Is(err, silent) || v.Outcome != "" {
			t.Errorf("%s: %+v, %v", typ, v, err)
		}
	}
	if v, err := mustParse(t, crewed).Judge(t.Context(), asked("reboot", "x")); err == nil {
		t.Errorf("with no Slack to ask: %+v", v)
	}
	if _, _, err := p.In(t.Context(), approvals.Who{UserID: "U0ALICE"}, []string{"dba"}, true); !errors.Is(err, silent) {
		t.Errorf("In: %v", err)
	}
}

func TestIn(t *testing.T) {
	m := &crew{in: map[string]bool{"U0ALICE/S0DBA": true}}
	p := mustParse(t, crewed).With(m, approvals.BuiltIn{})
	got, _, err := p.In(t.Context(), approvals.Who{UserID: "U0ALICE"}, []string{"sre", "dba", "nobody"}, true)
	if err != nil || !cmp.Equal(got, []string{"dba"}) || strings.Join(m.asked, " ") != "U0ALICE/S0SRE/fresh U0ALICE/C0SRE/fresh U0ALICE/S0DBA/fresh" {
		t.Errorf("%v, %v; asked %v", got, err, m.asked)
	}
	if got, _, err := p.In(t.Context(), approvals.Who{}, []string{"sre"}, true); err != nil || len(got) > 0 {
		t.Errorf("nobody is in %v, %v", got, err)
	}
	if g, ok := p.Group("dba"); !ok || !cmp.Equal(g, approvals.Group{Name: "dba", UserGroups: []string{"S0DBA"}}) {
		t.Errorf("%+v %v", g, ok)
	}
}

// The example that is shipped is right, says nothing it may not mean, and does what
// its tests say.
func TestExample(t *testing.T) {
	p, err := Load("../../policy.example.yml")
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Warnings()) > 0 {
		t.Error(p.Warnings())
	}
	var out strings.Builder
	if all, failed := p.Test(&out); failed > 0 || all < 10 {
		t.Errorf("%d of %d tests fail:\n%s", failed, all, out.String())
	}
	text, err := os.ReadFile("../../policy.example.yml")
	if err != nil {
		t.Fatal(err)
	}
	broken := mustParse(t, strings.Replace(string(text), "count: 2\n", "count: 1\n", 1))
	if _, failed := broken.Test(&out); failed != 2 {
		t.Errorf("with one person where it takes two, %d tests fail, want 2:\n%s", failed, out.String())
	}
}

func TestTheWorstCaseIsBounded(t *testing.T) {
	p, c := worstCase(t, 200)
	few, _ := worstCase(t, 20)
	of := func(p *Policy) float64 {
		return testing.AllocsPerRun(20, func() {
			if v, err := p.Judge(context.Background(), c); err != nil || v.Rule != "last" {
				t.Fatal(v, err)
			}
		})
	}
	// A rule takes an allocation or two; what is looked up, parsed or compiled for
	// each anew takes tens.
	if many, few := of(p), of(few); (many-few)/180 > 3 {
		t.Errorf("%.1f allocations a rule", (many-few)/180)
	}
}

func FuzzJudge(f *testing.F) {
	f.Add("db-1", "production", "disk", "true", "resize", int64(0))
	example, err := Load("../../policy.example.yml")
	if err != nil {
		f.Fatal(err)
	}
	all := []*Policy{example, mustParse(f, bulk), mustParse(f, manyRules(50))}
	f.Fuzz(func(t *testing.T, name, tag, key, value, typ string, at int64) {
		c := everyFact()
		c.Targets[0].Name, c.Targets[0].Tags, c.Action.Type, c.Action.Args = name, []string{tag}, typ, map[string]string{key: value}
		c.Now, c.Targets[0].Created, c.Action.Danger = time.Unix(at, 0), value, approvals.Destructive
		for _, p := range all {
			v, err := p.judge(c, p.membershipOf([]string{tag}))
			if err != nil || v.Outcome == "" || v.Rule == "" || v.Outcome == "approve" && v.Count < 1 {
				t.Errorf("%+v, %v", v, err)
			}
		}
	})
}

// A policy's own tests know that a resize switches off what is on.
func TestAResizeOfWhatIsOnIsDisruptive(t *testing.T) {
	p := mustParse(t, `version: 1
rules:
  - {name: careful, when: 'action.danger != "safe"', approve: {}}
tests:
  - {name: "on", given: {action: resize, args: {size: s-2vcpu-4gb}}, expect: {outcome: approve}}
  - {name: "off", given: {action: resize, args: {size: s-2vcpu-4gb}, droplet: {status: "off"}}, expect: {outcome: allow}}
`)
	if n, failed := p.Test(t.Output()); n != 2 || failed != 0 {
		t.Errorf("%d tests, %d failed", n, failed)
	}
}

// A tag is the same in any case, as at DigitalOcean, whatever way a condition has of
// comparing it.
func TestTagsCompareInAnyCase(t *testing.T) {
	for _, tag := range []string{"production", "Production", "PRODUCTION"} {
		for condition, want := range map[string]bool{
			`"production" in droplet.tags`: true, `"Production" in droplet.tags`: true, `"PRODUCTION" in droplet.tags`: true, `"Product" in droplet.tags`: false,
			`!("Production" in droplet.tags)`:                            false,
			`action.args["size"] in droplet.tags`:                        true,
			`droplet.tags.exists(t, t == "Production")`:                  true,
			`droplet.tags.exists(t, "Production" == t)`:                  true,
			`droplet.tags.all(t, t != "Production")`:                     false,
			`droplet.tags.exists(t, t in ["Staging", "Production"])`:     true,
			`droplet.tags.exists(t, t.startsWith("Prod"))`:               true,
			`droplet.tags.exists(t, t.endsWith("TION"))`:                 true,
			`droplet.tags.exists(t, t.contains("DUCT"))`:                 true,
			`droplet.tags.exists(t, t.matches("^Prod.*N$"))`:             true,
			`droplet.tags.exists(t, glob(t, "Prod*"))`:                   true,
			`droplet.tags.exists_one(t, t == "Production")`:              true,
			`droplet.tags.filter(t, t == "Production").size() == 1`:      true,
			`size(droplet.tags) == 2 && droplet.tags[1] == "Production"`: true,
			`droplet.tags == ["WEB", "Production"]`:                      true,
			`droplet.name == "Production"`:                               false, // a name is not a tag
			`droplet.name == "PRODUCTION-db"`:                            false,
			`droplet.name == "Production-db"`:                            true,
			`["a"].exists(t, t == "A")`:                                  false,
		} {
			p := mustParse(t, fmt.Sprintf("version: 1\nrules:\n  - name: it\n    when: |-\n      %s\n    deny: \"no\"\n", condition))
			c := everyFact()
			c.Action.Args = map[string]string{"size": "ProDuction"}
			c.Targets[0].Name, c.Targets[0].Tags = "Production-db", []string{"web", tag}
			v, err := p.Judge(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			if got := v.Outcome == approvals.Deny; got != want {
				t.Errorf("%s with the tag %s: %v", condition, tag, got)
			}
		}
	}
}

// In a pattern of glob, * and ? match a slash, too.
func TestGlobMatchesSlashes(t *testing.T) {
	for condition, want := range map[string]bool{
		`glob(droplet.image, "*")`: true, `glob(droplet.image, "debian*x64")`: true, `glob(droplet.image, "debian/12?x64")`: true,
		`glob(droplet.image, "DEBIAN/*")`: true, `glob(droplet.image, "ubuntu*")`: false, `glob(droplet.image, "debian[./]12 x64")`: true,
	} {
		p := mustParse(t, fmt.Sprintf("version: 1\nrules:\n  - name: it\n    when: |-\n      %s\n    deny: \"no\"\n", condition))
		c := everyFact()
		c.Targets[0].Image = "debian/12 x64"
		v, err := p.Judge(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if got := v.Outcome == approvals.Deny; got != want {
			t.Errorf("%s: %v", condition, got)
		}
	}
}

// A rule on tags that the token may not read can't be worked out: it denies, and says why.
func TestTagsThatCannotBeRead(t *testing.T) {
	p := mustParse(t, "version: 1\nrules:\n  - name: prod\n    when: '\"prod\" in droplet.tags'\n    approve: {}\n")
	d := approvals.Droplet{ID: 7, Name: "db-1", Unreadable: []string{"tags"}}
	v, err := p.Judge(t.Context(), approvals.Case{Action: approvals.Action{Type: "reboot"}, Targets: []approvals.Droplet{d}, Requester: approvals.Person{Who: approvals.Who{UserID: "U1"}, Standing: approvals.Member}})
	if err != nil || v.Outcome != approvals.Deny || !strings.Contains(v.Message, "tags are not readable with this token") {
		t.Errorf("%+v, %v", v, err)
	}
}
