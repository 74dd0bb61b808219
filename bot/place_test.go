package bot

import (
	"strings"
	"testing"
	"time"

	"dropletops/approvals"
)

func TestNoPlaceForACard(t *testing.T) {
	for code, want := range map[string]string{
		"not_in_channel":    "`/invite @dropletops`",
		"channel_not_found": "`/invite @dropletops`",
		"is_archived":       "archived",
		"restricted_action": "Ask an owner",
		"missing_scope":     "`chat:write`",
		"brand_new_error":   "(brand_new_error)",
	} {
		t.Run(code, func(t *testing.T) {
			play(t, nil, func(s *stage) {
				s.ready()
				s.peer.on("chat.postMessage", func(call) answer { return no(code) })
				s.memory.request("r-1", "C1", approvals.Running)
				s.memory.pubs["r-1"].Request.Origin.ResponseURL = "http://slack.test/response/1"
				s.bot.Kick("r-1")
				s.soon(time.Second, "nothing more is due", s.memory.upToDate)
				if got := s.memory.pubs["r-1"].Request.State; got != approvals.Canceled {
					t.Errorf("the request is %s", got)
				}
				if said := s.peer.said(); len(said) != 1 || !strings.Contains(said[0], want) || !strings.Contains(said[0], "nothing was started") {
					t.Errorf("said: %q", said)
				}
				s.bot.Kick("r-1")
				time.Sleep(time.Hour)
				if n := len(s.peer.called("chat.postMessage")); n != 1 {
					t.Errorf("it was tried %d times", n)
				}
			})
		})
	}
}

// Whoever asked where no card can stand is told that nothing was started, also if Slack
// takes no answer at first.
func TestNoPlaceForACardIsTold(t *testing.T) {
	play(t, nil, func(s *stage) {
		s.ready()
		s.peer.on("chat.postMessage", func(call) answer { return no("not_in_channel") })
		s.away(true)
		s.memory.request("r-1", "C1", approvals.Running)
		s.bot.Kick("r-1")
		time.Sleep(5 * time.Minute)
		s.away(false)
		tried := len(s.peer.said())
		s.soon(2*time.Minute, "nothing more is due", s.memory.upToDate)
		if said := s.peer.said()[tried:]; len(said) != 1 || !strings.Contains(said[0], "nothing was started") {
			t.Errorf("said: %q", said)
		}
	})
}

func TestCardThatIsGone(t *testing.T) {
	for _, code := range []string{"message_not_found", "cant_update_message", "edit_window_closed"} {
		t.Run(code, func(t *testing.T) {
			play(t, nil, func(s *stage) {
				s.ready()
				s.memory.request("r-1", "C1", approvals.Pending)
				s.bot.Kick("r-1")
				s.soon(time.Second, "the card stands", s.memory.upToDate)
				s.peer.on("chat.update", func(call) answer { return no(code) })
				s.memory.state("r-1", approvals.Denied)
				s.memory.note("r-1", approvals.NoteDenied)
				s.bot.Kick("r-1")
				s.soon(5*time.Second, "another one does, and the note under it", s.memory.upToDate)
				refs := s.memory.posted["r-1"]
				posts := s.peer.called("chat.postMessage")
				if len(refs) != 2 || refs[0] == refs[1] || len(posts) != 3 || posts[2].form.Get("thread_ts") != refs[1].TS {
					t.Errorf("cards: %v, posts: %q", refs, texts(posts))
				}
				if n := len(s.peer.called("chat.update")); n != 1 {
					t.Errorf("%d edits", n)
				}
			})
		})
	}
}

func TestMessageThatSlackRefuses(t *testing.T) {
	for code, want := range map[string]struct {
		calls            int
		blocks, metadata bool
	}{
		"invalid_blocks":          {2, false, true},
		"msg_too_long":            {3, false, false},
		"invalid_metadata_schema": {2, true, false},
	} {
		t.Run(code, func(t *testing.T) {
			play(t, nil, func(s *stage) {
				s.ready()
				s.peer.on("chat.postMessage", func(c call) answer {
					bad := map[string]bool{
						"invalid_blocks":          c.form.Has("blocks"),
						"msg_too_long":            c.form.Has("metadata"),
						"invalid_metadata_schema": c.form.Has("metadata"),
					}
					if bad[code] {
						return no(code)
					}
					return ok(map[string]any{"channel": "C1", "ts": s.peer.stamp()})
				})
				s.memory.request("r-1", "C1", approvals.Pending)
				s.bot.Kick("r-1")
				s.soon(10*time.Second, "posted all the same", s.memory.upToDate)
				posts := s.peer.called("chat.postMessage")
				last := posts[len(posts)-1].form
				if len(posts) != want.calls || last.Has("blocks") != want.blocks || last.Has("metadata") != want.metadata || last.Get("text") != posts[0].form.Get("text") {
					t.Errorf("%d calls, the last %v", len(posts), last)
				}
				if !strings.Contains(s.log.String(), `"reference":"f-`) {
					t.Error("the log has no reference")
				}
			})
		})
	}
}

func TestThreadThatIsGone(t *testing.T) {
	play(t, nil, func(s *stage) {
		s.ready()
		s.peer.on("chat.postMessage", func(c call) answer {
			if c.form.Get("thread_ts") == "1600000000.000001" {
				return no("thread_not_found")
			}
			return ok(map[string]any{"channel": "C1", "ts": s.peer.stamp()})
		})
		s.memory.request("r-1", "C1", approvals.Pending)
		s.memory.pubs["r-1"].Request.Origin.ThreadTS = "1600000000.000001"
		s.bot.Kick("r-1")
		s.soon(5*time.Second, "posted to the channel", s.memory.upToDate)
	})
}
