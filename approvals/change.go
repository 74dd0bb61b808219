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
	// Sends is the type of the action that a NoteStarted or NoteNext is about.
	Sends string `json:"sends,omitempty"`
	// Channel is where it is told instead of in the request's thread: to everyone
	// in that channel, with a link to the card.
	Channel string `json:"channel,omitempty"`
	// Whom are the groups it is for.
	Whom []Group `json:"whom,omitempty"`
}

// NoteKind is what a note tells.
type NoteKind string

// The notes.
const (
	NoteApproved  NoteKind = "approved"
	NoteRetracted NoteKind = "retracted" // an approval was taken back
	NoteExplained NoteKind = "explained" // why it was denied; Detail is the reason
	NoteReminder  NoteKind = "reminder"  // half of the time to decide is over
	NoteBroke     NoteKind = "broke"     // someone went ahead alone; Detail is the reason
	NoteSnapshot  NoteKind = "snapshot"  // a snapshot was added, to be taken first; Detail is Void if approvals are
	NoteReviewed  NoteKind = "reviewed"  // another person has looked at that
	NoteConfirmed NoteKind = "confirmed"
	NoteDenied    NoteKind = "denied"
	NoteExpired   NoteKind = "expired"
	NoteCanceled  NoteKind = "canceled"
	NoteDrifted   NoteKind = "drifted" // what was approved is no longer what is there
	NoteWaiting   NoteKind = "waiting" // a target waits in line; Detail is the Wait
	NoteStarted   NoteKind = "started" // DigitalOcean accepted it
	NoteSlow      NoteKind = "slow"    // takes longer than usual
	NoteLost      NoteKind = "lost"    // the answer was lost, being looked for
	NoteLate      NoteKind = "late"    // the answer came after it ended as unknown; Detail is the action's ID
	NoteSettling  NoteKind = "settling"
	NoteNext      NoteKind = "next"  // it goes on to another of its actions; Detail says what came of the one before
	NoteEnded     NoteKind = "ended" // a target ended, one way or the other
	NoteFailed    NoteKind = "failed"
	NoteStopped   NoteKind = "stopped" // of several Droplets those not acted on yet are left alone; Detail says why
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
	// MoveChannel records that a channel has another ID now, with the audit line of it:
	// every request of the channel is loaded with the new one from then on.
	MoveChannel(ctx context.Context, from, to string, l Line) error
	// Unreviewed lists the requests whose review is open, oldest first.
	Unreviewed(ctx context.Context) ([]*Request, error)
}
