package bot

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"dropletops/approvals"
	simslack "dropletops/internal/sim/slack"
)

// withMembers is a Members in front of the built-in Slack, on a clock of the bubble's.
func withMembers(t *testing.T, act func(t *testing.T, sim *simslack.Server, m *Members, asked func(method string) int)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		sim := simslack.New(simslack.Options{})
		w := newWire()
		srv := &http.Server{Handler: sim.Handler()}
		go srv.Serve(w)
		var mu sync.Mutex
		calls := map[string]int{}
		c, err := NewClient(Access{AppToken: sim.AppToken(), BotToken: sim.BotToken(), APIURL: sim.APIURL(), Dial: w.dial,
			Wrap: func(next http.RoundTripper) http.RoundTripper {
				return roundTrip(func(r *http.Request) (*http.Response, error) {
					mu.Lock()
					calls[r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]]++
					mu.Unlock()
					time.Sleep(10 * time.Millisecond) // of the bubble's time: all who ask at once are waiting by then
					return next.RoundTrip(r)
				})
			}})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			c.http.CloseIdleConnections()
			sim.Close()
			w.Close()
			srv.Close()
		}()
		defer time.Sleep(time.Second) // a look-up outlives whoever gave up on it
		act(t, sim, NewMembers(c), func(method string) int {
			mu.Lock()
			defer mu.Unlock()
			return calls[method]
		})
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestMembersAreAskedForOnceAMinute(t *testing.T) {
	withMembers(t, func(t *testing.T, sim *simslack.Server, m *Members, asked func(string) int) {
		is := func(user, id string, fresh, want bool) {
			t.Helper()
			ask := m.InUserGroup
			if id[0] == 'C' {
				ask = m.InChannel
			}
			f := approvals.Judging
			if fresh {
				f = approvals.Deciding
			}
			if got, _, err := ask(t.Context(), user, id, f); err != nil || got != want {
				t.Errorf("%s in %s: %v, %v; want %v", user, id, got, err, want)
			}
		}
		for range 3 {
			is("U0BOB", "S0SRE", false, true)
			is("U0CAROL", "S0SRE", false, false)
			is("U0BOB", "C0SECURITY", false, true)
			is("U0CAROL", "C0SECURITY", false, false)
		}
		if n, c := asked("usergroups.users.list"), asked("conversations.members"); n != 1 || c != 1 {
			t.Errorf("Slack was asked %d and %d times within a minute, want once each", n, c)
		}
		leave := func(g *simslack.UserGroup) { g.Users = []string{"U0ALICE"} }
		if err := sim.UpdateUserGroup("sre", leave); err != nil {
			t.Fatal(err)
		}
		is("U0BOB", "S0SRE", false, true)
		is("U0BOB", "S0SRE", true, false)  // a decision is not made by what was
		is("U0BOB", "S0SRE", false, false) // and the others learn of it
		if err := sim.UpdateUserGroup("sre", func(g *simslack.UserGroup) { g.Users = nil }); err != nil {
			t.Fatal(err)
		}
		time.Sleep(keptFor + time.Second)
		is("U0ALICE", "S0SRE", false, false)
	})
}

func TestMembersFailClosed(t *testing.T) {
	withMembers(t, func(t *testing.T, sim *simslack.Server, m *Members, _ func(string) int) {
		no := func(want string, in bool, err error) {
			t.Helper()
			if in || err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, %v; want an error with %q", in, err, want)
			}
		}
		in, _, err := m.InUserGroup(t.Context(), "U0ALICE", "S0NOBODY", approvals.Judging)
		no("there is no such user group", in, err)
		in, _, err = m.InChannel(t.Context(), "U0ALICE", "C0NOWHERE", approvals.Judging)
		no("there is no such channel", in, err)
		if in, _, err := m.InUserGroup(t.Context(), "U0ALICE", "S0SRE", approvals.Judging); !in || err != nil {
			t.Fatal(in, err)
		}
		sim.AddFault(simslack.Fault{Method: "usergroups.users.list", Times: 1, Error: "plan_upgrade_required"})
		in, _, err = m.InUserGroup(t.Context(), "U0ALICE", "S0SRE", approvals.Deciding) // though it was seen before
		no("plan has no user groups", in, err)
		time.Sleep(approvals.RefusalTTL + time.Second)
		sim.AddFault(simslack.Fault{Method: "usergroups.users.list", Times: 1, Error: "internal_error"})
		in, _, err = m.InUserGroup(t.Context(), "U0ALICE", "S0SRE", approvals.Deciding)
		no("internal_error", in, err)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		in, _, err = m.InUserGroup(ctx, "U0ALICE", "S0SRE", approvals.Deciding)
		no("context canceled", in, err)
	})
}

