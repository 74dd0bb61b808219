package policy

import (
	"strings"
	"unicode"

	"github.com/goccy/go-yaml/ast"
)

// place is a line and a column of the file, both from 1; columns are characters.
type place struct{ line, column int }

// source is the text of a file, to find the place of something in it.
type source struct {
	lines [][]rune
}

func newSource(text string) *source {
	s := &source{}
	for line := range strings.SplitSeq(text, "\n") {
		s.lines = append(s.lines, []rune(line))
	}
	return s
}

// at answers the character at a place; a line feed at the end of a line, 0 at the
// end of the file.
func (s *source) at(p place) rune {
	if p.line < 1 || p.line > len(s.lines) || p.column < 1 {
		return 0
	}
	line := s.lines[p.line-1]
	switch {
	case p.column <= len(line):
		return line[p.column-1]
	case p.line == len(s.lines):
		return 0
	}
	return '\n'
}

// next answers the place after a place.
func (s *source) next(p place) place {
	if s.at(p) == '\n' {
		return place{p.line + 1, 1}
	}
	return place{p.line, p.column + 1}
}

func (s *source) skipSpace(p place) place {
	for unicode.IsSpace(s.at(p)) {
		p = s.next(p)
	}
	return p
}

// scalar answers the place of each character of a value, and of its end, from the
// place of its key. It walks both texts side by side, which holds for every style
// that YAML has: runs of space stand for each other, whatever they are made of.
func (s *source) scalar(key place, name, value string) []place {
	p := s.afterKey(key, name)
	quote := rune(0)
	switch c := s.at(p); c {
	case '"', '\'':
		quote, p = c, s.next(p)
	case '|', '>':
		p = s.skipSpace(place{p.line + 1, 1})
	}
	runes := []rune(value)
	places := make([]place, 0, len(runes)+1)
	for i := 0; i < len(runes); {
		p = s.continued(p, quote)
		if unicode.IsSpace(runes[i]) && unicode.IsSpace(s.at(p)) {
			for ; i < len(runes) && unicode.IsSpace(runes[i]); i++ {
				places = append(places, p)
			}
			p = s.skipSpace(p)
			continue
		}
		places = append(places, p)
		p = s.afterOne(p, quote)
		i++
	}
	return append(places, p)
}

// afterKey answers where the value of a key begins.
func (s *source) afterKey(key place, name string) place {
	p := key
	for range len([]rune(name)) + 2 { // the key may be in quotes
		if s.at(p) == ':' {
			break
		}
		p = s.next(p)
	}
	return s.skipSpace(s.next(p))
}

// continued goes past the end of a line in double quotes that a backslash joins
// with the next.
func (s *source) continued(p place, quote rune) place {
	for quote == '"' && s.at(p) == '\\' && s.at(s.next(p)) == '\n' {
		p = s.skipSpace(s.next(p))
	}
	return p
}

// afterOne goes past one character of a value, as it is written in its style.
func (s *source) afterOne(p place, quote rune) place {
	c := s.at(p)
	p = s.next(p)
	switch {
	case quote == '\'' && c == '\'':
		p = s.next(p) // two stand for one
	case quote == '"' && c == '\\':
		n := map[rune]int{'x': 2, 'u': 4, 'U': 8}[s.at(p)]
		for range n + 1 {
			p = s.next(p)
		}
	}
	return p
}

// of answers where a node begins.
func of(n ast.Node) place {
	switch n := n.(type) {
	case *ast.MappingNode:
		if len(n.Values) > 0 && !n.IsFlowStyle {
			return of(n.Values[0])
		}
	case *ast.MappingValueNode:
		return of(n.Key)
	case *ast.DocumentNode:
		return of(n.Body)
	}
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return place{1, 1}
	}
	at := n.GetToken().Position
	return place{at.Line, at.Column}
}
