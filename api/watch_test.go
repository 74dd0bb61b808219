package api_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"dropletops/api"
)

// scripted is a transport without a network, so that tests have a clock of their
// own (testing/synctest). It writes down what was asked for, and when.
type scripted struct {
	answer func(*http.Request) *http.Response

	mu    sync.Mutex
	asked []string
	times []time.Time
}

func (s *scripted) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.asked = append(s.asked, r.Method+" "+r.URL.Path)
	s.times = append(s.times, time.Now())
	s.mu.Unlock()
	resp := s.answer(r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if resp != nil {
		resp.Request = r
		return resp, nil
	}
	return nil, errors.New("no answer")
}

// take answers what was asked for since the last time.
func (s *scripted) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.asked
	s.asked = nil
	return out
}

func says(status int, body string, headers ...string) *http.Response {
	h := http.Header{}
	for i := 0; i+1 < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}
}

// actions answers for actions under way; those in page stand on page 1.
func actions(page ...int) func(*http.Request) *http.Response {
	return func(r *http.Request) *http.Response {
		time.Sleep(100 * time.Millisecond) // the bubble's clock: what an answer takes
		one := func(id int) string { return fmt.Sprintf(`{"id":%d,"status":"in-progress","type":"reboot"}`, id) }
		if id, ok := strings.CutPrefix(r.URL.Path, "/v2/actions/"); ok {
			n, _ := strconv.Atoi(id)
			return says(200, `{"action":`+one(n)+`}`)
		}
		var list []string
		for _, id := range page {
			list = append(list, one(id))
		}
		return says(200, `{"actions":[`+strings.Join(list, ",")+`]}`)
	}
}

func offline(t *testing.T, s *scripted, perMinute int) *api.Client {
	t.Helper()
	c, err := api.New(api.Config{Token: "t", Transport: s, PerMinute: perMinute})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// looks looks at actions at once, and answers what was asked for.
func looks(t *testing.T, s *scripted, c *api.Client, ids ...int) []string {
	t.Helper()
	var all sync.WaitGroup
	for _, id := range ids {
		all.Go(func() {
			if r, err := c.Look(t.Context(), id); err != nil || r.ID != id {
				t.Errorf("Look(%d) = %+v, %v", id, r, err)
			}
		})
	}
	all.Wait()
	out := s.take()
	slices.Sort(out)
	return out
}

func TestLookShares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scripted{answer: actions(1, 2, 3)}
		c := offline(t, s, 240)
		want := func(what string, got []string, want ...string) {
			t.Helper()
			if !slices.Equal(got, want) {
				t.Errorf("%s asks %v, want %v", what, got, want)
			}
		}
		want("a single one", looks(t, s, c, 1), "GET /v2/actions/1")
		want("ten looks at one", looks(t, s, c, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), "GET /v2/actions/1")
		want("several", looks(t, s, c, 2, 3, 2, 3), "GET /v2/actions")
		want("again at once", looks(t, s, c, 3, 2, 1))
		time.Sleep(2 * time.Second)
		want("two seconds later", looks(t, s, c, 1, 2, 3), "GET /v2/actions")
		want("one that is not on the page", looks(t, s, c, 4), "GET /v2/actions/4")
		time.Sleep(3 * time.Minute)
		want("a single one, the others being forgotten", looks(t, s, c, 1), "GET /v2/actions/1")
	})
}

// A page on which hardly anything stands that is under way is not asked for again
// for a while: its order is not documented.
func TestLookAtAnOldPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scripted{answer: actions(900, 901)}
		c := offline(t, s, 240)
		looks(t, s, c, 1)
		looks(t, s, c, 2)
		time.Sleep(3 * time.Second)
		if got := looks(t, s, c, 1, 2); !slices.Equal(got, []string{"GET /v2/actions/1", "GET /v2/actions/2"}) {
			t.Errorf("asks %v", got)
		}
	})
}

// Who leaves does not take the answer from those who wait for the same one.
func TestLookOfOneWhoLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scripted{answer: actions()}
		c := offline(t, s, 240)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := c.Look(ctx, 1); !errors.Is(err, context.DeadlineExceeded) || api.KindOf(err) != api.Unavailable {
				t.Error(err)
			}
		})
		all.Go(func() {
			time.Sleep(time.Millisecond)
			if _, err := c.Look(t.Context(), 1); err != nil {
				t.Error(err)
			}
		})
		all.Wait()
		if got := s.take(); len(got) != 1 {
			t.Error(got)
		}
	})
}

func TestPollEvery(t *testing.T) {
	for _, tt := range []struct{ age, usual, want time.Duration }{
		{0, 10 * time.Second, time.Second}, {5 * time.Second, 30 * time.Second, 1500 * time.Millisecond},
		{0, 0, 1500 * time.Millisecond}, {-time.Hour, 30 * time.Second, 1500 * time.Millisecond},
		{time.Minute, 30 * time.Second, 6500 * time.Millisecond}, {0, time.Hour, 20 * time.Second},
		{time.Hour, 30 * time.Second, time.Minute}, {1 << 62, 1, time.Minute},
	} {
		if got := api.PollEvery(tt.age, tt.usual); got != tt.want {
			t.Errorf("PollEvery(%s, %s) = %s, want %s", tt.age, tt.usual, got, tt.want)
		}
	}
}
