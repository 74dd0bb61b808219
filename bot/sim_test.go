package bot

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"dropletops/approvals"
	"dropletops/handlers"
	"dropletops/internal/card"
	simslack "dropletops/internal/sim/slack"
)

// withSim runs a bot against the built-in Slack, on a wire and a clock of the
// bubble's.
func withSim(t *testing.T, h *hand, act func(t *testing.T, sim *simslack.Server, b *Bot, m *memory, c *Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		sim := simslack.New(simslack.Options{})
		w := newWire()
		srv := &http.Server{Handler: sim.Handler()}
		go srv.Serve(w)
		log := &lockedBuffer{}
		c, err := NewClient(Access{AppToken: sim.AppToken(), BotToken: sim.BotToken(), APIURL: sim.APIURL(), Dial: w.dial,
			Log: slog.New(slog.NewJSONHandler(log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		m := newMemory()
		b, err := New(Config{Client: c, Handler: h, Inbox: m, Outbox: m, Abandoner: m, Process: "test"})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- b.Run(ctx) }()
		defer func() {
			stop()
			if err := <-ended; err != nil {
				t.Errorf("Run: %v", err)
			}
			sim.Close()
			w.Close()
			srv.Close()
			if t.Failed() {
				t.Log(log)
			}
		}()
		for !b.Ready() || sim.Snapshot().ReadySockets() < 2 {
			time.Sleep(10 * time.Millisecond)
			synctest.Wait()
		}
		act(t, sim, b, m, c)
		if v := sim.Snapshot().Violations; len(v) > 0 {
			t.Errorf("the built-in Slack saw violations: %+v", v)
		}
	})
}

func waitFor(t *testing.T, sim *simslack.Server, what string, is func(*simslack.Snapshot) bool) *simslack.Snapshot {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := sim.WaitFor(ctx, is)
	if err != nil {
		t.Fatalf("not seen: %s: %v", what, err)
	}
	return s
}

func TestAgainstTheBuiltInSlack(t *testing.T) {
	h := &hand{}
	withSim(t, h, func(t *testing.T, sim *simslack.Server, b *Bot, m *memory, _ *Client) {
		h.handle = func(_ context.Context, e approvals.Envelope) (handlers.Reply, error) {
			to := handlers.AddressOf(e)
			if strings.Contains(string(e.Payload), "help") {
				return handlers.Reply{To: to, Message: card.Reply("This is the help.")}, nil
			}
			m.request("r-"+e.Key, to.ChannelID, approvals.Pending)
			m.pubs["r-"+e.Key].Request.Origin.ResponseURL = to.ResponseURL
			m.pubs["r-"+e.Key].Request.Requester.UserID = to.UserID
			b.Kick("r-" + e.Key)
			return handlers.Reply{}, nil
		}
		d, err := sim.SlashCommand("alice", "#ops", "/droplet help")
		if err != nil {
			t.Fatal(err)
		}
		if res, err := d.Wait(t.Context()); err != nil {
			t.Errorf("the command: %+v, %v", res, err)
		}
		waitFor(t, sim, "the help", func(s *simslack.Snapshot) bool { return len(s.EphemeralsFor("U0ALICE")) == 1 })
		if _, _, err := sim.Mention("bob", "#ops", "", "<@"+b.BotUserID()+"> help"); err != nil {
			t.Fatal(err)
		}
		waitFor(t, sim, "the help after a mention", func(s *simslack.Snapshot) bool { return len(s.EphemeralsFor("U0BOB")) == 1 })

		for _, channel := range []string{"#random", "#board"} { // one public, one private, the bot in neither
			before := len(sim.Snapshot().EphemeralsFor("U0ALICE"))
			if _, err := sim.SlashCommand("alice", channel, "/droplet reboot web-1"); err != nil {
				t.Fatal(err)
			}
			s := waitFor(t, sim, "how to invite the bot", func(s *simslack.Snapshot) bool { return len(s.EphemeralsFor("U0ALICE")) > before })
			if es := s.EphemeralsFor("U0ALICE"); !strings.Contains(es[len(es)-1].Text, "/invite @dropletops") {
				t.Errorf("%s: %q", channel, es[len(es)-1].Text)
			}
		}

		d, err = sim.SlashCommand("alice", "#ops", "/droplet rebuild web-1 1")
		if err != nil {
			t.Fatal(err)
		}
		id := "r-" + d.EnvelopeID()
		byBot := func(s *simslack.Snapshot) []*simslack.Message { return s.BotMessages("#ops") }
		waitFor(t, sim, "the card", func(s *simslack.Snapshot) bool { return len(byBot(s)) == 1 })
		for _, reason := range []string{"warning", "refresh_requested", "too_many_websockets", "link_disabled"} {
			if sim.Disconnect(reason) == 0 {
				t.Errorf("no socket to disconnect (%s)", reason)
			}
			d, err := sim.SlashCommand("bob", "#ops", "/droplet help")
			if err != nil {
				t.Fatal(err)
			}
			_, _ = d.Wait(t.Context())
			time.Sleep(2 * time.Minute)
			if !b.Ready() {
				t.Errorf("not ready two minutes after a disconnect (%s)", reason)
			}
		}
		m.state(id, approvals.Denied)
		m.note(id, approvals.NoteDenied)
		b.Kick(id)
		s := waitFor(t, sim, "the end and its note", func(s *simslack.Snapshot) bool {
			ms := byBot(s)
			return len(ms) == 2 && len(ms[0].Versions) == 1
		})
		ms := byBot(s)
		if ms[1].ThreadTS != ms[0].TS || ms[0].ShowsEdited || !strings.Contains(string(ms[0].Metadata), `"state":"denied"`) {
			t.Errorf("card %+v\nnote %+v", ms[0], ms[1])
		}
	})
}

func TestPeopleOfTheBuiltInSlack(t *testing.T) {
	withSim(t, &hand{}, func(t *testing.T, sim *simslack.Server, b *Bot, _ *memory, c *Client) {
		d := NewDirectory(c)
		for user, want := range map[string]approvals.Standing{
			"alice": approvals.Member, "bob": approvals.Member, "guest": approvals.Guest, "single": approvals.Guest,
			"deploybot": approvals.Bot, "dave": approvals.Deactivated, "erin": approvals.Foreign, "dropletops": approvals.Bot,
		} {
			id, err := sim.UserID(user)
			if err != nil {
				t.Fatal(err)
			}
			p, err := d.Person(t.Context(), approvals.Who{UserID: id}, false)
			if err != nil || p.Standing != want {
				t.Errorf("%s is %q (%v), want %q", user, p.Standing, err, want)
			}
		}
		if p, err := d.Person(t.Context(), approvals.Who{UserID: "U0NOBODY"}, true); err != nil || p.Standing != approvals.Foreign {
			t.Errorf("who is not known here is %q (%v)", p.Standing, err)
		}
		alice := approvals.Who{UserID: "U0ALICE", TeamID: simslack.TeamID}
		if err := sim.Deactivate("alice"); err != nil {
			t.Fatal(err)
		}
		if p, _ := d.Person(t.Context(), alice, false); p.Standing != approvals.Member {
			t.Errorf("the cache was not used: %q", p.Standing)
		}
		if p, _ := d.Person(t.Context(), alice, true); p.Standing != approvals.Deactivated {
			t.Errorf("fresh was not: %q", p.Standing)
		}
		if p, _ := d.Person(t.Context(), alice, false); p.Standing != approvals.Deactivated {
			t.Errorf("what was learnt afresh was not kept: %q", p.Standing)
		}
		time.Sleep(2 * time.Minute)
		sim.AddFault(simslack.Fault{Method: "users.info", Status: 503, Times: -1})
		if p, err := d.Person(t.Context(), alice, false); err == nil {
			t.Errorf("with Slack away alice is %q", p.Standing)
		}
	})
}
