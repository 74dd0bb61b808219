package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

//go:embed migrations
var migrations embed.FS

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
	if s.write, err = sql.Open("sqlite", sqliteDSN(path)); err != nil {
		return fmt.Errorf("open the database %s: %w", path, err)
	}
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

func (s *Store) openPostgres(ctx context.Context, dsn string) error {
	s.kind = postgres
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return fmt.Errorf("DATABASE_URL is neither sqlite:FILE nor a postgres:// address") // the error would quote the password
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

// migrate brings our tables and River's up to date. On PostgreSQL a session
// lock lets one replica at a time do it.
func (s *Store) migrate(ctx context.Context) error {
	p, err := s.migrator()
	if err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return err
	}
	m, err := rivermigrate.New(s.InsertDriver(), nil)
	if err != nil {
		return err
	}
	_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

func (s *Store) migrator() (*goose.Provider, error) {
	dir, err := fs.Sub(migrations, "migrations/"+string(s.kind))
	if err != nil {
		return nil, err
	}
	if s.kind == sqlite {
		return goose.NewProvider(goose.DialectSQLite3, s.write, dir)
	}
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, s.write, dir, goose.WithSessionLocker(locker))
}
