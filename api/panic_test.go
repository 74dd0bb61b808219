package api_test

import (
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"

	"dropletops/internal/task"
)

// A panic in a look-up that many share is the error of each of them.
func TestAPanicInASharedLookUpIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scripted{answer: func(*http.Request) *http.Response { panic("a bug") }}
		c := offline(t, s, 0)
		var all sync.WaitGroup
		for range 30 { // more than there is a burst for, so that lists are shared as well
			all.Go(func() {
				var crash *task.PanicError
				if _, err := c.Find(t.Context(), "web-7"); !errors.As(err, &crash) {
					t.Errorf("Find: %v", err)
				}
			})
		}
		all.Wait()
	})
}
