package slack

import (
	"context"
	"slices"
	"time"
)

// tickEvery is how often, in real time, the server looks at its clock for what is due. It bounds
// how late a deadline is noticed, and how soon a jump of a clock that was handed in takes effect.
const tickEvery = 20 * time.Millisecond

type timer struct {
	at time.Time
	do func() // with mu held
}

type timers []*timer

// after calls do, with mu held, once the clock has reached d from now; mu is held.
func (s *Server) after(d time.Duration, do func()) *timer {
	t := &timer{at: s.now().Add(d), do: do}
	s.timers = append(s.timers, t)
	return t
}

// cancel forgets a timer; mu is held. A nil timer or one that has fired is fine.
func (s *Server) cancel(t *timer) {
	if i := slices.Index(s.timers, t); i >= 0 {
		s.timers = slices.Delete(s.timers, i, i+1)
	}
}

// Tick does everything that is due by the clock, oldest first. The server does so by itself every
// 20 ms of real time; a test that moved its clock calls it to go on at once.
func (s *Server) Tick() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		var next *timer
		for _, t := range s.timers {
			if !t.at.After(s.now()) && (next == nil || t.at.Before(next.at)) {
				next = t
			}
		}
		if next == nil {
			return
		}
		s.cancel(next)
		next.do()
	}
}

func (s *Server) runTimers() {
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.lifetime.Done():
			return
		case <-tick.C:
			s.Tick()
		}
	}
}

// wait blocks until d has passed by the clock; its error says that ctx or the server ended first.
func (s *Server) wait(ctx context.Context, d time.Duration) error {
	done := make(chan struct{})
	s.mu.Lock()
	t := s.after(d, func() { close(done) })
	s.mu.Unlock()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	case <-s.lifetime.Done():
	}
	s.mu.Lock()
	s.cancel(t)
	s.mu.Unlock()
	return context.Canceled
}
