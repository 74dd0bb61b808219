package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/digitalocean/godo"
	"github.com/patrickmn/go-cache"
	"golang.org/x/sync/singleflight"

	"dropletops/internal/task"
)

// Config sets a Client up. Only the token is required.
type Config struct {
	Token     string
	BaseURL   string            // default https://api.digitalocean.com/
	Transport http.RoundTripper // nil: one with time-outs of its own
	// Wrap is put around the transport; nil is nothing. Tests watch the calls there.
	Wrap      func(http.RoundTripper) http.RoundTripper
	PerMinute int           // requests a minute; 0 = 240, DigitalOcean's limit being 250
	Timeout   time.Duration // of one mutation; one read has half of it; 0 = 30 s
	// Now is the wall clock: it dates what is kept for a short while, and reads
	// ratelimit-reset. Waiting is done with the runtime's timers. nil = time.Now.
	Now       func() time.Time
	Log       *slog.Logger  // nil = none; requests are logged at debug level
	CacheFor  time.Duration // how long lists are kept; 0 = 1 minute
	UserAgent string        // goes in front of godo's
}

// Client is the one caller of DigitalOcean. It is safe for concurrent use. What
// it answers is the caller's own, except for slices inside of it.
type Client struct {
	log      *slog.Logger
	godo     *godo.Client
	base     http.RoundTripper
	budget   *budget
	now      func() time.Time
	timeout  time.Duration
	cacheFor time.Duration
	cache    *cache.Cache
	flights  singleflight.Group
	gather   gather
	watch    watch
}

// Limits of a read. A person waits for it, so the tries are few.
const (
	readTries = 3
	firstWait = 250 * time.Millisecond // then twice as long, each ±50 %
	perPage   = 200                    // DigitalOcean's own limit
	maxPages  = 500                    // 100,000 things: more is a fault, not an account
)

// How long a request waits for its turn before it is answered RateLimited. A
// mutation gives up soon, since its caller keeps it and says that it waits.
const (
	sendPatience = 3 * time.Second
	readPatience = 15 * time.Second
)

