package task_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"dropletops/internal/task"
)

func TestAPanicIsAnError(t *testing.T) {
	var crash *task.PanicError
	if err := task.Err(func() error { panic("a bug") })(); !errors.As(err, &crash) || err.Error() != "a panic: a bug" || !strings.Contains(crash.Stack, "task_test") {
		t.Errorf("Err: %v", err)
	}
	if v, err := task.Value(func() (int, error) { panic("a bug") })(); !errors.As(err, &crash) || v != 0 {
		t.Errorf("Value: %d, %v", v, err)
	}
	if v, err := task.Value(func() (int, error) { return 7, nil })(); err != nil || v != 7 {
		t.Errorf("Value: %d, %v", v, err)
	}
	var said error
	task.Log(func(err error) { said = err }, func() { panic("a bug") })()
	if !errors.As(said, &crash) {
		t.Errorf("Log: %v", said)
	}
}

func TestALoopGoesOnAfterAPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		runs, panics := 0, 0
		loop := func() {
			if runs++; runs < 3 {
				panic("a bug")
			}
		}
		task.Again(ctx, func(error) { panics++ }, loop)()
		if runs != 3 || panics != 2 {
			t.Errorf("%d runs, %d panics", runs, panics)
		}
		stop()
		runs = 0
		task.Again(ctx, func(error) {}, loop)()
		if runs != 1 {
			t.Errorf("%d runs after the end", runs)
		}
	})
}
