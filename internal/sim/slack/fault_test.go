package slack_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/slack-go/slack"

	simslack "dropletops/internal/sim/slack"
)

func TestFaults(t *testing.T) {
	for name, tt := range map[string]struct {
		fault     simslack.Fault
		processed bool
		check     func(error) bool
	}{
		"error":  {simslack.Fault{Error: "edit_window_closed"}, false, func(err error) bool { return err != nil && err.Error() == "edit_window_closed" }},
		"status": {simslack.Fault{Status: 503}, false, func(err error) bool { var e slack.StatusCodeError; return errors.As(err, &e) && e.Code == 503 }},
		"retry after": {simslack.Fault{RetryAfter: 7 * time.Second}, false, func(err error) bool {
			var e *slack.RateLimitedError
			return errors.As(err, &e) && e.RetryAfter == 7*time.Second
		}},
		"drop before": {simslack.Fault{DropBefore: true}, false, func(err error) bool { return err != nil }},
		"drop after":  {simslack.Fault{DropAfter: true}, true, func(err error) bool { return err != nil }},
		"bad JSON":    {simslack.Fault{BadJSON: true}, true, func(err error) bool { return err != nil }},
		"empty body":  {simslack.Fault{EmptyBody: true}, true, func(err error) bool { return err != nil }},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, simslack.Options{})
			tt.fault.Method = "chat.postMessage"
			tt.fault.Match = func(c simslack.Call) bool { return c.Str("text") == "hit" }
			h := s.AddFault(tt.fault)
			say := func(text string) error {
				_, _, err := client(s).PostMessage("C0OPS", slack.MsgOptionText(text, false))
				return err
			}
			if err := say("miss"); err != nil {
				t.Fatal(err)
			}
			if err := say("hit"); !tt.check(err) {
				t.Fatalf("got %v", err)
			}
			if err := say("hit"); err != nil {
				t.Fatalf("once more than Times: %v", err)
			}
			snap := waitFor(t, s, func(n *simslack.Snapshot) bool { return len(n.CallsTo("chat.postMessage")) == 3 })
			if c := snap.CallsTo("chat.postMessage")[1]; c.Processed != tt.processed || !c.Fault || h.Hits() != 1 {
				t.Fatalf("%+v", c)
			}
			want := 2
			if tt.processed {
				want = 3
			}
			if n := len(snap.BotMessages("#ops")); n != want {
				t.Fatalf("%d messages, want %d", n, want)
			}
		})
	}
}

func TestHangAndDelay(t *testing.T) {
	c := newClock()
	s := start(t, simslack.Options{Now: c.Now})
	done := make(chan error, 1)
	call := func() {
		_, err := client(s).AuthTestContext(within(t))
		done <- err
	}
	h := s.AddFault(simslack.Fault{Method: "auth.test", Hang: true})
	go call()
	if err := h.WaitHit(within(t), 1); err != nil {
		t.Fatal(err)
	}
	h.Release()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	h = s.AddFault(simslack.Fault{Method: "*", Delay: time.Minute, Error: "internal_error"})
	go call()
	if err := h.WaitHit(within(t), 1); err != nil {
		t.Fatal(err)
	}
	for {
		c.Advance(s, time.Minute) // again, should the call not have begun its wait yet
		select {
		case err := <-done:
			if err == nil || err.Error() != "internal_error" {
				t.Fatal(err)
			}
			return
		default:
		}
	}
}

// Close ends what hangs and what waits; the leak check of TestMain sees the rest.
func TestClose(t *testing.T) {
	s := simslack.New(simslack.Options{})
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	run(t, s, nil)
	changes, stop := s.Subscribe()
	defer stop()
	h := s.AddFault(simslack.Fault{Method: "auth.test", Hang: true})
	done := make(chan error, 2)
	go func() { _, err := client(s).AuthTest(); done <- err }()
	if err := h.WaitHit(within(t), 1); err != nil {
		t.Fatal(err)
	}
	go func() {
		_, err := s.WaitFor(context.Background(), func(*simslack.Snapshot) bool { return false })
		done <- err
	}()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := <-done; err == nil {
			t.Fatal("a wait ended well")
		}
	}
	for range changes { // closed after what was left in it
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// A server of the caller's own works too, and a snapshot can be written as JSON.
func TestHandlerAndJSON(t *testing.T) {
	s := simslack.New(simslack.Options{})
	defer s.Close()
	srv := httptest.NewServer(s.Handler())
	defer srv.Close()
	api := slack.New(s.BotToken(), slack.OptionAPIURL(srv.URL+"/api/"), slack.OptionAppLevelToken(s.AppToken()))
	if _, url, err := api.StartSocketModeContext(within(t)); err != nil || url[:len("ws://")] != "ws://" {
		t.Fatal(url, err)
	}
	b, err := json.Marshal(s.Snapshot())
	if err != nil || !json.Valid(b) {
		t.Fatal(err)
	}
	resp, err := http.Get(srv.URL + "/nowhere")
	if err != nil || resp.StatusCode != 404 {
		t.Fatal(resp, err)
	}
	resp.Body.Close()
}
