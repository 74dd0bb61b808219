package api_test

import (
	"context"
	"testing"
	"time"

	"dropletops/api"
	simdo "dropletops/internal/sim/digitalocean"

	"github.com/digitalocean/godo"
)

// A process that is frozen between its turn and its POST, and wakes up after the
// deadline, sends nothing: others may have given the POST up by then.
func TestNothingIsSentAfterItsTime(t *testing.T) {
	s := simdo.New(simdo.Options{})
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c, err := api.New(api.Config{Token: "t", BaseURL: s.URL(), PerMinute: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	reboot, _ := api.Lookup("reboot")
	frozen := *reboot
	frozen.Call = func(within context.Context, g *godo.Client, id int, a api.Args, img *api.Image) (*godo.Action, *godo.Response, error) {
		<-ctx.Done() // its turn has come, and the time passes
		return reboot.Call(within, g, id, a, img)
	}
	if _, err := c.Send(ctx, &frozen, s.DropletNamed("web-1").ID, nil, nil); api.KindOf(err) != api.NotSent {
		t.Errorf("%q: %v", api.KindOf(err), err)
	}
	if n := len(s.Posts()); n != 0 {
		t.Errorf("%d POSTs", n)
	}
}
