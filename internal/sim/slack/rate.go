package slack

import (
	"math"
	"time"
)

// Rates scales Slack's rate limits.
type Rates struct {
	// Off lifts them all.
	Off bool
	// Scale multiplies how many calls are allowed; 0 is 1, Slack's own.
	Scale float64
}

// limit is how many calls Slack guarantees in any span of that length. For a published tier of
// "50+ a minute" the guaranteed 50 are allowed and the 51st is refused: what an app may rely on.
// Source: https://docs.slack.dev/apis/web-api/rate-limits
type limit struct {
	calls int
	per   time.Duration
}

var (
	tier2 = limit{20, time.Minute}
	tier3 = limit{50, time.Minute}
	tier4 = limit{100, time.Minute}
	// postPerChannel: chat.postMessage is one a second and channel, with short bursts; five in any
	// five seconds is that.
	postPerChannel = limit{5, 5 * time.Second}
	// postPerWorkspace: "several hundred messages per minute" over all channels.
	postPerWorkspace = limit{300, time.Minute}
	// openPerMinute: Slack publishes "1+ a minute" for apps.connections.open and lets apps open
	// their ten sockets at once; beyond twenty a client is looping.
	openPerMinute = limit{20, time.Minute}
	// special is for methods that Slack publishes no number for (auth.test: hundreds a minute).
	special = limit{300, time.Minute}
)

// rateMeter remembers when the calls of each key were, in its span.
type rateMeter struct {
	rates Rates
	seen  map[string][]time.Time
}

func newRateMeter(r Rates) rateMeter {
	if r.Scale == 0 {
		r.Scale = 1
	}
	return rateMeter{rates: r, seen: map[string][]time.Time{}}
}

// take counts a call, or says how long to wait before the next.
func (m *rateMeter) take(key string, l limit, now time.Time) (retryAfter time.Duration) {
	if m.rates.Off {
		return 0
	}
	most := max(1, int(math.Round(float64(l.calls)*m.rates.Scale)))
	seen := m.seen[key]
	for len(seen) > 0 && now.Sub(seen[0]) >= l.per {
		seen = seen[1:]
	}
	if len(seen) >= most {
		m.seen[key] = seen
		return l.per - now.Sub(seen[len(seen)-most])
	}
	m.seen[key] = append(seen, now)
	return 0
}

// SetRates changes the rate limits from now on.
func (s *Server) SetRates(r Rates) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rates = newRateMeter(r)
}
