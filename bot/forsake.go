package bot

import (
	"context"
	"sync"
	"time"

	"dropletops/approvals"
	"dropletops/internal/card"

	"github.com/patrickmn/go-cache"
)

const (
	// forsakenFor is how long an envelope that was turned away is remembered, so
	// that a redelivery of it is not carried out after the person was told that
	// nothing was. Slack's last retry of an event comes after 5 minutes.
	forsakenFor = time.Hour
	// crossedWithin is how long the acknowledgement waits for the inbox to know: if
	// this process died right after it, nobody would.
	crossedWithin = 200 * time.Millisecond
	// owedMost bounds the envelopes, of some KB each, that the inbox is still to be
	// told of while the database is away.
	owedMost = 10_000
)

// forsaken are envelopes that were turned away.
type forsaken struct {
	known *cache.Cache // by key, and by event
	mu    sync.Mutex
	owed  map[string]*turnedAway // those that the inbox does not know of yet
	busy  bool                   // somebody is at it
}

type turnedAway struct {
	approvals.Envelope
	told bool // whoever sent it knows
}

func newForsaken() *forsaken {
	return &forsaken{known: cache.New(forsakenFor, cache.NoExpiration), owed: map[string]*turnedAway{}}
}

func (f *forsaken) add(e approvals.Envelope) {
	f.known.DeleteExpired()
	f.known.SetDefault(e.Key, true)
	if e.Event != "" {
		f.known.SetDefault(e.Event, true)
	}
}

// forget takes back that an envelope was turned away: another process took it in.
func (f *forsaken) forget(e approvals.Envelope) {
	f.known.Delete(e.Key)
	f.known.Delete(e.Event)
}

// owe notes that the inbox does not know of an envelope yet.
func (f *forsaken) owe(e approvals.Envelope) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.owed) < owedMost {
		f.owed[e.Key] = &turnedAway{Envelope: e}
	}
}

// owes says whether the inbox does not know of an envelope yet.
func (f *forsaken) owes(key string) bool { f.mu.Lock(); defer f.mu.Unlock(); return f.owed[key] != nil }

// toldOf notes that whoever sent an envelope knows, and says whether the inbox is
// still to be told of it.
func (f *forsaken) toldOf(key string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	o := f.owed[key]
	if o != nil {
		o.told = true
	}
	return o != nil
}

// has says whether an envelope was turned away, in whatever envelope it comes.
func (f *forsaken) has(e approvals.Envelope) bool {
	_, key := f.known.Get(e.Key)
	_, event := f.known.Get(e.Event)
	return key || event && e.Event != ""
}

// crossOut has the inbox know of all that is owed, and stops at what it does not take.
func (f *forsaken) crossOut(ctx context.Context, inbox Inbox) error {
	for {
		e, told := f.next()
		if e == nil {
			return nil
		}
		within, cancel := context.WithTimeout(ctx, writeWithin)
		_, err := inbox.Forsake(within, *e, told)
		cancel()
		if err != nil {
			return err
		}
		f.mu.Lock()
		if o := f.owed[e.Key]; o != nil && o.told == told { // else it was told meanwhile
			delete(f.owed, e.Key)
		}
		f.mu.Unlock()
	}
}

func (f *forsaken) next() (e *approvals.Envelope, told bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, o := range f.owed {
		return &o.Envelope, o.told
	}
	return nil, false
}

// begin says whether to begin crossing out: something is owed, and nobody is at it.
func (f *forsaken) begin() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.busy || len(f.owed) == 0 {
		return false
	}
	f.busy = true
	return true
}

func (f *forsaken) end() { f.mu.Lock(); defer f.mu.Unlock(); f.busy = false }

// forsake turns an envelope away that could not be written down. It is still
// acknowledged: delivered again in a minute, it would be carried out or refused
// behind the back of someone who has been told that nothing was started, and who
// may have asked again. Whether it was written down after all can't be told from
// every error, and it may be so only later, so the inbox is told first; where it does
// not take that either, as soon as it takes anything again, and until then what it
// hands out of these is left alone.
func (in *intake) forsake(d delivery, cause error) {
	e := d.Envelope
	e.Attempt = approvals.TurnedAway + 1
	in.forsaken.add(e)
	in.client.metrics.refused.WithLabelValues("not_kept").Inc()
	ctx, cancel := context.WithTimeout(in.work, crossedWithin)
	ours, err := in.inbox.Forsake(ctx, e, false)
	cancel()
	if err != nil {
		in.forsaken.owe(e)
	}
	in.ack(d, nil)
	if err == nil && !ours {
		in.forsaken.forget(e)
		in.client.log().Info("an envelope could not be written down, and another process took it in", "type", d.Type, "envelope", d.Key)
		return
	}
	in.tellTurnedAway(e, safe(cause))
	if in.forsaken.begin() {
		in.behind(in.settle)
	}
}

// tellTurnedAway tells whoever sent an envelope that it was turned away.
func (in *intake) tellTurnedAway(e approvals.Envelope, why string) {
	ref := reference()
	in.client.log().Error("an envelope could not be written down and was turned away", "reference", ref, "type", e.Type, "envelope", e.Key, "error", why)
	in.tellOnly(e, card.TurnedAway(ref))
}

// settle goes on telling the inbox what was turned away, until it knows of all.
func (in *intake) settle() {
	for failures := 1; ; failures++ {
		err := in.forsaken.crossOut(in.work, in.inbox)
		if err == nil {
			in.forsaken.end()
			if !in.forsaken.begin() { // one more may have come in between
				return
			}
			continue
		}
		if sleep(in.work, backoff(min(failures, 5), time.Second, 10*time.Second)) != nil {
			return
		}
	}
}
