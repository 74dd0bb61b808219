package bot

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"dropletops/approvals"
	simslack "dropletops/internal/sim/slack"
)

// ended adds a request whose card stands, and which ended while nobody could be
// told: its card shows what was before, and its notes are due.
func (m *memory) ended(id, channel, thread, ts string, s approvals.State) {
	m.request(id, channel, approvals.Running)
	p := m.pubs[id]
	p.Request.Origin.ThreadTS = thread
	p.Request.Card, p.Version = approvals.MessageRef{ChannelID: channel, TS: ts}, 1
	p.Request.Targets[0].Droplet.Name = "on-" + id
	m.note(id, approvals.NoteStarted)
	m.note(id, approvals.NoteEnded)
	m.state(id, s)
}

// endsUnseen has n requests end in #ops while Slack is away, and answers their cards.
func endsUnseen(t *testing.T, sim *simslack.Server, b *Bot, m *memory, n int) {
	t.Helper()
	sim.SetRates(simslack.Rates{Off: true})
	for i := range n {
		id := fmt.Sprintf("r-%04d", i)
		m.request(id, "C0OPS", approvals.Running)
		ref := stands(t, b, m, id)
		delete(m.pubs, id)
		m.order = m.order[:len(m.order)-1]
		m.ended(id, "C0OPS", "", ref.TS, []approvals.State{approvals.Completed, approvals.Failed, approvals.Expired, approvals.Unknown}[min(i%50, 3)])
	}
	sim.SetRates(simslack.Rates{})
	time.Sleep(time.Hour)
}

// After an outage a thousand ends in one channel are some ten messages, not a
// thousand; what people do meanwhile is not held up; and each card comes to show
// its end, once, at the pace that Slack allows.
func TestAThousandEnds(t *testing.T) {
	withSim(t, &hand{}, func(t *testing.T, sim *simslack.Server, b *Bot, m *memory, _ *Client) {
		const n = 1000
		endsUnseen(t, sim, b, m, n)
		began, before := time.Now(), len(sim.Snapshot().BotMessages("#ops"))
		if err := b.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		waitFor(t, sim, "all ends to be told", func(*simslack.Snapshot) bool { return m.untold() == 0 })
		took := time.Since(began)
		all := sim.Snapshot().BotMessages("#ops")
		summaries := all[before:]
		if len(summaries) > 15 || took > 30*time.Second {
			t.Errorf("%d messages in %s", len(summaries), took)
		}
		said := ""
		for _, s := range summaries {
			if s.ThreadTS != "" {
				t.Errorf("a reply in a thread: %s", s.Text)
			}
			said += s.Text + "\n"
		}
		for i := range n {
			if name := fmt.Sprintf("on-r-%04d", i); strings.Count(said, name) != 1 {
				t.Fatalf("%s is told of %d times", name, strings.Count(said, name))
			}
		}

		// A question asked meanwhile stands at once, and its answer shows at once.
		m.request("r-new", "C0OPS", approvals.Pending)
		b.Kick("r-new")
		time.Sleep(3 * time.Second)
		if len(byID(sim.Snapshot(), "r-new")) != 1 {
			t.Error("a question waits behind what ended long ago")
		}
		m.state("r-new", approvals.Running)
		b.Kick("r-new")
		time.Sleep(3 * time.Second)
		if got := byID(sim.Snapshot(), "r-new"); !strings.Contains(got[0].Text, "running") {
			t.Errorf("its answer waits behind what ended long ago: %s", got[0].Text)
		}
		m.state("r-new", approvals.Denied)
		b.Kick("r-new")

		time.Sleep(40 * time.Minute)
		if !m.upToDate() {
			t.Error("cards still lag behind after 40 minutes")
		}
		edits, throttled := 0, 0
		for _, c := range sim.Snapshot().Calls {
			if c.Method == updateMessage && c.OK {
				edits++
			}
			if c.Status == 429 {
				throttled++
			}
		}
		if edits > n+2 || throttled > 0 {
			t.Errorf("%d edits for %d cards, %d of %d calls throttled", edits, n, throttled, len(sim.Snapshot().Calls))
		}
		for i := range n {
			id := fmt.Sprintf("r-%04d", i)
			if msg := sim.Snapshot().Message("C0OPS", m.card(id).TS); !strings.Contains(string(msg.Metadata), `"state":"`+string(m.pubs[id].Request.State)+`"`) {
				t.Fatalf("the card of %s shows %s", id, msg.Metadata)
			}
		}
		t.Logf("%d ends with %d notes: %d messages in %s, %d edits", n, 2*n, len(summaries), took, edits)
	})
}

