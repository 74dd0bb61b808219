package api_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"dropletops/api"
)

func ok(r *http.Request) *http.Response {
	if r.Method == http.MethodPost {
		return says(201, accepted)
	}
	return actions()(r)
}

// However much is asked for, no minute has more requests than it may.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scripted{answer: ok}
		c := offline(t, s, 0)
		reboot, _ := api.Lookup("reboot")
		for range 700 {
			for {
				_, err := c.Send(t.Context(), reboot, 7, nil, nil)
				if err == nil {
					break
				}
				var e *api.Error
				if !errors.As(err, &e) || e.Kind != api.RateLimited || e.RetryAfter == 0 {
					t.Fatal(err)
				}
				time.Sleep(e.RetryAfter)
			}
		}
		for i := range s.times {
			n := 0
			for j := i; j < len(s.times) && s.times[j].Sub(s.times[i]) < time.Minute; j++ {
				n++
			}
			if n > 240 {
				t.Fatalf("%d requests in a minute", n)
			}
		}
		if took := s.times[len(s.times)-1].Sub(s.times[0]); took > 200*time.Second {
			t.Errorf("700 requests took %s: the budget is not used", took)
		}
	})
}

// Of several processes with the same token none sends more than its part, and all
// together no more than one may in any minute, also in that in which one joins.
func TestPaceOfSeveral(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const knowsAfter = 5 * time.Second // until the first knows of the second
		first, second := &scripted{answer: ok}, &scripted{answer: ok}
		one, two := offline(t, first, 0), offline(t, second, 0)
		reboot, _ := api.Lookup("reboot")
		busy := func(c *api.Client, until time.Time) {
			for time.Now().Before(until) {
				_, err := c.Send(t.Context(), reboot, 7, nil, nil)
				var e *api.Error
				if errors.As(err, &e) {
					time.Sleep(max(e.RetryAfter, time.Millisecond))
				}
			}
		}
		one.Share(1)
		time.Sleep(time.Minute) // it has its whole burst
		end := time.Now().Add(4 * time.Minute)
		var both sync.WaitGroup
		both.Go(func() { busy(one, end) })
		two.Share(2)
		both.Go(func() { busy(two, end) })
		time.Sleep(knowsAfter)
		one.Share(2)
		both.Wait()
		all := slices.Concat(first.times, second.times)
		slices.SortFunc(all, time.Time.Compare)
		most := func(times []time.Time, from time.Time) (most int) {
			for i := range times {
				n := 0
				for j := i; j < len(times) && times[j].Sub(times[i]) < time.Minute; j++ {
					n++
				}
				if times[i].After(from) {
					most = max(most, n)
				}
			}
			return most
		}
		start := all[0].Add(-time.Second)
		if n := most(all, start); n > 250 {
			t.Errorf("%d requests in a minute", n)
		}
		later := all[0].Add(time.Minute)
		if a, b := most(first.times, later), most(second.times, later); a > 120 || b > 120 || a < 100 || b < 100 {
			t.Errorf("%d and %d requests in a minute", a, b)
		}
		// One that is left alone has all of it again.
		two.Share(1)
		from, before := time.Now(), len(second.times)
		busy(two, from.Add(time.Minute))
		if n := len(second.times) - before; n < 200 || n > 240 {
			t.Errorf("alone again: %d requests in a minute", n)
		}
	})
}

// While many actions are watched as fast as can be, commands go out at once.
func TestCommandsBeforeWatching(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scripted{answer: ok}
		c := offline(t, s, 120)
		reboot, _ := api.Lookup("reboot")
		end := time.Now().Add(3 * time.Minute)
		for id := range 20 {
			go func() {
				for time.Now().Before(end) {
					_, _ = c.Look(t.Context(), 100+id)
				}
			}()
		}
		time.Sleep(30 * time.Second)
		for range 40 {
			start := time.Now()
			if _, err := c.Send(t.Context(), reboot, 7, nil, nil); err != nil {
				t.Error(err)
			}
			if d := time.Since(start); d > 0 {
				t.Errorf("a command waited %s", d)
			}
			time.Sleep(2 * time.Second)
		}
		time.Sleep(3 * time.Minute)
		looked := strings.Count(strings.Join(s.take(), " "), "GET")
		if looked < 100 {
			t.Errorf("only %d looks: watching starves", looked)
		}
	})
}

