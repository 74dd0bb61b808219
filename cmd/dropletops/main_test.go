package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// TestMain lets the test binary be the program itself: with this variable set it
// is run's whole main, with the knobs that tests may turn.
func TestMain(m *testing.M) {
	if os.Getenv("DROPLETOPS_TEST_MAIN") == "" {
		parallel()
		os.Exit(m.Run())
	}
	p := program{environ: os.Environ(), knobs: knobs{within: knob("DROPLETOPS_TEST_WITHIN"), drain: knob("DROPLETOPS_TEST_DRAIN"), slower: number("DROPLETOPS_TEST_SLOWER"), perMinute: perMinute(), clock: clock(), cross: dying()}}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	code := p.run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// parallel lets more tests run at once than there are processors, unless the
// command line says how many: they wait for other processes most of their time.
func parallel() {
	flag.Parse()
	said := false
	flag.Visit(func(f *flag.Flag) { said = said || f.Name == "test.parallel" })
	if !said {
		if err := flag.Set("test.parallel", "8"); err != nil {
			panic(err)
		}
	}
}

func knob(name string) time.Duration {
	v := os.Getenv(name)
	if v == "" {
		return 0
	}
	d, err := time.ParseDuration(v)
	if err != nil {
		fmt.Fprintln(os.Stderr, name, err)
		os.Exit(exitUsage)
	}
	return d
}

// speedUp is how many times as fast time passes: DROPLETOPS_TEST_FAST, or 0 for
// the real clock.
func speedUp() int { return number("DROPLETOPS_TEST_FAST") }

// perMinute is api's own budget for each second that passes, and DROPLETOPS_TEST_BUDGETS
// times that; 0 where neither is set.
func perMinute() int {
	fast, budgets := speedUp(), number("DROPLETOPS_TEST_BUDGETS")
	if fast == 0 && budgets == 0 {
		return 0
	}
	return 240 * max(1, fast) * max(1, budgets)
}

func number(name string) int {
	v := os.Getenv(name)
	if v == "" {
		return 0
	}
	n, err := strconv.Atoi(v)
	if err != nil {
		fmt.Fprintln(os.Stderr, name, err)
		os.Exit(exitUsage)
	}
	return n
}

// clock is the real one, put forward by DROPLETOPS_TEST_LATER; or one that has
// run DROPLETOPS_TEST_FAST times as fast since DROPLETOPS_TEST_SINCE (RFC 3339).
func clock() func() time.Time {
	if n := speedUp(); n > 0 {
		since, err := time.Parse(time.RFC3339Nano, os.Getenv("DROPLETOPS_TEST_SINCE"))
		if err != nil {
			fmt.Fprintln(os.Stderr, "DROPLETOPS_TEST_SINCE", err)
			os.Exit(exitUsage)
		}
		return fastClock(since, n)
	}
	later := knob("DROPLETOPS_TEST_LATER")
	return func() time.Time { return time.Now().Add(later) }
}

// fastClock runs n times as fast as the real one since a moment.
func fastClock(since time.Time, n int) func() time.Time {
	return func() time.Time { return since.Add(time.Duration(n) * time.Since(since)) }
}
