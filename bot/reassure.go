package bot

import (
	"context"
	"fmt"
	"time"

	"dropletops/handlers"
	"dropletops/internal/card"
	"dropletops/internal/task"
)

// repliesFirst is how many of the bucket of 20 chat.postEphemeral calls are left
// to replies before one may be spent on saying that a card waits.
const repliesFirst = 10

// reassure tells whoever waits for a first card that it waits, once, and answers
// how long until that is due.
func (p *publisher) reassure(ctx context.Context, j *job, ahead int, now time.Time) time.Duration {
	if j.told || j.supersede {
		return idle
	}
	if rest := patience - now.Sub(j.since); rest > 0 {
		return rest
	}
	j.told = true
	id := j.id
	p.behind.Go(task.Log(p.client.crashed, func() {
		pub, err := p.outbox.Publication(ctx, id)
		if err != nil || pub.Request.Card.TS != "" || p.client.now().Sub(pub.Request.CreatedAt) > tooOld {
			return
		}
		if pub.Request.Origin.ResponseURL == "" && p.pace.spare(postEphemeral, repliesFirst, p.client.now()) > 0 {
			return // answers that people wait for need what is left
		}
		text := "Your request is taken, and its card waits for its turn: Slack is slow to take messages at the moment. Nothing is sent to DigitalOcean before the card stands."
		if ahead > 0 {
			text = fmt.Sprintf("Your request is taken, and its card waits for its turn: %d others are ahead of it in this channel, "+
				"and Slack takes one message a second. Nothing is sent to DigitalOcean before the card stands.", ahead)
		}
		m := card.Reply(text)
		if err := p.replies.send(ctx, handlers.Reply{To: asker(pub.Request), Message: m}); err != nil {
			p.client.log().Debug("could not tell that a card waits", "request", id, "error", safe(err))
		}
	}))
	return idle
}
