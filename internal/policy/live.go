package policy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"dropletops/approvals"
)

// Live is the policy in force, which can be replaced while requests are judged: each
// sees one policy or the next, never a part of both.
type Live struct {
	file    string
	members Members
	builtIn approvals.BuiltIn
	log     *slog.Logger

	now       atomic.Pointer[Policy]
	reloading sync.Mutex
	reloads   *prometheus.CounterVec
	current   prometheus.Gauge
}

var _ approvals.Policy = (*Live)(nil)

// NewLive puts a policy in force that was read from its file.
func NewLive(p *Policy, m Members, b approvals.BuiltIn, log *slog.Logger, metrics prometheus.Registerer) (*Live, error) {
	l := &Live{file: p.file, members: m, builtIn: b, log: log,
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "dropletops", Name: "policy_reloads_total",
			Help: "Reloads of the policy file, by result: ok, wrong (the old one stays), unreadable (the same)."}, []string{"result"}),
		current: prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "dropletops", Name: "policy_reload_ok",
			Help: "1 if the last reload put the file in force, 0 if the old policy had to stay."}),
	}
	for _, result := range []string{"ok", "wrong", "unreadable"} {
		l.reloads.WithLabelValues(result)
	}
	l.current.Set(1)
	if metrics != nil {
		if err := errors.Join(metrics.Register(l.reloads), metrics.Register(l.current)); err != nil {
			return nil, fmt.Errorf("register the metrics of the policy: %w", err)
		}
	}
	l.now.Store(p.With(m, b))
	for _, w := range p.warnings {
		log.Warn("the policy file: " + w.String())
	}
	return l, nil
}

// Reload reads the file again and puts it in force, if all of it is right. If not,
// the old policy stays, and the log has a line for each problem.
func (l *Live) Reload() {
	l.reloading.Lock() // so that the last to read is the last to put in force
	defer l.reloading.Unlock()
	old := l.now.Load()
	p, err := Load(l.file)
	if err != nil {
		l.current.Set(0)
		var wrong Problems
		if !errors.As(err, &wrong) {
			l.reloads.WithLabelValues("unreadable").Inc()
			l.log.Error("the policy file can't be read; the old policy stays in force", "error", err, "policy", old.digest)
			return
		}
		l.reloads.WithLabelValues("wrong").Inc()
		wrong, _ = wrong.split()
		for _, w := range wrong {
			l.log.Error("the policy file is wrong: " + w.String())
		}
		l.log.Error("the old policy stays in force", "problems", len(wrong), "policy", old.digest)
		return
	}
	for _, w := range p.warnings {
		l.log.Warn("the policy file: " + w.String())
	}
	l.now.Store(p.With(l.members, l.builtIn))
	l.current.Set(1)
	l.reloads.WithLabelValues("ok").Inc()
	l.log.Info("the policy was reloaded", "policy", p.digest, "before", old.digest, "rules", len(p.rules))
}

// InForce is what is kept of the policy in force: its text, and for the audit log what
// judged, from when on. The digest that verdicts name is a part of sha256, so that the
// log vouches for the text, too.
func (l *Live) InForce(at time.Time) (approvals.PolicyText, approvals.Line) {
	p := l.now.Load()
	sum := sha256.Sum256(p.text)
	return approvals.PolicyText{Digest: p.digest, Since: at, File: l.file, Text: p.text},
		approvals.Line{At: at, What: "policy in force", Who: approvals.Self,
			Detail: map[string]string{"policy": p.digest, "sha256": hex.EncodeToString(sum[:]), "file": l.file, "rules": strconv.Itoa(len(p.rules))}}
}

// Judge judges by the policy in force.
func (l *Live) Judge(ctx context.Context, c approvals.Case) (approvals.Verdict, error) {
	return l.now.Load().Judge(ctx, c)
}

// In answers by the policy in force.
func (l *Live) In(ctx context.Context, who approvals.Who, groups []string, fresh bool) ([]string, approvals.Seen, error) {
	return l.now.Load().In(ctx, who, groups, fresh)
}

// Digest is that of the policy in force.
func (l *Live) Digest() string { return l.now.Load().digest }

// Group answers by the policy in force.
func (l *Live) Group(name string) (approvals.Group, bool) { return l.now.Load().Group(name) }
