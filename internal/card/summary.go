package card

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"dropletops/approvals"
)

// Told is a request that a summary tells the end of, with the address of its
// card; without one it is not known.
type Told struct {
	Request *approvals.Request
	Link    string
}

// summaryMost is how many requests one summary tells of at the most: more is not
// read.
const summaryMost = 100

// Summary draws one message in place of many: what became of requests that ended
// and whose ends nobody was told of yet. It tells of as many of the first as fit
// and answers how many those are. What someone must look at comes first.
func Summary(all []Told) (Message, int) {
	for n := min(len(all), summaryMost); ; n = n * 9 / 10 {
		m, fits := summary(all[:n])
		if fits || n <= 1 {
			return m, n
		}
	}
}

// maxBlocks is what Slack takes in a message.
const maxBlocks = 50

func summary(all []Told) (m Message, fits bool) {
	var s sheet
	head, late := "📋 "+howMany(len(all)), "They are told late and together, since so many waited. Each card shows its own."
	s.header(head)
	s.section("*"+endings(all)+"*", late)
	text, lines, used := head+": "+endings(all)+" "+late, []string{}, 0
	for _, g := range alike(all) {
		r := g[0].Request
		what := verb(r) + ", asked by " + mention(r.Requester.UserID) + ": "
		var seen, heard []string
		for _, t := range g {
			seen, heard = append(seen, linked(t.Link, listed(t.Request))), append(heard, listed(t.Request))
		}
		for _, line := range inParts(stateMark(r)+" *"+stateWords(r)+":* "+what, seen) {
			lines, used = append(lines, line), used+length(line)+1
		}
		text += "\n" + capital(string(r.State)) + ": " + what + strings.Join(heard, ", ") + "."
	}
	fits = length(text) <= maxText && used <= s.left()
	paragraphs(&s, lines)
	return s.message(text), fits && len(s.blocks) <= maxBlocks
}

// listed is what a request is about in a list of several.
func listed(r *approvals.Request) string {
	switch n := len(r.Targets); {
	case n == 1:
		return escaped(bare(r.Targets[0].Droplet, maxShort), maxShort)
	case r.Tag != "":
		return fmt.Sprintf("%d Droplets tagged %s", n, escaped(r.Tag, maxShort))
	default:
		return fmt.Sprintf("%d Droplets (%s)", n, escaped(firstNames(r), maxShort))
	}
}

// inParts joins the items of a line; where that is more than a section holds, it
// goes on in another.
func inParts(head string, items []string) []string {
	var out []string
	line := head
	for i, it := range items {
		switch {
		case i > 0 && length(line)+length(it)+2 > maxSection:
			out, line = append(out, line), head
		case i > 0:
			line += ", "
		}
		line += it
	}
	return append(out, line)
}

func howMany(n int) string {
	if n == 1 {
		return "1 request ended"
	}
	return fmt.Sprintf("%d requests ended", n)
}

// worst is the order of states in a summary: what someone must look at first.
var worst = []approvals.State{
	approvals.Unknown, approvals.Failed, approvals.Expired, approvals.Denied, approvals.Canceled, approvals.Completed,
}

// endings says how many ended how: "2 failed, 38 completed."
func endings(all []Told) string {
	var parts []string
	for _, state := range worst {
		n := 0
		for _, t := range all {
			if t.Request.State == state {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, state))
		}
	}
	return capital(strings.Join(parts, ", ")) + "."
}

// alike puts together what reads the same but for the Droplet, the worst first.
func alike(all []Told) [][]Told {
	key := func(t Told) string {
		return fmt.Sprintf("%d %s %s", slices.Index(worst, t.Request.State), t.Request.Action.Type, t.Request.Requester.UserID)
	}
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b Told) int { return cmp.Compare(key(a), key(b)) })
	var out [][]Told
	for _, t := range sorted {
		if n := len(out); n > 0 && key(out[n-1][0]) == key(t) {
			out[n-1] = append(out[n-1], t)
			continue
		}
		out = append(out, []Told{t})
	}
	return out
}
