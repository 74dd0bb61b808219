package approvals

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

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
	// Mark tells the same click in whatever envelope it comes: Slack's action_ts.
	// Without one its envelope does.
	Mark string
	// At is when it reached us; an envelope may have waited for a restart since.
	At time.Time
	// Code is a one-time code of their second factor, and Reason is why they go
	// ahead alone: what [Asked] asks for.
	Code, Reason string
}

// Asked says what a decision still takes from whoever makes it. Nothing was
// decided: the same click is to be brought again with the answers.
type Asked struct {
	Code   bool // a one-time code
	Reason bool
}

func (a *Asked) Error() string { return "the decision takes a second factor or a reason" }

// asks returns an [Asked] if the click lacks something, and a refusal if whoever
// clicked can't give it.
func (s *Service) asks(ctx context.Context, r *Request, k Click, now time.Time) error {
	a := &Asked{
		Code:   r.takesFactor(k) && k.Code == "",
		Reason: k.Kind == ToBreakGlass && strings.TrimSpace(k.Reason) == "",
	}
	if a.Code && s.Factors == nil {
		return errNoFactors
	}
	if a.Code {
		switch has, err := s.Factors.Enrolled(ctx, k.Who.UserID); {
		case err != nil:
			return fmt.Errorf("look up the second factor of %s: %w", k.Who.UserID, err)
		case !has:
			return Refuse("This takes a second factor, and you have none yet: an operator enrolls you with `dropletops factor enroll %s`.", k.Who.UserID)
		}
	}
	if a.Code || a.Reason {
		return a
	}
	if r.takesFactor(k) && s.Factors != nil {
		if err := s.Factors.Precheck(ctx, k.Who.UserID, k.Code, k.Envelope, k.givenAt(now)); err != nil {
			return err
		}
	}
	return nil
}

// givenAt is when a code was given: an envelope may have waited since.
func (k Click) givenAt(now time.Time) time.Time {
	if k.At.IsZero() {
		return now
	}
	return k.At
}

var errNoFactors = Refuse("This takes a second factor, and none are set up here: an operator sets SECOND_FACTOR_KEY and enrolls you.")

// ErrCardNotPlaced says that a card was clicked before its place was written
// down. It passes: ask again.
var ErrCardNotPlaced = errors.New("the card's place is not written down yet")

// Decide carries out a click. It answers a [Refusal] for the person who clicked
// when they may not, came too late, or clicked what no longer stands there; the
// audit log keeps that too. It answers an [Asked] when more is needed of them.
func (s *Service) Decide(ctx context.Context, k Click) (*Request, error) {
	now := s.Now()
	r, p, line, err := s.clicker(ctx, k, now)
	if err != nil {
		return r, err
	}
	// Only a click that would decide costs fresh look-ups: nothing that is refused,
	// and nothing that opens a modal.
	more := s.asks(ctx, r, k, now)
	var asked *Asked
	switch {
	case more == nil:
		if p, err = s.afresh(ctx, r, k, p, now, line); err != nil {
			return r, err
		}
	case !errors.As(more, &asked):
		return r, s.refusedUnlessFault(ctx, line, more)
	}
	if k.letsGo() {
		c, err := s.Reconsider(ctx, r, r.droplets(), more == nil)
		if err != nil {
			return r, err
		}
		if !c.Stands() {
			return s.overtaken(ctx, k, c, line)
		}
	}
	if more != nil {
		return r, more
	}
	if p.Proved, err = s.proved(ctx, r, k, now); err != nil {
		return r, s.refusedUnlessFault(ctx, line, err)
	}
	r, err = s.Store.Update(ctx, k.RequestID, func(r *Request) (Change, error) {
		if err := r.mayClick(k, p, now); err != nil {
			return Change{}, err
		}
		before := len(r.Decisions)
		c, err := r.clicked(k, p, now)
		if len(r.Decisions) > before {
			r.Decisions[before].Mark = k.mark()
		}
		c.Envelope = k.Envelope
		return c, err
	})
	if errors.Is(err, errTimeIsUp) {
		return s.expired(ctx, k, line)
	}
	return r, s.refusedUnlessFault(ctx, line, err)
}

func (k Click) mark() string { return cmp.Or(k.Mark, k.Envelope) }

// counted says whether this very click was counted before: it was delivered again, or
// whoever handled it did not hear that it was written down. Its own outcome is then no
// reason to tell the person that they came too late.
func (r *Request) counted(k Click) bool {
	return k.mark() != "" && slices.ContainsFunc(r.Decisions, func(d Decision) bool {
		return d.Mark == k.mark() && d.Kind == k.Kind && d.By.UserID == k.Who.UserID
	})
}

// clicker loads the request of a click, and whoever clicked as they were a moment ago:
// that is enough to refuse, and not to decide. It returns a [Refusal], written down, if
// they may not; line is for what else they are refused.
func (s *Service) clicker(ctx context.Context, k Click, now time.Time) (r *Request, p Person, line Line, err error) {
	line = Line{At: now, RequestID: k.RequestID, Who: k.Who.UserID, Detail: map[string]string{"click": string(k.Kind)}}
	r, err = s.Store.Request(ctx, k.RequestID)
	if errors.Is(err, ErrNotFound) {
		line.RequestID = ""
		return nil, p, line, s.refused(ctx, line, Refuse("This button belongs to no request that is known here."))
	}
	if err != nil {
		return nil, p, line, fmt.Errorf("load request %s: %w", k.RequestID, err)
	}
	if err := r.Belongs(k.Message); err != nil {
		return r, p, line, s.refusedUnlessFault(ctx, line, err)
	}
	p, err = s.clicks(ctx, r, k, false, now, line)
	return r, p, line, err
}

