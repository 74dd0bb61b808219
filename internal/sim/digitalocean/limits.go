package digitalocean

import (
	"net/http"
	"strconv"
	"time"
)

// DigitalOcean's limits per token, from the introduction of its OpenAPI document ("Rate Limit").
const (
	hourlyLimit = 5000 // requests in any 60 minutes; each has its own timer
	burstLimit  = 250  // requests in any minute, 5 % of the hourly total
	keysLimit   = 10   // GET /v2/account/keys in any 60 s, a limit of its own
)

// limits counts the requests of each token. Requests that were refused with a 429 do not count.
type limits struct {
	tokens map[string]*tokenUse
}

type tokenUse struct {
	requests []time.Time // of the last hour, oldest first
	keys     []time.Time // GET /v2/account/keys of the last minute
}

// take counts one request; the refusal is the 429 where it is one too many and the limits count.
// The headers go on the answer either way.
func (l *limits) take(token string, listsKeys, enforced bool, now time.Time) (http.Header, *refusal) {
	if l.tokens == nil {
		l.tokens = map[string]*tokenUse{}
	}
	use := l.tokens[token]
	if use == nil {
		use = &tokenUse{}
		l.tokens[token] = use
	}
	use.requests = since(use.requests, now.Add(-time.Hour))
	use.keys = since(use.keys, now.Add(-time.Minute))
	lastMinute := since(use.requests, now.Add(-time.Minute))

	if enforced {
		switch {
		case len(use.requests) >= hourlyLimit:
			return use.headers(0, now), tooManyRequests(0)
		case len(lastMinute) >= burstLimit:
			// Only the burst 429 says when to come back; ratelimit-remaining is 0 on it too.
			return use.headers(0, now), tooManyRequests(lastMinute[len(lastMinute)-burstLimit].Add(time.Minute).Sub(now))
		case listsKeys && len(use.keys) >= keysLimit:
			return use.headers(0, now), tooManyRequests(use.keys[0].Add(time.Minute).Sub(now))
		}
	}
	use.requests = append(use.requests, now)
	if listsKeys {
		use.keys = append(use.keys, now)
	}
	return use.headers(max(hourlyLimit-len(use.requests), 0), now), nil
}

func (u *tokenUse) headers(remaining int, now time.Time) http.Header {
	reset := now.Add(time.Hour)
	if len(u.requests) > 0 {
		reset = u.requests[0].Add(time.Hour) // when the oldest request expires, not when all have
	}
	h := http.Header{}
	h.Set("ratelimit-limit", strconv.Itoa(hourlyLimit))
	h.Set("ratelimit-remaining", strconv.Itoa(remaining))
	h.Set("ratelimit-reset", strconv.FormatInt(reset.Unix(), 10))
	return h
}

// since cuts off the times up to and including t.
func since(times []time.Time, t time.Time) []time.Time {
	i := 0
	for i < len(times) && !times[i].After(t) {
		i++
	}
	return times[i:]
}
