package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	simdo "dropletops/internal/sim/digitalocean"
	simslack "dropletops/internal/sim/slack"
)

// rig is the real program in a process of its own, between a built-in Slack and
// a built-in DigitalOcean in this one. It can be killed and started again.
type rig struct {
	t     *testing.T
	slack *simslack.Server
	do    *simdo.Server
	env   map[string]string
	proc  *process
	// startTook is how long the latest start took, by which the machine is judged.
	startTook time.Duration
}

// process is one life of the program.
type process struct {
	cmd  *exec.Cmd
	out  *lockedBuffer
	done chan struct{}
	code int
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// patience bounds every wait of a test: it is for the test to end when something
// is broken, and no test's outcome depends on it otherwise.
const patience = 3 * time.Minute

// speed makes the built-in DigitalOcean's actions end soon.
const speed = 60

// newRig sets the world up; start starts the program.
func newRig(t *testing.T) *rig {
	t.Helper()
	return newRigOn(t, simdo.Options{Speed: speed, StatusLag: 200 * time.Millisecond})
}

// slower is how many times as long as Slack's 3 s an acknowledgement may take, for
// Slack and the program alike: a busy machine takes longer.
const slower = 5

// newRigOn sets up a world with another DigitalOcean.
func newRigOn(t *testing.T, digitalOcean simdo.Options) *rig {
	t.Helper()
	r := newRigBetween(t, simslack.Options{Slower: slower}, digitalOcean)
	r.env["DROPLETOPS_TEST_SLOWER"] = strconv.Itoa(slower)
	return r
}

// newFastRig sets up a world where time passes ten times as fast, for DigitalOcean and the
// program, so that no test sits out what either of them waits for.
func newFastRig(t *testing.T, digitalOcean simdo.Options) *rig {
	t.Helper()
	const fast = 10
	since := time.Now()
	digitalOcean.Now, digitalOcean.Speed = fastClock(since, fast), speed/fast
	r := newRigOn(t, digitalOcean)
	r.env["DROPLETOPS_TEST_FAST"] = strconv.Itoa(fast)
	r.env["DROPLETOPS_TEST_SINCE"] = since.Format(time.RFC3339Nano)
	return r
}

// newRigBetween sets up a world with another Slack, too.
func newRigBetween(t *testing.T, slack simslack.Options, digitalOcean simdo.Options) *rig {
	t.Helper()
	t.Parallel()
	slack.Rates, slack.Scopes = simslack.Rates{Scale: 20}, loadManifest(t).botScopes()
	r := &rig{t: t, slack: simslack.New(slack), do: simdo.New(digitalOcean)}
	if err := r.do.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.do.Close)
	if err := r.slack.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.slack.Close(); err != nil {
			t.Error(err)
		}
	})
	r.env = map[string]string{
		"DROPLETOPS_TEST_MAIN": "1", "GORACE": "atexit_sleep_ms=0", // otherwise each life ends 1 s late
		"SLACK_APP_TOKEN": r.slack.AppToken(), "SLACK_BOT_TOKEN": r.slack.BotToken(), "SLACK_API_URL": r.slack.APIURL(),
		"DIGITALOCEAN_TOKEN": "dop_v1_test", "DIGITALOCEAN_API_URL": r.do.URL(),
		"DATABASE_URL": "sqlite:" + filepath.Join(t.TempDir(), "test.db"),
		"HTTP_ADDR":    "127.0.0.1:0", "LOG_FORMAT": "text", "LOG_LEVEL": "debug",
	}
	t.Cleanup(func() {
		if r.proc != nil {
			r.kill()
		}
		r.noTokens()
		r.inScope()
		if t.Failed() && r.proc != nil {
			t.Logf("the program's log:\n%s", r.proc.out.String())
		}
	})
	return r
}

