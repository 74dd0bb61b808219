package bot

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"dropletops/approvals"
	"dropletops/internal/task"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
)

const (
	// twoSockets: slack-go drops a connection at any disconnect, also at one
	// that is only announced, and what Slack still sends there is lost. The other
	// socket covers the gap. Slack allows ten.
	twoSockets = 2
	// silence is how long a live socket may bring nothing at all, not even a
	// ping. Slack pings at least every 30 s; slack-go itself notices after up to
	// 60 s, and not at all while one of its goroutines is stuck.
	silence = 40 * time.Second
	// greeting is how long Slack may take to say hello.
	greeting = 30 * time.Second
	// frameMost bounds one message from Slack. Payloads are some kilobytes; a
	// click carries the whole message it stands on.
	frameMost = 4 << 20
)

// delivery is an envelope together with the way to acknowledge it, on the socket
// it came from.
type delivery struct {
	approvals.Envelope
	ack func(ctx context.Context, payload any) error
}

// sockets are the connections on which envelopes come.
type sockets struct {
	transport *http.Transport // of apps.connections.open
	each      []*socket
}

func newSockets(c *Client, deliver func(delivery)) *sockets {
	s := &sockets{transport: c.transport()}
	t := newThrottle(c.now)
	for i := range twoSockets {
		k := &socket{client: c, number: i + 1, deliver: deliver}
		open := &opener{throttle: t, base: s.transport, answered: k.answered}
		k.api = slack.New("", slack.OptionAppLevelToken(c.access.AppToken), slack.OptionAPIURL(c.base.String()),
			slack.OptionHTTPClient(&http.Client{Transport: open, CheckRedirect: stay}), slack.OptionLog(quiet()))
		s.each = append(s.each, k)
	}
	return s
}

// run keeps the sockets connected until ctx ends.
func (s *sockets) run(ctx context.Context) {
	var all sync.WaitGroup
	for _, k := range s.each {
		all.Go(task.Again(ctx, k.client.crashed, func() { k.run(ctx) }))
	}
	all.Wait()
	s.transport.CloseIdleConnections()
}

func (s *sockets) ready() bool {
	for _, k := range s.each {
		if k.ready() {
			return true
		}
	}
	return false
}

// socket is one of them.
type socket struct {
	client  *Client
	api     *slack.Client
	number  int
	deliver func(delivery)

	greeted   atomic.Bool  // has had its hello, and was not disconnected since
	connected atomic.Int64 // since when, in Unix nanoseconds; 0 while it is not
	heard     atomic.Int64 // when it last brought anything
}

func (k *socket) ready() bool { return k.greeted.Load() && k.quiet() < silence }

// quiet is how long the connection has brought nothing.
func (k *socket) quiet() time.Duration { return k.client.now().Sub(time.Unix(0, k.heard.Load())) }

func (k *socket) run(ctx context.Context) {
	for ctx.Err() == nil {
		k.live(ctx)
	}
}

// live runs one slack-go client for as long as it works. A new one begins after
// every failed connect, because slack-go's own back-off within one goes up to
// five minutes; the throttle underneath paces both.
func (k *socket) live(ctx context.Context) {
	ctx, end := context.WithCancel(ctx)
	defer end()
	c := socketmode.New(k.api, socketmode.OptionReadLimit(frameMost), socketmode.OptionLog(quiet()),
		socketmode.OptionDialer(&websocket.Dialer{
			Proxy:            http.ProxyFromEnvironment,
			NetDialContext:   k.dial,
			HandshakeTimeout: 15 * time.Second,
			// Slack drops an acknowledgement that arrives in more than one frame;
			// the largest it takes is 20 KB.
			WriteBufferSize: 32 << 10,
		}))
	var all sync.WaitGroup
	all.Go(task.Log(k.crashed(end), func() { k.drain(ctx, end, c) }))
	all.Go(task.Log(k.crashed(end), func() { k.watch(ctx, end) }))
	if err := c.RunContext(ctx); ctx.Err() == nil { // it never ends without an error
		k.client.log().Warn("a socket ended; connecting again", "socket", k.number, "error", safe(err))
	}
	end()
	all.Wait()
	k.gone()
}

// drain takes events off as they come, and never waits for what they lead to:
// slack-go stops answering pings while nobody does.
func (k *socket) drain(ctx context.Context, end func(), c *socketmode.Client) {
	for {
		select {
		case e := <-c.Events:
			k.event(ctx, end, c, e)
		case <-ctx.Done():
			// What was read from the wire before the end still counts. Slack will
			// deliver it again if its acknowledgement can't be sent any more.
			for {
				select {
				case e := <-c.Events:
					k.event(ctx, end, c, e)
				default:
					return
				}
			}
		}
	}
}

