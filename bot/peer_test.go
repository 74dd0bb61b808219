package bot

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// peer is the far end of the wire, for what the built-in Slack does not do on
// purpose: answers that are wrong, connections that end at once, pings that stop.
type peer struct {
	t    *testing.T
	wire *wire
	http *http.Server

	mu      sync.Mutex
	answers map[string]func(call) answer
	calls   []call
	sockets []*line
	acks    map[string][]ack
	bounce  string // a reason: each new socket is told to go away at once
	mute    bool   // new sockets bring neither hello nor pings
	ts      int
}

type call struct {
	method string
	form   url.Values
	body   string
	at     time.Time
}

type answer struct {
	status int
	header http.Header
	body   any
}

type ack struct {
	at      time.Time
	payload json.RawMessage
}

func ok(with map[string]any) answer {
	body := map[string]any{"ok": true}
	for k, v := range with {
		body[k] = v
	}
	return answer{status: 200, body: body}
}

func no(code string) answer {
	return answer{status: 200, body: map[string]any{"ok": false, "error": code}}
}

func slow(seconds string) answer {
	return answer{status: 429, header: http.Header{"Retry-After": {seconds}}, body: map[string]any{"ok": false, "error": "ratelimited"}}
}

func newPeer(t *testing.T) *peer {
	p := &peer{t: t, wire: newWire(), acks: map[string][]ack{}, answers: map[string]func(call) answer{}}
	p.on("auth.test", func(call) answer {
		return ok(map[string]any{"team_id": "T1", "user_id": "UBOT", "team": "Droplets", "bot_id": "B1"})
	})
	p.on("apps.connections.open", func(call) answer {
		return ok(map[string]any{"url": "ws://slack.test/link?ticket=s3cr3t"})
	})
	p.on("chat.postMessage", func(c call) answer {
		return ok(map[string]any{"channel": c.form.Get("channel"), "ts": p.stamp()})
	})
	p.on("chat.update", func(c call) answer {
		return ok(map[string]any{"channel": c.form.Get("channel"), "ts": c.form.Get("ts")})
	})
	p.on("chat.postEphemeral", func(call) answer { return ok(map[string]any{"message_ts": p.stamp()}) })
	for _, method := range []string{"conversations.history", "conversations.replies"} {
		p.on(method, func(call) answer { return no("missing_scope") })
	}
	p.on("response", func(call) answer { return answer{status: 200, body: "ok"} })
	mux := http.NewServeMux()
	mux.HandleFunc("/api/{method}", func(w http.ResponseWriter, r *http.Request) { p.serve(w, r, r.PathValue("method")) })
	mux.HandleFunc("/response/{id}", func(w http.ResponseWriter, r *http.Request) { p.serve(w, r, "response") })
	mux.HandleFunc("/link", p.link)
	p.http = &http.Server{Handler: mux}
	go p.http.Serve(p.wire)
	return p
}

func (p *peer) close() {
	p.wire.Close()
	p.http.Close()
	for _, s := range p.live() {
		s.drop()
	}
}

func (p *peer) stamp() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ts++
	return fmt.Sprintf("1700000000.%06d", p.ts)
}

func (p *peer) on(method string, f func(call) answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers[method] = f
}

func (p *peer) serve(w http.ResponseWriter, r *http.Request, method string) {
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	c := call{method: method, form: form, body: string(body), at: time.Now()}
	p.mu.Lock()
	p.calls = append(p.calls, c)
	f := p.answers[method]
	p.mu.Unlock()
	if f == nil {
		p.t.Errorf("the bot called %s", method)
		f = func(call) answer { return no("unknown_method") }
	}
	a := f(c)
	for k, v := range a.header {
		w.Header()[k] = v
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	_ = json.NewEncoder(w).Encode(a.body)
}

// called answers the calls of a method so far.
func (p *peer) called(method string) []call {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []call
	for _, c := range p.calls {
		if c.method == method {
			out = append(out, c)
		}
	}
	return out
}

func (p *peer) acked(envelope string) []ack {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.acks[envelope]
}

func (p *peer) live() []*line {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]*line(nil), p.sockets...)
}

