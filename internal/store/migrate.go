package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed migrations
var migrations embed.FS

// Newest asks [Migrate] for all that this version knows.
const Newest = math.MaxInt64

// migrateLock is the key of PostgreSQL's advisory lock under which one replica at a
// time brings the tables up to date. It needs no grant.
const migrateLock = 7_311_205_002

// Migrate takes the tables of the database that a DATABASE_URL names up or down to a
// version of theirs, and answers which they had and have. River's are brought up to
// date, and never taken down: an older version works beside them.
func Migrate(ctx context.Context, url string, to int64) (from, at int64, err error) {
	s := &Store{}
	if err := s.open(ctx, url); err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, s.closePools()) }()
	err = s.migrating(ctx, func(p *goose.Provider) error {
		if from, err = p.GetDBVersion(ctx); err != nil {
			return err
		}
		if to < from {
			_, err = p.DownTo(ctx, to)
		} else {
			err = s.up(ctx, p, to)
		}
		if err != nil {
			return err
		}
		at, err = p.GetDBVersion(ctx)
		return err
	})
	if err != nil {
		return from, from, fmt.Errorf("migrate the %s database: %w", s.kind, err)
	}
	return from, at, nil
}

// migrate brings our tables and River's up to date. Where they are, it only reads,
// which a role may that owns none of them. Tables that are newer than this version
// are left as they are: migrations only add, so it works with them.
func (s *Store) migrate(ctx context.Context) error {
	return s.migrating(ctx, func(p *goose.Provider) error { return s.up(ctx, p, Newest) })
}

// fewestConns is how many connections to PostgreSQL it takes: one for River to listen,
// one that holds the lock of migrations, and two to work with.
const fewestConns = 4

// migrating calls f while no other replica migrates.
func (s *Store) migrating(ctx context.Context, f func(*goose.Provider) error) (err error) {
	if s.kind == postgres {
		if n := s.pool.Config().MaxConns; n < fewestConns {
			return fmt.Errorf("pool_max_conns is %d, and it takes %d connections at least: raise it, or leave it out", n, fewestConns)
		}
		conn, err := s.write.Conn(ctx)
		if err != nil {
			return err
		}
		defer conn.Close()
		if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, int64(migrateLock)); err != nil {
			return fmt.Errorf("wait for the replica that migrates: %w", err)
		}
		defer func() {
			_, unlocked := conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, int64(migrateLock))
			err = errors.Join(err, unlocked)
		}()
	}
	p, err := s.migrator()
	if err != nil {
		return err
	}
	return forbidden(f(p))
}

func (s *Store) up(ctx context.Context, p *goose.Provider, to int64) error {
	if _, err := p.UpTo(ctx, to); err != nil {
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
	return goose.NewProvider(goose.DialectPostgres, s.write, dir)
}

// forbidden says what to do where the role may not do what a migration takes.
func forbidden(err error) error {
	const insufficientPrivilege = "42501"
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == insufficientPrivilege {
		return fmt.Errorf("its tables are not up to date, and this role may not change them: run `dropletops migrate` as their owner (%s)", refused.Message)
	}
	return err
}
