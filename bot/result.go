package bot

import (
	"errors"
	"time"
)

// order is a step that is being done.
type order struct {
	id        string
	step      step
	supersede bool     // the card that stands is not to be looked at
	shown     [32]byte // fingerprint of what the card last showed, if it is known
}

// result is what came of a step.
type result struct {
	order
	err error
	// later says that trying again soon is no use.
	later  bool
	gone   bool     // the card can't be edited any more
	placed bool     // a new card stands
	shows  [32]byte // fingerprint of what the card shows now
}

const (
	// sendMost bounds the back-off of what may pass any moment.
	sendMost = time.Minute
	// laterMost bounds the back-off of what a person has to mend: unarchive a
	// channel, invite the bot again.
	laterFirst, laterMost = time.Minute, 15 * time.Minute
)

// settle learns from a result.
func (p *publisher) settle(r result) {
	p.busy--
	now := p.client.now()
	j := p.jobs[r.id]
	if j == nil {
		return
	}
	j.busy, j.stale = false, true
	j.supersede = (j.supersede || r.gone) && !r.placed
	if t := p.running[r.id]; t != nil && r.shows != ([32]byte{}) {
		t.shown = r.shows
	}
	k := r.step.kind
	if r.err == nil {
		j.failures[k], j.notBefore[k] = 0, time.Time{}
		j.since = now // what there is to do next waits from now
		return
	}
	j.failures[k]++
	rest := backoff(j.failures[k], time.Second, sendMost)
	if r.later {
		rest = backoff(j.failures[k], laterFirst, laterMost)
	}
	if slow := limited(r.err); slow > 0 {
		// Nothing is lost: the job keeps its place, the method pauses for all.
		p.pace.pause(r.step.method, now.Add(slow))
		rest = 0
	}
	j.notBefore[k] = now.Add(rest)
	var crash *panicError
	if errors.As(r.err, &crash) {
		p.client.log().Error("a panic while publishing", "reference", reference(), "request", r.id,
			"panic", redact(crash.Error()), "stack", redact(crash.stack))
	}
	p.client.log().Warn("Slack was not told; trying again", "request", r.id, "method", r.step.method,
		"failures", j.failures[k], "after", max(rest, limited(r.err)).String(), "error", safe(r.err))
}
