package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"dropletops/approvals"
	simslack "dropletops/internal/sim/slack"
	"dropletops/internal/store"
)

// asleep wakes nobody up: what is put into the database before the program starts
// is found by it.
type asleep struct{}

func (asleep) WakeAdvance(context.Context, *sql.Tx, string, int64, time.Time) error { return nil }
func (asleep) WakePublish(context.Context, *sql.Tx, string) error                   { return nil }
func (asleep) Rewake(context.Context, *sql.Tx, iter.Seq2[string, int64]) error      { return nil }

// waiting puts n requests that wait for a decision into the database, with their
// cards in #ops, as an earlier life of the program left them.
func (r *rig) waiting(n int) {
	r.t.Helper()
	r.slack.SetRates(simslack.Rates{Off: true})
	defer r.slack.SetRates(simslack.Rates{Scale: 1.2}) // Slack itself from here on, and a call that a busy machine sends late
	now := time.Now()
	s, err := store.Open(r.t.Context(), r.env["DATABASE_URL"], "an earlier life", time.Now)
	if err != nil {
		r.t.Fatal(err)
	}
	s.SetWaker(asleep{})
	alice := approvals.Person{Who: approvals.Who{UserID: "U0ALICE", TeamID: simslack.TeamID}, Standing: approvals.Member, Name: "alice"}
	for i := range n {
		req := &approvals.Request{
			ID: fmt.Sprintf("r-%012d", i), Version: 1, State: approvals.Pending, Requester: alice, CreatedAt: now, ExpiresAt: now.Add(30 * time.Minute),
			Action:  approvals.Action{Type: "password_reset", Danger: approvals.Destructive},
			Origin:  approvals.Origin{ChannelID: "C0OPS", TeamID: simslack.TeamID, Envelope: fmt.Sprint("e-", i)},
			Verdict: approvals.Verdict{Outcome: approvals.Approve, Count: 1, Within: 30 * time.Minute},
			Targets: []approvals.Target{{Droplet: approvals.Droplet{ID: i + 1, Name: fmt.Sprintf("gone-%04d", i)}, State: approvals.Queued}},
		}
		resp, err := http.PostForm(r.slack.APIURL()+"chat.postMessage", url.Values{"token": {r.slack.BotToken()}, "channel": {"C0OPS"}, "text": {"pending"},
			"metadata": {`{"event_type":"dropletops_request","event_payload":{"request_id":"` + req.ID + `","state":"pending"}}`}})
		if err != nil {
			r.t.Fatal(err)
		}
		var placed struct{ TS string }
		if err := json.NewDecoder(resp.Body).Decode(&placed); err != nil || placed.TS == "" {
			r.t.Fatalf("no card: %v", err)
		}
		resp.Body.Close()
		if err := s.Create(r.t.Context(), req, approvals.Change{}); err != nil {
			r.t.Fatal(err)
		}
		if err := s.Published(r.t.Context(), req.ID, approvals.MessageRef{ChannelID: "C0OPS", TS: placed.TS}, 1); err != nil {
			r.t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		r.t.Fatal(err)
	}
}

// due are the notes in the database that nobody was told of yet.
func (r *rig) due() (n int) {
	r.t.Helper()
	db := r.openDatabase()
	defer db.Close()
	if err := db.QueryRowContext(r.t.Context(), `SELECT count(*) FROM notes WHERE ts = ''`).Scan(&n); err != nil {
		r.t.Fatal(err)
	}
	return n
}

// comes waits until the number of notes that are due is right, for as long as it
// changes. To look takes about as much of the machine as to end a request.
func (r *rig) comes(what string, is func(due int) bool) {
	r.t.Helper()
	end, before := time.Now().Add(patience), -1
	for due := r.due(); !is(due); due = r.due() { // nothing tells when it changes
		if due != before {
			end, before = time.Now().Add(patience), due
		}
		if time.Now().After(end) {
			r.t.Fatalf("%s: %d notes are due\n%s", what, due, r.proc.out.String())
		}
		time.Sleep(time.Second)
	}
}

// TestAThousandEndsAfterAnOutage: Slack takes nothing while a thousand requests of
// one channel end. Afterwards they are told in some ten messages; dying between
// posting one of them and writing it down makes that one stand once more.
func TestAThousandEndsAfterAnOutage(t *testing.T) {
	const n = 1000
	r := newRig(t)
	r.waiting(n)
	var away []*simslack.FaultHandle
	for _, method := range []string{"chat.postMessage", "chat.update"} {
		away = append(away, r.slack.AddFault(simslack.Fault{Method: method, Times: -1, Status: http.StatusServiceUnavailable}))
	}
	r.later(31 * time.Minute)
	r.start()
	r.comes("all to expire", func(due int) bool { return due == n })
	r.kill()
	for _, f := range away {
		f.Remove()
	}
	posted := len(r.slack.Snapshot().BotMessages("#ops"))

	r.later(40 * time.Minute)
	r.env["DROPLETOPS_TEST_DIE"] = "database: told, before its commit#1"
	began := time.Now()
	r.launch("serve")
	if code := r.exit(); code != killed {
		t.Fatalf("it did not die: %d", code)
	}
	delete(r.env, "DROPLETOPS_TEST_DIE")
	r.start()
	r.comes("all to be told", func(due int) bool { return due == 0 })
	took := time.Since(began)

	s := r.slack.Snapshot()
	messages := s.BotMessages("#ops")[posted:]
	said, alone := "", 0
	for _, m := range messages {
		said += m.Text + "\n"
		if m.ThreadTS != "" { // what is left when there are not enough for a summary
			alone++
			continue
		}
		if len(m.Blocks) > 50 || !strings.Contains(m.Words(), "/archives/C0OPS/p") {
			t.Errorf("%d blocks, or no way to the cards: %s", len(m.Blocks), m.Words())
		}
	}
	twice := 0
	for i := range n {
		switch c := strings.Count(said, fmt.Sprintf("gone-%04d", i)); {
		case c == 2:
			twice++
		case c != 1:
			t.Fatalf("gone-%04d is told of %d times", i, c)
		}
	}
	if len(messages) > 30 || alone >= 20 || twice > 100 || took > patience { // one by one they take 17 minutes
		t.Errorf("%d messages in %s, %d ends told twice", len(messages), took, twice)
	}
	r.wait("some cards to show their end", func(s *simslack.Snapshot) bool { return edits(s) >= 15 })
	s = r.slack.Snapshot()
	throttled := 0
	for _, c := range s.Calls {
		if c.Status == http.StatusTooManyRequests {
			throttled++
		}
	}
	if throttled > 2 { // each new life does not know what the one before sent a moment ago
		t.Errorf("%d calls were throttled", throttled)
	}
	t.Logf("%d ends: %d messages, %d of them alone, in %s with a death in between, %d told twice; %d cards edited so far, 40 a minute from here on",
		n, len(messages), alone, took.Round(time.Second), twice, edits(s))
	r.noViolations()
}

// edits is how many cards were edited.
func edits(s *simslack.Snapshot) (n int) {
	for _, c := range s.Calls {
		if c.Method == "chat.update" && c.OK {
			n++
		}
	}
	return n
}
