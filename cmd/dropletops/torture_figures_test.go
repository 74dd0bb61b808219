package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// figures are what a run is told by.
type figures struct {
	mu     sync.Mutex
	points []string // at which a process can die

	commands, clicks, redelivered, unacked int
	kills, deaths, stops, freezes          int
	disconnects, faults, drifts            int
	requests, posts, audit                 int
	duplicates, losses, untold             int
	moreCards, leftovers                   int
	restarts                               int
	longestRestart, longestStop, settled   time.Duration
	takeovers                              map[string]time.Duration
	ends                                   map[string]int
}

func (f *figures) count(n *int)         { f.add(n, 1) }
func (f *figures) add(n *int, more int) { f.mu.Lock(); defer f.mu.Unlock(); *n += more }
func (f *figures) killed()              { f.count(&f.kills) }
func (f *figures) died()                { f.count(&f.deaths) }
func (f *figures) froze()               { f.count(&f.freezes) }

// restart notes how long it took from a start until work went on.
func (f *figures) restart(took time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.restarts++
	f.longestRestart = max(f.longestRestart, took)
}

// stop notes how long the program took to end after SIGTERM.
func (f *figures) stop(took time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stops++
	f.longestStop = max(f.longestStop, took)
}

// takeover notes how long something lay idle until another replica had it.
func (f *figures) takeover(what string, took time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.takeovers[what] = max(f.takeovers[what], took)
}

func (f *figures) line() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return fmt.Sprintf("%d commands, %d clicks, %d kills, %d deaths at points, %d freezes, %d stops, %d disconnects, %d faults",
		f.commands, f.clicks, f.kills, f.deaths, f.freezes, f.stops, f.disconnects, f.faults)
}

func (f *figures) print(w *torture) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var b strings.Builder
	say := func(what string, v any) { fmt.Fprintf(&b, "  %-46s %v\n", what, v) }
	fmt.Fprintf(&b, "torture %s, TORTURE_FOR=%s, TORTURE_SEED=%d, %d processes at once\n", w.t.Name(), w.length, w.seed, len(w.replica))
	say("commands, clicks", fmt.Sprint(f.commands, ", ", f.clicks))
	say("delivered again by hand", f.redelivered)
	say("not acknowledged (the person saw an error)", f.unacked)
	say("requests", f.requests)
	for _, s := range slices.Sorted(maps.Keys(f.ends)) {
		say("  "+s, f.ends[s])
	}
	say("actions that DigitalOcean accepted", f.posts)
	say("kills (at random, at a point)", fmt.Sprint(f.kills, ", ", f.deaths))
	say("points to die at", len(f.points))
	say("SIGTERM, SIGSTOP", fmt.Sprint(f.stops, ", ", f.freezes))
	say("disconnects", f.disconnects)
	say("faults injected", f.faults)
	say("changes behind our back", f.drifts)
	say("audit lines", f.audit)
	say("duplicates", f.duplicates)
	say("losses", f.losses)
	say("accepted actions behind an unknown", f.untold)
	say("second cards, clicked in vain", fmt.Sprint(f.moreCards, ", ", f.leftovers))
	say("longest from restart to work going on", fmt.Sprint(f.longestRestart.Round(time.Millisecond), " of ", f.restarts))
	for _, what := range slices.Sorted(maps.Keys(f.takeovers)) {
		say("longest takeover of "+what, f.takeovers[what].Round(100*time.Millisecond))
	}
	say("longest end after SIGTERM", f.longestStop.Round(time.Millisecond))
	say("until nothing was open, once healed", f.settled.Round(time.Second))
	fmt.Print(b.String())
	if f.longestRestart > carryOn {
		w.t.Errorf("work went on %s after a restart; %s are allowed", f.longestRestart, carryOn)
	}
	for what, took := range f.takeovers {
		if took > time.Minute {
			w.t.Errorf("the takeover of %s took %s; a minute is allowed", what, took)
		}
	}
}
