package digitalocean

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// keptRequests bounds the request log, so that a demo may run for days.
const keptRequests = 50_000

// Request is one request as it came in, and what was answered.
type Request struct {
	Seq       int       `json:"seq"` // from 1
	Time      time.Time `json:"time"`
	Method    string    `json:"method"`
	Path      string    `json:"path"`
	Query     string    `json:"query,omitempty"`
	Body      []byte    `json:"body,omitempty"`
	UserAgent string    `json:"user_agent,omitempty"`
	RequestID string    `json:"request_id"`
	// Action is the body's "type".
	Action string `json:"action,omitempty"`
	// UnknownFields of the body: DigitalOcean ignores them, a test may not want to.
	UnknownFields []string `json:"unknown_fields,omitempty"`
	// Status that was sent; 0 while in hand, and where the connection was broken instead.
	Status int `json:"status"`
	// Done once the answer was given or the connection broken.
	Done bool `json:"done"`
	// Fault that was injected, by name.
	Fault string `json:"fault,omitempty"`
}

// Post is one change that was accepted: an action POST (once per Droplet where it was by tag), a
// create, or a DELETE of a Droplet. It is here also where the answer was lost.
type Post struct {
	Seq       int             `json:"seq"` // of its Request
	Time      time.Time       `json:"time"`
	Method    string          `json:"method"`
	DropletID int             `json:"droplet_id"`
	ActionID  int             `json:"action_id,omitempty"` // 0 for a DELETE, which has none
	Type      string          `json:"type"`                // the action's; "create" or "destroy"
	Body      json.RawMessage `json:"body,omitempty"`
	RequestID string          `json:"request_id"`
}

// record writes the request down as it comes in. The lock is held.
func (s *Server) record(r *http.Request, body []byte) *Request {
	rec := &Request{
		Seq: s.dropped + len(s.requests) + 1, Time: s.now().UTC(), Method: r.Method, Path: r.URL.Path,
		Query: r.URL.RawQuery, Body: body, UserAgent: r.UserAgent(), RequestID: s.w.requestID(),
	}
	var typed struct {
		Type string `json:"type"`
	}
	if r.Method == http.MethodPost && json.Unmarshal(body, &typed) == nil {
		rec.Action = typed.Type
	}
	if len(s.requests) >= keptRequests {
		s.dropped += keptRequests / 2
		s.requests = slices.Clone(s.requests[keptRequests/2:])
	}
	s.requests = append(s.requests, rec)
	s.dirty = true
	return rec
}

// accepted writes down that a change was accepted. The lock is held.
func (c *call) accepted(dropletID, actionID int, kind string) {
	c.server.posts = append(c.server.posts, Post{
		Seq: c.rec.Seq, Time: c.now, Method: c.method, DropletID: dropletID, ActionID: actionID, Type: kind,
		Body: json.RawMessage(c.rec.Body), RequestID: c.rec.RequestID,
	})
}

// requestID looks like DigitalOcean's (a UUID) and follows from the seed and the order of requests.
func (w *world) requestID() string {
	a, b := w.ids.Uint64(), w.ids.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", uint32(a), uint16(a>>32), a>>52, b&0xfff, b>>16)
}

// Requests is the request log, oldest first; each keep must say yes to a request for it to be in.
func (s *Server) Requests(keep ...func(Request) bool) []Request {
	var out []Request
	s.look(func(time.Time) {
	next:
		for _, r := range s.requests {
			for _, k := range keep {
				if !k(*r) {
					continue next
				}
			}
			out = append(out, *r)
		}
	})
	return out
}

// Matching keeps the requests that m fits.
func Matching(m Match) func(Request) bool {
	return func(r Request) bool { return m.fits(&r) }
}

// Posts are the accepted changes, oldest first: all, or those of the given Droplets.
func (s *Server) Posts(dropletIDs ...int) []Post {
	var out []Post
	s.look(func(time.Time) {
		for _, p := range s.posts {
			if len(dropletIDs) == 0 || slices.Contains(dropletIDs, p.DropletID) {
				out = append(out, p)
			}
		}
	})
	return out
}

// ForgetRequests empties the log of requests and of accepted changes, between two parts of a test.
func (s *Server) ForgetRequests() {
	s.look(func(time.Time) {
		s.dropped += len(s.requests)
		s.requests, s.posts, s.dirty = nil, nil, true
	})
}

// pathID is the number in a path such as /v2/droplets/{droplet_id}/…; anything else is a 404.
func (c *call) pathID(name string) (int, *refusal) {
	id, err := strconv.Atoi(c.vars[name])
	if err != nil || id < 1 || strings.HasPrefix(c.vars[name], "+") {
		return 0, notFound()
	}
	return id, nil
}
