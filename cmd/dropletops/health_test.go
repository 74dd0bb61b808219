package main

import (
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	simslack "dropletops/internal/sim/slack"
)

func TestReadyOnceEverythingIs(t *testing.T) {
	r := newRig(t)
	auth := r.slack.AddFault(simslack.Fault{Method: "auth.test", Times: -1, Hang: true})
	r.launch("serve")
	r.wait("two sockets", func(s *simslack.Snapshot) bool { return s.ReadySockets() >= 2 })
	r.slackHit(auth, 1)
	if code, body := r.get("/healthz"); code != http.StatusOK {
		t.Errorf("/healthz answers %d %s", code, body)
	}
	if code, body := r.get("/readyz"); code != http.StatusServiceUnavailable {
		t.Errorf("/readyz answers %d %s before Slack accepted the bot token", code, body)
	}
	auth.Remove()
	r.becomesReady()
	r.slack.RefuseConnections(true)
	r.slack.DropSockets()
	r.wait("the sockets to be gone", func(s *simslack.Snapshot) bool { return s.ReadySockets() == 0 })
	r.answers("/readyz", func(code int, body string) bool {
		return code == http.StatusServiceUnavailable && strings.Contains(body, "no socket to Slack")
	})
	if code, _ := r.get("/healthz"); code != http.StatusOK {
		t.Errorf("/healthz answers %d without a socket", code)
	}
}

func TestMetrics(t *testing.T) {
	r := newRig(t).start()
	r.slash("alice", "#ops", "/droplet reboot web-1")
	r.card("completed")
	var body string
	lines := []string{
		`dropletops_slack_envelopes_total{type="slash_commands"} 1`,
		`dropletops_slack_handled_total{result="ok",type="slash_commands"} 1`,
		`dropletops_slack_calls_total{method="auth.test",result="ok"} 1`,
		"dropletops_slack_sockets 2",
		"dropletops_slack_ack_seconds_count 1",
		"go_goroutines ", "process_start_time_seconds ",
	}
	r.answers("/metrics", func(c int, b string) bool { // what is behind the card is counted after it
		body = b
		return c == http.StatusOK && !slices.ContainsFunc(lines, func(line string) bool { return !strings.Contains(b, line) })
	})
	for _, s := range r.secrets() {
		if s != "" && strings.Contains(body, s) {
			t.Error("/metrics holds a token")
		}
	}
}

func TestHTTPAddrEmptyTurnsItOff(t *testing.T) {
	r := newRig(t)
	r.env["HTTP_ADDR"] = ""
	// Whether it is this test or another program that holds the default address:
	// a server that is not off would fail to start.
	if ln, err := net.Listen("tcp", defaultHTTPAddr); err == nil {
		defer ln.Close()
	}
	r.launch("serve")
	r.wait("two sockets", func(s *simslack.Snapshot) bool { return s.ReadySockets() >= 2 })
	r.slash("alice", "#ops", "/droplet reboot web-1")
	r.card("completed")
	r.stopped()
}
