package bot

import (
	"testing"
	"time"
)

// A response_url that does not answer leaves time for the other way.
func TestAResponseURLThatHangsIsNotTheOnlyWay(t *testing.T) {
	play(t, func(s *stage) {
		s.hand.handle = answersFine
	}, func(s *stage) {
		defer close(s.hang)
		s.ready()
		s.peer.on("response", func(call) answer { <-s.hang; return answer{status: 200, body: "ok"} })
		s.peer.live()[0].send(command("e1"))
		s.soon(time.Minute, "told in the other way", func() bool { return len(s.peer.called("chat.postEphemeral")) == 1 })
		s.soon(time.Second, "crossed out", func() bool { return s.memory.isHandled("e1") })
	})
}

// Where the bot can't speak, as in a direct message, only the response_url is left: that
// Slack says no to the other way is not the end while that one is away.
func TestAnAnswerWaitsForItsResponseURL(t *testing.T) {
	play(t, func(s *stage) {
		s.hand.handle = answersFine
	}, func(s *stage) {
		s.ready()
		s.away(true)
		s.peer.on("chat.postEphemeral", func(call) answer { return no("channel_not_found") })
		s.peer.live()[0].send(command("e1"))
		time.Sleep(time.Minute)
		if s.memory.isHandled("e1") {
			t.Error("given up after a minute")
		}
		s.peer.on("response", func(call) answer { return answer{status: 200, body: "ok"} })
		tried := len(s.peer.called("response"))
		s.soon(time.Minute, "told", func() bool { return len(s.peer.called("response")) == tried+1 && s.memory.isHandled("e1") })
	})
}

// Status 200 alone delivers nothing: Slack answers it with an error, and a proxy with a
// page of its own. The other way is taken then, in the thread where there is one.
func TestAResponseURLThatAnswersSomethingElse(t *testing.T) {
	for name, body := range map[string]any{
		"an error":              map[string]any{"ok": false, "error": "expired_url"},
		"a limit":               map[string]any{"ok": false, "error": "ratelimited"},
		"an error without name": map[string]any{"ok": false},
		"a page":                "<html><body>Log in to the network</body></html>",
		"nothing":               "",
		"something else":        map[string]any{"status": "ok"},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(s *stage) { s.hand.handle = answersFine }, func(s *stage) {
				s.ready()
				s.peer.on("response", func(call) answer { return answer{status: 200, body: body} })
				s.peer.live()[0].send(command("e1"))
				s.soon(time.Minute, "told in the other way", func() bool { return len(s.peer.called("chat.postEphemeral")) == 1 })
				s.soon(time.Second, "crossed out", func() bool { return s.memory.isHandled("e1") })
			})
		})
	}
}

func TestResponseURLsThatSayOK(t *testing.T) {
	for _, body := range []any{"ok", map[string]any{"ok": true}} {
		play(t, func(s *stage) { s.hand.handle = answersFine }, func(s *stage) {
			s.ready()
			s.peer.on("response", func(call) answer { return answer{status: 200, body: body} })
			s.peer.live()[0].send(command("e1"))
			s.soon(time.Minute, "crossed out", func() bool { return s.memory.isHandled("e1") })
			if n := len(s.peer.called("response")); n != 1 || len(s.peer.called("chat.postEphemeral")) > 0 {
				t.Errorf("%v: told %d times by the response_url, %d times in the other way", body, n, len(s.peer.called("chat.postEphemeral")))
			}
		})
	}
}

// An answer whose blocks Slack refuses is told by its text.
func TestAnAnswerThatSlackFindsUnfit(t *testing.T) {
	play(t, func(s *stage) { s.hand.handle = answersFine }, func(s *stage) {
		s.ready()
		s.peer.on("response", func(call) answer { return answer{status: 400, body: "invalid_blocks"} })
		s.peer.on("chat.postEphemeral", func(c call) answer {
			if c.form.Get("blocks") != "" {
				return no("invalid_blocks")
			}
			return answer{status: 200, body: map[string]any{"ok": true, "message_ts": "1.2"}}
		})
		s.peer.live()[0].send(command("e1"))
		s.soon(time.Minute, "crossed out", func() bool { return s.memory.isHandled("e1") })
		for _, c := range s.peer.called("chat.postEphemeral") {
			if c.form.Get("blocks") == "" && c.form.Get("text") != "" {
				return
			}
		}
		t.Error("its text was not sent")
	})
}