// afresh looks whoever clicked up again before a decision, unless Slack was asked about
// them for this very click.
func (s *Service) afresh(ctx context.Context, r *Request, k Click, p Person, now time.Time, line Line) (Person, error) {
	if p.Seen.Now {
		return p, nil
	}
	return s.clicks(ctx, r, k, true, now, line)
}

// clicks looks up whoever clicked. It returns a [Refusal], written down, if they may not.
func (s *Service) clicks(ctx context.Context, r *Request, k Click, fresh bool, now time.Time, line Line) (Person, error) {
	asks := r.Verdict
	switch k.Kind {
	case ToCancel, ToConfirm, ToRetract, ToSnapshotFirst:
		asks = Verdict{} // no group has a say in these
	}
	p, err := s.person(ctx, k.Who, asks, fresh)
	if err != nil {
		return p, err
	}
	err = r.mayClick(k, p, now)
	if errors.Is(err, errTimeIsUp) {
		_, err = s.expired(ctx, k, line)
		return p, err
	}
	entitled := Person{Who: k.Who, Standing: Member, Groups: asks.Groups()}
	if r.mayClick(k, entitled, now) == nil { // it is refused for who they are
		err = p.Seen.refusedBy(err)
	}
	return p, s.refusedUnlessFault(ctx, line, err)
}

// errTimeIsUp says that a pending request has expired, and that this is not
// written down yet.
var errTimeIsUp = errors.New("its time is up")

// takesFactor says whether a click takes a second factor. A no never does.
func (r *Request) takesFactor(k Click) bool {
	return r.Verdict.Factor && (k.Kind == ToApprove || k.Kind == ToBreakGlass)
}

// letsGo says whether a click can set a request going.
func (k Click) letsGo() bool {
	return k.Kind == ToApprove || k.Kind == ToConfirm || k.Kind == ToBreakGlass
}

// mayClick answers a refusal if someone may not decide this now, or did not see
// what the card shows now.
func (r *Request) mayClick(k Click, p Person, now time.Time) error {
	if r.counted(k) {
		return fmt.Errorf("%w: this click counts already", ErrHandled)
	}
	if r.State == Pending && !now.Before(r.ExpiresAt) {
		return errTimeIsUp
	}
	if err := r.MayDecide(k.Kind, p); err != nil {
		return err
	}
	if r.State == Pending && k.Kind != ToCancel && k.Kind != ToRetract && !r.showed(k.Shown) {
		return Refuse("What this card showed has changed since. Look at it again, then decide.")
	}
	return nil
}

func (r *Request) clicked(k Click, p Person, now time.Time) (Change, error) {
	if k.Kind == ToBreakGlass {
		return r.BreakGlass(p, k.Reason, now)
	}
	return r.Decide(k.Kind, p, now)
}

// proved says whether a click carries a second factor that holds. It is used up
// then, but for this very envelope.
func (s *Service) proved(ctx context.Context, r *Request, k Click, now time.Time) (bool, error) {
	if !r.takesFactor(k) || k.Code == "" {
		return false, nil
	}
	if s.Factors == nil {
		return false, errNoFactors
	}
	if err := s.Factors.Verify(ctx, k.Who.UserID, k.Code, k.Envelope, k.givenAt(now)); err != nil {
		return false, err
	}
	return true, nil
}

// expired writes down that a request's time was up when someone clicked.
func (s *Service) expired(ctx context.Context, k Click, line Line) (*Request, error) {
	r, err := s.Store.Update(ctx, k.RequestID, func(r *Request) (Change, error) { return r.Expire(s.Now()) })
	if err == nil {
		err = r.tooLate()
	}
	return r, s.refusedUnlessFault(ctx, line, err)
}

// overtaken writes down what a second look has found when someone clicked.
func (s *Service) overtaken(ctx context.Context, k Click, c Reconsidered, line Line) (*Request, error) {
	r, err := s.Store.Update(ctx, k.RequestID, func(r *Request) (Change, error) {
		if !r.showed(k.Shown) || r.State != Pending {
			return Change{}, ErrNoChange // someone else's click has found it, too
		}
		return r.Reconsidered(c, s.Now())
	})
	if err == nil {
		err = Refuse("Nothing was decided: %s", cmp.Or(c.Refused, "since the card was drawn, the policy or who may decide has changed. Look at it again, then decide."))
	}
	return r, s.refusedUnlessFault(ctx, line, err)
}

// Explain adds why someone denied a request.
func (s *Service) Explain(ctx context.Context, id string, by Who, reason, envelope string) error {
	_, err := s.Store.Update(ctx, id, func(r *Request) (Change, error) {
		c, err := r.Explain(by, reason, s.Now())
		c.Envelope = envelope
		return c, err
	})
	return s.refusedUnlessFault(ctx, Line{At: s.Now(), RequestID: id, Who: by.UserID, Detail: map[string]string{"click": "explain"}}, err)
}

// droplets are the request's, as its card shows them.
func (r *Request) droplets() []Droplet {
	out := make([]Droplet, len(r.Targets))
	for i, t := range r.Targets {
		out[i] = t.Droplet
	}
	return out
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
