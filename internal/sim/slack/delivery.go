package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Redelivery says what becomes of a slash command or an interaction whose socket dropped before
// it was acknowledged. Events are always retried, as the Events API does.
type Redelivery int

const (
	// RedeliverNewEnvelope sends it once more, with another envelope_id, over the next socket there
	// is. The rest of the payload, trigger_id too, is the same. It is the default, since it is what
	// was seen and is the harder one for a client that remembers envelopes.
	RedeliverNewEnvelope Redelivery = iota
	// RedeliverSameEnvelope sends it once more with the same envelope_id.
	RedeliverSameEnvelope
	// RedeliverNever loses it.
	RedeliverNever
)

// Times of delivery. Sources: https://docs.slack.dev/interactivity/handling-user-interaction and
// https://docs.slack.dev/apis/events-api (retries: nearly at once, after 1 and after 5 minutes).
const (
	ackWithin       = 3 * time.Second
	redeliverWithin = time.Minute
	// firstRetryWithin is how long the retry "nearly at once" of an event waits for a socket.
	firstRetryWithin = 10 * time.Second
)

var eventRetries = []time.Duration{0, time.Minute, 5 * time.Minute}

// operationTimeout is what the person sees where the app did not acknowledge in 3 s, and
// dispatchFailed where the app had no socket open.
const (
	operationTimeout = "operation_timeout"
	dispatchFailed   = "dispatch_failed"
)

// Delivery is an envelope on its way to the app: what a person's action returns. Its fields are
// what was sent; what became of it is its [Result].
type Delivery struct {
	s *Server

	Type                   string          // slash_commands, interactive, events_api
	User                   string          // whose action it was
	Payload                json.RawMessage // as sent
	AcceptsResponsePayload bool
	TriggerID, ResponseURL string
	EventID                string // of an event

	// with mu of the server held:
	result     Result
	finished   chan struct{} // closed when the person knows the outcome
	over       bool
	current    string // envelope_id of the newest attempt
	timer      *timer
	waits      bool // for a socket to be redelivered on
	under      bool // way: an attempt that was neither acknowledged nor given up
	redelivery int
	onAck      func(payload map[string]any) // what an acknowledgement in time does
	onTimeout  func(code string)            // what the person sees otherwise
	menu       menu                         // whose options were asked for
	shown      *Envelope                    // of the newest snapshot, while nothing changed
}

// Result is what became of an envelope.
type Result struct {
	EnvelopeIDs []string  `json:"envelope_ids"` // of each attempt
	Attempts    []Attempt `json:"attempts"`
	Acked       bool      `json:"acked"`
	AckedAt     time.Time `json:"acked_at,omitzero"`
	// Late tells that the acknowledgement came after the person had seen an error.
	Late    bool            `json:"late,omitempty"`
	Payload json.RawMessage `json:"payload,omitempty"` // that the app acknowledged with
	// Error is what the person saw: operation_timeout, dispatch_failed, or what was wrong with
	// the acknowledgement's payload. Empty when all is well.
	Error string `json:"error,omitempty"`
	// Options are those of an answer to block_suggestion, those in groups included.
	Options []map[string]any `json:"options,omitempty"`
}

// Attempt is one sending of an envelope.
type Attempt struct {
	EnvelopeID   string    `json:"envelope_id"`
	Socket       string    `json:"socket"` // empty when there was none
	At           time.Time `json:"at"`
	RetryAttempt int       `json:"retry_attempt"`
	RetryReason  string    `json:"retry_reason,omitempty"`
	Acked        bool      `json:"acked"`
}

// Wait returns once the person knows the outcome: the app acknowledged, or Slack gave up. For an
// event that is the acknowledgement or the end of its last retry. The error is ctx's alone.
func (d *Delivery) Wait(ctx context.Context) (Result, error) {
	select {
	case <-d.finished:
		return d.Result(), nil
	case <-ctx.Done():
		return d.Result(), fmt.Errorf("built-in Slack: wait for %s of %s: %w", d.Type, d.User, ctx.Err())
	}
}

// Result is what has become of it so far.
func (d *Delivery) Result() Result {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	return d.copyResult()
}

func (d *Delivery) copyResult() Result {
	r := d.result
	r.EnvelopeIDs, r.Attempts = slices.Clone(r.EnvelopeIDs), slices.Clone(r.Attempts)
	return r
}

// EnvelopeID is that of the newest attempt.
func (d *Delivery) EnvelopeID() string {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	return d.current
}

// Settled says whether nothing more comes of it: it was acknowledged, or no attempt is
// under way and none will be made.
func (d *Delivery) Settled() bool {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	return d.result.Acked || d.over && !d.waits && !d.under
}

// deliver starts a delivery; mu is held.
func (s *Server) deliver(d *Delivery, payload map[string]any) *Delivery {
	b, err := json.Marshal(payload)
	if err != nil {
		b = json.RawMessage(`{}`)
		s.log.Error("built-in Slack: marshal a payload", "error", err)
	}
	d.s, d.Payload, d.finished = s, b, make(chan struct{})
	s.deliveries = append(s.deliveries, d)
	s.attempt(d, s.newEnvelopeID(), 0, "")
	return d
}

// slower is a span of Slack's on the machine that this one is for.
func (s *Server) slower(d time.Duration) time.Duration {
	return d * time.Duration(max(1, s.opts.Slower))
}

