package main

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"dropletops/internal/scratch"
	simdo "dropletops/internal/sim/digitalocean"
	simslack "dropletops/internal/sim/slack"
)

// manyReplicas is how many processes share PostgreSQL unless TORTURE_REPLICAS says.
const manyReplicas = 3

// TestTorture lets everything go wrong at random for TORTURE_FOR, heals it all,
// waits until nothing is open, and checks what CONTRACT §6 promises. TORTURE_SEED
// repeats the same decisions; when they come about is a matter of time.
// docs/RELIABILITY.md tells what is done and what is checked.
func TestTorture(t *testing.T) {
	length := knob("TORTURE_FOR")
	if length == 0 {
		t.Skip("skipped: TORTURE_FOR is not set; make torture sets it")
	}
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("TORTURE_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatalf("TORTURE_SEED: %v", err)
		}
	}
	fmt.Printf("torture: TORTURE_FOR=%s TORTURE_SEED=%d\n", length, seed)
	// On SQLite time passes faster, so that an hour holds more; on PostgreSQL
	// replicas fence each other off by the real clock.
	t.Run("SQLite", func(t *testing.T) {
		newTorture(t, tortureSetup{length: length, seed: seed, replicas: 1, fast: 3}).run()
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		replicas := manyReplicas
		if n, err := strconv.Atoi(os.Getenv("TORTURE_REPLICAS")); err == nil {
			replicas = n
		}
		newTorture(t, tortureSetup{length: length, seed: seed, replicas: replicas, fast: 1, database: scratch.PostgreSQL(t)}).run()
	})
}

type tortureSetup struct {
	length   time.Duration
	seed     uint64
	replicas int
	fast     int    // how many times as fast time passes, for the program and for DigitalOcean
	database string // empty is SQLite
}

// torture is one run against one database.
type torture struct {
	*rig
	tortureSetup
	since     time.Time
	dir       string // of the logs
	replica   []*replica
	ledger    ledger
	figures   figures
	channels  []string
	members   []string
	disk      disk
	meddlings meddlings
	quiet     sync.RWMutex // held for writing while one replica is away for long and the others must live
}

// heldOpen is how many requests are open, or not shown yet as they are, at the
// most, so that the count of what goes on at once is bounded however long the run
// is: Slack's 50 edits a minute are what bounds it.
const heldOpen = 40

// within is how long a request waits for its decision: by the program's clock,
// while River wakes up by the real one.
const within = 40 * time.Second

func newTorture(t *testing.T, s tortureSetup) *torture {
	since := time.Now()
	speed := 60 / float64(s.fast)
	r := newRigBetween(t, simslack.Options{}, simdo.Options{Now: fastClock(since, s.fast), StatusLag: time.Duration(s.fast) * 300 * time.Millisecond, Speed: speed, Seed: s.seed, Lag: simdo.DefaultLag()})
	w := &torture{rig: r, tortureSetup: s, since: since,
		figures: figures{takeovers: map[string]taken{}, ends: map[string]int{}, disks: map[string]int{}}}
	var err error
	if w.dir, err = os.MkdirTemp("", "dropletops-torture-"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the programs' logs are in %s", w.dir)
		} else if err := os.RemoveAll(w.dir); err != nil {
			t.Error(err)
		}
	})
	if w.onSQLite() {
		w.ownDisk()
	} else {
		r.env["DATABASE_URL"] = s.database
	}
	for k, v := range map[string]string{
		"LOG_LEVEL":              cmp.Or(os.Getenv("TORTURE_LOG"), "info"),
		"DROPLETOPS_TEST_WITHIN": within.String(),
		"DROPLETOPS_TEST_FAST":   strconv.Itoa(s.fast),
		"DROPLETOPS_TEST_SINCE":  since.Format(time.RFC3339Nano),
		// One budget takes far less than these people ask for: most would be called off.
		"DROPLETOPS_TEST_BUDGETS": strconv.Itoa(s.replicas),
	} {
		r.env[k] = v
	}
	w.populate()
	for i := range s.replicas {
		w.replica = append(w.replica, w.newReplica(i))
	}
	return w
}

// rng is an actor's own chance: the same for the same seed and database.
func (w *torture) rng(actor int) *rand.Rand {
	return rand.New(rand.NewPCG(w.seed, uint64(1000*w.fast+actor)))
}

func (w *torture) run() {
	ctx, cancel := context.WithTimeout(w.t.Context(), w.length)
	defer cancel()
	var all sync.WaitGroup
	actors := []func(context.Context, *rand.Rand){
		w.typing, w.clicking, w.clicking, w.redelivering, w.slackFails, w.slackDrops, w.digitalOceanFails, w.drifting,
		w.diskFails, w.lagging, w.notFound, w.lookUpsLimited, w.databaseHangs,
	}
	if len(w.replica) > 1 {
		actors = append(actors, w.rolling)
	}
	for i, act := range actors {
		all.Go(func() { act(ctx, w.rng(i)) })
	}
	for i, p := range w.replica {
		all.Go(func() { p.live(ctx, w.rng(100+i)) })
	}
	all.Go(func() { w.tell(ctx) })
	all.Wait()
	w.heal()
	w.settle()
	w.check()
	w.figures.print(w)
}

// tell says now and then how it goes.
func (w *torture) tell(ctx context.Context) {
	for pause(ctx, time.Minute) {
		fmt.Printf("torture %s: %s\n", w.t.Name(), w.figures.line())
	}
}

// pause waits, and says whether there is still time.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// between is a random time.
func between(rng *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(rng.Int64N(int64(most-least)))
}

func oneOf[T any](rng *rand.Rand, of ...T) T { return of[rng.IntN(len(of))] }

// chance says yes in so many of a hundred cases.
func chance(rng *rand.Rand, percent int) bool { return rng.IntN(100) < percent }
