package policy

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"dropletops/approvals"
)

// many are 200 rules of the kinds that people write, of which only the last applies.
func manyRules(n int) string {
	kinds := []string{
		`action.type == "rebuild" && "production" in droplet.tags && "dba" in requester.groups && targets < %d`,
		`glob(droplet.name, "db-%d-*") && action.danger == "destructive"`,
		`action.type in ["rebuild", "restore"] && droplet.region == "ams%d"`,
		`now.getMonth() == 11 && now.getDate() >= 20 && targets != %d`,
		`"tag-%d" in droplet.tags || channel == "C0NOBODY"`,
		`droplet.name.matches("^web-[0-9]+-%d$")`,
		`action.type == "resize" && "disk" in action.args && action.args.disk == "true" && targets != %d`,
		`now.getHours("Europe/Berlin") < 0 || now.getDayOfWeek("America/New_York") == 10 + %d`,
	}
	var b strings.Builder
	b.WriteString("version: 1\ntimezone: Europe/Berlin\ngroups: {dba: {users: [U0ALICE]}}\nrules:\n")
	for i := range n - 1 {
		fmt.Fprintf(&b, "  - name: rule %d\n    when: '%s'\n    approve: {}\n", i, fmt.Sprintf(kinds[i%len(kinds)], i))
	}
	b.WriteString("  - {name: last, when: 'action.type == \"reboot\"', confirm: true}\n")
	return b.String()
}

func worstCase(tb testing.TB, rules int) (*Policy, approvals.Case) {
	tb.Helper()
	p, err := Parse("many.yml", []byte(manyRules(rules)))
	if err != nil {
		tb.Fatal(err)
	}
	d := AnyDroplet(1)
	d.Name, d.Tags = "web-1", []string{"production", "web", "fra", "team-a"}
	return p, approvals.Case{Action: approvals.Action{Type: "reboot", Danger: approvals.Safe}, Targets: []approvals.Droplet{d},
		Requester: approvals.Person{Who: approvals.Who{UserID: "U0BOB"}}, Channel: "C0OPS", Now: noon}
}

// BenchmarkJudge is the worst case of 200 rules: it must stay below 100 µs.
func BenchmarkJudge(b *testing.B) {
	p, c := worstCase(b, 200)
	b.ReportAllocs()
	for b.Loop() {
		if v, err := p.Judge(context.Background(), c); err != nil || v.Rule != "last" {
			b.Fatal(v, err)
		}
	}
}
