package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/bot"
	"dropletops/handlers"
	"dropletops/internal/factor"
	"dropletops/internal/lookup"
	"dropletops/internal/runner"
	"dropletops/internal/store"
	"dropletops/internal/task"
)

func (p program) serveCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Run the bot against Slack and DigitalOcean",
		Long: `Run the bot against Slack and DigitalOcean. It is set up by its environment:

  SLACK_APP_TOKEN        required  xapp-…, scope connections:write
  SLACK_BOT_TOKEN        required  xoxb-…
  DIGITALOCEAN_TOKEN     required  also read from DIGITALOCEAN_ACCESS_TOKEN
  SLACK_API_URL          https://slack.com/api/
  DIGITALOCEAN_API_URL   https://api.digitalocean.com/
  ALLOW_INSECURE_HTTP    true: the two addresses above may be http:// to another machine
  DATABASE_URL           sqlite:dropletops.db, or postgres://…
  POLICY_FILE            none: the built-in policy; read again on SIGHUP
  SECOND_FACTOR_KEY      needed once somebody has a second factor: 32 bytes, base64 or hex
  SECOND_FACTOR_KEY_OLD  the one before it, while it is changed
  HTTP_ADDR              127.0.0.1:8089: /healthz, /readyz, /metrics; empty turns it off
  LOG_LEVEL, LOG_FORMAT  info; json, or text on a terminal

Each token and key may come from a file instead: SLACK_APP_TOKEN_FILE and so on.
Exit codes: 0 done, 1 failed while running, 2 wrong usage or configuration.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := p.configure(c.ErrOrStderr())
			if err != nil {
				return err
			}
			return p.serve(c.Context(), cfg, cfg.logger(c.ErrOrStderr()))
		},
	}
}

// configure loads the configuration, and prints what is wrong with it, a line
// each.
func (p program) configure(stderr io.Writer) (*config, error) {
	cfg, err := loadConfig(p.environ)
	var wrong problems
	if errors.As(err, &wrong) {
		return nil, wrong.report(stderr)
	}
	return cfg, err
}

// drain is how long work in hand may take after SIGTERM. The process must have
// ended within 10 s (CONTRACT §2).
const drain = 7 * time.Second

// lastWord is how long the database, which may not answer at all, is waited for once
// the time to drain is over. What it was not told is what a process that was killed
// leaves: the next one, or another replica, carries it on.
const lastWord = time.Second

// ending is a context that ends a while after another.
func ending(ctx context.Context, after time.Duration) context.Context {
	last, cancel := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, task.Log(func(error) { cancel() }, func() { time.AfterFunc(after, cancel) }))
	return last
}

// unless answers what f does, or else an error once ctx has ended: f then goes on
// until the process has ended.
func unless(ctx context.Context, f func() error) error {
	did := make(chan error, 1)
	go task.Log(func(err error) { did <- err }, func() { did <- f() })()
	select {
	case err := <-did:
		return err
	case <-ctx.Done():
		return errLate
	}
}

var errLate = errors.New("it did not end in time")

// serve wires the rooms together, and runs them until ctx ends or one fails.
func (p program) serve(ctx context.Context, cfg *config, log *slog.Logger) error {
	// One ID per process: what it set out to do is never taken for another's.
	instance := uuid.NewString()
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))

	if path, mode := store.ReadableFile(cfg.DatabaseURL); path != "" {
		err := store.RestrictFiles(cfg.DatabaseURL)
		log.Warn("database file was accessible to other users; setting its mode to 0600", "file", path, "mode", fmt.Sprintf("%04o", mode), "error", err)
	}
	st, err := store.Open(ctx, cfg.DatabaseURL, instance, p.knobs.now)
	if err != nil {
		return unlessStopped(ctx, log, failure{fmt.Errorf("DATABASE_URL: %w", err)})
	}
	last := ending(ctx, p.knobs.drains()+lastWord)
	defer func() {
		if err := unless(last, st.Close); err != nil {
			log.Error("the database was not closed cleanly", "error", err)
		}
	}()
	if err := st.Own(ctx); err != nil {
		return unlessStopped(ctx, log, failure{fmt.Errorf("DATABASE_URL: %w", err)})
	}
	if err := st.Meter(reg, handlers.Verbs()); err != nil {
		return failure{fmt.Errorf("register the metrics of decisions: %w", err)}
	}
	factors := &factor.Keeper{Store: st, Keys: cfg.keys}
	if _, err := factors.Ready(ctx, cfg.policy != nil && cfg.policy.Factor()); err != nil {
		return unlessStopped(ctx, log, ofFactors(err))
	}
	if p.knobs.cross != nil {
		st.OnCrossing(p.knobs.cross)
	}
	do, err := api.New(api.Config{Token: cfg.Token, BaseURL: cfg.DigitalOceanAPIURL, Now: p.knobs.now, Log: log, UserAgent: "dropletops/" + version,
		Wrap: p.knobs.crossings("DigitalOcean"), PerMinute: p.knobs.perMinute})
	if err != nil {
		return failure{fmt.Errorf("DIGITALOCEAN_API_URL: %w", err)}
	}
	slack, err := bot.NewClient(bot.Access{AppToken: cfg.SlackAppToken, BotToken: cfg.SlackBotToken, APIURL: cfg.SlackAPIURL,
		Log: log, Now: p.knobs.now, Metrics: reg, Wrap: p.knobs.crossings("Slack")})
	if err != nil {
		return failure{fmt.Errorf("SLACK_API_URL: %w", err)}
	}
	rules, reload, err := p.judges(cfg, slack, log, reg, st.InForce)
	if err != nil {
		return failure{err}
	}
	requests := &approvals.Service{Store: st, Directory: bot.NewDirectory(slack), Policy: rules, Now: p.knobs.now}
	if cfg.keys.Current != nil {
		requests.Factors = factors
	}
	absences := &api.Absences{}
	handler := &handlers.Handler{Requests: requests, Decisions: requests, Droplets: do,
		Lookup: lookup.Reader{Droplets: do, Names: do, Recent: st, Absences: absences, Now: p.knobs.now, Short: do.Short}, Images: do, Actions: do, Account: do, Details: do, Offers: do, Life: do, Protection: do, Records: do, Doers: st, Envelopes: st,
		Now: p.knobs.now, Log: log, BotUserID: slack.BotUserID, Name: "dropletops", Slower: p.knobs.slower}
	t := &turn{store: st, now: p.knobs.now, log: log}
	b, err := bot.New(bot.Config{
		Turn:   t.mine,
		Client: slack, Inbox: st, Outbox: st, Abandoner: requests, Process: instance, Drain: p.knobs.drains(), Slower: p.knobs.slower, Handler: handler,
	})
	if err != nil {
		return failure{err}
	}
	handler.Views = slack
	handler.Channel = b // the two need each other; nothing is handled before Run
	engine, err := runner.NewEngine(runner.EngineConfig{
		Insert: st.InsertDriver(), Work: st.WorkerDriver(), Instance: instance, Log: log, Kick: b.Kick,
		Runner: &runner.Runner{Requests: st, Intents: st, Droplets: do, Actions: do, Leftover: do, Makers: do, Deciders: requests, Instance: instance, Started: p.knobs.now(),
			Absences: absences, Now: p.knobs.now, Log: log},
		Reconcile: func(ctx context.Context) error {
			return errors.Join(b.Recover(ctx), strays(ctx, st, log), st.Prune(ctx))
		},
	})
	if err != nil {
		return failure{err}
	}
	st.SetWaker(engine)

	there, err := newPresence(st, do, log, reg)
	if err != nil {
		return failure{fmt.Errorf("register the metric of replicas: %w", err)}
	}
	h := &health{bot: b, store: st, registry: reg}
	g, gctx := errgroup.WithContext(ctx)
	last = ending(gctx, p.knobs.drains()+lastWord)
	if cfg.HTTPAddr != "" {
		if err := h.listen(g, gctx, cfg.HTTPAddr, log); err != nil {
			return failure{fmt.Errorf("HTTP_ADDR: %w", err)}
		}
	}
	crashed := func(err error) { log.Error("a panic in the background", "panic", err) }
	there.take(gctx) // before anything is sent
	g.Go(task.Err(func() error { task.Again(gctx, crashed, func() { there.keep(gctx) })(); return nil }))
	defer there.end(last)
	g.Go(task.Err(func() error { return watchFile(gctx, st, log) }))
	g.Go(task.Err(func() error { return accept(gctx, do, h, log) }))
	g.Go(task.Err(func() error { return reload(gctx) }))
	g.Go(task.Err(func() error {
		defer t.give(last)
		return b.Run(gctx)
	}))
	g.Go(task.Err(func() error { return work(gctx, engine, st, t, b, p.knobs.drains(), log) }))
	g.Go(task.Err(func() error { task.Again(gctx, crashed, func() { flushRefusals(gctx, requests, log) })(); return nil }))
	g.Go(task.Err(func() error { task.Again(gctx, crashed, func() { witness(gctx, st.Head, log) })(); return nil }))
	defer logHead(last, st.Head, log) // of what was done until the end
	defer recordRefusals(last, requests, true, log)
	log.Info("started", "version", version, "commit", commit(), "instance", instance)
	err = unless(last, g.Wait)
	switch {
	case errors.Is(err, errLate) && ctx.Err() != nil:
		log.Warn("what was in hand has not ended; it is carried on by the next process", "error", err)
	case errors.Is(err, errLate):
		return failure{context.Cause(gctx)}
	case err != nil:
		return failure{err}
	}
	log.Info("stopped")
	return nil
}

// fileCheckInterval is how long a database file that was removed or replaced can go
// unnoticed while nothing is written. Each transaction checks it as well.
const fileCheckInterval = time.Second

// rescueTimeout bounds the copy of a lost database; 100 MB take about a second.
const rescueTimeout = 5 * time.Second

// watchFile returns an error as soon as the database file at its path is not the one
// that this process has open, and nil once ctx ends. The process then ends: no other
// file may take over what it remembers, and what it would write is lost.
func watchFile(ctx context.Context, st *store.Store, log *slog.Logger) error {
	for {
		if err := st.CheckFile(); err != nil {
			log.ErrorContext(ctx, "database file lost; stopping", "error", err)
			saved := ""
			within, cancel := context.WithTimeout(ctx, rescueTimeout)
			defer cancel()
			if path, failed := st.Rescue(within); failed != nil {
				log.ErrorContext(ctx, "copy of the lost database failed", "error", failed)
			} else {
				saved = "; what it held is in " + path
			}
			return fmt.Errorf("DATABASE_URL: the database is lost: %w%s; put it or a backup in its place and start again", err, saved)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(fileCheckInterval):
		}
	}
}

// unlessStopped is an error of the start, or nothing where the process was told to
// stop meanwhile: then it is what cut the start short.
func unlessStopped(ctx context.Context, log *slog.Logger, err error) error {
	if ctx.Err() == nil {
		return err
	}
	log.Info("stopped before it had begun", "error", err)
	return nil
}

// work carries on what an earlier process left, then works on wake-ups until ctx
// ends.
func work(ctx context.Context, engine *runner.Engine, st *store.Store, t *turn, b *bot.Bot, drain time.Duration, log *slog.Logger) error {
	if !begin(ctx, engine, log) {
		return nil
	}
	reawakened := make(chan struct{})
	crashed := func(err error) { log.ErrorContext(ctx, "a panic in the background", "panic", err) }
	go task.Log(crashed, func() {
		defer close(reawakened)
		task.Again(ctx, crashed, func() { reawaken(ctx, st, log) })()
	})()
	task.Again(ctx, crashed, func() { t.keep(ctx, b.Sweep) })()
	<-reawakened
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	if err := engine.Stop(stopping); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("stop to work: %w", err)
	}
	return nil
}

// begin starts the engine, as soon as the database takes anything: while its disk
// is full, people are at least told so.
func begin(ctx context.Context, engine *runner.Engine, log *slog.Logger) bool {
	for wait := time.Second; ; wait = min(2*wait, reawakenEvery) {
		err := engine.Start(ctx)
		if err == nil {
			return true
		}
		log.ErrorContext(ctx, "the database does not let work begin; trying again", "error", err, "again_in", wait)
		select {
		case <-ctx.Done():
			return false
		case <-time.After(wait):
		}
	}
}

// reawakenEvery is how soon work goes on once the database takes things again.
const reawakenEvery = 5 * time.Second

// reawaken wakes up what an earlier process left, and all that is under way
// whenever the database took nothing for a while, until ctx ends.
func reawaken(ctx context.Context, st *store.Store, log *slog.Logger) {
	for due := true; ; due = st.Unwell() {
		if due {
			if err := reawakenOnce(ctx, st); err != nil && ctx.Err() == nil {
				log.ErrorContext(ctx, "what is under way could not be woken up; trying again", "error", err, "again_in", reawakenEvery)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(reawakenEvery):
		}
	}
}

// refusalsEvery is how often it is looked whether repeated refusals are to be written down.
const refusalsEvery = 15 * time.Second

// flushRefusals has repeated refusals written down until ctx ends.
func flushRefusals(ctx context.Context, requests *approvals.Service, log *slog.Logger) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(refusalsEvery):
			recordRefusals(ctx, requests, false, log)
		}
	}
}

// recordRefusals writes down the repeated refusals that are due, or all.
func recordRefusals(ctx context.Context, requests *approvals.Service, all bool, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(ctx, refusalsEvery)
	defer cancel()
	if err := requests.FlushRefusals(ctx, all); err != nil && ctx.Err() == nil {
		log.WarnContext(ctx, "record repeated refusals failed", "error", err)
	}
}

// reawakenWithin bounds one go: thousands take some seconds.
const reawakenWithin = time.Minute

func reawakenOnce(ctx context.Context, st *store.Store) error {
	ctx, cancel := context.WithTimeout(ctx, reawakenWithin)
	defer cancel()
	_, err := st.Reawaken(ctx)
	return err
}

// strays wakes up what has lost its wake-up. That it finds any is a fault of ours.
func strays(ctx context.Context, st *store.Store, log *slog.Logger) error {
	n, err := st.WakeStrays(ctx)
	if n > 0 {
		log.WarnContext(ctx, "requests had no wake-up any more, and were woken up", "requests", n)
	}
	return err
}

// accept asks DigitalOcean whether it accepts the token, until it says. A token
// that it refuses ends the process; that it is away does not.
func accept(ctx context.Context, do *api.Client, h *health, log *slog.Logger) error {
	for wait := time.Second; ; wait = min(2*wait, 30*time.Second) {
		err := do.Check(ctx)
		switch api.KindOf(err) {
		case api.Unauthorized, api.Forbidden:
			return fmt.Errorf("DIGITALOCEAN_TOKEN: DigitalOcean rejects it: %w", err)
		case "":
			if err == nil {
				h.tokenAccepted.Store(true)
				return nil
			}
		}
		log.Warn("DigitalOcean does not say whether it accepts the token; asking again", "error", err, "again_in", wait)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}
