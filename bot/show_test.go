package bot

import (
	"errors"
	"testing"

	"dropletops/approvals"
	"dropletops/handlers"
	"dropletops/internal/card"
	simslack "dropletops/internal/sim/slack"
)

var _ handlers.Channel = (*Bot)(nil)

// What can't be shown is a refusal if it would be the same again, else a fault
// that is tried again.
func TestShow(t *testing.T) {
	withSim(t, &hand{}, func(t *testing.T, sim *simslack.Server, b *Bot, _ *memory, _ *Client) {
		m := card.Reply("*Droplets*")
		if err := b.Show(t.Context(), approvals.Origin{ChannelID: "C0OPS", ThreadTS: ""}, m); err != nil {
			t.Fatal(err)
		}
		root := sim.Snapshot().MessagesIn("#ops")[0]
		if err := b.Show(t.Context(), approvals.Origin{ChannelID: "C0OPS", ThreadTS: root.TS}, m); err != nil {
			t.Fatal(err)
		}
		if in := sim.Snapshot().Thread("C0OPS", root.TS); len(in) == 0 || in[len(in)-1].ThreadTS != root.TS {
			t.Errorf("in the thread: %+v", in)
		}
		var no *approvals.Refusal
		if err := b.Show(t.Context(), approvals.Origin{ChannelID: "C0RANDOM", ThreadTS: ""}, m); !errors.As(err, &no) {
			t.Errorf("where the bot is not: %v", err)
		}
		for _, f := range []struct {
			fault   simslack.Fault
			refused bool
		}{
			{simslack.Fault{Error: "is_archived"}, true}, {simslack.Fault{Error: "restricted_action"}, true},
			{simslack.Fault{Status: 503}, false}, {simslack.Fault{DropBefore: true}, false}, {simslack.Fault{RetryAfter: 1}, false},
		} {
			f.fault.Method = "chat.postMessage"
			sim.AddFault(f.fault)
			if err := b.Show(t.Context(), approvals.Origin{ChannelID: "C0OPS", ThreadTS: ""}, m); err == nil || errors.As(err, &no) != f.refused {
				t.Errorf("%+v: %v", f.fault, err)
			}
		}
	})
}
