package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// errLost is what a commit or call returns whose answer is lost.
var errLost = errors.New("the connection was lost")

// dying makes the program die, as by kill -9, at one of the points between two
// commits or calls: DROPLETOPS_TEST_DIE is "POINT#N", the Nth time it comes by.
// DROPLETOPS_TEST_LOSE has commits or calls fail there, as many as it names with
// semicolons between them: after it, what was done was done, and the answer is lost.
// DROPLETOPS_TEST_POINTS names a file to which every point is written instead,
// a line each, so that the list of them is taken from the code as it runs.
func dying() func(point string) error {
	die, lose, file := os.Getenv("DROPLETOPS_TEST_DIE"), os.Getenv("DROPLETOPS_TEST_LOSE"), os.Getenv("DROPLETOPS_TEST_POINTS")
	if die == "" && lose == "" && file == "" {
		return nil
	}
	var mu sync.Mutex
	seen := map[string]int{}
	return func(point string) error {
		mu.Lock()
		defer mu.Unlock()
		seen[point]++
		at := fmt.Sprintf("%s#%d", point, seen[point])
		if at == die {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // nothing more happens in this process
		}
		if file != "" {
			note(file, at)
		}
		if slices.Contains(strings.Split(lose, ";"), at) {
			return errLost
		}
		return nil
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
