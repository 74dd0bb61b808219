package digitalocean_test

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/digitalocean/godo"

	simdo "dropletops/internal/sim/digitalocean"
)

func TestOnePendingEventPerDroplet(t *testing.T) {
	s, c, clk := start(t, simdo.Options{})
	web := s.DropletNamed("web-1")
	must[*godo.Action](t)(c.DropletActions.Reboot(ctx(t), web.ID))
	_, resp, err := c.DropletActions.PowerOff(ctx(t), web.ID)
	if err == nil || resp.StatusCode != 422 || !strings.Contains(err.Error(), "Droplet already has a pending event.") {
		t.Errorf("%v", err)
	}
	if _, err := c.Droplets.Delete(ctx(t), web.ID); err == nil {
		t.Error("destroyed in the middle of a reboot")
	}
	clk.advance(time.Minute)
	must[*godo.Action](t)(c.DropletActions.PowerOff(ctx(t), web.ID))
}

// Fifty at once: one is accepted.
func TestManyPostsAtOnce(t *testing.T) {
	s, c, _ := start(t, simdo.Options{})
	web := s.DropletNamed("web-1")
	ctx := ctx(t)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { _, _, _ = c.DropletActions.PowerCycle(ctx, web.ID) })
	}
	wg.Wait()
	if got := s.Posts(web.ID); len(got) != 1 {
		t.Errorf("accepted %d", len(got))
	}
}

// Droplet fields trail a completed action by the status lag, and a late view never covers a newer one.
func TestStatusLag(t *testing.T) {
	s, c, clk := start(t, simdo.Options{StatusLag: 5 * time.Second})
	web := s.DropletNamed("web-1")
	a := must[*godo.Action](t)(c.DropletActions.PowerOff(ctx(t), web.ID))
	clk.advance(simdo.UsualDuration("power_off"))
	if a = must[*godo.Action](t)(c.Actions.Get(ctx(t), a.ID)); a.Status != "completed" {
		t.Fatal(a)
	}
	if d := must[*godo.Droplet](t)(c.Droplets.Get(ctx(t), web.ID)); d.Status != "active" {
		t.Errorf("at once: %s", d.Status)
	}
	// What it is counts for the next action, not what is shown.
	if _, _, err := c.DropletActions.PowerOff(ctx(t), web.ID); err == nil || !strings.Contains(err.Error(), "already powered off") {
		t.Errorf("%v", err)
	}
	clk.advance(5 * time.Second)
	if d := must[*godo.Droplet](t)(c.Droplets.Get(ctx(t), web.ID)); d.Status != "off" {
		t.Errorf("after the lag: %s", d.Status)
	}

	must[*godo.Action](t)(c.DropletActions.PowerOn(ctx(t), web.ID))
	clk.advance(simdo.UsualDuration("power_on") + time.Second)
	s.Settle()
	if err := s.SetStatus(web.ID, "archive"); err != nil {
		t.Fatal(err)
	}
	clk.advance(time.Minute)
	if d, _ := s.Droplet(web.ID); d.Status != "archive" {
		t.Errorf("the late view covered a newer one: %s", d.Status)
	}
}

func TestHoldAndFinishByHand(t *testing.T) {
	s, c, clk := start(t, simdo.Options{})
	one, two := s.DropletNamed("web-1"), s.DropletNamed("web-2")
	s.HoldActions()
	a := must[*godo.Action](t)(c.DropletActions.PowerOff(ctx(t), one.ID))
	b := must[*godo.Action](t)(c.DropletActions.PowerOff(ctx(t), two.ID))
	clk.advance(time.Hour)
	if err := s.FinishAction(a.ID, "errored"); err != nil {
		t.Fatal(err)
	}
	if err := s.FinishAction(a.ID, "completed"); err == nil {
		t.Error("ended twice")
	}
	if got, _ := s.Action(b.ID); got.Status != "in-progress" {
		t.Errorf("held, and %s", got.Status)
	}
	s.ReleaseActions()
	gotA, _ := s.Action(a.ID)
	gotB, _ := s.Action(b.ID)
	if gotA.Status != "errored" || gotB.Status != "completed" || s.DropletNamed("web-1").Status != "active" || s.DropletNamed("web-2").Status != "off" {
		t.Errorf("%+v %+v", gotA, gotB)
	}
}

func TestByTag(t *testing.T) {
	s, c, _ := start(t, simdo.Options{})
	must[*godo.Action](t)(c.DropletActions.Reboot(ctx(t), s.DropletNamed("web-2").ID))
	actions := must[[]godo.Action](t)(c.DropletActions.PowerOffByTag(ctx(t), "web"))
	if len(actions) != 2 {
		t.Errorf("%d actions, want those of web-1 and web-3", len(actions))
	}
	if list := must[[]godo.Action](t)(c.DropletActions.SnapshotByTag(ctx(t), "db", "all")); len(list) != 1 {
		t.Errorf("%v", list)
	}
}

