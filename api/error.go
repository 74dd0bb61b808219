package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/digitalocean/godo"
)

// ErrorKind says what a failure means for whoever called.
type ErrorKind string

// The kinds.
const (
	Unauthorized ErrorKind = "unauthorized"  // the token is not accepted
	Forbidden    ErrorKind = "forbidden"     // the token lacks a scope
	NotFound     ErrorKind = "not found"     // there is no such thing, or no longer
	NotVisible   ErrorKind = "not visible"   // a 404 that has not persisted: read again after RetryAfter
	PendingEvent ErrorKind = "pending event" // the Droplet is busy with another action
	Invalid      ErrorKind = "invalid"       // refused for certain, and would be again
	RateLimited  ErrorKind = "rate limited"  // refused for certain, for now: see RetryAfter
	NotSent      ErrorKind = "not sent"      // certainly nothing left this machine
	Lost         ErrorKind = "lost"          // a mutation whose fate is open
	Unavailable  ErrorKind = "unavailable"   // a read that failed for reasons that pass
)

// Error is a call of DigitalOcean's API that did not succeed. Of a mutation only
// [Lost] leaves open whether it was accepted: after any other kind it was not.
type Error struct {
	Kind       ErrorKind
	Status     int           // HTTP status, 0 without an answer
	Message    string        // DigitalOcean's own words on one line; untrusted
	RequestID  string        // DigitalOcean's, for its support
	RetryAfter time.Duration // of RateLimited and NotVisible: at least 1 s, at most 60 s
	What       string        // what was tried, on what: "rebuild Droplet 123"
	Scopes     []string      // the token scopes that it takes
	Err        error
}

