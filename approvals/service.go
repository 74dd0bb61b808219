package approvals

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Service is what handlers call: it looks at who asks, asks the policy, and goes
// through the store. Its fields are set once, before the first call.
type Service struct {
	Store     Store
	Directory Directory
	Policy    Policy
	Now       func() time.Time
}

// Draft is what someone asks for, resolved and checked: the Droplets are known
// by ID, the arguments are canonical, the image is pinned.
type Draft struct {
	Action  Action
	Image   *Image
	Plan    *Plan
	Reason  string
	Tag     string
	Present string
	LeftOut []string
	Targets []Droplet
	Rescue  *Rescue
	Usual   time.Duration
	Who     Who
	Origin  Origin
	RetryOf string
}

// Admit looks a person up and says whether they may do more than read the help.
// It fails closed: without an answer from Slack nobody is admitted.
func (s *Service) Admit(ctx context.Context, who Who) (Person, error) {
	p, err := s.Directory.Person(ctx, who, false)
	if err != nil {
		return Person{}, fmt.Errorf("look up %s: %w", who.UserID, err)
	}
	return p, Admit(p)
}

// Submit makes a request of a draft. It answers a [Refusal] when the person or
// the policy is in the way, and [ErrHandled] when the envelope made one before.
func (s *Service) Submit(ctx context.Context, d Draft) (*Request, error) {
	now := s.Now()
	if len(d.Targets) == 0 {
		return nil, errors.New("a draft without a Droplet")
	}
	p, err := s.Directory.Person(ctx, d.Who, true)
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", d.Who.UserID, err)
	}
	r := &Request{
		ID: NewID(), Version: 1, Action: d.Action, Image: d.Image, Plan: d.Plan, Reason: d.Reason, Tag: d.Tag, Present: d.Present, LeftOut: d.LeftOut,
		Rescue: d.Rescue, Usual: d.Usual, Requester: p, Origin: d.Origin, RetryOf: d.RetryOf, CreatedAt: now,
	}
	for i, t := range d.Targets {
		r.Targets = append(r.Targets, Target{Ordinal: i, Droplet: t, State: Queued})
	}
	line := Line{At: now, RequestID: r.ID, What: "requested", Who: p.UserID, Why: d.Reason, Detail: r.describe()}
	if err := Admit(p); err != nil {
		return nil, s.refused(ctx, line, err)
	}
	r.Verdict = s.Policy.Judge(Case{Action: d.Action, Targets: d.Targets, Requester: p, Channel: d.Origin.ChannelID, Now: now})
	line.Detail["outcome"], line.Detail["rule"] = string(r.Verdict.Outcome), r.Verdict.Rule
	c := Change{Audit: []Line{line}, Envelope: d.Origin.Envelope, RetryOf: d.RetryOf}
	if r.Verdict.Outcome == Approve && d.Origin.Private {
		return nil, s.refused(ctx, line, Refuse("This needs another person's approval, and nobody else sees this conversation. Ask in a channel that I am in."))
	}
	switch r.Verdict.Outcome {
	case Allow:
		r.State, r.StartedAt = Running, now // the card's arrival wakes the runner
	case Confirm, Approve:
		r.State, r.ExpiresAt = Pending, now.Add(r.Verdict.Within)
		c.Advance = r.ExpiresAt
	default:
		msg := r.Verdict.Message
		if msg == "" {
			msg = "The policy does not allow this."
		}
		return nil, s.refused(ctx, line, Refuse("%s", msg))
	}
	if err := s.Store.Create(ctx, r, c); err != nil {
		if errors.Is(err, ErrConflict) && d.RetryOf != "" {
			return nil, Refuse("This was retried already.")
		}
		return nil, fmt.Errorf("write down request %s: %w", r.ID, err)
	}
	return r, nil
}

// describe is what the audit log keeps of a request.
func (r *Request) describe() map[string]string {
	ids := make([]string, len(r.Targets))
	for i, t := range r.Targets {
		ids[i] = fmt.Sprintf("%d", t.Droplet.ID)
	}
	out := map[string]string{
		"action": r.Action.Type, "droplets": strings.Join(ids, ","), "digest": r.Digest(),
		"channel": r.Origin.ChannelID,
	}
	for k, v := range r.Action.Args {
		out["arg_"+k] = v
	}
	for k, v := range map[string]string{"words": r.Origin.Words, "thread": r.Origin.ThreadTS, "tag": r.Tag, "retry_of": r.RetryOf} {
		if v != "" {
			out[k] = v
		}
	}
	return out
}

