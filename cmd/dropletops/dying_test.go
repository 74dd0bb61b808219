package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// dying makes the program die, as by kill -9, at one of the points between two
// commits or calls: DROPLETOPS_TEST_DIE is "POINT#N", the Nth time it comes by.
// DROPLETOPS_TEST_POINTS names a file to which every point is written instead,
// a line each, so that the list of them is taken from the code as it runs.
func dying() func(point string) {
	die, file := os.Getenv("DROPLETOPS_TEST_DIE"), os.Getenv("DROPLETOPS_TEST_POINTS")
	if die == "" && file == "" {
		return nil
	}
	at, nth := die, 1
	if i := strings.LastIndexByte(die, '#'); i >= 0 {
		n, err := strconv.Atoi(die[i+1:])
		if err != nil {
			fmt.Fprintln(os.Stderr, "DROPLETOPS_TEST_DIE", err)
			os.Exit(exitUsage)
		}
		at, nth = die[:i], n
	}
	var mu sync.Mutex
	seen := map[string]int{}
	return func(point string) {
		mu.Lock()
		defer mu.Unlock()
		seen[point]++
		if point == at && seen[point] == nth {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // nothing more happens in this process
		}
		if file != "" {
			note(file, fmt.Sprintf("%s#%d", point, seen[point]))
		}
	}
}

func note(file, line string) {
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = fmt.Fprintln(f, line)
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "DROPLETOPS_TEST_POINTS", err)
		os.Exit(exitFail)
	}
}
