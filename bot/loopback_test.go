package bot

import (
	"context"
	"testing"
	"time"

	simslack "dropletops/internal/sim/slack"

	"go.uber.org/goleak"
)

// The other tests run on a network in memory. This one is on real connections,
// and leaves nothing behind.
func TestOnLoopback(t *testing.T) {
	defer goleak.VerifyNone(t)
	sim := simslack.New(simslack.Options{})
	if err := sim.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	defer sim.Close()
	c, err := NewClient(Access{AppToken: sim.AppToken(), BotToken: sim.BotToken(), APIURL: sim.APIURL()})
	if err != nil {
		t.Fatal(err)
	}
	m := newMemory()
	b, err := New(Config{Client: c, Handler: &hand{}, Inbox: m, Outbox: m, Abandoner: m, Process: "test"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	if _, err := sim.WaitFor(ctx, func(s *simslack.Snapshot) bool { return s.ReadySockets() == 2 }); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		d, err := sim.SlashCommand("alice", "#ops", "/droplet help")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Wait(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if _, known := c.Identity(); !known || !b.Ready() {
		t.Error("not ready")
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
}
