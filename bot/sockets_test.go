package bot

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// most is the largest number of calls within any span of that length.
func most(calls []call, span time.Duration) int {
	out := 0
	for i := range calls {
		n := 0
		for _, c := range calls[i:] {
			if c.at.Sub(calls[i].at) < span {
				n++
			}
		}
		out = max(out, n)
	}
	return out
}

// A connect that is answered with a disconnect at once made slack-go call
// apps.connections.open 16,584 times in 3 s. Here nothing is throttled but by the
// bot itself.
func TestOpenLoop(t *testing.T) {
	for name, set := range map[string]func(*stage){
		"disconnect at once": func(s *stage) { s.peer.bounce = "too_many_websockets" },
		"link disabled":      func(s *stage) { s.peer.bounce = "link_disabled" },
		"internal error":     func(s *stage) { s.peer.on("apps.connections.open", func(call) answer { return no("internal_error") }) },
		"not a JSON answer": func(s *stage) {
			s.peer.on("apps.connections.open", func(call) answer { return answer{status: 200, body: 7} })
		},
		"server error": func(s *stage) { s.peer.on("apps.connections.open", func(call) answer { return answer{status: 502} }) },
		"not found":    func(s *stage) { s.peer.on("apps.connections.open", func(call) answer { return answer{status: 404} }) },
		"no URL":       func(s *stage) { s.peer.on("apps.connections.open", func(call) answer { return ok(nil) }) },
		"dead URL": func(s *stage) {
			s.peer.on("apps.connections.open", func(call) answer { return ok(map[string]any{"url": "ws://slack.test/nowhere?ticket=s3cr3t"}) })
		},
		"rate limited": func(s *stage) { s.peer.on("apps.connections.open", func(call) answer { return slow("1") }) },
	} {
		t.Run(name, func(t *testing.T) {
			play(t, set, func(s *stage) {
				time.Sleep(10 * time.Minute)
				opens := s.peer.called("apps.connections.open")
				if n := most(opens, time.Minute); n > 12 {
					t.Errorf("%d calls in a minute, want 12 at the most", n)
				}
				if n := len(opens); n < 20 {
					t.Errorf("only %d calls in ten minutes: it gave up", n)
				}
				if s.bot.Ready() && name != "disconnect at once" && name != "link disabled" {
					t.Error("ready without a socket")
				}
			})
		})
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	play(t, func(s *stage) {
		s.peer.on("apps.connections.open", func(call) answer { return slow("90") })
	}, func(s *stage) {
		time.Sleep(89 * time.Second)
		if n := len(s.peer.called("apps.connections.open")); n > 2 {
			t.Errorf("%d calls before Retry-After was over, want one a socket at the most", n)
		}
		s.peer.on("apps.connections.open", func(call) answer {
			return ok(map[string]any{"url": "ws://slack.test/link?ticket=s3cr3t"})
		})
		s.soon(2*time.Minute, "ready again", s.bot.Ready)
	})
}

func TestOutageEnds(t *testing.T) {
	play(t, nil, func(s *stage) {
		s.ready()
		s.peer.wire.cut(true)
		for _, l := range s.peer.live() {
			l.drop()
		}
		s.soon(time.Second, "not ready", func() bool { return !s.bot.Ready() })
		time.Sleep(3 * time.Hour)
		s.peer.wire.cut(false)
		s.soon(time.Minute, "ready within a minute of the outage's end", s.bot.Ready)
		if n := most(s.peer.called("apps.connections.open"), time.Minute); n > 12 {
			t.Errorf("%d calls in a minute", n)
		}
	})
}

func TestDisconnects(t *testing.T) {
	for _, reason := range []string{"warning", "refresh_requested", "too_many_websockets", "link_disabled", "dropped"} {
		t.Run(reason, func(t *testing.T) {
			play(t, nil, func(s *stage) {
				s.ready()
				for round := range 3 {
					ls := s.peer.live()
					key := func(n int) string { return fmt.Sprintf("e%d-%d", round, n) }
					ls[0].send(command(key(1)))
					ls[1].send(command(key(2)))
					if reason == "dropped" {
						ls[0].drop()
					} else {
						ls[0].send(map[string]any{"type": "disconnect", "reason": reason})
					}
					ls[0].send(command(key(3))) // lost, unless it was read in time
					ls[1].send(command(key(4)))
					s.soon(time.Second, "the other socket works on", func() bool { return len(s.peer.acked(key(2))) == 1 && len(s.peer.acked(key(4))) == 1 })
					if !s.bot.Ready() {
						t.Error("not ready while one socket lives")
					}
					// Slack delivers again what was not acknowledged.
					for _, k := range []string{key(1), key(3)} {
						if len(s.peer.acked(k)) == 0 {
							ls[1].send(command(k))
						}
					}
					s.soon(time.Second, "everything is acknowledged", func() bool { return len(s.peer.acked(key(1))) > 0 && len(s.peer.acked(key(3))) > 0 })
					s.soon(90*time.Second, "both sockets are up again", func() bool { return len(s.peer.live()) == 2 })
				}
				seen := map[string]int{}
				for _, k := range s.hand.handled() {
					seen[k]++
				}
				if len(seen) != 12 {
					t.Errorf("%d envelopes were handled, want 12", len(seen))
				}
				for k, n := range seen {
					if n != 1 {
						t.Errorf("%s was handled %d times", k, n)
					}
				}
			})
		})
	}
}

func TestSilentSocketIsNoticed(t *testing.T) {
	play(t, nil, func(s *stage) {
		s.ready()
		for _, l := range s.peer.live() {
			l.fall()
		}
		s.soon(50*time.Second, "not ready", func() bool { return !s.bot.Ready() })
		s.soon(time.Minute, "connected anew", func() bool { return s.bot.Ready() && len(s.peer.called("apps.connections.open")) >= 3 })
	})
}

func TestNoHello(t *testing.T) {
	play(t, func(s *stage) { s.peer.mute = true }, func(s *stage) {
		s.soon(5*time.Second, "two connections", func() bool { return len(s.peer.live()) == 2 })
		time.Sleep(25 * time.Second)
		if s.bot.Ready() {
			t.Error("ready without a hello")
		}
		s.peer.mu.Lock()
		s.peer.mute = false
		s.peer.mu.Unlock()
		s.soon(time.Minute, "ready on new connections", s.bot.Ready)
	})
}

func TestUnreadableEnvelopes(t *testing.T) {
	play(t, nil, func(s *stage) {
		s.ready()
		l := s.peer.live()[0]
		l.send(map[string]any{"type": "new_kind", "envelope_id": "e1", "payload": map[string]any{}})
		odd := mention("e2", "Ev2")
		odd["payload"].(map[string]any)["event"] = map[string]any{"type": "brand_new_event", "user": "UALICE"}
		l.send(odd)
		wrong := click("e3")
		wrong["payload"].(map[string]any)["message"] = map[string]any{"ts": 17} // not what slack-go expects
		l.send(wrong)
		l.send([]any{"no", "object"})
		l.send(map[string]any{"type": "slash_commands", "payload": map[string]any{}}) // no envelope_id
		l.send(command("e4"))
		s.soon(time.Second, "all that have an ID are acknowledged", func() bool {
			return len(s.peer.acked("e1")) == 1 && len(s.peer.acked("e2")) == 1 && len(s.peer.acked("e3")) == 1 && len(s.peer.acked("e4")) == 1
		})
		s.soon(time.Second, "those of a known type are handled", func() bool { return len(s.hand.handled()) == 3 })
		if got := strings.Join(s.hand.handled(), " "); strings.Contains(got, "e1") {
			t.Errorf("handled: %s", got)
		}
	})
}

func TestFlood(t *testing.T) {
	play(t, func(s *stage) { s.hand.handle = hanging(s.hang) }, func(s *stage) {
		defer close(s.hang)
		s.ready()
		ls := s.peer.live()
		began := time.Now()
		for i := range 500 {
			ls[i%2].send(command(fmt.Sprint("e", i)))
		}
		s.soon(3*time.Second, "all are acknowledged while every handler hangs", func() bool {
			for i := range 500 {
				if len(s.peer.acked(fmt.Sprint("e", i))) != 1 {
					return false
				}
			}
			return true
		})
		if d := time.Since(began); d > time.Second {
			t.Errorf("it took %s", d)
		}
		time.Sleep(10 * time.Minute)
		s.ready()
		if n := len(s.peer.called("apps.connections.open")); n != 2 {
			t.Errorf("the flood cost a connection: %d were opened", n)
		}
	})
}

func TestRedact(t *testing.T) {
	for in, want := range map[string]string{
		"token " + botToken + " is bad":                      "token xoxb-… is bad",
		"token=" + appToken:                                  "token=…",
		`Get "wss://wss-primary.slack.com/link/?ticket=abc"`: `Get "wss://wss-primary.slack.com/…"`,
		`Post "https://hooks.slack.com/commands/T1/2/s3": x`: `Post "https://hooks.slack.com/commands/…": x`,
		`parse "ws://h/l?ticket=abc&app_id=A1": net/url`:     `parse "ws://h/…": net/url`,
		"xoxe.xoxb-1-abc":                                    "xoxe.xoxb-…",
		"plain":                                              "plain",
	} {
		if got := redact(in); got != want {
			t.Errorf("redact(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("a ", " b")
	f.Add("token=", "&x")
	f.Fuzz(func(t *testing.T, before, after string) {
		if got := redact(before + " " + botToken + " " + after); strings.Contains(got, "0123456789abcdef") && !strings.Contains(before+after, "0123456789abcdef") {
			t.Errorf("%q still holds the token", got)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	for in, want := range map[string]time.Duration{"": 30 * time.Second, "0": time.Second, "7": 7 * time.Second, "soon": 30 * time.Second, "-1": 30 * time.Second} {
		if got := retryAfter(http.Header{"Retry-After": {in}}); got != want {
			t.Errorf("retryAfter(%q) = %s, want %s", in, got, want)
		}
	}
}
