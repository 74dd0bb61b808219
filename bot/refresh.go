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
	shown   [32]byte // fingerprint of what the card last showed; zero if not known
}

// follow begins or ends to keep a request's elapsed time fresh.
func (p *publisher) follow(pub *approvals.Publication, now time.Time) {
	r := pub.Request
	if r.State != approvals.Running || r.Card.TS == "" {
		delete(p.running, r.ID)
		return
	}
	if p.running[r.ID] == nil {
		p.running[r.ID] = &ticking{started: r.StartedAt, next: now.Add(every(now.Sub(r.StartedAt)))}
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
			p.jobs[id] = &job{id: id, since: now, steps: []step{{toRefresh, updateMessage, "", rankProgress}}}
		}
	}
}

// refresh edits a running card if it would read differently by now.
func (p *publisher) refresh(ctx context.Context, pub *approvals.Publication, shown [32]byte) result {
	r := pub.Request
	if r.State != approvals.Running || r.Card.TS == "" {
		return result{}
	}
	m := card.Request(r, p.client.now())
	print := fingerprint(m)
	if print == shown && pub.Version >= r.Version {
		return result{}
	}
	return p.edit(ctx, pub)
}

// fingerprint tells whether two messages look the same.
func fingerprint(m card.Message) [32]byte {
	b, err := json.Marshal(struct{ Text, Blocks any }{m.Text, m.Blocks})
	if err != nil {
		return [32]byte{} // not known: it is refreshed
	}
	return sha256.Sum256(b)
}
