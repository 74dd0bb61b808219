package bot

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"time"

	"dropletops/approvals"
	"dropletops/internal/card"
)

// refreshLeaves is how many edits must be left in the bucket of 10 for the
// elapsed time of a running card to be worth one.
const refreshLeaves = 6

// ticking is a running request whose card shows elapsed time.
type ticking struct {
	started time.Time
	next    time.Time
	channel string
}

// follow begins or ends to keep a request's elapsed time fresh.
func (p *publisher) follow(pub *approvals.Publication, now time.Time) {
	r := pub.Request
	if r.State != approvals.Running || r.Card.TS == "" {
		delete(p.running, r.ID)
		return
	}
	if p.running[r.ID] == nil {
		p.running[r.ID] = &ticking{started: r.StartedAt, next: now.Add(every(now.Sub(r.StartedAt))), channel: r.Card.ChannelID}
	}
}

// every is how often a card of that age is refreshed: an action usually takes a
// minute, and of one that takes an hour nobody watches the seconds.
func every(age time.Duration) time.Duration {
	switch {
	case age < 2*time.Minute:
		return 15 * time.Second
	case age < 10*time.Minute:
		return 30 * time.Second
	case age < time.Hour:
		return time.Minute
	}
	return 5 * time.Minute
}

// tick queues the refreshes that are due. A card that has something better to
// show is left alone.
func (p *publisher) tick(now time.Time) {
	for id, t := range p.running {
		if now.Before(t.next) {
			continue
		}
		t.next = now.Add(every(now.Sub(t.started)))
		if p.jobs[id] == nil {
			p.jobs[id] = &job{id: id, since: now, steps: []step{{toRefresh, updateMessage, t.channel, rankProgress}}}
		}
	}
}

// refresh edits a running card if it would read differently by now.
func (p *publisher) refresh(ctx context.Context, pub *approvals.Publication, drawn drawing) result {
	r := pub.Request
	if r.State != approvals.Running || r.Card.TS == "" || pub.Version >= r.Version && drawn.shows(pub, p.client.now()) {
		return result{}
	}
	return p.edit(ctx, pub)
}

// drawing is what this process last drew on a card, and saw Slack take. The zero
// one is not known.
type drawing struct {
	print   [32]byte
	version int64 // of the request, as it was written down with it
}

func drew(m card.Message, version int64) drawing {
	return drawing{print: fingerprint(m), version: version}
}

// shows says whether a card would look as it was drawn, if it was drawn now. It
// is known as long as nobody else has written down that they drew it since.
func (d drawing) shows(pub *approvals.Publication, now time.Time) bool {
	return d.print != [32]byte{} && d.version == pub.Version && d.print == fingerprint(card.Request(pub.Request, now))
}

// same writes down that a card shows a newer version of its request without
// having to be edited: what has changed is nothing that it shows.
func (p *publisher) same(ctx context.Context, pub *approvals.Publication, d drawing) result {
	if !d.shows(pub, p.client.now()) {
		return result{drawn: d} // time has passed: it is planned anew
	}
	r := pub.Request
	p.record(ctx, r.ID, "the card's state", func(ctx context.Context) error {
		return p.outbox.Published(ctx, r.ID, r.Card, r.Version)
	})
	return result{drawn: drawing{print: d.print, version: r.Version}}
}

// fingerprint tells whether two messages are the same; zero if that can't be told.
func fingerprint(m card.Message) [32]byte {
	b, err := json.Marshal(m)
	if err != nil {
		return [32]byte{}
	}
	return sha256.Sum256(b)
}
