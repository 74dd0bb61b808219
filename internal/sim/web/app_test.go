package web_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	simdo "dropletops/internal/sim/digitalocean"
	simslack "dropletops/internal/sim/slack"
	"dropletops/internal/sim/web"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// stage is a page with its Slack and its DigitalOcean, and a scripted app that talks to Slack over
// HTTP and a WebSocket as any app does.
type stage struct {
	t     *testing.T
	slack *simslack.Server
	do    *simdo.Server
	page  *httptest.Server
}

// envelope is what Slack sends to an app.
type envelope struct {
	ID      string         `json:"envelope_id"`
	Type    string         `json:"type"`
	Payload map[string]any `json:"payload"`
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{t: t, slack: simslack.New(simslack.Options{Rates: simslack.Rates{Off: true}, Slower: 20}), do: simdo.New(simdo.Options{Speed: 10})}
	t.Cleanup(func() { _ = s.slack.Close() })
	t.Cleanup(s.do.Close)
	if err := s.slack.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	server := web.New(s.slack, s.do, web.Options{Speed: 10})
	s.page = httptest.NewServer(server.Handler())
	t.Cleanup(s.page.Close)
	t.Cleanup(server.Close)
	return s
}

// app connects a scripted app: answer says what goes into the acknowledgement, nil for nothing.
func (s *stage) app(answer func(envelope) any) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	opened := s.callAs(s.slack.AppToken(), "apps.connections.open", nil)
	address, _ := opened["url"].(string)
	c, _, err := websocket.Dial(ctx, address, nil)
	if err != nil {
		s.t.Fatalf("dial Socket Mode: %v", err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			var e envelope
			if wsjson.Read(ctx, c, &e) != nil {
				return
			}
			if e.ID == "" {
				continue // hello, disconnect
			}
			ack := map[string]any{"envelope_id": e.ID}
			if payload := answer(e); payload != nil {
				ack["payload"] = payload
			}
			if wsjson.Write(ctx, c, ack) != nil {
				return
			}
		}
	}()
	s.t.Cleanup(func() {
		cancel()
		_ = c.CloseNow()
		<-done
	})
	wait, stop := context.WithTimeout(ctx, patience)
	defer stop()
	if _, err := s.slack.WaitFor(wait, func(n *simslack.Snapshot) bool { return n.ReadySockets() > 0 }); err != nil {
		s.t.Fatal(err)
	}
}

// call is a Web API call of the app; values that are not strings go as JSON.
func (s *stage) call(method string, args map[string]any) map[string]any {
	s.t.Helper()
	return s.callAs(s.slack.BotToken(), method, args)
}

func (s *stage) callAs(token, method string, args map[string]any) map[string]any {
	s.t.Helper()
	form := url.Values{}
	for k, v := range args {
		text, ok := v.(string)
		if !ok {
			b, err := json.Marshal(v)
			if err != nil {
				s.t.Fatal(err)
			}
			text = string(b)
		}
		form.Set(k, text)
	}
	req, err := http.NewRequest(http.MethodPost, s.slack.APIURL()+method, strings.NewReader(form.Encode()))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	var out map[string]any
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil {
		s.t.Fatal(err)
	}
	if out["ok"] != true {
		s.t.Fatalf("%s: %v", method, out)
	}
	return out
}

// post sends a message of the app and returns its ts.
func (s *stage) post(channel, text string, blocks ...any) string {
	s.t.Helper()
	args := map[string]any{"channel": channel, "text": text}
	if len(blocks) > 0 {
		args["blocks"] = blocks
	}
	ts, _ := s.call("chat.postMessage", args)["ts"].(string)
	return ts
}

// Blocks, as short as they can be written.

type object = map[string]any

func plain(text string) object  { return object{"type": "plain_text", "text": text, "emoji": true} }
func mrkdwn(text string) object { return object{"type": "mrkdwn", "text": text} }

func section(text string) object { return object{"type": "section", "text": mrkdwn(text)} }

func button(action, text, style string) object {
	b := object{"type": "button", "action_id": action, "text": plain(text), "value": "req_1"}
	if style != "" {
		b["style"] = style
	}
	return b
}

func option(text, value string) object { return object{"text": plain(text), "value": value} }

// get asks the page for something; a header Host stands for the host.
func (s *stage) get(path string, headers map[string]string) *http.Response {
	s.t.Helper()
	req, err := http.NewRequest(http.MethodGet, s.page.URL+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	for k, v := range headers {
		req.Header.Set(k, v)
	}
	req.Host = headers["Host"]
	return s.answer(req)
}

func (s *stage) answer(req *http.Request) *http.Response {
	s.t.Helper()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = res.Body.Close() })
	return res
}

// send posts to the page and gives the status and the body.
func (s *stage) send(path, body string) (int, string) {
	s.t.Helper()
	req, err := http.NewRequest(http.MethodPost, s.page.URL+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res := s.answer(req)
	out, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, string(out)
}
