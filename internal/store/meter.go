package store

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"dropletops/approvals"
	"dropletops/internal/task"
)

// counts are the metrics of what people decided and were refused. They are counted
// where the audit log is written, once it is: what they show can be looked up there.
// Each replica counts its own. No label holds anything that a person chose.
type counts struct {
	decisions *prometheus.CounterVec // by decision
	refusals  *prometheus.CounterVec // by what someone did, and which button or verb it was
	verbs     []string
}

// decided are the lines of the audit log that are a person's decision.
var decided = map[string]approvals.DecisionKind{
	"approved": approvals.ToApprove, "denied": approvals.ToDeny, "confirmed": approvals.ToConfirm, "canceled": approvals.ToCancel,
	"retracted": approvals.ToRetract, "broke glass": approvals.ToBreakGlass, "reviewed": approvals.ToReview,
	"snapshot first": approvals.ToSnapshotFirst,
}

// clicks are what can be clicked, as the audit log names it: the decisions, why one
// denied, and what makes a request.
var clicks = []string{"approve", "deny", "confirm", "cancel", "retract", "break_glass", "review", "snapshot_first", "explain", "retry", "shortcut"}

// Meter registers the metrics. verbs are all that there are: whatever else someone
// typed is counted as "other". It is called once, before the store is used.
func (s *Store) Meter(reg prometheus.Registerer, verbs []string) error {
	c := &counts{
		decisions: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "dropletops", Name: "decisions_total",
			Help: "What people decided about requests, by decision; break_glass is going ahead alone, review is closing what that opened."}, []string{"decision"}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "dropletops", Name: "refusals_total",
			Help: "What people were refused, by what they did (click, verb) and which button or verb it was."}, []string{"by", "what"}),
		verbs: verbs,
	}
	for _, kind := range decided {
		c.decisions.WithLabelValues(string(kind)) // so that the first one shows as a rise
	}
	for _, click := range clicks {
		c.refusals.WithLabelValues("click", click)
	}
	s.counts = c
	return errors.Join(reg.Register(c.decisions), reg.Register(c.refusals), reg.Register(openReviews{s}))
}

func (c *counts) lines(all []approvals.Line) {
	if c == nil {
		return
	}
	for _, l := range all {
		kind, is := decided[l.What]
		switch {
		case l.What == "refused":
			times, err := strconv.Atoi(l.Detail[approvals.DetailRepeated])
			if err != nil {
				times = 1
			}
			c.refusals.WithLabelValues(c.refused(l)).Add(float64(times))
		case is && l.Who != approvals.Self:
			c.decisions.WithLabelValues(string(kind)).Inc()
		}
	}
}

// refused says what someone did that was refused: the button that they clicked, or
// the verb of what they typed, behind what it was addressed to.
func (c *counts) refused(l approvals.Line) (by, what string) {
	typed := append(strings.Fields(l.Detail["words"]), "", "")
	for _, click := range []string{l.Detail["click"], typed[0]} {
		if slices.Contains(clicks, click) {
			return "click", click
		}
	}
	for _, verb := range []string{l.Detail["action"], typed[1]} {
		if verb = strings.ToLower(strings.ReplaceAll(verb, "_", "-")); slices.Contains(c.verbs, verb) {
			return "verb", verb
		}
	}
	return "verb", "other"
}

var reviewsOpen = prometheus.NewDesc("dropletops_reviews_open",
	"Requests that someone went ahead with alone and nobody has looked at yet.", nil, nil)

// openReviews asks the database at each scrape, so every replica tells the same.
type openReviews struct{ s *Store }

func (o openReviews) Describe(to chan<- *prometheus.Desc) { to <- reviewsOpen }

// Collect leaves the metric out where the database does not say in time: the others
// are needed most then.
func (o openReviews) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	// Nobody recovers where metrics are collected.
	if n, err := task.Value(func() (int, error) { return o.s.OpenReviews(ctx) })(); err == nil {
		to <- prometheus.MustNewConstMetric(reviewsOpen, prometheus.GaugeValue, float64(n))
	}
}
