package bot

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/slack-go/slack"
)

// metrics count what happens between Slack and the bot. No label holds anything
// that a person or a payload chose.
type metrics struct {
	envelopes  *prometheus.CounterVec // by type
	duplicates *prometheus.CounterVec // by type
	refused    *prometheus.CounterVec // by reason
	acked      prometheus.Histogram   // seconds from receipt to acknowledgement
	handled    *prometheus.CounterVec // by type and result
	calls      *prometheus.CounterVec // by method and result
	limited    *prometheus.CounterVec // by method
	connects   prometheus.Counter
	sockets    prometheus.Gauge
	publishing prometheus.Gauge
	handling   prometheus.Gauge
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "dropletops", Subsystem: "slack", Name: name, Help: help}, labels)
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "dropletops", Subsystem: "slack", Name: name, Help: help})
	}
	m := &metrics{
		envelopes:  counter("envelopes_total", "Envelopes received, by type.", "type"),
		duplicates: counter("duplicates_total", "Envelopes that had been taken in before, by type.", "type"),
		refused:    counter("envelopes_refused_total", "Envelopes that could not be taken in, by reason.", "reason"),
		acked: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "dropletops", Subsystem: "slack", Name: "ack_seconds",
			Help:    "Time from an envelope's receipt to its acknowledgement. Slack allows 3 s.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2, 3},
		}),
		handled:    counter("handled_total", "Envelopes handled, by type and result.", "type", "result"),
		calls:      counter("calls_total", "Calls of Slack's API, by method and result.", "method", "result"),
		limited:    counter("rate_limited_total", "Calls that Slack answered with 429, by method.", "method"),
		connects:   counter("connects_total", "Sockets that had their hello.").WithLabelValues(),
		sockets:    gauge("sockets", "Sockets that live."),
		publishing: gauge("publish_queue", "Requests whose card or thread lags behind."),
		handling:   gauge("handle_queue", "Envelopes taken in and not handled yet."),
	}
	if r == nil {
		return m, nil
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.envelopes, m.duplicates, m.refused, m.acked, m.handled, m.calls,
		m.limited, m.connects, m.sockets, m.publishing, m.handling} {
		errs = append(errs, r.Register(c))
	}
	return m, errors.Join(errs...)
}

// called counts one call of Slack's API.
func (m *metrics) called(method string, err error) {
	result := "ok"
	var no slack.SlackErrorResponse
	switch {
	case err == nil:
	case limited(err) > 0:
		result = "rate_limited"
		m.limited.WithLabelValues(method).Inc()
	case errors.As(err, &no):
		result = "refused"
	default:
		result = "unreachable"
	}
	m.calls.WithLabelValues(method, result).Inc()
}
