package digitalocean

import (
	"encoding/json"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Match says which requests a fault is for; an empty field fits every request.
type Match struct {
	Method string
	// Path is a pattern of path.Match: "/v2/droplets/*/actions". A final "/**" takes any rest.
	Path string
	// Action is the type in the body of a POST, such as "reboot".
	Action string
	// DropletID in the path.
	DropletID int
	// Query are parameters that the query has, such as "name=web-1".
	Query string
}

func (m Match) fits(r *Request) bool {
	if m.Method != "" && m.Method != r.Method || m.Action != "" && m.Action != r.Action {
		return false
	}
	clean := strings.TrimSuffix(r.Path, "/")
	if m.DropletID != 0 {
		prefix := "/v2/droplets/" + strconv.Itoa(m.DropletID)
		if clean != prefix && !strings.HasPrefix(clean, prefix+"/") {
			return false
		}
	}
	if !contains(r.Query, m.Query) {
		return false
	}
	if m.Path == "" {
		return true
	}
	if root, deep := strings.CutSuffix(m.Path, "/**"); deep {
		return clean == root || strings.HasPrefix(clean, root+"/")
	}
	ok, err := path.Match(m.Path, clean)
	return ok && err == nil
}

// contains reports whether a query has all the parameters of another.
func contains(query, part string) bool {
	if part == "" {
		return true
	}
	have, err := url.ParseQuery(query)
	want, bad := url.ParseQuery(part)
	if err != nil || bad != nil {
		return false
	}
	for name := range want {
		if have.Get(name) != want.Get(name) {
			return false
		}
	}
	return true
}

// Outcome of the action that a request starts, in place of its usual one.
type Outcome string

const (
	Completes       Outcome = ""                  // as usual
	Errors          Outcome = "errored"           // ends as errored, with no effect
	NeverEnds       Outcome = "never-ends"        // in-progress until FinishAction
	NullCompletedAt Outcome = "null-completed-at" // completed, but completed_at stays null
	CompletesIdle   Outcome = "completes-idle"    // completed, but nothing changes: no effect, no snapshot; a DELETE destroys no Droplet
)

// Fault is something that goes wrong with the requests that Match fits. Of Delay, Hang, Drop and
// Answer those that are set happen in this order.
type Fault struct {
	Match
	Name string // for the request log
	// Nth is the first matching request that it is for, from 1; 0 is the first.
	Nth int
	// Times is how many matching requests it is for from there on; 0 is one, Always is all.
	Times int
	// After has it happen after DigitalOcean accepted and did what was asked, so that only the
	// answer is lost. Otherwise it happens before, and the request is never looked at.
	After bool
	// Delay is how much the clock must go on, from the request (from its acceptance with After), before
	// the answer.
	Delay time.Duration
	// Hang holds the request until Release, its client goes away, or Close.
	Hang bool
	// Drop breaks the connection without an answer.
	Drop bool
	// Answer in place of the real one; see Refuse, Burst429 and so on.
	Answer *Answer
	// Outcome of the action that the request starts, or of the DELETE of a Droplet.
	Outcome Outcome
}

// Always is for Fault.Times.
const Always = -1

// Answer in place of the real one.
type Answer struct {
	Status int // 0 keeps the real one, 200 where there is none
	Header http.Header
	Body   string // as it is; ignored with Cut and RealBody
	// RealBody keeps the real body.
	RealBody bool
	// Cut sends the real body's first half and breaks the connection.
	Cut bool
}

// Refuse is an error answer in DigitalOcean's own form.
func Refuse(status int, id, message string) *Answer {
	body, _ := json.Marshal(errorBody{id, message, "00000000-0000-4000-a000-00000000fa17"}) // strings always marshal
	return &Answer{Status: status, Body: string(body)}
}

// StrayNotFound has the requests that m fits answered 404, though what they ask for is there: as many
// as times says, after the first skip of them.
func StrayNotFound(m Match, skip, times int) Fault {
	return Fault{Match: m, Name: "stray 404", Nth: skip + 1, Times: times, Answer: NotFound()}
}

// NotFound is the answer for what is not there.
func NotFound() *Answer {
	r := notFound()
	return Refuse(r.status, r.id, r.message)
}

// Burst429 is the answer of the limit per minute, which says when to come back.
func Burst429(retryAfter time.Duration) *Answer {
	a := Refuse(http.StatusTooManyRequests, "too_many_requests", "API Rate limit exceeded.")
	a.Header = http.Header{
		"Ratelimit-Remaining": {"0"}, "Retry-After": {strconv.Itoa(int(retryAfter.Seconds()))},
	}
	return a
}

// Hourly429 is the answer of the limit per hour: no Retry-After, only when the oldest request expires.
func Hourly429(reset time.Time) *Answer {
	a := Refuse(http.StatusTooManyRequests, "too_many_requests", "API Rate limit exceeded.")
	a.Header = http.Header{
		"Ratelimit-Limit": {strconv.Itoa(hourlyLimit)}, "Ratelimit-Remaining": {"0"},
		"Ratelimit-Reset": {strconv.FormatInt(reset.Unix(), 10)},
	}
	return a
}

// ServerError is a 500, 502 or 503.
func ServerError(status int) *Answer {
	return Refuse(status, "server_error", "Unexpected server-side error")
}

// Truncated breaks the connection in the middle of the real answer (with After) or of "{}".
func Truncated() *Answer { return &Answer{Cut: true} }

// BadJSON is an answer of the usual status with half a word of JSON.
func BadJSON() *Answer { return &Answer{Body: `{"action": {"id": 1, "sta`} }

// EmptyObject and EmptyBody are answers of the usual status with nothing in them.
func EmptyObject() *Answer { return &Answer{Body: "{}"} }

// EmptyBody has not even braces.
func EmptyBody() *Answer { return &Answer{} }

// Injected is a fault at work.
type Injected struct {
	Fault
	s       *Server
	seen    int
	hits    int
	release chan struct{}
	free    bool
}

// Inject puts a fault to work; those injected first go first, one per request.
func (s *Server) Inject(f Fault) *Injected {
	in := &Injected{Fault: f, s: s, release: make(chan struct{})}
	s.look(func(time.Time) { s.faults = append(s.faults, in) })
	return in
}

// ClearFaults removes every fault and lets go of what hangs.
func (s *Server) ClearFaults() {
	s.look(func(time.Time) {
		for _, in := range s.faults {
			in.letGo()
		}
		s.faults = nil
	})
}

// Hits is how many requests it has happened to.
func (in *Injected) Hits() (n int) {
	in.s.look(func(time.Time) { n = in.hits })
	return n
}

// Release lets go of the requests that hang, now and later.
func (in *Injected) Release() { in.s.look(func(time.Time) { in.letGo() }) }

// Remove ends the fault and lets go of what hangs.
func (in *Injected) Remove() {
	in.s.look(func(time.Time) {
		in.letGo()
		in.s.faults = slices.DeleteFunc(in.s.faults, func(x *Injected) bool { return x == in })
	})
}

func (in *Injected) letGo() {
	if !in.free {
		in.free = true
		close(in.release)
	}
}

// match finds the fault for a request and counts it. The lock is held.
func (s *Server) match(r *Request) *Injected {
	for _, in := range s.faults {
		if !in.fits(r) {
			continue
		}
		in.seen++
		first := max(in.Nth, 1)
		if in.seen < first || in.Times != Always && in.seen >= first+max(in.Times, 1) {
			continue
		}
		in.hits++
		r.Fault = in.Name
		return in
	}
	return nil
}