func (s *Server) newEnvelopeID() string {
	s.serial++
	return fmt.Sprintf("%08x-0000-4000-8000-%012x", s.serial, s.now().UnixMilli())
}

// attempt sends an envelope over the next socket in turn; mu is held.
func (s *Server) attempt(d *Delivery, envelopeID string, retry int, reason string) {
	a := Attempt{EnvelopeID: envelopeID, At: s.now(), RetryAttempt: retry, RetryReason: reason}
	k := s.pick()
	if k != nil {
		a.Socket = k.id
	}
	d.current, d.waits, d.under, d.shown = envelopeID, false, true, nil
	s.byEnvelope[envelopeID] = d
	d.result.Attempts = append(d.result.Attempts, a)
	d.result.EnvelopeIDs = append(d.result.EnvelopeIDs, envelopeID)
	s.cancel(d.timer)
	s.touch()
	if k == nil {
		s.failed(d, "connection_failed")
		return
	}
	envelope := map[string]any{
		"envelope_id": envelopeID, "type": d.Type, "payload": d.Payload,
		"accepts_response_payload": d.AcceptsResponsePayload,
	}
	if d.Type == "events_api" {
		envelope["retry_attempt"], envelope["retry_reason"] = retry, reason
	}
	k.send(envelope)
	d.timer = s.after(s.slower(ackWithin), func() { s.failed(d, "timeout") })
}

// pick takes the ready sockets in turn; mu is held.
func (s *Server) pick() *socket {
	for range s.sockets {
		s.nextSocket++
		if k := s.sockets[s.nextSocket%len(s.sockets)]; k.ready {
			return k
		}
	}
	return nil
}

// failed goes on after an attempt that was not acknowledged; mu is held.
func (s *Server) failed(d *Delivery, reason string) {
	d.under = false
	s.touch()
	if d.result.Acked {
		return
	}
	if d.Type == "events_api" {
		retry := d.result.Attempts[len(d.result.Attempts)-1].RetryAttempt
		if retry >= len(eventRetries) {
			s.finish(d, reason)
			return
		}
		wait := eventRetries[retry]
		if wait == 0 && s.readySockets() == 0 {
			d.waits, wait = true, firstRetryWithin
		}
		d.timer = s.after(wait, func() { s.attempt(d, s.newEnvelopeID(), retry+1, reason) })
		return
	}
	code := operationTimeout
	if reason == "connection_failed" {
		code = dispatchFailed
	}
	s.finish(d, code)
}

func (s *Server) readySockets() (n int) {
	for _, k := range s.sockets {
		if k.ready {
			n++
		}
	}
	return n
}

// finish tells the person; mu is held.
func (s *Server) finish(d *Delivery, code string) {
	if d.over {
		return
	}
	d.over, d.shown = true, nil
	d.result.Error = code
	if code != "" && d.onTimeout != nil {
		d.onTimeout(code)
	}
	close(d.finished)
	s.touch()
}

// socketGone looks for what was on its way over a socket that dropped; mu is held.
func (s *Server) socketGone(id string) {
	for _, d := range s.deliveries {
		if len(d.result.Attempts) == 0 || d.result.Acked {
			continue
		}
		last := d.result.Attempts[len(d.result.Attempts)-1]
		switch {
		case last.Socket != id || s.now().Sub(last.At) > s.slower(ackWithin):
		case d.Type == "events_api":
			s.cancel(d.timer)
			s.failed(d, "connection_failed")
		case d.redelivery == 0 && s.opts.Redelivery != RedeliverNever:
			d.redelivery++
			d.waits = true // its 3 s go on: the person sees operation_timeout if it takes longer
		}
	}
	s.redeliverPending()
}

// redeliverPending sends what waits for a socket, now that there may be one; mu is held.
func (s *Server) redeliverPending() {
	if s.readySockets() == 0 {
		return
	}
	for _, d := range s.deliveries {
		if !d.waits {
			continue
		}
		d.waits = false
		last := d.result.Attempts[len(d.result.Attempts)-1]
		switch {
		case d.Type == "events_api":
			s.attempt(d, s.newEnvelopeID(), last.RetryAttempt+1, "connection_failed")
		case s.now().Sub(last.At) > redeliverWithin:
		case s.opts.Redelivery == RedeliverSameEnvelope:
			s.attempt(d, last.EnvelopeID, 0, "")
		default:
			s.attempt(d, s.newEnvelopeID(), 0, "")
		}
	}
}

// SetRedelivery changes what becomes of envelopes whose socket drops from now on.
func (s *Server) SetRedelivery(r Redelivery) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opts.Redelivery = r
}

// Redeliver sends an earlier envelope again, as Slack does when it lost an acknowledgement: with
// the same envelope_id, or with another one and the same payload.
func (s *Server) Redeliver(d *Delivery, newEnvelope bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := d.current
	if newEnvelope {
		id = s.newEnvelopeID()
	}
	last := d.result.Attempts[len(d.result.Attempts)-1]
	s.attempt(d, id, last.RetryAttempt, last.RetryReason)
}

// Inject sends an envelope of any type with any payload.
func (s *Server) Inject(kind string, payload map[string]any, acceptsResponse bool) *Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.deliver(&Delivery{Type: kind, AcceptsResponsePayload: acceptsResponse}, payload)
}
