package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	simslack "dropletops/internal/sim/slack"
)

func TestEveryAnswerIsLockedDown(t *testing.T) {
	s := newStage(t)
	for _, path := range []string{"/", "/main.js", "/style.css", "/nothing"} {
		res := s.get(path, nil)
		for header, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Resource-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
		} {
			if got := res.Header.Get(header); got != want {
				t.Errorf("GET %s: %s is %q, want %q", path, header, got, want)
			}
		}
		csp := res.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self';", "frame-ancestors 'none'", "require-trusted-types-for 'script'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("GET %s: the policy %q lacks %q", path, csp, want)
			}
		}
		if strings.Contains(csp, "unsafe") {
			t.Errorf("GET %s: the policy %q allows something unsafe", path, csp)
		}
	}
}

func TestThePageLoadsNothingFromOutside(t *testing.T) {
	s := newStage(t)
	for _, path := range []string{"/", "/style.css", "/card.css", "/main.js", "/element.js", "/mrkdwn.js"} {
		body, err := io.ReadAll(s.get(path, nil).Body)
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"src=\"http", "href=\"http", "url(", "@import", "innerHTML", "insertAdjacentHTML", "from 'http", "eval("} {
			if strings.Contains(string(body), bad) {
				t.Errorf("%s has %q in it", path, bad)
			}
		}
	}
}

func TestOnlyThisMachineAndThisPageAreServed(t *testing.T) {
	s := newStage(t)
	own := strings.TrimPrefix(s.page.URL, "http://")
	cases := []struct {
		name    string
		host    string
		headers map[string]string
		want    int
	}{
		{"the page itself", own, map[string]string{"Origin": s.page.URL, "Sec-Fetch-Site": "same-origin"}, 200},
		{"a program on this machine", own, nil, 200},
		{"localhost", "localhost:8080", nil, 200},
		{"IPv6", "[::1]:8080", nil, 200},
		{"IPv6 without a port", "[::1]", nil, 200},
		{"a name that was rebound", "evil.example:8080", nil, 421},
		{"a name that begins like loopback", "127.0.0.1.evil.example", nil, 421},
		{"a name that begins like localhost", "localhost.evil.example", nil, 421},
		{"an address of the network", "192.0.2.7:8080", nil, 421},
		{"all addresses", "0.0.0.0:8080", nil, 421},
		{"another site", own, map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, 403},
		{"another port of this machine", own, map[string]string{"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:1"}, 403},
		{"another site in an old browser", own, map[string]string{"Origin": "https://evil.example"}, 403},
		{"a sandboxed frame", own, map[string]string{"Origin": "null"}, 403},
		{"a form of another site", own, map[string]string{"Content-Type": "text/plain"}, 415},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			req, err := http.NewRequest(http.MethodPost, s.page.URL+"/say", strings.NewReader(`{"as":"alice","channel":"C0OPS","text":"hello"}`))
			if err != nil {
				t.Fatal(err)
			}
			req.Host = c.host
			req.Header.Set("Content-Type", "application/json")
			for k, v := range c.headers {
				req.Header.Set(k, v)
			}
			before := len(s.slack.Snapshot().MessagesIn("#ops"))
			if res := s.answer(req); res.StatusCode != c.want {
				t.Errorf("status %d, want %d", res.StatusCode, c.want)
			}
			if posted := len(s.slack.Snapshot().MessagesIn("#ops")) > before; posted != (c.want == 200) {
				t.Errorf("posted: %v", posted)
			}
		})
	}
}

func TestThePageCannotBeReadUnderAnotherName(t *testing.T) {
	s := newStage(t)
	if res := s.get("/events?as=alice", map[string]string{"Host": "evil.example"}); res.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("status %d, want 421", res.StatusCode)
	}
}

func TestSaying(t *testing.T) {
	s := newStage(t)
	typed := make(chan string, 1)
	s.app(func(e envelope) any {
		if e.Type == "slash_commands" {
			typed <- e.Payload["text"].(string)
		}
		return nil
	})
	root := s.post("C0OPS", "a card")
	cases := []struct {
		name, body string
		status     int
		answer     string // what must be in it
	}{
		{"a message", `{"as":"bob","channel":"C0OPS","text":"hello"}`, 200, `{}`},
		{"a reply", `{"as":"bob","channel":"C0OPS","thread_ts":"` + root + `","text":"hello"}`, 200, `{}`},
		{"a command", `{"as":"bob","channel":"C0OPS","text":"/droplet reboot web-1"}`, 200, `{}`},
		{"a command in a thread", `{"as":"bob","channel":"C0OPS","thread_ts":"` + root + `","text":"/droplet help"}`, 200, "not supported in threads"},
		{"a command that nobody has", `{"as":"bob","channel":"C0OPS","text":"/nope"}`, 200, "/nope is not a valid command"},
		{"in a channel one is not in", `{"as":"bob","channel":"C0BOARD","text":"hello"}`, 422, "Bob is not in"},
		{"as nobody", `{"as":"mallory","channel":"C0OPS","text":"hello"}`, 422, "can sign in"},
		{"as a bot", `{"as":"deploybot","channel":"C0OPS","text":"hello"}`, 422, "can sign in"},
		{"as somebody who left", `{"as":"dave","channel":"C0OPS","text":"hello"}`, 422, "can sign in"},
		{"not JSON", `hello`, 400, "no JSON object"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			status, answer := s.send("/say", c.body)
			if status != c.status || !strings.Contains(answer, c.answer) {
				t.Errorf("%d %s, want %d with %q", status, answer, c.status, c.answer)
			}
		})
	}
	if got := <-typed; got != "reboot web-1" {
		t.Errorf("the app got %q", got)
	}
	if got := len(s.slack.Snapshot().Thread("#ops", root)); got != 1 {
		t.Errorf("the thread has %d replies, want 1", got)
	}
}

