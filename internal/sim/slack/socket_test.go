package slack_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/slack-go/slack/socketmode"

	simslack "dropletops/internal/sim/slack"
)

// wire is a raw Socket Mode client, for what slack-go would not do.
type wire struct {
	t    *testing.T
	conn *websocket.Conn
}

func dial(t *testing.T, s *simslack.Server) *wire {
	t.Helper()
	_, url, err := client(s).StartSocketModeContext(within(t))
	if err != nil {
		t.Fatal(err)
	}
	conn, _, err := websocket.Dial(within(t), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.CloseNow() })
	return &wire{t, conn}
}

func (w *wire) read() map[string]any {
	w.t.Helper()
	_, b, err := w.conn.Read(within(w.t))
	if err != nil {
		w.t.Fatal(err)
	}
	m := map[string]any{}
	if err := json.Unmarshal(b, &m); err != nil {
		w.t.Fatal(err)
	}
	return m
}

func (w *wire) write(text string) {
	w.t.Helper()
	if err := w.conn.Write(within(w.t), websocket.MessageText, []byte(text)); err != nil {
		w.t.Fatal(err)
	}
}

func TestHelloAndElevenSockets(t *testing.T) {
	s := start(t, simslack.Options{})
	for i := range 10 {
		hello := dial(t, s).read()
		if hello["type"] != "hello" || hello["num_connections"] != float64(i+1) {
			t.Fatalf("socket %d: %v", i+1, hello)
		}
	}
	if m := dial(t, s).read(); m["type"] != "disconnect" || m["reason"] != simslack.TooManyWebsockets {
		t.Fatalf("eleventh: %v", m)
	}
}

