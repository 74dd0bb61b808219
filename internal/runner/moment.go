package runner

import "time"

// moment is a point in time on both clocks of a process. The monotonic one does
// not run while the machine is suspended, and the wall clock may be set back: what
// must not be late is held against whichever says that more time has passed.
type moment struct {
	running time.Time // read with the monotonic clock
	wall    time.Time
}

func (r *Runner) moment() moment { return moment{time.Now(), r.Now().Round(0)} }

// since is how long ago a moment was, by the clock that says more.
func (r *Runner) since(m moment) time.Duration {
	return max(time.Since(m.running), r.Now().Round(0).Sub(m.wall))
}
