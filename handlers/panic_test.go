package handlers

import (
	"errors"
	"testing"

	"dropletops/internal/task"
)

// A panic in one of the look-ups of an answer is that answer's error.
func TestAPanicBesideTheHandlerIsItsError(t *testing.T) {
	b := newBench(t)
	furnish(b)
	b.account.buggy = true
	_, err := b.Handle(t.Context(), b.slash("UALICE", "info web-1"))
	var crash *task.PanicError
	if !errors.As(err, &crash) {
		t.Errorf("handled with %v", err)
	}
}
