package bot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"dropletops/approvals"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/slack-go/slack"
)

// Access is what it takes to talk to one workspace.
type Access struct {
	AppToken string // xapp-…, for the sockets
	BotToken string // xoxb-…, for everything else
	// APIURL is where the Web API is; empty means https://slack.com/api/. A
	// slash at its end may be left out.
	APIURL string
	Log    *slog.Logger     // nil discards
	Now    func() time.Time // nil is time.Now
	// Metrics is where the counters are registered; nil leaves them unregistered.
	Metrics prometheus.Registerer
	// Wrap is put around what sends the calls of the Web API; nil is nothing.
	// Tests watch the calls there.
	Wrap func(http.RoundTripper) http.RoundTripper
	// Dial makes network connections; nil is the net package's.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Identity is who the bot is, by auth.test.
type Identity struct {
	TeamID       string
	EnterpriseID string // of a workspace in an Enterprise Grid
	BotUserID    string
	Team         string // for logs alone
	URL          string // of the workspace, such as https://droplets.slack.com/
	Scopes       string // granted to the bot token, with commas; empty if Slack does not say
}

// Client is one workspace, seen with this app's tokens.
type Client struct {
	access   Access
	base     *url.URL
	web      *slack.Client
	http     *http.Client
	metrics  *metrics
	identity atomic.Pointer[Identity]
	rejected chan *Rejected // at most one: the first
	pauses   pauses
}

// httpTimeout bounds one call of the Web API, with its body; Slack answers in
// well under a second. slack-go's own client has no time-out at all.
const httpTimeout = 10 * time.Second

// NewClient makes a Client. It does not talk to Slack yet.
func NewClient(a Access) (*Client, error) {
	base, err := apiURL(a.APIURL)
	if err != nil {
		return nil, err
	}
	if a.Log == nil {
		a.Log = slog.New(slog.DiscardHandler)
	}
	if a.Now == nil {
		a.Now = time.Now
	}
	if a.Dial == nil {
		a.Dial = (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	}
	m, err := newMetrics(a.Metrics)
	if err != nil {
		return nil, fmt.Errorf("register the metrics of Slack: %w", err)
	}
	c := &Client{access: a, base: base, metrics: m, rejected: make(chan *Rejected, 1)}
	var transport http.RoundTripper = c.transport()
	if a.Wrap != nil {
		transport = a.Wrap(transport)
	}
	c.http = &http.Client{Transport: bodyLimit{transport}, Timeout: httpTimeout, CheckRedirect: stay}
	c.web = slack.New(a.BotToken, slack.OptionHTTPClient(c.http), slack.OptionAPIURL(base.String()), slack.OptionLog(quiet()))
	return c, nil
}

// apiURL reads SLACK_API_URL; slack-go wants the slash at its end.
func apiURL(s string) (*url.URL, error) {
	if s == "" {
		s = slack.APIURL
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("SLACK_API_URL: it must be an address such as " + slack.APIURL)
	}
	if !strings.HasSuffix(u.Path, "/") {
		u.Path += "/"
	}
	u.RawQuery, u.Fragment = "", ""
	return u, nil
}

func (c *Client) transport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           c.access.Dial,
		TLSHandshakeTimeout:   5 * time.Second,
		ResponseHeaderTimeout: httpTimeout,
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConnsPerHost:   8,
		ForceAttemptHTTP2:     true,
	}
}

// stay follows no redirect: one would carry a token, or a reply that is meant
// for one person, to somewhere else.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// quiet keeps slack-go from writing to standard error by itself.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

// Authenticate asks auth.test once and keeps who the bot is. It answers a
// [Rejected] if Slack refuses the bot token for good, and an [Away] if Slack does
// not say.
func (c *Client) Authenticate(ctx context.Context) (Identity, error) {
	a, err := c.web.AuthTestContext(ctx)
	if no := rejection("SLACK_BOT_TOKEN", "auth.test", err); no != nil {
		return Identity{}, no
	}
	err = c.observe("auth.test", err)
	if slow := limited(err); slow > 0 {
		return Identity{}, &approvals.RateLimited{Method: "auth.test", RetryAfter: slow}
	}
	if gone := away("auth.test", err); gone != nil {
		return Identity{}, gone
	}
	if err != nil {
		return Identity{}, fmt.Errorf("ask Slack who the bot is (auth.test): %s", safe(err))
	}
	if a.TeamID == "" || a.UserID == "" {
		return Identity{}, errors.New("ask Slack who the bot is (auth.test): the answer names no team or no user")
	}
	id := Identity{TeamID: a.TeamID, EnterpriseID: a.EnterpriseID, BotUserID: a.UserID, Team: a.Team, URL: a.URL, Scopes: a.Header.Get("X-OAuth-Scopes")}
	c.identity.Store(&id)
	return id, nil
}

// Identity answers who the bot is; false as long as Slack has not said it.
func (c *Client) Identity() (Identity, bool) {
	if id := c.identity.Load(); id != nil {
		return *id, true
	}
	return Identity{}, false
}

// BotUserID is the bot's own user ID; empty as long as Slack has not said it.
func (c *Client) BotUserID() string {
	id, _ := c.Identity()
	return id.BotUserID
}

// observe counts a call by its result, and notices when Slack says of the bot
// token that it is dead. It answers the error as it is.
func (c *Client) observe(method string, err error) error {
	c.metrics.called(method, err)
	if no := rejection("SLACK_BOT_TOKEN", method, err); no != nil && lost[no.Code] {
		c.reject(no)
	}
	return err
}

func (c *Client) reject(no *Rejected) {
	select {
	case c.rejected <- no:
	default:
	}
}

func (c *Client) now() time.Time { return c.access.Now() }

func (c *Client) log() *slog.Logger { return c.access.Log }