func TestInviteAndRemove(t *testing.T) {
	s := newStage(t)
	in := func() bool {
		c, _ := s.slack.Snapshot().Channel("#random")
		return strings.Contains(strings.Join(c.Members, " "), simslack.BotUserID)
	}
	if status, answer := s.send("/say", `{"as":"erin","channel":"C0RANDOM","text":"/invite @dropletops"}`); status != 422 || in() {
		t.Errorf("somebody from outside the channel could invite: %d %s", status, answer)
	}
	if status, answer := s.send("/say", `{"as":"alice","channel":"C0RANDOM","text":"/invite @dropletops"}`); status != 200 || !in() {
		t.Errorf("invite: %d %s", status, answer)
	}
	if status, answer := s.send("/say", `{"as":"alice","channel":"C0RANDOM","text":"/remove @dropletops"}`); status != 200 || in() {
		t.Errorf("remove: %d %s", status, answer)
	}
}

func TestClicksReachTheAppAndItsSilenceIsTold(t *testing.T) {
	s := newStage(t)
	ts := s.post("C0OPS", "a card", object{"type": "actions", "block_id": "b", "elements": []any{button("approve", "Approve", "primary")}})
	body := `{"as":"bob","channel":"C0OPS","ts":"` + ts + `","block_id":"b","action_id":"approve"}`
	if status, answer := s.send("/click", body); status != 422 || !strings.Contains(answer, "did not take the click: dispatch_failed") {
		t.Errorf("without an app: %d %s", status, answer)
	}
	clicked := make(chan any, 1)
	s.app(func(e envelope) any {
		clicked <- e.Payload["actions"].([]any)[0].(object)["value"]
		return nil
	})
	if status, answer := s.send("/click", body); status != 200 {
		t.Errorf("with an app: %d %s", status, answer)
	}
	if got := <-clicked; got != "req_1" {
		t.Errorf("the app got the value %v", got)
	}
	if status, answer := s.send("/click", strings.Replace(body, `"approve"}`, `"vanished"}`, 1)); status != 422 {
		t.Errorf("a button that is not there: %d %s", status, answer)
	}
}

func TestTheStreamTellsWhatEachPersonSees(t *testing.T) {
	s := newStage(t)
	ts := s.post("C0OPS", "for all")
	s.post("C0SECURITY", "for some")
	s.call("chat.postEphemeral", object{"channel": "C0OPS", "user": "U0ALICE", "text": "for alice"})

	alice, carol := s.stream("alice"), s.stream("carol")
	a, c := alice(), carol()
	if !a.Whole || !c.Whole {
		t.Fatal("a stream does not begin with everything")
	}
	texts := func(e seen) string {
		var out []string
		for key, v := range e.Set {
			if strings.HasPrefix(key, "messages/") {
				out = append(out, v["text"].(string))
			}
		}
		return strings.Join(out, ",")
	}
	for _, want := range []string{"for all", "for some", "for alice"} {
		if !strings.Contains(texts(a), want) {
			t.Errorf("alice sees %q, and not %q", texts(a), want)
		}
	}
	if got := texts(c); got != "for all" {
		t.Errorf("carol sees %q, want what is for all alone", got)
	}
	if _, ok := c.Set["channels/C0SECURITY"]; ok {
		t.Error("carol sees a private channel that she is not in")
	}
	web1 := s.do.DropletNamed("web-1")
	if got := a.Set["droplets/"+strconv.Itoa(web1.ID)]; got == nil || got["name"] != "web-1" || got["status"] != "active" {
		t.Errorf("web-1 is %v", got)
	}
	for _, gone := range []string{"people/deploybot", "people/dave", "people/dropletops"} {
		if _, ok := a.Set[gone]; ok {
			t.Errorf("one can be %s", gone)
		}
	}

	s.call("chat.update", object{"channel": "C0OPS", "ts": ts, "text": "changed"})
	if e := alice(); e.Whole || texts(e) != "changed" {
		t.Errorf("after an edit: %v", e)
	}
	s.call("chat.delete", object{"channel": "C0OPS", "ts": ts})
	if e := alice(); len(e.Gone) != 1 || e.Gone[0] != "messages/C0OPS/"+ts {
		t.Errorf("after a deletion: %v", e)
	}
	if err := s.do.SetStatus(web1.ID, "off"); err != nil {
		t.Fatal(err)
	}
	for e := alice(); ; e = alice() {
		if d := e.Set["droplets/"+strconv.Itoa(web1.ID)]; d != nil {
			if d["status"] != "off" {
				t.Errorf("web-1 is %v", d)
			}
			break
		}
	}
}

func TestSomebodyUnknownBecomesTheFirst(t *testing.T) {
	s := newStage(t)
	if e := s.stream("mallory")(); e.Set["me"]["name"] != "alice" {
		t.Errorf("one is %v", e.Set["me"])
	}
}

// seen is an event of the stream.
type seen struct {
	Whole bool              `json:"whole"`
	Set   map[string]object `json:"set"`
	Gone  []string          `json:"gone"`
}

// stream connects as somebody; each call of what it returns waits for the next event.
func (s *stage) stream(as string) func() seen {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	s.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.page.URL+"/events?as="+as, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = res.Body.Close() })
	lines := bufio.NewReader(res.Body)
	return func() seen {
		s.t.Helper()
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				s.t.Fatalf("read the stream of %s: %v", as, err)
			}
			if data, ok := strings.CutPrefix(line, "data: "); ok {
				var e seen
				if err := json.Unmarshal([]byte(data), &e); err != nil {
					s.t.Fatal(err)
				}
				return e
			}
		}
	}
}
