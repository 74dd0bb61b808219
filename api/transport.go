package api

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"
)

// Limits of one exchange with DigitalOcean.
const (
	// maxBody is how much of an answer is read. 200 Droplets are about 1 MB.
	maxBody = 16 << 20
	// Time-outs of the way to an answer; the whole exchange has Config.Timeout.
	dialTimeout      = 5 * time.Second
	handshakeTimeout = 5 * time.Second
	// idleTimeout is shorter than what load balancers usually allow (60 s), so
	// that a connection is rarely used in the moment in which it is closed.
	idleTimeout = 30 * time.Second
)

// errTooBig says that an answer was longer than maxBody; errSecond that a second
// mutation was about to be sent where one was asked for, or one where none was.
var (
	errTooBig = errors.New("the answer is longer than 16 MiB")
	errSecond = errors.New("refused to send a mutation that was not asked for")
	errLate   = errors.New("refused to send a mutation after its time")
)

// newTransport has time-outs everywhere, and notices dead HTTP/2 connections.
//
// It may send a request again by itself only under net/http's own rule: a POST
// without an Idempotency-Key header is sent again only if not one byte of it was
// written. Nothing here may set that header.
func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: dialTimeout, KeepAlive: 15 * time.Second}).DialContext,
		TLSHandshakeTimeout:   handshakeTimeout,
		ExpectContinueTimeout: time.Second,
		IdleConnTimeout:       idleTimeout,
		MaxIdleConns:          32,
		MaxIdleConnsPerHost:   16,
		ForceAttemptHTTP2:     true,
		HTTP2:                 &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 5 * time.Second},
	}
}

// exchange is what became of one call: it travels in the call's context, and the
// transport fills it in.
type exchange struct {
	mutation bool
	before   time.Time // the mutation is not sent after it; zero for whenever
	// until is the same by the wall clock now, which also runs while the machine is
	// suspended.
	until time.Time
	now   func() time.Time

	mu        sync.Mutex
	sent      int  // mutations handed to the transport
	traced    bool // the transport reports on its connections
	connected bool // a connection was handed to the request: bytes may have left
	status    int
	requestID string
}

type exchangeKey struct{}

// with puts the exchange into a context, with the trace that tells whether the
// request ever had a connection. net/http asks for another one only after the
// one before has certainly written nothing (of a mutation), so asking starts over.
func (x *exchange) with(ctx context.Context) context.Context {
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.traced, x.connected = true, false
		},
		GotConn: func(httptrace.GotConnInfo) {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.connected = true
		},
	})
	return context.WithValue(ctx, exchangeKey{}, x)
}

// left says whether anything of the request may have left this machine, given
// the error that it ended with.
func (x *exchange) left(err error) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.sent == 0 {
		return false
	}
	if x.traced {
		return x.connected
	}
	// A transport that was handed in and does not trace: only a dial is certain.
	var op *net.OpError
	var dns *net.DNSError
	return !(errors.As(err, &op) && op.Op == "dial" || errors.As(err, &dns))
}

func (x *exchange) answer() (status int, requestID string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.status, x.requestID
}

// admit lets a request pass if it only reads, or is the one mutation asked for
// and comes in time. It looks at the clock and not at a context, whose end a
// process that was frozen learns a little after it has woken up.
func (x *exchange) admit(method string) error {
	if method == http.MethodGet {
		return nil
	}
	if x == nil {
		return errSecond
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.sent == 0 && !x.before.IsZero() && (time.Now().After(x.before) || x.now().Round(0).After(x.until)) {
		return errLate
	}
	x.sent++
	if !x.mutation || x.sent != 1 {
		return errSecond
	}
	return nil
}

// guarded is the way every request takes. It adds the token, which therefore
// stands in no other place, and holds godo to what was asked for.
type guarded struct {
	base   http.RoundTripper
	token  string
	budget *budget
	log    *slog.Logger
}

func (g *guarded) RoundTrip(req *http.Request) (*http.Response, error) {
	x, _ := req.Context().Value(exchangeKey{}).(*exchange)
	if err := x.admit(req.Method); err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}
	signed := req.Clone(req.Context())
	signed.Header.Set("Authorization", "Bearer "+g.token)
	start := time.Now()
	resp, err := g.base.RoundTrip(signed)
	log := g.log.With("method", req.Method, "path", req.URL.Path, "took", time.Since(start))
	if err != nil {
		log.Debug("DigitalOcean did not answer", "error", err)
		return nil, err
	}
	id := oneLine(resp.Header.Get("X-Request-Id"))
	log.Debug("DigitalOcean answered", "status", resp.StatusCode, "request_id", id)
	g.budget.learn(resp)
	if x != nil {
		x.mu.Lock()
		x.status, x.requestID = resp.StatusCode, id
		x.mu.Unlock()
	}
	resp.Request = req // godo's errors hold the answer, and must not hold the token
	resp.Body = &capped{body: resp.Body, room: maxBody}
	return resp, nil
}

// capped is a body of which no more than room bytes can be read.
type capped struct {
	body io.ReadCloser
	room int64
}

func (c *capped) Read(p []byte) (int, error) {
	if c.room <= 0 {
		return 0, errTooBig
	}
	if int64(len(p)) > c.room {
		p = p[:c.room]
	}
	n, err := c.body.Read(p)
	c.room -= int64(n)
	return n, err
}

func (c *capped) Close() error { return c.body.Close() }
