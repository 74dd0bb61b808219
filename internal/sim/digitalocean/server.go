package digitalocean

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Options of a Server. The zero value is a seeded world in real time that takes any token.
type Options struct {
	// Now is the clock. Nil is the real one; with another one, call Settle after advancing it where
	// somebody waits (WaitFor, Subscribe, a delayed answer). Requests and looks settle by themselves.
	Now func() time.Time
	// Speed is how many times faster than usual actions run; 0 is 1, math.Inf(1) ends them at the
	// next look. The usual durations are those of UsualDuration.
	Speed float64
	// StatusLag is how long a Droplet's fields trail the completed action that changed them.
	StatusLag time.Duration
	// DestroyLag is how long a destroyed Droplet is still there after the 204.
	DestroyLag time.Duration
	// Lag is how far what the API shows trails the truth, beyond the two above; SetLag changes it.
	Lag Lag
	// Token is the one accepted; empty takes any that is not empty.
	Token string
	// Scopes the token has, such as "droplet:read"; nil is full access.
	Scopes []string
	// RateLimits makes the 5,000 requests an hour and 250 a minute count. The headers are always there.
	RateLimits bool
	// OldestActionsFirst turns the order of GET /v2/actions round: DigitalOcean documents none.
	OldestActionsFirst bool
	// Seed of everything that looks random (past durations, addresses, request IDs, lags).
	Seed uint64
	// Empty leaves out the seeded Droplets with their images, volumes and history; sizes, regions,
	// distribution images and the account stay.
	Empty bool
}

// Server is the stand-in. It is safe for concurrent use.
type Server struct {
	opt Options
	now func() time.Time

	mu       sync.Mutex
	w        *world
	limits   limits
	faults   []*Injected
	requests []*Request
	dropped  int // how many old requests were let go of, so that Seq stays right
	posts    []Post
	changed  chan struct{} // closed and replaced at each change
	dirty    bool
	timer    *time.Timer // real clock only

	closed   chan struct{}
	closing  sync.Once
	handlers sync.WaitGroup
	http     *http.Server
	url      string
}

// New makes a world; Start or Handler puts it on the network.
func New(opt Options) *Server {
	if opt.Speed == 0 {
		opt.Speed = 1
	}
	s := &Server{opt: opt, now: opt.Now, changed: make(chan struct{}), closed: make(chan struct{})}
	if s.now == nil {
		s.now = time.Now
	}
	s.w = newWorld(opt, s.now())
	if !opt.Empty {
		s.w.seed(s.now())
	}
	s.w.lag = opt.Lag
	return s
}

// Start listens on addr ("127.0.0.1:0" where it is empty) and serves until Close.
func (s *Server) Start(addr string) error {
	if s.http != nil {
		return errors.New("the DigitalOcean stand-in is already started on " + s.url)
	}
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("start the DigitalOcean stand-in: %w", err)
	}
	s.url = "http://" + l.Addr().String() + "/"
	s.http = &http.Server{Handler: s.Handler(), ReadHeaderTimeout: 10 * time.Second}
	if !s.enter() {
		_ = l.Close()
		return errClosed
	}
	go func() {
		defer s.handlers.Done()
		_ = s.http.Serve(l) // returns http.ErrServerClosed after Close
	}()
	return nil
}

// URL is the base URL with its trailing slash, as godo.SetBaseURL wants it; empty before Start.
func (s *Server) URL() string { return s.url }

// Handler serves the API without a listener of its own.
func (s *Server) Handler() http.Handler { return http.HandlerFunc(s.serveHTTP) }

// Close lets go of every hanging request, closes every connection and waits for the last handler.
func (s *Server) Close() {
	s.mu.Lock()
	s.closing.Do(func() { close(s.closed) })
	if s.timer != nil {
		s.timer.Stop()
	}
	s.mu.Unlock()
	if s.http != nil {
		_ = s.http.Close()
	}
	s.handlers.Wait()
}

// enter counts one more goroutine for Close to wait for; false once it is closed.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.closed:
		return false
	default:
		s.handlers.Add(1)
		return true
	}
}