// New makes a Client. It sends nothing.
func New(cfg Config) (*Client, error) {
	token := strings.TrimSpace(cfg.Token)
	if token == "" || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New("the DigitalOcean token is empty or holds characters that no token has")
	}
	if cfg.BaseURL == "" {
		cfg.BaseURL = "https://api.digitalocean.com/"
	}
	base, err := url.Parse(cfg.BaseURL)
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" || base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, errors.New("DigitalOcean's address must look like https://api.digitalocean.com/, without a user, a query or a fragment")
	}
	if !strings.HasSuffix(base.Path, "/") { // else godo drops its last part
		base.Path += "/"
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.PerMinute <= 0 {
		cfg.PerMinute = defaultPerMinute
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = 30 * time.Second
	}
	if cfg.CacheFor <= 0 {
		cfg.CacheFor = time.Minute
	}
	if cfg.Transport == nil {
		cfg.Transport = newTransport()
	}
	sender := cfg.Transport
	if cfg.Wrap != nil {
		sender = cfg.Wrap(sender)
	}
	c := &Client{
		log: cfg.Log, base: cfg.Transport, budget: newBudget(cfg.PerMinute, cfg.Now), now: cfg.Now,
		timeout: cfg.Timeout, cacheFor: cfg.CacheFor,
		cache: cache.New(cfg.CacheFor, 0), // no janitor: it would be a goroutine without an end
		watch: watch{seen: map[int]time.Time{}},
	}
	// Neither godo.NewFromToken nor its retry option: both send a POST again
	// after a 500. Redirects are not followed, since a 307 would do the same.
	c.godo, err = godo.New(&http.Client{
		Transport:     &guarded{base: sender, token: token, budget: c.budget, log: cfg.Log},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, godo.SetBaseURL(base.String()))
	if err != nil {
		return nil, fmt.Errorf("set godo up: %w", err)
	}
	if cfg.UserAgent != "" {
		c.godo.UserAgent = cfg.UserAgent + " " + c.godo.UserAgent
	}
	return c, nil
}

// Share has the requests of a minute be divided evenly between so many processes that
// use the same token, of which this is one.
func (c *Client) Share(among int) { c.budget.share(among) }

// Close lets go of idle connections. The Client can still be used.
func (c *Client) Close() {
	if t, ok := c.base.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// Check says whether the token is accepted, with droplet:read, the one scope
// that every set-up has.
func (c *Client) Check(ctx context.Context) error {
	_, _, err := read(ctx, c, "list the Droplets", command, []string{"droplet:read"},
		func(ctx context.Context) ([]godo.Droplet, *godo.Response, error) {
			return c.godo.Droplets.List(ctx, &godo.ListOptions{PerPage: 1})
		})
	return err
}

// errEmpty says that an answer of the right status held nothing.
var errEmpty = errors.New("the answer is empty")

// read does one read, again a few times after what passes.
func read[T any](ctx context.Context, c *Client, what string, who class, scopes []string,
	get func(context.Context) (T, *godo.Response, error)) (T, *godo.Response, error) {
	var zero T
	for try := 1; ; try++ {
		v, resp, e := readOnce(ctx, c, attempt{what: what, scopes: scopes, x: &exchange{}}, who, get)
		if e == nil {
			return v, resp, nil
		}
		again := e.Kind == Unavailable || e.Kind == RateLimited && e.Status != 0
		slow := errors.Is(e.Err, context.DeadlineExceeded) // whoever asked has waited long enough
		if !again || slow || try == readTries || ctx.Err() != nil {
			return zero, resp, e
		}
		if e.Kind == RateLimited {
			continue // the budget waits as long as it takes, or says that it is too long
		}
		wait := firstWait << (try - 1)
		t := time.NewTimer(wait/2 + rand.N(wait))
		select {
		case <-ctx.Done():
		case <-t.C:
		}
		t.Stop()
	}
}

func readOnce[T any](ctx context.Context, c *Client, a attempt, who class,
	get func(context.Context) (T, *godo.Response, error)) (T, *godo.Response, *Error) {
	var zero T
	switch {
	case isBehind(ctx):
		who = watching
	case isActing(ctx):
		who = acting
	}
	if err := c.budget.wait(ctx, who, readPatience); err != nil {
		return zero, nil, unsent(a, err, Unavailable)
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout/2)
	defer cancel()
	v, resp, err := get(a.x.with(ctx))
	if err != nil {
		return zero, resp, a.judge(err, c.now())
	}
	return v, resp, nil
}

// unsent is the error of a request that never had its turn.
func unsent(a attempt, err error, kind ErrorKind) *Error {
	e := &Error{Kind: kind, What: a.what, Scopes: a.scopes, Err: err}
	var b *busy
	if errors.As(err, &b) {
		e.Kind, e.RetryAfter = RateLimited, min(max(b.wait, minRetryAfter), maxRetryAfter)
	}
	return e
}

// empty is the error of a read whose answer held nothing.
func empty(what string, resp *godo.Response) *Error {
	e := &Error{Kind: Unavailable, What: what, Err: errEmpty}
	if resp != nil && resp.Response != nil {
		e.Status, e.RequestID = resp.StatusCode, oneLine(resp.Header.Get("X-Request-Id"))
	}
	return e
}

// pages reads a list to its end; godo does not. An answer without a list is a
// failure, never an empty list: someone would believe that there is no backup.
func pages[T any](ctx context.Context, c *Client, what string, scopes []string,
	list func(context.Context, *godo.ListOptions) ([]T, *godo.Response, error)) ([]T, error) {
	all := []T{}
	for page := 1; page <= maxPages; page++ {
		items, resp, err := read(ctx, c, what, command, scopes, func(ctx context.Context) ([]T, *godo.Response, error) {
			return list(ctx, &godo.ListOptions{Page: page, PerPage: perPage})
		})
		if err != nil {
			return nil, err
		}
		if items == nil && resp.Meta == nil {
			return nil, empty(what, resp)
		}
		all = append(all, items...)
		if len(items) == 0 || resp.Links == nil || resp.Links.IsLastPage() {
			return all, nil
		}
	}
	return nil, &Error{Kind: Unavailable, What: what, Err: fmt.Errorf("the list has no end after %d pages", maxPages)}
}

// once lets concurrent calls for the same thing share one. The shared call does
// not end with the caller that happened to come first; its own time-outs end it.
func once[T any](ctx context.Context, c *Client, key, what string, do func(context.Context) (T, error)) (T, error) {
	var zero T
	ch := c.flights.DoChan(key, task.Value(func() (any, error) { return do(context.WithoutCancel(ctx)) }))
	select {
	case <-ctx.Done():
		return zero, &Error{Kind: Unavailable, What: what, Err: ctx.Err()}
	case r := <-ch:
		if r.Err != nil {
			return zero, r.Err
		}
		return r.Val.(T), nil
	}
}

// cached answers from the cache, or fills it.
func cached[T any](ctx context.Context, c *Client, key, what string, keep time.Duration, load func(context.Context) (T, error)) (T, error) {
	if v, ok := c.cache.Get(key); ok {
		return v.(T), nil
	}
	return once(ctx, c, key, what, func(ctx context.Context) (T, error) {
		v, err := load(ctx)
		if err == nil {
			c.cache.DeleteExpired() // there is no janitor
			c.cache.Set(key, v, keep)
			c.cache.Set(lastOf+key, v, lastFor)
		}
		return v, err
	})
}