func TestSpeedAndTheRealClock(t *testing.T) {
	// In a synctest bubble the real clock is a fake one, and the timer runs on it.
	synctest.Test(t, func(t *testing.T) {
		s := simdo.New(simdo.Options{Speed: 6})
		defer s.Close()
		web := s.DropletNamed("web-1")
		start := time.Now()
		serve(t, s, "POST", "/v2/droplets/"+strconv.Itoa(web.ID)+"/actions", `{"type":"shutdown"}`)
		if err := s.WaitFor(t.Context(), func() bool { return s.DropletNamed("web-1").Status == "off" }); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != simdo.UsualDuration("shutdown")/6 {
			t.Errorf("took %v", took)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s := simdo.New(simdo.Options{Speed: math.Inf(1)})
		defer s.Close()
		web := s.DropletNamed("web-1")
		serve(t, s, "POST", "/v2/droplets/"+strconv.Itoa(web.ID)+"/actions", `{"type":"shutdown"}`)
		if s.DropletNamed("web-1").Status != "off" {
			t.Error("not at once")
		}
	})
}

// serve is one request through the handler, without a network.
func serve(t *testing.T, s *simdo.Server, method, path, body string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://stand-in"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer x")
	w := &status{header: http.Header{}}
	s.Handler().ServeHTTP(w, r)
	return w.code
}

type status struct {
	header http.Header
	code   int
}

func (s *status) Header() http.Header         { return s.header }
func (s *status) WriteHeader(code int)        { s.code = code }
func (s *status) Write(p []byte) (int, error) { return len(p), nil }

func TestRateLimits(t *testing.T) {
	s, _, clk := start(t, simdo.Options{RateLimits: true})
	c := plain(t, s)
	for i := range 250 {
		if _, r, err := c.Account.Get(ctx(t)); err != nil || r.Rate.Remaining != 5000-i-1 || r.Rate.Limit != 5000 {
			t.Fatalf("request %d: %v, rate %+v", i, err, r.Rate)
		}
		clk.advance(100 * time.Millisecond)
	}
	_, r, err := c.Account.Get(ctx(t))
	if err == nil || r.StatusCode != 429 || r.Header.Get("retry-after") != "35" || r.Rate.Remaining != 0 {
		t.Fatalf("the 251st in a minute: %v, %v", err, r.Header)
	}
	clk.advance(35 * time.Second)
	if _, _, err := c.Account.Get(ctx(t)); err != nil {
		t.Errorf("after the Retry-After: %v", err)
	}
	clk.advance(time.Minute)
	for i := range 11 {
		_, r, err := c.Keys.List(ctx(t), nil)
		if (err != nil) != (i == 10) {
			t.Errorf("list of keys %d: %v, %v", i, err, r.Header)
		}
		clk.advance(time.Second)
	}
}

func TestHourlyLimit(t *testing.T) {
	clk := newClock()
	s := simdo.New(simdo.Options{RateLimits: true, Now: clk.Now, Empty: true})
	defer s.Close()
	for i := range 5000 {
		if code := serve(t, s, "GET", "/v2/account", ""); code != 200 {
			t.Fatalf("request %d: %d", i, code)
		}
		clk.advance(300 * time.Millisecond)
	}
	if code := serve(t, s, "GET", "/v2/account", ""); code != 429 {
		t.Errorf("the 5,001st in an hour: %d", code)
	}
	clk.advance(time.Hour - 5000*300*time.Millisecond)
	if code := serve(t, s, "GET", "/v2/account", ""); code != 200 {
		t.Errorf("when the oldest has expired: %d", code)
	}
}

func TestBehindOurBack(t *testing.T) {
	s, c, _ := start(t, simdo.Options{})
	web := s.DropletNamed("web-1")
	changes, stop := s.Subscribe()
	defer stop()
	for _, do := range []func() error{
		func() error { return s.Rename(web.ID, "web-x") },
		func() error { return s.SetTags(web.ID, "blue") },
		func() error { return s.DeleteImage(web.SnapshotIDs[0]) },
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
		<-changes
	}
	d := must[*godo.Droplet](t)(c.Droplets.Get(ctx(t), web.ID))
	if d.Name != "web-x" || len(d.Tags) != 1 || len(d.SnapshotIDs) != 1 {
		t.Errorf("%v", d)
	}
	if id := s.AddBackup(web.ID, 3*time.Hour); len(s.Backups(web.ID)) != 2 || s.Backups(web.ID)[0].ID != id {
		t.Errorf("%+v", s.Backups(web.ID))
	}
	if err := s.Destroy(web.ID); err != nil {
		t.Fatal(err)
	}
	if _, r, err := c.Droplets.Get(ctx(t), web.ID); err == nil || r.StatusCode != 404 {
		t.Errorf("after Destroy: %v", err)
	}
	if err := s.Rename(web.ID, "x"); err == nil {
		t.Error("renamed what is gone")
	}
}

func TestLoadOfDropletsAndImages(t *testing.T) {
	s, c, _ := start(t, simdo.Options{})
	s.AddDroplets(2000, "many", "many")
	s.AddImages(500, "custom")
	_, r, err := c.Droplets.List(ctx(t), &godo.ListOptions{Page: 3, PerPage: 50})
	if err != nil || r.Meta.Total != 2012 {
		t.Errorf("%v, %v", r.Meta, err)
	}
	if _, r, err := c.Images.ListUser(ctx(t), &godo.ListOptions{PerPage: 20}); err != nil || r.Meta.Total != 511 {
		t.Errorf("%v, %v", r.Meta, err)
	}
}

func TestWaitForEndsWithItsContext(t *testing.T) {
	s, _, _ := start(t, simdo.Options{})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.WaitFor(gone, func() bool { return false }); err != context.Canceled {
		t.Error(err)
	}
}
