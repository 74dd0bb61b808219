package bot

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Slack's methods that the bot paces.
const (
	postMessage   = "chat.postMessage"
	updateMessage = "chat.update"
	postEphemeral = "chat.postEphemeral"
	readHistory   = "conversations.history"
	readReplies   = "conversations.replies"
)

// What Slack allows, read off its rate limits page: chat.postMessage one a second
// in a channel and several hundred a minute in a workspace, chat.update 50 and
// chat.postEphemeral 100 a minute. A bucket that holds b and is filled with r a
// minute lets b + r through in the worst minute, so each stays below its limit
// whatever came before.
const (
	// postEvery is a second and a little, since what leaves here a second apart
	// may arrive a little less than that apart.
	postEvery = time.Second + 50*time.Millisecond
	// 20 + 180 a minute, over all channels.
	postsBurst, postsPerMinute = 20, 180
	// 10 + 40 a minute; 10 is what fits into a moment with many ends.
	updatesBurst, updatesPerMinute = 10, 40
	// 20 + 80 a minute.
	ephemeralsBurst, ephemeralsPerMinute = 20, 80
	// 10 + 40 a minute, of 50 for each of the two.
	readsBurst, readsPerMinute = 10, 40
	// channelsKept bounds the memory of channels; those that could post at once
	// are forgotten first.
	channelsKept = 1000
)

// pace knows when Slack lets the bot call which method.
type pace struct {
	mu         sync.Mutex
	posts      *rate.Limiter
	updates    *rate.Limiter
	ephemerals *rate.Limiter
	history    *rate.Limiter
	replies    *rate.Limiter
	channels   map[string]*rate.Limiter
	paused     map[string]time.Time // by a 429, until when
}

func newPace() *pace {
	perMinute := func(n, burst int) *rate.Limiter { return rate.NewLimiter(rate.Limit(float64(n)/60), burst) }
	return &pace{
		posts:      perMinute(postsPerMinute, postsBurst),
		updates:    perMinute(updatesPerMinute, updatesBurst),
		ephemerals: perMinute(ephemeralsPerMinute, ephemeralsBurst),
		history:    perMinute(readsPerMinute, readsBurst),
		replies:    perMinute(readsPerMinute, readsBurst),
		channels:   map[string]*rate.Limiter{},
		paused:     map[string]time.Time{},
	}
}

// take counts a call and answers 0, or answers how long it is until one may be
// made. The channel matters for chat.postMessage alone.
func (p *pace) take(method, channel string, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if rest := p.paused[method].Sub(now); rest > 0 {
		return rest
	}
	of := p.buckets(method, channel, now)
	var wait time.Duration
	for _, b := range of {
		wait = max(wait, until(b, 1, now))
	}
	if wait > 0 {
		return wait
	}
	for _, b := range of {
		b.AllowN(now, 1)
	}
	return 0
}

// spare answers how long it is until that many calls of a method could be made
// at once.
func (p *pace) spare(method string, n int, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if rest := p.paused[method].Sub(now); rest > 0 {
		return rest
	}
	var wait time.Duration
	for _, b := range p.buckets(method, "", now) {
		wait = max(wait, until(b, n, now))
	}
	return wait
}

// pause leaves a method alone, as Slack asked with a 429.
func (p *pace) pause(method string, t time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t.After(p.paused[method]) {
		p.paused[method] = t
	}
}

// buckets are what a call is counted against; mu is held.
func (p *pace) buckets(method, channel string, now time.Time) []*rate.Limiter {
	switch method {
	case updateMessage:
		return []*rate.Limiter{p.updates}
	case postEphemeral:
		return []*rate.Limiter{p.ephemerals}
	case readHistory:
		return []*rate.Limiter{p.history}
	case readReplies:
		return []*rate.Limiter{p.replies}
	}
	if channel == "" {
		return []*rate.Limiter{p.posts}
	}
	b := p.channels[channel]
	if b == nil {
		p.forget(now)
		b = rate.NewLimiter(rate.Every(postEvery), 1)
		p.channels[channel] = b
	}
	return []*rate.Limiter{p.posts, b}
}

// forget drops channels that have nothing to remember; mu is held.
func (p *pace) forget(now time.Time) {
	if len(p.channels) < channelsKept {
		return
	}
	for id, b := range p.channels {
		if b.TokensAt(now) >= 1 {
			delete(p.channels, id)
		}
	}
}

// until is how long it takes a bucket to hold n.
func until(b *rate.Limiter, n int, now time.Time) time.Duration {
	missing := float64(n) - b.TokensAt(now)
	if missing <= 0 {
		return 0
	}
	// Rounded up, or the wait could end a nanosecond before the token is there.
	return time.Duration(missing/float64(b.Limit())*float64(time.Second)) + time.Microsecond
}
