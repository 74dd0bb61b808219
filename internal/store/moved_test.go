package store_test

import (
	"testing"

	"dropletops/approvals"
)

// Every request of a channel is loaded with the ID that the channel has now, also after a
// second change and beside a request of another channel. Each move is recorded once.
func TestAChannelThatMovesIsFollowed(t *testing.T) {
	onEach(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		for id, channel := range map[string]string{"r-1": "G1", "r-2": "G1", "r-3": "C7"} {
			r := request(id, "env-"+id, b.clock.now())
			r.Origin.ChannelID = channel
			if err := b.Create(ctx, r, approvals.Change{}); err != nil {
				t.Fatal(err)
			}
			if err := b.Published(ctx, id, approvals.MessageRef{ChannelID: channel, TS: "1." + id}, 1); err != nil {
				t.Fatal(err)
			}
		}
		stands := func(want string, ids ...string) {
			t.Helper()
			for _, id := range ids {
				r, err := b.Request(ctx, id)
				if err != nil || r.Card != (approvals.MessageRef{ChannelID: want, TS: "1." + id}) || r.Origin.ChannelID != want {
					t.Errorf("%s stands at %+v, asked for in %s (%v); want %s", id, r.Card, r.Origin.ChannelID, err, want)
				}
			}
		}
		move := func(from, to string, audit int) {
			t.Helper()
			before := auditLines(t, b)
			if err := b.MoveChannel(ctx, from, to, approvals.Line{At: b.clock.now(), What: "channel moved", Who: approvals.Self}); err != nil {
				t.Fatal(err)
			}
			if n := auditLines(t, b) - before; n != audit {
				t.Errorf("%s to %s: %d audit lines, want %d", from, to, n, audit)
			}
		}
		move("G1", "C1", 1)
		move("G1", "C1", 0) // another click, or another replica, tells of it again
		stands("C1", "r-1", "r-2")
		stands("C7", "r-3")
		// What was edited since is written down at the new ID.
		if err := b.Published(ctx, "r-1", approvals.MessageRef{ChannelID: "C1", TS: "1.r-1"}, 1); err != nil {
			t.Fatal(err)
		}
		stands("C1", "r-1", "r-2")
		move("C1", "C2", 1)
		stands("C2", "r-1", "r-2")
		stands("C7", "r-3")
	})
}