func freeAddr(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// openDatabase opens the program's SQLite file beside it; the caller closes it.
func (r *rig) openDatabase() *sql.DB {
	r.t.Helper()
	db, err := sql.Open("sqlite", strings.TrimPrefix(r.env["DATABASE_URL"], "sqlite:")+"?_pragma=busy_timeout(60000)")
	if err != nil {
		r.t.Fatal(err)
	}
	return db
}

// start starts the program and waits until it is ready for commands.
func (r *rig) start() *rig {
	r.t.Helper()
	began := time.Now()
	r.launch("serve")
	r.wait("two sockets", func(s *simslack.Snapshot) bool { return s.ReadySockets() >= 2 })
	r.startTook = time.Since(began)
	if r.env["HTTP_ADDR"] == "" {
		return r // there is nothing to ask
	}
	return r.becomesReady()
}

// becomesReady waits until /readyz says so.
func (r *rig) becomesReady() *rig {
	r.t.Helper()
	r.answers("/readyz", func(code int, _ string) bool { return code == http.StatusOK })
	return r
}

// answers waits until the program's own HTTP server answers as it should.
func (r *rig) answers(path string, ok func(code int, body string) bool) {
	r.t.Helper()
	deadline := time.Now().Add(patience)
	for ; time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) { // nothing tells when an answer will change
		if ok(r.get(path)) {
			return
		}
	}
	code, body := r.get(path)
	r.t.Fatalf("%s goes on answering %d %s\n%s", path, code, body, r.proc.out.String())
}

// launch runs the program with any arguments.
func (r *rig) launch(args ...string) *process {
	r.t.Helper()
	p := &process{cmd: exec.Command(os.Args[0], args...), out: &lockedBuffer{}, done: make(chan struct{})}
	for k, v := range r.env {
		p.cmd.Env = append(p.cmd.Env, k+"="+v)
	}
	if r.proc != nil {
		io.WriteString(p.out, r.proc.out.String()+"---- started again ----\n")
	}
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	if err := p.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		var exit *exec.ExitError
		if err := p.cmd.Wait(); errors.As(err, &exit) {
			p.code = exit.ExitCode()
		}
	}()
	r.proc = p
	return p
}

// kill is kill -9.
func (r *rig) kill() {
	r.t.Helper()
	_ = r.proc.cmd.Process.Kill() // it may have ended by itself
	<-r.proc.done
}

// stop is SIGTERM; it answers the exit code.
func (r *rig) stop() int {
	r.t.Helper()
	if err := r.proc.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		r.t.Fatal(err)
	}
	return r.exit()
}

// exit waits for the program to end, and answers its exit code.
func (r *rig) exit() int {
	r.t.Helper()
	select {
	case <-r.proc.done:
	case <-time.After(patience):
		r.t.Fatalf("the program does not end:\n%s", r.proc.out.String())
	}
	return r.proc.code
}

// httpAddr finds where the program's own HTTP server is in its log: a port that
// the test chose itself could be taken by the time it starts.
var httpAddr = regexp.MustCompile(`http_addr=(\S+)`)

