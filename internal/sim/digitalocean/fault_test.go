package digitalocean_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/digitalocean/godo"

	simdo "dropletops/internal/sim/digitalocean"
)

// plain is godo on the stand-in without the OpenAPI document in between, for answers that are wrong
// on purpose.
func plain(t *testing.T, s *simdo.Server) *godo.Client {
	t.Helper()
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	c := godo.NewClient(&http.Client{Transport: bearer{tr, "secret"}})
	if err := godo.SetBaseURL(s.URL())(c); err != nil {
		t.Fatal(err)
	}
	return c
}

// Each fault on a reboot: what godo makes of it, and whether DigitalOcean accepted.
func TestFaults(t *testing.T) {
	match := simdo.Match{Method: "POST", Path: "/v2/droplets/*/actions", Action: "reboot"}
	status := func(want int) func(*godo.Action, *godo.Response, error) bool {
		return func(_ *godo.Action, r *godo.Response, err error) bool {
			var refused *godo.ErrorResponse
			return errors.As(err, &refused) && r.StatusCode == want
		}
	}
	broken := func(_ *godo.Action, _ *godo.Response, err error) bool {
		var refused *godo.ErrorResponse
		return err != nil && !errors.As(err, &refused)
	}
	for _, tt := range []struct {
		fault    simdo.Fault
		accepted int
		want     func(a *godo.Action, r *godo.Response, err error) bool
	}{
		{simdo.Fault{Name: "500 before", Answer: simdo.ServerError(500)}, 0, status(500)},
		{simdo.Fault{Name: "500 after", After: true, Answer: simdo.ServerError(500)}, 1, status(500)},
		{simdo.Fault{Name: "502 after", After: true, Answer: simdo.ServerError(502)}, 1, status(502)},
		{simdo.Fault{Name: "503 before", Answer: simdo.ServerError(503)}, 0, status(503)},
		{simdo.Fault{Name: "burst", Answer: simdo.Burst429(29 * time.Second)}, 0, func(_ *godo.Action, r *godo.Response, err error) bool {
			return err != nil && r.StatusCode == 429 && r.Header.Get("Retry-After") == "29" && r.Rate.Remaining == 0
		}},
		{simdo.Fault{Name: "hour", Answer: simdo.Hourly429(time.Unix(1_800_000_000, 0))}, 0, func(_ *godo.Action, r *godo.Response, err error) bool {
			return err != nil && r.StatusCode == 429 && r.Header.Get("Retry-After") == "" && r.Rate.Reset.Unix() == 1_800_000_000
		}},
		{simdo.Fault{Name: "a 422 of one's own", Answer: simdo.Refuse(422, "unprocessable_entity", "no")}, 0, status(422)},
		{simdo.Fault{Name: "drop before", Drop: true}, 0, broken},
		{simdo.Fault{Name: "drop after", After: true, Drop: true}, 1, broken},
		{simdo.Fault{Name: "truncated", After: true, Answer: simdo.Truncated()}, 1, broken},
		{simdo.Fault{Name: "truncated before", Answer: simdo.Truncated()}, 0, broken},
		{simdo.Fault{Name: "bad JSON", After: true, Answer: simdo.BadJSON()}, 1, broken},
		{simdo.Fault{Name: "empty body", After: true, Answer: simdo.EmptyBody()}, 1, broken},
		// godo's trap: no action and no error.
		{simdo.Fault{Name: "{}", After: true, Answer: simdo.EmptyObject()}, 1, func(a *godo.Action, _ *godo.Response, err error) bool {
			return a == nil && err == nil
		}},
		{simdo.Fault{Name: "real body, other status", After: true, Answer: &simdo.Answer{Status: 200, RealBody: true}}, 1, func(a *godo.Action, r *godo.Response, err error) bool {
			return err == nil && a.Type == "reboot" && r.StatusCode == 200
		}},
	} {
		t.Run(tt.fault.Name, func(t *testing.T) {
			s, _, _ := start(t, simdo.Options{})
			c, web := plain(t, s), s.DropletNamed("web-1")
			tt.fault.Match = match
			in := s.Inject(tt.fault)
			if _, _, err := c.Droplets.Get(ctx(t), web.ID); err != nil {
				t.Errorf("a request that does not match: %v", err)
			}
			if a, r, err := c.DropletActions.Reboot(ctx(t), web.ID); !tt.want(a, r, err) {
				t.Errorf("action %v, response %v, error %v", a, r, err)
			}
			if got := s.Posts(web.ID); len(got) != tt.accepted {
				t.Errorf("accepted %d, want %d", len(got), tt.accepted)
			}
			log := s.Requests(simdo.Matching(match))
			if len(log) != 1 || log[0].Fault != tt.fault.Name || in.Hits() != 1 {
				t.Errorf("log %+v, hits %d", log, in.Hits())
			}
		})
	}
}

