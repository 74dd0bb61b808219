package main

import (
	"cmp"
	"net/http"
	"regexp"
	"time"
)

// knobs are what tests set otherwise than production does.
type knobs struct {
	// within is how long a request waits for its decision; 0 is the policy's own.
	within time.Duration
	// perMinute is how many requests a minute go to DigitalOcean; 0 is api's own.
	perMinute int
	// drain is how long work in hand may take at the end; 0 is serve's own.
	drain time.Duration
	// slower is how many times as long what Slack waits for, and each question of
	// check, may take; 0 is once.
	slower int
	// clock is the time; nil is time.Now.
	clock func() time.Time
	// cross is told of every point between two commits or calls, right before and
	// right after each; nil is nobody. An error is what that commit or call returns.
	cross func(point string) error
}

// crossings tells k.cross of each call that goes through a transport.
func (k knobs) crossings(to string) func(http.RoundTripper) http.RoundTripper {
	if k.cross == nil {
		return nil
	}
	return func(next http.RoundTripper) http.RoundTripper {
		return crossing{next: next, to: to, cross: k.cross}
	}
}

// crossing tells of each call before it is sent and after it was answered.
type crossing struct {
	next  http.RoundTripper
	to    string
	cross func(point string) error
}

// ids are what makes two calls of the same kind differ in their paths.
var ids = regexp.MustCompile(`/\d+`)

func (c crossing) RoundTrip(r *http.Request) (*http.Response, error) {
	call := c.to + ": " + r.Method + " " + ids.ReplaceAllString(r.URL.Path, "/N")
	if err := c.cross(call + ", before it"); err != nil {
		return nil, err
	}
	resp, err := c.next.RoundTrip(r)
	if lost := c.cross(call + ", after it"); lost != nil {
		if err == nil {
			_ = resp.Body.Close() // the answer is lost anyway
		}
		return nil, lost
	}
	return resp, err
}

func (k knobs) now() time.Time {
	if k.clock == nil {
		return time.Now()
	}
	return k.clock()
}

func (k knobs) drains() time.Duration { return cmp.Or(k.drain, drain) }
