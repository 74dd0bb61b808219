package approvals

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Service is what handlers call: it looks at who asks, asks the policy, and goes
// through the store. Its fields are set once, before the first call.
type Service struct {
	Store     Store
	Directory Directory
	Policy    Policy
	// Factors checks second factors; nil where none are set up.
	Factors Factors
	Now     func() time.Time

	refusals refusals
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
	Heed    string
	LeftOut []string
	Targets []Droplet
	// Unnamed are the IDs of those that were named by their ID or a tag.
	Unnamed []int
	Rescue  *Rescue
	Leaves  *Leaves
	Usual   time.Duration
	// Patience is after how long people are told that it takes too long; 0: as long as
	// that is far more than usual.
	Patience time.Duration
	Who      Who
	Origin   Origin
	RetryOf  string
}

// Admit looks a person up and says whether they may do more than read the help.
// It fails closed: without an answer from Slack nobody is admitted.
func (s *Service) Admit(ctx context.Context, who Who) (Person, error) {
	p, err := s.Directory.Person(ctx, who, false)
	if err != nil {
		return Person{}, fmt.Errorf("look up %s: %w", who.UserID, err)
	}
	return p, p.Seen.refusedBy(Admit(p))
}

// Submit makes a request of a draft. It answers a [Refusal] when the person or
// the policy is in the way, and [ErrHandled] when the envelope made one before.
func (s *Service) Submit(ctx context.Context, d Draft) (*Request, error) {
	now := s.Now()
	if len(d.Targets) == 0 {
		return nil, errors.New("a draft without a Droplet")
	}
	// What is refused costs no fresh look-up: what Slack said a moment ago is enough.
	p, err := s.Directory.Person(ctx, d.Who, false)
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", d.Who.UserID, err)
	}
	r := &Request{
		ID: NewID(), Version: 1, Action: d.Action, Image: d.Image, Plan: d.Plan, Reason: d.Reason, Tag: d.Tag, Present: d.Present, Heed: d.Heed, LeftOut: d.LeftOut,
		Rescue: d.Rescue, Leaves: d.Leaves, Usual: d.Usual, Patience: d.Patience, Requester: p, Origin: d.Origin, RetryOf: d.RetryOf, CreatedAt: now,
	}
	for i, t := range d.Targets {
		r.Targets = append(r.Targets, Target{Ordinal: i, Droplet: t, State: Queued, Unnamed: slices.Contains(d.Unnamed, t.ID)})
	}
	r.bindRestorePoints()
	line := Line{At: now, RequestID: r.ID, What: "requested", Who: p.UserID, Why: d.Reason, Detail: r.describe()}
	if err := Admit(p); err != nil {
		return nil, s.refused(ctx, line, p.Seen.refusedBy(err))
	}
	if r.Origin.Shared, err = s.shared(ctx, d.Origin); err != nil {
		return nil, err
	}
	r.Verdict, err = s.Policy.Judge(ctx, Case{Action: d.Action, Targets: d.Targets, Requester: p,
		Channel: d.Origin.ChannelID, Shared: r.Origin.Shared, Now: now})
	if err != nil {
		return nil, fmt.Errorf("ask the policy about %s: %w", r.Action.Type, err)
	}
	line.Detail["outcome"], line.Detail["rule"] = string(r.Verdict.Outcome), r.Verdict.Rule
	if r.Verdict.Policy != "" {
		line.Detail["policy"] = r.Verdict.Policy
	}
	c := Change{Audit: []Line{line}, Envelope: d.Origin.Envelope, RetryOf: d.RetryOf}
	if r.Verdict.Outcome == Approve && d.Origin.Private {
		return nil, s.refused(ctx, line, Refuse("This needs another person's approval, and nobody else sees this conversation. Ask in a channel that I am in."))
	}
	if r.Verdict.Reason && r.Reason == "" && r.Verdict.Outcome != Deny {
		return nil, s.refused(ctx, line, Refuse("The policy wants a reason for this (rule %q). Add one: `--reason \"why\"`.", r.Verdict.Rule))
	}
	switch r.Verdict.Outcome {
	case Allow:
		r.State, r.StartedAt = Running, now // the card's arrival wakes the runner
	case Confirm, Approve:
		c.Advance = r.wait(now)
	default:
		msg := r.Verdict.Message
		if msg == "" {
			msg = "The policy does not allow this."
		}
		return nil, s.refused(ctx, line, Refuse("%s%s", msg, r.Verdict.by()))
	}
	if !p.Seen.Now {
		if p, err = s.Directory.Person(ctx, d.Who, true); err != nil {
			return nil, fmt.Errorf("look up %s: %w", d.Who.UserID, err)
		}
		if err := Admit(p); err != nil {
			return nil, s.refused(ctx, line, p.Seen.refusedBy(err))
		}
		r.Requester = p
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
		if t.Droplet.ID == 0 {
			ids[i] = t.Droplet.Name
		}
	}
	out := map[string]string{
		"action": r.Action.Type, "droplets": strings.Join(ids, ","), "digest": r.Digest(),
		"channel": r.Origin.ChannelID,
	}
	for k, v := range r.Action.Args {
		if slices.Contains(r.Action.Withheld, k) {
			v = fmt.Sprintf("(%d characters)", utf8.RuneCountInString(v))
		}
		out["arg_"+k] = v
	}
	for k, v := range map[string]string{"words": r.Origin.Words, "thread": r.Origin.ThreadTS, "tag": r.Tag, "retry_of": r.RetryOf} {
		if v != "" {
			out[k] = v
		}
	}
	return out
}

// refusedUnlessFault records a refusal; a fault of ours, and nil, pass through.
func (s *Service) refusedUnlessFault(ctx context.Context, l Line, err error) error {
	var no *Refusal
	if !errors.As(err, &no) {
		return err
	}
	return s.refused(ctx, l, err)
}

// refused writes down that someone was refused, and why; of what is repeated over and
// over, how often.
func (s *Service) refused(ctx context.Context, l Line, refusal error) error {
	l.What, l.Why = "refused", refusal.Error()
	if lines := s.refusals.add(l); len(lines) > 0 {
		if err := s.Store.Record(ctx, lines...); err != nil {
			return fmt.Errorf("write down a refusal: %w", err)
		}
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

// Unshown records that Slack shows the end of a request to no one any more, and
// why: nobody will find it there.
func (s *Service) Unshown(ctx context.Context, id, why string) error {
	return s.Store.Record(ctx, Line{At: s.Now(), RequestID: id, What: "not shown", Who: Self, Why: why})
}
