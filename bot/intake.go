package bot

import (
	"context"
	"errors"
	"sync"
	"time"

	"dropletops/approvals"
	"dropletops/internal/task"

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
)

// intake takes envelopes in: on disk first, then acknowledged, then handled.
type intake struct {
	client  *Client
	inbox   Inbox
	handler Handler
	replies *replies
	hands   *hands

	slower   time.Duration // Config.Slower
	slots    chan struct{}
	thinking chan struct{}
	forsaken *forsaken

	mu     sync.Mutex
	closed bool
	taking sync.WaitGroup
	work   context.Context // of the takers; nil before Run, ends when draining is over
	cut    context.CancelFunc
}

func newIntake(c Config, r *replies) *intake {
	in := &intake{
		client: c.Client, inbox: c.Inbox, handler: c.Handler, replies: r,
		slower:   time.Duration(max(1, c.Slower)),
		slots:    make(chan struct{}, takenAtOnce),
		thinking: make(chan struct{}, respondedAtOnce),
		forsaken: newForsaken(),
	}
	in.hands = newHands(c, r, in.forsaken)
	return in
}

// begin lets envelopes be taken in, until work ends.
func (in *intake) begin(work context.Context) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.work, in.cut = context.WithCancel(work)
}

// begun says whether Run has begun: before it there is nothing to take in, and
// nobody to hand anything on to.
func (in *intake) begun() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.work != nil
}

// behind does something that nobody waits for, unless it is too late to begin.
func (in *intake) behind(do func()) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if !in.closed {
		in.taking.Go(task.Log(in.client.crashed, do))
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
	go task.Log(in.client.crashed, func() { in.taking.Wait(); close(done) })()
	select {
	case <-done:
		_ = sleep(work, flushWithin)
	case <-time.After(in.slower * putWithin):
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
	in.taking.Go(task.Log(in.client.crashed, func() {
		defer func() { <-in.slots }()
		in.take(d)
	}))
}

func (in *intake) take(d delivery) {
	ctx, cancel := context.WithTimeout(in.work, in.slower*putWithin)
	defer cancel()
	if in.forsaken.has(d.Envelope) {
		in.ack(d, nil)
		return
	}
	if d.Type != socketmode.RequestTypeEventsAPI { // nothing answers an event inside its acknowledgement
		if payload, ok := in.respond(ctx, d.Envelope); ok && in.ack(d, payload) {
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
	go task.Log(in.client.crashed, func() {
		fresh, err := in.inbox.Put(ctx, e)
		done <- written{fresh, err}
	})()
	select {
	case w := <-done:
		return w.fresh, w.err
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// ack acknowledges. It answers false where it did not, since an answer that is all that
// came of the envelope does not fit: the envelope goes the common way then.
func (in *intake) ack(d delivery, payload any) bool {
	ctx, cancel := context.WithTimeout(in.work, in.slower*ackWithin)
	defer cancel()
	err := d.ack(ctx, payload)
	if err != nil && payload != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		// Slack takes less than 20 KB. Without a payload a menu stays empty, and a modal
		// closes: what was wrong with it is told in another way.
		in.client.log().Error("an answer does not fit into its acknowledgement", "type", d.Type, "error", safe(err))
		if !answersOnly(d.Envelope) {
			return false
		}
		err = d.ack(ctx, nil)
	}
	if err != nil { // Slack may deliver it again, which does nothing then
		in.client.log().Warn("an envelope could not be acknowledged; Slack may deliver it again", "envelope", d.Key, "error", safe(err))
		return true
	}
	in.client.metrics.acked.Observe(in.client.now().Sub(d.ReceivedAt).Seconds())
	return true
}
