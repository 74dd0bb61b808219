package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"

	"dropletops/bot"
	"dropletops/internal/store"
	"dropletops/internal/task"
)

// health answers /healthz, /readyz and /metrics.
type health struct {
	bot           *bot.Bot
	store         *store.Store
	registry      *prometheus.Registry
	tokenAccepted atomic.Bool // DigitalOcean's
}

// listen serves on addr until ctx ends. It fails at once if the address is taken.
func (h *health) listen(g *errgroup.Group, ctx context.Context, addr string, log *slog.Logger) error {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", addr, err)
	}
	log.Info("answers /healthz, /readyz and /metrics", "http_addr", ln.Addr().String())
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", h.ready)
	mux.Handle("GET /metrics", promhttp.HandlerFor(h.registry, promhttp.HandlerOpts{}))
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute}
	g.Go(task.Err(func() error {
		if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("HTTP_ADDR: serve on %s: %w", addr, err)
		}
		return nil
	}))
	g.Go(task.Err(func() error {
		<-ctx.Done()
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		return srv.Shutdown(stopping)
	}))
	return nil
}

// ready says whether commands get through, and if not, what is missing.
func (h *health) ready(w http.ResponseWriter, r *http.Request) {
	var missing []string
	if !h.bot.Ready() {
		missing = append(missing, "no socket to Slack has had its hello yet")
	}
	if !h.tokenAccepted.Load() {
		missing = append(missing, "DigitalOcean has not accepted its token yet")
	}
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := h.store.CheckFile(); err != nil {
		missing = append(missing, "the database file is lost: "+err.Error())
	} else if err := h.store.Ping(ctx); err != nil {
		missing = append(missing, "the database does not answer")
	}
	if len(missing) > 0 {
		http.Error(w, strings.Join(missing, "\n"), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
}