// A 429 stops everybody until its Retry-After, and no longer.
func TestOne429StopsAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limited := true
		s := &scripted{}
		s.answer = func(r *http.Request) *http.Response {
			if limited {
				limited = false
				return says(429, `{"message":"API Rate limit exceeded."}`, "Retry-After", "7", "Ratelimit-Limit", "5000", "Ratelimit-Remaining", "0")
			}
			return ok(r)
		}
		c := offline(t, s, 0)
		reboot, _ := api.Lookup("reboot")
		_, err := c.Send(t.Context(), reboot, 7, nil, nil)
		var e *api.Error
		if !errors.As(err, &e) || e.Kind != api.RateLimited || e.RetryAfter != 7*time.Second || e.Status != 429 {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		_, err = c.Send(t.Context(), reboot, 7, nil, nil)
		if !errors.As(err, &e) || e.Kind != api.RateLimited || e.RetryAfter != 6*time.Second || e.Status != 0 || len(s.take()) != 1 {
			t.Errorf("the next one: %v", err)
		}
		start := time.Now()
		if _, err := c.Look(t.Context(), 1); err != nil || time.Since(start) < 6*time.Second {
			t.Errorf("a look after %s: %v", time.Since(start), err)
		}
		if _, err := c.Send(t.Context(), reboot, 7, nil, nil); err != nil {
			t.Error(err)
		}
	})
}

// With the hour's requests nearly used up, watching becomes rare and commands do not.
func TestThrift(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scripted{}
		s.answer = func(r *http.Request) *http.Response {
			resp := ok(r)
			resp.Header.Set("Ratelimit-Limit", "5000")
			resp.Header.Set("Ratelimit-Remaining", "90")
			return resp
		}
		c := offline(t, s, 0)
		for range 3 {
			_, _ = c.Look(t.Context(), 1)
		}
		start := time.Now()
		for time.Since(start) < 5*time.Minute {
			if _, err := c.Look(t.Context(), 1); err != nil {
				time.Sleep(time.Second)
			}
		}
		if n := len(s.take()); n > 16 || n < 8 {
			t.Errorf("%d looks in 5 minutes", n)
		}
		reboot, _ := api.Lookup("reboot")
		for range 10 {
			if _, err := c.Send(t.Context(), reboot, 7, nil, nil); err != nil {
				t.Error(err)
			}
		}
	})
}

// What is read for an action that may run, and the action itself, go before the commands
// that wait; those are served in the order in which they came, and none of them is lost.
func TestActingGoesBeforeCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scripted{answer: ok}
		c := offline(t, s, 60) // one a second after a burst of 5
		var all sync.WaitGroup
		var mu sync.Mutex
		var order []int
		for i := range 15 {
			all.Go(func() {
				if _, err := c.History(t.Context(), 100+i); err != nil {
					t.Errorf("command %d: %v", i, err)
				}
				mu.Lock()
				defer mu.Unlock()
				order = append(order, i)
			})
			synctest.Wait()
		}
		began := time.Now()
		if _, err := c.History(api.Acting(t.Context()), 7); err != nil {
			t.Fatal(err)
		}
		reboot, _ := api.Lookup("reboot")
		if _, err := c.Send(t.Context(), reboot, 7, nil, nil); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 5*time.Second { // by the bubble's clock; behind the commands: 12 s
			t.Errorf("a read and an action took %s behind 15 commands", took)
		}
		all.Wait()
		if len(order) != 15 || !slices.IsSorted(order[5:]) { // the burst is served at once
			t.Errorf("the commands were served in the order %v", order)
		}
	})
}

// A command whose turn would come too late is told so at once, and costs nothing.
func TestACommandThatComesTooLateIsToldAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scripted{answer: ok}
		c := offline(t, s, 60)
		var all sync.WaitGroup
		var mu sync.Mutex
		late := 0
		began := time.Now()
		for i := range 60 {
			all.Go(func() {
				_, err := c.History(t.Context(), 100+i)
				mu.Lock()
				defer mu.Unlock()
				if api.KindOf(err) == api.RateLimited && time.Since(began) == 0 {
					late++
				} else if err != nil {
					t.Errorf("command %d: %v after %s", i, err, time.Since(began))
				}
			})
			synctest.Wait()
		}
		all.Wait()
		if late < 20 || len(s.times) != 60-late {
			t.Errorf("%d of 60 were told at once, %d requests", late, len(s.times))
		}
	})
}
