package runner_test

import (
	"testing"
	"time"

	"dropletops/api"
	"dropletops/approvals"
)

// A look before an action that waits long for its turn says so, and goes on by
// itself. A POST that waits is never said to be back in the queue while it may be sent.
func TestAWaitForItsTurnIsSaid(t *testing.T) {
	w := newWorld(t)
	client, err := api.New(api.Config{Token: "t", BaseURL: w.do.URL(), Now: w.clock, Timeout: time.Second, PerMinute: 18})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	id := w.ask("reboot", nil, approvals.Allow, "web-1")
	seen := ""
	w.runner.Droplets = client
	w.runner.Actions = &behind{Client: w.client, send: func() {
		tg := w.get(id).Targets[0]
		seen = string(tg.State) + " " + string(tg.Wait)
	}}
	w.once(id)
	if seen != "dispatching rate_limit" || w.notes(id) != "waiting started" || w.posts() != 1 {
		t.Errorf("at its POST: %q; notes %q; %d POSTs", seen, w.notes(id), w.posts())
	}
	if tg := w.get(id).Targets[0]; tg.State != approvals.Following || tg.Wait != "" {
		t.Errorf("after it: %s, waits for %q", tg.State, tg.Wait)
	}
}
