package api_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"dropletops/api"
)

// wire is a server of raw TCP: it hands each request to serve, which writes what
// it likes, and then closes the connection unless serve answers true.
type wire struct {
	url string

	mu    sync.Mutex
	posts int
	gets  int
}

func newWire(t *testing.T, serve func(conn net.Conn, nth int) (keep bool)) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{url: "http://" + l.Addr().String() + "/"}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() {
				defer conn.Close()
				r := bufio.NewReader(conn)
				for {
					req, err := http.ReadRequest(r)
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, req.Body)
					if !serve(conn, w.count(req.Method)) {
						return
					}
				}
			})
		}
	})
	t.Cleanup(func() { l.Close(); conns.Wait() })
	return w
}

func (w *wire) count(method string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if method == http.MethodPost {
		w.posts++
		return w.posts
	}
	w.gets++
	return w.gets
}

func (w *wire) counts() (posts, gets int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.posts, w.gets
}

func answer(status int, body string, headers ...string) func(net.Conn, int) bool {
	return func(conn net.Conn, _ int) bool {
		fmt.Fprintf(conn, "HTTP/1.1 %d X\r\nContent-Length: %d\r\nX-Request-Id: req-7\r\n%s\r\n%s", status, len(body), strings.Join(append(headers, ""), "\r\n"), body)
		return true
	}
}

const accepted = `{"action":{"id":42,"status":"in-progress","type":"reboot"}}`

