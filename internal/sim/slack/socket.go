package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// Slack's limits on Socket Mode. Source: https://docs.slack.dev/apis/events-api/using-socket-mode
const (
	maxSockets = 10
	// maxAck is the first size of an acknowledgement, in bytes, that Slack silently ignores.
	maxAck = 20 << 10
	// ticketLife is how long a URL of apps.connections.open can be dialled.
	ticketLife = 30 * time.Second
	// warned is how long a socket works on after a disconnect of reason "warning".
	warned = 10 * time.Second
	// outgoing is how many frames wait for a slow reader before its socket is dropped.
	outgoing = 4096
)

// Connection is one Socket Mode connection, as the connection log keeps it.
type Connection struct {
	ID       string    `json:"id"`
	OpenedAt time.Time `json:"opened_at"`
	Open     bool      `json:"open"`
	// Ready sockets get envelopes: those that had their hello and no disconnect.
	Ready    bool      `json:"ready"`
	ClosedAt time.Time `json:"closed_at,omitzero"`
	Why      string    `json:"why,omitempty"` // why it was closed
	Pongs    int       `json:"pongs"`
}

type socket struct {
	s     *Server
	id    string
	log   int // index into s.connections
	conn  *websocket.Conn
	out   chan []byte
	ready bool // mu of the server

	once sync.Once
	gone chan struct{} // closed by drop
}

type onConnect struct {
	reason string
	times  int
}

func (s *Server) appsConnectionsOpen(Call) (map[string]any, error) {
	ticket := fmt.Sprintf("%s%08x", s.id("tk"), s.now().UnixNano())
	s.tickets[ticket] = s.now().Add(ticketLife)
	return map[string]any{"url": "ws" + s.url()[len("http"):] + "/link/?ticket=" + ticket + "&app_id=" + AppID}, nil
}

// takeTicket uses a ticket up.
func (s *Server) takeTicket(ticket string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	ends, ok := s.tickets[ticket]
	delete(s.tickets, ticket)
	return ok && !s.now().After(ends) && !s.refuse
}

func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	if !s.takeTicket(r.URL.Query().Get("ticket")) {
		http.Error(w, "no such ticket", http.StatusForbidden)
		return
	}
	// slack-go says it comes from api.slack.com; Bolt names no origin.
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{OriginPatterns: []string{"api.slack.com"}})
	if err != nil {
		return
	}
	conn.SetReadLimit(1 << 20) // a frame too large must be seen to be counted as a violation
	k := &socket{s: s, conn: conn, out: make(chan []byte, outgoing), gone: make(chan struct{})}
	if !s.join(k, r.URL.Query().Has("debug_reconnects")) {
		conn.CloseNow()
		return
	}
	// The client's Close is answered by the reader; ctx ends with drop or with Close of the server.
	ctx, cancel := context.WithCancel(s.lifetime)
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() { <-k.gone; cancel(); conn.CloseNow() })
	wg.Go(func() { k.write(ctx) })
	wg.Go(func() { k.ping(ctx) })
	why := k.read(ctx)
	k.drop()
	wg.Wait()
	s.leave(k, why)
}

// join enters a socket and says hello, or says that there are too many.
func (s *Server) join(k *socket, shortLived bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	k.id = s.id("link-")
	k.log = len(s.connections)
	s.sockets = append(s.sockets, k)
	s.connections = append(s.connections, Connection{ID: k.id, OpenedAt: s.now(), Open: true})
	defer s.touch()
	if len(s.sockets) > maxSockets {
		s.disconnect(k, "too_many_websockets")
		return true
	}
	if s.onConnect.times > 0 {
		s.onConnect.times--
		s.disconnect(k, s.onConnect.reason)
		return true
	}
	span := 18060 // seconds
	if shortLived {
		span = 360
	}
	k.send(map[string]any{
		"type": "hello", "num_connections": len(s.sockets), "connection_info": map[string]any{"app_id": AppID},
		"debug_info": map[string]any{"host": "applink-" + k.id, "build_number": 10, "approximate_connection_time": span},
	})
	k.ready = true
	s.connections[k.log].Ready = true
	s.redeliverPending()
	return true
}

func (s *Server) leave(k *socket, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sockets = slices.DeleteFunc(slices.Clone(s.sockets), func(o *socket) bool { return o == k })
	k.ready = false
	c := &s.connections[k.log]
	c.Open, c.Ready, c.ClosedAt = false, false, s.now()
	if c.Why == "" {
		c.Why = why
	}
	s.touch()
	if !s.closed {
		s.socketGone(k.id)
	}
}

// send queues a frame; a reader that is too slow loses its connection.
func (k *socket) send(v any) {
	b, err := json.Marshal(v)
	if err != nil {
		k.s.log.Error("built-in Slack: marshal a frame", "error", err)
		return
	}
	select {
	case k.out <- b:
	default:
		k.drop()
	}
}

func (k *socket) drop() { k.once.Do(func() { close(k.gone) }) }

func (k *socket) write(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case b := <-k.out:
			if k.conn.Write(ctx, websocket.MessageText, b) != nil {
				k.drop()
				return
			}
		}
	}
}

// pongWithin is how long a client may take to answer a ping, at the least.
const pongWithin = 10 * time.Second

// ping follows real time: slack-go measures 30 s between pings by the wall clock.
func (k *socket) ping(ctx context.Context) {
	tick := time.NewTicker(k.s.opts.PingEvery)
	defer tick.Stop()
	within := max(2*k.s.opts.PingEvery, pongWithin)
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		waiting, cancel := context.WithTimeout(ctx, within)
		err := k.conn.Ping(waiting)
		missed := waiting.Err() != nil && ctx.Err() == nil
		cancel()
		if missed {
			k.s.violate("missing_pong", "", "the client of "+k.id+" did not answer a ping in "+within.String())
			k.drop()
			return
		}
		if err != nil {
			return
		}
		k.s.mu.Lock()
		k.s.connections = slices.Clone(k.s.connections)
		k.s.connections[k.log].Pongs++
		k.s.touch()
		k.s.mu.Unlock()
	}
}

func (k *socket) read(ctx context.Context) (why string) {
	for {
		kind, b, err := k.conn.Read(ctx)
		switch {
		case err != nil && websocket.CloseStatus(err) >= 0:
			return "closed by the client"
		case err != nil:
			return "dropped"
		case kind != websocket.MessageText:
			k.s.violate("binary_frame", "", "a binary frame came over "+k.id)
		default:
			k.s.receive(k, b)
		}
	}
}
