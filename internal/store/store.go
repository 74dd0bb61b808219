// Package store keeps everything that must outlive the process: requests and
// their targets, the notes for their threads, the audit log, and the inbox of
// envelopes. It stands on SQLite, one file that one process owns, or on
// PostgreSQL, shared by several replicas, with one text of SQL for both.
//
// Each exported method is one transaction. A change of a request is committed
// together with its audit lines, its notes and its wake-ups, or not at all. What
// may happen to a request is not decided here: that is the approvals room's.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver"

	"dropletops/internal/task"
)

// Store is the durable state. It is safe for use by many goroutines.
type Store struct {
	write *sql.DB // on SQLite one connection: SQLite has one writer
	read  *sql.DB // on PostgreSQL the same pool as write
	// leases has on PostgreSQL connections of its own, so that a lease is renewed also
	// while all others wait for something.
	leases *sql.DB
	pool   *pgxpool.Pool
	kind   dialect
	// process names this process among the replicas, and unlike any before it.
	process string
	now     func() time.Time
	waker   Waker
	base    context.Context // for commits that no caller's going away may cut short
	file    string          // of SQLite
	files   openFiles       // of SQLite; see CheckFile
	lock    *flock.Flock    // held while this process owns file
	failed  atomic.Bool     // something could not be written down; see Unwell
	// cross is told of every point at which dying makes a difference; see OnCrossing.
	cross func(point string) error
	line  chan struct{} // held by whoever is next at SQLite's writer, puts excepted
	puts  chan put
	quit  chan struct{}
	// counts are the metrics; nil until Meter.
	counts *counts
	done   chan struct{}
}

type dialect string

const (
	sqlite   dialect = "sqlite"
	postgres dialect = "postgres"
)

// Waker makes wake-ups durable inside a transaction of the store's.
type Waker interface {
	// WakeAdvance wakes the runner up for a request, now or at a later time. Of
	// several wake-ups of one request only that with the newest seq counts.
	WakeAdvance(ctx context.Context, tx *sql.Tx, request string, seq int64, at time.Time) error
	// WakePublish wakes the publisher up for a request.
	WakePublish(ctx context.Context, tx *sql.Tx, request string) error
	// Rewake wakes both up, now, for requests that an earlier process had in hand,
	// each with its seq: in their order, but after whatever the two above wake up.
	Rewake(ctx context.Context, tx *sql.Tx, wakes iter.Seq2[string, int64]) error
}

// Open opens the database that a DATABASE_URL names ("sqlite:FILE" or
// "postgres://…") and brings its tables up to date. process names this process,
// differently at each start.
func Open(ctx context.Context, url, process string, now func() time.Time) (*Store, error) {
	s := &Store{now: now, process: process, base: context.WithoutCancel(ctx), cross: func(string) error { return nil }, line: make(chan struct{}, 1), puts: make(chan put), quit: make(chan struct{}), done: make(chan struct{})}
	if err := s.open(ctx, url); err != nil {
		return nil, err
	}
	if err := s.migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("migrate the %s database: %w", s.kind, err), s.closePools())
	}
	if s.kind == sqlite {
		s.files.add(s.file+"-wal", s.file+"-shm")
	}
	go task.Log(s.panicked, s.commitPuts)()
	return s, nil
}

// SetWaker names who makes wake-ups durable. It is called once, before any
// change: the waker's own tables are in this database, so it comes second.
func (s *Store) SetWaker(w Waker) { s.waker = w }

// OnCrossing has f called right before and right after each commit, with its
// name: the points between which a process can die. Tests die there. An error from
// f is what the commit returns: before it nothing is committed, after it the answer
// is lost. OnCrossing is called once, before any change.
func (s *Store) OnCrossing(f func(point string) error) { s.cross = f }

// Exclusive says whether this process is the only one at the database, as on
// SQLite: what another process had in hand when it died is then free at once.
func (s *Store) Exclusive() bool { return s.kind == sqlite }

// Close ends the store. Puts under way are finished first.
func (s *Store) Close() error {
	close(s.quit)
	<-s.done
	return errors.Join(s.closePools(), s.disown())
}

func (s *Store) closePools() error {
	var errs []error
	if s.read != nil && s.read != s.write {
		errs = append(errs, s.read.Close())
	}
	if s.leases != nil && s.leases != s.write {
		errs = append(errs, s.leases.Close())
	}
	if s.write != nil {
		errs = append(errs, s.write.Close())
	}
	if s.pool != nil {
		s.pool.Close()
	}
	return errors.Join(errs...)
}

// Ping says whether the database can be reached.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return s.read.QueryRowContext(ctx, "SELECT 1").Scan(&one)
}

// WorkerDriver answers River's driver for workers on PostgreSQL, where a pgx
// pool listens for notifications; nil on SQLite, whose [Store.InsertDriver]
// serves both.
func (s *Store) WorkerDriver() riverdriver.Driver[pgx.Tx] { return s.pgxDriver() }

// sql rewrites the "?" of a query to PostgreSQL's "$1" where needed.
func (s *Store) sql(query string) string {
	if s.kind == sqlite {
		return query
	}
	var b strings.Builder
	n := 0
	for _, c := range query {
		if c != '?' {
			b.WriteRune(c)
			continue
		}
		n++
		b.WriteString("$" + strconv.Itoa(n))
	}
	return b.String()
}

// tx runs f in one transaction, which has a name. On SQLite it takes the write
// lock at once.
func (s *Store) tx(ctx context.Context, name string, f func(*sql.Tx) error) error {
	return s.txOn(ctx, s.write, name, f)
}

func (s *Store) txOn(ctx context.Context, db *sql.DB, name string, f func(*sql.Tx) error) (err error) {
	defer func() { s.watch(ctx, err) }()
	if name != putting {
		leave, err := s.lineUp(ctx)
		if err != nil {
			return err
		}
		defer leave()
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return unwell{fmt.Errorf("begin: %w", err)}
	}
	// After a panic in f, which others recover, the connection must be free: on
	// SQLite it is the only one that writes. After a commit this does nothing.
	defer func() { _ = tx.Rollback() }()
	if err := f(tx); err != nil {
		return errors.Join(err, ignoreDone(tx.Rollback()))
	}
	if err := s.cross("database: " + name + ", before its commit"); err != nil {
		return unwell{errors.Join(fmt.Errorf("commit: %w", err), ignoreDone(tx.Rollback()))}
	}
	if err := s.CheckFile(); err != nil {
		return unwell{errors.Join(err, ignoreDone(tx.Rollback()))}
	}
	if err := tx.Commit(); err != nil {
		return unwell{fmt.Errorf("commit: %w", err)}
	}
	if err := s.CheckFile(); err != nil { // it went into a file that is not at its path any more
		return unwell{err}
	}
	if err := s.cross("database: " + name + ", after its commit"); err != nil {
		return unwell{fmt.Errorf("commit: %w", err)}
	}
	return nil
}

// lineUp waits for one's turn at SQLite's one writer, in front of the connection:
// there, an envelope that has to be acknowledged within 3 s never waits behind
// more than one other transaction of ours.
func (s *Store) lineUp(ctx context.Context) (leave func(), err error) {
	if s.kind != sqlite {
		return func() {}, nil
	}
	select {
	case s.line <- struct{}{}:
		return func() { <-s.line }, nil
	case <-ctx.Done():
		return nil, unwell{fmt.Errorf("wait for the database: %w", ctx.Err())}
	}
}

// ignoreDone passes over a rollback that came after the context's end had
// already rolled back.
func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// micros is how times stand in the tables: microseconds since 1970, UTC; 0 for none.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func nullMicros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

func timeOf(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}