// Every way in which an exchange can end: what a mutation makes of it, and what
// a read does.
func TestErrors(t *testing.T) {
	hang := func(c net.Conn) bool { _, _ = io.Copy(io.Discard, c); return false } // until the client goes away
	for name, tt := range map[string]struct {
		serve    func(net.Conn, int) bool
		mutation api.ErrorKind
		read     api.ErrorKind
		status   int
		reads    int // requests that a read is worth
		message  string
		after    time.Duration
	}{
		"drop after reading": {serve: func(net.Conn, int) bool { return false }, mutation: api.Lost, read: api.Unavailable, reads: 3},
		"reset after reading": {serve: func(c net.Conn, _ int) bool { return c.(*net.TCPConn).SetLinger(0) != nil },
			mutation: api.Lost, read: api.Unavailable, reads: 3},
		"cut in the headers": {serve: func(c net.Conn, _ int) bool { fmt.Fprint(c, "HTTP/1.1 201 Cre"); return false },
			mutation: api.Lost, read: api.Unavailable, reads: 3},
		"cut in the body": {serve: func(c net.Conn, _ int) bool {
			fmt.Fprint(c, "HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{\"action\":{\"id\":42,")
			return false
		}, mutation: api.Lost, read: api.Unavailable, reads: 3, status: 201},
		"not HTTP":  {serve: func(c net.Conn, _ int) bool { fmt.Fprint(c, "SSH-2.0-x\r\n"); return false }, mutation: api.Lost, read: api.Unavailable, reads: 3},
		"no answer": {serve: func(c net.Conn, _ int) bool { return hang(c) }, mutation: api.Lost, read: api.Unavailable, reads: 1},
		"half answer": {serve: func(c net.Conn, _ int) bool {
			fmt.Fprint(c, "HTTP/1.1 201 X\r\nContent-Length: 9\r\n\r\n{")
			return hang(c)
		}, mutation: api.Lost, read: api.Unavailable, status: 201, reads: 1},
		"empty object": {serve: answer(201, "{}"), mutation: api.Lost, read: api.Unavailable, status: 201, reads: 1},
		"empty action": {serve: answer(201, `{"action":{},"droplet":{}}`), mutation: api.Lost, read: api.Unavailable, status: 201, reads: 1},
		"null":         {serve: answer(201, "null"), mutation: api.Lost, read: api.Unavailable, status: 201, reads: 1},
		"empty body":   {serve: answer(201, ""), mutation: api.Lost, read: api.Unavailable, status: 201, reads: 3},
		"no content":   {serve: answer(204, ""), mutation: api.Lost, read: api.Unavailable, status: 204, reads: 1},
		"bad JSON":     {serve: answer(201, `{"action":{"id":42,"sta`), mutation: api.Lost, read: api.Unavailable, status: 201, reads: 3},
		"wrong JSON":   {serve: answer(201, `{"action":{"id":"x"},"droplet":{"id":"x"}}`), mutation: api.Lost, read: api.Unavailable, status: 201, reads: 3},
		"a page":       {serve: answer(200, `<html>`), mutation: api.Lost, read: api.Unavailable, status: 200, reads: 3},
		"redirect":     {serve: answer(307, "", "Location: http://127.0.0.1:1/"), mutation: api.Lost, read: api.Unavailable, status: 307, reads: 3},
		"500": {serve: answer(500, `{"id":"server_error","message":"Unexpected server-side error","request_id":"req-8"}`), mutation: api.Lost, read: api.Unavailable,
			status: 500, reads: 3, message: "Unexpected server-side error"},
		"502 of a proxy": {serve: answer(502, "<html>\r\n<b>Bad\x00 Gateway</b>"), mutation: api.Lost, read: api.Unavailable, status: 502, reads: 3, message: "<html> <b>Bad Gateway</b>"},
		"503":            {serve: answer(503, ""), mutation: api.Lost, read: api.Unavailable, status: 503, reads: 3},
		"504":            {serve: answer(504, ""), mutation: api.Lost, read: api.Unavailable, status: 504, reads: 3},
		"408":            {serve: answer(408, ""), mutation: api.Lost, read: api.Unavailable, status: 408, reads: 3},
		"400":            {serve: answer(400, `{"message":"no"}`), mutation: api.Invalid, read: api.Invalid, status: 400, reads: 1, message: "no"},
		"401":            {serve: answer(401, `{"id":"Unauthorized","message":"Unable to authenticate you"}`), mutation: api.Unauthorized, read: api.Unauthorized, status: 401, reads: 1, message: "Unable to authenticate you"},
		"403":            {serve: answer(403, `{"id":"Forbidden","message":"You are not authorized"}`), mutation: api.Forbidden, read: api.Forbidden, status: 403, reads: 1, message: "You are not authorized"},
		"404":            {serve: answer(404, `{"message":"The resource you were accessing could not be found."}`), mutation: api.NotFound, read: api.NotFound, status: 404, reads: 1, message: "The resource you were accessing could not be found."},
		"409":            {serve: answer(409, ""), mutation: api.PendingEvent, read: api.Invalid, status: 409, reads: 1},
		"422":            {serve: answer(422, `{"message":"Droplet is already powered off"}`), mutation: api.Invalid, read: api.Invalid, status: 422, reads: 1, message: "Droplet is already powered off"},
		"422 pending":    {serve: answer(422, `{"message":"Droplet already has a pending event."}`), mutation: api.PendingEvent, read: api.PendingEvent, status: 422, reads: 1, message: "Droplet already has a pending event."},
		"429":            {serve: answer(429, `{"message":"slow"}`, "Retry-After: 30"), mutation: api.RateLimited, read: api.RateLimited, status: 429, reads: 1, message: "slow", after: 30 * time.Second},
		"429 for an hour": {serve: answer(429, "", fmt.Sprintf("Ratelimit-Reset: %d", time.Now().Add(time.Hour).Unix())),
			mutation: api.RateLimited, read: api.RateLimited, status: 429, reads: 1, after: time.Minute},
		"429 for no time": {serve: answer(429, "", "Retry-After: -5"), mutation: api.RateLimited, status: 429, after: time.Second},
		"nested error":    {serve: answer(400, `{"error":{"code":3,"message":"nested"}}`), mutation: api.Invalid, read: api.Invalid, status: 400, reads: 1, message: "nested"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire(t, tt.serve)
			reboot, _ := api.Lookup("reboot")
			_, err := impatient(t, w.url).Send(t.Context(), reboot, 7, nil, nil)
			e := check(t, err, tt.mutation, tt.status, tt.message)
			if posts, _ := w.counts(); posts != 1 {
				t.Errorf("%d POSTs", posts)
			}
			if e.RetryAfter != tt.after {
				t.Errorf("retry after %s, want %s", e.RetryAfter, tt.after)
			}
			if tt.read == "" {
				return
			}
			_, err = impatient(t, w.url).Droplet(t.Context(), 7)
			if api.KindOf(err) != tt.read {
				t.Errorf("a read is %q: %v", api.KindOf(err), err)
			}
			if _, gets := w.counts(); gets != tt.reads {
				t.Errorf("%d reads, want %d", gets, tt.reads)
			}
		})
	}
}

