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
	created, destroyed                     int
	duplicates, losses, untold             int
	moreCards, leftovers                   int
	restarts, rolls                        int
	turnedAway, refusedStarts              int
	lags, notFounds, limited, rows         int
	leftOff, blamed                        int
	longestRestart, longestStop, settled   time.Duration
	longestRoll                            time.Duration // of one replica, until it was ready
	takeovers                              map[string]taken
	ends, disks                            map[string]int
}

// taken is how often others took something over, and how long it took at the most.
type taken struct {
	times   int
	longest time.Duration
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
	t := f.takeovers[what]
	f.takeovers[what] = taken{t.times + 1, max(t.longest, took)}
}

func (f *figures) disk(what string) { f.mu.Lock(); defer f.mu.Unlock(); f.disks[what]++ }

// rolled notes how long a replica took to be ready after a planned restart.
func (f *figures) rolled(took time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.longestRoll = max(f.longestRoll, took)
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
	say("changes that DigitalOcean accepted", f.posts)
	say("  Droplets created, destroyed", fmt.Sprint(f.created, ", ", f.destroyed))
	say("kills (at random, at a point)", fmt.Sprint(f.kills, ", ", f.deaths))
	say("points to die at", len(f.points))
	say("SIGTERM, SIGSTOP", fmt.Sprint(f.stops, ", ", f.freezes))
	if f.rolls > 0 {
		say("rolling restarts, longest until ready", fmt.Sprint(f.rolls, ", ", f.longestRoll.Round(100*time.Millisecond)))
	}
	for _, what := range slices.Sorted(maps.Keys(f.disks)) {
		say(what, f.disks[what])
	}
	if w.onSQLite() {
		say("unanswered: came while the disk was ill", f.turnedAway)
		say("starts that ended for the disk's sake", f.refusedStarts)
	}
	say("disconnects", f.disconnects)
	say("faults injected", f.faults)
	say("stray 404s, limited look-ups", fmt.Sprint(f.notFounds, ", ", f.limited))
	say("changes of DigitalOcean's lag", f.lags)
	say("rows of kills, commands blamed for them", fmt.Sprint(f.rows, ", ", f.blamed))
	say("changes behind our back", f.drifts)
	say("audit lines", f.audit)
	say("duplicates", f.duplicates)
	say("losses", f.losses)
	say("left off by a resize", f.leftOff)
	say("accepted changes behind an unknown", f.untold)
	say("second cards, clicked in vain", fmt.Sprint(f.moreCards, ", ", f.leftovers))
	say("longest from restart to work going on", fmt.Sprint(f.longestRestart.Round(time.Millisecond), " of ", f.restarts))
	for _, what := range slices.Sorted(maps.Keys(f.takeovers)) {
		t := f.takeovers[what]
		say("longest takeover of "+what, fmt.Sprint(t.longest.Round(100*time.Millisecond), " of ", t.times))
	}
	say("longest end after SIGTERM", f.longestStop.Round(time.Millisecond))
	say("until nothing was open, once healed", f.settled.Round(time.Second))
	fmt.Print(b.String())
	w.inTime("work went on after a restart", f.longestRestart, carryOn)
	for what, t := range f.takeovers {
		w.inTime("the takeover of "+what, t.longest, takeOver)
	}
}

// takeOver is how long a dead or frozen replica's work may lie idle.
const takeOver = time.Minute

// inTime says what took longer than is promised. How long a thing takes is also
// the machine's doing, so the run fails only where that can't be it.
func (w *torture) inTime(what string, took, promised time.Duration) {
	if took > promised {
		fmt.Printf("torture %s: %s took %s, and %s are promised\n", w.t.Name(), what, took.Round(100*time.Millisecond), promised)
	}
	if took > 2*promised {
		w.t.Errorf("%s took %s, and %s are promised", what, took, promised)
	}
}
