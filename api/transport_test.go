package api_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"dropletops/api"

	"github.com/digitalocean/godo"
)

// A server closes the connection that the client keeps for the next request: at
// once after an answer, or when the next request has come in. However that race
// goes, a POST never comes in twice.
func TestClosedKeepAlive(t *testing.T) {
	reboot, _ := api.Lookup("reboot")
	for _, tt := range []struct {
		name  string
		serve func(net.Conn, int) bool
	}{
		{"after the answer", func(c net.Conn, n int) bool { answer(201, accepted)(c, n); return false }},
		{"on the second request", func(c net.Conn, n int) bool { return n%2 == 1 && answer(201, accepted)(c, n) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWire(t, tt.serve)
			c, err := api.New(api.Config{Token: "t", BaseURL: w.url, PerMinute: 100_000, Timeout: time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			lost := 0
			for i := 1; i <= 300; i++ {
				before, _ := w.counts()
				_, err := c.Send(t.Context(), reboot, 7, nil, nil)
				after, _ := w.counts()
				switch kind := api.KindOf(err); {
				case after-before > 1:
					t.Fatalf("%d POSTs for one: %v", after-before, err)
				case after-before == 0 && kind != api.Lost && kind != api.NotSent, after-before == 1 && kind == api.NotSent:
					t.Fatalf("%d POSTs came in and it is called %q: %v", after-before, kind, err)
				case kind == api.Lost:
					lost++
				}
			}
			t.Logf("%d of 300 lost", lost)
		})
	}
}

// The transport lets nothing pass that was not asked for: no mutation outside of
// Send, and no second one inside.
func TestOneMutation(t *testing.T) {
	w := newWire(t, answer(201, accepted))
	c := impatient(t, w.url)
	twice := &api.Action{Type: "twice", Call: func(ctx context.Context, c *godo.Client, id int, _ api.Args, _ *api.Image) (*godo.Action, *godo.Response, error) {
		if _, _, err := c.DropletActions.Reboot(ctx, id); err != nil {
			t.Error(err)
		}
		return c.DropletActions.PowerCycle(ctx, id)
	}}
	if _, err := c.Send(t.Context(), twice, 7, nil, nil); api.KindOf(err) != api.Lost {
		t.Errorf("the second: %v", err)
	}
	if posts, _ := w.counts(); posts != 1 {
		t.Errorf("%d POSTs", posts)
	}
}

// The token stands in the header and nowhere else; a redirect does not get it.
func TestTokenStaysHere(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }))
	defer elsewhere.Close()
	w := newWire(t, answer(302, "", "Location: "+elsewhere.URL))
	var log bytes.Buffer
	c, err := api.New(api.Config{Token: "dop_v1_secret", BaseURL: w.url, Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	err = c.Check(t.Context())
	if api.KindOf(err) != api.Unavailable || !strings.Contains(log.String(), "req-7") {
		t.Errorf("%v\n%s", err, &log)
	}
	if strings.Contains(log.String()+fmt.Sprintf("%+v %#v", err, err), "secret") {
		t.Error("the token was told")
	}
}

func TestNew(t *testing.T) {
	for _, cfg := range []api.Config{
		{}, {Token: " "}, {Token: "a\nb"}, {Token: "a b"}, {Token: "ключ"},
		{Token: "t", BaseURL: "api.digitalocean.com"}, {Token: "t", BaseURL: "ftp://x/"}, {Token: "t", BaseURL: "https://u:p@x/"},
		{Token: "t", BaseURL: "https://x/?a=b"}, {Token: "t", BaseURL: "://"},
	} {
		c, err := api.New(cfg)
		if err == nil || c != nil {
			t.Errorf("%+v is taken", cfg)
		}
		if cfg.Token != "t" && len(cfg.Token) > 1 && strings.Contains(err.Error(), cfg.Token) {
			t.Errorf("%v tells the token", err)
		}
	}
}

// A base URL with a path keeps it, with and without its last slash.
func TestBaseURL(t *testing.T) {
	for _, path := range []string{"", "/", "/do", "/do/"} {
		var got string
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got = r.URL.Path + " " + r.UserAgent()
			fmt.Fprint(w, `{"droplets":[]}`)
		}))
		c, err := api.New(api.Config{Token: "t", BaseURL: srv.URL + path, UserAgent: "dropletops/1"})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Check(t.Context()); err != nil {
			t.Error(err)
		}
		if want := strings.TrimSuffix(path, "/") + "/v2/droplets dropletops/1 godo/"; !strings.HasPrefix(got, want) {
			t.Errorf("%q asks %q", path, got)
		}
		c.Close()
		srv.Close()
	}
}

// An answer that has no end is not read to its end.
func TestEndlessAnswer(t *testing.T) {
	w := newWire(t, func(c net.Conn, _ int) bool {
		fmt.Fprint(c, "HTTP/1.1 200 OK\r\n\r\n{\"droplets\":[")
		for {
			if _, err := fmt.Fprint(c, strings.Repeat(" ", 1<<16)); err != nil {
				return false
			}
		}
	})
	c, err := api.New(api.Config{Token: "t", BaseURL: w.url, Timeout: 5 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	err = c.Check(t.Context())
	if api.KindOf(err) != api.Unavailable || !strings.Contains(err.Error(), "longer than 16 MiB") {
		t.Error(err)
	}
}

// godo's own Kernels panics on this answer.
func TestKernelsOfABadAnswer(t *testing.T) {
	w := newWire(t, answer(200, `{"links":{},"meta":{"total":1},"kernels":"x"}`))
	if _, err := impatient(t, w.url).Kernels(t.Context(), 7); api.KindOf(err) != api.Unavailable {
		t.Error(err)
	}
	defer func() {
		if recover() == nil {
			t.Error("godo has mended its Kernels: ours is no longer needed")
		}
	}()
	raw, err := godo.New(http.DefaultClient, godo.SetBaseURL(w.url))
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	_, _, _ = raw.Droplets.Kernels(t.Context(), 7, nil)
}
