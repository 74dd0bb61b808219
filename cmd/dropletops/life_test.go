package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	simdo "dropletops/internal/sim/digitalocean"
	simslack "dropletops/internal/sim/slack"
)

// carryOn is how soon after a restart work must go on, and stopWithin how soon a stop
// must have come to its end (CONTRACT §2). Both are for a machine that starts the
// program at once: what it took to start is allowed a few times over.
const (
	carryOn    = 10 * time.Second
	stopWithin = 10 * time.Second
)

// secrets are what no output may ever hold.
func (r *rig) secrets() []string {
	return []string{r.env["SLACK_APP_TOKEN"], r.env["SLACK_BOT_TOKEN"], r.env["DIGITALOCEAN_TOKEN"], r.env["SECOND_FACTOR_KEY"]}
}

// noTokens checks all that the program has printed in all of its lives.
func (r *rig) noTokens() {
	r.t.Helper()
	if r.proc == nil {
		return
	}
	for _, s := range r.secrets() {
		if s != "" && strings.Contains(r.proc.out.String(), s) {
			r.t.Errorf("a token stands in the output")
		}
	}
}

// inScope checks that Slack never missed a scope that manifest.yml does not ask
// for: the built-in Slack grants what is in it and no more.
func (r *rig) inScope() {
	r.t.Helper()
	for _, c := range r.slack.Snapshot().Calls {
		if c.Error == "missing_scope" && !c.Fault {
			r.t.Errorf("%s needs a scope that manifest.yml does not ask for", c.Method)
		}
	}
}

// result is what came of a run of the program that ends by itself.
type result struct {
	code           int
	stdout, stderr string
	took           time.Duration
}

// run runs a subcommand to its end.
func (r *rig) run(args ...string) result {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, os.Args[0], args...)
	for k, v := range r.env {
		c.Env = append(c.Env, k+"="+v)
	}
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	began := time.Now()
	err := c.Run()
	res := result{stdout: out.String(), stderr: errs.String(), took: time.Since(began)}
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		res.code = exit.ExitCode()
	case err != nil:
		r.t.Fatal(err)
	}
	if ctx.Err() != nil {
		r.t.Fatalf("%v does not end:\n%s%s", args, res.stdout, res.stderr)
	}
	for _, s := range r.secrets() {
		if s != "" && strings.Contains(res.stdout+res.stderr, s) {
			r.t.Errorf("%v: a token stands in the output:\n%s%s", args, res.stdout, res.stderr)
		}
	}
	return res
}

// later puts the clock of the program's next life forward.
func (r *rig) later(d time.Duration) { r.env["DROPLETOPS_TEST_LATER"] = d.String() }

// until waits until DigitalOcean looks like it should.
func (r *rig) until(what string, ok func() bool) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	if err := r.do.WaitFor(ctx, ok); err != nil {
		r.t.Fatalf("waiting for %s: %v\nthe program's log:\n%s", what, err, r.proc.out.String())
	}
}

// struck waits until a fault of DigitalOcean's has happened.
func (r *rig) struck(f *simdo.Injected) {
	r.t.Helper()
	r.until("DigitalOcean's fault", func() bool { return f.Hits() > 0 })
}

// slackHit waits until a fault of Slack's has happened so many times.
func (r *rig) slackHit(f *simslack.FaultHandle, times int) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	if err := f.WaitHit(ctx, times); err != nil {
		r.t.Fatalf("waiting for Slack's fault: %v\nthe program's log:\n%s", err, r.proc.out.String())
	}
}

// posting fits the POST of an action.
func posting(action string) simdo.Match { return simdo.Match{Method: http.MethodPost, Action: action} }

// asked are the POSTs of an action that reached DigitalOcean, accepted or not.
func (r *rig) asked(action string) int {
	return len(r.do.Requests(simdo.Matching(posting(action))))
}

// onePost checks that exactly one action was accepted, and sent only so often.
func (r *rig) onePost() {
	r.t.Helper()
	if got := r.posts(); len(got) != 1 {
		r.t.Errorf("%d actions were accepted, want 1: %+v", len(got), got)
	}
}

// cardCount checks how many cards stand.
func (r *rig) cardCount(want int) {
	r.t.Helper()
	if got := len(cards(r.slack.Snapshot())); got != want {
		r.t.Errorf("%d cards stand, want %d:\n%s", got, want, transcript(r.slack.Snapshot()))
	}
}

// threadSays waits until some reply in a card's thread says something.
func (r *rig) threadSays(card *simslack.Message, part string) {
	r.t.Helper()
	r.wait("a note with "+part, func(s *simslack.Snapshot) bool {
		return slices.ContainsFunc(s.Thread(card.Channel, card.TS), func(m *simslack.Message) bool { return strings.Contains(m.Text, part) })
	})
}

// cardSays waits until a card shows something.
func (r *rig) cardSays(card *simslack.Message, part string) {
	r.t.Helper()
	r.wait("the card to say "+part, func(s *simslack.Snapshot) bool {
		m := s.Message(card.Channel, card.TS)
		return m != nil && strings.Contains(m.Words(), part)
	})
}

// placed waits until the program has written down where a pending card stands:
// only then is a click on it answered.
func (r *rig) placed(card *simslack.Message) {
	r.t.Helper()
	r.click("alice", card, "approve")
	r.told("alice", "You asked for this")
}

// stale clicks a button that is not on the card any more, as a client does that
// was not told yet.
func (r *rig) stale(user string, card *simslack.Message, action string) {
	r.t.Helper()
	d, err := r.slack.Click(simslack.Click{User: user, Channel: card.Channel, TS: card.TS, ActionID: action, Force: true, Value: idOf(card)})
	if err != nil {
		r.t.Fatal(err)
	}
	r.acked(d)
}

// stopped checks that SIGTERM ends the program well, and soon.
func (r *rig) stopped() {
	r.t.Helper()
	began := time.Now()
	if code := r.stop(); code != exitDone {
		r.t.Errorf("exit code %d after SIGTERM", code)
	}
	took := time.Since(began)
	r.t.Logf("ended %s after SIGTERM", took.Round(time.Millisecond))
	if most := stopWithin + 3*r.startTook; took > most {
		r.t.Errorf("it took %s to end after SIGTERM; %s are allowed", took, most)
	}
}

// goesOn starts the program again and measures how long it takes until
// DigitalOcean hears of it again with what asks says.
func (r *rig) goesOn(what string, m simdo.Match) {
	r.t.Helper()
	before := len(r.do.Requests(simdo.Matching(m)))
	began := time.Now()
	r.launch("serve")
	r.until(what, func() bool { return len(r.do.Requests(simdo.Matching(m))) > before })
	took := time.Since(began)
	r.t.Logf("work went on %s after the restart", took.Round(time.Millisecond))
	if most := carryOn + 3*r.startTook; took > most {
		r.t.Errorf("work went on %s after the restart; %s are allowed", took, most)
	}
}

// opens are the calls of apps.connections.open.
func opens(s *simslack.Snapshot) []simslack.Call { return s.CallsTo("apps.connections.open") }

// fewOpens checks that no minute saw more than 12 calls of apps.connections.open.
func (r *rig) fewOpens() {
	r.t.Helper()
	all := opens(r.slack.Snapshot())
	for i := range all {
		if j := i - 12; j >= 0 && all[i].At.Sub(all[j].At) < time.Minute {
			r.t.Errorf("more than 12 calls of apps.connections.open in %s", all[i].At.Sub(all[j].At))
			return
		}
	}
}

// in runs a sub-test with a rig of its own.
func in(t *testing.T, name string, f func(r *rig)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { f(newRig(t)) })
}
