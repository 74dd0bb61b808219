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
