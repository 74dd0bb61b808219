package api_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"dropletops/api"
)

// While the requests are short, look-ups of Droplets by their names share lists, and each
// is served by one that was asked for after it began.
func TestGathered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var status atomic.Value // of Droplet 7
		status.Store("active")
		s := &scripted{answer: func(r *http.Request) *http.Response {
			now := status.Load().(string)
			time.Sleep(500 * time.Millisecond)
			one := `{"id":7,"name":"web-7","status":"` + now + `"}`
			switch {
			case r.URL.Query().Get("type") == "gpus":
				return says(200, `{"droplets":[],"meta":{"total":0}}`)
			case strings.HasSuffix(r.URL.Path, "/droplets"):
				return says(200, `{"droplets":[`+one+`],"meta":{"total":1}}`)
			}
			return says(200, `{"droplet":`+one+`}`)
		}}
		c := offline(t, s, 0)
		var all sync.WaitGroup
		for range 200 {
			for range 2 {
				all.Go(func() {
					if f, err := c.Find(t.Context(), "web-7"); err != nil || len(f.Droplets) != 1 {
						t.Errorf("%+v, %v", f, err)
					}
				})
			}
			time.Sleep(50 * time.Millisecond)
		}
		all.Wait()
		if n := len(s.take()); n > 60 { // one by one: 600
			t.Errorf("400 look-ups in 10 s took %d requests", n)
		}
		// What changed before a look-up began is seen by it, whatever is under way.
		for range 12 {
			all.Go(func() { _, _ = c.Find(t.Context(), "web-7") })
		}
		for i := range 60 {
			want := []string{"off", "active"}[i%2]
			status.Store(want)
			if f, err := c.Find(t.Context(), "web-7"); err != nil || len(f.Droplets) != 1 || f.Droplets[0].Status != want {
				t.Errorf("look-up %d saw %+v, %v; it was %q when it began", i, f.Droplets, err, want)
			}
		}
		all.Wait()
	})
}

// Whoever waits for a turn is told about how long, once.
func TestOnWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := offline(t, &scripted{answer: ok}, 12)
		var told []time.Duration
		ctx := api.OnWait(t.Context(), func(d time.Duration) { told = append(told, d) })
		for range 4 {
			if _, err := c.History(ctx, 7); err != nil && api.KindOf(err) != api.RateLimited && api.KindOf(err) != api.Unavailable {
				t.Fatal(err)
			}
		}
		if len(told) != 1 || told[0] < 3*time.Second {
			t.Errorf("told %v", told)
		}
	})
}
