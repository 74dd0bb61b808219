package bot

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"dropletops/approvals"
)

// texts are what a method was called with, in order.
func texts(calls []call) []string {
	var out []string
	for _, c := range calls {
		out = append(out, c.form.Get("text"))
	}
	return out
}

func (m *memory) note(id string, kind approvals.NoteKind) {
	m.change(id, func(p *approvals.Publication) {
		m.seq++
		p.Notes = append(p.Notes, approvals.Note{Seq: m.seq, Kind: kind, Ordinal: 0, At: m.now()})
	})
}

func TestCardIsPostedThenEdited(t *testing.T) {
	play(t, nil, func(s *stage) {
		s.ready()
		s.memory.request("r-1", "C1", approvals.Pending)
		s.bot.Kick("r-1")
		s.soon(time.Second, "posted", s.memory.upToDate)
		s.memory.state("r-1", approvals.Running)
		s.memory.note("r-1", approvals.NoteApproved)
		s.memory.note("r-1", approvals.NoteStarted)
		s.memory.note("r-1", approvals.NoteEnded)
		s.bot.Kick("r-1")
		s.soon(10*time.Second, "edited, and told in its thread", s.memory.upToDate)
		posts, edits := s.peer.called("chat.postMessage"), s.peer.called("chat.update")
		if len(posts) != 4 || len(edits) != 1 {
			t.Fatalf("%d posts, %d edits", len(posts), len(edits))
		}
		for i, c := range posts[1:] {
			if c.form.Get("thread_ts") != edits[0].form.Get("ts") || c.form.Get("metadata") != "" {
				t.Errorf("note %d: %v", i, c.form)
			}
			if d := c.at.Sub(posts[i].at); d < time.Second {
				t.Errorf("two messages in a channel within %s", d)
			}
		}
		for _, c := range []call{posts[0], edits[0]} {
			if !strings.Contains(c.form.Get("metadata"), `"dropletops_request"`) {
				t.Errorf("%s without metadata", c.method)
			}
		}
		if posts[0].form.Get("unfurl_links") != "false" || posts[0].form.Get("unfurl_media") != "false" {
			t.Errorf("links unfurl: %v", posts[0].form)
		}
	})
}

func TestEditsAreCoalesced(t *testing.T) {
	play(t, nil, func(s *stage) {
		s.ready()
		for i := range 30 {
			id := fmt.Sprintf("r-%d", i)
			s.memory.request(id, fmt.Sprint("C", i), approvals.Pending)
			s.bot.Kick(id)
		}
		s.soon(time.Minute, "all cards stand", s.memory.upToDate)
		for range 20 {
			for i := range 30 {
				id := fmt.Sprintf("r-%d", i)
				s.memory.state(id, approvals.Running)
				s.bot.Kick(id)
			}
		}
		for i := range 30 {
			id := fmt.Sprintf("r-%d", i)
			s.memory.state(id, approvals.Denied) // so that no elapsed time is shown
			s.bot.Kick(id)
		}
		s.soon(2*time.Minute, "all cards are right", s.memory.upToDate)
		edits := s.peer.called("chat.update")
		if n := len(edits); n > 45 {
			t.Errorf("%d edits for 30 cards that changed 21 times each", n)
		}
		if n := most(edits, time.Minute); n > 50 {
			t.Errorf("%d edits within a minute", n)
		}
		if n := most(edits, 100*time.Millisecond); n < 8 {
			t.Errorf("only %d edits in the first moment, want a burst", n)
		}
	})
}

func TestPace(t *testing.T) {
	play(t, nil, func(s *stage) {
		s.ready()
		for i := range 300 {
			id := fmt.Sprintf("r-%d", i)
			s.memory.request(id, fmt.Sprint("C", i%3), approvals.Pending)
			s.bot.Kick(id)
		}
		s.soon(3*time.Minute, "all cards stand", s.memory.upToDate)
		for c := range 3 {
			var of []call
			for _, p := range s.peer.called("chat.postMessage") {
				if p.form.Get("channel") == fmt.Sprint("C", c) {
					of = append(of, p)
				}
			}
			if n := most(of, time.Second); n > 1 {
				t.Errorf("%d messages in a channel within a second", n)
			}
		}
		if n := most(s.peer.called("chat.postMessage"), time.Minute); n > 200 {
			t.Errorf("%d messages within a minute", n)
		}
		// Those who wait are told so, once each.
		if n := len(s.peer.called("chat.postEphemeral")); n < 10 || n > 60 {
			t.Errorf("%d were told that their card waits; want some, and budget left for replies", n)
		}
		if said := s.peer.said(); !strings.Contains(said[len(said)-1], "waits for its turn") {
			t.Errorf("said: %q", said[len(said)-1])
		}
	})
}

func TestRateLimitedPost(t *testing.T) {
	play(t, nil, func(s *stage) {
		s.ready()
		s.memory.request("edit", "C1", approvals.Pending)
		s.bot.Kick("edit")
		s.soon(time.Second, "one card stands", s.memory.upToDate)
		s.peer.on("chat.postMessage", func(call) answer { return slow("20") })
		for i := range 5 {
			id := fmt.Sprint("r-", i)
			s.memory.request(id, fmt.Sprint("D", i), approvals.Pending)
			s.bot.Kick(id)
		}
		time.Sleep(2 * time.Second)
		before := len(s.peer.called("chat.postMessage"))
		s.memory.state("edit", approvals.Denied)
		s.bot.Kick("edit")
		s.soon(time.Second, "edits go on", func() bool { return len(s.peer.called("chat.update")) == 1 })
		time.Sleep(15 * time.Second)
		if n := len(s.peer.called("chat.postMessage")); n != before {
			t.Errorf("%d calls before Retry-After was over", n-before)
		}
		s.peer.on("chat.postMessage", func(c call) answer {
			return ok(map[string]any{"channel": c.form.Get("channel"), "ts": s.peer.stamp()})
		})
		s.soon(30*time.Second, "nothing is lost", s.memory.upToDate)
	})
}

