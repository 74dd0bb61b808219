package handlers

import (
	"cmp"
	"slices"
	"strings"
)

// nearest answers up to three of the names that what was typed may have been
// meant to be, the likeliest first: one typing error in three characters, or a
// beginning, with one in it where that is long.
func nearest(typed string, names []string) []string {
	typed = strings.ToLower(typed)
	type guess struct {
		name string
		far  int
	}
	var guesses []guess
	for _, n := range names {
		far := distance(typed, n)
		switch {
		case far <= max(1, min(len(typed), len(n))/3):
			guesses = append(guesses, guess{n, far})
		case len(typed) > 1 && strings.HasPrefix(n, typed):
			guesses = append(guesses, guess{n, far})
		case len(typed) > 4 && len(n) > len(typed) && distance(typed, n[:len(typed)]) == 1:
			guesses = append(guesses, guess{n, far})
		}
	}
	slices.SortStableFunc(guesses, func(a, b guess) int { return cmp.Compare(a.far, b.far) })
	var out []string
	for _, g := range guesses {
		if len(out) < 3 && !slices.Contains(out, g.name) {
			out = append(out, g.name)
		}
	}
	return out
}

// longestGuess bounds the work of a guess, in bytes: no verb, flag or Droplet's
// name is longer.
const longestGuess = 255

// distance counts the typing errors between two words: a letter too many, too
// few, wrong, or two that changed places.
func distance(a, b string) int {
	if len(a) > longestGuess || len(b) > longestGuess {
		return max(len(a), len(b))
	}
	two, one, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		two, one, row = one, row, two
		row[0] = i
		for j := 1; j <= len(b); j++ {
			wrong := 1
			if a[i-1] == b[j-1] {
				wrong = 0
			}
			row[j] = min(one[j]+1, row[j-1]+1, one[j-1]+wrong)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], two[j-2]+1)
			}
		}
	}
	return row[len(b)]
}
