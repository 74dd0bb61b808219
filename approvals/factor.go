package approvals

import (
	"context"
	"time"
)

// Factors checks second factors: one-time codes that only their owner can make.
// Whoever took over a Slack account can't approve with that alone.
type Factors interface {
	// Verify says whether a code is a person's, and uses it up: by the time it
	// answers nil, it is on disk that this code and those before it are spent. use
	// names what the code is for (the envelope's key). The same code for the same
	// use is right again, since an envelope is handled again after a crash; for
	// another use it is refused. now is when the code was given: for an envelope
	// that waited for a restart, its arrival.
	//
	// It answers a [Refusal] for the person: a wrong code, a spent one, too many
	// tries, nobody enrolled. Any other error is a fault of ours or of the setup, and
	// the code was not accepted.
	Verify(ctx context.Context, userID, code, use string, now time.Time) error
	// Precheck returns the [Refusal] that Verify would, where that counts as no try: what
	// is no code at all, a spent one, and any code of a person who gave too many wrong
	// ones. It changes nothing, and nil says nothing about the code.
	Precheck(ctx context.Context, userID, code, use string, now time.Time) error
	// Enrolled says whether a person has a second factor at all.
	Enrolled(ctx context.Context, userID string) (bool, error)
}

// Enrolment is a person's second factor as it is kept: the secret sealed, and
// what was tried with it. It is changed in one transaction at a time.
type Enrolment struct {
	UserID string    `json:"user_id"`
	At     time.Time `json:"at"`
	By     string    `json:"by"` // operator:<user of the operating system>
	// Sealed is the secret, encrypted under the key whose ID is KeyID.
	Sealed []byte `json:"sealed"`
	KeyID  string `json:"key_id"`
	// Step is the newest time step that a code was accepted for: it and those
	// before it are spent.
	Step int64 `json:"step"`
	// Uses are the last codes that were accepted, oldest first.
	Uses []CodeUse `json:"uses,omitempty"`
	// Wrong is when the wrong codes came that still count, oldest first.
	Wrong       []time.Time `json:"wrong,omitempty"`
	LockedUntil time.Time   `json:"locked_until,omitzero"`
}

// CodeUse is a code that was accepted: for what, and by its time step which.
type CodeUse struct {
	Use  string `json:"use"`
	Step int64  `json:"step"`
}