func TestSlackAway(t *testing.T) {
	play(t, nil, func(s *stage) {
		s.ready()
		for name, f := range map[string]func(call) answer{
			"server error": func(call) answer { return answer{status: 503} },
			"nonsense":     func(call) answer { return answer{status: 200, body: "<html>"} },
			"unwell":       func(call) answer { return no("internal_error") },
			"no ts":        func(call) answer { return ok(nil) },
		} {
			s.peer.on("chat.postMessage", f)
			s.memory.request(name, "C-"+name, approvals.Pending)
			s.bot.Kick(name)
			before := len(s.peer.called("chat.postMessage"))
			time.Sleep(30 * time.Minute)
			n := len(s.peer.called("chat.postMessage")) - before
			if n < 20 || n > 60 {
				t.Errorf("%s: %d tries in half an hour", name, n)
			}
			s.peer.on("chat.postMessage", func(c call) answer {
				return ok(map[string]any{"channel": c.form.Get("channel"), "ts": s.peer.stamp()})
			})
			s.soon(2*time.Minute, "posted after "+name, s.memory.upToDate)
		}
	})
}

func TestDatabaseAwayAfterPost(t *testing.T) {
	play(t, nil, func(s *stage) {
		s.ready()
		s.memory.request("r-1", "C1", approvals.Pending)
		s.peer.on("chat.postMessage", func(c call) answer {
			s.memory.mu.Lock()
			s.memory.pubErr = errors.New("database is locked")
			s.memory.mu.Unlock()
			return ok(map[string]any{"channel": "C1", "ts": s.peer.stamp()})
		})
		s.bot.Kick("r-1")
		time.Sleep(time.Minute)
		s.memory.mu.Lock()
		s.memory.pubErr = nil
		s.memory.mu.Unlock()
		s.soon(30*time.Second, "its place is written down", s.memory.upToDate)
		if n := len(s.peer.called("chat.postMessage")); n != 1 {
			t.Errorf("the card was posted %d times", n)
		}
	})
}

func TestSweepAndConflict(t *testing.T) {
	play(t, func(s *stage) { s.memory.conflicts = 3 }, func(s *stage) {
		s.ready()
		s.memory.request("r-1", "C1", approvals.Pending)
		if err := s.bot.Sweep(s.Context()); err != nil {
			t.Fatal(err)
		}
		s.soon(time.Minute, "posted once the other has had its time", s.memory.upToDate)
		s.bot.Kick("r-unknown")
	})
}

func TestElapsedTime(t *testing.T) {
	play(t, nil, func(s *stage) {
		s.ready()
		s.memory.request("r-1", "C1", approvals.Running)
		s.bot.Kick("r-1")
		s.soon(time.Second, "posted", s.memory.upToDate)
		time.Sleep(10 * time.Minute)
		if n := len(s.peer.called("chat.update")); n > 25 {
			t.Errorf("%d edits in ten minutes", n)
		}
		s.memory.state("r-1", approvals.Completed)
		s.bot.Kick("r-1")
		s.soon(time.Second, "ended", s.memory.upToDate)
		n := len(s.peer.called("chat.update"))
		time.Sleep(time.Hour)
		if got := len(s.peer.called("chat.update")); got != n {
			t.Errorf("%d edits after the end", got-n)
		}
	})
}

func TestEndsBeforeProgress(t *testing.T) {
	play(t, nil, func(s *stage) {
		s.ready()
		for i := range 40 {
			id := fmt.Sprintf("r-%02d", i)
			s.memory.request(id, fmt.Sprint("C", i), approvals.Pending)
			s.bot.Kick(id)
		}
		s.soon(time.Minute, "all cards stand", s.memory.upToDate)
		time.Sleep(time.Minute)
		for i := range 40 {
			id := fmt.Sprintf("r-%02d", i)
			to := approvals.Running
			if i >= 20 {
				to = approvals.Denied
			}
			s.memory.state(id, to)
			s.bot.Kick(id)
		}
		s.soon(2*time.Minute, "all cards are right", s.memory.upToDate)
		edits := texts(s.peer.called("chat.update"))
		running := slices.IndexFunc(edits[10:], func(s string) bool { return strings.Contains(strings.ToLower(s), "running") })
		denied := slices.IndexFunc(edits[10:], func(s string) bool { return strings.Contains(strings.ToLower(s), "denied") })
		if denied < 0 || running >= 0 && running < denied {
			t.Errorf("progress went first: %q", edits)
		}
	})
}

func TestElapsedTimeLeavesRoom(t *testing.T) {
	play(t, nil, func(s *stage) {
		s.ready()
		for i := range 60 {
			id := fmt.Sprint("r-", i)
			s.memory.request(id, fmt.Sprint("C", i), approvals.Running)
			s.bot.Kick(id)
		}
		s.soon(time.Minute, "all cards stand", s.memory.upToDate)
		for i := range 10 {
			time.Sleep(20 * time.Second)
			id := fmt.Sprint("r-", i)
			s.memory.state(id, approvals.Completed)
			s.bot.Kick(id)
			s.soon(400*time.Millisecond, "an end does not wait behind elapsed time", s.memory.upToDate)
		}
		if n := len(s.peer.called("chat.update")); n < 50 {
			t.Errorf("%d edits: the cards stand still", n)
		}
	})
}
