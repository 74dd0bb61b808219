package bot

import (
	"context"
	"time"

	"dropletops/approvals"
)

// giveUpAfter is how long after its end a request is tried to be shown in a
// channel that is gone: whoever archived it by mistake has noticed by then.
const giveUpAfter = 24 * time.Hour

// closure is a channel that Slack lets the bot write to no more: it was archived,
// or the bot was put out of it. What waits for it is a person's to mend, so one
// message tries now and then for all, and none of them spends what others need.
type closure struct {
	code     string
	failures int
	until    time.Time
}

// gone says whether Slack's answer is about the channel, and not about a message.
func gone(err error) bool {
	switch code(err) {
	case "is_archived", "is_inactive", "channel_not_found", "not_in_channel":
		return true
	}
	return false
}

// probe lets one try, and the others wait for what comes of it.
func (c *closure) probe(now time.Time) { c.until = now.Add(backoff(c.failures, laterFirst, laterMost)) }

// closed answers how long a channel is to be left alone.
func (p *publisher) closed(channel string, now time.Time) time.Duration {
	if c := p.shut[channel]; c != nil {
		return c.until.Sub(now)
	}
	return 0
}

// learn notices that a channel is gone, or is back.
func (p *publisher) learn(channel string, taken bool, err error, now time.Time) {
	switch c := p.shut[channel]; {
	case taken:
		delete(p.shut, channel)
	case !gone(err):
	case c == nil:
		p.shut[channel] = &closure{code: code(err), failures: 1, until: now.Add(backoff(1, laterFirst, laterMost))}
		p.client.log().Warn("a channel is gone; what waits for it is tried now and then", "channel", channel, "slack", code(err))
	default:
		c.code = code(err)
		c.failures++
		c.probe(now)
	}
}

// over says whether there is no use in showing an end any more.
func (p *publisher) over(j *job, s step, now time.Time) bool {
	return p.shut[s.channel] != nil && !j.ended.IsZero() && now.Sub(j.ended) > giveUpAfter && !j.first(s)
}

// giveUp leaves a request as Slack shows it, and says so in the audit log. Until
// then it waits in the outbox, and is kept for it.
func (p *publisher) giveUp(ctx context.Context, pub *approvals.Publication, why string) result {
	r := pub.Request
	if r.State.Open() || p.client.now().Sub(r.EndedAt) <= giveUpAfter {
		return result{}
	}
	p.client.log().Warn("the end of a request is shown nowhere: its channel is gone", "request", r.ID, "channel", r.Card.ChannelID, "slack", why)
	if err := p.abandoner.Unshown(ctx, r.ID, "the channel "+r.Card.ChannelID+" is gone: "+why); err != nil {
		return result{err: err}
	}
	p.record(ctx, r.ID, "that its notes are given up", func(ctx context.Context) error { return p.outbox.Told(ctx, "", seqs(pub.Notes)...) })
	p.record(ctx, r.ID, "that its card is given up", func(ctx context.Context) error {
		return p.outbox.Published(ctx, r.ID, r.Card, r.Version)
	})
	return result{}
}

func seqs(notes []approvals.Note) []int64 {
	out := make([]int64, len(notes))
	for i, n := range notes {
		out[i] = n.Seq
	}
	return out
}
