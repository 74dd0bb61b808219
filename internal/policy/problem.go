package policy

import (
	"fmt"
	"strings"

	"dropletops/internal/secret"
)

// Problem is one thing that is wrong with a policy file, at its place in it.
type Problem struct {
	File     string
	Line     int // from 1
	Column   int // in characters, from 1
	Sentence string
	Hint     string // what would be right; may be empty
	// Warning says that the file is valid all the same.
	Warning bool
}

// String returns the problem in a line. Tokens are masked: the file that was named may
// hold one in place of a policy.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
	}
	b.WriteString(": ")
	if p.Warning {
		b.WriteString("warning: ")
	}
	b.WriteString(p.Sentence)
	if p.Hint != "" {
		b.WriteString(" (" + p.Hint + ")")
	}
	return secret.MaskAll(b.String())
}

// Problems are all that is wrong with a policy file, in the order of its lines. As
// an error they are a line each.
type Problems []Problem

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, q := range p {
		lines[i] = q.String()
	}
	return strings.Join(lines, "\n")
}

// split parts what makes a file invalid from what is only worth a warning.
func (p Problems) split() (wrong, warnings Problems) {
	for _, q := range p {
		if q.Warning {
			warnings = append(warnings, q)
		} else {
			wrong = append(wrong, q)
		}
	}
	return wrong, warnings
}

// oneLine keeps a library's message from breaking the rule of a line a problem.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
