package slack_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	simslack "dropletops/internal/sim/slack"
)

// clock is a clock that moves only when it is told to.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Unix(1_700_000_000, 0)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) Advance(s *simslack.Server, d time.Duration) {
	c.mu.Lock()
	c.t = c.t.Add(d)
	c.mu.Unlock()
	s.Tick()
}

// start runs a workspace for the length of a test. Its time stands still unless the test hands in a
// clock: how long an app takes on a busy machine must not matter.
func start(t *testing.T, opts simslack.Options) *simslack.Server {
	t.Helper()
	if opts.Now == nil {
		opts.Now = newClock().Now
	}
	s := simslack.New(opts)
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func client(s *simslack.Server) *slack.Client {
	return slack.New(s.BotToken(), slack.OptionAPIURL(s.APIURL()), slack.OptionAppLevelToken(s.AppToken()))
}

// within bounds a wait for a condition: it fails a test that would hang, and passes no other.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func waitFor(t *testing.T, s *simslack.Server, ok func(*simslack.Snapshot) bool) *simslack.Snapshot {
	t.Helper()
	snap, err := s.WaitFor(within(t), ok)
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

// app is a bot made of slack-go: it hands every event to on, one after the other.
type app struct {
	*socketmode.Client
	stop func()
}

func run(t *testing.T, s *simslack.Server, on func(*socketmode.Client, socketmode.Event)) *app {
	t.Helper()
	before := s.Snapshot().ReadySockets()
	c := socketmode.New(client(s))
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = c.RunContext(ctx) })
	wg.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case e := <-c.Events:
				if on != nil {
					on(c, e)
				}
			}
		}
	})
	a := &app{Client: c, stop: func() { cancel(); wg.Wait() }}
	t.Cleanup(a.stop)
	waitFor(t, s, func(n *simslack.Snapshot) bool { return n.ReadySockets() > before })
	return a
}

// ackAll acknowledges whatever comes, with nothing.
func ackAll(c *socketmode.Client, e socketmode.Event) {
	if e.Request != nil && e.Request.EnvelopeID != "" {
		_ = c.Ack(*e.Request)
	}
}

func result(t *testing.T, d *simslack.Delivery, err error) simslack.Result {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	r, err := d.Wait(within(t))
	if err != nil {
		t.Fatal(err)
	}
	return r
}
