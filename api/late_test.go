package api_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"dropletops/api"
	simdo "dropletops/internal/sim/digitalocean"

	"github.com/digitalocean/godo"
)

// A process that is frozen between its turn and its POST, or whose machine is
// suspended, and wakes up after the deadline, sends nothing: others may have given
// the POST up by then.
func TestNothingIsSentAfterItsTime(t *testing.T) {
	for name, within := range map[string]time.Duration{"frozen": 20 * time.Millisecond, "suspended": time.Minute} {
		t.Run(name, func(t *testing.T) { late(t, within) })
	}
}

func late(t *testing.T, limit time.Duration) {
	s := simdo.New(simdo.Options{})
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var slept atomic.Int64 // that only the wall clock knows of
	c, err := api.New(api.Config{Token: "t", BaseURL: s.URL(), PerMinute: 100_000,
		Now: func() time.Time { return time.Now().Add(time.Duration(slept.Load())) }})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	reboot, _ := api.Lookup("reboot")
	frozen := *reboot
	frozen.Call = func(within context.Context, g *godo.Client, id int, a api.Args, img *api.Image) (*godo.Action, *godo.Response, error) {
		if limit >= time.Minute {
			slept.Store(int64(2 * limit))
		} else {
			<-ctx.Done() // its turn has come, and the time passes
		}
		return reboot.Call(within, g, id, a, img)
	}
	if _, err := c.Send(ctx, &frozen, s.DropletNamed("web-1").ID, nil, nil); api.KindOf(err) != api.NotSent {
		t.Errorf("%q: %v", api.KindOf(err), err)
	}
	if n := len(s.Posts()); n != 0 {
		t.Errorf("%d POSTs", n)
	}
}
