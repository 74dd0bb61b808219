package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"dropletops/approvals"
)

// AuditLine is a line of the audit log with its place in the chain. Its hash is the
// SHA-256, in hexadecimal, of "PREV\nSEQ\nBODY".
type AuditLine struct {
	Seq  int64
	Line approvals.Line
	Body string // the line's own text, which the hash is over
	Prev string // the hash of the line before
	Hash string
}

// Head is the newest line of the audit log at some time. Kept elsewhere, it shows
// that lines were cut off the end, or that the whole chain was written anew.
type Head struct {
	Seq  int64 // 0 if it is not known
	Hash string
}

func (h Head) String() string { return strconv.FormatInt(h.Seq, 10) + ":" + h.Hash }

// ParseHead reads a head as String writes it, or its hash alone.
func ParseHead(s string) (Head, error) {
	number, hash, found := strings.Cut(s, ":")
	if !found {
		number, hash = "0", s
	}
	seq, err := strconv.ParseInt(number, 10, 64)
	if err != nil || seq < 0 || len(hash) != 64 || strings.Trim(hash, "0123456789abcdef") != "" || found && seq == 0 {
		return Head{}, fmt.Errorf("%.80q is no head of an audit log: it is NUMBER:HASH, as `audit verify` prints it and `serve` logs it", s)
	}
	return Head{Seq: seq, Hash: hash}, nil
}

// Log is the audit log of a database that is only read. It changes nothing there,
// not even tables that are of an older version.
type Log struct{ s *Store }

// OpenLog opens the audit log of the database that a DATABASE_URL names. A role that
// may only read the table audit is enough.
func OpenLog(ctx context.Context, url string) (*Log, error) {
	s := &Store{}
	if err := s.open(ctx, url); err != nil {
		return nil, err
	}
	return &Log{s}, nil
}

// Close closes the database.
func (l *Log) Close() error { return l.s.closePools() }

// Audit is [Store.Audit].
func (l *Log) Audit(ctx context.Context, f func(AuditLine) error) error { return l.s.Audit(ctx, f) }

// Lines calls f with each line in order, also past a break: broken says why the line
// does not fit the one before or its own hash, nil if it does. What follows is held
// against the line as it stands, so each break is told once.
func (l *Log) Lines(ctx context.Context, f func(line AuditLine, broken error) error) error {
	return l.s.lines(ctx, f)
}

// Head answers the newest line's place; its hash is empty if there is no line.
func (s *Store) Head(ctx context.Context) (Head, error) {
	var h Head
	err := s.read.QueryRowContext(ctx, `SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1`).Scan(&h.Seq, &h.Hash)
	if errors.Is(err, sql.ErrNoRows) {
		return h, nil
	}
	if err != nil {
		return h, fmt.Errorf("read the head of the audit log: %w", err)
	}
	return h, nil
}

// Audit calls f with each line in order, each checked against the chain. It holds
// one line at a time, and stops with an error that names the first that does not fit.
func (s *Store) Audit(ctx context.Context, f func(AuditLine) error) error {
	return s.lines(ctx, func(l AuditLine, broken error) error {
		if broken != nil {
			return broken
		}
		return f(l)
	})
}

func (s *Store) lines(ctx context.Context, f func(AuditLine, error) error) error {
	rows, err := s.read.QueryContext(ctx, `SELECT seq, at, request_id, body, prev, hash FROM audit ORDER BY seq`)
	if err != nil {
		return fmt.Errorf("read the audit log: %w", err)
	}
	defer rows.Close()
	last := AuditLine{}
	for rows.Next() {
		var l AuditLine
		var at int64
		var request string
		if err := rows.Scan(&l.Seq, &at, &request, &l.Body, &l.Prev, &l.Hash); err != nil {
			return fmt.Errorf("read the audit log: %w", err)
		}
		if err := f(l, l.read(last, at, request)); err != nil {
			return err
		}
		last = l
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the audit log: %w", err)
	}
	return nil
}

// read reads a line's text, and says all that is wrong with the line, if anything is: at
// and request stand beside the text, for looking it up.
func (l *AuditLine) read(last AuditLine, at int64, request string) error {
	var wrong []string
	switch {
	case l.Seq != last.Seq+1:
		wrong = append(wrong, fmt.Sprintf("audit line %d is missing: %d follows %d", last.Seq+1, l.Seq, last.Seq))
	case l.Prev != last.Hash:
		wrong = append(wrong, fmt.Sprintf("audit line %d does not follow line %d: its link is broken", l.Seq, last.Seq))
	}
	if l.Hash != chain(l.Prev, l.Seq, l.Body) {
		wrong = append(wrong, fmt.Sprintf("audit line %d was changed: its hash does not fit its text", l.Seq))
	}
	if err := json.Unmarshal([]byte(l.Body), &l.Line); err != nil {
		l.Line = approvals.Line{}
		wrong = append(wrong, fmt.Sprintf("audit line %d can't be read: %v", l.Seq, err))
	} else if at != micros(l.Line.At) || request != l.Line.RequestID {
		wrong = append(wrong, fmt.Sprintf("audit line %d was changed: its time or request is not that of its text", l.Seq))
	}
	if wrong == nil {
		return nil
	}
	return errors.New(strings.Join(wrong, "; "))
}

// Verify reads the whole log, holds it against heads that were kept elsewhere, and
// answers its own.
func (l *Log) Verify(ctx context.Context, kept []Head) (Head, error) {
	var head Head
	fits := map[Head]bool{}
	since := int64(0) // the last line that a kept head vouches for
	err := l.Audit(ctx, func(line AuditLine) error {
		head = Head{line.Seq, line.Hash}
		for _, k := range kept {
			switch {
			case k.Hash == line.Hash && (k.Seq == line.Seq || k.Seq == 0):
				fits[k], since = true, line.Seq
			case k.Seq == line.Seq:
				return fmt.Errorf("audit line %d is not the one whose head %s was kept: a line from %d to %d was changed, and the chain written anew", k.Seq, k, since+1, k.Seq)
			}
		}
		return nil
	})
	if err != nil {
		return head, err
	}
	for _, k := range kept {
		switch {
		case fits[k]:
		case k.Seq == 0:
			return head, fmt.Errorf("no audit line has the hash %s, which was kept as a head: lines after %d were cut off the end, or the chain was written anew", k.Hash, since)
		default:
			return head, fmt.Errorf("audit line %d is missing: the log ends with line %d, and the head %s was kept", head.Seq+1, head.Seq, k)
		}
	}
	return head, nil
}
