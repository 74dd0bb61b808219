package bot

import (
	"context"
	"fmt"
	"sync"
	"time"

	"dropletops/approvals"
	"dropletops/handlers"
	"dropletops/internal/card"

	"github.com/patrickmn/go-cache"
	"github.com/slack-go/slack/socketmode"
)

// Slack shows the person an error unless an envelope is acknowledged within 3 s.
// These spans lie within that, one after the other, with some room for the wire.
const (
	respondWithin = 2300 * time.Millisecond // an answer inside the acknowledgement
	putWithin     = 2600 * time.Millisecond // until it is on disk, since its receipt
	ackWithin     = 2 * time.Second         // to hand the frame to a connection that is gone
)

const (
	// takenAtOnce bounds the envelopes that wait for the disk; each is a
	// goroutine. One beyond that is not acknowledged, and Slack delivers it again
	// or says so to the person.
	takenAtOnce = 1000
	// respondedAtOnce bounds the answers that are being thought about, also those
	// that went on after their time was up.
	respondedAtOnce = 64
	// forsakenFor is how long an envelope that was turned away is remembered, so
	// that a redelivery of it is not carried out after the person was told that
	// nothing was. Slack's last retry of an event comes after 5 minutes.
	forsakenFor = time.Hour
)

// intake takes envelopes in: on disk first, then acknowledged, then handled.
type intake struct {
	client  *Client
	inbox   Inbox
	handler Handler
	replies *replies
	hands   *hands

	slots    chan struct{}
	thinking chan struct{}
	forsaken *cache.Cache

	mu     sync.Mutex
	closed bool
	taking sync.WaitGroup
	work   context.Context // of the takers; ends when draining is over
	cut    context.CancelFunc
}

func newIntake(c Config, r *replies) *intake {
	in := &intake{
		client: c.Client, inbox: c.Inbox, handler: c.Handler, replies: r,
		slots:    make(chan struct{}, takenAtOnce),
		thinking: make(chan struct{}, respondedAtOnce),
		forsaken: cache.New(forsakenFor, cache.NoExpiration),
	}
	in.hands = newHands(c, r)
	in.work, in.cut = context.WithCancel(context.Background())
	return in
}

// run handles what was taken in, until stop ends; what is in hand then goes on
// until work ends.
func (in *intake) run(stop, work context.Context) {
	context.AfterFunc(work, in.cut)
	in.hands.run(stop, work)
}

// behind does something that nobody waits for, unless it is too late to begin.
func (in *intake) behind(do func()) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if !in.closed {
		in.taking.Go(do)
	}
}

// end cuts short whatever is still going on after close, and waits for it.
func (in *intake) end() {
	in.cut()
	in.taking.Wait()
}

// open lets handling begin, with what an earlier process left.
func (in *intake) open(ctx context.Context) {
	for failures := 1; ; failures++ {
		err := in.recover(ctx)
		if err == nil || ctx.Err() != nil {
			break
		}
		in.client.log().Error("the inbox can't be read; trying again", "error", safe(err))
		if sleep(ctx, backoff(failures, time.Second, 30*time.Second)) != nil {
			break
		}
	}
	in.hands.open()
}

// flushWithin is how long acknowledgements get to leave once the last was
// handed over: slack-go does not tell when a frame is written.
const flushWithin = 100 * time.Millisecond

// close takes nothing in any more, and waits until what was being taken in is
// acknowledged. What Slack still sends stays with Slack: it is not acknowledged,
// so it comes again, to another replica or to the next start.
func (in *intake) close(work context.Context) {
	in.mu.Lock()
	in.closed = true
	in.mu.Unlock()
	done := make(chan struct{})
	go func() { in.taking.Wait(); close(done) }()
	select {
	case <-done:
		_ = sleep(work, flushWithin)
	case <-time.After(putWithin):
	case <-work.Done():
	}
}