// get asks the program's own HTTP server, of its newest life.
func (r *rig) get(path string) (int, string) {
	r.t.Helper()
	all := httpAddr.FindAllStringSubmatch(r.proc.out.String(), -1)
	if len(all) == 0 {
		return 0, "it does not say where its HTTP server is"
	}
	req, err := http.NewRequestWithContext(r.t.Context(), "GET", "http://"+all[len(all)-1][1]+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(b)
}

// wait waits until Slack looks like it should.
func (r *rig) wait(what string, ok func(*simslack.Snapshot) bool) *simslack.Snapshot {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	s, err := r.slack.WaitFor(ctx, ok)
	if err != nil {
		r.t.Fatalf("waiting for %s: %v\n%s\nthe program's log:\n%s", what, err, transcript(r.slack.Snapshot()), r.proc.out.String())
	}
	return s
}

// transcript is what stands in Slack, for a test that failed.
func transcript(s *simslack.Snapshot) string {
	var b strings.Builder
	for _, m := range posted(s) {
		_, meta := m.MetadataOf()
		b.WriteString(strings.Join([]string{m.Channel, m.ThreadTS, m.TS, m.Text, str(meta["state"])}, " | ") + "\n")
	}
	for _, m := range s.Ephemerals {
		b.WriteString("only to one: " + m.Text + "\n")
	}
	return b.String()
}

func str(v any) string {
	s, _ := v.(string)
	return s
}

// slash types a command, and waits for its acknowledgement.
func (r *rig) slash(user, channel, line string) {
	r.t.Helper()
	d, err := r.slack.SlashCommand(user, channel, line)
	if err != nil {
		r.t.Fatal(err)
	}
	r.acked(d)
}

func (r *rig) acked(d *simslack.Delivery) simslack.Result {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	res, err := d.Wait(ctx)
	if err != nil || res.Error != "" {
		r.t.Fatalf("not acknowledged: %v %s", err, res.Error)
	}
	return res
}

// cards are all requests' cards, oldest first.
func cards(s *simslack.Snapshot) []*simslack.Message {
	var out []*simslack.Message
	for _, m := range posted(s) {
		if kind, _ := m.MetadataOf(); kind == "dropletops_request" {
			out = append(out, m)
		}
	}
	return out
}

// stateOf is a card's state by its metadata.
func stateOf(m *simslack.Message) string {
	_, meta := m.MetadataOf()
	return str(meta["state"])
}

func idOf(m *simslack.Message) string {
	_, meta := m.MetadataOf()
	return str(meta["request_id"])
}

// card waits for the newest card to be in a state.
func (r *rig) card(state string) *simslack.Message { r.t.Helper(); return r.nthCard(-1, state) }

// nthCard waits for a card, counted from 0, to be in a state; -1 is the newest.
func (r *rig) nthCard(n int, state string) *simslack.Message {
	r.t.Helper()
	pick := func(s *simslack.Snapshot) *simslack.Message {
		all := cards(s)
		switch {
		case n < 0 && len(all) > 0:
			return all[len(all)-1]
		case n >= 0 && n < len(all):
			return all[n]
		}
		return nil
	}
	s := r.wait("a card that is "+state, func(s *simslack.Snapshot) bool { m := pick(s); return m != nil && stateOf(m) == state })
	return pick(s)
}

// click clicks a button of a card.
func (r *rig) click(user string, m *simslack.Message, action string) {
	r.t.Helper()
	d, err := r.slack.Click(simslack.Click{User: user, Channel: m.Channel, TS: m.TS, ActionID: action})
	if err != nil {
		r.t.Fatal(err)
	}
	r.acked(d)
}

// told waits until a person was told something, for their eyes only.
func (r *rig) told(user, part string) *simslack.Message {
	r.t.Helper()
	var found *simslack.Message
	r.wait(user+" to be told "+part, func(s *simslack.Snapshot) bool {
		for _, m := range s.EphemeralsFor(user) {
			if strings.Contains(m.Text, part) || strings.Contains(m.Words(), part) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

// noViolations checks that the program kept to Slack's protocol.
func (r *rig) noViolations() {
	r.t.Helper()
	for _, v := range r.slack.Snapshot().Violations {
		r.t.Errorf("violation of Slack's protocol: %s", v)
	}
}

// posts are the action POSTs that DigitalOcean accepted.
func (r *rig) posts() []simdo.Post { return r.do.Posts() }

func hasButtons(m *simslack.Message, want ...string) bool {
	got := slices.Clone(m.Actions())
	slices.Sort(got)
	slices.Sort(want)
	return slices.Equal(got, want)
}

// posted is every message that stands, in the order of their posting.
func posted(s *simslack.Snapshot) []*simslack.Message {
	var all []*simslack.Message
	for _, ms := range s.Messages {
		all = append(all, ms...)
	}
	slices.SortFunc(all, func(a, b *simslack.Message) int { return strings.Compare(a.TS, b.TS) })
	return all
}
