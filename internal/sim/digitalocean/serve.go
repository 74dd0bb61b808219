package digitalocean

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxBody is what a request body may hold: user_data alone may be 64 KiB, the rest is small.
const maxBody = 1 << 20

// call is one request on its way through a route.
type call struct {
	now     time.Time
	method  string
	header  http.Header
	vars    map[string]string
	query   url.Values
	body    []byte
	base    string // scheme and host, in front of the paths in links
	rec     *Request
	outcome Outcome // of the action that this call starts
	server  *Server
}

// answer is what a route gives back.
type answer struct {
	status int
	body   any // nil for an answer without a body
}

// reply is an answer in bytes, ready to be written or spoilt by a fault.
type reply struct {
	status int
	header http.Header
	body   []byte
	cut    bool // break the connection in the middle of the body
	drop   bool // break it before the first byte
}

func (s *Server) serveHTTP(rw http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		panic(http.ErrAbortHandler)
	}
	defer s.handlers.Done()

	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxBody))
	if err != nil {
		rw.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	c := &call{method: r.Method, header: r.Header, query: r.URL.Query(), body: body, base: "http://" + r.Host, server: s}

	var fault *Injected
	s.look(func(now time.Time) {
		c.now = now
		c.rec = s.record(r, body)
		fault = s.match(c.rec)
	})
	out := s.answer(c, fault, r)
	s.look(func(time.Time) {
		c.rec.Status = out.status
		if out.drop {
			c.rec.Status = 0
		}
		c.rec.Done = true
		s.dirty = true
	})
	out.write(rw)
}

// answer runs the call, with the fault before or after the moment at which DigitalOcean accepts it.
func (s *Server) answer(c *call, fault *Injected, r *http.Request) *reply {
	if fault != nil && !fault.After {
		if spoilt := s.suffer(fault, c, r, nil); spoilt != nil {
			return spoilt
		}
	}
	var out *reply
	s.look(func(now time.Time) {
		c.now = now
		if fault != nil {
			c.outcome = fault.Outcome
		}
		out = s.run(c)
	})
	if fault != nil && fault.After {
		if spoilt := s.suffer(fault, c, r, out); spoilt != nil {
			return spoilt
		}
	}
	return out
}

// run is the API itself: limits, token, route. The lock is held.
func (s *Server) run(c *call) *reply {
	token, _ := strings.CutPrefix(c.header.Get("Authorization"), "Bearer ")
	listsKeys := c.method == http.MethodGet && strings.TrimSuffix(c.rec.Path, "/") == "/v2/account/keys"
	header, refused := s.limits.take(token, listsKeys, s.opt.RateLimits, c.now)
	var a answer
	if refused == nil {
		a, refused = s.dispatch(c, token)
	}
	if refused != nil {
		if refused.retryAfter > 0 {
			header.Set("retry-after", strconv.Itoa(int(math.Ceil(refused.retryAfter.Seconds()))))
		}
		a = answer{refused.status, errorBody{refused.id, refused.message, c.rec.RequestID}}
	} else if c.method != http.MethodGet {
		s.dirty = true
	}
	return jsonReply(a, header, c.rec.RequestID)
}

func (s *Server) dispatch(c *call, token string) (answer, *refusal) {
	if token == "" || s.opt.Token != "" && token != s.opt.Token {
		return answer{}, unauthorized()
	}
	rt, vars, refused := findRoute(c.method, c.rec.Path)
	if refused != nil {
		return answer{}, refused
	}
	if refused := s.scope(rt.scope); refused != nil {
		return answer{}, refused
	}
	c.vars = vars
	return rt.serve(s.w, c)
}

// impliedScopes come with another one: droplet:read includes what its answers are made of.
var impliedScopes = map[string][]string{
	"droplet:read": {"actions:read", "image:read", "regions:read", "sizes:read", "snapshot:read"},
}

// scope refuses what the token's scopes do not cover.
func (s *Server) scope(needed string) *refusal {
	if s.opt.Scopes == nil || needed == "" {
		return nil
	}
	for _, have := range s.opt.Scopes {
		if have == needed || slices.Contains(impliedScopes[have], needed) {
			return nil
		}
	}
	return missingScope(needed)
}

func jsonReply(a answer, header http.Header, requestID string) *reply {
	out := &reply{status: a.status, header: header}
	out.header.Set("x-request-id", requestID)
	if a.body == nil {
		return out
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(a.body); err != nil {
		panic("digitalocean: an answer that is no JSON: " + err.Error())
	}
	out.body = buf.Bytes()
	out.header.Set("Content-Type", "application/json; charset=utf-8")
	return out
}

func (out *reply) write(rw http.ResponseWriter) {
	if out.drop {
		panic(http.ErrAbortHandler) // net/http's own way to break a connection without an answer
	}
	for k, v := range out.header {
		rw.Header()[http.CanonicalHeaderKey(k)] = v
	}
	if out.status != http.StatusNoContent {
		rw.Header().Set("Content-Length", strconv.Itoa(len(out.body)))
	}
	rw.WriteHeader(out.status)
	if out.cut {
		_, _ = rw.Write(out.body[:len(out.body)/2])
		_ = http.NewResponseController(rw).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = rw.Write(out.body) // the client may be gone; nothing is left to do for it
}
