package bot

import (
	"context"
	"fmt"
	"time"

	"dropletops/approvals"
	"dropletops/handlers"
	"dropletops/internal/task"
)

// errHung says that a handler did not come back when its time was up.
var errHung = fmt.Errorf("the handler did not end within %s", handleWithin+handleGrace)

// attempt handles once, and comes back whatever the handler does. It calls leave when
// that has come back.
func (h *hands) attempt(work context.Context, e approvals.Envelope, leave func()) (handlers.Reply, error) {
	ctx, cancel := context.WithTimeout(work, handleWithin)
	defer cancel()
	type outcome struct {
		reply handlers.Reply
		err   error
	}
	done := make(chan outcome, 1)
	go task.Log(h.client.crashed, func() {
		var o outcome
		o.err = task.Do(func() (err error) {
			o.reply, err = h.handler.Handle(ctx, e)
			return err
		})
		done <- o
		leave()
	})()
	select {
	case o := <-done:
		return o.reply, o.err
	case <-ctx.Done():
	}
	late := time.NewTimer(handleGrace)
	defer late.Stop()
	select {
	case o := <-done:
		return o.reply, o.err
	case <-late.C:
		return handlers.Reply{}, errHung
	case <-work.Done():
		return handlers.Reply{}, work.Err()
	}
}
