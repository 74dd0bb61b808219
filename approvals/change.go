package approvals

import (
	"context"
	"errors"
	"time"
)

// Change is what becomes durable together with a changed request, in one
// transaction: neither can be without the other.
type Change struct {
	Audit []Line
	Notes []Note
	// Advance, when set, wakes the runner up for this request at that time.
	// Only the newest such wake-up of a request counts.
	Advance time.Time
	// Envelope is the inbox key whose handling this change completes.
	Envelope string
	// RetryOf is the request that this new one takes the place of: it is marked
	// as retried, and that fails with ErrConflict if it already was.
	RetryOf string
}

// Line is one line of the audit log. The store numbers and chains the lines.
type Line struct {
	At        time.Time         `json:"at"`
	RequestID string            `json:"request_id,omitempty"`
	What      string            `json:"what"` // requested, approved, refused, dispatching, …
	Who       string            `json:"who"`  // a Slack user ID, or "dropletops"
	DropletID int               `json:"droplet_id,omitempty"`
	Why       string            `json:"why,omitempty"`
	Detail    map[string]string `json:"detail,omitempty"`
}

// Note is one message for a request's thread. What it says is rendered from it
// and the request when it is posted.
type Note struct {
	Seq     int64     `json:"seq"` // by the store
	At      time.Time `json:"at"`
	Kind    NoteKind  `json:"kind"`
	Ordinal int       `json:"ordinal"` // which target, -1 for the request
	Who     string    `json:"who,omitempty"`
	Detail  string    `json:"detail,omitempty"`
}

// NoteKind is what a note tells.
type NoteKind string

// The notes.
const (
	NoteApproved  NoteKind = "approved"
	NoteConfirmed NoteKind = "confirmed"
	NoteDenied    NoteKind = "denied"
	NoteExpired   NoteKind = "expired"
	NoteCanceled  NoteKind = "canceled"
	NoteDrifted   NoteKind = "drifted" // what was approved is no longer what is there
	NoteWaiting   NoteKind = "waiting" // a target waits in line; Detail is the Wait
	NoteStarted   NoteKind = "started" // DigitalOcean accepted it
	NoteSlow      NoteKind = "slow"    // takes longer than usual
	NoteLost      NoteKind = "lost"    // the answer was lost, being looked for
	NoteSettling  NoteKind = "settling"
	NoteNext      NoteKind = "next"  // a composite verb goes on to its next action; Detail says why
	NoteEnded     NoteKind = "ended" // a target ended, one way or the other
	NoteFailed    NoteKind = "failed"
)

// Errors of a Store.
var (
	// ErrNotFound: there is no such request.
	ErrNotFound = errors.New("no such request")
	// ErrHandled: the envelope has been handled, or asked for a request before.
	ErrHandled = errors.New("the envelope has been handled already")
	// ErrConflict: something else changed it at the same time.
	ErrConflict = errors.New("the request was changed at the same time")
	// ErrNoChange is for an Update's function to say that nothing is to be
	// written. Update then answers the request as it is, and no error.
	ErrNoChange = errors.New("nothing to change")
)

// Store keeps requests. Each call is one transaction.
type Store interface {
	// Create writes a new request down. ErrHandled if its envelope has made one
	// before, ErrConflict if it retries one that was retried.
	Create(ctx context.Context, r *Request, c Change) error
	// Request answers ErrNotFound if there is none.
	Request(ctx context.Context, id string) (*Request, error)
	// Update loads a request, lets f change it, and writes it down if nobody
	// else has changed it in between; otherwise f is called again with the
	// newer one. An error of f is answered as it is and nothing is written.
	Update(ctx context.Context, id string, f func(*Request) (Change, error)) (*Request, error)
	// Record appends audit lines that change no request, such as a refused click.
	Record(ctx context.Context, lines ...Line) error
}