// line is one WebSocket.
type line struct {
	peer *peer
	conn *websocket.Conn
	mu   sync.Mutex
	over chan struct{}
	once sync.Once
	mute bool
}

func (p *peer) link(w http.ResponseWriter, r *http.Request) {
	u := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	conn, err := u.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	p.mu.Lock()
	l := &line{peer: p, conn: conn, over: make(chan struct{}), mute: p.mute}
	bounce := p.bounce
	if bounce == "" {
		p.sockets = append(p.sockets, l)
	}
	p.mu.Unlock()
	if !l.mute {
		l.send(map[string]any{"type": "hello", "num_connections": 1})
	}
	if bounce != "" {
		l.send(map[string]any{"type": "disconnect", "reason": bounce})
	}
	go l.ping()
	l.read()
}

func (l *line) ping() {
	tick := time.NewTicker(10 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-l.over:
			return
		case <-tick.C:
			if l.muted() {
				continue
			}
			_ = l.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second))
		}
	}
}

func (l *line) muted() bool { l.mu.Lock(); defer l.mu.Unlock(); return l.mute }

// fall makes it bring nothing any more, without an end.
func (l *line) fall() { l.mu.Lock(); defer l.mu.Unlock(); l.mute = true }

func (l *line) read() {
	defer l.drop()
	for {
		var a struct {
			EnvelopeID string          `json:"envelope_id"`
			Payload    json.RawMessage `json:"payload"`
		}
		if err := l.conn.ReadJSON(&a); err != nil {
			return
		}
		l.peer.mu.Lock()
		l.peer.acks[a.EnvelopeID] = append(l.peer.acks[a.EnvelopeID], ack{time.Now(), a.Payload})
		l.peer.mu.Unlock()
	}
}

func (l *line) drop() {
	l.once.Do(func() {
		close(l.over)
		l.conn.Close()
		l.peer.mu.Lock()
		defer l.peer.mu.Unlock()
		for i, s := range l.peer.sockets {
			if s == l {
				l.peer.sockets = append(l.peer.sockets[:i], l.peer.sockets[i+1:]...)
				break
			}
		}
	})
}

func (l *line) send(v any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.conn.WriteJSON(v)
}

// command is a slash command in an envelope.
func command(id string) map[string]any {
	return map[string]any{"envelope_id": id, "type": "slash_commands", "accepts_response_payload": true, "payload": map[string]any{
		"command": "/droplet", "text": "reboot web-1", "user_id": "UALICE", "team_id": "T1", "channel_id": "C1",
		"trigger_id": "t." + id, "response_url": "http://slack.test/response/" + id,
	}}
}

func click(id string) map[string]any {
	return map[string]any{"envelope_id": id, "type": "interactive", "payload": map[string]any{
		"type": "block_actions", "user": map[string]any{"id": "UALICE", "team_id": "T1"}, "trigger_id": "t." + id,
		"channel": map[string]any{"id": "C1"}, "response_url": "http://slack.test/response/" + id,
		"actions": []any{map[string]any{"type": "button", "action_id": "approve", "block_id": "b", "value": "r-1"}},
	}}
}

func suggestion(id string) map[string]any {
	return map[string]any{"envelope_id": id, "type": "interactive", "accepts_response_payload": true, "payload": map[string]any{
		"type": "block_suggestion", "user": map[string]any{"id": "UALICE"}, "value": "we", "action_id": "pick",
	}}
}

func mention(id, event string) map[string]any {
	return map[string]any{"envelope_id": id, "type": "events_api", "payload": map[string]any{
		"type": "event_callback", "event_id": event, "team_id": "T1",
		"event": map[string]any{"type": "app_mention", "user": "UALICE", "channel": "C1", "text": "<@UBOT> help", "ts": "1700000000.000001"},
	}}
}

// said are the texts that people alone were told, by either way.
func (p *peer) said() []string {
	var out []string
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.calls {
		switch c.method {
		case "chat.postEphemeral":
			out = append(out, c.form.Get("text"))
		case "response":
			var m struct{ Text string }
			_ = json.NewDecoder(strings.NewReader(c.body)).Decode(&m)
			out = append(out, m.Text)
		}
	}
	return out
}
