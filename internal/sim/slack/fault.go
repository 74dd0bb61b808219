package slack

import (
	"context"
	"net/http"
	"slices"
	"time"
)

// Fault is something that goes wrong with Web API calls, or with POSTs to a response_url.
type Fault struct {
	// Method it is for; "*" is every one, "response_url" the POSTs to response URLs.
	Method string
	// Match narrows it down; nil takes every call of the method.
	Match func(Call) bool
	// Skip lets that many matching calls pass first. Times is how many it hits then; 0 is one,
	// -1 all until Remove.
	Skip, Times int

	// Delay, by the server's clock, before anything else.
	Delay time.Duration
	// Hang holds the call until Release, or until the client goes away.
	Hang bool

	// One of these is the answer in place of the call's own. Without one, a call that was delayed
	// or held is done as usual.

	// Error is refused with this string, HTTP 200, such as "edit_window_closed".
	Error string
	// Status answers with this HTTP status and an HTML body, as a proxy in front of Slack does.
	Status int
	// Body answers HTTP 200 with this body and has no effect, as a response_url that answers
	// {"ok":false,"error":"…"} does, or a proxy that answers a page of its own.
	Body string
	// RetryAfter answers 429 with this header, in whole seconds.
	RetryAfter time.Duration
	// DropBefore closes the connection before the call has any effect.
	DropBefore bool
	// DropAfter does the call and closes the connection in place of the answer.
	DropAfter bool
	// BadJSON and EmptyBody do the call and answer 200 with a body that says nothing.
	BadJSON, EmptyBody bool
}

// FaultHandle is a fault under way.
type FaultHandle struct {
	Fault
	s        *Server
	skipped  int
	hits     int
	removed  bool
	released chan struct{}
}

// AddFault scripts a fault. Where several match a call, the oldest that is not used up takes it.
func (s *Server) AddFault(f Fault) *FaultHandle {
	if f.Times == 0 {
		f.Times = 1
	}
	h := &FaultHandle{Fault: f, s: s, released: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, h)
	return h
}

// Hits is how many calls it has hit.
func (h *FaultHandle) Hits() int {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	return h.hits
}

// WaitHit returns once it has hit n calls: those that hang are then being held.
func (h *FaultHandle) WaitHit(ctx context.Context, n int) error {
	_, err := h.s.WaitFor(ctx, func(*Snapshot) bool { return h.Hits() >= n })
	return err
}

// Release lets the calls go on that hang, and those that would.
func (h *FaultHandle) Release() {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	select {
	case <-h.released:
	default:
		close(h.released)
	}
}

// Remove ends it; calls that hang go on.
func (h *FaultHandle) Remove() {
	h.Release()
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	h.removed = true
	h.s.faults = slices.DeleteFunc(h.s.faults, func(o *FaultHandle) bool { return o == h })
}

// matchFault finds the fault for a call and counts it.
func (s *Server) matchFault(c Call) *FaultHandle {
	s.mu.Lock()
	candidates := slices.Clone(s.faults)
	s.mu.Unlock()
	for _, h := range candidates {
		if (h.Method != c.Method && h.Method != "*") || (h.Match != nil && !h.Match(c)) {
			continue
		}
		if s.takeFault(h) {
			return h
		}
	}
	return nil
}

func (s *Server) takeFault(h *FaultHandle) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h.removed || (h.Times >= 0 && h.hits >= h.Times) {
		return false
	}
	if h.skipped < h.Skip {
		h.skipped++
		return false
	}
	h.hits++
	s.touch()
	return true
}

// before runs what comes before the call is done, and tells whether it has been answered.
func (h *FaultHandle) before(w http.ResponseWriter, r *http.Request, s *Server, c *Call) (answered bool) {
	if h.Delay > 0 && s.wait(r.Context(), h.Delay) != nil {
		return h.drop(c)
	}
	if h.Hang {
		select {
		case <-h.released:
		case <-r.Context().Done():
			return h.drop(c)
		case <-s.lifetime.Done():
			return h.drop(c)
		}
	}
	c.Fault = true
	switch {
	case h.DropBefore:
		hangUp(w)
		return h.drop(c)
	case h.RetryAfter > 0:
		w.Header().Set("Retry-After", retryAfter(h.RetryAfter))
		c.Error, c.Status = "ratelimited", http.StatusTooManyRequests
	case h.Status != 0:
		c.Error, c.Status = http.StatusText(h.Status), h.Status
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(h.Status)
		_, _ = w.Write([]byte("<html><body>" + http.StatusText(h.Status) + "</body></html>"))
		return true
	case h.Body != "":
		c.Error, c.Status = "answered with another body", http.StatusOK
		w.Header().Set("Content-Type", http.DetectContentType([]byte(h.Body)))
		_, _ = w.Write([]byte(h.Body))
		return true
	case h.Error != "":
		c.Error, c.Status = h.Error, http.StatusOK
		if c.Method == responseURLMethod {
			c.Status = responseURLStatus(h.Error)
		}
	default:
		return false
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(c.Status)
	_, _ = w.Write([]byte(`{"ok":false,"error":"` + c.Error + `"}`))
	return true
}

// after spoils the answer of a call that was done, and tells whether it did.
func (h *FaultHandle) after(w http.ResponseWriter, c *Call) bool {
	switch {
	case h.DropAfter:
		c.Status = 0
		hangUp(w)
	case h.BadJSON:
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write([]byte(`{"ok":tru`))
	case h.EmptyBody:
		w.WriteHeader(http.StatusOK)
	default:
		return false
	}
	return true
}

// drop marks a call that got no answer and had no effect.
func (h *FaultHandle) drop(c *Call) bool {
	c.Fault, c.Status, c.Error = true, 0, "dropped"
	return true
}

// hangUp closes the TCP connection under a request.
func hangUp(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = conn.Close()
	}
}
