package approvals

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"
)

// Who is refused and goes on clicking must not fill the audit log: the first few
// refusals of the same thing have a line each, and those after them one line together
// for as long as they go on, with their number. Decisions and actions are never counted
// together.
const (
	// maxRefusalLines is how many refusals of the same thing have a line of their own.
	maxRefusalLines = 3
	// Repeated ones are counted for refusalWindow, then for twice as long, and so on up
	// to maxRefusalWindow: some ten lines in an hour, however often somebody clicks. A
	// crash loses the count of one window at the most.
	refusalWindow    = time.Minute
	maxRefusalWindow = 10 * time.Minute
	// maxRefusalKeys is how many different things a person's refusals are told apart by
	// at a time; all others are counted as one.
	maxRefusalKeys = 60
)

// DetailRepeated is the detail of a line "refused" that stands for so many refusals of
// the same thing; Why and the rest are those of the last one. DetailSince is when the
// first of them was.
const (
	DetailRepeated = "repeated"
	DetailSince    = "since"
)

// refusals counts repeated refusals, in memory. The zero value is ready for use.
type refusals struct {
	mu   sync.Mutex
	runs map[refusalKey]*refusalRun
	keys map[string]int // how many runs a person has
}

// refusalKey is what a person is refused: a button of a request, or words.
type refusalKey struct{ who, request, what string }

type refusalRun struct {
	window time.Duration
	until  time.Time // when the window ends
	lines  int       // that were written one by one
	count  int       // of refusals in this window that have no line
	since  time.Time // of the first of them
	last   Line
}

func (f *refusals) keyOf(l Line) refusalKey {
	k := refusalKey{who: l.Who, what: "words: " + l.Detail["words"]}
	if click := l.Detail["click"]; click != "" {
		k.request, k.what = l.RequestID, "click: "+click
	}
	if f.runs[k] == nil && f.keys[l.Who] >= maxRefusalKeys {
		return refusalKey{who: l.Who}
	}
	return k
}

// add returns the lines to write down now for a refusal: its own, none, or one for those
// that were counted before.
func (f *refusals) add(l Line) []Line {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := f.keyOf(l)
	r := f.runs[k]
	var out []Line
	if r != nil && !l.At.Before(r.until) {
		if r.count == 0 { // they had stopped
			f.drop(k)
			r = nil
		} else {
			out = append(out, r.together())
			r.next(l.At)
		}
	}
	if r == nil {
		if f.runs == nil {
			f.runs, f.keys = map[refusalKey]*refusalRun{}, map[string]int{}
		}
		r = &refusalRun{window: refusalWindow, until: l.At.Add(refusalWindow)}
		f.runs[k] = r
		f.keys[k.who]++
	}
	if r.lines < maxRefusalLines {
		r.lines++
		return append(out, l)
	}
	if r.count == 0 {
		r.since = l.At
	}
	r.count++
	r.last = l
	return out
}

// due returns a line for each run whose window has ended, or for all, and forgets those
// in which nothing was counted.
func (f *refusals) due(now time.Time, all bool) []Line {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []Line
	for k, r := range f.runs {
		switch {
		case !all && now.Before(r.until):
		case r.count == 0:
			f.drop(k)
		default:
			out = append(out, r.together())
			r.next(now)
		}
	}
	return out
}

func (f *refusals) drop(k refusalKey) {
	delete(f.runs, k)
	if f.keys[k.who]--; f.keys[k.who] <= 0 {
		delete(f.keys, k.who)
	}
}

// next begins another, longer window.
func (r *refusalRun) next(now time.Time) {
	r.window = min(2*r.window, maxRefusalWindow)
	r.until, r.count = now.Add(r.window), 0
}

// together is one line for what was counted.
func (r *refusalRun) together() Line {
	l := r.last
	l.Detail = map[string]string{}
	for k, v := range r.last.Detail {
		l.Detail[k] = v
	}
	l.Detail[DetailRepeated], l.Detail[DetailSince] = strconv.Itoa(r.count), r.since.UTC().Format(time.RFC3339)
	return l
}

// FlushRefusals writes down how often refusals were repeated, of those whose time has
// come, or at the end of the process of all.
func (s *Service) FlushRefusals(ctx context.Context, all bool) error {
	lines := s.refusals.due(s.Now(), all)
	if len(lines) == 0 {
		return nil
	}
	if err := s.Store.Record(ctx, lines...); err != nil {
		return fmt.Errorf("write down %d lines about repeated refusals: %w", len(lines), err)
	}
	return nil
}
