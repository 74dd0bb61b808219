package bot

import (
	"errors"
	"time"

	"dropletops/internal/task"
)

// order is a step that is being done.
type order struct {
	id        string
	step      step
	supersede bool     // the card that stands is not to be looked at
	drawn     drawing  // what the card last showed, if it is known
	certain   bool     // see job
	why       string   // what closed the channel, if it is
	all       []string // the requests of a summary
}

// result is what came of a step.
type result struct {
	order
	err error
	// later says that trying again soon is no use.
	later bool
	// wait is when to try again, where that is known.
	wait    time.Duration
	taken   bool    // Slack took a message, or an edit
	gone    bool    // the card can't be edited any more
	placed  bool    // a new card stands
	certain bool    // a card that failed to be posted certainly does not stand
	drawn   drawing // what the card shows now
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
	p.steps--
	now := p.client.now()
	p.learn(r.step.channel, r.taken, r.err, now)
	if r.step.kind == toSum {
		p.summed(r, now)
		return
	}
	j := p.jobs[r.id]
	if j == nil {
		return
	}
	j.busy, j.stale = false, true
	j.supersede = (j.supersede || r.gone) && !r.placed
	if r.drawn != (drawing{}) {
		p.drawn[r.id] = r.drawn
	} else if r.step.kind != toNote { // an edit that failed may have arrived
		delete(p.drawn, r.id)
	}
	k := r.step.kind
	if k == toPost {
		j.certain = r.certain
	}
	if r.err == nil {
		j.failures[k], j.notBefore[k] = 0, time.Time{}
		j.since = now // what there is to do next waits from now
		return
	}
	if r.wait > 0 {
		j.notBefore[k] = now.Add(r.wait)
		p.client.log().Info("a card waits", "request", r.id, "after", r.wait.String(), "why", safe(r.err))
		return
	}
	j.failures[k]++
	rest := p.rest(r, j.failures[k])
	j.notBefore[k] = now.Add(rest)
	var crash *task.PanicError
	if errors.As(r.err, &crash) {
		p.client.log().Error("a panic while publishing", "reference", reference(), "request", r.id,
			"panic", redact(crash.Error()), "stack", redact(crash.Stack))
	}
	p.client.log().Warn("Slack was not told; trying again", "request", r.id, "method", r.step.method,
		"failures", j.failures[k], "after", max(rest, limited(r.err)).String(), "error", safe(r.err))
}

// rest is how long to wait after a failure. Where the method or the channel is
// left alone, what waits for it keeps its place.
func (p *publisher) rest(r result, failures int) time.Duration {
	if slow := limited(r.err); slow > 0 {
		p.pace.pause(r.step.method, p.client.now().Add(slow))
		return 0
	}
	switch {
	case gone(r.err) && p.shut[r.step.channel] != nil:
		return 0
	case r.later:
		return backoff(failures, laterFirst, laterMost)
	}
	return backoff(failures, time.Second, sendMost)
}