// deliver takes one envelope in. It never waits.
func (in *intake) deliver(d delivery) {
	in.client.metrics.envelopes.WithLabelValues(d.Type).Inc()
	if d.Key == "" {
		// Without its ID it can neither be acknowledged nor told from another.
		in.client.log().Warn("Slack sent an envelope without an envelope_id", "type", d.Type)
		in.client.metrics.refused.WithLabelValues("no_id").Inc()
		return
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.closed {
		in.client.metrics.refused.WithLabelValues("stopping").Inc()
		return
	}
	select {
	case in.slots <- struct{}{}:
	default:
		in.client.log().Error("too many envelopes at once; one is left to Slack", "type", d.Type, "envelope", d.Key)
		in.client.metrics.refused.WithLabelValues("too_many").Inc()
		return
	}
	in.taking.Go(func() {
		defer func() { <-in.slots }()
		in.take(d)
	})
}

func (in *intake) take(d delivery) {
	ctx, cancel := context.WithTimeout(in.work, putWithin)
	defer cancel()
	if _, told := in.forsaken.Get(d.Key); told {
		in.ack(d, nil)
		return
	}
	if d.Type != socketmode.RequestTypeEventsAPI { // nothing answers an event inside its acknowledgement
		if payload, ok := in.respond(ctx, d.Envelope); ok {
			in.ack(d, payload)
			return
		}
	}
	fresh, err := in.put(ctx, d.Envelope)
	if err != nil {
		in.forsake(d, err)
		return
	}
	in.ack(d, nil)
	if !fresh {
		in.client.metrics.duplicates.WithLabelValues(d.Type).Inc()
		return
	}
	in.hands.push(d.Envelope)
}

// put writes an envelope down, and gives up in time for the acknowledgement even
// if the disk does not.
func (in *intake) put(ctx context.Context, e approvals.Envelope) (fresh bool, err error) {
	type written struct {
		fresh bool
		err   error
	}
	done := make(chan written, 1)
	go func() {
		fresh, err := in.inbox.Put(ctx, e)
		done <- written{fresh, err}
	}()
	select {
	case w := <-done:
		return w.fresh, w.err
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// ack acknowledges. An error means that Slack may deliver it again, which does
// nothing then.
func (in *intake) ack(d delivery, payload any) {
	ctx, cancel := context.WithTimeout(in.work, ackWithin)
	defer cancel()
	err := d.ack(ctx, payload)
	if err != nil && payload != nil && ctx.Err() == nil {
		// Slack takes less than 20 KB. Without a payload a menu stays empty and a
		// modal closes, which is better than an error after 3 s.
		in.client.log().Error("an answer does not fit into its acknowledgement", "type", d.Type, "error", safe(err))
		err = d.ack(ctx, nil)
	}
	if err != nil {
		in.client.log().Warn("an envelope could not be acknowledged; Slack may deliver it again", "envelope", d.Key, "error", safe(err))
		return
	}
	in.client.metrics.acked.Observe(in.client.now().Sub(d.ReceivedAt).Seconds())
}

// forsake turns an envelope away that could not be written down. It is still
// acknowledged: delivered again in a minute, it would be carried out or refused
// behind the back of someone who has been told that nothing was started, and who
// may have asked again. Whether it was written down after all can't be told from
// every error, so it is crossed out as soon as the inbox works again.
func (in *intake) forsake(d delivery, cause error) {
	in.forsaken.DeleteExpired()
	in.forsaken.SetDefault(d.Key, true)
	in.ack(d, nil)
	ref := reference()
	in.client.metrics.refused.WithLabelValues("not_kept").Inc()
	in.client.log().Error("an envelope could not be written down and was turned away",
		"reference", ref, "type", d.Type, "envelope", d.Key, "error", safe(cause))
	if to, ok := address(d.Envelope); ok {
		err := in.replies.send(in.work, handlers.Reply{To: to, Message: card.Reply(fmt.Sprintf(
			"This could not be taken in, because I can't write anything down at the moment. Nothing was started. "+
				"Ask again in a few minutes; if it stays like this, tell whoever runs me. Reference: %s.", ref))})
		if err != nil {
			in.client.log().Warn("could not tell that an envelope was turned away", "reference", ref, "error", safe(err))
		}
	}
	for failures := 1; failures <= 5; failures++ {
		if err := in.inbox.Handled(in.work, d.Key); err == nil || in.work.Err() != nil {
			return
		}
		if sleep(in.work, backoff(failures, time.Second, 10*time.Second)) != nil {
			return
		}
	}
}
