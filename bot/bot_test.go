package bot

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"dropletops/approvals"
	"dropletops/handlers"

	"github.com/prometheus/client_golang/prometheus"
)

// hand is a Handler of a test's own making; it counts what it is given.
type hand struct {
	mu      sync.Mutex
	got     []approvals.Envelope
	handle  func(context.Context, approvals.Envelope) (handlers.Reply, error)
	respond func(context.Context, approvals.Envelope) (any, bool, error)
}

func (h *hand) Handle(ctx context.Context, e approvals.Envelope) (handlers.Reply, error) {
	h.mu.Lock()
	h.got = append(h.got, e)
	f := h.handle
	h.mu.Unlock()
	if f == nil {
		return handlers.Reply{}, nil
	}
	return f(ctx, e)
}

func (h *hand) Respond(ctx context.Context, e approvals.Envelope) (any, bool, error) {
	if h.respond == nil {
		return nil, false, nil
	}
	return h.respond(ctx, e)
}

// handled answers the keys in the order in which they came to be handled.
func (h *hand) handled() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []string
	for _, e := range h.got {
		out = append(out, e.Key)
	}
	return out
}

// stage is a running Bot between a peer and a memory.
type stage struct {
	*testing.T
	peer   *peer
	memory *memory
	hand   *hand
	bot    *Bot
	client *Client
	stop   context.CancelFunc
	ended  chan error
	log    *lockedBuffer
	hang   chan struct{} // of the bubble, so that waiting for it lets time pass
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }

const (
	appToken = "xapp-1-A1-1-0123456789abcdef"
	botToken = "xoxb-1-1-0123456789abcdef"
)

// play runs a test in a bubble of its own time; set prepares the stage before
// the bot runs.
func play(t *testing.T, set func(*stage), act func(*stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &stage{T: t, peer: newPeer(t), memory: newMemory(), hand: &hand{}, ended: make(chan error, 1), log: &lockedBuffer{}, hang: make(chan struct{})}
		var err error
		s.client, err = NewClient(Access{
			AppToken: appToken, BotToken: botToken, APIURL: "http://slack.test/api", Dial: s.peer.wire.dial,
			Log:     slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
			Metrics: prometheus.NewRegistry(),
		})
		if err != nil {
			t.Fatal(err)
		}
		if set != nil {
			set(s)
		}
		s.bot, err = New(Config{Client: s.client, Handler: s.hand, Inbox: s.memory, Outbox: s.memory, Abandoner: s.memory, Process: "test"})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		s.stop = stop
		go func() { s.ended <- s.bot.Run(ctx) }()
		defer s.peer.close()
		defer func() {
			stop()
			select {
			case err := <-s.ended:
				if err != nil {
					t.Errorf("Run: %v", err)
				}
			case <-time.After(10 * time.Second):
				t.Error("Run did not end within 10 s")
			}
			for _, secret := range []string{appToken, botToken, "s3cr3t", "/response/"} {
				if strings.Contains(s.log.String(), secret) {
					t.Errorf("the log holds %q:\n%s", secret, s.log)
				}
			}
		}()
		act(s)
	})
}

// soon waits until something is so, on the bubble's clock.
func (s *stage) soon(within time.Duration, what string, is func() bool) {
	s.Helper()
	for end := time.Now().Add(within); ; time.Sleep(5 * time.Millisecond) {
		synctest.Wait()
		if is() {
			return
		}
		if time.Now().After(end) {
			s.Fatalf("after %s still not: %s\n%s", within, what, s.log)
		}
	}
}

func (s *stage) ready() {
	s.Helper()
	s.soon(5*time.Second, "two sockets are up", func() bool { return s.bot.Ready() && len(s.peer.live()) == 2 })
}

