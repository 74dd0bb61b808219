package runner

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
)

// advanceArgs wakes the runner up for a request. Only the job with the newest
// Seq of a request counts.
type advanceArgs struct {
	ID  string `json:"id"`
	Seq int64  `json:"seq"`
}

func (advanceArgs) Kind() string { return "advance" }

// publishArgs wakes the publisher up for a request.
type publishArgs struct {
	ID string `json:"id"`
}

func (publishArgs) Kind() string { return "publish" }

// reconcileArgs has what lags behind looked for, now and then.
type reconcileArgs struct{}

func (reconcileArgs) Kind() string { return "reconcile" }

// Engine is River, set up for our wake-ups. It is a store's Waker.
type Engine struct {
	insert *river.Client[*sql.Tx] // inserts inside the store's transactions
	work   worker                 // works; on SQLite the same client
	now    func() time.Time
}

type worker interface {
	Start(ctx context.Context) error
	StopAndCancel(ctx context.Context) error
}

// EngineConfig says what an engine drives.
type EngineConfig struct {
	Insert riverdriver.Driver[*sql.Tx]
	// Work is PostgreSQL's driver for the workers; nil on SQLite, where Insert
	// serves both.
	Work   riverdriver.Driver[pgx.Tx]
	Runner *Runner
	// Kick tells the publisher of a request; it returns at once, false if it is
	// another process that publishes.
	Kick func(id string) bool
	// Reconcile looks for what lags behind; it is called every 10 s, by one
	// process of all.
	Reconcile func(ctx context.Context) error
	Instance  string
	Log       *slog.Logger
}

// Numbers for River, v0.31.0.
const (
	// workers is how many wake-ups are worked on at once; most of their time is
	// waiting for DigitalOcean.
	workers = 40
	// fetchPoll is how soon a wake-up that was inserted in a transaction is seen
	// on SQLite, which has nothing like LISTEN.
	fetchPoll     = 150 * time.Millisecond
	fetchCooldown = 50 * time.Millisecond
	// jobTimeout is above a pass and the grace of 4 s by which its POST may outlast it.
	jobTimeout = 28 * time.Second
	// rescueAfter must be at least jobTimeout. A dead replica's wake-ups go to
	// another one after it, by River's rescuer, which looks every 30 s: within the
	// minute that a takeover may take.
	rescueAfter = 29 * time.Second
	// keepJobs is how long finished wake-ups stay in the table.
	keepJobs = 10 * time.Minute
	// keepGivenUp is how long one stays that River gave up or that was cancelled:
	// long enough to be looked at. By default River keeps them for 7 days.
	keepGivenUp = 24 * time.Hour
	// reconcileEvery, with approvals.ClaimFor, for which a dead replica's envelopes are its own,
	// stays below a minute, too.
	reconcileEvery = 10 * time.Second
	// reconcileTries is 1, since the next one comes in 10 s anyway: with
	// River's 25, those that fail in an outage would pile up.
	reconcileTries = 1
	// laterFirst and laterCard are River's priorities (1 to 4, 1 is the default and
	// goes first) of what an earlier process had in hand: with thousands of those,
	// what people ask for now does not wait for them.
	laterFirst = 2
	laterCard  = 3
	// elsewhere is the wait of a wake-up for the publisher that came to a replica
	// which does not publish.
	elsewhere = 400 * time.Millisecond
	// advanceTries is how often River may find a wake-up whose process died or
	// whose end it could not write down. It discards a job after 25 by default, and
	// the request would stay open for ever. The column is a 16-bit integer.
	advanceTries = 1<<15 - 1
	// afterFault is the wait after a wake-up that did not work, doubled each time
	// up to longestFault. River's own would reach days, and then give up.
	afterFault   = time.Second
	longestFault = time.Minute
)

