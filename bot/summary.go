package bot

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"dropletops/approvals"
	"dropletops/internal/card"
)

const (
	// sumAfter is how long an end may wait to be told before it may be told together
	// with others. Below that, a reply in each thread is what people look for.
	sumAfter = 15 * time.Second
	// sumFrom is how many such ends make a summary. Fewer are told one by one: that
	// takes as many seconds.
	sumFrom = 10
	// sumMost is how many requests are loaded for one summary; fewer may fit.
	sumMost = 100
)

// place is where the notes of a request go, besides its own thread.
type place struct{ channel, thread string }

// news is an end that nobody was told of: where that belongs, and since when.
type news struct {
	place
	since time.Time
}

// untold answers the news that a summary may tell of a request; nil if there are
// none. What waits for anyone's answer is never in one, nor what a person said in
// their own words: only what has ended, and has a card.
func untold(pub *approvals.Publication) *news {
	r := pub.Request
	i := slices.IndexFunc(pub.Notes, tellsEnd)
	if r.State.Open() || r.Card.TS == "" || i < 0 || slices.ContainsFunc(pub.Notes, ofAPerson) {
		return nil
	}
	return &news{place{r.Card.ChannelID, r.Origin.ThreadTS}, pub.Notes[i].At}
}

// ofAPerson says whether a note tells what a person said in their own words.
func ofAPerson(n approvals.Note) bool {
	return n.Kind == approvals.NoteExplained || n.Kind == approvals.NoteBroke
}

// old says whether they have waited for long enough to be told with others.
func (n *news) old(now time.Time) bool { return n != nil && now.Sub(n.since) >= sumAfter }

// hold finds the places where so many ends wait that they are told together, and
// keeps their notes back. The oldest of each place come first.
func (p *publisher) hold(queue []*job, now time.Time) map[place][]*job {
	wait := map[place]int{}
	for _, j := range p.jobs { // also those that something else is being done for
		if !j.supersede && j.news.old(now) {
			wait[j.news.place]++
		}
	}
	out := map[place][]*job{}
	for _, j := range queue {
		if j.held = !j.supersede && j.news.old(now) && wait[j.news.place] >= sumFrom; j.held {
			out[j.news.place] = append(out[j.news.place], j)
		}
	}
	for at, js := range out {
		if len(js) < sumFrom {
			delete(out, at)
		}
		slices.SortFunc(js, func(a, b *job) int { return cmp.Compare(a.serial, b.serial) })
	}
	return out
}

// summarize starts a summary in each place where one may go now, and answers how
// long until the next may.
func (p *publisher) summarize(work context.Context, of map[place][]*job, now time.Time) time.Duration {
	wait := idle
	for at, js := range of {
		js = js[:min(len(js), sumMost)]
		s := step{toSum, postMessage, at.channel, rankChanges}
		rest := max(js[0].notBefore[toSum].Sub(now), p.closed(at.channel, now))
		if rest <= 0 {
			rest = p.may(s, now)
		}
		if rest > 0 {
			wait = min(wait, rest)
			continue
		}
		o := order{step: s}
		for _, j := range js {
			j.busy = true
			o.all = append(o.all, j.id)
		}
		if c := p.shut[at.channel]; c != nil {
			c.probe(now)
		}
		p.hand(o, func() result { return p.sum(work, o, at) })
	}
	return wait
}

// sum posts one message that tells the ends of many requests, in place of all the
// notes that wait in their threads. Dying before it is written down makes it stand
// once more.
func (p *publisher) sum(ctx context.Context, o order, at place) result {
	var all []card.Told
	var notes [][]int64
	reading, cancel := context.WithTimeout(ctx, 2*databaseWithin)
	defer cancel()
	for _, id := range o.all {
		pub, err := p.outbox.Publication(reading, id)
		if err != nil {
			continue // it is looked up again by itself
		}
		if n := untold(pub); !n.old(p.client.now()) || n.place != at {
			continue
		}
		r := pub.Request
		all = append(all, card.Told{Request: r, Link: p.client.permalink(r.Card, r.Origin.ThreadTS)})
		notes = append(notes, seqs(pub.Notes))
	}
	if len(all) < sumFrom || !p.publishes() {
		return result{order: o}
	}
	m, n := card.Summary(all)
	ref, err := p.send(ctx, at.channel, at.thread, m)
	switch {
	case err != nil && (passes(err) || deadToken(err) || gone(err)):
		return result{order: o, err: fmt.Errorf("tell of %d ends in %s: %w", n, at.channel, err)}
	case err != nil:
		p.client.log().Warn("ends have no place to be told in; leaving them out", "channel", at.channel, "requests", n, "slack", code(err))
	}
	told := slices.Concat(notes[:n]...)
	p.record(ctx, all[0].Request.ID, "that many ends were told", func(ctx context.Context) error { return p.outbox.Told(ctx, ref.TS, told...) })
	p.client.log().Info("many ends were told at once", "channel", at.channel, "requests", n, "notes", len(told))
	return result{order: o, taken: err == nil}
}

// summed puts back what a summary was about.
func (p *publisher) summed(r result, now time.Time) {
	for _, id := range r.all {
		j := p.jobs[id]
		if j == nil {
			continue
		}
		j.busy, j.stale = false, true
		if r.err == nil {
			j.failures[toSum], j.notBefore[toSum] = 0, time.Time{}
			continue
		}
		j.failures[toSum]++
		j.notBefore[toSum] = now.Add(p.rest(r, j.failures[toSum]))
	}
	if r.err != nil {
		p.client.log().Warn("a summary was not taken; trying again", "channel", r.step.channel, "error", safe(r.err))
	}
}
