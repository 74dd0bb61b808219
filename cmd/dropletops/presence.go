package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"dropletops/api"
	"dropletops/internal/store"
)

// presence is how replicas know of each other, so that each takes its part of the
// requests that DigitalOcean takes in a minute: that limit is one for the token.
type presence struct {
	store    *store.Store
	do       *api.Client
	log      *slog.Logger
	replicas prometheus.Gauge
	known    int // replicas there were when it was looked up last; 0 if it never was
}

const (
	// presenceLasts is how long a dead replica's part is nobody's; one that ends
	// gives it up.
	presenceLasts = 15 * time.Second
	// presenceEvery is how soon the others know of one that joins them.
	presenceEvery = 5 * time.Second
)

func newPresence(st *store.Store, do *api.Client, log *slog.Logger, reg prometheus.Registerer) (*presence, error) {
	p := &presence{store: st, do: do, log: log, replicas: prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "dropletops_replicas", Help: "Processes that work on the same database, this one included.",
	})}
	p.replicas.Set(1)
	return p, reg.Register(p.replicas)
}

// take says that this process is there, and takes its part. While the database does
// not answer, or a connection to it was lost without a word, it stays what it was.
func (p *presence) take(ctx context.Context) {
	if p.store.Exclusive() {
		return
	}
	within, cancel := context.WithTimeout(ctx, presenceEvery)
	defer cancel()
	n, err := p.store.Present(within, presenceLasts)
	if err != nil {
		if ctx.Err() == nil {
			p.log.WarnContext(ctx, "how many replicas there are could not be looked up", "error", err, "last", p.known)
		}
		return
	}
	if n != p.known {
		p.log.InfoContext(ctx, "the replicas that share DigitalOcean's requests", "replicas", n)
	}
	p.known = n
	p.replicas.Set(float64(n))
	p.do.Share(n)
}

// keep takes it again and again until ctx ends.
func (p *presence) keep(ctx context.Context) {
	for !p.store.Exclusive() {
		select {
		case <-ctx.Done():
			return
		case <-time.After(presenceEvery):
			p.take(ctx)
		}
	}
}

// end gives this process's part to the others.
func (p *presence) end(ctx context.Context) {
	if p.store.Exclusive() {
		return
	}
	if err := p.store.Absent(ctx); err != nil {
		p.log.WarnContext(ctx, "that this replica is gone could not be written down", "error", err)
	}
}
