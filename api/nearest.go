package api

import (
	"slices"
	"strings"
)

// nearest answers the names of Droplets that someone may have meant.
func nearest(words string, all []Droplet) []string {
	names := make([]string, len(all))
	for i, d := range all {
		names[i] = d.Name
	}
	return Nearest(words, names)
}

// Dashes are the hyphen and the characters that look like one: what clients make of
// hyphens, and what is copied from web pages.
const Dashes = "-‐‑‒–—―−⁃˗﹘﹣－"

// Hyphens replaces characters that look like a hyphen by one. No Droplet, tag or slug has
// any of them.
func Hyphens(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(Dashes, r) {
			return '-'
		}
		return r
	}, s)
}

// longestGuess bounds the work of a guess, in characters: no verb, flag, slug or
// Droplet's name is longer.
const longestGuess = 255

// Nearest answers up to three of the names that what someone typed may have been
// meant to be, the best first: those a few typing errors away, then those of which
// it is a part, or nearly the beginning.
func Nearest(words string, names []string) []string {
	type guess struct {
		name   string
		far    int
		shared int // letters at the beginning: people mistype those least
	}
	typed := []rune(strings.ToLower(Hyphens(words)))
	if len(typed) > longestGuess {
		return nil
	}
	within := 1 + len(typed)/4 // typing errors: 1 in up to 3 letters, 2 in 4 to 7, and so on
	var guesses []guess
	for _, name := range names {
		low := []rune(strings.ToLower(name))
		far := distance(typed, low, within)
		switch {
		case far <= within:
		case len(typed) >= 3 && strings.Contains(string(low), string(typed)),
			len(typed) == 2 && strings.HasPrefix(string(low), string(typed)),
			len(typed) >= 5 && len(low) > len(typed) && distance(typed, low[:len(typed)], 1) == 1:
			far = within + 1
		default:
			continue
		}
		guesses = append(guesses, guess{name, far, sharedPrefix(typed, low)})
	}
	slices.SortStableFunc(guesses, func(a, b guess) int {
		if a.far != b.far {
			return a.far - b.far
		}
		if a.shared != b.shared {
			return b.shared - a.shared
		}
		if len(a.name) != len(b.name) {
			return len(a.name) - len(b.name)
		}
		return strings.Compare(a.name, b.name)
	})
	var out []string
	for _, g := range guesses {
		if len(out) < 3 && !slices.Contains(out, g.name) {
			out = append(out, g.name)
		}
	}
	return out
}

func sharedPrefix(a, b []rune) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// distance counts the typing errors between two words: a letter too many, too
// few, another one, or two swapped. It answers more than limit early.
func distance(a, b []rune, limit int) int {
	if d := len(a) - len(b); d > limit || -d > limit {
		return limit + 1
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			other := 1
			if a[i-1] == b[j-1] {
				other = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+other)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
