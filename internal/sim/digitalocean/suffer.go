package digitalocean

import (
	"maps"
	"net/http"
	"time"
)

// suffer lets a fault happen to a call; real is the real answer where there is one already. What it
// returns goes out in place of the real answer; nil leaves that as it is.
func (s *Server) suffer(f *Injected, c *call, r *http.Request, real *reply) *reply {
	if f.Delay > 0 && !s.delay(c.now.Add(f.Delay), r) {
		return &reply{drop: true}
	}
	if f.Hang {
		select {
		case <-f.release:
		case <-r.Context().Done():
			return &reply{drop: true}
		case <-s.closed:
			return &reply{drop: true}
		}
	}
	if f.Drop {
		return &reply{drop: true}
	}
	if f.Answer == nil {
		return nil
	}
	return f.Answer.over(real, c)
}

// delay waits until the Server's clock, not the wall's, has reached a time.
func (s *Server) delay(until time.Time, r *http.Request) bool {
	reached := make(chan struct{})
	s.look(func(time.Time) {
		s.w.schedule(until, func(time.Time) { close(reached) })
	})
	s.Settle() // the clock may be there already, and nobody else may come to look
	select {
	case <-reached:
		return true
	case <-r.Context().Done():
		return false
	case <-s.closed:
		return false
	}
}

// over lays the answer over the real one.
func (a *Answer) over(real *reply, c *call) *reply {
	out := &reply{status: http.StatusOK, header: http.Header{}, body: []byte(a.Body), cut: a.Cut}
	out.header.Set("Content-Type", "application/json; charset=utf-8")
	out.header.Set("x-request-id", c.rec.RequestID)
	if real != nil {
		out.status = real.status
		maps.Copy(out.header, real.header)
		if a.Cut || a.RealBody {
			out.body = real.body
		}
	} else if a.Cut {
		out.body = []byte("{}")
	}
	if a.Status != 0 {
		out.status = a.Status
	}
	maps.Copy(out.header, a.Header)
	return out
}
