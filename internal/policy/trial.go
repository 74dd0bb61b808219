package policy

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"dropletops/api"
	"dropletops/approvals"
)

// trial is one of the file's own tests: given this request, expect this outcome.
type trial struct {
	name   string
	at     place
	given  approvals.Case
	groups []string
	expect []expected
}

// expected is one thing that must be so, as it is written.
type expected struct {
	key, want string
	at        place
}

// answers are what a test can expect, each written as the file writes it.
var answers = []struct {
	key string
	of  func(approvals.Verdict) string
}{
	{"outcome", func(v approvals.Verdict) string { return string(v.Outcome) }},
	{"rule", func(v approvals.Verdict) string { return v.Rule }},
	{"count", func(v approvals.Verdict) string { return fmt.Sprint(v.Count) }},
	{"from", func(v approvals.Verdict) string {
		var all []string
		for _, n := range v.Needs {
			all = append(all, n.From...)
		}
		return names(all)
	}},
	{"within", func(v approvals.Verdict) string { return v.Within.String() }},
	{"reason", func(v approvals.Verdict) string { return fmt.Sprint(v.Reason) }},
	{"second_factor", func(v approvals.Verdict) string { return fmt.Sprint(v.Factor) }},
	{"break_glass", func(v approvals.Verdict) string { return names(v.BreakGlass) }},
	{"remind", func(v approvals.Verdict) string { return fmt.Sprint(v.Remind) }},
	{"message", func(v approvals.Verdict) string { return v.Message }},
}

func names(all []string) string {
	all = slices.Clone(all)
	slices.Sort(all)
	return "[" + strings.Join(slices.Compact(all), ", ") + "]"
}

func (r *reader) trials(p *Policy, e entry) []trial {
	var out []trial
	for i, n := range r.list(e, "tests") {
		what, at := fmt.Sprintf("Test %d", i+1), of(n)
		keys := r.mapping(n, what, at, "name", "given", "expect")
		if keys == nil {
			continue
		}
		t := trial{name: what, at: at}
		if k, ok := keys["name"]; ok {
			t.name, _ = r.text(k, "name")
		}
		g, ok := keys["given"]
		if !ok {
			r.wrong(at, what+" has no given.", "such as given: {action: rebuild}")
			continue
		}
		t.given, t.groups = r.given(p, g)
		x, ok := keys["expect"]
		if !ok {
			r.wrong(at, what+" has no expect.", "such as expect: {outcome: approve}")
			continue
		}
		t.expect = r.expected(x)
		out = append(out, t)
	}
	return out
}

// noon is when a test takes place that does not say when: a Wednesday.
var noon = time.Date(2026, 1, 14, 12, 0, 0, 0, time.UTC)

func (r *reader) given(p *Policy, e entry) (approvals.Case, []string) {
	c := approvals.Case{Channel: "C0TEST", Now: noon, Requester: approvals.Person{Who: approvals.Who{UserID: "U0TEST"}, Standing: approvals.Member}}
	keys := r.mapping(e.value, "given", e.at, "action", "args", "droplet", "droplets", "requester", "channel", "shared", "now")
	if keys == nil {
		return c, nil
	}
	c.Action = r.givenAction(e, keys)
	if k, ok := keys["droplet"]; ok {
		c.Targets = append(c.Targets, r.givenDroplet(k.value, k.at, 1))
	}
	if k, ok := keys["droplets"]; ok {
		for i, n := range r.list(k, "droplets") {
			c.Targets = append(c.Targets, r.givenDroplet(n, of(n), len(c.Targets)+i+1))
		}
	}
	if len(c.Targets) == 0 {
		c.Targets = []approvals.Droplet{AnyDroplet(1)}
	}
	c.Action.Danger = DangerOn(c.Action, c.Targets)
	if k, ok := keys["channel"]; ok {
		c.Channel, _ = r.text(k, "channel")
	}
	if k, ok := keys["shared"]; ok {
		c.Shared = r.flag(k, "shared")
	}
	if k, ok := keys["now"]; ok {
		s, _ := scalar(k.value)
		at, err := p.Time(s)
		if err != nil {
			r.wrong(k.at, "now must be a time, not "+kindOf(k.value)+".", `such as "2026-12-24T18:00:00+01:00", or without the offset in the policy's time zone`)
		}
		c.Now = at
	}
	k, ok := keys["requester"]
	if !ok {
		return c, nil
	}
	who := r.mapping(k.value, "requester", k.at, "id", "groups")
	if id, ok := who["id"]; ok {
		c.Requester.UserID, _ = r.text(id, "id")
	}
	var groups []string
	if g, ok := who["groups"]; ok {
		groups = r.texts(g, "groups", func(name string) (string, string) {
			if _, ok := p.groups[name]; ok {
				return "", ""
			}
			return fmt.Sprintf("There is no group %q.", name), ""
		})
	}
	return c, groups
}

