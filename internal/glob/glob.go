// Package glob matches names against patterns as people write them, in any case: * is
// any characters, ? is one, [a-c] is one of these, [^a-c] is one that is none of
// these, and \ takes the special meaning from the character after it. No character is
// special in the text: a pattern's * and ? match a slash as any other.
package glob

import (
	"errors"
	"strings"
)

// ErrBadPattern is returned for a [ without its ], and a \ with nothing after it.
var ErrBadPattern = errors.New("it is no pattern")

// Pattern is a pattern that was read.
type Pattern []part

// part matches one character, or with star any number of any characters.
type part struct {
	star    bool
	ranges  [][2]rune
	negated bool
}

var anyone = part{negated: true} // none of no ranges

func (p part) matches(r rune) bool {
	for _, in := range p.ranges {
		if in[0] <= r && r <= in[1] {
			return !p.negated
		}
	}
	return p.negated
}

// Compile reads a pattern.
func Compile(pattern string) (Pattern, error) {
	rs := []rune(strings.ToLower(pattern))
	var out Pattern
	for i := 0; i < len(rs); i++ {
		switch rs[i] {
		case '*':
			out = append(out, part{star: true})
		case '?':
			out = append(out, anyone)
		case '[':
			p, n, ok := class(rs[i+1:])
			if !ok {
				return nil, ErrBadPattern
			}
			out = append(out, p)
			i += n
		case '\\':
			i++
			if i == len(rs) {
				return nil, ErrBadPattern
			}
			out = append(out, one(rs[i]))
		default:
			out = append(out, one(rs[i]))
		}
	}
	return out, nil
}

func one(r rune) part { return part{ranges: [][2]rune{{r, r}}} }

// class reads what stands after a [, and returns how many characters it takes, the ]
// included.
func class(rs []rune) (p part, n int, ok bool) {
	i := 0
	if len(rs) > 0 && rs[0] == '^' {
		p.negated = true
		i++
	}
	char := func() (rune, bool) {
		if i < len(rs) && rs[i] == '\\' {
			i++
		}
		if i >= len(rs) {
			return 0, false
		}
		i++
		return rs[i-1], true
	}
	for i < len(rs) {
		if rs[i] == ']' && len(p.ranges) > 0 {
			return p, i + 1, true
		}
		low, ok := char()
		if !ok {
			break
		}
		high := low
		if i+1 < len(rs) && rs[i] == '-' && rs[i+1] != ']' {
			i++
			if high, ok = char(); !ok {
				break
			}
		}
		p.ranges = append(p.ranges, [2]rune{low, high})
	}
	return p, 0, false
}

// Match reports whether all of a text is like the pattern. Its time grows with the
// product of their lengths at the most.
func (p Pattern) Match(text string) bool {
	rs := []rune(strings.ToLower(text))
	i, j := 0, 0
	star, from := -1, 0 // the last * and how much of the text it matches up to
	for j < len(rs) {
		switch {
		case i < len(p) && p[i].star:
			star, from = i, j
			i++
		case i < len(p) && p[i].matches(rs[j]):
			i++
			j++
		case star >= 0: // let the last * match one more
			from++
			i, j = star+1, from
		default:
			return false
		}
	}
	for i < len(p) && p[i].star {
		i++
	}
	return i == len(p)
}
