package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// pointsFile is where a process notes the points it comes by, as long as they
// are being learnt.
func (f *figures) pointsFile(p *replica) string {
	file := filepath.Join(p.w.dir, fmt.Sprintf("points-%d", p.n))
	b, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return file
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for line := range strings.Lines(string(b)) {
		at := strings.TrimSpace(line)
		if i := strings.LastIndexByte(at, '#'); i >= 0 && !slices.Contains(f.points, at[:i]) {
			f.points = append(f.points, at[:i])
		}
	}
	slices.Sort(f.points)
	if len(f.points) < 25 {
		return file
	}
	return ""
}

// point is one to die at, the first time or later that it comes by: of the
// database's, Slack's and DigitalOcean's as often, however many there are of each,
// and more often where an envelope is written down, since that is what is promised
// with its acknowledgement.
func (f *figures) point(rng *rand.Rand) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	where := oneOf(rng, "database: put,", "database: ", "database: ", "Slack: ", "DigitalOcean: ", "DigitalOcean: ")
	among := slices.DeleteFunc(slices.Clone(f.points), func(p string) bool { return !strings.HasPrefix(p, where) })
	if len(among) == 0 {
		return ""
	}
	return oneOf(rng, among...) + "#" + strconv.Itoa(1+rng.IntN(3))
}

// commits are some whose answers are lost.
func (f *figures) commits(rng *rand.Rand) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	among := slices.DeleteFunc(slices.Clone(f.points), func(p string) bool {
		return !strings.HasPrefix(p, "database: ") || !strings.HasSuffix(p, ", after its commit")
	})
	var lost []string
	for n := 0; n < 1+rng.IntN(4) && len(among) > 0; n++ {
		lost = append(lost, oneOf(rng, among...)+"#"+strconv.Itoa(1+rng.IntN(8)))
	}
	return strings.Join(lost, ";")
}