// untold is how many notes are due.
func (m *memory) untold() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, p := range m.pubs {
		n += len(p.Notes)
	}
	return n
}

// Few ends are told one by one, as are those that have just come; each place has
// a summary of its own; and what waits for an answer is in none.
func TestWhatIsToldOneByOne(t *testing.T) {
	for _, tc := range []struct {
		name                string
		channels, threads   int // in how many places
		n                   int
		old                 time.Duration
		summaries, oneByOne int
	}{
		{"few", 1, 1, sumFrom - 1, time.Hour, 0, 2 * (sumFrom - 1)},
		{"many", 1, 1, sumFrom, time.Hour, 1, 0},
		{"many, few in each channel", sumFrom, 1, sumFrom, time.Hour, 0, 2 * sumFrom},
		{"many in two threads", 1, 2, 4 * sumFrom, time.Hour, 2, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			play(t, nil, func(s *stage) {
				s.ready()
				for i := range tc.n {
					thread := ""
					if i%tc.threads > 0 {
						thread = "1600000000.000001"
					}
					s.memory.ended(fmt.Sprint("r-", i), fmt.Sprint("C", i%tc.channels), thread, s.peer.stamp(), approvals.Failed)
				}
				for i := range 2 * sumFrom { // these wait for people
					id := fmt.Sprint("q-", i)
					s.memory.request(id, "C0", approvals.Pending)
					p := s.memory.pubs[id]
					p.Request.Card, p.Version = approvals.MessageRef{ChannelID: "C0", TS: s.peer.stamp()}, 1
					s.memory.note(id, approvals.NoteDrifted)
				}
				time.Sleep(tc.old)
				if err := s.bot.Sweep(s.Context()); err != nil {
					t.Fatal(err)
				}
				s.soon(3*time.Minute, "all are told", s.memory.upToDate)
				summaries, replies, questions := 0, 0, 0
				for _, c := range s.peer.called(postMessage) {
					text := c.form.Get("text")
					switch {
					case strings.Contains(text, "requests ended"):
						summaries++
						if strings.Contains(text, "needs a decision") || strings.Contains(text, "pending") {
							t.Errorf("a question is buried: %s", text)
						}
					case strings.Contains(text, "needs a decision"):
						questions++
					default:
						replies++
					}
				}
				if summaries != tc.summaries || replies != tc.oneByOne || questions != 2*sumFrom {
					t.Errorf("%d summaries, %d replies, %d questions", summaries, replies, questions)
				}
			})
		})
	}
}

// Many ends at one moment, with no outage at all: those that can be told in time
// are told in their threads, the rest at once.
func TestManyEndAtOnce(t *testing.T) {
	play(t, nil, func(s *stage) {
		s.ready()
		for i := range 200 {
			id := fmt.Sprint("r-", i)
			s.memory.ended(id, "C1", "", s.peer.stamp(), approvals.Completed)
			s.bot.Kick(id)
		}
		s.soon(30*time.Second, "all are told", func() bool { return s.memory.untold() == 0 })
		if n := len(s.peer.called(postMessage)); n < 12 || n > 25 {
			t.Errorf("%d messages", n)
		}
	})
}

// A summary that Slack does not take is tried again, and says all the same.
func TestSummaryThatIsNotTaken(t *testing.T) {
	play(t, func(s *stage) {
		s.peer.on(postMessage, func(c call) answer {
			switch len(s.peer.called(postMessage)) {
			case 1:
				return answer{status: 503}
			case 2:
				return slow("20")
			case 3:
				return no("invalid_blocks")
			}
			return ok(map[string]any{"channel": c.form.Get("channel"), "ts": s.peer.stamp()})
		})
	}, func(s *stage) {
		s.ready()
		for i := range 30 {
			s.memory.ended(fmt.Sprint("r-", i), "C1", "", s.peer.stamp(), approvals.Completed)
		}
		time.Sleep(time.Minute)
		if err := s.bot.Sweep(s.Context()); err != nil {
			t.Fatal(err)
		}
		s.soon(2*time.Minute, "all are told", func() bool { return s.memory.untold() == 0 })
		posts := s.peer.called(postMessage)
		if n := len(posts); n != 4 || posts[3].form.Has("blocks") || !strings.Contains(posts[3].form.Get("text"), "on-r-29") {
			t.Errorf("%d messages: %q", n, texts(posts))
		}
		s.memory.mu.Lock()
		defer s.memory.mu.Unlock()
		if len(s.memory.told) != 1 {
			t.Errorf("told by %v", s.memory.told)
		}
	})
}
