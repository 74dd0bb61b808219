package store

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// open opens the pools of the database that a DATABASE_URL names.
func (s *Store) open(ctx context.Context, url string) error {
	if file, ok := strings.CutPrefix(url, "sqlite:"); ok {
		return s.openSQLite(ctx, file)
	}
	return s.openPostgres(ctx, url)
}

// sqliteDSN is how a connection to a file is opened.
//
// The pragmas stand in the DSN so that each connection has them; busy_timeout
// (ms) comes first, since setting the others may already have to wait for a lock.
// synchronous=FULL: a commit is on disk before it is believed.
func sqliteDSN(path string, more ...string) string {
	q := url.Values{"_pragma": append([]string{
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)"}, more...)}
	q.Set("_txlock", "immediate")
	return (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String()
}

// readOnly keeps what only reads from writing by mistake.
const readOnly = "query_only(ON)"

// openSQLite opens a file with one connection that writes and a few that read.
func (s *Store) openSQLite(ctx context.Context, file string) error {
	s.kind = sqlite
	if file == "" {
		return fmt.Errorf("open the database: sqlite: names no file; sqlite:dropletops.db would")
	}
	path, err := filepath.Abs(file)
	if err != nil {
		return fmt.Errorf("open the database %s: %w", file, err)
	}
	s.file = path
	// What SQLite makes beside it takes its mode from it: nobody else on the machine
	// is to read who did what, nor sealed secrets.
	if f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, ownersOnly); err == nil {
		if info, err := f.Stat(); err == nil {
			s.files.addInfo(path, info) // before SQLite opens it: if it is replaced in between, that shows
		}
		if err := f.Close(); err != nil {
			return fmt.Errorf("open the database %s: %w", path, err)
		}
	}
	if s.write, err = sql.Open("sqlite", sqliteDSN(path)); err != nil {
		return fmt.Errorf("open the database %s: %w", path, err)
	}
	s.leases = s.write
	s.write.SetMaxOpenConns(1) // SQLite has one writer; waiting here beats SQLITE_BUSY
	if err := s.write.PingContext(ctx); err != nil {
		return fmt.Errorf("open the database %s: %w", path, err)
	}
	if s.read, err = sql.Open("sqlite", sqliteDSN(path, readOnly)); err != nil {
		return fmt.Errorf("open the database %s for reading: %w", path, err)
	}
	s.read.SetMaxOpenConns(4)
	return nil
}

// idleAtMost is how long a transaction on PostgreSQL may stand still before the
// server ends it. Ours take milliseconds, unless their process is frozen or cut off:
// what it has locked, up to the audit log's turn, must not hold up the others for good.
// Whatever it was about to write is then the others' to do. A DATABASE_URL with
// idle_in_transaction_session_timeout in it goes by that.
const idleAtMost = 10 * time.Second

func (s *Store) openPostgres(ctx context.Context, dsn string) error {
	s.kind = postgres
	cfg, err := pgxpool.ParseConfig(dsn) // which takes more than addresses
	if err != nil || !strings.HasPrefix(dsn, "postgres://") && !strings.HasPrefix(dsn, "postgresql://") {
		return fmt.Errorf("DATABASE_URL is neither sqlite:FILE nor a postgres:// address") // the error would quote the password
	}
	const idle = "idle_in_transaction_session_timeout"
	if _, given := cfg.ConnConfig.RuntimeParams[idle]; !given {
		// Not as a parameter of the connection's start: poolers in between refuse it.
		cfg.AfterConnect = func(ctx context.Context, c *pgx.Conn) error {
			_, err := c.Exec(ctx, `SET `+idle+` = '`+idleAtMost.String()+`'`)
			return err
		}
	}
	if s.pool, err = pgxpool.NewWithConfig(ctx, cfg); err != nil {
		return fmt.Errorf("open the PostgreSQL database: %w", err)
	}
	if err := s.pool.Ping(ctx); err != nil {
		s.pool.Close()
		return fmt.Errorf("reach PostgreSQL at %s: %w", cfg.ConnConfig.Host, oneLine{err})
	}
	s.write = stdlib.OpenDBFromPool(s.pool)
	s.read = s.write
	s.leases = stdlib.OpenDB(*cfg.ConnConfig, stdlib.OptionAfterConnect(func(ctx context.Context, c *pgx.Conn) error {
		if cfg.AfterConnect == nil {
			return nil
		}
		return cfg.AfterConnect(ctx, c)
	}))
	s.leases.SetMaxOpenConns(2) // one that was lost without a word holds up one of two leases
	return nil
}

// oneLine is an error of pgx's, which takes a line for each address it tried.
type oneLine struct{ error }

func (o oneLine) Error() string { return strings.Join(strings.Fields(o.error.Error()), " ") }
func (o oneLine) Unwrap() error { return o.error }

// InsertDriver answers River's driver for inserting inside a *sql.Tx of ours.
func (s *Store) InsertDriver() riverdriver.Driver[*sql.Tx] {
	if s.kind == sqlite {
		return riversqlite.New(s.write)
	}
	return riverdatabasesql.New(s.write)
}

func (s *Store) pgxDriver() riverdriver.Driver[pgx.Tx] {
	if s.kind == sqlite {
		return nil
	}
	return riverpgxv5.New(s.pool)
}
