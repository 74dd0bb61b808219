package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
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
	p := program{environ: os.Environ(), knobs: knobs{within: knob("DROPLETOPS_TEST_WITHIN"), later: knob("DROPLETOPS_TEST_LATER")}}
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
		if err := flag.Set("test.parallel", "12"); err != nil {
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