// Click is a button that someone clicked on a card.
type Click struct {
	Kind      DecisionKind
	RequestID string
	Who       Who
	Message   MessageRef // the message the button stood on
	// Shown is what that message showed, by [Request.Shown]. A click that can't
	// tell is for the first thing that was shown.
	Shown    string
	Envelope string
}

// ErrCardNotPlaced says that a card was clicked before its place was written
// down. It passes: ask again.
var ErrCardNotPlaced = errors.New("the card's place is not written down yet")

// Decide carries out a click. It answers a [Refusal] for the person who clicked
// when they may not, came too late, or clicked what no longer stands there; the
// audit log keeps that too.
func (s *Service) Decide(ctx context.Context, k Click) (*Request, error) {
	now := s.Now()
	r, err := s.Store.Request(ctx, k.RequestID)
	line := Line{At: now, RequestID: k.RequestID, Who: k.Who.UserID, Detail: map[string]string{"click": string(k.Kind)}}
	if errors.Is(err, ErrNotFound) {
		line.RequestID = ""
		return nil, s.refused(ctx, line, Refuse("This button belongs to no request that is known here."))
	}
	if err != nil {
		return nil, fmt.Errorf("load request %s: %w", k.RequestID, err)
	}
	if err := r.Belongs(k.Message); err != nil {
		return r, s.refusedUnlessFault(ctx, line, err)
	}
	p, err := s.Directory.Person(ctx, k.Who, true)
	if err != nil {
		return r, fmt.Errorf("look up %s: %w", k.Who.UserID, err)
	}
	var refusal error
	r, err = s.Store.Update(ctx, k.RequestID, func(r *Request) (Change, error) {
		refusal = nil
		if c, err := r.Expire(now); err == nil {
			refusal = r.tooLate() // still commit that it expired
			return c, nil
		}
		if err := r.MayDecide(k.Kind, p); err != nil {
			return Change{}, err
		}
		if r.State == Pending && k.Kind != ToCancel && !r.showed(k.Shown) {
			return Change{}, Refuse("What this card showed has changed since. Look at it again, then decide.")
		}
		c, err := r.Decide(k.Kind, p, now)
		c.Envelope = k.Envelope
		return c, err
	})
	if err == nil {
		err = refusal
	}
	return r, s.refusedUnlessFault(ctx, line, err)
}

// showed says whether what a click was made on is what the card shows now. What
// a card shows changes with its round alone, so where the click can't tell, only
// the first round's is certain.
func (r *Request) showed(shown string) bool {
	return shown == r.Shown() || shown == "" && r.Round == 0
}

// Belongs answers a [Refusal] if a button of this request was clicked on a
// message that is not its card, and [ErrCardNotPlaced] if that can't be told yet.
func (r *Request) Belongs(m MessageRef) error {
	if r.Card.TS == "" && r.State.Open() {
		return ErrCardNotPlaced
	}
	if m != r.Card {
		return Refuse("This button does not belong to this message: it does nothing. The request's own card is the one that counts.")
	}
	return nil
}

// refusedUnlessFault records a refusal; a fault of ours, and nil, pass through.
func (s *Service) refusedUnlessFault(ctx context.Context, l Line, err error) error {
	var no *Refusal
	if !errors.As(err, &no) {
		return err
	}
	return s.refused(ctx, l, err)
}

// refused writes down that someone was refused, and why.
func (s *Service) refused(ctx context.Context, l Line, refusal error) error {
	l.What, l.Why = "refused", refusal.Error()
	if err := s.Store.Record(ctx, l); err != nil {
		return fmt.Errorf("write down a refusal: %w", err)
	}
	return refusal
}

// Refused records that someone was refused something before it was a request.
func (s *Service) Refused(ctx context.Context, who Who, words string, refusal error) error {
	return s.refused(ctx, Line{At: s.Now(), Who: who.UserID, Detail: map[string]string{"words": words}}, refusal)
}

// Request loads a request.
func (s *Service) Request(ctx context.Context, id string) (*Request, error) {
	return s.Store.Request(ctx, id)
}

// Abandon calls a request off because its card can't be shown to anyone. It
// does nothing to one of which something was sent.
func (s *Service) Abandon(ctx context.Context, id, why string) error {
	_, err := s.Store.Update(ctx, id, func(r *Request) (Change, error) { return r.Abandon(why, s.Now()) })
	return err
}

// Expire ends a pending request whose time is up, and leaves any other alone.
func (s *Service) Expire(ctx context.Context, id string) error {
	_, err := s.Store.Update(ctx, id, func(r *Request) (Change, error) { return r.Expire(s.Now()) })
	return err
}
