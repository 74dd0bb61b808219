package slack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Fixed identities of the workspace and of the one app installed in it.
const (
	TeamID        = "T0DROPLETS"
	TeamDomain    = "droplets"
	PartnerTeamID = "T0PARTNERS" // the other workspace of the shared channel
	AppID         = "A0DROPLETOPS"
	BotID         = "B0DROPLETOPS"
	BotUserID     = "U0DROPLETOPS"
)

// Options sets a [Server] up. The zero value is a complete workspace with Slack's own limits.
type Options struct {
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Logger gets protocol violations and refused calls; nil discards them.
	Logger *slog.Logger
	// AppToken and BotToken are the only ones accepted; empty accepts any xapp-… and xoxb-….
	AppToken, BotToken string
	// Scopes the bot token was granted; nil is [DefaultScopes].
	Scopes []string
	// Commands that the app registered; nil is /droplet.
	Commands []string
	// Rates scales or switches off Slack's rate limits.
	Rates Rates
	// Slower is how many times as long as Slack's 3 s an acknowledgement, and the exchange of a
	// trigger_id, may take; 0 is once. It is for a program on a machine that is busy with more.
	Slower int
	// Redelivery says what happens to envelopes whose socket dropped before the acknowledgement.
	Redelivery Redelivery
	// PingEvery is the real time between two WebSocket pings; 0 is 5 s. slack-go gives up a
	// connection that was not pinged for 30 s.
	PingEvery time.Duration
	// Workspace replaces the people and channels there are at the start; nil is [DefaultWorkspace].
	Workspace *Workspace
}

// DefaultScopes is what the bot token may do unless Options say otherwise. chat:write.public and
// channels:join are left out on purpose: the bot must be invited.
func DefaultScopes() []string {
	return []string{
		"app_mentions:read", "chat:write", "commands", "users:read", "channels:read", "groups:read",
		"im:read", "im:write", "mpim:read", "usergroups:read", "reactions:write", "channels:history",
		"groups:history", "im:history",
	}
}

// Server is the built-in Slack. Make one with [New]. All methods are safe for concurrent use.
type Server struct {
	opts   Options
	now    func() time.Time
	log    *slog.Logger
	scopes []string

	lifetime context.Context // ends with Close
	stop     context.CancelFunc
	wg       sync.WaitGroup

	listener net.Listener
	host     string // of the latest request, for a Handler that somebody else serves; with mu
	http     *http.Server

	mu        sync.Mutex
	closed    bool
	version   int64
	changed   chan struct{} // closed and replaced at every change
	snapshot  *Snapshot     // of the current version, made when first asked for
	timers    timers
	serial    int64 // source of every ID
	workspace *Workspace

	messages   map[string][]*Message // by channel ID, oldest first
	ephemerals []*Message
	lastTS     map[string]int64 // microseconds, by channel ID

	triggers     map[string]*trigger
	responseURLs map[string]*responseURL
	views        map[string]*View
	stacks       map[string][]string // open modals by user ID, the visible one last
	homes        map[string]string   // home view ID by user ID

	tickets     map[string]time.Time // unused Socket Mode tickets and when they end
	sockets     []*socket
	nextSocket  int
	refuse      bool
	onConnect   onConnect
	deliveries  []*Delivery
	byEnvelope  map[string]*Delivery
	connections []Connection
	calls       []Call
	violations  []Violation
	faults      []*FaultHandle
	rates       rateMeter
}

// New makes a workspace. It serves nothing until [Server.Start], or until its
// [Server.Handler] is served; [Server.Close] ends it in either case.
func New(opts Options) *Server {
	s := &Server{
		opts: opts, now: opts.Now, log: opts.Logger, scopes: opts.Scopes,
		changed: make(chan struct{}), workspace: opts.Workspace,
		messages: map[string][]*Message{}, lastTS: map[string]int64{},
		triggers: map[string]*trigger{}, responseURLs: map[string]*responseURL{},
		views: map[string]*View{}, stacks: map[string][]string{}, homes: map[string]string{},
		tickets: map[string]time.Time{}, byEnvelope: map[string]*Delivery{},
		rates: newRateMeter(opts.Rates),
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.scopes == nil {
		s.scopes = DefaultScopes()
	}
	if s.opts.Commands == nil {
		s.opts.Commands = []string{"/droplet"}
	}
	if s.opts.PingEvery == 0 {
		s.opts.PingEvery = 5 * time.Second
	}
	if s.workspace == nil {
		s.workspace = DefaultWorkspace()
	}
	s.lifetime, s.stop = context.WithCancel(context.Background())
	s.wg.Go(s.runTimers)
	return s
}

// Start listens on addr ("127.0.0.1:0" for any free port) and serves until [Server.Close].
func (s *Server) Start(addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("built-in Slack: listen on %s: %w", addr, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.listener != nil {
		l.Close()
		return errors.New("built-in Slack: Start on a server that is already started or closed")
	}
	s.listener = l
	s.http = &http.Server{
		Handler:     s.Handler(),
		BaseContext: func(net.Listener) context.Context { return s.lifetime },
		ErrorLog:    slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	srv := s.http
	s.wg.Go(func() { _ = srv.Serve(l) })
	return nil
}

// Close drops every connection, ends every wait and returns when nothing is running any more.
func (s *Server) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	srv, sockets := s.http, slices.Clone(s.sockets)
	s.mu.Unlock()
	s.stop()
	for _, k := range sockets {
		k.drop()
	}
	var err error
	if srv != nil {
		err = srv.Close()
	}
	s.wg.Wait()
	return err
}

// Handler serves /api/, /response/ and /link/ (the WebSocket), for a server of the caller's own.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/{method}", s.serveAPI)
	mux.HandleFunc("POST /response/{id}", s.serveResponseURL)
	mux.HandleFunc("GET /link/", s.serveSocket)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		closed := s.closed
		if !closed {
			s.wg.Add(1)
			s.host = r.Host
		}
		s.mu.Unlock()
		if closed {
			http.Error(w, "closed", http.StatusServiceUnavailable)
			return
		}
		defer s.wg.Done()
		mux.ServeHTTP(w, r)
	})
}

// URL is the address of a started server, without a slash at its end.
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.url()
}

// url is URL with mu held.
func (s *Server) url() string {
	if s.listener == nil {
		return "http://" + orElse(s.host, "127.0.0.1")
	}
	return "http://" + s.listener.Addr().String()
}

// APIURL is what SLACK_API_URL and slack.OptionAPIURL want; it ends with "/api/".
func (s *Server) APIURL() string { return s.URL() + "/api/" }

// AppToken is one that apps.connections.open accepts.
func (s *Server) AppToken() string { return orElse(s.opts.AppToken, "xapp-1-A0DROPLETOPS-1-sim") }

// BotToken is one that every other method accepts.
func (s *Server) BotToken() string { return orElse(s.opts.BotToken, "xoxb-1-1-sim") }

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// id makes the next ID with a prefix; mu is held.
func (s *Server) id(prefix string) string {
	s.serial++
	return fmt.Sprintf("%s%08X", prefix, s.serial)
}

// touch marks a change: it wakes whoever waits for one; mu is held.
func (s *Server) touch() {
	s.version++
	s.snapshot = nil
	close(s.changed)
	s.changed = make(chan struct{})
}

// readAll reads a request body, at most limit bytes.
func readAll(r io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(b)) > limit {
		return nil, fmt.Errorf("body is over %d bytes", limit)
	}
	return b, err
}