func TestMembersOfALargeChannel(t *testing.T) {
	withMembers(t, func(t *testing.T, sim *simslack.Server, m *Members, asked func(string) int) {
		if err := sim.UpdateChannel("ops", func(c *simslack.Channel) {
			many := make([]string, 0, 2100)
			for range 2100 {
				many = append(many, "U0SOMEBODY")
			}
			c.Members = append(many, "U0LAST")
		}); err != nil {
			t.Fatal(err)
		}
		if in, _, err := m.InChannel(t.Context(), "U0LAST", "C0OPS", approvals.Deciding); !in || err != nil {
			t.Errorf("the last of 2,101: %v, %v", in, err)
		}
		if n := asked("conversations.members"); n != 3 {
			t.Errorf("%d pages were read, want 3", n)
		}
	})
}

func TestOneLookUpAtATime(t *testing.T) {
	withMembers(t, func(t *testing.T, _ *simslack.Server, m *Members, asked func(string) int) {
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if in, _, err := m.InUserGroup(t.Context(), "U0BOB", "S0SRE", approvals.Deciding); !in || err != nil {
					t.Errorf("%v, %v", in, err)
				}
			})
		}
		all.Wait()
		// One call may have begun before some of them asked: it decides nothing for those.
		if n := asked("usergroups.users.list"); n < 1 || n > 2 {
			t.Errorf("20 at once asked Slack %d times, want 1 or 2", n)
		}
	})
}

// A no of a moment ago refuses, however fresh an answer is asked for, and a yes decides
// nothing: who was let in waits for 15 s at the most, who was put out is out at once.
func TestARefusalCostsNoLookUp(t *testing.T) {
	withMembers(t, func(t *testing.T, sim *simslack.Server, m *Members, asked func(string) int) {
		is := func(want bool, calls int, id string) {
			t.Helper()
			got, seen, err := m.InUserGroup(t.Context(), "U0CAROL", id, approvals.Deciding)
			if got != want || (err != nil) != (id == "S0NOBODY") || asked("usergroups.users.list") != calls || seen.Now == (seen.Age > 0) {
				t.Errorf("%s: %v (%+v), %v, after %d calls; want %v after %d", id, got, seen, err, asked("usergroups.users.list"), want, calls)
			}
		}
		for range 50 {
			is(false, 1, "S0SRE")
			time.Sleep(approvals.RefusalTTL / 60)
		}
		if err := sim.UpdateUserGroup("sre", func(g *simslack.UserGroup) { g.Users = append(g.Users, "U0CAROL") }); err != nil {
			t.Fatal(err)
		}
		time.Sleep(approvals.RefusalTTL / 3)
		is(true, 2, "S0SRE")
		is(true, 3, "S0SRE")
		for range 3 { // one that there is not
			is(false, 4, "S0NOBODY")
		}
	})
}

// Slack is left alone for as long as it asks for, and then asked again.
func TestLookUpsWaitAsSlackAsks(t *testing.T) {
	withMembers(t, func(t *testing.T, sim *simslack.Server, m *Members, asked func(string) int) {
		sim.AddFault(simslack.Fault{Method: "usergroups.users.list", RetryAfter: 30 * time.Second})
		for range 29 {
			_, _, err := m.InUserGroup(t.Context(), "U0BOB", "S0SRE", approvals.Recent)
			var slow *approvals.RateLimited
			if !errors.As(err, &slow) || slow.RetryAfter <= 0 || slow.RetryAfter > 30*time.Second {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		if n := asked("usergroups.users.list"); n != 1 {
			t.Errorf("Slack was asked %d times within its Retry-After", n)
		}
		time.Sleep(2 * time.Second)
		if in, _, err := m.InUserGroup(t.Context(), "U0BOB", "S0SRE", approvals.Recent); !in || err != nil {
			t.Errorf("after it: %v, %v", in, err)
		}
	})
}
