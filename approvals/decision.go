package approvals

import (
	"fmt"
	"time"
)

// DecisionKind is what a person decided about a request.
type DecisionKind string

// The decisions; they are the action_ids of the card's buttons.
const (
	ToApprove DecisionKind = "approve"
	ToDeny    DecisionKind = "deny"
	ToConfirm DecisionKind = "confirm"
	ToCancel  DecisionKind = "cancel"
)

// Decision is one person's decision, as it was recorded.
type Decision struct {
	Kind DecisionKind `json:"kind"`
	By   Person       `json:"by"`
	At   time.Time    `json:"at"`
	// Digest is of what the card showed when it was made.
	Digest string `json:"digest"`
	// Round is the request's round it was made in. One of an earlier round is void.
	Round int `json:"round"`
}

// Shown names exactly what a card shows: the round of the decision and the
// digest of what it is for. The card carries it in its block IDs, so that a
// click tells which of a card's versions it was made on.
func (r *Request) Shown() string { return fmt.Sprintf("%d.%s", r.Round, r.Digest()) }

// Approvals lists the approvals that count in the current round.
func (r *Request) Approvals() []Decision {
	var out []Decision
	for _, d := range r.Decisions {
		if d.Kind == ToApprove && d.Round == r.Round {
			out = append(out, d)
		}
	}
	return out
}

// MayDecide answers a [Refusal] that says why a person may not make this
// decision now, and who may; nil if they may.
func (r *Request) MayDecide(kind DecisionKind, by Person) error {
	if err := Admit(by); err != nil {
		return err
	}
	mine := by.UserID == r.Requester.UserID
	switch kind {
	case ToCancel:
		if !mine {
			return Refuse("Only <@%s>, who asked for this, may cancel it. Whoever may approve it can deny it.", r.Requester.UserID)
		}
		if !r.State.Open() {
			return r.tooLate()
		}
		if r.State == Running && !r.cancelable() {
			return Refuse("It is too late to cancel this: it was sent to DigitalOcean already.")
		}
		return nil
	case ToConfirm:
		if r.State != Pending {
			return r.tooLate()
		}
		if r.Verdict.Outcome != Confirm {
			return Refuse("This waits for approval by another full member of this workspace, not for a confirmation.")
		}
		if !mine {
			return Refuse("Only <@%s>, who asked for this, may confirm it.", r.Requester.UserID)
		}
		return nil
	case ToApprove, ToDeny:
		if r.State != Pending {
			return r.tooLate()
		}
		if r.Verdict.Outcome != Approve {
			return Refuse("This waits for <@%s>, who asked for it, to confirm or cancel it. It needs no approval.", r.Requester.UserID)
		}
		if mine && kind == ToApprove {
			return Refuse("You asked for this, so you can't approve it: another full member of this workspace must.")
		}
		if mine {
			return Refuse("You asked for this: use Cancel to call it off. Denying is for whoever may approve it.")
		}
		for _, d := range r.Approvals() {
			if kind == ToApprove && d.By.UserID == by.UserID {
				return Refuse("You have approved this already: it takes %d different people.", r.Verdict.Count)
			}
		}
		return nil
	}
	return Refuse("There is no decision %q.", string(kind))
}

// tooLate says what became of a request that can't be decided any more.
func (r *Request) tooLate() error {
	switch r.State {
	case Running, Completed, Failed, Unknown:
		for i := len(r.Decisions) - 1; i >= 0; i-- {
			if d := r.Decisions[i]; d.Round == r.Round && (d.Kind == ToApprove || d.Kind == ToConfirm) {
				verb := "approved"
				if d.Kind == ToConfirm {
					verb = "confirmed"
				}
				return Refuse("This was decided already: <@%s> %s it, and it is %s.", d.By.UserID, verb, r.State)
			}
		}
	case Denied, Canceled:
		for i := len(r.Decisions) - 1; i >= 0; i-- {
			if d := r.Decisions[i]; d.Kind == ToDeny || d.Kind == ToCancel {
				return Refuse("This was decided already: it was %s by <@%s>.", r.State, d.By.UserID)
			}
		}
	case Expired:
		return Refuse("This expired before anyone decided. Whoever needs it can ask again.")
	}
	return Refuse("This was decided already: it is %s.", r.State)
}

// cancelable says whether some Droplet of a running request has not been acted on.
func (r *Request) cancelable() bool {
	for i := range r.Targets {
		if r.Targets[i].untouched() {
			return true
		}
	}
	return false
}

// Cancelable says whether the requester may still call off all or part of it.
func (r *Request) Cancelable() bool {
	return r.State == Pending || r.State == Running && r.cancelable()
}

// Decide records a decision and what follows from it.
func (r *Request) Decide(kind DecisionKind, by Person, now time.Time) (Change, error) {
	if err := r.MayDecide(kind, by); err != nil {
		return Change{}, err
	}
	r.Decisions = append(r.Decisions, Decision{Kind: kind, By: by, At: now, Digest: r.Digest(), Round: r.Round})
	line := Line{At: now, RequestID: r.ID, Who: by.UserID, Detail: map[string]string{"digest": r.Digest()}}
	note := Note{At: now, Ordinal: -1, Who: by.UserID}
	c := Change{}
	switch kind {
	case ToApprove:
		line.What, note.Kind = "approved", NoteApproved
		if got := len(r.Approvals()); got < r.Verdict.Count {
			note.Detail = fmt.Sprintf("%d of %d", got, r.Verdict.Count)
			break
		}
		c.Advance = r.start(now)
	case ToConfirm:
		line.What, note.Kind = "confirmed", NoteConfirmed
		c.Advance = r.start(now)
	case ToDeny:
		line.What, note.Kind = "denied", NoteDenied
		r.end(Denied, now)
	case ToCancel:
		line.What, note.Kind = "canceled", NoteCanceled
		for i := range r.Targets {
			if t := &r.Targets[i]; t.untouched() {
				t.State, t.EndedAt, t.Wait = TargetSkipped, now, ""
			}
		}
		if r.State == Pending {
			r.end(Canceled, now)
		} else {
			r.settle(now)
		}
	}
	c.Audit, c.Notes = []Line{line}, []Note{note}
	return c, nil
}

// start lets a request run, and answers when the runner is to be woken.
func (r *Request) start(now time.Time) time.Time {
	r.State, r.StartedAt, r.ExpiresAt = Running, now, time.Time{}
	return now
}

func (r *Request) end(s State, now time.Time) {
	r.State, r.EndedAt, r.ExpiresAt = s, now, time.Time{}
}

// Expire ends a pending request whose time is up. ErrNoChange if it is not.
func (r *Request) Expire(now time.Time) (Change, error) {
	if r.State != Pending || now.Before(r.ExpiresAt) {
		return Change{}, ErrNoChange
	}
	r.end(Expired, now)
	return Change{
		Audit: []Line{{At: now, RequestID: r.ID, What: "expired", Who: Self}},
		Notes: []Note{{At: now, Kind: NoteExpired, Ordinal: -1}},
	}, nil
}

// Abandon calls off a request of which nothing was sent, for a reason that lies
// in Slack: the card could not be shown to anyone.
func (r *Request) Abandon(why string, now time.Time) (Change, error) {
	if !r.State.Open() || r.Sent() {
		return Change{}, ErrNoChange
	}
	r.Note = why
	r.end(Canceled, now)
	return Change{Audit: []Line{{At: now, RequestID: r.ID, What: "canceled", Who: Self, Why: why}}}, nil
}

// Self is who the audit log names for what no person did.
const Self = "dropletops"