// givenAction reads the action and its arguments; how dangerous it is the catalogue says.
func (r *reader) givenAction(e entry, keys map[string]entry) approvals.Action {
	k, ok := keys["action"]
	if !ok {
		r.wrong(e.at, "given has no action.", "such as action: rebuild")
		return approvals.Action{}
	}
	typ, _ := r.text(k, "action")
	args := map[string]string{}
	if a, ok := keys["args"]; ok {
		all, _ := r.entries(a.value, "args", a.at)
		for _, arg := range all {
			args[arg.name], _ = r.text(arg, "args."+arg.name)
		}
	}
	a, err := ActionOf(typ, args)
	if err != nil {
		r.wrong(k.at, "This can't be asked for: "+err.Error()+".", "")
	}
	return a
}

// ActionOf makes an action of a type, or of its verb, and arguments. How dangerous
// it is the catalogue of actions says.
func ActionOf(typ string, args map[string]string) (approvals.Action, error) {
	a, ok := api.Lookup(typ)
	if !ok {
		hint := didYouMean(typ, actionTypes())
		return approvals.Action{}, fmt.Errorf("there is no action %q (%s)", typ, hint)
	}
	for name := range args {
		if !slices.ContainsFunc(a.Params, func(p api.Param) bool { return p.Name == name }) {
			return approvals.Action{}, fmt.Errorf("%s takes no argument %q. It is used so: %s", a.Verb(), name, a.Usage())
		}
	}
	return approvals.Action{Type: a.Type, Args: args, Danger: approvals.Danger(a.Danger(args))}, nil
}

// DangerOn is how dangerous an action is to Droplets as they are, as the catalogue of
// actions says.
func DangerOn(a approvals.Action, on []approvals.Droplet) approvals.Danger {
	action, ok := api.Lookup(a.Type)
	if !ok {
		return a.Danger
	}
	ds := make([]api.Droplet, len(on))
	for i, d := range on {
		ds[i] = api.Droplet(d)
	}
	return approvals.Danger(action.DangerOn(ds, a.Args))
}

// AnyDroplet is a Droplet of which nothing is said.
func AnyDroplet(id int) approvals.Droplet {
	return approvals.Droplet{ID: id, Name: fmt.Sprintf("droplet-%d", id), Status: "active", Region: "fra1", Size: "s-1vcpu-1gb",
		Image: "ubuntu-24-04-x64", Created: "2026-01-01T00:00:00Z"}
}

func (r *reader) givenDroplet(n ast.Node, at place, id int) approvals.Droplet {
	d := AnyDroplet(id)
	keys := r.mapping(n, "droplet", at, dropletKind.names()...)
	for name, to := range map[string]*string{"name": &d.Name, "region": &d.Region, "size": &d.Size, "status": &d.Status, "image": &d.Image, "created": &d.Created} {
		if k, ok := keys[name]; ok {
			*to, _ = r.text(k, name)
		}
	}
	if k, ok := keys["id"]; ok {
		d.ID = r.number(k, "id", 1, 1<<53)
	}
	if k, ok := keys["tags"]; ok {
		d.Tags = r.texts(k, "tags", func(string) (string, string) { return "", "" })
	}
	return d
}

// Time reads a time, in the policy's time zone if it names none itself.
func (p *Policy) Time(s string) (time.Time, error) {
	for _, form := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(form, s, p.zone); err == nil {
			return t, nil
		}
	}
	return time.Parse(time.RFC3339, s)
}

func (r *reader) expected(e entry) []expected {
	var keys []string
	for _, a := range answers {
		keys = append(keys, a.key)
	}
	all := r.mapping(e.value, "expect", e.at, keys...)
	var out []expected
	for _, key := range keys {
		k, ok := all[key]
		if !ok {
			continue
		}
		x := expected{key: key, at: k.at}
		switch {
		case key == "from" || key == "break_glass":
			x.want = names(r.texts(k, key, func(string) (string, string) { return "", "" }))
		case key == "within":
			x.want = r.duration(k).String()
		default:
			s, _ := r.text(k, key)
			x.want = oneLine(s)
		}
		out = append(out, x)
	}
	if len(out) == 0 && all != nil {
		r.wrong(e.at, "expect expects nothing.", "such as expect: {outcome: approve}")
	}
	return out
}

// Test runs the file's own tests, writes what fails, and answers how many there
// are and how many of them fail.
func (p *Policy) Test(out io.Writer) (all, failed int) {
	for _, t := range p.trials {
		v, err := p.judge(t.given, p.membershipOf(t.groups))
		var diff []string
		if err != nil {
			diff = append(diff, err.Error())
		}
		for _, x := range t.expect {
			for _, a := range answers {
				if got := a.of(v); a.key == x.key && got != x.want {
					diff = append(diff, fmt.Sprintf("%s:%d:%d: %s\n      expected  %s\n      got       %s", p.file, x.at.line, x.at.column, x.key, x.want, got))
				}
			}
		}
		if len(diff) == 0 {
			continue
		}
		failed++
		fmt.Fprintf(out, "%s:%d:%d: the test %q fails (the rule that applied: %s)\n", p.file, t.at.line, t.at.column, t.name, v.Rule)
		for _, d := range diff {
			fmt.Fprintln(out, "    "+d)
		}
	}
	return len(p.trials), failed
}
