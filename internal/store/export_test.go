package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
)

// Overhear has every statement of a store told to heard; url is PostgreSQL's.
func (s *Store) Overhear(url string, heard func(query string)) error {
	d := s.write.Driver()
	if s.kind == postgres {
		s.write = sql.OpenDB(overheard{d, url, heard})
		err := s.leases.Close()
		s.read, s.leases = s.write, s.write
		return err
	}
	write, read := s.write, s.read
	s.write = sql.OpenDB(overheard{d, sqliteDSN(s.file), heard})
	s.write.SetMaxOpenConns(1)
	s.leases = s.write
	s.read = sql.OpenDB(overheard{d, sqliteDSN(s.file, readOnly), heard})
	// Once the last connection is closed SQLite removes the files beside the database.
	return errors.Join(s.write.Ping(), write.Close(), read.Close())
}

// Write runs a statement on the connection that writes.
func (s *Store) Write(ctx context.Context, statement string) error {
	_, err := s.write.ExecContext(ctx, statement)
	return err
}

// Waited is how often something waited for the connection that writes.
func (s *Store) Waited() int64 { return s.write.Stats().WaitCount }

type overheard struct {
	driver driver.Driver
	dsn    string
	heard  func(string)
}

func (o overheard) Driver() driver.Driver { return o.driver }

func (o overheard) Connect(context.Context) (driver.Conn, error) {
	c, err := o.driver.Open(o.dsn)
	return overheardConn{c, o.heard}, err
}

// overheardConn has no methods for short cuts, so that all goes through Prepare.
type overheardConn struct {
	driver.Conn
	heard func(string)
}

func (o overheardConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	o.heard(query)
	return o.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
}

func (o overheardConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	return o.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
}

// Setting is a setting of PostgreSQL's on the store's own connections.
func (s *Store) Setting(ctx context.Context, name string) (string, error) {
	var value string
	err := s.write.QueryRowContext(ctx, `SELECT current_setting($1)`, name).Scan(&value)
	return value, err
}
