package bot

import (
	"errors"
	"testing"
	"time"

	"dropletops/approvals"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/slack-go/slack"
)

// sum adds up what a metric counted, over all its labels.
func sum(t *testing.T, g prometheus.Gatherer, name string) float64 {
	t.Helper()
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		out := 0.0
		for _, m := range f.GetMetric() {
			out += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
		return out
	}
	return 0
}

func TestMetrics(t *testing.T) {
	play(t, nil, func(s *stage) {
		r := s.client.access.Metrics.(*prometheus.Registry)
		s.ready()
		l := s.peer.live()[0]
		l.send(command("e1"))
		l.send(command("e1"))
		s.soon(time.Second, "both are acknowledged", func() bool { return len(s.peer.acked("e1")) == 2 })
		s.peer.on("chat.postMessage", func(call) answer { return slow("1") })
		s.memory.request("r-1", "C1", approvals.Pending)
		s.bot.Kick("r-1")
		time.Sleep(500 * time.Millisecond)
		for name, want := range map[string]float64{
			"dropletops_slack_envelopes_total":    2,
			"dropletops_slack_duplicates_total":   1,
			"dropletops_slack_ack_seconds":        2,
			"dropletops_slack_handled_total":      1,
			"dropletops_slack_connects_total":     2,
			"dropletops_slack_sockets":            2,
			"dropletops_slack_rate_limited_total": 1,
			"dropletops_slack_calls_total":        4, // two opens, auth.test, chat.postMessage
			"dropletops_slack_publish_queue":      1,
		} {
			if got := sum(t, r, name); got != want {
				t.Errorf("%s is %v, want %v", name, got, want)
			}
		}
	})
}

func TestMetricsCanBeRegisteredOnce(t *testing.T) {
	r := prometheus.NewRegistry()
	if _, err := NewClient(Access{Metrics: r}); err != nil {
		t.Fatal(err)
	}
	if _, err := NewClient(Access{Metrics: r}); err == nil {
		t.Error("registered twice without an error")
	}
}

func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		wait   time.Duration
		passes bool
	}{
		"429":                 {&slack.RateLimitedError{RetryAfter: 7 * time.Second}, 7 * time.Second, true},
		"429, at once":        {&slack.RateLimitedError{}, time.Second, true},
		"429, for ever":       {&slack.RateLimitedError{RetryAfter: 1000 * time.Hour}, time.Hour, true},
		"429, no Retry-After": {slack.StatusCodeError{Code: 429}, 30 * time.Second, true},
		"ratelimited":         {slack.SlackErrorResponse{Err: "ratelimited"}, 30 * time.Second, true},
		"503":                 {slack.StatusCodeError{Code: 503}, 0, true},
		"cut":                 {errors.New("EOF"), 0, true},
		"unwell":              {slack.SlackErrorResponse{Err: "internal_error"}, 0, true},
		"refused":             {slack.SlackErrorResponse{Err: "not_in_channel"}, 0, false},
	} {
		if got := limited(c.err); got != c.wait {
			t.Errorf("%s: limited for %s, want %s", name, got, c.wait)
		}
		if got := passes(c.err); got != c.passes {
			t.Errorf("%s: passes: %t", name, got)
		}
	}
}

func TestNewWantsAll(t *testing.T) {
	if _, err := New(Config{}); err == nil {
		t.Error("a bot was made of nothing")
	}
}