// Error is for the log.
func (e *Error) Error() string {
	s := e.What + ": " + string(e.Kind)
	if e.Status != 0 {
		s += fmt.Sprintf(", status %d", e.Status)
	}
	if e.Message != "" {
		s += fmt.Sprintf(": %q", e.Message)
	} else if e.Err != nil {
		s += ": " + oneLine(e.Err.Error()) // godo's errors hold what came from outside
	}
	if e.RequestID != "" {
		s += fmt.Sprintf(" (request_id %q)", e.RequestID)
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// KindOf answers the kind of an [Error], and "" for any other.
func KindOf(err error) ErrorKind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}

// attempt is one call that is being judged.
type attempt struct {
	what     string
	scopes   []string
	mutation bool
	x        *exchange
}

// judge says what an error of godo, or of the way to it, means.
func (a attempt) judge(err error, now time.Time) *Error {
	e := &Error{What: a.what, Scopes: a.scopes, Err: err}
	e.Status, e.RequestID = a.x.answer()
	open := Unavailable
	if a.mutation {
		open = Lost
	}
	var arg *godo.ArgError
	var refused *godo.ErrorResponse
	switch {
	case errors.As(err, &arg):
		e.Kind, e.Message = Invalid, oneLine(arg.Error())
	case errors.As(err, &refused) && refused.Response != nil:
		e.Status, e.Message = refused.Response.StatusCode, messageOf(refused)
		if refused.RequestID != "" {
			e.RequestID = oneLine(refused.RequestID)
		}
		e.Kind = kindOfStatus(e.Status, e.Message, open)
		if e.Kind == RateLimited {
			e.RetryAfter = retryAfter(refused.Response.Header, now)
		}
	case a.mutation && !a.x.left(err):
		e.Kind = NotSent
	default:
		e.Kind = open
	}
	return e
}

// kindOfStatus judges by status, and a 422 by its message, since godo does not
// hand the body's id on. What is neither a success nor a refusal in the 4xx range
// leaves a mutation open: a gateway may have given up on an answer that came.
func kindOfStatus(status int, message string, open ErrorKind) ErrorKind {
	switch {
	case status == http.StatusUnauthorized:
		return Unauthorized
	case status == http.StatusForbidden:
		return Forbidden
	case status == http.StatusNotFound, status == http.StatusGone:
		return NotFound
	case status == http.StatusTooManyRequests:
		return RateLimited
	case status == http.StatusRequestTimeout:
		return open
	case status == http.StatusUnprocessableEntity && strings.Contains(strings.ToLower(message), "pending event"):
		return PendingEvent
	case status >= 400 && status < 500:
		return Invalid
	}
	return open
}

// maxMessage is how much of DigitalOcean's words is kept; its own are one
// sentence, a proxy's may be a page of HTML.
const maxMessage = 300

func messageOf(r *godo.ErrorResponse) string {
	if r.Message == "" && r.NestedError != nil {
		return oneLine(r.NestedError.Message)
	}
	return oneLine(r.Message)
}

// oneLine makes text from outside fit for a log line or a sentence.
func oneLine(s string) string {
	if len(s) > 16*maxMessage { // a page of HTML need not be read to its end
		s = s[:16*maxMessage]
	}
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > maxMessage {
		s = string(r[:maxMessage]) + "…"
	}
	return s
}

// Sentence tells a person what happened and what to do. It may hold
// DigitalOcean's own words, so it is untrusted text.
func (e *Error) Sentence() string {
	var s string
	switch e.Kind {
	case Unauthorized:
		s = "DigitalOcean does not accept the token. Whoever runs this bot must set a valid DIGITALOCEAN_TOKEN."
	case Forbidden:
		s = "the token is not allowed to."
		if len(e.Scopes) > 0 {
			s = "the token is not allowed to. It needs the scopes " + strings.Join(e.Scopes, ", ") + "."
		}
	case NotFound:
		s = "DigitalOcean says that there is no such thing, or no longer."
	case NotVisible:
		s = "DigitalOcean does not show it at the moment, though it did before. Try again in a few seconds."
	case PendingEvent:
		s = "the Droplet is busy with another action. Try again when that has ended."
	case Invalid:
		s = "DigitalOcean refused it" + e.words() + "."
		if do := e.advises(); do != "" {
			s += " " + do
		}
	case RateLimited:
		s = fmt.Sprintf("too many requests were made to DigitalOcean for now. Try again in %s.", e.RetryAfter.Round(time.Second))
	case NotSent:
		s = "DigitalOcean could not be reached (" + e.reason() + "), and nothing was sent. Try again."
	case Lost:
		s = "DigitalOcean's answer was lost (" + e.reason() + "), so it is not known whether it was accepted. Look at the Droplet's actions before you try again."
	default:
		s = "DigitalOcean does not answer as it should (" + e.reason() + "). Try again in a minute."
	}
	s = "Could not " + e.What + ": " + s
	if e.RequestID != "" {
		s += " DigitalOcean's request_id is " + e.RequestID + "."
	}
	return s
}

func (e *Error) words() string {
	if e.Message == "" {
		return fmt.Sprintf(" with status %d", e.Status)
	}
	return ": " + strings.TrimRight(e.Message, ".!")
}

// reason names a cause without addresses or headers.
func (e *Error) reason() string {
	var timeout net.Error
	var dns *net.DNSError
	var syntax *json.SyntaxError
	var types *json.UnmarshalTypeError
	switch {
	case e.Status >= 300 || e.Status != 0 && e.Err == nil:
		return fmt.Sprintf("status %d", e.Status)
	case errors.Is(e.Err, context.Canceled):
		return "interrupted"
	case errors.Is(e.Err, context.DeadlineExceeded), errors.As(e.Err, &timeout) && timeout.Timeout():
		return "no answer in time"
	case errors.As(e.Err, &dns):
		return "its name cannot be resolved"
	case errors.Is(e.Err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.As(e.Err, &syntax), errors.As(e.Err, &types), errors.Is(e.Err, errEmpty), errors.Is(e.Err, errTooBig):
		return "the answer could not be read"
	case errors.Is(e.Err, io.EOF), errors.Is(e.Err, io.ErrUnexpectedEOF), errors.Is(e.Err, syscall.ECONNRESET), errors.Is(e.Err, syscall.EPIPE):
		return "the connection broke"
	}
	return "no answer"
}
