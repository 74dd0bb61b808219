package digitalocean

import (
	"container/heap"
	"context"
	"time"
)

// due is a moment at which something happens in the world.
type due struct {
	at  time.Time
	seq int // keeps what is due at the same moment in the order it was scheduled
	do  func(at time.Time)
}

type dueQueue []due

func (q dueQueue) Len() int { return len(q) }
func (q dueQueue) Less(i, j int) bool {
	if q[i].at.Equal(q[j].at) {
		return q[i].seq < q[j].seq
	}
	return q[i].at.Before(q[j].at)
}
func (q dueQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *dueQueue) Push(x any)   { *q = append(*q, x.(due)) }
func (q *dueQueue) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}

// schedule has do run once the clock has reached at.
func (w *world) schedule(at time.Time, do func(at time.Time)) {
	w.dueSeq++
	heap.Push(&w.due, due{at, w.dueSeq, do})
}

// settle lets everything happen that is due by now, in its order, each at its own moment.
func (w *world) settle(now time.Time) (happened bool) {
	for len(w.due) > 0 && !w.due[0].at.After(now) {
		next := heap.Pop(&w.due).(due)
		w.now = next.at
		next.do(next.at)
		happened = true
	}
	w.now = now
	return happened
}

// look runs f on the settled world under the lock, then tells those who wait, if something changed.
func (s *Server) look(f func(now time.Time)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now().UTC()
	if s.w.settle(now) {
		s.dirty = true
	}
	f(now)
	if s.dirty {
		s.dirty = false
		close(s.changed)
		s.changed = make(chan struct{})
	}
	s.wake(now)
}

// wake sets the timer to the next due moment. With a clock that was handed in nobody knows when it
// moves, so Settle takes the timer's place.
func (s *Server) wake(now time.Time) {
	if s.opt.Now != nil || len(s.w.due) == 0 {
		return
	}
	select {
	case <-s.closed:
		return
	default:
	}
	wait := max(s.w.due[0].at.Sub(now), 0)
	if s.timer == nil {
		s.timer = time.AfterFunc(wait, s.Settle)
		return
	}
	s.timer.Reset(wait)
}

// Settle lets everything happen that is due by now. Call it after advancing a clock of your own.
func (s *Server) Settle() { s.look(func(time.Time) {}) }

// Subscribe returns a channel that gets a value after each change of the world or of the request
// log (several changes may share one), and a function that ends the subscription.
func (s *Server) Subscribe() (<-chan struct{}, func()) {
	out := make(chan struct{}, 1)
	stop := make(chan struct{})
	changed := s.nextChange()
	if !s.enter() {
		return out, func() {}
	}
	go func() {
		defer s.handlers.Done()
		for {
			select {
			case <-changed:
			case <-stop:
				return
			case <-s.closed:
				return
			}
			changed = s.nextChange()
			select {
			case out <- struct{}{}:
			default: // the one waiting to be read tells of this change too
			}
		}
	}()
	var ended bool
	return out, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !ended {
			ended = true
			close(stop)
		}
	}
}

func (s *Server) nextChange() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// WaitFor returns nil once cond holds. It asks again after each change, never by the clock; cond may
// call every method of the Server. The error is ctx's, or http.ErrServerClosed after Close.
func (s *Server) WaitFor(ctx context.Context, cond func() bool) error {
	for {
		changed := s.nextChange()
		s.Settle()
		if cond() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-s.closed:
			return errClosed
		}
	}
}
