package slack_test

import (
	"encoding/json"
	"testing"

	simslack "dropletops/internal/sim/slack"
)

// fields reads one object out of a payload.
func fields(t *testing.T, d *simslack.Delivery, path ...string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(d.Payload, &m); err != nil {
		t.Fatal(err)
	}
	for _, p := range path {
		m, _ = m[p].(map[string]any)
	}
	return m
}

// What people type arrives as Slack sends it: escaped, with mentions and links between brackets.
func TestTypedText(t *testing.T) {
	s := start(t, simslack.Options{})
	run(t, s, ackAll)
	for typed, want := range map[string]struct{ event, command string }{
		`list a&b <c> &lt;`:              {`list a&amp;b &lt;c&gt; &amp;lt;`, ``},
		`ask @bob, not @nobody`:          {`ask <@U0BOB>, not @nobody`, `ask <@U0BOB|bob>, not @nobody`},
		`tell #ops. and @sre`:            {`tell <#C0OPS|ops>. and <!subteam^S0SRE|@sre>`, ``},
		`page @channel`:                  {`page <!channel>`, ``},
		`info web-1.example.com`:         {`info <http://web-1.example.com|web-1.example.com>`, ``},
		`see https://status.io/?a=1&b=2`: {`see <https://status.io/?a=1&amp;b=2>`, ``},
		`<@U0CAROL> has <!channel>`:      {`<@U0CAROL> has &lt;!channel&gt;`, `<@U0CAROL|carol> has &lt;!channel&gt;`},
		`list web* --tag "role:db" s-1`:  {`list web* --tag "role:db" s-1`, ``},
	} {
		_, d, err := s.Mention("alice", "#ops", "", typed)
		result(t, d, err)
		if got := fields(t, d, "event")["text"]; got != "<@"+simslack.BotUserID+"> "+want.event {
			t.Errorf("a mention of %q arrives as %q", typed, got)
		}
		command := want.command
		if command == "" {
			command = want.event
		}
		d, err = s.SlashCommand("alice", "#ops", "/droplet "+typed)
		result(t, d, err)
		if got := fields(t, d)["text"]; got != command {
			t.Errorf("a command with %q arrives as %q, want %q", typed, got, command)
		}
	}
}