func (k *socket) event(ctx context.Context, end func(), c *socketmode.Client, e socketmode.Event) {
	switch e.Type {
	case socketmode.EventTypeConnecting:
		k.gone()
	case socketmode.EventTypeConnected:
		k.connected.Store(k.client.now().UnixNano())
	case socketmode.EventTypeHello:
		if !k.greeted.Swap(true) {
			k.client.metrics.connects.Inc()
			k.client.metrics.sockets.Inc()
			k.client.log().Info("a socket is up", "socket", k.number)
		}
	case socketmode.EventTypeConnectionError:
		if f, ok := e.Data.(*slack.ConnectionErrorEvent); ok && ctx.Err() == nil {
			k.client.log().Warn("a socket can't connect; trying again", "socket", k.number, "error", safe(f.ErrorObj))
		}
		end()
	case socketmode.EventTypeEventsAPI, socketmode.EventTypeSlashCommand, socketmode.EventTypeInteractive:
		if e.Request != nil {
			k.take(ctx, c, e.Request)
		}
	case socketmode.EventTypeErrorBadMessage:
		k.bad(ctx, c, e)
	case socketmode.EventTypeErrorWriteFailed:
		// The envelope is on disk and Slack will deliver it again: known by then.
		k.client.log().Warn("an acknowledgement could not be sent", "socket", k.number)
	}
}

// bad is a message that slack-go could not read. Of a known type, the payload is
// handed on all the same: an unknown block or event in it is for the handlers to
// pass over, and a click must not be lost for one. Of an unknown type it is
// acknowledged, or Slack would go on delivering it.
func (k *socket) bad(ctx context.Context, c *socketmode.Client, e socketmode.Event) {
	bad, ok := e.Data.(*socketmode.ErrorBadMessage)
	if !ok {
		return
	}
	var r socketmode.Request
	if err := json.Unmarshal(bad.Message, &r); err != nil || r.EnvelopeID == "" {
		k.client.log().Warn("Slack sent what can't be read", "socket", k.number, "error", safe(bad.Cause), "bytes", len(bad.Message))
		k.client.metrics.refused.WithLabelValues("unreadable").Inc()
		return
	}
	switch r.Type {
	case socketmode.RequestTypeEventsAPI, socketmode.RequestTypeSlashCommands, socketmode.RequestTypeInteractive:
		k.take(ctx, c, &r)
		return
	}
	k.client.log().Warn("Slack sent an envelope of an unknown type", "socket", k.number, "type", r.Type)
	k.client.metrics.refused.WithLabelValues("unknown_type").Inc()
	go task.Log(k.client.crashed, func() {
		ctx, cancel := context.WithTimeout(ctx, ackWithin)
		defer cancel()
		_ = c.AckCtx(ctx, r.EnvelopeID, nil) // delivered again if this fails
	})()
}

// crashed logs a panic over a connection and ends that: another one follows.
func (k *socket) crashed(end func()) func(error) {
	return func(err error) { k.client.crashed(err); end() }
}

// storable is a text as every database takes it: PostgreSQL has no NUL in a text, and
// nothing that is not UTF-8.
func storable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

func (k *socket) take(ctx context.Context, c *socketmode.Client, r *socketmode.Request) {
	k.deliver(delivery{
		Envelope: approvals.Envelope{
			Key: storable(r.EnvelopeID), Event: storable(eventOf(r.Type, r.Payload)), Type: storable(r.Type),
			Payload: bytes.ToValidUTF8(r.Payload, []byte("\uFFFD")), ReceivedAt: k.client.now(), Attempt: 1,
		},
		ack: func(within context.Context, payload any) error {
			// Without a connection slack-go takes 20 acknowledgements and blocks on
			// the next: both deadlines count.
			within, cancel := context.WithCancel(within)
			defer cancel()
			defer context.AfterFunc(ctx, cancel)()
			return c.AckCtx(within, r.EnvelopeID, payload)
		},
	})
}

// watch ends a connection on which nothing comes any more.
func (k *socket) watch(ctx context.Context, end func()) {
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		since := k.connected.Load()
		if since == 0 {
			continue
		}
		up := k.client.now().Sub(time.Unix(0, since))
		if k.quiet() < silence && (k.greeted.Load() || up < greeting) {
			continue
		}
		k.client.log().Warn("a socket is wedged; connecting again", "socket", k.number,
			"quiet", k.quiet().String(), "hello", k.greeted.Load())
		end()
		return
	}
}

func (k *socket) gone() {
	k.connected.Store(0)
	if k.greeted.Swap(false) {
		k.client.metrics.sockets.Dec()
		k.client.log().Info("a socket is down", "socket", k.number)
	}
}

// answered looks at what apps.connections.open said.
func (k *socket) answered(err error) {
	k.client.metrics.called("apps.connections.open", err)
	if no := rejection("SLACK_APP_TOKEN", "apps.connections.open", err); no != nil {
		k.client.reject(no)
	}
}
