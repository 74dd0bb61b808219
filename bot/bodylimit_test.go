package bot

import (
	"compress/gzip"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"dropletops/handlers"
	"dropletops/internal/card"
)

// endless is a Slack whose answers never end: each is a gzip stream of one long text.
func endless(t *testing.T) string {
	t.Helper()
	chunk := []byte(strings.Repeat("a", 1<<20))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		z, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
		if err == nil {
			_, err = z.Write([]byte(`{"ok":true,"team":"`))
		}
		for err == nil {
			_, err = z.Write(chunk)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// However much an answer of Slack's decompresses to, a bounded part of it is read, by
// whatever way it came.
func TestLongAnswersAreNotRead(t *testing.T) {
	url := endless(t)
	c, err := NewClient(Access{AppToken: "xapp-1", BotToken: "xoxb-1", APIURL: url + "/api/"})
	if err != nil {
		t.Fatal(err)
	}
	r := &replies{client: c, pace: newPace()}
	for way, call := range map[string]func() error{
		"Web API": func() error { _, err := c.Authenticate(t.Context()); return err },
		"sockets": func() error { return c.CheckSockets(t.Context()) },
		"response_url": func() error {
			return r.respond(t.Context(), handlers.Reply{To: handlers.Address{ResponseURL: url + "/commands/1"}, Message: card.Message{Text: "hello"}})
		},
	} {
		if err := call(); err == nil {
			t.Errorf("%s: no error", way)
		} else if !errors.Is(err, errNotDelivered) && !strings.Contains(err.Error(), errTooBig.Error()) {
			t.Errorf("%s: %v", way, err)
		}
	}
}
