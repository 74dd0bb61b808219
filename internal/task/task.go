// Package task is how a goroutine is started: with a recover, so that a panic in it is an
// error of whoever started it and never the end of the process. Nobody else recovers in a
// goroutine, and what ended the process once would end it again after each start. That no
// other way is used is a test (internal/archtest). Who starts a goroutine waits for it, or
// says when it ends: this package does not.
package task

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"
)

// PanicError is a panic as an error.
type PanicError struct {
	Value any
	Stack string
}

func (p *PanicError) Error() string { return fmt.Sprintf("a panic: %v", p.Value) }

// Do runs f, and returns a panic in it as a *PanicError.
func Do(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{v, string(debug.Stack())}
		}
	}()
	return f()
}

// Err returns f with a panic in it as its error.
func Err(f func() error) func() error { return func() error { return Do(f) } }

// Value returns f with a panic in it as its error.
func Value[T any](f func() (T, error)) func() (T, error) {
	return func() (v T, err error) {
		err = Do(func() (err error) { v, err = f(); return err })
		return v, err
	}
}

// Log returns f with a panic in it reported.
func Log(report func(error), f func()) func() {
	return func() {
		if err := Do(func() error { f(); return nil }); err != nil {
			report(err)
		}
	}
}

// again is how long Again waits before it runs something once more.
const again = time.Second

// Again returns a loop that is to run until ctx ends: after a panic in it, which is
// reported, it is run once more.
func Again(ctx context.Context, report func(error), f func()) func() {
	return func() {
		for {
			err := Do(func() error { f(); return nil })
			if err == nil {
				return
			}
			report(err)
			rest := time.NewTimer(again)
			select {
			case <-rest.C:
			case <-ctx.Done():
				rest.Stop()
				return
			}
		}
	}
}
