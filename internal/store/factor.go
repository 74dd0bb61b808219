package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"dropletops/approvals"
)

// Enrolment answers a person's second factor, nil if there is none.
func (s *Store) Enrolment(ctx context.Context, userID string) (*approvals.Enrolment, error) {
	e, _, err := s.enrolment(ctx, s.read, userID, "")
	return e, err
}

// Enrolments answers every person's second factor, by user ID.
func (s *Store) Enrolments(ctx context.Context) ([]approvals.Enrolment, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT user_id, body FROM factors ORDER BY user_id`)
	if err != nil {
		return nil, fmt.Errorf("list the second factors: %w", err)
	}
	defer rows.Close()
	var all []approvals.Enrolment
	for rows.Next() {
		var userID, body string
		if err := rows.Scan(&userID, &body); err != nil {
			return nil, fmt.Errorf("list the second factors: %w", err)
		}
		var e approvals.Enrolment
		if err := json.Unmarshal([]byte(body), &e); err != nil {
			return nil, fmt.Errorf("read the second factor of %s: %w", userID, err)
		}
		e.UserID = userID
		all = append(all, e)
	}
	return all, rows.Err()
}

// ChangeEnrolment lets f change a person's second factor in one transaction with
// its audit lines. f is handed nil where there is none, and answers what is to be
// there, nil for nothing. If something else changed it in between, f is called
// again with the newer one. An error of f is answered as it is and nothing is
// written; for [approvals.ErrNoChange] it is none.
func (s *Store) ChangeEnrolment(ctx context.Context, userID string, f func(*approvals.Enrolment) (*approvals.Enrolment, []approvals.Line, error)) error {
	for try := 1; ; try++ {
		err := s.changeEnrolment(ctx, userID, f)
		switch {
		case errors.Is(err, errGuard) && try < maxTries:
			continue
		case errors.Is(err, approvals.ErrNoChange):
			return nil
		}
		return err
	}
}

func (s *Store) changeEnrolment(ctx context.Context, userID string, f func(*approvals.Enrolment) (*approvals.Enrolment, []approvals.Line, error)) error {
	return s.tx(ctx, "factor", func(tx *sql.Tx) error {
		old, version, err := s.enrolment(ctx, tx, userID, s.forUpdate())
		if err != nil {
			return err
		}
		e, lines, err := f(old)
		if err != nil {
			return err
		}
		if err := s.saveEnrolment(ctx, tx, userID, version, e); err != nil {
			return err
		}
		return s.appendAudit(ctx, tx, lines)
	})
}

// saveEnrolment writes e down where the version is still the one that was read;
// 0 is that of none.
func (s *Store) saveEnrolment(ctx context.Context, tx *sql.Tx, userID string, version int64, e *approvals.Enrolment) error {
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	var res sql.Result
	switch {
	case e == nil && version == 0:
		return nil
	case e == nil:
		res, err = tx.ExecContext(ctx, s.sql(`DELETE FROM factors WHERE user_id = ? AND version = ?`), userID, version)
	case version == 0:
		res, err = tx.ExecContext(ctx, s.sql(`INSERT INTO factors (user_id, version, body) VALUES (?, 1, ?) ON CONFLICT (user_id) DO NOTHING`), userID, string(body))
	default:
		res, err = tx.ExecContext(ctx, s.sql(`UPDATE factors SET version = ?, body = ? WHERE user_id = ? AND version = ?`), version+1, string(body), userID, version)
	}
	if err != nil {
		return fmt.Errorf("write down the second factor of %s: %w", userID, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, errGuard)
	}
	return nil
}

// enrolment reads a person's second factor and its version, nil and 0 if there
// is none.
func (s *Store) enrolment(ctx context.Context, q queryer, userID, lock string) (*approvals.Enrolment, int64, error) {
	var version int64
	var body string
	err := q.QueryRowContext(ctx, s.sql(`SELECT version, body FROM factors WHERE user_id = ?`+lock), userID).Scan(&version, &body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read the second factor of %.40q: %w", userID, err)
	}
	e := &approvals.Enrolment{}
	if err := json.Unmarshal([]byte(body), e); err != nil {
		return nil, 0, fmt.Errorf("read the second factor of %.40q: %w", userID, err)
	}
	e.UserID = userID
	return e, version, nil
}