func TestReady(t *testing.T) {
	play(t, nil, func(s *stage) {
		s.ready()
		if got := s.bot.BotUserID(); got != "UBOT" {
			t.Errorf("BotUserID = %q", got)
		}
		time.Sleep(time.Hour) // pings keep both alive
		s.ready()
		if n := len(s.peer.called("apps.connections.open")); n != 2 {
			t.Errorf("apps.connections.open was called %d times, want 2", n)
		}
	})
}

func TestPermanentRefusals(t *testing.T) {
	for _, c := range []struct{ method, code, want string }{
		{"auth.test", "invalid_auth", "SLACK_BOT_TOKEN: Slack rejects it (invalid_auth"},
		{"auth.test", "account_inactive", "SLACK_BOT_TOKEN: Slack rejects it (account_inactive"},
		{"auth.test", "token_revoked", "SLACK_BOT_TOKEN: Slack rejects it (token_revoked"},
		{"auth.test", "token_expired", "SLACK_BOT_TOKEN: Slack rejects it (token_expired"},
		{"apps.connections.open", "invalid_auth", "SLACK_APP_TOKEN: Slack rejects it (invalid_auth"},
		{"apps.connections.open", "not_authed", "SLACK_APP_TOKEN: Slack rejects it (not_authed"},
		{"apps.connections.open", "missing_scope", "SLACK_APP_TOKEN: Slack rejects it (missing_scope"},
		{"apps.connections.open", "not_allowed_token_type", "SLACK_APP_TOKEN: Slack rejects it (not_allowed_token_type"},
		{"apps.connections.open", "token_expired", "SLACK_APP_TOKEN: Slack rejects it (token_expired"},
		{"apps.connections.open", "app_uninstalled", "SLACK_APP_TOKEN: Slack rejects it (app_uninstalled"},
	} {
		t.Run(c.method+" "+c.code, func(t *testing.T) {
			play(t, func(s *stage) { s.peer.on(c.method, func(call) answer { return no(c.code) }) }, func(s *stage) {
				select {
				case err := <-s.ended:
					var no *Rejected
					if !errors.As(err, &no) || !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
						t.Errorf("Run answered %v, want one line that begins with %q", err, c.want)
					}
				case <-time.After(15 * time.Second):
					t.Error("Run did not end within 15 s")
				}
				s.ended <- nil
			})
		})
	}
}

func TestTokenRevokedWhileRunning(t *testing.T) {
	play(t, nil, func(s *stage) {
		s.ready()
		s.peer.on("chat.postMessage", func(call) answer { return no("token_revoked") })
		s.memory.request("r-1", "C1", approvals.Pending)
		s.bot.Kick("r-1")
		err := <-s.ended
		var no *Rejected
		if !errors.As(err, &no) || no.Variable != "SLACK_BOT_TOKEN" {
			t.Errorf("Run answered %v", err)
		}
		if s.memory.pubs["r-1"].Request.State != approvals.Pending {
			t.Error("a request was called off because the token was revoked")
		}
		s.ended <- nil
	})
}

func TestAuthTestPasses(t *testing.T) {
	var mu sync.Mutex
	n := 0
	play(t, func(s *stage) {
		s.peer.on("auth.test", func(call) answer {
			mu.Lock()
			defer mu.Unlock()
			if n++; n <= 5 {
				return answer{status: 503, body: "<html>"}
			}
			return ok(map[string]any{"team_id": "T1", "user_id": "UBOT"})
		})
	}, func(s *stage) {
		s.soon(5*time.Second, "sockets are up", func() bool { return len(s.peer.live()) == 2 })
		if s.bot.Ready() {
			t.Error("ready before auth.test was answered")
		}
		s.peer.live()[0].send(command("e1"))
		s.soon(time.Second, "acknowledged all the same", func() bool { return len(s.peer.acked("e1")) == 1 })
		if got := s.hand.handled(); len(got) != 0 {
			t.Errorf("%v was handled before the bot knew who it is", got)
		}
		s.soon(2*time.Minute, "ready and handled", func() bool { return s.bot.Ready() && len(s.hand.handled()) == 1 })
	})
}