func TestTicketIsUsedOnce(t *testing.T) {
	s := start(t, simslack.Options{})
	_, url, err := client(s).StartSocketModeContext(within(t))
	if err != nil {
		t.Fatal(err)
	}
	conn, _, err := websocket.Dial(within(t), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	if _, resp, err := websocket.Dial(within(t), url, nil); err == nil || resp.StatusCode != http.StatusForbidden {
		t.Fatalf("the ticket worked twice: %v", err)
	}
}

func TestAckViolations(t *testing.T) {
	s := start(t, simslack.Options{})
	w := dial(t, s)
	w.read()
	d, err := s.OpenHome("alice")
	if err != nil {
		t.Fatal(err)
	}
	id := w.read()["envelope_id"].(string)
	w.write(`{"envelope_id":"nobody"}`)
	w.write(`nonsense`)
	w.write(`{"envelope_id":"` + id + `","payload":{"text":"` + strings.Repeat("x", 20<<10) + `"}}`)
	w.write(`{"envelope_id":"` + id + `","payload":{"text":"x"}}`)
	w.write(`{"envelope_id":"` + id + `"}`)
	if r := result(t, d, nil); !r.Acked {
		t.Fatalf("%+v", r)
	}
	snap := waitFor(t, s, func(n *simslack.Snapshot) bool { return len(n.Violations) == 5 })
	want := []string{"unknown_envelope", "bad_frame", "oversized_ack", "payload_not_accepted", "duplicate_ack"}
	for i, v := range snap.Violations {
		if v.Kind != want[i] {
			t.Errorf("violation %d: %s, want %s", i, v, want[i])
		}
	}
}

func TestUnacknowledged(t *testing.T) {
	c := newClock()
	s := start(t, simslack.Options{Now: c.Now})
	d, err := s.SlashCommand("alice", "#ops", "/droplet help")
	if r := result(t, d, err); r.Error != "dispatch_failed" {
		t.Fatalf("without a socket: %+v", r)
	}
	w := dial(t, s)
	w.read()
	d, err = s.SlashCommand("alice", "#ops", "/droplet help")
	if err != nil {
		t.Fatal(err)
	}
	id := w.read()["envelope_id"].(string)
	c.Advance(s, 3*time.Second)
	if r := result(t, d, nil); r.Error != "operation_timeout" {
		t.Fatalf("after 3 s: %+v", r)
	}
	if e := s.Snapshot().EphemeralsFor("alice"); len(e) != 2 || !strings.Contains(e[1].Text, "operation_timeout") {
		t.Fatalf("alice sees %v", e)
	}
	w.write(`{"envelope_id":"` + id + `","payload":{"text":"too late"}}`)
	waitFor(t, s, func(*simslack.Snapshot) bool { return d.Result().Late })
	if n := len(s.Snapshot().EphemeralsFor("alice")); n != 2 {
		t.Fatal("a late acknowledgement was shown")
	}
}

// Slower is how many times as long Slack waits.
func TestSlower(t *testing.T) {
	c := newClock()
	s := start(t, simslack.Options{Now: c.Now, Slower: 5})
	w := dial(t, s)
	w.read()
	for after, want := range map[time.Duration]string{14 * time.Second: "", 15 * time.Second: "operation_timeout"} {
		d, err := s.SlashCommand("alice", "#ops", "/droplet help")
		if err != nil {
			t.Fatal(err)
		}
		id := w.read()["envelope_id"].(string)
		c.Advance(s, after)
		w.write(`{"envelope_id":"` + id + `"}`)
		if r := result(t, d, nil); r.Error != want {
			t.Errorf("after %s: %+v", after, r)
		}
	}
}

func TestEventRetries(t *testing.T) {
	c := newClock()
	s := start(t, simslack.Options{Now: c.Now})
	w := dial(t, s)
	w.read()
	_, d, err := s.Mention("alice", "#ops", "", "help")
	if err != nil {
		t.Fatal(err)
	}
	first := w.read()
	seen := map[any]bool{first["envelope_id"]: true}
	event := first["payload"].(map[string]any)["event_id"]
	for i, wait := range []time.Duration{0, time.Minute, 5 * time.Minute} {
		c.Advance(s, 3*time.Second)
		c.Advance(s, wait)
		again := w.read()
		if again["retry_attempt"] != float64(i+1) || again["retry_reason"] != "timeout" || again["payload"].(map[string]any)["event_id"] != event {
			t.Fatalf("retry %d: %v", i+1, again)
		}
		if seen[again["envelope_id"]] {
			t.Fatal("a retry came in the same envelope")
		}
		seen[again["envelope_id"]] = true
	}
	c.Advance(s, 3*time.Second)
	if r := result(t, d, nil); r.Acked || r.Error != "timeout" || len(r.Attempts) != 4 {
		t.Fatalf("%+v", r)
	}
}

func TestRedeliveryAfterDrop(t *testing.T) {
	for name, mode := range map[string]simslack.Redelivery{
		"new envelope": simslack.RedeliverNewEnvelope, "same envelope": simslack.RedeliverSameEnvelope, "never": simslack.RedeliverNever,
	} {
		t.Run(name, func(t *testing.T) {
			c := newClock()
			s := start(t, simslack.Options{Now: c.Now, Redelivery: mode})
			w := dial(t, s)
			w.read()
			d, err := s.SlashCommand("alice", "#ops", "/droplet help")
			if err != nil {
				t.Fatal(err)
			}
			first := w.read()
			s.DropSockets()
			waitFor(t, s, func(n *simslack.Snapshot) bool { return !n.Connections[0].Open })
			w = dial(t, s)
			w.read()
			if mode == simslack.RedeliverNever {
				c.Advance(s, 3*time.Second)
				if r := result(t, d, nil); r.Error != "operation_timeout" || len(r.Attempts) != 1 {
					t.Fatalf("%+v", r)
				}
				return
			}
			again := w.read()
			same := again["envelope_id"] == first["envelope_id"]
			if same != (mode == simslack.RedeliverSameEnvelope) {
				t.Fatalf("envelopes %v and %v", first["envelope_id"], again["envelope_id"])
			}
			if again["payload"].(map[string]any)["trigger_id"] != first["payload"].(map[string]any)["trigger_id"] {
				t.Fatal("the trigger changed")
			}
			w.write(`{"envelope_id":"` + again["envelope_id"].(string) + `"}`)
			if r := result(t, d, nil); !r.Acked || r.Error != "" {
				t.Fatalf("%+v", r)
			}
			s.Redeliver(d, true)
			w.read()
		})
	}
}

// slack-go comes back after each kind of disconnect, and says who it is again.
func TestDisconnects(t *testing.T) {
	for _, reason := range []string{simslack.Warning, simslack.RefreshRequested, simslack.LinkDisabled, "drop"} {
		t.Run(reason, func(t *testing.T) {
			s := start(t, simslack.Options{})
			run(t, s, ackAll)
			if reason == "drop" {
				s.DropSockets()
			} else {
				s.Disconnect(reason)
			}
			waitFor(t, s, func(n *simslack.Snapshot) bool {
				return len(n.Connections) == 2 && !n.Connections[0].Open && n.Connections[1].Ready
			})
			d, err := s.SlashCommand("alice", "#ops", "/droplet help")
			if r := result(t, d, err); r.Error != "" {
				t.Fatalf("%+v", r)
			}
		})
	}
}

func TestDisconnectOnConnect(t *testing.T) {
	s := start(t, simslack.Options{})
	s.DisconnectOnConnect(simslack.RefreshRequested, 3)
	run(t, s, nil)
	if n := s.Snapshot(); len(n.Connections) != 4 || len(n.CallsTo("apps.connections.open")) != 4 {
		t.Fatalf("%d connections", len(n.Connections))
	}
}

func TestRoundRobinAndPongs(t *testing.T) {
	s := start(t, simslack.Options{PingEvery: 10 * time.Millisecond})
	on := func(c *socketmode.Client, e socketmode.Event) { ackAll(c, e) }
	run(t, s, on)
	run(t, s, on)
	used := map[string]int{}
	for range 4 {
		d, err := s.SlashCommand("alice", "#ops", "/droplet help")
		r := result(t, d, err)
		used[r.Attempts[0].Socket]++
	}
	if len(used) != 2 {
		t.Fatalf("sockets used: %v", used)
	}
	waitFor(t, s, func(n *simslack.Snapshot) bool { return n.Connections[0].Pongs > 2 && n.Connections[1].Pongs > 2 })
}

func TestRefuseConnections(t *testing.T) {
	s := start(t, simslack.Options{})
	s.RefuseConnections(true)
	_, url, err := client(s).StartSocketModeContext(within(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := websocket.Dial(within(t), url, nil); err == nil {
		t.Fatal("a refused connection was made")
	}
	s.RefuseConnections(false)
	run(t, s, nil)
}
