package digitalocean_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/digitalocean/godo"
	"go.uber.org/goleak"

	"dropletops/internal/openapi"
	simdo "dropletops/internal/sim/digitalocean"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is a clock that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// start is a stand-in with a clock of the test's, and godo on it, without godo's retries.
func start(t *testing.T, opt simdo.Options) (*simdo.Server, *godo.Client, *clock) {
	t.Helper()
	_, _ = openapi.Document() // takes seconds the first time, which no request should have to wait for
	clk := newClock()
	opt.Now = clk.Now
	s := simdo.New(opt)
	if err := s.Start(""); err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{}
	t.Cleanup(func() {
		s.Close()
		tr.CloseIdleConnections()
	})
	client := godo.NewClient(&http.Client{Transport: bearer{conforming{t: t, next: tr}, "secret"}})
	if err := godo.SetBaseURL(s.URL())(client); err != nil {
		t.Fatal(err)
	}
	return s, client, clk
}

// bearer adds a token.
type bearer struct {
	next  http.RoundTripper
	token string
}

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token)
	return b.next.RoundTrip(r)
}

// ctx has no deadline: a busy machine is slow, and what hangs is shown by go test's own -timeout.
func ctx(t *testing.T) context.Context { return t.Context() }

func must[T any](t *testing.T) func(v T, _ *godo.Response, err error) T {
	return func(v T, _ *godo.Response, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