func TestFaultNthAndTimes(t *testing.T) {
	s, _, _ := start(t, simdo.Options{})
	c := plain(t, s)
	s.Inject(simdo.Fault{Match: simdo.Match{Path: "/v2/account"}, Nth: 2, Times: 2, Answer: simdo.ServerError(503)})
	always := s.Inject(simdo.Fault{Match: simdo.Match{Path: "/v2/droplets/**", DropletID: 5}, Times: simdo.Always, Drop: true})
	var got []bool
	for range 5 {
		_, _, err := c.Account.Get(ctx(t))
		got = append(got, err == nil)
	}
	if want := []bool{true, false, false, true, true}; !equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	for range 2 {
		if _, _, err := c.DropletActions.Get(ctx(t), 5, 1); err == nil || strings.Contains(err.Error(), "404") {
			t.Errorf("not broken: %v", err)
		}
	}
	always.Remove()
	if _, _, err := c.DropletActions.Get(ctx(t), 5, 1); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("after Remove: %v", err)
	}
}

func equal[T comparable](a, b []T) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestFaultOutcomes(t *testing.T) {
	for _, tt := range []struct {
		outcome         simdo.Outcome
		status, droplet string
		completedAt     bool
	}{
		{simdo.Completes, "completed", "off", true},
		{simdo.Errors, "errored", "active", true},
		{simdo.NeverEnds, "in-progress", "active", false},
		{simdo.NullCompletedAt, "completed", "off", false},
		{simdo.CompletesIdle, "completed", "active", true},
	} {
		s, c, clk := start(t, simdo.Options{})
		web := s.DropletNamed("web-1")
		s.Inject(simdo.Fault{Match: simdo.Match{Action: "power_off"}, Outcome: tt.outcome})
		a := must[*godo.Action](t)(c.DropletActions.PowerOff(ctx(t), web.ID))
		clk.advance(24 * time.Hour)
		a = must[*godo.Action](t)(c.Actions.Get(ctx(t), a.ID))
		after, _ := s.Droplet(web.ID)
		if a.Status != tt.status || (a.CompletedAt != nil) != tt.completedAt || after.Status != tt.droplet {
			t.Errorf("%q: %v, Droplet %s", tt.outcome, a, after.Status)
		}
	}
}

// A request hangs until it is released, its client gives up, or the Server closes.
func TestFaultHang(t *testing.T) {
	s, _, _ := start(t, simdo.Options{})
	c, web := plain(t, s), s.DropletNamed("web-1")
	in := s.Inject(simdo.Fault{Match: simdo.Match{Action: "reboot"}, After: true, Hang: true, Times: simdo.Always})
	done := make(chan error, 1)
	go func() {
		_, _, err := c.DropletActions.Reboot(context.Background(), web.ID)
		done <- err
	}()
	if err := s.WaitFor(ctx(t), func() bool { return len(s.Posts(web.ID)) == 1 }); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-done:
		t.Fatalf("answered although it hangs: %v", err)
	default:
	}
	in.Release()
	if err := <-done; err != nil {
		t.Errorf("after the release: %v", err)
	}

	other := s.Inject(simdo.Fault{Match: simdo.Match{Path: "/v2/account"}, Hang: true, Times: simdo.Always})
	gone, cancel := context.WithCancel(t.Context())
	go func() {
		_, _, err := c.Account.Get(gone)
		done <- err
	}()
	if err := s.WaitFor(ctx(t), func() bool { return other.Hits() == 1 }); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("after the client gave up: %v", err)
	}

	go func() {
		_, _, err := c.Account.Get(context.Background())
		done <- err
	}()
	if err := s.WaitFor(ctx(t), func() bool { return other.Hits() == 2 }); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if err := <-done; err == nil {
		t.Error("answered by a closed Server")
	}
	if err := s.WaitFor(ctx(t), func() bool { return false }); !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("a wait on a closed Server: %v", err)
	}
}

// A delay is by the Server's clock, so with a clock that stands still it lasts until that moves.
func TestFaultDelay(t *testing.T) {
	s, _, clk := start(t, simdo.Options{})
	c := plain(t, s)
	in := s.Inject(simdo.Fault{Match: simdo.Match{Path: "/v2/account"}, Delay: 30 * time.Second})
	done := make(chan error, 1)
	go func() {
		_, _, err := c.Account.Get(context.Background())
		done <- err
	}()
	if err := s.WaitFor(ctx(t), func() bool { return in.Hits() == 1 }); err != nil {
		t.Fatal(err)
	}
	clk.advance(29 * time.Second)
	s.Settle()
	select {
	case err := <-done:
		t.Fatalf("a second too early: %v", err)
	default:
	}
	clk.advance(time.Second)
	s.Settle()
	if err := s.WaitFor(ctx(t), func() bool {
		log := s.Requests(simdo.Matching(simdo.Match{Path: "/v2/account"}))
		return log[0].Done
	}); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
