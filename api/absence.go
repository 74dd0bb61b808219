package api

import (
	"errors"
	"sync"
	"time"
)

// DigitalOcean answers 404 for what exists: for seconds after it was created, and now
// and then for what is old. Terraform's provider retries such a 404; so do we.

// AbsenceRule is how long a 404 must persist before it is taken for absence: at least
// Reads in a row that are 404, the last of them at least Over after the first.
type AbsenceRule struct {
	Reads int
	Over  time.Duration
}

// The rules. Whatever was never seen is absent at the first 404 and needs none.
var (
	// SeenBefore is for what has been read before.
	SeenBefore = AbsenceRule{3, 15 * time.Second}
	// JustCreated is for what was created within the last [RecentlyCreated].
	JustCreated = AbsenceRule{3, 3 * time.Minute}
	// Destroying is for what DigitalOcean has accepted to destroy.
	Destroying = AbsenceRule{3, 6 * time.Second}
)

// RecentlyCreated is the age up to which [JustCreated] applies.
const RecentlyCreated = 10 * time.Minute

// RuleFor returns the rule for something that was created at a time; the zero time is
// long ago.
func RuleFor(created, now time.Time) AbsenceRule {
	if age := now.Sub(created); !created.IsZero() && age < RecentlyCreated {
		return JustCreated
	}
	return SeenBefore
}

// Pauses between the reads that a 404 causes, and after which a 404 is forgotten that
// nobody has followed up: what lies between two far ends proves nothing.
const (
	firstAbsencePause = 2 * time.Second
	maxAbsencePause   = 20 * time.Second
	absenceForgotten  = 4 * maxAbsencePause
)

// Absences counts the 404s in a row of each thing, over everyone who reads it. The zero
// value is ready. It lives in memory: after a restart the reads are counted anew.
type Absences struct {
	mu sync.Mutex
	m  map[string]absence
}

type absence struct {
	first, last time.Time
	reads       int
}

// Check takes the outcome of a read of the thing that key names, and returns what may be
// concluded from it: err as it is, unless it is a [NotFound] that has not persisted by
// the rule. Then it returns a [NotVisible] whose RetryAfter is when to read again. Any
// successful read resets the count.
func (a *Absences) Check(key string, rule AbsenceRule, err error, now time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err == nil {
		delete(a.m, key)
		return nil
	}
	var e *Error
	if !errors.As(err, &e) || e.Kind != NotFound {
		return err // it says nothing about whether the thing exists
	}
	seen, ok := a.m[key]
	if !ok || now.Sub(seen.last) > absenceForgotten {
		seen = absence{first: now}
	}
	seen.last = now
	seen.reads++
	if a.m == nil {
		a.m = map[string]absence{}
	}
	a.m[key] = seen
	a.forget(now)
	if seen.reads >= rule.Reads && now.Sub(seen.first) >= rule.Over {
		return err
	}
	out := *e
	out.Kind, out.Err = NotVisible, err
	out.RetryAfter = min(firstAbsencePause<<min(seen.reads-1, 8), maxAbsencePause)
	if left := rule.Over - now.Sub(seen.first); left > 0 { // the last read is due when the time is up
		out.RetryAfter = min(out.RetryAfter, left)
	}
	if rule.Over < maxAbsencePause { // short rules are over soon: their reads are spread evenly
		out.RetryAfter = min(out.RetryAfter, rule.Over/time.Duration(rule.Reads-1))
	}
	out.RetryAfter = max(out.RetryAfter, time.Second)
	return &out
}

// Since starts the count of a thing at an earlier process's first 404. It changes none that
// has begun.
func (a *Absences) Since(key string, first, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, ok := a.m[key]; ok {
		return
	}
	if a.m == nil {
		a.m = map[string]absence{}
	}
	a.m[key] = absence{first: first, last: now}
}

// forget drops what nobody reads any more, so that the map does not grow for ever. The
// caller holds the lock.
func (a *Absences) forget(now time.Time) {
	const enough = 1000 // entries that cost nothing worth a walk
	if len(a.m) < enough {
		return
	}
	for key, x := range a.m {
		if now.Sub(x.last) > absenceForgotten {
			delete(a.m, key)
		}
	}
}