// NewEngine sets River up. Nothing runs before Start.
func NewEngine(c EngineConfig) (*Engine, error) {
	ws := river.NewWorkers()
	river.AddWorker(ws, &advanceWorker{runner: c.Runner, log: c.Log})
	river.AddWorker(ws, river.WorkFunc(func(_ context.Context, j *river.Job[publishArgs]) error {
		if !c.Kick(j.Args.ID) {
			return river.JobSnooze(elsewhere)
		}
		return nil
	}))
	river.AddWorker(ws, river.WorkFunc(func(ctx context.Context, _ *river.Job[reconcileArgs]) error {
		return c.Reconcile(ctx)
	}))
	cfg := &river.Config{
		ID:                          c.Instance,
		Logger:                      slog.New(quiet{c.Log.Handler()}),
		Workers:                     ws,
		Queues:                      map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: workers}},
		FetchPollInterval:           fetchPoll,
		FetchCooldown:               fetchCooldown,
		JobTimeout:                  jobTimeout,
		RescueStuckJobsAfter:        rescueAfter,
		CompletedJobRetentionPeriod: keepJobs,
		CancelledJobRetentionPeriod: keepGivenUp,
		DiscardedJobRetentionPeriod: keepGivenUp,
		PeriodicJobs: []*river.PeriodicJob{river.NewPeriodicJob(river.PeriodicInterval(reconcileEvery),
			func() (river.JobArgs, *river.InsertOpts) {
				return reconcileArgs{}, &river.InsertOpts{MaxAttempts: reconcileTries}
			}, nil)},
	}
	e := &Engine{now: c.Runner.Now}
	var err error
	if c.Work == nil {
		e.insert, err = river.NewClient(c.Insert, cfg)
		e.work = e.insert
	} else {
		if e.insert, err = river.NewClient(c.Insert, &river.Config{Logger: cfg.Logger}); err != nil {
			return nil, fmt.Errorf("set River up: %w", err)
		}
		e.work, err = river.NewClient(c.Work, cfg)
	}
	if err != nil {
		return nil, fmt.Errorf("set River up: %w", err)
	}
	return e, nil
}

// Start begins to work on wake-ups, until Stop. After an error it may be called
// again.
func (e *Engine) Start(ctx context.Context) error {
	// Stop ends it, gently; the end of ctx alone must not cut wake-ups short.
	err := e.work.Start(context.WithoutCancel(ctx))
	if err == nil {
		return nil
	}
	// River's client takes itself for started until it is stopped.
	reset, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	return errors.Join(err, e.work.StopAndCancel(reset))
}

// Stop cuts the wake-ups in hand short, and waits for them until ctx ends. That
// loses nothing, since their state is in the database: a read is not waited for, and
// an answer to a POST that is on its way no longer than Send does on its own.
func (e *Engine) Stop(ctx context.Context) error { return e.work.StopAndCancel(ctx) }

// WakeAdvance wakes the runner up for a request; see store.Waker.
//
// River hands a job that has any ScheduledAt, also one that is past, to its
// scheduler: that looks every 5 s, and not at all in the 15 s that a dead
// process's term as leader goes on. What is due now is inserted as available.
func (e *Engine) WakeAdvance(ctx context.Context, tx *sql.Tx, request string, seq int64, at time.Time) error {
	opts := &river.InsertOpts{MaxAttempts: advanceTries}
	if wait := at.Sub(e.now()); wait > 0 {
		opts.ScheduledAt = time.Now().Add(wait) // River goes by the real clock
	}
	_, err := e.insert.InsertTx(ctx, tx, advanceArgs{ID: request, Seq: seq}, opts)
	return err
}

// WakePublish wakes the publisher up for a request; see store.Waker.
func (e *Engine) WakePublish(ctx context.Context, tx *sql.Tx, request string) error {
	_, err := e.insert.InsertTx(ctx, tx, publishArgs{ID: request}, nil)
	return err
}

// Rewake wakes both up for many requests; see store.Waker.
func (e *Engine) Rewake(ctx context.Context, tx *sql.Tx, wakes iter.Seq2[string, int64]) error {
	var jobs []river.InsertManyParams
	for request, seq := range wakes {
		jobs = append(jobs,
			river.InsertManyParams{Args: advanceArgs{ID: request, Seq: seq}, InsertOpts: &river.InsertOpts{MaxAttempts: advanceTries, Priority: laterFirst}},
			river.InsertManyParams{Args: publishArgs{ID: request}, InsertOpts: &river.InsertOpts{Priority: laterCard}})
	}
	if len(jobs) == 0 {
		return nil // River takes no empty list
	}
	_, err := e.insert.InsertManyFastTx(ctx, tx, jobs)
	return err
}

// quiet lets only River's warnings and errors through: it tells at info what is
// of no use to an operator.
type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && q.Handler.Enabled(ctx, l)
}
func (q quiet) WithAttrs(a []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(a)} }
func (q quiet) WithGroup(n string) slog.Handler      { return quiet{q.Handler.WithGroup(n)} }