func impatient(t *testing.T, url string) *api.Client {
	t.Helper()
	c, err := api.New(api.Config{Token: "dop_v1_secret", BaseURL: url, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// check holds an error against what it must be, and its words against what they
// must not be.
func check(t *testing.T, err error, kind api.ErrorKind, status int, message string) *api.Error {
	t.Helper()
	var e *api.Error
	if !errors.As(err, &e) || e.Kind != kind || e.Status != status || e.Message != message {
		t.Fatalf("got %q, status %d, message %q; want %q, %d, %q: %v", api.KindOf(err), e.Status, e.Message, kind, status, message, err)
	}
	for _, words := range []string{e.Error(), e.Sentence(), fmt.Sprintf("%+v", e)} {
		if strings.Contains(words, "secret") || strings.ContainsAny(words, "\x00\r\n") {
			t.Errorf("says %q", words)
		}
	}
	if s := e.Sentence(); !strings.HasPrefix(s, "Could not reboot Droplet 7: ") || !strings.HasSuffix(s, ".") {
		t.Errorf("sentence %q", s)
	}
	if status != 0 && e.RequestID == "" && kind != api.Lost {
		t.Errorf("no request_id: %v", err)
	}
	return e
}

// What certainly never left: nothing listens, no such name, the budget.
func TestNotSent(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	reboot, _ := api.Lookup("reboot")
	c := impatient(t, "http://"+l.Addr().String())
	_, err = c.Send(t.Context(), reboot, 7, nil, nil)
	e := check(t, err, api.NotSent, 0, "")
	if want := "Could not reboot Droplet 7: DigitalOcean could not be reached (connection refused), and nothing was sent. Try again."; e.Sentence() != want {
		t.Error(e.Sentence())
	}
	if _, err := c.Droplet(t.Context(), 7); api.KindOf(err) != api.Unavailable {
		t.Error(err)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.Send(canceled, reboot, 7, nil, nil)
	if check(t, err, api.NotSent, 0, ""); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := c.Send(t.Context(), reboot, 0, nil, nil); api.KindOf(err) != api.Invalid {
		t.Error(err)
	}
}

// The caller's end does not throw away the answer to a POST that is under way.
func TestSendOutlivesItsCaller(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w := newWire(t, func(conn net.Conn, n int) bool {
		cancel()
		return answer(201, accepted)(conn, n)
	})
	reboot, _ := api.Lookup("reboot")
	r, err := impatient(t, w.url).Send(ctx, reboot, 7, nil, nil)
	if err != nil || r.ID != 42 || ctx.Err() == nil {
		t.Error(r, err)
	}
}

func TestKindOf(t *testing.T) {
	if api.KindOf(nil) != "" || api.KindOf(io.EOF) != "" {
		t.Error("a kind of something else")
	}
	if got := api.KindOf(fmt.Errorf("x: %w", &api.Error{Kind: api.Lost})); got != api.Lost {
		t.Error(got)
	}
}
