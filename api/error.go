package api

import (
	"errors"
	"time"
)

// ErrorKind says what a failure means for whoever called.
type ErrorKind string

// The kinds.
const (
	Unauthorized ErrorKind = "unauthorized"  // the token is not accepted
	Forbidden    ErrorKind = "forbidden"     // the token lacks a scope
	NotFound     ErrorKind = "not found"     // there is no such thing, or it is gone
	PendingEvent ErrorKind = "pending event" // the Droplet is busy with another action
	Invalid      ErrorKind = "invalid"       // refused for certain, and would be again
	RateLimited  ErrorKind = "rate limited"  // refused for certain, for now: see RetryAfter
	NotSent      ErrorKind = "not sent"      // certainly nothing left this machine
	Lost         ErrorKind = "lost"          // a mutation whose fate is open
	Unavailable  ErrorKind = "unavailable"   // a read that failed for reasons that pass
)

// Error is a call of DigitalOcean's API that did not succeed.
type Error struct {
	Kind       ErrorKind
	Status     int    // HTTP status, 0 without an answer
	Message    string // DigitalOcean's own words, cleaned; untrusted
	RequestID  string // DigitalOcean's, for its support
	RetryAfter time.Duration
	What       string   // what was tried, on what: "rebuild Droplet 123"
	Scopes     []string // the token scopes that it needs
	Err        error
}

func (e *Error) Error() string { return e.What + ": " + string(e.Kind) }

func (e *Error) Unwrap() error { return e.Err }

// Sentence tells a person what happened and what to do.
func (e *Error) Sentence() string { return e.Error() }

// KindOf answers the kind of an error of this package, and "" for any other.
func KindOf(err error) ErrorKind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}
